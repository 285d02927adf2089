/**
 * One air frame in: from the split byte down to the beacon or packet, refusing at the first thing that is wrong.
 *
 * Nothing but counters and the channel's utilisation changes until every check has passed.
 */
import { Counter, Event, event, Status } from "../abi";
import { count } from "../state/counters";
import { isOwnId } from "../state/identity";
import { AIR_HEADER_SIZE, airIsSplit, airLinkFrame, checkAir } from "../wire/air";
import { beaconNodeId, checkBeacon } from "../wire/beacon";
import {
  checkLinkFrame,
  KIND_BEACON,
  KIND_CLEAR,
  LINK_FRAME_HEADER_SIZE,
  linkFrameBody,
  linkFrameKind,
  unpaddedLength,
} from "../wire/link-frame";
import { checkPacket, HEADER_LINK_PROOF, HEADER_LINK_REQUEST, packetDestination, packetHeader } from "../wire/packet";
import { neighbourHeard } from "./neighbours";
import { packetHash } from "./packet-hash";
import { seenBefore } from "./seen";

const HASH: usize = memory.data(32, 8);

/** The outcome of `length` bytes at `frame`, received at `nowMs`. */
export function receiveFrame(frame: usize, length: u32, nowMs: u64, rssiDbm: i32, snrQdb: i32): Status {
  const air = checkAir(frame, length);
  if (air != Status.Ok) return air;
  if (airIsSplit(frame)) return Status.SplitFrame;
  const linkFrame = airLinkFrame(frame);
  const linkLength = length - AIR_HEADER_SIZE;
  const checked = checkLinkFrame(linkFrame, linkLength);
  if (checked != Status.Ok) return checked;
  const body = linkFrameBody(linkFrame);
  const bodyLength = linkLength - LINK_FRAME_HEADER_SIZE;
  switch (linkFrameKind(linkFrame)) {
    case KIND_BEACON:
      return receiveBeacon(body, bodyLength, nowMs, rssiDbm, snrQdb);
    case KIND_CLEAR:
      return receiveClear(body, bodyLength, nowMs);
    default:
      return Status.NoLink;
  }
}

function receiveBeacon(beacon: usize, length: u32, nowMs: u64, rssiDbm: i32, snrQdb: i32): Status {
  const checked = checkBeacon(beacon, length);
  if (checked != Status.Ok) return checked;
  if (isOwnId(beaconNodeId(beacon))) return Status.OwnBeacon;
  const heard = neighbourHeard(beacon, nowMs, rssiDbm, snrQdb);
  if (heard == Status.Ok) count(Counter.BeaconsHeard);
  return heard;
}

/** A padded packet that travels outside a link: only link setup may (H5). */
function receiveClear(padded: usize, paddedLength: u32, nowMs: u64): Status {
  const length = unpaddedLength(padded, paddedLength);
  if (length < 0) return Status.BadPadding;
  const checked = checkPacket(padded, length);
  if (checked != Status.Ok) return checked;
  const header = packetHeader(padded);
  // A proof is addressed to the link it answers (destination type 11), and this core asks for none.
  if (header == HEADER_LINK_PROOF) return Status.NoLink;
  if (header != HEADER_LINK_REQUEST) return Status.NotClear;
  // A request crosses one hop: somebody else's is not ours to remember.
  if (!isOwnId(packetDestination(padded))) return Status.NotForUs;
  packetHash(HASH, padded, length);
  if (seenBefore(HASH, nowMs)) {
    count(Counter.PacketsDuplicate);
    return Status.Duplicate;
  }
  count(Counter.PacketsAccepted);
  event(Event.Packet, padded, length);
  return Status.Ok;
}
