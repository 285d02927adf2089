/**
 * Sizes of every table (registry section 7): the relay profile, what an ESP32 or nRF52840 has room for.
 *
 * Build constants, not forks: the same sources with profile-gateway.ts in this file's place are the gateway's core.
 */

/** Interface 0. */
export const RADIO: u32 = 0;
/** The radio and up to three wired ones. */
export const INTERFACES: u32 = 4;

/** Largest packet in bytes: transport class Constrained. */
export const PACKET_BYTES: u32 = 484;

export const LINKS: u32 = 8;
export const NEIGHBOURS: u32 = 16;
/** Destinations in the routing table, 64 bytes each. */
export const ROUTES: u32 = 128;
/** Announce bodies kept to pass on, 192 bytes each. */
export const BODIES: u32 = 24;
export const SEEN: u32 = 128;
export const REVERSE: u32 = 32;
/** Packet buffers by priority P0 to P3. */
export const BUFFERS_P0: u32 = 3;
export const BUFFERS_P1: u32 = 5;
export const BUFFERS_P2: u32 = 5;
export const BUFFERS_P3: u32 = 3;
/** Destinations of this node, itself among them. */
export const DESTINATIONS: u32 = 4;
export const TRUSTED: u32 = 32;
export const REPUTATIONS: u32 = 32;
/** Gossip items other than announces, 216 bytes each. */
export const GOSSIP_ITEMS: u32 = 6;
