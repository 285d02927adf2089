/**
 * Whom to link with: every neighbour whose beacons are heard, while there are places (H12). The lower node_id starts, the
 * other when it has heard two beacons and nothing came of it.
 *
 * On the radio a neighbour must come in 9 dB above what its spreading factor needs: the frames of one that is just heard
 * are lost to every other transmission. A weak one will do for a node that has found no other in six beacons, or where no
 * route leads to it once the links there are have settled.
 */
import { LINKS, RADIO } from "../profile";
import { configSpreadingFactor, configTransmits } from "../state/config";
import { NODE_ID } from "../state/destinations";
import { backoffOver } from "./backoff";
import { handshakeStart, handshakeWith } from "./handshake";
import { idBelow, linkAge, linkByPeer, linksHeld, linkUp, NO_LINK } from "./link-table";
import { linkPlace } from "./links";

const BEACONS_HIGHER: u32 = 2;

/** Quarter dB by which the SNR a LoRa receiver needs falls with each spreading factor: -2.5 dB at 5, -20 at 12. */
const SNR_STEP_QDB: i32 = 10;
const MARGIN_QDB: i32 = 36;
/** Beacons of it after which a weak neighbour will do for a node without any link. */
const BEACONS_WEAK: u32 = 6;

/**
 * On the radio a node that has so many links starts no more, but takes in those who ask, up to LINKS: every link is one more
 * copy of every announce on the one channel all share. A neighbour no route leads to is the exception, or two groups of
 * neighbours that have enough of each other would never meet; but only when the links there are have had time to announce it.
 */
const LINKS_WANTED: u32 = 3;
const SETTLED_MS: u64 = 300_000;

/** True if no link is younger than that. */
function settled(nowMs: u64): bool {
  for (let i: u32 = 0; i < LINKS; i++) if (linkUp(i) && linkAge(i, nowMs) < SETTLED_MS) return false;
  return true;
}

function strong(snrQdb: i32): bool {
  return snrQdb >= MARGIN_QDB - (configSpreadingFactor() - 4) * SNR_STEP_QDB;
}

/**
 * A beacon of the neighbour `id` came in on an interface, the `beacons`-th, with that signal: starts a handshake if one is
 * called for. `reached`: a route leads to it already.
 */
export function linkingConsider(id: usize, port: u32, beacons: u32, snrQdb: i32, reached: bool, nowMs: u64): void {
  if (port == RADIO) {
    const held = linksHeld();
    if (!configTransmits()) return;
    if (held >= LINKS_WANTED && (reached || !settled(nowMs))) return;
    if (!strong(snrQdb) && (held == 0 ? beacons < BEACONS_WEAK : reached || !settled(nowMs))) return;
  }
  if (beacons < BEACONS_HIGHER && idBelow(id, NODE_ID)) return;
  if (linkByPeer(id) != NO_LINK || handshakeWith(id) || linkPlace(nowMs) == NO_LINK || !backoffOver(id, nowMs)) return;
  handshakeStart(id, port, nowMs);
}
