/**
 * The whole boundary between the core and whatever runs it.
 *
 * The toolchain reads this file (toolchain/abi) and writes the C header with the wasm3 link table
 * (boards/runtime/include) and the typed Node binding (host/core/abi.gen.ts), so the three cannot drift. After every
 * compilation it also compares the module's real imports and exports with the two lists below.
 *
 * Rules of the boundary: i32 and i64 only; a `usize` parameter is followed by the u32 length of what it points at; no
 * strings, no objects, no exceptions. Anything longer than a register travels through the two fixed buffers. Every call
 * carries the time; the core has no clock.
 *
 * Imports carry no `@external`: decorators on functions are not TypeScript, and the module name an undecorated
 * declaration gets ("abi", this file) is the one wanted.
 */

/** Raised by hand whenever anything in this file changes meaning; both sides refuse a module with another value. */
export const ABI_VERSION: u32 = 5;

/** Size in bytes of the buffer the host writes before `boot`, `on_frame`, `on_command` and `crypto`. */
export const IN_SIZE: u32 = 1536;

/** Size in bytes of the buffer the host reads after `state_hash` and `crypto`. */
export const OUT_SIZE: u32 = 1024;

/** The fixed buffers whose addresses `buffer` gives. */
export enum Buffer {
  /** Host to core: configuration, air frame, command or the input of a primitive. */
  In = 0,
  /** Core to host: state hash or the result of a primitive. */
  Out = 1,
}

/** One code for every way a step can end, in the core (0-99) and in the shell that runs it (100 and up). */
export enum Status {
  /** Done. */
  Ok = 0,
  /** The input ends before a field it must hold. */
  Short = 1,
  /** The input is longer than its kind allows. */
  Long = 2,
  /** The air header or link frame kind has bits set that no version uses. */
  BadKind = 3,
  /** Byte 0 of the packet is no combination in use. */
  BadHeader = 4,
  /** The packet's context is not assigned, or does not go with its byte 0. */
  BadContext = 5,
  /** The padding behind the packet is not 80 00 .. 00. */
  BadPadding = 6,
  /** A field holds a value outside its range. */
  BadField = 7,
  /** Only link requests and link proofs may travel in the clear. */
  NotClear = 8,
  /** The packet has passed more than 128 relays. */
  HopLimit = 9,
  /** The packet was seen within the last 60 seconds. */
  Duplicate = 10,
  /** The packet is addressed to another node and this hop may not forward it. */
  NotForUs = 11,
  /** The frame belongs to a link this node does not hold. */
  NoLink = 12,
  /** The half of a link frame fits no other half: its partner was lost. */
  SplitFrame = 13,
  /** The beacon carries this node's own address: an echo, a replay, or a copied identity. */
  OwnBeacon = 14,
  /** The table is full and every entry in it is alive, so the newcomer is turned away. */
  TableFull = 15,
  /** The core has not been booted. */
  NotBooted = 16,
  /** The boot configuration is not of version 3, has the wrong length, or a value out of range. */
  BadConfig = 17,
  /** The command is unknown, or has the wrong length. */
  BadCommand = 18,
  /** The time given is earlier than the time of the call before. */
  ClockBackwards = 19,
  /** The host could not give the random bytes asked for. */
  NoEntropy = 20,
  /** No record is stored under this key. */
  RecordMissing = 21,
  /** The stored record does not have the size its key stands for. */
  BadRecord = 22,
  /** The host could not store or delete the record; the old value is still there. */
  RecordFailed = 23,
  /** The channel is taken (CAD) or the radio is already sending. */
  RadioBusy = 24,
  /** The radio did not accept or finish the transmission. */
  RadioFailed = 25,
  /** Transmission is off: the configuration has no region that allows it. */
  TransmitOff = 26,
  /** The 32 bytes are not the canonical encoding of a point of the curve. */
  BadPoint = 27,
  /** The key or point is of small order: anything made with it proves nothing and protects nothing. */
  SmallOrder = 28,
  /** The scalar is not below the order of the group. */
  BadScalar = 29,
  /** The signature does not belong to this message and key. */
  BadSignature = 30,
  /** The proof does not belong to this input and key. */
  BadProof = 31,
  /** The authentication tag does not fit: another key, nonce or associated data, or damaged bytes. */
  BadTag = 32,
  /** The link frame's counter was used before, or is older than the replay window reaches back. */
  Replayed = 33,
  /** The link's peer has not identified itself yet: nothing but IDENTIFY is taken from it. */
  NotIdentified = 34,
  /** The handshake message answers nothing this node asked, or comes too late. */
  NoHandshake = 35,
  /** Too many handshakes are under way; this one may try again later. */
  HandshakeBusy = 36,
  /** The public key is not the one the address was made from. */
  WrongKey = 37,
  /** The record's sequence number is not greater than the one known. */
  Stale = 38,
  /** The peer speaks another major version of the protocol. */
  BadVersion = 39,
  /** No route leads to the destination, and no neighbour is closer to it. */
  NoRoute = 40,
  /** The packet is larger than the link it must leave by can carry. */
  TooBig = 41,
  /** The queue for this priority is full. */
  QueueFull = 42,
  /** The sub-type is not known in this context. */
  BadSubtype = 43,
  /** A TLV overruns the extension, has the wrong length, or comes twice. */
  BadTlv = 44,
  /** The public key of the destination is not known here; give it with the command. */
  NoKey = 45,
  /** The relay policy refuses this packet: its previous hop is neither trusted nor paying. */
  Refused = 46,
  /** The hour's airtime is used up: the frame was refused, and those to come wait until the law allows them. */
  AirtimeSpent = 47,
  /** There is no such interface, or the frame is not one it can carry. */
  BadInterface = 48,
  /** The first half of a link frame has arrived; the second is awaited. */
  Incomplete = 49,
  /** The destination, peer or entry the command names does not exist. */
  Unknown = 50,
  /** With this region's limits the largest frames could never be sent: use a faster modem setting. */
  ConfigUnlawful = 51,
  /** How many codes of the core there are: what Status counts frames refused by. */
  CoreCount = 52,

  /** The engine could not get the memory it needs. */
  EngineMemory = 100,
  /** The bytes are not a WebAssembly module this engine can load. */
  BadModule = 101,
  /** The module lacks an export of the ABI, or has it with another signature. */
  MissingExport = 102,
  /** The module asks for an import that is not in the ABI, or with another signature. */
  UnknownImport = 103,
  /** The module was built for another abi_version than this shell. */
  AbiMismatch = 104,
  /** The module trapped. */
  Trap = 105,
  /** The request is not one this console knows. */
  UnknownRequest = 110,
  /** The request's payload has the wrong length or a field out of range. */
  BadRequest = 111,
  /** Replay steps need an open replay. */
  ReplayClosed = 112,
  /** The reply would be longer than a frame can carry. */
  ReplyTooLong = 113,
  /** The entropy queue of the replay is empty or full. */
  ReplayEntropy = 114,
  /** The record storage is full. */
  StorageFull = 115,
  /** The flash did not take what was written to it. */
  FlashFailed = 116,
  /** The peripheral behind the radio port did not answer in time. */
  RadioTimeout = 117,
  /** The board is locked: this needs its PIN, or its button held for three seconds. */
  Locked = 118,
  /** The PIN is wrong. */
  WrongPin = 119,
  /** No PIN is looked at for a while, because wrong ones came. */
  PinWait = 120,
  /** The session has ended, or its counter was used before: say Hello again. */
  BadSession = 121,
  /** The host and the board speak no common version of the console protocol. */
  BadConsoleVersion = 122,
  /** The provisioning draft has a field this board cannot take; the field is named with it. */
  BadDraft = 123,
  /** There is no draft, or it is not the one meant. */
  NoDraft = 124,
  /** The radio of this board does not take the configuration. */
  RadioRefused = 125,
  /** The box does not open with this key, or holds no backup of a known version. */
  BadBox = 126,
  /** The confirmation token is not the one given out, or its minute is over. */
  BadToken = 127,
}

/** What the core tells the host about, with the bytes each kind carries. */
export enum Event {
  /** After boot: node_id 16. */
  Booted = 1,
  /** A neighbour is heard for the first time, or again after silence: a neighbour entry (44 bytes). */
  NeighbourFound = 2,
  /** A neighbour has been silent for 180 s: node_id 16. */
  NeighbourDown = 3,
  /** A neighbour has been silent for 600 s and is forgotten: node_id 16. */
  NeighbourGone = 4,
  /** A packet of a family this core does not handle itself, for this node: previous hop's node_id 16, the packet. */
  Packet = 5,
  /** The answer to a command: command u8, then its bytes. */
  Reply = 6,
  /** A link is up, its peer identified: node_id 16, interface u8, 1 if this node initiated it. */
  LinkUp = 7,
  /** A link went down: node_id 16, interface u8, reason u8 (a LinkEnd). */
  LinkDown = 8,
  /** An end-to-end box for one of this node's destinations, opened: destination 16, context u8, sub-type u8, data. */
  Message = 9,
  /** A destination became reachable: destination 16, next hop's node_id 16, hops u8, zero u8, cost code u16. */
  RouteFound = 10,
  /** The last route to a destination went away: destination 16. */
  RouteLost = 11,
  /** A packet this node sent or relayed found no way on: destination 16, packet_hash[0..8]. */
  Undeliverable = 12,
  /** An answer to a probe: destination 16, id u16, round trip in ms u32, received size u16, responder's mtu u16, bps u32. */
  ProbeResult = 13,
  /** No route has the packet size asked for; the best one was taken: destination 16, mtu u16. */
  PathConstraintViolation = 14,
  /** A KeyCompromiseAdvisory was taken in: compromised key 32, new key 32 (zero if none), verdict u8 (AdvisoryVerdict). */
  Advisory = 15,
  /** A VersionSignal of an announce: destination 16, then count and entries as in TLV 03. */
  VersionSignal = 16,
}

/** First byte of a command in the `In` buffer. */
export enum Command {
  /** No body. Reply: see `status` in node.ts. */
  Status = 1,
  /** No body. Reply: a neighbour entry (44 bytes) for each neighbour known. */
  Neighbours = 2,
  /** No body. Reply: an entry of 48 bytes for each link: see `linksReport` in link/links.ts. */
  Links = 3,
  /** from u16. Reply: next u16 (0 at the end), entries of 40 bytes: see `routesReport` in net/routes.ts. */
  Routes = 4,
  /**
   * Seals data end to end and sends it: qos u8, flags u8 (SendFlag), destination 16, [public key 32], context u8,
   * sub-type u8, data. Reply: packet_hash[0..8]. NoRoute, NoKey, Long, QueueFull.
   */
  Send = 5,
  /**
   * The same through relays, an onion: qos u8, flags u8, n u8 (1-3), n x relay 16, destination 16, [public key 32],
   * context u8, sub-type u8, data. Reply: packet_hash[0..8].
   */
  SendOnion = 6,
  /** node_id 16. Its packets are relayed free from now on. TableFull. */
  Trust = 7,
  /** node_id 16. Unknown. */
  Distrust = 8,
  /** No body. Reply: node_id 16 for each trusted peer. */
  Trusted = 9,
  /** No body. Makes one more destination of this node. Reply: its address 16. TableFull. */
  DestinationAdd = 10,
  /** address 16. The first destination, the node itself, stays. Unknown. */
  DestinationRemove = 11,
  /** No body. Reply: address 16, public key 32 for each destination. */
  Destinations = 12,
  /** No body. Announces every destination now. */
  Announce = 13,
  /** price u32, in micro-MHR per KiB. */
  SetPrice = 14,
  /** destination 16, size u16. Probes the path; the answer is a ProbeResult. NoRoute; BadField for links too slow. */
  Probe = 15,
  /** A KeyCompromiseAdvisory record, 145 or 209 bytes, taken in as if a neighbour had sent it. */
  AdvisoryPublish = 16,
  /** from u16. Reply: a PeerReputation (46 bytes) for each peer known from that one on, as many as fit. */
  Reputation = 17,
  /** count u8, count x (mep u32, support u8): what this node's announces signal. */
  Signal = 18,
  /** node_id 16. Closes the link. Unknown. */
  LinkClose = 19,
}

/** Bits of the flags of Send and SendOnion. */
export enum SendFlag {
  /** The destination's public key is given. */
  Key = 1,
  /** Use the static key even if a ratchet is known. */
  NoRatchet = 2,
}

/** Bits of `flags` of frame_send. */
export enum FrameFlag {
  /**
   * Second half of a split link frame: goes out behind the first without CAD. Not given where the region asks for a pause
   * or for listening: there it is a frame like any other.
   */
  Continue = 1,
}

/** Why a link ended. */
export enum LinkEnd {
  /** Silent for 180 s, or three pings unanswered. */
  Silent = 0,
  /** The peer closed it. */
  Closed = 1,
  /** A newer link to the same peer took its place. */
  Replaced = 2,
  /** This node closed it. */
  Local = 3,
  /** Its table entry was given to another peer. */
  Evicted = 4,
  /** Its counter reached 2^40, or a rekey never came through. */
  Exhausted = 5,
}

/** What became of a KeyCompromiseAdvisory. */
export enum AdvisoryVerdict {
  /** The old key is not to be used; the new one, if any, replaces it. */
  Adopted = 0,
  /** Two advisories contradict each other: the key is flagged, neither new key is adopted. */
  Conflict = 1,
}

/** Counters of the Status reply, u32 each, in this order; they stop at 2^32-1. */
export enum Counter {
  /** Beacons put on the air. */
  BeaconsSent = 0,
  /** Beacons of other nodes taken in. */
  BeaconsHeard = 1,
  /** Frames handed to `on_frame`. */
  FramesHeard = 2,
  /** Frames refused with a status other than Ok. */
  FramesRefused = 3,
  /** Packets that passed every check. */
  PacketsAccepted = 4,
  /** Packets dropped because they were seen before. */
  PacketsDuplicate = 5,
  /** Seen-cache entries overwritten before their 60 s were over. */
  SeenEvicted = 6,
  /** Neighbours turned away because the table was full of living ones. */
  NeighboursRefused = 7,
  /** Silent neighbours replaced by a newcomer. */
  NeighboursEvicted = 8,
  /** Transmissions put off because the channel was busy. */
  BusyDeferred = 9,
  /** Transmissions given up after 7 busy attempts. */
  BusyDropped = 10,
  /** Transmissions the host refused for another reason. */
  SendFailed = 11,
  /** Transmissions put off because the hour's airtime was spent. */
  AirtimeDeferred = 12,
  /** Milliseconds on the air, of everything sent by radio. */
  AirtimeTotalMs = 13,
  /** Of these, beacons. */
  AirtimeBeaconMs = 14,
  /** Of these, link setup and control. */
  AirtimeLinkMs = 15,
  /** Of these, gossip: announces, summaries, deltas, pulls. */
  AirtimeGossipMs = 16,
  /** Of these, packets of peers that are neither trusted nor paying. */
  AirtimeUnfundedMs = 17,
  /** Link requests sent. */
  HandshakesStarted = 18,
  /** Link requests of others answered with a proof. */
  HandshakesAnswered = 19,
  /** Handshakes that timed out or failed a check. */
  HandshakesFailed = 20,
  /** Links that came up. */
  LinksUp = 21,
  /** Links that went down. */
  LinksDown = 22,
  /** Peers turned away because the link table was full of living ones. */
  LinksRefused = 23,
  /** Keys changed. */
  Rekeys = 24,
  /** Link frames that proved genuine. */
  FramesOpened = 25,
  /** Link frames put together from two halves. */
  FramesJoined = 26,
  /** Halves of link frames whose partner never came. */
  HalvesLost = 27,
  /** Destinations that entered the routing table. */
  RoutesAdded = 28,
  /** Destinations that left it by age or link failure. */
  RoutesExpired = 29,
  /** Destinations that left it for a newcomer. */
  RoutesEvicted = 30,
  /** Destinations turned away because the table was full of better ones. */
  RoutesRefused = 31,
  /** Own announces made. */
  AnnouncesSent = 32,
  /** Announces of others taken in as new. */
  AnnouncesAccepted = 33,
  /** Announces that added or improved a path of a known sequence number. */
  AnnouncesAlternative = 34,
  /** Announces older than what is known. */
  AnnouncesStale = 35,
  /** Announces whose signature or address did not hold. */
  AnnouncesForged = 36,
  /** Announces passed on, one for each link. */
  AnnouncesForwarded = 37,
  /** Announce bodies overwritten before they reached every link. */
  BodiesEvicted = 38,
  /** Packets this node originated. */
  PacketsSent = 39,
  /** Packets passed on for others. */
  PacketsForwarded = 40,
  /** Packets for this node. */
  PacketsDelivered = 41,
  /** Packets dropped because no way led on. */
  PacketsNoRoute = 42,
  /** Packets dropped because the next link could not carry them. */
  PacketsTooBig = 43,
  /** Packets dropped because their priority's time was over. */
  PacketsExpired = 44,
  /** Packets dropped because their queue was full. */
  PacketsQueueFull = 45,
  /** Packets dropped by the relay policy. */
  PacketsRefused = 46,
  /** Packets relayed free, their previous hop being trusted. */
  PacketsFree = 47,
  /** Packets passed on by ring distance, without a route. */
  PacketsGreedy = 48,
  /** End-to-end boxes opened. */
  MessagesOpened = 49,
  /** End-to-end boxes for this node that did not open. */
  MessagesFailed = 50,
  /** Onion layers taken off and passed on. */
  OnionsPeeled = 51,
  /** NoRoute signals from next hops. */
  NoRouteHeard = 52,
  /** PacketTooBig signals from next hops. */
  TooBigHeard = 53,
  /** Congestion signals sent. */
  CongestionSent = 54,
  /** Congestion signals heard. */
  CongestionHeard = 55,
  /** Reverse-path entries overwritten before their time. */
  ReverseEvicted = 56,
  /** Gossip rounds begun. */
  GossipRounds = 57,
  /** Summaries sent. */
  SummariesSent = 58,
  /** Summaries taken in. */
  SummariesHeard = 59,
  /** Deltas sent. */
  DeltasSent = 60,
  /** Deltas taken in. */
  DeltasHeard = 61,
  /** Pulls sent. */
  PullsSent = 62,
  /** Pulls taken in. */
  PullsHeard = 63,
  /** Gossip items refused because the queue was full. */
  GossipDropped = 64,
  /** Gossip items of types this core does not keep. */
  GossipUnknown = 65,
  /** Times recovery mode was entered. */
  Recoveries = 66,
  /** Key compromise advisories taken in. */
  AdvisoriesAccepted = 67,
  /** Key compromise advisories refused. */
  AdvisoriesRefused = 68,
  /** Reputation entries overwritten. */
  ReputationEvicted = 69,
  /** Records the host could not store. */
  RecordsFailed = 70,
  /** Calls refused because the clock had jumped back. */
  ClockBackwards = 71,
  /** Packets sent again because the next hop did not acknowledge them. */
  PacketsRetried = 72,
  /** Packets dropped because no next hop acknowledged them. */
  PacketsUnacknowledged = 73,
  /** Transmissions refused because the law, or a record that could not be written, did not let them out. */
  AirtimeRefused = 74,
  /** How many counters there are. */
  Count = 75,
}

/**
 * Cryptographic primitives of the `crypto` export: layout of In, then what it leaves in Out.
 *
 * Every length the layout leaves open may be 0. Keys, seeds and nonces are what their RFC calls by that name.
 */
export enum Primitive {
  /** BLAKE2b, RFC 7693: out_length u8 (1-64), message. Gives the digest of out_length bytes. BadField: out_length. */
  Blake2b = 1,
  /** Begins a BLAKE3 stream: nothing, or key 32 for the keyed hash. Gives nothing. */
  Blake3Begin = 2,
  /**
   * The next piece of the stream's message, 128 KiB in all. Gives nothing. BadField: none was begun; Long: too much.
   */
  Blake3Update = 3,
  /** Ends the stream: nothing. Gives the first 32 bytes of the hash. BadField: none was begun. */
  Blake3End = 4,
  /** SHA-512, RFC 6234: message. Gives the digest of 64 bytes. */
  Sha512 = 5,
  /** ChaCha20, RFC 8439 section 2.4: key 32, nonce 12, counter u32, input. Gives as many bytes as the input has. */
  ChaCha20 = 6,
  /** Poly1305, RFC 8439 section 2.5: one-time key 32, message. Gives the tag of 16 bytes. */
  Poly1305 = 7,
  /**
   * ChaCha20-Poly1305, RFC 8439 section 2.8: key 32, nonce 12, aad_length u16, aad, plaintext. Gives ciphertext, tag
   * 16.
   */
  Seal = 8,
  /** The inverse of Seal: key 32, nonce 12, aad_length u16, aad, ciphertext, tag 16. Gives the plaintext. BadTag. */
  Open = 9,
  /** X25519, RFC 7748 section 5: scalar 32, u 32. Gives u 32. SmallOrder if that would be zero. */
  X25519 = 10,
  /** X25519 of the base point: scalar 32. Gives u 32. */
  X25519PublicKey = 11,
  /** Ed25519, RFC 8032 section 5.1.5: seed 32. Gives the public key of 32 bytes. */
  Ed25519PublicKey = 12,
  /** Ed25519, RFC 8032 section 5.1.6: seed 32, its public key 32, message. Gives the signature of 64 bytes. */
  Ed25519Sign = 13,
  /**
   * Ed25519, strict: public key 32, signature 64, message. Gives nothing. BadPoint, SmallOrder, BadScalar,
   * BadSignature.
   */
  Ed25519Verify = 14,
  /** The X25519 form of an Ed25519 public key 32. Gives u 32. BadPoint, SmallOrder. */
  X25519FromEd25519 = 15,
  /** The X25519 form of an Ed25519 secret key, seed 32. Gives the clamped scalar of 32 bytes. */
  X25519SecretFromSeed = 16,
  /**
   * ECVRF-EDWARDS25519-SHA512-TAI, RFC 9381, without proof: seed 32, public key 32, alpha. Gives Gamma 32, beta 64.
   * BadPoint.
   */
  VrfGamma = 17,
  /** The same with proof: seed 32, its public key 32, alpha. Gives the proof of 80 bytes, beta 64. BadPoint. */
  VrfProve = 18,
  /** Checks such a proof: public key 32, proof 80, alpha. Gives beta 64. BadPoint, SmallOrder, BadScalar, BadProof. */
  VrfVerify = 19,
}

/** Keys of the record storage. Together they fit 12 records of at most 256 bytes, what one 4 KB page of a board holds. */
export enum RecordKey {
  /**
   * 32 bytes: the seed of the node's Ed25519 identity (RFC 8032 section 5.1.5), its secret. Key 1 held what stood for a
   * public key before there was Ed25519; it is never read.
   */
  Identity = 2,
  /** Seeds of the further destinations, 32 bytes each, zeros where none is in use. */
  Destinations = 3,
  /** End of the reserved block of announce sequence numbers, u64 for each destination. */
  Sequences = 4,
  /** Milliseconds of airtime reserved in the hour under way, u32. */
  Airtime = 5,
  /** What the announces signal: count u8, entries as in TLV 03. */
  Signal = 6,
  /** Trusted peers, node_id 16 each, the first 16 of them. */
  Trusted = 8,
  /** Trusted peers 16 to 31. */
  TrustedMore = 9,
  /**
   * Ratchets of destination i at 16 + i: age of the newest in quarters of a day u32, then up to seven of ratchet_id 4 and
   * private key 32, newest first.
   */
  Ratchets = 16,
}

/** Bits of the `flags` parameter of `airtime_us`. */
export enum AirtimeFlag {
  /** The frame has no explicit LoRa header. */
  ImplicitHeader = 1,
  /** The frame has no payload CRC. */
  NoCrc = 2,
}

// ---------------------------------------------------------------------------------------------------------------------
// What the host gives the core. The memory pointed at is valid during the call only.
// ---------------------------------------------------------------------------------------------------------------------

/** Fills `length` bytes at `pointer` with output of the hardware random number generator. Ok or NoEntropy. */
export declare function entropy(pointer: usize, length: u32): i32;

/**
 * Takes one frame to transmit now: on interface 0, the radio, an air frame of 1-255 bytes, after CAD unless `flags`
 * (FrameFlag) says otherwise, and where the configuration has a threshold only if the channel has been below it as long
 * as it says; on a wired one a whole link frame. Called from `on_timer` only, at most once in a call.
 * Ok, RadioBusy, RadioFailed, TransmitOff or BadInterface.
 */
export declare function frame_send(port: u32, pointer: usize, length: u32, flags: u32): i32;

/** Stores a record; after a power cut either the old or the new value is there. Ok or RecordFailed. */
export declare function record_put(key: u32, pointer: usize, length: u32): i32;

/** Reads a record into at most `length` bytes. The record's own length, or minus a Status (RecordMissing). */
export declare function record_get(key: u32, pointer: usize, length: u32): i32;

/** Deletes a record; deleting a missing one is Ok. Ok or RecordFailed. */
export declare function record_delete(key: u32): i32;

/** Tells the host that something happened; `kind` is an Event. */
export declare function event(kind: u32, pointer: usize, length: u32): void;

// ---------------------------------------------------------------------------------------------------------------------
// What the core gives the host. node.ts implements it; the toolchain compares the compiled module with this list.
// ---------------------------------------------------------------------------------------------------------------------

/** The module's exports. */
export interface Exports {
  /** ABI_VERSION of the module. Callable before `boot`. */
  abi_version(): u32;
  /** Address of a Buffer in linear memory, or 0 for an unknown one. */
  buffer(id: u32): usize;
  /** Bytes of linear memory in use: static data and nothing else, since nothing is ever allocated. */
  memory_used(): u32;
  /** Forgets everything, takes the configuration (in `In`), loads or makes the identity, sends Booted. */
  boot(now_ms: u64, length: u32): i32;
  /**
   * One frame received on an interface (in `In`): 0 the radio, an air frame; 1 and up wired, a link frame. rssi in dBm,
   * snr in quarter dB, both 0 on a wire.
   */
  on_frame(now_ms: u64, port: u32, length: u32, rssi_dbm: i32, snr_qdb: i32): i32;
  /** The deadline has come (or any earlier or later time: nothing depends on the exact moment). */
  on_timer(now_ms: u64): i32;
  /** One command (in `In`); its answer is a Reply event. */
  on_command(now_ms: u64, length: u32): i32;
  /**
   * Runs one Primitive on `length` bytes of `In`: the bytes it leaves in `Out`, or minus a Status. Callable before
   * `boot`.
   *
   * Any bytes give a result or a status: Short or Long for a wrong length and for a result longer than `Out`, BadField
   * for another primitive. It has no clock and uses no stored identity: keys come in `In`. It changes nothing
   * `state_hash` covers. It is there so that published vectors run on the very module that ships, and so that a board
   * can prove its engine. `In` and `Out` keep what was in them, secrets too, until something is written over them: that
   * is the host's business. A BLAKE3 stream is the one thing kept from call to call, and the node hashes with the same
   * BLAKE3 state: a call of `state_hash` or `on_frame` between its pieces spoils the stream (and never the node's own
   * hash).
   */
  crypto(primitive: u32, length: u32): i32;
  /** When `on_timer` wants to be called next, in ms; 2^64-1 if never. */
  deadline(): u64;
  /** BLAKE3-256 over everything the core remembers, into `Out` (32 bytes). */
  state_hash(): i32;
  /**
   * LoRa time on air in microseconds, rounded up; 0 if a parameter is out of range.
   * sf 5-12, bandwidth 7,800-1,625,000 Hz, coding rate 5-8 (4/5-4/8), preamble symbols, payload 0-255 bytes,
   * AirtimeFlag bits.
   */
  airtime_us(sf: u32, bandwidth_hz: u32, coding_rate: u32, preamble: u32, length: u32, flags: u32): u64;
}
