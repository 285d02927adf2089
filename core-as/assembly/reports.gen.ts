/** Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead. */

// Reply to Command.Status; counters follow, u32 each in the order of Counter, then frames refused by Status from 0 on.
export const STATUS_REPORT_NEIGHBOURS_KNOWN: usize = 0;
export const STATUS_REPORT_NEIGHBOURS_UP: usize = 1;
export const STATUS_REPORT_ZERO: usize = 2;
export const STATUS_REPORT_ABI_VERSION: usize = 3;
export const STATUS_REPORT_NODE_ID: usize = 7;
export const STATUS_REPORT_UPTIME_MS: usize = 23;
export const STATUS_REPORT_NEXT_BEACON_MS: usize = 31;
export const STATUS_REPORT_UTILISATION_PERMILLE: usize = 39;
export const STATUS_REPORT_SEEN: usize = 43;
export const STATUS_REPORT_AIRTIME_USED_MS: usize = 47;
export const STATUS_REPORT_AIRTIME_ALLOWED_MS: usize = 51;
export const STATUS_REPORT_SIZE: u32 = 55;

// A neighbour: Command.Neighbours, Event.NeighbourFound.
export const NEIGHBOUR_REPORT_NODE_ID: usize = 0;
export const NEIGHBOUR_REPORT_CAPABILITIES: usize = 16;
export const NEIGHBOUR_REPORT_COST_TIER: usize = 18;
export const NEIGHBOUR_REPORT_LOAD: usize = 19;
export const NEIGHBOUR_REPORT_RSSI_DBM: usize = 20;
export const NEIGHBOUR_REPORT_SNR_QDB: usize = 22;
export const NEIGHBOUR_REPORT_BEACONS: usize = 24;
export const NEIGHBOUR_REPORT_STATE: usize = 28;
export const NEIGHBOUR_REPORT_PORT: usize = 29;
export const NEIGHBOUR_REPORT_ZERO: usize = 30;
export const NEIGHBOUR_REPORT_KNOWN_FOR_MS: usize = 32;
export const NEIGHBOUR_REPORT_SILENT_FOR_MS: usize = 40;
export const NEIGHBOUR_REPORT_SIZE: u32 = 44;

// A link: Command.Links.
export const LINK_REPORT_NODE_ID: usize = 0;
export const LINK_REPORT_SUSPECT: usize = 16;
export const LINK_REPORT_PORT: usize = 17;
export const LINK_REPORT_INITIATOR: usize = 18;
export const LINK_REPORT_RELIABILITY: usize = 19;
export const LINK_REPORT_RELAY_CLASS: usize = 20;
export const LINK_REPORT_PHASE: usize = 21;
export const LINK_REPORT_MTU: usize = 22;
export const LINK_REPORT_PRICE: usize = 24;
export const LINK_REPORT_LATENCY_MS: usize = 28;
export const LINK_REPORT_UP_FOR_S: usize = 32;
export const LINK_REPORT_SILENT_FOR_MS: usize = 36;
export const LINK_REPORT_CLOCK_OFFSET_MS: usize = 40;
export const LINK_REPORT_SIZE: u32 = 48;

// A destination and its best path: Command.Routes, behind next u16.
export const ROUTE_REPORT_DESTINATION: usize = 0;
export const ROUTE_REPORT_NEXT_HOP: usize = 16;
export const ROUTE_REPORT_COST_CODE: usize = 32;
export const ROUTE_REPORT_LATENCY_MS: usize = 34;
export const ROUTE_REPORT_RATE_CODE: usize = 36;
export const ROUTE_REPORT_HOPS: usize = 37;
export const ROUTE_REPORT_MTU_CODE: usize = 38;
export const ROUTE_REPORT_PATHS: usize = 39;
export const ROUTE_REPORT_SIZE: u32 = 40;

// Event.Message.
export const MESSAGE_EVENT_DESTINATION: usize = 0;
export const MESSAGE_EVENT_CONTEXT: usize = 16;
export const MESSAGE_EVENT_SUB_TYPE: usize = 17;
export const MESSAGE_EVENT_DATA: usize = 18;
export const MESSAGE_EVENT_SIZE: u32 = 18;

// Event.ProbeResult.
export const PROBE_EVENT_DESTINATION: usize = 0;
export const PROBE_EVENT_ID: usize = 16;
export const PROBE_EVENT_ROUND_TRIP_MS: usize = 18;
export const PROBE_EVENT_RECEIVED_SIZE: usize = 22;
export const PROBE_EVENT_MTU: usize = 24;
export const PROBE_EVENT_BPS: usize = 26;
export const PROBE_EVENT_SIZE: u32 = 30;
