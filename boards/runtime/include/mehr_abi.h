/* Rendered from core-as/assembly/abi.ts by `mehr generate`; edit that file instead. */
#ifndef MEHR_ABI_H
#define MEHR_ABI_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MEHR_ABI_VERSION 5u

/* Size in bytes of the buffer the host writes before `boot`, `on_frame`, `on_command` and `crypto`. */
#define MEHR_IN_SIZE 1536u

/* Size in bytes of the buffer the host reads after `state_hash` and `crypto`. */
#define MEHR_OUT_SIZE 1024u

/* The fixed buffers whose addresses `buffer` gives. */
enum mehr_buffer {
  /* Host to core: configuration, air frame, command or the input of a primitive. */
  MEHR_BUFFER_IN = 0,
  /* Core to host: state hash or the result of a primitive. */
  MEHR_BUFFER_OUT = 1,
};

/* One code for every way a step can end, in the core (0-99) and in the shell that runs it (100 and up). */
enum mehr_status {
  /* Done. */
  MEHR_STATUS_OK = 0,
  /* The input ends before a field it must hold. */
  MEHR_STATUS_SHORT = 1,
  /* The input is longer than its kind allows. */
  MEHR_STATUS_LONG = 2,
  /* The air header or link frame kind has bits set that no version uses. */
  MEHR_STATUS_BAD_KIND = 3,
  /* Byte 0 of the packet is no combination in use. */
  MEHR_STATUS_BAD_HEADER = 4,
  /* The packet's context is not assigned, or does not go with its byte 0. */
  MEHR_STATUS_BAD_CONTEXT = 5,
  /* The padding behind the packet is not 80 00 .. 00. */
  MEHR_STATUS_BAD_PADDING = 6,
  /* A field holds a value outside its range. */
  MEHR_STATUS_BAD_FIELD = 7,
  /* Only link requests and link proofs may travel in the clear. */
  MEHR_STATUS_NOT_CLEAR = 8,
  /* The packet has passed more than 128 relays. */
  MEHR_STATUS_HOP_LIMIT = 9,
  /* The packet was seen within the last 60 seconds. */
  MEHR_STATUS_DUPLICATE = 10,
  /* The packet is addressed to another node and this hop may not forward it. */
  MEHR_STATUS_NOT_FOR_US = 11,
  /* The frame belongs to a link this node does not hold. */
  MEHR_STATUS_NO_LINK = 12,
  /* The half of a link frame fits no other half: its partner was lost. */
  MEHR_STATUS_SPLIT_FRAME = 13,
  /* The beacon carries this node's own address: an echo, a replay, or a copied identity. */
  MEHR_STATUS_OWN_BEACON = 14,
  /* The table is full and every entry in it is alive, so the newcomer is turned away. */
  MEHR_STATUS_TABLE_FULL = 15,
  /* The core has not been booted. */
  MEHR_STATUS_NOT_BOOTED = 16,
  /* The boot configuration is not of version 3, has the wrong length, or a value out of range. */
  MEHR_STATUS_BAD_CONFIG = 17,
  /* The command is unknown, or has the wrong length. */
  MEHR_STATUS_BAD_COMMAND = 18,
  /* The time given is earlier than the time of the call before. */
  MEHR_STATUS_CLOCK_BACKWARDS = 19,
  /* The host could not give the random bytes asked for. */
  MEHR_STATUS_NO_ENTROPY = 20,
  /* No record is stored under this key. */
  MEHR_STATUS_RECORD_MISSING = 21,
  /* The stored record does not have the size its key stands for. */
  MEHR_STATUS_BAD_RECORD = 22,
  /* The host could not store or delete the record; the old value is still there. */
  MEHR_STATUS_RECORD_FAILED = 23,
  /* The channel is taken (CAD) or the radio is already sending. */
  MEHR_STATUS_RADIO_BUSY = 24,
  /* The radio did not accept or finish the transmission. */
  MEHR_STATUS_RADIO_FAILED = 25,
  /* Transmission is off: the configuration has no region that allows it. */
  MEHR_STATUS_TRANSMIT_OFF = 26,
  /* The 32 bytes are not the canonical encoding of a point of the curve. */
  MEHR_STATUS_BAD_POINT = 27,
  /* The key or point is of small order: anything made with it proves nothing and protects nothing. */
  MEHR_STATUS_SMALL_ORDER = 28,
  /* The scalar is not below the order of the group. */
  MEHR_STATUS_BAD_SCALAR = 29,
  /* The signature does not belong to this message and key. */
  MEHR_STATUS_BAD_SIGNATURE = 30,
  /* The proof does not belong to this input and key. */
  MEHR_STATUS_BAD_PROOF = 31,
  /* The authentication tag does not fit: another key, nonce or associated data, or damaged bytes. */
  MEHR_STATUS_BAD_TAG = 32,
  /* The link frame's counter was used before, or is older than the replay window reaches back. */
  MEHR_STATUS_REPLAYED = 33,
  /* The link's peer has not identified itself yet: nothing but IDENTIFY is taken from it. */
  MEHR_STATUS_NOT_IDENTIFIED = 34,
  /* The handshake message answers nothing this node asked, or comes too late. */
  MEHR_STATUS_NO_HANDSHAKE = 35,
  /* Too many handshakes are under way; this one may try again later. */
  MEHR_STATUS_HANDSHAKE_BUSY = 36,
  /* The public key is not the one the address was made from. */
  MEHR_STATUS_WRONG_KEY = 37,
  /* The record's sequence number is not greater than the one known. */
  MEHR_STATUS_STALE = 38,
  /* The peer speaks another major version of the protocol. */
  MEHR_STATUS_BAD_VERSION = 39,
  /* No route leads to the destination, and no neighbour is closer to it. */
  MEHR_STATUS_NO_ROUTE = 40,
  /* The packet is larger than the link it must leave by can carry. */
  MEHR_STATUS_TOO_BIG = 41,
  /* The queue for this priority is full. */
  MEHR_STATUS_QUEUE_FULL = 42,
  /* The sub-type is not known in this context. */
  MEHR_STATUS_BAD_SUBTYPE = 43,
  /* A TLV overruns the extension, has the wrong length, or comes twice. */
  MEHR_STATUS_BAD_TLV = 44,
  /* The public key of the destination is not known here; give it with the command. */
  MEHR_STATUS_NO_KEY = 45,
  /* The relay policy refuses this packet: its previous hop is neither trusted nor paying. */
  MEHR_STATUS_REFUSED = 46,
  /* The hour's airtime is used up: the frame was refused, and those to come wait until the law allows them. */
  MEHR_STATUS_AIRTIME_SPENT = 47,
  /* There is no such interface, or the frame is not one it can carry. */
  MEHR_STATUS_BAD_INTERFACE = 48,
  /* The first half of a link frame has arrived; the second is awaited. */
  MEHR_STATUS_INCOMPLETE = 49,
  /* The destination, peer or entry the command names does not exist. */
  MEHR_STATUS_UNKNOWN = 50,
  /* With this region's limits the largest frames could never be sent: use a faster modem setting. */
  MEHR_STATUS_CONFIG_UNLAWFUL = 51,
  /* How many codes of the core there are: what Status counts frames refused by. */
  MEHR_STATUS_CORE_COUNT = 52,
  /* The engine could not get the memory it needs. */
  MEHR_STATUS_ENGINE_MEMORY = 100,
  /* The bytes are not a WebAssembly module this engine can load. */
  MEHR_STATUS_BAD_MODULE = 101,
  /* The module lacks an export of the ABI, or has it with another signature. */
  MEHR_STATUS_MISSING_EXPORT = 102,
  /* The module asks for an import that is not in the ABI, or with another signature. */
  MEHR_STATUS_UNKNOWN_IMPORT = 103,
  /* The module was built for another abi_version than this shell. */
  MEHR_STATUS_ABI_MISMATCH = 104,
  /* The module trapped. */
  MEHR_STATUS_TRAP = 105,
  /* The request is not one this console knows. */
  MEHR_STATUS_UNKNOWN_REQUEST = 110,
  /* The request's payload has the wrong length or a field out of range. */
  MEHR_STATUS_BAD_REQUEST = 111,
  /* Replay steps need an open replay. */
  MEHR_STATUS_REPLAY_CLOSED = 112,
  /* The reply would be longer than a frame can carry. */
  MEHR_STATUS_REPLY_TOO_LONG = 113,
  /* The entropy queue of the replay is empty or full. */
  MEHR_STATUS_REPLAY_ENTROPY = 114,
  /* The record storage is full. */
  MEHR_STATUS_STORAGE_FULL = 115,
  /* The flash did not take what was written to it. */
  MEHR_STATUS_FLASH_FAILED = 116,
  /* The peripheral behind the radio port did not answer in time. */
  MEHR_STATUS_RADIO_TIMEOUT = 117,
  /* The board is locked: this needs its PIN, or its button held for three seconds. */
  MEHR_STATUS_LOCKED = 118,
  /* The PIN is wrong. */
  MEHR_STATUS_WRONG_PIN = 119,
  /* No PIN is looked at for a while, because wrong ones came. */
  MEHR_STATUS_PIN_WAIT = 120,
  /* The session has ended, or its counter was used before: say Hello again. */
  MEHR_STATUS_BAD_SESSION = 121,
  /* The host and the board speak no common version of the console protocol. */
  MEHR_STATUS_BAD_CONSOLE_VERSION = 122,
  /* The provisioning draft has a field this board cannot take; the field is named with it. */
  MEHR_STATUS_BAD_DRAFT = 123,
  /* There is no draft, or it is not the one meant. */
  MEHR_STATUS_NO_DRAFT = 124,
  /* The radio of this board does not take the configuration. */
  MEHR_STATUS_RADIO_REFUSED = 125,
  /* The box does not open with this key, or holds no backup of a known version. */
  MEHR_STATUS_BAD_BOX = 126,
  /* The confirmation token is not the one given out, or its minute is over. */
  MEHR_STATUS_BAD_TOKEN = 127,
};

/* What the core tells the host about, with the bytes each kind carries. */
enum mehr_event {
  /* After boot: node_id 16. */
  MEHR_EVENT_BOOTED = 1,
  /* A neighbour is heard for the first time, or again after silence: a neighbour entry (44 bytes). */
  MEHR_EVENT_NEIGHBOUR_FOUND = 2,
  /* A neighbour has been silent for 180 s: node_id 16. */
  MEHR_EVENT_NEIGHBOUR_DOWN = 3,
  /* A neighbour has been silent for 600 s and is forgotten: node_id 16. */
  MEHR_EVENT_NEIGHBOUR_GONE = 4,
  /* A packet of a family this core does not handle itself, for this node: previous hop's node_id 16, the packet. */
  MEHR_EVENT_PACKET = 5,
  /* The answer to a command: command u8, then its bytes. */
  MEHR_EVENT_REPLY = 6,
  /* A link is up, its peer identified: node_id 16, interface u8, 1 if this node initiated it. */
  MEHR_EVENT_LINK_UP = 7,
  /* A link went down: node_id 16, interface u8, reason u8 (a LinkEnd). */
  MEHR_EVENT_LINK_DOWN = 8,
  /* An end-to-end box for one of this node's destinations, opened: destination 16, context u8, sub-type u8, data. */
  MEHR_EVENT_MESSAGE = 9,
  /* A destination became reachable: destination 16, next hop's node_id 16, hops u8, zero u8, cost code u16. */
  MEHR_EVENT_ROUTE_FOUND = 10,
  /* The last route to a destination went away: destination 16. */
  MEHR_EVENT_ROUTE_LOST = 11,
  /* A packet this node sent or relayed found no way on: destination 16, packet_hash[0..8]. */
  MEHR_EVENT_UNDELIVERABLE = 12,
  /* An answer to a probe: destination 16, id u16, round trip in ms u32, received size u16, responder's mtu u16, bps u32. */
  MEHR_EVENT_PROBE_RESULT = 13,
  /* No route has the packet size asked for; the best one was taken: destination 16, mtu u16. */
  MEHR_EVENT_PATH_CONSTRAINT_VIOLATION = 14,
  /* A KeyCompromiseAdvisory was taken in: compromised key 32, new key 32 (zero if none), verdict u8 (AdvisoryVerdict). */
  MEHR_EVENT_ADVISORY = 15,
  /* A VersionSignal of an announce: destination 16, then count and entries as in TLV 03. */
  MEHR_EVENT_VERSION_SIGNAL = 16,
};

/* First byte of a command in the `In` buffer. */
enum mehr_command {
  /* No body. Reply: see `status` in node.ts. */
  MEHR_COMMAND_STATUS = 1,
  /* No body. Reply: a neighbour entry (44 bytes) for each neighbour known. */
  MEHR_COMMAND_NEIGHBOURS = 2,
  /* No body. Reply: an entry of 48 bytes for each link: see `linksReport` in link/links.ts. */
  MEHR_COMMAND_LINKS = 3,
  /* from u16. Reply: next u16 (0 at the end), entries of 40 bytes: see `routesReport` in net/routes.ts. */
  MEHR_COMMAND_ROUTES = 4,
  /* Seals data end to end and sends it: qos u8, flags u8 (SendFlag), destination 16, [public key 32], context u8, sub-type u8, data. Reply: packet_hash[0..8]. NoRoute, NoKey, Long, QueueFull. */
  MEHR_COMMAND_SEND = 5,
  /* The same through relays, an onion: qos u8, flags u8, n u8 (1-3), n x relay 16, destination 16, [public key 32], context u8, sub-type u8, data. Reply: packet_hash[0..8]. */
  MEHR_COMMAND_SEND_ONION = 6,
  /* node_id 16. Its packets are relayed free from now on. TableFull. */
  MEHR_COMMAND_TRUST = 7,
  /* node_id 16. Unknown. */
  MEHR_COMMAND_DISTRUST = 8,
  /* No body. Reply: node_id 16 for each trusted peer. */
  MEHR_COMMAND_TRUSTED = 9,
  /* No body. Makes one more destination of this node. Reply: its address 16. TableFull. */
  MEHR_COMMAND_DESTINATION_ADD = 10,
  /* address 16. The first destination, the node itself, stays. Unknown. */
  MEHR_COMMAND_DESTINATION_REMOVE = 11,
  /* No body. Reply: address 16, public key 32 for each destination. */
  MEHR_COMMAND_DESTINATIONS = 12,
  /* No body. Announces every destination now. */
  MEHR_COMMAND_ANNOUNCE = 13,
  /* price u32, in micro-MHR per KiB. */
  MEHR_COMMAND_SET_PRICE = 14,
  /* destination 16, size u16. Probes the path; the answer is a ProbeResult. NoRoute; BadField for links too slow. */
  MEHR_COMMAND_PROBE = 15,
  /* A KeyCompromiseAdvisory record, 145 or 209 bytes, taken in as if a neighbour had sent it. */
  MEHR_COMMAND_ADVISORY_PUBLISH = 16,
  /* from u16. Reply: a PeerReputation (46 bytes) for each peer known from that one on, as many as fit. */
  MEHR_COMMAND_REPUTATION = 17,
  /* count u8, count x (mep u32, support u8): what this node's announces signal. */
  MEHR_COMMAND_SIGNAL = 18,
  /* node_id 16. Closes the link. Unknown. */
  MEHR_COMMAND_LINK_CLOSE = 19,
};

/* Bits of the flags of Send and SendOnion. */
enum mehr_send_flag {
  /* The destination's public key is given. */
  MEHR_SEND_FLAG_KEY = 1,
  /* Use the static key even if a ratchet is known. */
  MEHR_SEND_FLAG_NO_RATCHET = 2,
};

/* Bits of `flags` of frame_send. */
enum mehr_frame_flag {
  /* Second half of a split link frame: goes out behind the first without CAD. Not given where the region asks for a pause or for listening: there it is a frame like any other. */
  MEHR_FRAME_FLAG_CONTINUE = 1,
};

/* Why a link ended. */
enum mehr_link_end {
  /* Silent for 180 s, or three pings unanswered. */
  MEHR_LINK_END_SILENT = 0,
  /* The peer closed it. */
  MEHR_LINK_END_CLOSED = 1,
  /* A newer link to the same peer took its place. */
  MEHR_LINK_END_REPLACED = 2,
  /* This node closed it. */
  MEHR_LINK_END_LOCAL = 3,
  /* Its table entry was given to another peer. */
  MEHR_LINK_END_EVICTED = 4,
  /* Its counter reached 2^40, or a rekey never came through. */
  MEHR_LINK_END_EXHAUSTED = 5,
};

/* What became of a KeyCompromiseAdvisory. */
enum mehr_advisory_verdict {
  /* The old key is not to be used; the new one, if any, replaces it. */
  MEHR_ADVISORY_VERDICT_ADOPTED = 0,
  /* Two advisories contradict each other: the key is flagged, neither new key is adopted. */
  MEHR_ADVISORY_VERDICT_CONFLICT = 1,
};

/* Counters of the Status reply, u32 each, in this order; they stop at 2^32-1. */
enum mehr_counter {
  /* Beacons put on the air. */
  MEHR_COUNTER_BEACONS_SENT = 0,
  /* Beacons of other nodes taken in. */
  MEHR_COUNTER_BEACONS_HEARD = 1,
  /* Frames handed to `on_frame`. */
  MEHR_COUNTER_FRAMES_HEARD = 2,
  /* Frames refused with a status other than Ok. */
  MEHR_COUNTER_FRAMES_REFUSED = 3,
  /* Packets that passed every check. */
  MEHR_COUNTER_PACKETS_ACCEPTED = 4,
  /* Packets dropped because they were seen before. */
  MEHR_COUNTER_PACKETS_DUPLICATE = 5,
  /* Seen-cache entries overwritten before their 60 s were over. */
  MEHR_COUNTER_SEEN_EVICTED = 6,
  /* Neighbours turned away because the table was full of living ones. */
  MEHR_COUNTER_NEIGHBOURS_REFUSED = 7,
  /* Silent neighbours replaced by a newcomer. */
  MEHR_COUNTER_NEIGHBOURS_EVICTED = 8,
  /* Transmissions put off because the channel was busy. */
  MEHR_COUNTER_BUSY_DEFERRED = 9,
  /* Transmissions given up after 7 busy attempts. */
  MEHR_COUNTER_BUSY_DROPPED = 10,
  /* Transmissions the host refused for another reason. */
  MEHR_COUNTER_SEND_FAILED = 11,
  /* Transmissions put off because the hour's airtime was spent. */
  MEHR_COUNTER_AIRTIME_DEFERRED = 12,
  /* Milliseconds on the air, of everything sent by radio. */
  MEHR_COUNTER_AIRTIME_TOTAL_MS = 13,
  /* Of these, beacons. */
  MEHR_COUNTER_AIRTIME_BEACON_MS = 14,
  /* Of these, link setup and control. */
  MEHR_COUNTER_AIRTIME_LINK_MS = 15,
  /* Of these, gossip: announces, summaries, deltas, pulls. */
  MEHR_COUNTER_AIRTIME_GOSSIP_MS = 16,
  /* Of these, packets of peers that are neither trusted nor paying. */
  MEHR_COUNTER_AIRTIME_UNFUNDED_MS = 17,
  /* Link requests sent. */
  MEHR_COUNTER_HANDSHAKES_STARTED = 18,
  /* Link requests of others answered with a proof. */
  MEHR_COUNTER_HANDSHAKES_ANSWERED = 19,
  /* Handshakes that timed out or failed a check. */
  MEHR_COUNTER_HANDSHAKES_FAILED = 20,
  /* Links that came up. */
  MEHR_COUNTER_LINKS_UP = 21,
  /* Links that went down. */
  MEHR_COUNTER_LINKS_DOWN = 22,
  /* Peers turned away because the link table was full of living ones. */
  MEHR_COUNTER_LINKS_REFUSED = 23,
  /* Keys changed. */
  MEHR_COUNTER_REKEYS = 24,
  /* Link frames that proved genuine. */
  MEHR_COUNTER_FRAMES_OPENED = 25,
  /* Link frames put together from two halves. */
  MEHR_COUNTER_FRAMES_JOINED = 26,
  /* Halves of link frames whose partner never came. */
  MEHR_COUNTER_HALVES_LOST = 27,
  /* Destinations that entered the routing table. */
  MEHR_COUNTER_ROUTES_ADDED = 28,
  /* Destinations that left it by age or link failure. */
  MEHR_COUNTER_ROUTES_EXPIRED = 29,
  /* Destinations that left it for a newcomer. */
  MEHR_COUNTER_ROUTES_EVICTED = 30,
  /* Destinations turned away because the table was full of better ones. */
  MEHR_COUNTER_ROUTES_REFUSED = 31,
  /* Own announces made. */
  MEHR_COUNTER_ANNOUNCES_SENT = 32,
  /* Announces of others taken in as new. */
  MEHR_COUNTER_ANNOUNCES_ACCEPTED = 33,
  /* Announces that added or improved a path of a known sequence number. */
  MEHR_COUNTER_ANNOUNCES_ALTERNATIVE = 34,
  /* Announces older than what is known. */
  MEHR_COUNTER_ANNOUNCES_STALE = 35,
  /* Announces whose signature or address did not hold. */
  MEHR_COUNTER_ANNOUNCES_FORGED = 36,
  /* Announces passed on, one for each link. */
  MEHR_COUNTER_ANNOUNCES_FORWARDED = 37,
  /* Announce bodies overwritten before they reached every link. */
  MEHR_COUNTER_BODIES_EVICTED = 38,
  /* Packets this node originated. */
  MEHR_COUNTER_PACKETS_SENT = 39,
  /* Packets passed on for others. */
  MEHR_COUNTER_PACKETS_FORWARDED = 40,
  /* Packets for this node. */
  MEHR_COUNTER_PACKETS_DELIVERED = 41,
  /* Packets dropped because no way led on. */
  MEHR_COUNTER_PACKETS_NO_ROUTE = 42,
  /* Packets dropped because the next link could not carry them. */
  MEHR_COUNTER_PACKETS_TOO_BIG = 43,
  /* Packets dropped because their priority's time was over. */
  MEHR_COUNTER_PACKETS_EXPIRED = 44,
  /* Packets dropped because their queue was full. */
  MEHR_COUNTER_PACKETS_QUEUE_FULL = 45,
  /* Packets dropped by the relay policy. */
  MEHR_COUNTER_PACKETS_REFUSED = 46,
  /* Packets relayed free, their previous hop being trusted. */
  MEHR_COUNTER_PACKETS_FREE = 47,
  /* Packets passed on by ring distance, without a route. */
  MEHR_COUNTER_PACKETS_GREEDY = 48,
  /* End-to-end boxes opened. */
  MEHR_COUNTER_MESSAGES_OPENED = 49,
  /* End-to-end boxes for this node that did not open. */
  MEHR_COUNTER_MESSAGES_FAILED = 50,
  /* Onion layers taken off and passed on. */
  MEHR_COUNTER_ONIONS_PEELED = 51,
  /* NoRoute signals from next hops. */
  MEHR_COUNTER_NO_ROUTE_HEARD = 52,
  /* PacketTooBig signals from next hops. */
  MEHR_COUNTER_TOO_BIG_HEARD = 53,
  /* Congestion signals sent. */
  MEHR_COUNTER_CONGESTION_SENT = 54,
  /* Congestion signals heard. */
  MEHR_COUNTER_CONGESTION_HEARD = 55,
  /* Reverse-path entries overwritten before their time. */
  MEHR_COUNTER_REVERSE_EVICTED = 56,
  /* Gossip rounds begun. */
  MEHR_COUNTER_GOSSIP_ROUNDS = 57,
  /* Summaries sent. */
  MEHR_COUNTER_SUMMARIES_SENT = 58,
  /* Summaries taken in. */
  MEHR_COUNTER_SUMMARIES_HEARD = 59,
  /* Deltas sent. */
  MEHR_COUNTER_DELTAS_SENT = 60,
  /* Deltas taken in. */
  MEHR_COUNTER_DELTAS_HEARD = 61,
  /* Pulls sent. */
  MEHR_COUNTER_PULLS_SENT = 62,
  /* Pulls taken in. */
  MEHR_COUNTER_PULLS_HEARD = 63,
  /* Gossip items refused because the queue was full. */
  MEHR_COUNTER_GOSSIP_DROPPED = 64,
  /* Gossip items of types this core does not keep. */
  MEHR_COUNTER_GOSSIP_UNKNOWN = 65,
  /* Times recovery mode was entered. */
  MEHR_COUNTER_RECOVERIES = 66,
  /* Key compromise advisories taken in. */
  MEHR_COUNTER_ADVISORIES_ACCEPTED = 67,
  /* Key compromise advisories refused. */
  MEHR_COUNTER_ADVISORIES_REFUSED = 68,
  /* Reputation entries overwritten. */
  MEHR_COUNTER_REPUTATION_EVICTED = 69,
  /* Records the host could not store. */
  MEHR_COUNTER_RECORDS_FAILED = 70,
  /* Calls refused because the clock had jumped back. */
  MEHR_COUNTER_CLOCK_BACKWARDS = 71,
  /* Packets sent again because the next hop did not acknowledge them. */
  MEHR_COUNTER_PACKETS_RETRIED = 72,
  /* Packets dropped because no next hop acknowledged them. */
  MEHR_COUNTER_PACKETS_UNACKNOWLEDGED = 73,
  /* Transmissions refused because the law, or a record that could not be written, did not let them out. */
  MEHR_COUNTER_AIRTIME_REFUSED = 74,
  /* How many counters there are. */
  MEHR_COUNTER_COUNT = 75,
};

/* Cryptographic primitives of the `crypto` export: layout of In, then what it leaves in Out. Every length the layout leaves open may be 0. Keys, seeds and nonces are what their RFC calls by that name. */
enum mehr_primitive {
  /* BLAKE2b, RFC 7693: out_length u8 (1-64), message. Gives the digest of out_length bytes. BadField: out_length. */
  MEHR_PRIMITIVE_BLAKE2B = 1,
  /* Begins a BLAKE3 stream: nothing, or key 32 for the keyed hash. Gives nothing. */
  MEHR_PRIMITIVE_BLAKE3_BEGIN = 2,
  /* The next piece of the stream's message, 128 KiB in all. Gives nothing. BadField: none was begun; Long: too much. */
  MEHR_PRIMITIVE_BLAKE3_UPDATE = 3,
  /* Ends the stream: nothing. Gives the first 32 bytes of the hash. BadField: none was begun. */
  MEHR_PRIMITIVE_BLAKE3_END = 4,
  /* SHA-512, RFC 6234: message. Gives the digest of 64 bytes. */
  MEHR_PRIMITIVE_SHA512 = 5,
  /* ChaCha20, RFC 8439 section 2.4: key 32, nonce 12, counter u32, input. Gives as many bytes as the input has. */
  MEHR_PRIMITIVE_CHA_CHA20 = 6,
  /* Poly1305, RFC 8439 section 2.5: one-time key 32, message. Gives the tag of 16 bytes. */
  MEHR_PRIMITIVE_POLY1305 = 7,
  /* ChaCha20-Poly1305, RFC 8439 section 2.8: key 32, nonce 12, aad_length u16, aad, plaintext. Gives ciphertext, tag 16. */
  MEHR_PRIMITIVE_SEAL = 8,
  /* The inverse of Seal: key 32, nonce 12, aad_length u16, aad, ciphertext, tag 16. Gives the plaintext. BadTag. */
  MEHR_PRIMITIVE_OPEN = 9,
  /* X25519, RFC 7748 section 5: scalar 32, u 32. Gives u 32. SmallOrder if that would be zero. */
  MEHR_PRIMITIVE_X25519 = 10,
  /* X25519 of the base point: scalar 32. Gives u 32. */
  MEHR_PRIMITIVE_X25519_PUBLIC_KEY = 11,
  /* Ed25519, RFC 8032 section 5.1.5: seed 32. Gives the public key of 32 bytes. */
  MEHR_PRIMITIVE_ED25519_PUBLIC_KEY = 12,
  /* Ed25519, RFC 8032 section 5.1.6: seed 32, its public key 32, message. Gives the signature of 64 bytes. */
  MEHR_PRIMITIVE_ED25519_SIGN = 13,
  /* Ed25519, strict: public key 32, signature 64, message. Gives nothing. BadPoint, SmallOrder, BadScalar, BadSignature. */
  MEHR_PRIMITIVE_ED25519_VERIFY = 14,
  /* The X25519 form of an Ed25519 public key 32. Gives u 32. BadPoint, SmallOrder. */
  MEHR_PRIMITIVE_X25519_FROM_ED25519 = 15,
  /* The X25519 form of an Ed25519 secret key, seed 32. Gives the clamped scalar of 32 bytes. */
  MEHR_PRIMITIVE_X25519_SECRET_FROM_SEED = 16,
  /* ECVRF-EDWARDS25519-SHA512-TAI, RFC 9381, without proof: seed 32, public key 32, alpha. Gives Gamma 32, beta 64. BadPoint. */
  MEHR_PRIMITIVE_VRF_GAMMA = 17,
  /* The same with proof: seed 32, its public key 32, alpha. Gives the proof of 80 bytes, beta 64. BadPoint. */
  MEHR_PRIMITIVE_VRF_PROVE = 18,
  /* Checks such a proof: public key 32, proof 80, alpha. Gives beta 64. BadPoint, SmallOrder, BadScalar, BadProof. */
  MEHR_PRIMITIVE_VRF_VERIFY = 19,
};

/* Keys of the record storage. Together they fit 12 records of at most 256 bytes, what one 4 KB page of a board holds. */
enum mehr_record_key {
  /* 32 bytes: the seed of the node's Ed25519 identity (RFC 8032 section 5.1.5), its secret. Key 1 held what stood for a public key before there was Ed25519; it is never read. */
  MEHR_RECORD_KEY_IDENTITY = 2,
  /* Seeds of the further destinations, 32 bytes each, zeros where none is in use. */
  MEHR_RECORD_KEY_DESTINATIONS = 3,
  /* End of the reserved block of announce sequence numbers, u64 for each destination. */
  MEHR_RECORD_KEY_SEQUENCES = 4,
  /* Milliseconds of airtime reserved in the hour under way, u32. */
  MEHR_RECORD_KEY_AIRTIME = 5,
  /* What the announces signal: count u8, entries as in TLV 03. */
  MEHR_RECORD_KEY_SIGNAL = 6,
  /* Trusted peers, node_id 16 each, the first 16 of them. */
  MEHR_RECORD_KEY_TRUSTED = 8,
  /* Trusted peers 16 to 31. */
  MEHR_RECORD_KEY_TRUSTED_MORE = 9,
  /* Ratchets of destination i at 16 + i: age of the newest in quarters of a day u32, then up to seven of ratchet_id 4 and private key 32, newest first. */
  MEHR_RECORD_KEY_RATCHETS = 16,
};

/* Bits of the `flags` parameter of `airtime_us`. */
enum mehr_airtime_flag {
  /* The frame has no explicit LoRa header. */
  MEHR_AIRTIME_FLAG_IMPLICIT_HEADER = 1,
  /* The frame has no payload CRC. */
  MEHR_AIRTIME_FLAG_NO_CRC = 2,
};

/* One sentence of cause for every status. */
static inline const char* mehr_status_sentence(uint32_t status) {
  switch (status) {
    case MEHR_STATUS_OK: return "Done.";
    case MEHR_STATUS_SHORT: return "The input ends before a field it must hold.";
    case MEHR_STATUS_LONG: return "The input is longer than its kind allows.";
    case MEHR_STATUS_BAD_KIND: return "The air header or link frame kind has bits set that no version uses.";
    case MEHR_STATUS_BAD_HEADER: return "Byte 0 of the packet is no combination in use.";
    case MEHR_STATUS_BAD_CONTEXT: return "The packet's context is not assigned, or does not go with its byte 0.";
    case MEHR_STATUS_BAD_PADDING: return "The padding behind the packet is not 80 00 .. 00.";
    case MEHR_STATUS_BAD_FIELD: return "A field holds a value outside its range.";
    case MEHR_STATUS_NOT_CLEAR: return "Only link requests and link proofs may travel in the clear.";
    case MEHR_STATUS_HOP_LIMIT: return "The packet has passed more than 128 relays.";
    case MEHR_STATUS_DUPLICATE: return "The packet was seen within the last 60 seconds.";
    case MEHR_STATUS_NOT_FOR_US: return "The packet is addressed to another node and this hop may not forward it.";
    case MEHR_STATUS_NO_LINK: return "The frame belongs to a link this node does not hold.";
    case MEHR_STATUS_SPLIT_FRAME: return "The half of a link frame fits no other half: its partner was lost.";
    case MEHR_STATUS_OWN_BEACON: return "The beacon carries this node's own address: an echo, a replay, or a copied identity.";
    case MEHR_STATUS_TABLE_FULL: return "The table is full and every entry in it is alive, so the newcomer is turned away.";
    case MEHR_STATUS_NOT_BOOTED: return "The core has not been booted.";
    case MEHR_STATUS_BAD_CONFIG: return "The boot configuration is not of version 3, has the wrong length, or a value out of range.";
    case MEHR_STATUS_BAD_COMMAND: return "The command is unknown, or has the wrong length.";
    case MEHR_STATUS_CLOCK_BACKWARDS: return "The time given is earlier than the time of the call before.";
    case MEHR_STATUS_NO_ENTROPY: return "The host could not give the random bytes asked for.";
    case MEHR_STATUS_RECORD_MISSING: return "No record is stored under this key.";
    case MEHR_STATUS_BAD_RECORD: return "The stored record does not have the size its key stands for.";
    case MEHR_STATUS_RECORD_FAILED: return "The host could not store or delete the record; the old value is still there.";
    case MEHR_STATUS_RADIO_BUSY: return "The channel is taken (CAD) or the radio is already sending.";
    case MEHR_STATUS_RADIO_FAILED: return "The radio did not accept or finish the transmission.";
    case MEHR_STATUS_TRANSMIT_OFF: return "Transmission is off: the configuration has no region that allows it.";
    case MEHR_STATUS_BAD_POINT: return "The 32 bytes are not the canonical encoding of a point of the curve.";
    case MEHR_STATUS_SMALL_ORDER: return "The key or point is of small order: anything made with it proves nothing and protects nothing.";
    case MEHR_STATUS_BAD_SCALAR: return "The scalar is not below the order of the group.";
    case MEHR_STATUS_BAD_SIGNATURE: return "The signature does not belong to this message and key.";
    case MEHR_STATUS_BAD_PROOF: return "The proof does not belong to this input and key.";
    case MEHR_STATUS_BAD_TAG: return "The authentication tag does not fit: another key, nonce or associated data, or damaged bytes.";
    case MEHR_STATUS_REPLAYED: return "The link frame's counter was used before, or is older than the replay window reaches back.";
    case MEHR_STATUS_NOT_IDENTIFIED: return "The link's peer has not identified itself yet: nothing but IDENTIFY is taken from it.";
    case MEHR_STATUS_NO_HANDSHAKE: return "The handshake message answers nothing this node asked, or comes too late.";
    case MEHR_STATUS_HANDSHAKE_BUSY: return "Too many handshakes are under way; this one may try again later.";
    case MEHR_STATUS_WRONG_KEY: return "The public key is not the one the address was made from.";
    case MEHR_STATUS_STALE: return "The record's sequence number is not greater than the one known.";
    case MEHR_STATUS_BAD_VERSION: return "The peer speaks another major version of the protocol.";
    case MEHR_STATUS_NO_ROUTE: return "No route leads to the destination, and no neighbour is closer to it.";
    case MEHR_STATUS_TOO_BIG: return "The packet is larger than the link it must leave by can carry.";
    case MEHR_STATUS_QUEUE_FULL: return "The queue for this priority is full.";
    case MEHR_STATUS_BAD_SUBTYPE: return "The sub-type is not known in this context.";
    case MEHR_STATUS_BAD_TLV: return "A TLV overruns the extension, has the wrong length, or comes twice.";
    case MEHR_STATUS_NO_KEY: return "The public key of the destination is not known here; give it with the command.";
    case MEHR_STATUS_REFUSED: return "The relay policy refuses this packet: its previous hop is neither trusted nor paying.";
    case MEHR_STATUS_AIRTIME_SPENT: return "The hour's airtime is used up: the frame was refused, and those to come wait until the law allows them.";
    case MEHR_STATUS_BAD_INTERFACE: return "There is no such interface, or the frame is not one it can carry.";
    case MEHR_STATUS_INCOMPLETE: return "The first half of a link frame has arrived; the second is awaited.";
    case MEHR_STATUS_UNKNOWN: return "The destination, peer or entry the command names does not exist.";
    case MEHR_STATUS_CONFIG_UNLAWFUL: return "With this region's limits the largest frames could never be sent: use a faster modem setting.";
    case MEHR_STATUS_CORE_COUNT: return "How many codes of the core there are: what Status counts frames refused by.";
    case MEHR_STATUS_ENGINE_MEMORY: return "The engine could not get the memory it needs.";
    case MEHR_STATUS_BAD_MODULE: return "The bytes are not a WebAssembly module this engine can load.";
    case MEHR_STATUS_MISSING_EXPORT: return "The module lacks an export of the ABI, or has it with another signature.";
    case MEHR_STATUS_UNKNOWN_IMPORT: return "The module asks for an import that is not in the ABI, or with another signature.";
    case MEHR_STATUS_ABI_MISMATCH: return "The module was built for another abi_version than this shell.";
    case MEHR_STATUS_TRAP: return "The module trapped.";
    case MEHR_STATUS_UNKNOWN_REQUEST: return "The request is not one this console knows.";
    case MEHR_STATUS_BAD_REQUEST: return "The request's payload has the wrong length or a field out of range.";
    case MEHR_STATUS_REPLAY_CLOSED: return "Replay steps need an open replay.";
    case MEHR_STATUS_REPLY_TOO_LONG: return "The reply would be longer than a frame can carry.";
    case MEHR_STATUS_REPLAY_ENTROPY: return "The entropy queue of the replay is empty or full.";
    case MEHR_STATUS_STORAGE_FULL: return "The record storage is full.";
    case MEHR_STATUS_FLASH_FAILED: return "The flash did not take what was written to it.";
    case MEHR_STATUS_RADIO_TIMEOUT: return "The peripheral behind the radio port did not answer in time.";
    case MEHR_STATUS_LOCKED: return "The board is locked: this needs its PIN, or its button held for three seconds.";
    case MEHR_STATUS_WRONG_PIN: return "The PIN is wrong.";
    case MEHR_STATUS_PIN_WAIT: return "No PIN is looked at for a while, because wrong ones came.";
    case MEHR_STATUS_BAD_SESSION: return "The session has ended, or its counter was used before: say Hello again.";
    case MEHR_STATUS_BAD_CONSOLE_VERSION: return "The host and the board speak no common version of the console protocol.";
    case MEHR_STATUS_BAD_DRAFT: return "The provisioning draft has a field this board cannot take; the field is named with it.";
    case MEHR_STATUS_NO_DRAFT: return "There is no draft, or it is not the one meant.";
    case MEHR_STATUS_RADIO_REFUSED: return "The radio of this board does not take the configuration.";
    case MEHR_STATUS_BAD_BOX: return "The box does not open with this key, or holds no backup of a known version.";
    case MEHR_STATUS_BAD_TOKEN: return "The confirmation token is not the one given out, or its minute is over.";
    default: return "An unknown status.";
  }
}

/*
 * What the core imports. The shell defines these; a definition with another signature does not link. Pointers are
 * checked against linear memory before the call and valid during it only.
 */

/* Fills `length` bytes at `pointer` with output of the hardware random number generator. Ok or NoEntropy. */
int32_t mehr_import_entropy(void* host, uint8_t* pointer, uint32_t length);

/* Takes one frame to transmit now: on interface 0, the radio, an air frame of 1-255 bytes, after CAD unless `flags` (FrameFlag) says otherwise, and where the configuration has a threshold only if the channel has been below it as long as it says; on a wired one a whole link frame. Called from `on_timer` only, at most once in a call. Ok, RadioBusy, RadioFailed, TransmitOff or BadInterface. */
int32_t mehr_import_frame_send(void* host, uint32_t port, uint8_t* pointer, uint32_t length, uint32_t flags);

/* Stores a record; after a power cut either the old or the new value is there. Ok or RecordFailed. */
int32_t mehr_import_record_put(void* host, uint32_t key, uint8_t* pointer, uint32_t length);

/* Reads a record into at most `length` bytes. The record's own length, or minus a Status (RecordMissing). */
int32_t mehr_import_record_get(void* host, uint32_t key, uint8_t* pointer, uint32_t length);

/* Deletes a record; deleting a missing one is Ok. Ok or RecordFailed. */
int32_t mehr_import_record_delete(void* host, uint32_t key);

/* Tells the host that something happened; `kind` is an Event. */
void mehr_import_event(void* host, uint32_t kind, uint8_t* pointer, uint32_t length);

/* What the core exports, in the order of mehr_exports. */
enum mehr_export {
  MEHR_EXPORT_ABI_VERSION,
  MEHR_EXPORT_BUFFER,
  MEHR_EXPORT_MEMORY_USED,
  MEHR_EXPORT_BOOT,
  MEHR_EXPORT_ON_FRAME,
  MEHR_EXPORT_ON_TIMER,
  MEHR_EXPORT_ON_COMMAND,
  MEHR_EXPORT_CRYPTO,
  MEHR_EXPORT_DEADLINE,
  MEHR_EXPORT_STATE_HASH,
  MEHR_EXPORT_AIRTIME_US,
  MEHR_EXPORT_COUNT
};

/* The most parameters an export has. */
#define MEHR_EXPORT_PARAMETERS_MAX 6

/* Name, and signature in wasm3's spelling: return type, then parameters; i = 32 bit, I = 64 bit. */
struct mehr_function { const char* name; const char* signature; uint8_t parameters; };

static const struct mehr_function mehr_exports[MEHR_EXPORT_COUNT] = {
  {"abi_version", "i()", 0},
  {"buffer", "i(i)", 1},
  {"memory_used", "i()", 0},
  {"boot", "i(Ii)", 2},
  {"on_frame", "i(Iiiii)", 5},
  {"on_timer", "i(I)", 1},
  {"on_command", "i(Ii)", 2},
  {"crypto", "i(ii)", 2},
  {"deadline", "I()", 0},
  {"state_hash", "i()", 0},
  {"airtime_us", "I(iiiiii)", 6},
};

/*
 * The engine's one way in: calls an export with its parameters in `arguments` and puts its result in `*result`.
 * Returns Ok, or the Status of the engine's failure (Trap and the like).
 */
uint32_t mehr_engine_call(void* engine, enum mehr_export which, const uint64_t* arguments, uint64_t* result);

/* ABI_VERSION of the module. Callable before `boot`. */
static inline uint32_t mehr_core_abi_version(void* engine, uint32_t* result) {
  const uint64_t* arguments = 0;
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_ABI_VERSION, arguments, &value);
  *result = (uint32_t)value;
  return status;
}

/* Address of a Buffer in linear memory, or 0 for an unknown one. */
static inline uint32_t mehr_core_buffer(void* engine, uint32_t* result, uint32_t id) {
  const uint64_t arguments[1] = {id};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_BUFFER, arguments, &value);
  *result = (uint32_t)value;
  return status;
}

/* Bytes of linear memory in use: static data and nothing else, since nothing is ever allocated. */
static inline uint32_t mehr_core_memory_used(void* engine, uint32_t* result) {
  const uint64_t* arguments = 0;
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_MEMORY_USED, arguments, &value);
  *result = (uint32_t)value;
  return status;
}

/* Forgets everything, takes the configuration (in `In`), loads or makes the identity, sends Booted. */
static inline uint32_t mehr_core_boot(void* engine, int32_t* result, uint64_t now_ms, uint32_t length) {
  const uint64_t arguments[2] = {now_ms, length};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_BOOT, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* One frame received on an interface (in `In`): 0 the radio, an air frame; 1 and up wired, a link frame. rssi in dBm, snr in quarter dB, both 0 on a wire. */
static inline uint32_t mehr_core_on_frame(void* engine, int32_t* result, uint64_t now_ms, uint32_t port, uint32_t length, int32_t rssi_dbm, int32_t snr_qdb) {
  const uint64_t arguments[5] = {now_ms, port, length, (uint32_t)rssi_dbm, (uint32_t)snr_qdb};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_ON_FRAME, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* The deadline has come (or any earlier or later time: nothing depends on the exact moment). */
static inline uint32_t mehr_core_on_timer(void* engine, int32_t* result, uint64_t now_ms) {
  const uint64_t arguments[1] = {now_ms};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_ON_TIMER, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* One command (in `In`); its answer is a Reply event. */
static inline uint32_t mehr_core_on_command(void* engine, int32_t* result, uint64_t now_ms, uint32_t length) {
  const uint64_t arguments[2] = {now_ms, length};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_ON_COMMAND, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* Runs one Primitive on `length` bytes of `In`: the bytes it leaves in `Out`, or minus a Status. Callable before `boot`. Any bytes give a result or a status: Short or Long for a wrong length and for a result longer than `Out`, BadField for another primitive. It has no clock and uses no stored identity: keys come in `In`. It changes nothing `state_hash` covers. It is there so that published vectors run on the very module that ships, and so that a board can prove its engine. `In` and `Out` keep what was in them, secrets too, until something is written over them: that is the host's business. A BLAKE3 stream is the one thing kept from call to call, and the node hashes with the same BLAKE3 state: a call of `state_hash` or `on_frame` between its pieces spoils the stream (and never the node's own hash). */
static inline uint32_t mehr_core_crypto(void* engine, int32_t* result, uint32_t primitive, uint32_t length) {
  const uint64_t arguments[2] = {primitive, length};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_CRYPTO, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* When `on_timer` wants to be called next, in ms; 2^64-1 if never. */
static inline uint32_t mehr_core_deadline(void* engine, uint64_t* result) {
  const uint64_t* arguments = 0;
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_DEADLINE, arguments, &value);
  *result = (uint64_t)value;
  return status;
}

/* BLAKE3-256 over everything the core remembers, into `Out` (32 bytes). */
static inline uint32_t mehr_core_state_hash(void* engine, int32_t* result) {
  const uint64_t* arguments = 0;
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_STATE_HASH, arguments, &value);
  *result = (int32_t)value;
  return status;
}

/* LoRa time on air in microseconds, rounded up; 0 if a parameter is out of range. sf 5-12, bandwidth 7,800-1,625,000 Hz, coding rate 5-8 (4/5-4/8), preamble symbols, payload 0-255 bytes, AirtimeFlag bits. */
static inline uint32_t mehr_core_airtime_us(void* engine, uint64_t* result, uint32_t sf, uint32_t bandwidth_hz, uint32_t coding_rate, uint32_t preamble, uint32_t length, uint32_t flags) {
  const uint64_t arguments[6] = {sf, bandwidth_hz, coding_rate, preamble, length, flags};
  uint64_t value = 0;
  const uint32_t status = mehr_engine_call(engine, MEHR_EXPORT_AIRTIME_US, arguments, &value);
  *result = (uint64_t)value;
  return status;
}

#ifdef __cplusplus
}
#endif

#endif
