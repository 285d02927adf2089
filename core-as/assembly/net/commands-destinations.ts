/** The commands about this node's destinations (abi.ts, Command). */
import { Status } from "../abi";
import { DESTINATIONS } from "../profile";
import {
  destinationAdd,
  destinationId,
  destinationIndex,
  destinationPublicKey,
  destinationRemove,
  destinationUsed,
  NO_DESTINATION,
  NODE_ID_SIZE,
} from "../state/destinations";
import { ratchetLoad, ratchetsForget } from "../state/ratchets";
import { announcesOwn } from "./announces";

const KEY_SIZE: u32 = 32;

/**
 * Command.DestinationAdd: makes a destination with its first ratchet and announces it. The reply, address 16, goes to
 * `out`; its size, or minus TableFull, NoEntropy or RecordFailed.
 */
export function commandDestinationAdd(out: usize, nowMs: u64): i32 {
  const index = destinationAdd();
  if (index < 0) return index;
  ratchetLoad(index);
  // An announce that fails is tried again by itself.
  announcesOwn(nowMs);
  memory.copy(out, destinationId(index), NODE_ID_SIZE);
  return <i32>NODE_ID_SIZE;
}

/**
 * Command.DestinationRemove, of the 16-byte address at `id`. Ok; Unknown, also for the node itself; RecordFailed. The
 * ratchets go first: were the power cut between the two, the destination would still be there and make new ones.
 */
export function commandDestinationRemove(id: usize): Status {
  const index = destinationIndex(id);
  if (index == 0 || index == NO_DESTINATION) return Status.Unknown;
  const status = ratchetsForget(index);
  return status == Status.Ok ? destinationRemove(index) : status;
}

/** Command.Destinations: writes address 16 and public key 32 of each to `out`; the bytes written. */
export function commandDestinations(out: usize): i32 {
  let size: u32 = 0;
  for (let i: u32 = 0; i < DESTINATIONS; i++) {
    if (!destinationUsed(i)) continue;
    memory.copy(out + size, destinationId(i), NODE_ID_SIZE);
    memory.copy(out + size + NODE_ID_SIZE, destinationPublicKey(i), KEY_SIZE);
    size += NODE_ID_SIZE + KEY_SIZE;
  }
  return <i32>size;
}
