/**
 * The commands of abi.ts: what a person, a host or a simulation asks of a running node.
 *
 * A command either changes something or says in one Status why not; only a malformed one is BadCommand. Its answer is
 * written to `out` (OUT_SIZE bytes), the command's number first.
 */
import { ABI_VERSION, Command, OUT_SIZE, Status } from "./abi";
import { linkByPeer, linkClose, linksReport, NO_LINK } from "./link/links";
import { utilisationPermille } from "./link/utilisation";
import { airtimeAllowedMs, airtimeUsedMs } from "./link/airtime";
import { advisoryReceive } from "./net/advisories";
import { announcesOwn, announcesPriceChanged } from "./net/announces";
import { beaconingDeadline } from "./net/beaconing";
import { commandDestinationAdd, commandDestinationRemove, commandDestinations } from "./net/commands-destinations";
import { commandSend, commandSendOnion } from "./net/commands-send";
import { neighboursKnown, neighboursReport, neighboursUp } from "./net/neighbours";
import { probeStart } from "./net/probe";
import { routesReport } from "./net/routes";
import { seenCount } from "./net/seen";
import { applyLinkPolicy } from "./link-policy";
import { configSetPrice } from "./state/config";
import { ALL_COUNTERS_SIZE, COUNTERS } from "./state/counters";
import {
  STATUS_REPORT_ABI_VERSION,
  STATUS_REPORT_AIRTIME_ALLOWED_MS,
  STATUS_REPORT_AIRTIME_USED_MS,
  STATUS_REPORT_NEIGHBOURS_KNOWN,
  STATUS_REPORT_NEIGHBOURS_UP,
  STATUS_REPORT_NEXT_BEACON_MS,
  STATUS_REPORT_NODE_ID,
  STATUS_REPORT_SEEN,
  STATUS_REPORT_SIZE,
  STATUS_REPORT_UPTIME_MS,
  STATUS_REPORT_UTILISATION_PERMILLE,
  STATUS_REPORT_ZERO,
} from "./reports.gen";
import { NODE_ID, NODE_ID_SIZE } from "./state/destinations";
import { signalSet } from "./state/signal";
import { peerAdd, peerRemove, peersReport } from "./trust/peers";
import { reputationReport } from "./trust/reputation";

/** A reply begins with the command's number. */
const ANSWER: usize = 1;
const ALL_LINKS: u32 = u32.MAX_VALUE;

/** Bytes of the answer at `out`, 0 for none, or minus a Status. `length` >= 1. */
export function runCommand(out: usize, input: usize, length: u32, nowMs: u64, bootMs: u64): i32 {
  const command: u32 = load<u8>(input);
  const body = input + 1;
  const size = length - 1;
  store<u8>(out, <u8>command);
  const answer = out + ANSWER;
  let replied: i32 = -Status.BadCommand;
  switch (command) {
    case Command.Status:
      if (size == 0) replied = status(out, nowMs, bootMs);
      break;
    case Command.Neighbours:
      if (size == 0) replied = neighboursReport(answer, nowMs);
      break;
    case Command.Links:
      if (size == 0) replied = linksReport(answer, nowMs);
      break;
    case Command.Routes:
      if (size == 2) replied = routesReport(answer, OUT_SIZE - 1, load<u16>(body), nowMs);
      break;
    case Command.Send:
      return withReply(commandSend(answer, body, size, nowMs));
    case Command.SendOnion:
      return withReply(commandSendOnion(answer, body, size, nowMs));
    case Command.Trust:
      if (size == NODE_ID_SIZE) return done(trusted(peerAdd(body)));
      break;
    case Command.Distrust:
      if (size == NODE_ID_SIZE) return done(trusted(peerRemove(body)));
      break;
    case Command.Trusted:
      if (size == 0) replied = peersReport(answer);
      break;
    case Command.DestinationAdd:
      if (size == 0) replied = commandDestinationAdd(answer, nowMs);
      break;
    case Command.DestinationRemove:
      if (size == NODE_ID_SIZE) return done(commandDestinationRemove(body));
      break;
    case Command.Destinations:
      if (size == 0) replied = commandDestinations(answer);
      break;
    case Command.Announce:
      if (size == 0) return done(announcesOwn(nowMs));
      break;
    case Command.SetPrice:
      if (size == 4) return done(setPrice(load<u32>(body), nowMs));
      break;
    case Command.Probe:
      if (size == NODE_ID_SIZE + 2) return done(probeStart(body, load<u16>(body, 16), nowMs));
      break;
    case Command.AdvisoryPublish:
      return done(advisoryReceive(body, size, NO_LINK));
    case Command.Reputation:
      if (size == 2) replied = reputationReport(answer, OUT_SIZE - 1, load<u16>(body));
      break;
    case Command.Signal:
      return done(signalSet(body, size));
    case Command.LinkClose:
      if (size == NODE_ID_SIZE) return done(closeLink(body));
      break;
  }
  return withReply(replied);
}

/** Counts the command's number in front of an answer; a refusal passes through. */
function withReply(length: i32): i32 {
  return length < 0 ? length : length + 1;
}

function done(outcome: Status): i32 {
  return -outcome;
}

/** Trust changed: what comes over the links there are is judged anew. */
function trusted(outcome: Status): Status {
  if (outcome == Status.Ok) applyLinkPolicy(ALL_LINKS);
  return outcome;
}

function setPrice(price: u32, nowMs: u64): Status {
  configSetPrice(price);
  applyLinkPolicy(ALL_LINKS);
  announcesPriceChanged(nowMs);
  return Status.Ok;
}

function closeLink(id: usize): Status {
  const link = linkByPeer(id);
  if (link == NO_LINK) return Status.Unknown;
  linkClose(link);
  return Status.Ok;
}

/**
 * Writes a StatusReport (reports.gen.ts) behind the command's number at `out`, then the counters and how many frames
 * were refused with each Status from 0 on.
 */
function status(out: usize, nowMs: u64, bootMs: u64): i32 {
  store<u8>(out, <u8>neighboursKnown(), ANSWER + STATUS_REPORT_NEIGHBOURS_KNOWN);
  store<u8>(out, <u8>neighboursUp(), ANSWER + STATUS_REPORT_NEIGHBOURS_UP);
  store<u8>(out, 0, ANSWER + STATUS_REPORT_ZERO);
  store<u32>(out, ABI_VERSION, ANSWER + STATUS_REPORT_ABI_VERSION);
  memory.copy(out + ANSWER + STATUS_REPORT_NODE_ID, NODE_ID, NODE_ID_SIZE);
  store<u64>(out, nowMs - bootMs, ANSWER + STATUS_REPORT_UPTIME_MS);
  store<u64>(out, beaconingDeadline(), ANSWER + STATUS_REPORT_NEXT_BEACON_MS);
  store<u32>(out, utilisationPermille(nowMs), ANSWER + STATUS_REPORT_UTILISATION_PERMILLE);
  store<u32>(out, seenCount(), ANSWER + STATUS_REPORT_SEEN);
  store<u32>(out, airtimeUsedMs(nowMs), ANSWER + STATUS_REPORT_AIRTIME_USED_MS);
  store<u32>(out, airtimeAllowedMs(), ANSWER + STATUS_REPORT_AIRTIME_ALLOWED_MS);
  memory.copy(out + ANSWER + STATUS_REPORT_SIZE, COUNTERS, ALL_COUNTERS_SIZE);
  return STATUS_REPORT_SIZE + ALL_COUNTERS_SIZE;
}
