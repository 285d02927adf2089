/**
 * The trust neighbourhood: up to 32 peers whose packets this node relays free (digest 2 section 8), in the order they were
 * added, kept in two records of 16 addresses each.
 *
 * Taking one out moves those behind it up, and with them one address from the second record to the first. The first is
 * written first: a power cut between the two leaves that address in both, and loading drops the repetition.
 */
import { RecordKey, record_delete, record_get, record_put, Counter, Status } from "../abi";
import { TRUSTED } from "../profile";
import { count } from "../state/counters";
import { NODE_ID_SIZE, sameId } from "../state/destinations";

const PER_RECORD: u32 = 16;

/** Peers u32, zero u32, then 16 bytes for each. */
export const PEERS: usize = memory.data(8 + TRUSTED * 16, 8);
export const PEERS_SIZE: u32 = 8 + TRUSTED * 16;
const COUNT: usize = PEERS;
const LIST: usize = PEERS + 8;

function at(index: u32): usize {
  return LIST + <usize>(index * NODE_ID_SIZE);
}

/** Index of the peer with this address, or the number of peers. */
function find(id: usize): u32 {
  let i: u32 = 0;
  while (i < load<u32>(COUNT) && !sameId(at(i), id)) i++;
  return i;
}

/** True if the node with the 16-byte address at `id` is trusted. */
export function peerTrusted(id: usize): bool {
  return find(id) != load<u32>(COUNT);
}

/** Loads the list. Ok, BadRecord or RecordFailed: then those that could be read are in it. */
export function peersLoad(): Status {
  memory.fill(PEERS, 0, PEERS_SIZE);
  let status: Status = Status.Ok;
  for (let key: u32 = RecordKey.Trusted; key <= <u32>RecordKey.TrustedMore; key++) {
    // Read behind those in the list: no more than half of it is in use by then.
    const first = at(load<u32>(COUNT));
    const got = record_get(key, first, PER_RECORD * NODE_ID_SIZE);
    if (got < 0) {
      if (got != -Status.RecordMissing) status = Status.RecordFailed;
      continue;
    }
    if (<u32>got > PER_RECORD * NODE_ID_SIZE || <u32>got % NODE_ID_SIZE != 0) {
      status = Status.BadRecord;
      continue;
    }
    for (let i: u32 = 0; i < <u32>got / NODE_ID_SIZE; i++) {
      const id = first + <usize>(i * NODE_ID_SIZE);
      if (peerTrusted(id)) continue;
      memory.copy(at(load<u32>(COUNT)), id, NODE_ID_SIZE);
      store<u32>(COUNT, load<u32>(COUNT) + 1);
    }
  }
  const used = load<u32>(COUNT) * NODE_ID_SIZE;
  memory.fill(LIST + used, 0, TRUSTED * NODE_ID_SIZE - used);
  return status;
}

function put(key: u32, from: u32): Status {
  const peers = load<u32>(COUNT);
  const length = peers > from ? min<u32>(peers - from, PER_RECORD) * NODE_ID_SIZE : 0;
  return length == 0 ? record_delete(key) : record_put(key, at(from), length);
}

/** Stores the list from the record of entry `index` on. If that fails, what is stored is the list. */
function save(index: u32): Status {
  let status: Status = index < PER_RECORD ? put(RecordKey.Trusted, 0) : Status.Ok;
  if (status == Status.Ok) status = put(RecordKey.TrustedMore, PER_RECORD);
  if (status == Status.Ok) return Status.Ok;
  count(Counter.RecordsFailed);
  peersLoad();
  return Status.RecordFailed;
}

/** Trusts the node with this address from now on. Ok, also if it is trusted already; TableFull or RecordFailed. */
export function peerAdd(id: usize): Status {
  const peers = load<u32>(COUNT);
  if (find(id) != peers) return Status.Ok;
  if (peers == TRUSTED) return Status.TableFull;
  memory.copy(at(peers), id, NODE_ID_SIZE);
  store<u32>(COUNT, peers + 1);
  return save(peers);
}

/** Trusts it no longer. Ok, Unknown or RecordFailed. */
export function peerRemove(id: usize): Status {
  const index = find(id);
  const peers = load<u32>(COUNT);
  if (index == peers) return Status.Unknown;
  const last = peers - 1;
  memory.copy(at(index), at(index + 1), (last - index) * NODE_ID_SIZE);
  memory.fill(at(last), 0, NODE_ID_SIZE);
  store<u32>(COUNT, last);
  return save(index);
}

/** Writes the addresses, 16 bytes each (at most 512), at `out`; the number of bytes. */
export function peersReport(out: usize): u32 {
  const length = load<u32>(COUNT) * NODE_ID_SIZE;
  memory.copy(out, LIST, length);
  return length;
}
