/**
 * Entry of a third module for unit tests: announces and routes with stand-ins for the rooms around them, whose tables
 * the tests fill in. Never on a board.
 */
export {
  announceHad,
  announceItem,
  announceItemKnown,
  announceLength,
  announceNext,
  announcePulled,
  announceReceive,
  announceResend,
  announcesAdvance,
  announcesDeadline,
  announcesLinkUp,
  announcesOwn,
  announcesReadyAt,
  announcesReset,
  announcesPriceChanged,
  announceWaiting,
  ANNOUNCING,
  ANNOUNCING_SIZE,
} from "../assembly/net/announces";
export { bodiesReset, bodyPublicKey, bodyRatchet, BODY_TABLE, BODY_TABLE_SIZE } from "../assembly/net/bodies";
export {
  BODY_OWNERS,
  BODY_OWNERS_SIZE,
  ROUTE_TABLE,
  ROUTE_TABLE_SIZE,
  routeFailed,
  routeFind,
  routeLowerMtu,
  routesAdvance,
  routesDeadline,
  routesLinkDown,
  routesReport,
  routesReset,
  routesShun,
  routesTakeWanted,
  ROUTING,
  ROUTING_SIZE,
} from "../assembly/net/routes";
export { routeChoiceGreedy, routeChoose } from "../assembly/net/route-choice";
export { ringDistance, score, scoreAdd, scoreBegin } from "../assembly/net/path-score";
export {
  announceCost,
  announceHops,
  announceLatency,
  announceMaxHops,
  announceMtu,
  announceRate,
  announceSequence,
  checkAnnounce,
  emitAnnounce,
} from "../assembly/wire/announce";
export { costAdd, costValue, logCode, rateCode } from "../assembly/wire/path-cost";
export { COUNTERS } from "../assembly/state/counters";
export { configLoad, configSetPrice } from "../assembly/state/config";
export { standinBoot, standinOwn, standinPath } from "./standins/endpoint";
export { standinGroup, standinLink } from "./standins/links";

const ARENA: usize = memory.data(16384, 16);

export function arena(): usize {
  return ARENA;
}
