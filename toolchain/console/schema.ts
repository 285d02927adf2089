/**
 * Every message of the console: the one place from which its C++, TypeScript and AssemblyScript sides and the tables of
 * docs/console.md are generated (`mehr generate`).
 *
 * A message is a list of fields, little-endian, one after the other. A reader takes exactly these: a message that is
 * shorter, longer, or has a field out of its range is refused whole.
 */

/** The version this build speaks. A board and a host that share none say so in Hello and go no further. */
export const CONSOLE_VERSION = 1;

export type FieldType =
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "i16"
  /** i16 or none: -32768 on the wire, undefined in TypeScript. */
  | "i16?"
  /** A value of one of ENUMS, u8. */
  | { readonly enum: keyof typeof ENUMS }
  /** Exactly so many bytes. */
  | { readonly bytes: number }
  /** u8 length, at most `max` bytes. */
  | { readonly blob: number }
  /** u8 length, at most `max` bytes of UTF-8 without control characters. */
  | { readonly text: number }
  /** Everything up to the end, at most `max` bytes; only as the last field. */
  | { readonly rest: number }
  /** The same as UTF-8. */
  | { readonly restText: number }
  /** A struct of STRUCTS in place. */
  | { readonly struct: string }
  /** Structs up to the end, at most `max`; only as the last field. */
  | { readonly list: string; readonly max: number };

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly doc: string;
  /** Least and greatest value of a number, where not every one is allowed. */
  readonly range?: readonly [number, number];
}

export interface Struct {
  readonly doc: string;
  readonly fields: readonly Field[];
}

/**
 * Who may ask: `open` is answered always; `guarded` on a board with a PIN only inside Authorised, or while its owner holds
 * its button (docs/console.md, Locking).
 */
export type Access = "open" | "guarded";

export interface Request {
  readonly id: number;
  readonly access: Access;
  readonly doc: string;
  readonly request: readonly Field[];
  /** What follows the status byte of a reply whose status is Ok. Another status comes alone, unless `onError` says more. */
  readonly reply: readonly Field[];
  /** What follows the status byte when it is not Ok. */
  readonly onError?: readonly Field[];
}

export interface Notice {
  readonly id: number;
  readonly doc: string;
  readonly fields: readonly Field[];
}

/** The largest payload of a frame, either way (boards/runtime/src/frame.h). */
export const PAYLOAD_MAX = 1550;
/** Trusted peers of a node, 16 bytes each (core-as/assembly/profile.ts). */
export const TRUSTED_MAX = 32;
/** Boot configuration with three wired interfaces (boards/config.ts). */
export const BOOT_CONFIG_MAX = 56;

const u8 = (name: string, doc: string, range?: readonly [number, number]): Field => ({
  name,
  type: "u8",
  doc,
  ...(range ? { range } : {}),
});
const u16 = (name: string, doc: string): Field => ({ name, type: "u16", doc });
const u32 = (name: string, doc: string): Field => ({ name, type: "u32", doc });
const u64 = (name: string, doc: string): Field => ({ name, type: "u64", doc });
const i16 = (name: string, doc: string): Field => ({ name, type: "i16", doc });
const maybe = (name: string, doc: string): Field => ({ name, type: "i16?", doc });
const bytes = (name: string, length: number, doc: string): Field => ({ name, type: { bytes: length }, doc });
const text = (name: string, max: number, doc: string): Field => ({ name, type: { text: max }, doc });
const rest = (name: string, max: number, doc: string): Field => ({ name, type: { rest: max }, doc });
const choice = (name: string, of: keyof typeof ENUMS, doc: string): Field => ({ name, type: { enum: of }, doc });
const inside = (name: string, struct: string, doc: string): Field => ({ name, type: { struct }, doc });
const list = (name: string, of: string, max: number, doc: string): Field => ({ name, type: { list: of, max }, doc });

export const ENUMS = {
  Engine: { Wasm3: 0, Aot: 1 },
  LogLevel: { Error: 0, Warn: 1, Info: 2, Debug: 3 },
  /** Open: no PIN. Locked: guarded requests need the PIN. Held: the button has opened it for a minute. */
  LockState: { Open: 0, Locked: 1, Held: 2 },
  ResetCause: {
    Unknown: 0,
    PowerOn: 1,
    Pin: 2,
    Software: 3,
    Watchdog: 4,
    Brownout: 5,
    /** A fault of the program: a panic of the framework, a lockup of the CPU. */
    Panic: 6,
    /** Out of the off state or deep sleep. */
    Wake: 7,
  },
  /** What a factory reset forgets beside the provisioning and the trusted peers. */
  ResetLevel: { KeepIdentity: 0, ForgetIdentity: 1 },
  /** The field of a draft that was refused; None when it was not a field. */
  ProvisionField: {
    None: 0,
    Version: 1,
    Flags: 2,
    Region: 3,
    Name: 4,
    Config: 5,
    Pin: 6,
    Trusted: 7,
    AntennaGain: 8,
  },
} as const;

export const STRUCTS: Readonly<Record<string, Struct>> = {
  Identity: {
    doc: "Who a board says it is.",
    fields: [
      u32("abiVersion", "Version of the core's boundary."),
      choice("engine", "Engine", "What runs the core."),
      u32("wasmSize", "Bytes of relay.wasm."),
      bytes(
        "wasmSha256",
        32,
        "Its hash: computed on the board under wasm3, put into the image by the build under aot.",
      ),
      bytes("nodeId", 16, "The relay's address; zeros when the core does not run."),
      bytes(
        "imageSha256",
        32,
        "Hash of the program that runs, computed on the board over its own flash; zeros if it cannot.",
      ),
      u8("provisioned", "1 once it has been provisioned.", [0, 1]),
      choice("lock", "LockState", "Whether guarded requests need the PIN."),
      text("board", 40, "Id of the board value the image was made from."),
      text("runtime", 20, "Version of the firmware."),
      text("name", 32, "The name its owner gave it; empty until provisioned."),
    ],
  },
  /** What makes a board this relay. */
  ProvisionRecord: {
    doc: "What makes a board this relay: kept in flash as one record, with a CRC-32 behind it.",
    fields: [
      u8("version", "1."),
      u8("flags", "0."),
      i16("antennaGainTenths", "Antenna gain with its cable, tenths of dBi."),
      text("region", 8, "Id of the region whose law the configuration keeps; empty: a relay that only listens."),
      text("name", 32, "1 to 32 bytes."),
      {
        name: "config",
        type: { blob: BOOT_CONFIG_MAX },
        doc: "Boot configuration (boards/config.ts): channel, power, limits, price.",
      },
      u8("pinLogN", "log2 of scrypt's N (r 8, p 1) that made the PIN's key; 0: no PIN."),
      bytes("pinSalt", 16, "Its salt; zeros without a PIN."),
      bytes("pinKey", 32, "The PIN's key; zeros without a PIN, and always when read back."),
      u64("provisionedMs", "When, Unix ms; 0 if the host did not say."),
    ],
  },
  Peer: { doc: "A trusted peer.", fields: [bytes("nodeId", 16, "Its address.")] },
  Metric: {
    doc: "One measurement.",
    fields: [u8("metric", "Which: boards/runtime/src/metrics.h."), u64("value", "Its value.")],
  },
  InboxMessage: {
    doc: "A message that came for this node.",
    fields: [
      u32("sequence", "Rises by one with each since boot, from 1."),
      u64("receivedMs", "When, ms of uptime."),
      u64("unixMs", "When, Unix ms; 0 if the board does not know the time."),
      maybe("rssiDbm", "Of the frame that brought it; none over a cable."),
      maybe("snrQdb", "The same, quarter dB."),
      bytes("destination", 16, "Which of this node's destinations."),
      u8("context", "Context of the message."),
      u8("subType", "Its sub-type."),
      u8("truncated", "1 if the data was longer than what is kept.", [0, 1]),
      { name: "data", type: { blob: 200 }, doc: "The data." },
    ],
  },
};

export const REQUESTS: Readonly<Record<string, Request>> = {
  Identify: {
    id: 0x01,
    access: "open",
    doc: "Who the board is. The status says whether the core runs.",
    request: [],
    reply: [inside("identity", "Identity", "Who it is.")],
    onError: [inside("identity", "Identity", "The same when the core does not run.")],
  },
  Command: {
    id: 0x02,
    access: "open",
    doc: "A command of the core (abi.ts). On a locked board those that change or send something are guarded.",
    request: [rest("command", PAYLOAD_MAX, "Command number and body.")],
    reply: [rest("outputs", PAYLOAD_MAX - 1, "What the call did: n x (kind u8, length u16, bytes).")],
    onError: [rest("outputs", PAYLOAD_MAX - 1, "The same.")],
  },
  Stats: {
    id: 0x03,
    access: "open",
    doc: "Measurements. Takes a while: it runs the calibration loop.",
    request: [],
    reply: [list("metrics", "Metric", 60, "Measurements.")],
    onError: [list("metrics", "Metric", 60, "The same when the core does not run.")],
  },
  Reboot: { id: 0x04, access: "guarded", doc: "Replies, then resets the board.", request: [], reply: [] },
  Halt: { id: 0x05, access: "guarded", doc: "Replies, then stops the board.", request: [], reply: [] },
  Hello: {
    id: 0x06,
    access: "open",
    doc: "Begins a session and agrees on a version: the highest both know. Every Hello makes a new nonce and ends the session before it.",
    request: [u8("versionMin", "Lowest version the host speaks."), u8("versionMax", "Highest.")],
    reply: [
      u8("version", "The version spoken from here on."),
      u16("payloadMax", "Longest payload the board takes."),
      bytes("nonce", 16, "Random; Authorised is bound to it."),
      choice("lock", "LockState", "Whether guarded requests need the PIN."),
      u8("pinLogN", "log2 of scrypt's N; 0 without a PIN."),
      bytes("pinSalt", 16, "Salt of the PIN's key."),
      u32("waitMs", "How long no PIN is looked at, after wrong ones."),
    ],
    onError: [u8("versionMin", "Lowest version the board speaks."), u8("versionMax", "Highest.")],
  },
  Authorised: {
    id: 0x08,
    access: "open",
    doc: "Another request, proven to come from who has the PIN, and carried out once. Its reply is the inner request's.",
    request: [
      u32("counter", "Rises within a session, from 1. The same one with the same bytes gets the same reply again."),
      bytes(
        "mac",
        16,
        "HMAC-SHA-256 (first 16 bytes) over nonce 16, counter u32, request u8, body; zeros as the key without a PIN.",
      ),
      u8("request", "The inner request's type."),
      rest("body", PAYLOAD_MAX - 21, "Its payload."),
    ],
    reply: [rest("reply", PAYLOAD_MAX - 1, "The rest of the inner reply.")],
    onError: [rest("reply", PAYLOAD_MAX - 1, "The rest of the inner reply, or waitMs u32 after WrongPin and PinWait.")],
  },
  Health: {
    id: 0x09,
    access: "open",
    doc: "How the board is.",
    request: [],
    reply: [
      choice("resetCause", "ResetCause", "Why it last started."),
      u64("uptimeMs", "Since then."),
      u64("unixMs", "The time, Unix ms; 0 if nobody has set it."),
      u16("batteryMv", "Battery, mV; 0 if there is none or it cannot be measured."),
      u8("resting", "1 while the battery is too low for the radio.", [0, 1]),
      choice("logLevel", "LogLevel", "What is logged."),
      u16("recordsUsed", "Bytes of the record storage in use."),
      u16("recordsSize", "Its bytes."),
      u32("flashWrites", "Words programmed and pages erased since boot."),
      u16("inboxCount", "Messages kept."),
      {
        name: "lastWords",
        type: { text: 160 },
        doc: "What the last run said before it ended by a fault; empty if it did not.",
      },
    ],
  },
  Prove: {
    id: 0x0a,
    access: "open",
    doc: "Proves the identity: signs `mehr/console/1` 00, challenge, nodeId.",
    request: [bytes("challenge", 32, "Random bytes of the host's.")],
    reply: [bytes("publicKey", 32, "Ed25519, the one the address is made from."), bytes("signature", 64, "Ed25519.")],
  },
  Inbox: {
    id: 0x0b,
    access: "guarded",
    doc: "Messages that came for this node and were kept in RAM, the newest few.",
    request: [u32("after", "Only those with a higher sequence.")],
    reply: [
      u32("latest", "Sequence of the newest; 0 if there was none."),
      list("messages", "InboxMessage", 6, "Oldest first."),
    ],
  },
  SetTime: {
    id: 0x0c,
    access: "guarded",
    doc: "Tells the board the time; it forgets it at a reset.",
    request: [u64("unixMs", "Unix ms.")],
    reply: [],
  },
  SetLogLevel: {
    id: 0x0d,
    access: "guarded",
    doc: "What is logged from now on, until a reset.",
    request: [choice("level", "LogLevel", "The least important to log.")],
    reply: [],
  },
  ReplayOpen: {
    id: 0x10,
    access: "guarded",
    doc: "Stops the live core and makes a fresh one that only steps feed.",
    request: [],
    reply: [],
  },
  ReplayStep: {
    id: 0x11,
    access: "guarded",
    doc: "One step of a replay.",
    request: [rest("step", PAYLOAD_MAX, "op u8, now_ms u64, body.")],
    reply: [u64("deadline", "2^64-1 never."), rest("outputs", PAYLOAD_MAX - 9, "Outputs of the call.")],
    onError: [u64("deadline", "2^64-1 never."), rest("outputs", PAYLOAD_MAX - 9, "Outputs of the call.")],
  },
  ReplayHash: {
    id: 0x12,
    access: "guarded",
    doc: "State hash of the replay's core.",
    request: [],
    reply: [bytes("hash", 32, "BLAKE3.")],
    onError: [bytes("hash", 32, "Zeros.")],
  },
  ReplayClose: {
    id: 0x13,
    access: "guarded",
    doc: "Ends the replay and boots the live core again.",
    request: [],
    reply: [],
  },
  ProvisionRead: {
    id: 0x20,
    access: "open",
    doc: "What is stored, read from the flash now: RecordMissing if nothing is, BadRecord if it is damaged.",
    request: [],
    reply: [
      inside("record", "ProvisionRecord", "With pinKey blanked."),
      list("trusted", "Peer", TRUSTED_MAX, "Trusted peers."),
    ],
  },
  ProvisionDraft: {
    id: 0x21,
    access: "guarded",
    doc: "Checks a draft and keeps it in RAM; a later one replaces it. Nothing is stored.",
    request: [
      inside("record", "ProvisionRecord", "All of it."),
      list("trusted", "Peer", TRUSTED_MAX, "All peers trusted from then on."),
    ],
    reply: [bytes("sha256", 32, "Of the draft as it came.")],
    onError: [choice("field", "ProvisionField", "The field refused.")],
  },
  ProvisionCommit: {
    id: 0x22,
    access: "guarded",
    doc: "Tries the draft's configuration on core and radio, stores all of it in one step, reads it back, and starts the relay with it. Until that step, and if anything fails, what was stored stays.",
    request: [bytes("sha256", 32, "Of the draft meant.")],
    reply: [u32("flashWrites", "Words programmed and pages erased for it.")],
    onError: [choice("field", "ProvisionField", "The field refused.")],
  },
  ProvisionAbort: { id: 0x23, access: "guarded", doc: "Forgets the draft.", request: [], reply: [] },
  Backup: {
    id: 0x24,
    access: "guarded",
    doc: "Identity, destinations, provisioning and trusted peers, sealed to a key (docs/console.md, Boxes).",
    request: [bytes("recipient", 32, "X25519 public key.")],
    reply: [rest("box", PAYLOAD_MAX - 1, "The sealed backup.")],
  },
  RestoreKey: {
    id: 0x25,
    access: "guarded",
    doc: "A key made for one restore, gone with the session.",
    request: [],
    reply: [bytes("publicKey", 32, "X25519.")],
  },
  Restore: {
    id: 0x26,
    access: "guarded",
    doc: "Takes a backup sealed to that key: all of it is stored in one step, then the relay starts with it.",
    request: [rest("box", PAYLOAD_MAX - 32, "The sealed backup.")],
    reply: [
      bytes("nodeId", 16, "The address it has now."),
      u32("flashWrites", "Words programmed and pages erased for it."),
    ],
  },
  ResetToken: {
    id: 0x27,
    access: "open",
    doc: "Asks for what a factory reset must be confirmed with.",
    request: [choice("level", "ResetLevel", "What is to be forgotten.")],
    reply: [bytes("token", 8, "Good for this level, one minute, once.")],
  },
  FactoryReset: {
    id: 0x28,
    access: "guarded",
    doc: "Forgets provisioning and trusted peers, and by level the identity, in one step; the airtime used stays on record. Then resets. Without a PIN in hand it is taken within a minute of power-on, and only with ForgetIdentity.",
    request: [choice("level", "ResetLevel", "As in ResetToken."), bytes("token", 8, "Its token.")],
    reply: [],
  },
};

export const NOTICES: Readonly<Record<string, Notice>> = {
  Ready: {
    id: 0xe0,
    doc: "The core runs: Identify's reply.",
    fields: [u8("status", "0."), inside("identity", "Identity", "Who it is.")],
  },
  Log: {
    id: 0xe1,
    doc: "A sentence for the owner's log.",
    fields: [
      choice("level", "LogLevel", "How important."),
      { name: "text", type: { restText: 400 }, doc: "The sentence." },
    ],
  },
  Event: {
    id: 0xe2,
    doc: "An event of the core (abi.ts). A locked board keeps what messages say for the inbox.",
    fields: [
      u8("kind", "Event."),
      maybe("rssiDbm", "Of the frame that caused it; none if no frame of the radio did."),
      maybe("snrQdb", "The same, quarter dB."),
      rest("bytes", PAYLOAD_MAX - 5, "As its kind has them."),
    ],
  },
  FrameError: {
    id: 0xe3,
    doc: "Frames to the board were dropped.",
    fields: [
      u8("port", "0 console, 1 radio.", [0, 1]),
      u8("reason", "1 to 7, see Frames.", [1, 7]),
      u32("count", "How many so far."),
    ],
  },
  Fatal: {
    id: 0xe4,
    doc: "The core does not run.",
    fields: [u8("status", "Why."), { name: "sentence", type: { restText: 420 }, doc: "The same in words." }],
  },
};

/**
 * What commands of the core answer with (the bytes of a Reply event behind the command's number), and what its events
 * carry: written by core-as/assembly, passed on unread by the shell, read by hosts.
 */
export const REPORTS: Readonly<Record<string, Struct>> = {
  StatusReport: {
    doc: "Reply to Command.Status; counters follow, u32 each in the order of Counter, then frames refused by Status from 0 on.",
    fields: [
      u8("neighboursKnown", "Neighbours in the table."),
      u8("neighboursUp", "Of these, heard within 180 s."),
      u8("zero", "0."),
      u32("abiVersion", "Version of the boundary."),
      bytes("nodeId", 16, "The relay's address."),
      u64("uptimeMs", "Since the core booted."),
      u64("nextBeaconMs", "When the next beacon is due, ms of this boot; 2^64-1 never."),
      u32("utilisationPermille", "Of the channel, by everybody heard and this node."),
      u32("seen", "Packets in the duplicate filter."),
      u32("airtimeUsedMs", "On the air in the 62 minutes that count for the law."),
      u32("airtimeAllowedMs", "Allowed in an hour; 3600000 without a limit."),
    ],
  },
  NeighbourReport: {
    doc: "A neighbour: Command.Neighbours, Event.NeighbourFound.",
    fields: [
      bytes("nodeId", 16, "Its address."),
      u16("capabilities", "Capability bits of its beacon."),
      u8("costTier", "0 free to 3 expensive."),
      u8("load", "As its beacon says."),
      i16("rssiDbm", "Of its last beacon."),
      i16("snrQdb", "The same, quarter dB."),
      u32("beacons", "Beacons heard."),
      u8("state", "1 up, 2 down."),
      u8("port", "Interface: 0 the radio."),
      u16("zero", "0."),
      u64("knownForMs", "Since it was first heard."),
      u32("silentForMs", "Since it was last heard."),
    ],
  },
  LinkReport: {
    doc: "A link: Command.Links.",
    fields: [
      bytes("nodeId", 16, "The peer's address."),
      u8("suspect", "1 while it does not answer."),
      u8("port", "Interface: 0 the radio."),
      u8("initiator", "1 if this node asked for it."),
      u8("reliability", "Of 255."),
      u8("relayClass", "0 unfunded, 1 trusted, 2 paying."),
      u8("phase", "Phase of the keys."),
      u16("mtu", "Largest packet, bytes."),
      u32("price", "What its relaying costs, micro-MHR per KiB."),
      u32("latencyMs", "One way."),
      u32("upForS", "Since it came up."),
      u32("silentForMs", "Since something came over it."),
      u64("clockOffsetMs", "Its clock less ours, two's complement."),
    ],
  },
  RouteReport: {
    doc: "A destination and its best path: Command.Routes, behind next u16.",
    fields: [
      bytes("destination", 16, "Where it leads."),
      bytes("nextHop", 16, "The neighbour it goes by."),
      u16("costCode", "CompactPathCost."),
      u16("latencyMs", "One way."),
      u8("rateCode", "round(8 log2 bps)."),
      u8("hops", "Relays in between, and one."),
      u8("mtuCode", "(mtu - 484) / 16."),
      u8("paths", "Paths known; bit 7 set if stale."),
    ],
  },
  MessageEvent: {
    doc: "Event.Message.",
    fields: [
      bytes("destination", 16, "Which of this node's destinations."),
      u8("context", "Context."),
      u8("subType", "Sub-type."),
      rest("data", PAYLOAD_MAX, "The data."),
    ],
  },
  ProbeEvent: {
    doc: "Event.ProbeResult.",
    fields: [
      bytes("destination", 16, "Who answered."),
      u16("id", "Of the probe."),
      u32("roundTripMs", "There and back."),
      u16("receivedSize", "Of the probe as it arrived, bytes."),
      u16("mtu", "The responder's."),
      u32("bps", "Its bits over half the round trip, at most the responder's link."),
    ],
  },
};
