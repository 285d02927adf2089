/**
 * Everything the core remembers, in a fixed order: what the state hash covers and a snapshot would hold.
 *
 * Not in it: secrets, for which the public halves stand that are; work areas, which nothing reads after a call.
 */
import { blake3Update } from "./crypto/blake3";
import { AIRTIME, AIRTIME_SIZE } from "./link/airtime";
import { BACKOFF, BACKOFF_SIZE } from "./link/backoff";
import { CSMA, CSMA_SIZE } from "./link/csma";
import { GROUP, GROUP_SIZE } from "./link/group";
import { HANDSHAKE_SLOTS, HANDSHAKE_SLOTS_SIZE } from "./link/handshake";
import { LINK_TABLE, LINK_TABLE_SIZE, LINK_CHANGES, LINK_CHANGES_SIZE } from "./link/link-table";
import { MEDIUM, MEDIUM_SIZE } from "./link/medium";
import { SESSIONS, SESSIONS_SIZE } from "./link/session";
import { UTILISATION, UTILISATION_SIZE } from "./link/utilisation";
import { ADVISORIES, ADVISORIES_SIZE } from "./net/advisories";
import { ANNOUNCING, ANNOUNCING_SIZE } from "./net/announces";
import { BEACONING, BEACONING_SIZE } from "./net/beaconing";
import { BODY_TABLE, BODY_TABLE_SIZE } from "./net/bodies";
import { CONGESTION, CONGESTION_SIZE } from "./net/congestion";
import { CONTROL, CONTROL_SIZE } from "./net/control";
import { EGRESS, EGRESS_SIZE } from "./net/egress";
import { GOSSIP, GOSSIP_SIZE } from "./net/gossip";
import { BUDGET, BUDGET_SIZE } from "./net/gossip-budget";
import { ITEMS, ITEMS_SIZE } from "./net/gossip-items";
import { NEIGHBOURS, NEIGHBOURS_SIZE } from "./net/neighbours";
import { PROBE, PROBE_SIZE } from "./net/probe";
import { QUEUE, QUEUE_SIZE } from "./net/queue";
import { REVERSE_PATHS, REVERSE_PATHS_SIZE } from "./net/reverse";
import { ROUTE_TABLE, ROUTE_TABLE_SIZE, BODY_OWNERS, BODY_OWNERS_SIZE, ROUTING, ROUTING_SIZE } from "./net/routes";
import { SEEN, SEEN_SIZE } from "./net/seen";
import { THROTTLE, THROTTLE_SIZE } from "./net/throttle";
import { CONFIG, CONFIG_SIZE } from "./state/config";
import { DESTINATION_TABLE, DESTINATION_TABLE_SIZE } from "./state/destinations";
import { RATCHETS, RATCHETS_SIZE } from "./state/ratchets";
import { SEQUENCES, SEQUENCES_SIZE } from "./state/sequence";
import { SIGNAL, SIGNAL_SIZE } from "./state/signal";
import { PEERS, PEERS_SIZE } from "./trust/peers";
import { REPUTATION, REPUTATION_TABLE_SIZE } from "./trust/reputation";
import { ALL_COUNTERS_SIZE, COUNTERS } from "./state/counters";

/** Feeds the BLAKE3 hash begun with every block but the clock's. */
export function hashState(): void {
  blake3Update(COUNTERS, ALL_COUNTERS_SIZE);
  blake3Update(UTILISATION, UTILISATION_SIZE);
  hashTransit();
  hashTables();
}

/** What is on its way, and the memory of what has passed. */
function hashTransit(): void {
  blake3Update(CSMA, CSMA_SIZE);
  blake3Update(MEDIUM, MEDIUM_SIZE);
  blake3Update(SEEN, SEEN_SIZE);
  blake3Update(QUEUE, QUEUE_SIZE);
  blake3Update(EGRESS, EGRESS_SIZE);
  blake3Update(THROTTLE, THROTTLE_SIZE);
  blake3Update(CONGESTION, CONGESTION_SIZE);
  blake3Update(CONTROL, CONTROL_SIZE);
  blake3Update(REVERSE_PATHS, REVERSE_PATHS_SIZE);
}

/** What the node knows: no frame or packet that is refused changes any of it. */
export function hashTables(): void {
  blake3Update(BACKOFF, BACKOFF_SIZE);
  blake3Update(LINK_TABLE, LINK_TABLE_SIZE);
  blake3Update(LINK_CHANGES, LINK_CHANGES_SIZE);
  blake3Update(SESSIONS, SESSIONS_SIZE);
  blake3Update(GROUP, GROUP_SIZE);
  blake3Update(HANDSHAKE_SLOTS, HANDSHAKE_SLOTS_SIZE);
  blake3Update(AIRTIME, AIRTIME_SIZE);
  blake3Update(NEIGHBOURS, NEIGHBOURS_SIZE);
  blake3Update(BEACONING, BEACONING_SIZE);
  blake3Update(ROUTE_TABLE, ROUTE_TABLE_SIZE);
  blake3Update(BODY_OWNERS, BODY_OWNERS_SIZE);
  blake3Update(ROUTING, ROUTING_SIZE);
  blake3Update(BODY_TABLE, BODY_TABLE_SIZE);
  blake3Update(ANNOUNCING, ANNOUNCING_SIZE);
  blake3Update(PROBE, PROBE_SIZE);
  blake3Update(GOSSIP, GOSSIP_SIZE);
  blake3Update(BUDGET, BUDGET_SIZE);
  blake3Update(ITEMS, ITEMS_SIZE);
  blake3Update(ADVISORIES, ADVISORIES_SIZE);
  blake3Update(CONFIG, CONFIG_SIZE);
  blake3Update(DESTINATION_TABLE, DESTINATION_TABLE_SIZE);
  blake3Update(SEQUENCES, SEQUENCES_SIZE);
  blake3Update(RATCHETS, RATCHETS_SIZE);
  blake3Update(SIGNAL, SIGNAL_SIZE);
  blake3Update(PEERS, PEERS_SIZE);
  blake3Update(REPUTATION, REPUTATION_TABLE_SIZE);
}
