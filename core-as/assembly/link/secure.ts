/**
 * Link frames in and out: which link a frame belongs to, whether it is genuine and new, and what it carries (H30, H13,
 * H6).
 *
 * On the radio it may also be one to all peers of a link's peer (group.ts): an announce, or it is refused.
 *
 * Two links may share the 16 bits of link_tag by chance: each is tried. A frame is decrypted where it lies.
 */
import { Counter, LinkEnd, Status } from "../abi";
import { LINKS, PACKET_BYTES, RADIO } from "../profile";
import { count } from "../state/counters";
import {
  LINK_DATA_HEADER_SIZE,
  LINK_DATA_OVERHEAD,
  linkFramePhase,
  linkFrameTag,
  LORA_LINK_FRAME_SIZE,
  unpaddedLength,
} from "../wire/link-frame";
import { HEADER_ANNOUNCE, PACKET_HEADER_SIZE, packetHeader } from "../wire/packet";
import { checkQos, qosPad } from "../wire/qos";
import { groupFits, groupTag } from "./group";
import { handshakeDirection, handshakeFits, handshakeFrame, isIdentify } from "./handshake";
import {
  GROUP_LINKS,
  LINK_ID,
  linkClose,
  linkCountBytes,
  linkEntry,
  linkInitiator,
  linkMtu,
  linkPort,
  linkUp,
} from "./link-table";
import { linkFrameHeard, linkGroupHeard } from "./links";
import { linkOpens, linkPhase, linkSession, rekeyFrame } from "./rekey";
import {
  DIRECTION_GROUP,
  frameSize,
  GROUP_SESSION,
  HANDSHAKE_SESSION,
  HANDSHAKES,
  OWN_GROUP_SESSION,
  sessionAccept,
  sessionCounter,
  sessionOpen,
  sessionSeal,
} from "./session";

/** Address of the packet u32, its bytes u32, qos u32, 1 if under a group key u32, of the frame opened last. No state. */
const PLAIN: usize = memory.data(16, 4);

/** Address of the packet in the frame opened last. It is not checked yet. */
export function framePlain(): usize {
  return load<u32>(PLAIN);
}

/** Its bytes, without padding: at least a packet header, at most PACKET_BYTES. */
export function framePlainLength(): u32 {
  return load<u32>(PLAIN, 4);
}

/** Its qos byte. */
export function frameQos(): u32 {
  return load<u32>(PLAIN, 8);
}

/** Whether it was under the peer's group key, which others have: then it may not be the peer that sent it. */
export function frameOfGroup(): bool {
  return load<u32>(PLAIN, 12) != 0;
}

/** Finds the packet in an opened frame. Ok, BadField (qos), BadPadding, Short or Long. */
function unwrap(frame: usize, length: u32, port: u32): Status {
  const text = frame + LINK_DATA_HEADER_SIZE;
  const qos: u32 = load<u8>(text);
  const checked = checkQos(qos);
  if (checked != Status.Ok) return checked;
  let size = <i32>(length - LINK_DATA_OVERHEAD);
  if (port == RADIO || qosPad(qos)) size = unpaddedLength(text + 1, size);
  if (size < 0) return Status.BadPadding;
  if (size < <i32>PACKET_HEADER_SIZE) return Status.Short;
  if (size > <i32>PACKET_BYTES) return Status.Long;
  store<u32>(PLAIN, <u32>text + 1);
  store<u32>(PLAIN, size, 4);
  store<u32>(PLAIN, qos, 8);
  store<u32>(PLAIN, 0, 12);
  return Status.Ok;
}

/**
 * Opens a checked data frame that came in on an interface. The link it belongs to, which it may just have brought up;
 * or minus a Status, and no link has changed: NoLink, BadTag, Replayed, NotIdentified, BadHeader of anything but an
 * announce under a group key, what unwrap says, what handshakeFrame says.
 */
export function frameOpen(frame: usize, length: u32, port: u32, nowMs: u64): i32 {
  const tag = linkFrameTag(frame);
  const phase = linkFramePhase(frame);
  let status: Status = Status.NoLink;
  for (let i: u32 = 0; i < LINKS + HANDSHAKES; i++) {
    const slot = i - LINKS;
    const isLink = i < LINKS;
    if (isLink ? !linkFits(i, tag, phase, port) : phase != 0 || !handshakeFits(slot, tag, port)) continue;
    const session = isLink ? linkSession(i, phase) : HANDSHAKE_SESSION + slot;
    // What comes from the responder has direction 1.
    const direction = isLink ? linkInitiator(i) : handshakeDirection(slot);
    const counter = sessionCounter(session, frame);
    const opened = sessionOpen(session, direction, frame, length, counter);
    if (opened == Status.Ok) {
      const unwrapped = unwrap(frame, length, port);
      if (unwrapped != Status.Ok) return -unwrapped;
      const link = isLink ? <i32>i : handshakeFrame(slot, framePlain(), framePlainLength(), nowMs);
      if (link >= 0) accept(link, phase, counter, length, nowMs);
      return link;
    }
    if (status != Status.Replayed) status = opened;
  }
  return groupOpen(frame, length, port, status, nowMs);
}

/** The same for a frame that may be under the group key of a link's peer; `status` is what is wrong with it otherwise. */
function groupOpen(frame: usize, length: u32, port: u32, status: Status, nowMs: u64): i32 {
  if (port != RADIO || length != LORA_LINK_FRAME_SIZE || linkFramePhase(frame) != 0) return -status;
  for (let i: u32 = 0; i < LINKS; i++) {
    if (!groupFits(i, linkFrameTag(frame))) continue;
    const session = GROUP_SESSION + i;
    const counter = sessionCounter(session, frame);
    const opened = sessionOpen(session, DIRECTION_GROUP, frame, length, counter);
    if (opened == Status.Ok) {
      const unwrapped = unwrap(frame, length, port);
      if (unwrapped != Status.Ok) return -unwrapped;
      if (packetHeader(framePlain()) != HEADER_ANNOUNCE) return -Status.BadHeader;
      count(Counter.FramesOpened);
      sessionAccept(session, counter);
      linkGroupHeard(i, nowMs);
      store<u32>(PLAIN, 1, 12);
      return <i32>i;
    }
    if (status != Status.Replayed) status = opened;
  }
  return -status;
}

/** Whether frames with this tag and phase on an interface may be a link's. */
function linkFits(link: u32, tag: u32, phase: u32, port: u32): bool {
  if (!linkUp(link) || linkPort(link) != port || !linkOpens(link, phase)) return false;
  return <u32>load<u16>(linkEntry(link), LINK_ID) == tag;
}

/** Takes in a frame that proved genuine and new. */
function accept(link: u32, phase: u32, counter: u64, length: u32, nowMs: u64): void {
  count(Counter.FramesOpened);
  const lost = sessionAccept(linkSession(link, phase), counter);
  const proof = !isIdentify(framePlain(), framePlainLength(), linkEntry(link) + LINK_ID);
  linkFrameHeard(link, length, lost, proof, nowMs);
  rekeyFrame(link, phase, nowMs);
}

/** frameSeal for the outbox, which also seals on a link that is closing. */
export function linkSeal(link: u32, out: usize, packet: usize, length: u32, qos: u32): u32 {
  const size = frameSize(linkPort(link), length, qosPad(qos), linkMtu(link));
  const phase = linkPhase(link);
  const direction = linkInitiator(link) ^ 1;
  const tag: u32 = load<u16>(linkEntry(link), LINK_ID);
  const sealed = sessionSeal(linkSession(link, phase), direction, phase, tag, out, packet, length, qos, size);
  if (sealed == 0) linkClose(link, LinkEnd.Exhausted);
  linkCountBytes(link, sealed);
  return sealed;
}

/**
 * Writes the link frame with the packet of `length` bytes at `packet` to `out`. `packet` lies at `out` + 7 or outside
 * the frame. Its size, 508 at most for packets up to 484; 0 if the link is not up, the packet is beyond its MTU, or the
 * counters have run out, which closes the link. For GROUP_LINKS one frame for all of them, 254 bytes: packets up to
 * 230.
 */
export function frameSeal(link: u32, out: usize, packet: usize, length: u32, qos: u32, _nowMs: u64): u32 {
  if (link == GROUP_LINKS) {
    const session = OWN_GROUP_SESSION;
    return sessionSeal(session, DIRECTION_GROUP, 0, groupTag(), out, packet, length, qos, LORA_LINK_FRAME_SIZE);
  }
  if (!linkUp(link) || length > linkMtu(link)) return 0;
  return linkSeal(link, out, packet, length, qos);
}
