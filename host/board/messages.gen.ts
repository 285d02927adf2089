/**
 * Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead.
 *
 * The messages of the console. A reply is what follows its status byte. Encoders and decoders throw ProtocolError
 * naming message and field: a decoder takes exactly a message, an encoder only what a decoder takes.
 */
import { decode, encode, type Reader, type Writer } from "./codec.ts";

/** The version of the console this is. */
export const CONSOLE_VERSION = 1;
/** The longest payload of a frame, bytes. */
export const PAYLOAD_MAX = 1550;
/** A reply's type is its request's with this bit. */
export const REPLY_BIT = 0x80;

/** Requests by name. */
export const Request = {
  /** Who the board is. The status says whether the core runs. */
  Identify: 0x01,
  /** A command of the core (abi.ts). On a locked board those that change or send something are guarded. */
  Command: 0x02,
  /** Measurements. Takes a while: it runs the calibration loop. */
  Stats: 0x03,
  /** Replies, then resets the board. */
  Reboot: 0x04,
  /** Replies, then stops the board. */
  Halt: 0x05,
  /** Begins a session and agrees on a version: the highest both know. Every Hello makes a new nonce and ends the session before it. */
  Hello: 0x06,
  /** Another request, proven to come from who has the PIN, and carried out once. Its reply is the inner request's. */
  Authorised: 0x08,
  /** How the board is. */
  Health: 0x09,
  /** Proves the identity: signs `mehr/console/1` 00, challenge, nodeId. */
  Prove: 0x0a,
  /** Messages that came for this node and were kept in RAM, the newest few. */
  Inbox: 0x0b,
  /** Tells the board the time; it forgets it at a reset. */
  SetTime: 0x0c,
  /** What is logged from now on, until a reset. */
  SetLogLevel: 0x0d,
  /** Stops the live core and makes a fresh one that only steps feed. */
  ReplayOpen: 0x10,
  /** One step of a replay. */
  ReplayStep: 0x11,
  /** State hash of the replay's core. */
  ReplayHash: 0x12,
  /** Ends the replay and boots the live core again. */
  ReplayClose: 0x13,
  /** What is stored, read from the flash now: RecordMissing if nothing is, BadRecord if it is damaged. */
  ProvisionRead: 0x20,
  /** Checks a draft and keeps it in RAM; a later one replaces it. Nothing is stored. */
  ProvisionDraft: 0x21,
  /** Tries the draft's configuration on core and radio, stores all of it in one step, reads it back, and starts the relay with it. Until that step, and if anything fails, what was stored stays. */
  ProvisionCommit: 0x22,
  /** Forgets the draft. */
  ProvisionAbort: 0x23,
  /** Identity, destinations, provisioning and trusted peers, sealed to a key (docs/console.md, Boxes). */
  Backup: 0x24,
  /** A key made for one restore, gone with the session. */
  RestoreKey: 0x25,
  /** Takes a backup sealed to that key: all of it is stored in one step, then the relay starts with it. */
  Restore: 0x26,
  /** Asks for what a factory reset must be confirmed with. */
  ResetToken: 0x27,
  /** Forgets provisioning and trusted peers, and by level the identity, in one step; the airtime used stays on record. Then resets. Without a PIN in hand it is taken within a minute of power-on, and only with ForgetIdentity. */
  FactoryReset: 0x28,
} as const;
export type RequestName = keyof typeof Request;
export type Request = (typeof Request)[RequestName];

/** The name of a request by its id. */
export const REQUEST_NAMES: Readonly<Record<number, string>> = {
  0x01: "Identify",
  0x02: "Command",
  0x03: "Stats",
  0x04: "Reboot",
  0x05: "Halt",
  0x06: "Hello",
  0x08: "Authorised",
  0x09: "Health",
  0x0a: "Prove",
  0x0b: "Inbox",
  0x0c: "SetTime",
  0x0d: "SetLogLevel",
  0x10: "ReplayOpen",
  0x11: "ReplayStep",
  0x12: "ReplayHash",
  0x13: "ReplayClose",
  0x20: "ProvisionRead",
  0x21: "ProvisionDraft",
  0x22: "ProvisionCommit",
  0x23: "ProvisionAbort",
  0x24: "Backup",
  0x25: "RestoreKey",
  0x26: "Restore",
  0x27: "ResetToken",
  0x28: "FactoryReset",
};

/** Requests that a locked board takes only with its PIN. */
export const GUARDED: ReadonlySet<number> = new Set([0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x12, 0x13, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x28]);

/** What a board says unasked, by name. */
export const Notice = {
  /** The core runs: Identify's reply. */
  Ready: 0xe0,
  /** A sentence for the owner's log. */
  Log: 0xe1,
  /** An event of the core (abi.ts). A locked board keeps what messages say for the inbox. */
  Event: 0xe2,
  /** Frames to the board were dropped. */
  FrameError: 0xe3,
  /** The core does not run. */
  Fatal: 0xe4,
} as const;
export type Notice = (typeof Notice)[keyof typeof Notice];

export const Engine = {
  Wasm3: 0,
  Aot: 1,
} as const;
export type Engine = (typeof Engine)[keyof typeof Engine];

export const LogLevel = {
  Error: 0,
  Warn: 1,
  Info: 2,
  Debug: 3,
} as const;
export type LogLevel = (typeof LogLevel)[keyof typeof LogLevel];

export const LockState = {
  Open: 0,
  Locked: 1,
  Held: 2,
} as const;
export type LockState = (typeof LockState)[keyof typeof LockState];

export const ResetCause = {
  Unknown: 0,
  PowerOn: 1,
  Pin: 2,
  Software: 3,
  Watchdog: 4,
  Brownout: 5,
  Panic: 6,
  Wake: 7,
} as const;
export type ResetCause = (typeof ResetCause)[keyof typeof ResetCause];

export const ResetLevel = {
  KeepIdentity: 0,
  ForgetIdentity: 1,
} as const;
export type ResetLevel = (typeof ResetLevel)[keyof typeof ResetLevel];

export const ProvisionField = {
  None: 0,
  Version: 1,
  Flags: 2,
  Region: 3,
  Name: 4,
  Config: 5,
  Pin: 6,
  Trusted: 7,
  AntennaGain: 8,
} as const;
export type ProvisionField = (typeof ProvisionField)[keyof typeof ProvisionField];

/** Who a board says it is. */
export interface Identity {
  /** U32. Version of the core's boundary. */
  readonly abiVersion: number;
  /** U8. What runs the core. */
  readonly engine: Engine;
  /** U32. Bytes of relay.wasm. */
  readonly wasmSize: number;
  /** 32 bytes. Its hash: computed on the board under wasm3, put into the image by the build under aot. */
  readonly wasmSha256: Uint8Array;
  /** 16 bytes. The relay's address; zeros when the core does not run. */
  readonly nodeId: Uint8Array;
  /** 32 bytes. Hash of the program that runs, computed on the board over its own flash; zeros if it cannot. */
  readonly imageSha256: Uint8Array;
  /** U8, 0 to 1. 1 once it has been provisioned. */
  readonly provisioned: number;
  /** U8. Whether guarded requests need the PIN. */
  readonly lock: LockState;
  /** At most 40 bytes. Id of the board value the image was made from. */
  readonly board: string;
  /** At most 20 bytes. Version of the firmware. */
  readonly runtime: string;
  /** At most 32 bytes. The name its owner gave it; empty until provisioned. */
  readonly name: string;
}
function readIdentity(input: Reader): Identity {
  return {
    abiVersion: input.u32("abiVersion"),
    engine: input.u8("engine", 0, 1) as Engine,
    wasmSize: input.u32("wasmSize"),
    wasmSha256: input.bytes("wasmSha256", 32),
    nodeId: input.bytes("nodeId", 16),
    imageSha256: input.bytes("imageSha256", 32),
    provisioned: input.u8("provisioned", 0, 1),
    lock: input.u8("lock", 0, 2) as LockState,
    board: input.text("board", 40),
    runtime: input.text("runtime", 20),
    name: input.text("name", 32),
  };
}
function writeIdentity(output: Writer, message: Identity): void {
  output.u32("abiVersion", message.abiVersion);
  output.u8("engine", message.engine, 0, 1);
  output.u32("wasmSize", message.wasmSize);
  output.bytes("wasmSha256", message.wasmSha256, 32);
  output.bytes("nodeId", message.nodeId, 16);
  output.bytes("imageSha256", message.imageSha256, 32);
  output.u8("provisioned", message.provisioned, 0, 1);
  output.u8("lock", message.lock, 0, 2);
  output.text("board", message.board, 40);
  output.text("runtime", message.runtime, 20);
  output.text("name", message.name, 32);
}
export function encodeIdentity(message: Identity): Uint8Array {
  return encode("Identity", (output) => writeIdentity(output, message));
}
export function decodeIdentity(bytes: Uint8Array): Identity {
  return decode("Identity", bytes, readIdentity);
}

/** What makes a board this relay: kept in flash as one record, with a CRC-32 behind it. */
export interface ProvisionRecord {
  /** U8. 1. */
  readonly version: number;
  /** U8. 0. */
  readonly flags: number;
  /** I16. Antenna gain with its cable, tenths of dBi. */
  readonly antennaGainTenths: number;
  /** At most 8 bytes. Id of the region whose law the configuration keeps; empty: a relay that only listens. */
  readonly region: string;
  /** At most 32 bytes. 1 to 32 bytes. */
  readonly name: string;
  /** At most 56 bytes. Boot configuration (boards/config.ts): channel, power, limits, price. */
  readonly config: Uint8Array;
  /** U8. log2 of scrypt's N (r 8, p 1) that made the PIN's key; 0: no PIN. */
  readonly pinLogN: number;
  /** 16 bytes. Its salt; zeros without a PIN. */
  readonly pinSalt: Uint8Array;
  /** 32 bytes. The PIN's key; zeros without a PIN, and always when read back. */
  readonly pinKey: Uint8Array;
  /** U64. When, Unix ms; 0 if the host did not say. */
  readonly provisionedMs: bigint;
}
function readProvisionRecord(input: Reader): ProvisionRecord {
  return {
    version: input.u8("version"),
    flags: input.u8("flags"),
    antennaGainTenths: input.i16("antennaGainTenths"),
    region: input.text("region", 8),
    name: input.text("name", 32),
    config: input.blob("config", 56),
    pinLogN: input.u8("pinLogN"),
    pinSalt: input.bytes("pinSalt", 16),
    pinKey: input.bytes("pinKey", 32),
    provisionedMs: input.u64("provisionedMs"),
  };
}
function writeProvisionRecord(output: Writer, message: ProvisionRecord): void {
  output.u8("version", message.version);
  output.u8("flags", message.flags);
  output.i16("antennaGainTenths", message.antennaGainTenths);
  output.text("region", message.region, 8);
  output.text("name", message.name, 32);
  output.blob("config", message.config, 56);
  output.u8("pinLogN", message.pinLogN);
  output.bytes("pinSalt", message.pinSalt, 16);
  output.bytes("pinKey", message.pinKey, 32);
  output.u64("provisionedMs", message.provisionedMs);
}
export function encodeProvisionRecord(message: ProvisionRecord): Uint8Array {
  return encode("ProvisionRecord", (output) => writeProvisionRecord(output, message));
}
export function decodeProvisionRecord(bytes: Uint8Array): ProvisionRecord {
  return decode("ProvisionRecord", bytes, readProvisionRecord);
}

/** A trusted peer. */
export interface Peer {
  /** 16 bytes. Its address. */
  readonly nodeId: Uint8Array;
}
function readPeer(input: Reader): Peer {
  return {
    nodeId: input.bytes("nodeId", 16),
  };
}
function writePeer(output: Writer, message: Peer): void {
  output.bytes("nodeId", message.nodeId, 16);
}
export function encodePeer(message: Peer): Uint8Array {
  return encode("Peer", (output) => writePeer(output, message));
}
export function decodePeer(bytes: Uint8Array): Peer {
  return decode("Peer", bytes, readPeer);
}

/** One measurement. */
export interface Metric {
  /** U8. Which: boards/runtime/src/metrics.h. */
  readonly metric: number;
  /** U64. Its value. */
  readonly value: bigint;
}
function readMetric(input: Reader): Metric {
  return {
    metric: input.u8("metric"),
    value: input.u64("value"),
  };
}
function writeMetric(output: Writer, message: Metric): void {
  output.u8("metric", message.metric);
  output.u64("value", message.value);
}
export function encodeMetric(message: Metric): Uint8Array {
  return encode("Metric", (output) => writeMetric(output, message));
}
export function decodeMetric(bytes: Uint8Array): Metric {
  return decode("Metric", bytes, readMetric);
}

/** A message that came for this node. */
export interface InboxMessage {
  /** U32. Rises by one with each since boot, from 1. */
  readonly sequence: number;
  /** U64. When, ms of uptime. */
  readonly receivedMs: bigint;
  /** U64. When, Unix ms; 0 if the board does not know the time. */
  readonly unixMs: bigint;
  /** I16 or none. Of the frame that brought it; none over a cable. */
  readonly rssiDbm: number | undefined;
  /** I16 or none. The same, quarter dB. */
  readonly snrQdb: number | undefined;
  /** 16 bytes. Which of this node's destinations. */
  readonly destination: Uint8Array;
  /** U8. Context of the message. */
  readonly context: number;
  /** U8. Its sub-type. */
  readonly subType: number;
  /** U8, 0 to 1. 1 if the data was longer than what is kept. */
  readonly truncated: number;
  /** At most 200 bytes. The data. */
  readonly data: Uint8Array;
}
function readInboxMessage(input: Reader): InboxMessage {
  return {
    sequence: input.u32("sequence"),
    receivedMs: input.u64("receivedMs"),
    unixMs: input.u64("unixMs"),
    rssiDbm: input.maybe("rssiDbm"),
    snrQdb: input.maybe("snrQdb"),
    destination: input.bytes("destination", 16),
    context: input.u8("context"),
    subType: input.u8("subType"),
    truncated: input.u8("truncated", 0, 1),
    data: input.blob("data", 200),
  };
}
function writeInboxMessage(output: Writer, message: InboxMessage): void {
  output.u32("sequence", message.sequence);
  output.u64("receivedMs", message.receivedMs);
  output.u64("unixMs", message.unixMs);
  output.maybe("rssiDbm", message.rssiDbm);
  output.maybe("snrQdb", message.snrQdb);
  output.bytes("destination", message.destination, 16);
  output.u8("context", message.context);
  output.u8("subType", message.subType);
  output.u8("truncated", message.truncated, 0, 1);
  output.blob("data", message.data, 200);
}
export function encodeInboxMessage(message: InboxMessage): Uint8Array {
  return encode("InboxMessage", (output) => writeInboxMessage(output, message));
}
export function decodeInboxMessage(bytes: Uint8Array): InboxMessage {
  return decode("InboxMessage", bytes, readInboxMessage);
}

/** Who the board is. The status says whether the core runs. */
export type IdentifyRequest = Readonly<Record<string, never>>;
export function encodeIdentifyRequest(_message: IdentifyRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeIdentifyRequest(bytes: Uint8Array): IdentifyRequest {
  return decode("IdentifyRequest", bytes, () => ({}));
}

/** Reply to Identify, behind the status Ok. */
export interface IdentifyReply {
  /** Who it is. */
  readonly identity: Identity;
}
function readIdentifyReply(input: Reader): IdentifyReply {
  return {
    identity: input.struct("identity", readIdentity),
  };
}
function writeIdentifyReply(output: Writer, message: IdentifyReply): void {
  output.struct("identity", message.identity, writeIdentity);
}
export function encodeIdentifyReply(message: IdentifyReply): Uint8Array {
  return encode("IdentifyReply", (output) => writeIdentifyReply(output, message));
}
export function decodeIdentifyReply(bytes: Uint8Array): IdentifyReply {
  return decode("IdentifyReply", bytes, readIdentifyReply);
}

/** The same behind another status. */
export interface IdentifyError {
  /** The same when the core does not run. */
  readonly identity: Identity;
}
function readIdentifyError(input: Reader): IdentifyError {
  return {
    identity: input.struct("identity", readIdentity),
  };
}
function writeIdentifyError(output: Writer, message: IdentifyError): void {
  output.struct("identity", message.identity, writeIdentity);
}
export function encodeIdentifyError(message: IdentifyError): Uint8Array {
  return encode("IdentifyError", (output) => writeIdentifyError(output, message));
}
export function decodeIdentifyError(bytes: Uint8Array): IdentifyError {
  return decode("IdentifyError", bytes, readIdentifyError);
}

/** A command of the core (abi.ts). On a locked board those that change or send something are guarded. */
export interface CommandRequest {
  /** At most 1550 bytes. Command number and body. */
  readonly command: Uint8Array;
}
function readCommandRequest(input: Reader): CommandRequest {
  return {
    command: input.rest("command", 1550),
  };
}
function writeCommandRequest(output: Writer, message: CommandRequest): void {
  output.rest("command", message.command, 1550);
}
export function encodeCommandRequest(message: CommandRequest): Uint8Array {
  return encode("CommandRequest", (output) => writeCommandRequest(output, message));
}
export function decodeCommandRequest(bytes: Uint8Array): CommandRequest {
  return decode("CommandRequest", bytes, readCommandRequest);
}

/** Reply to Command, behind the status Ok. */
export interface CommandReply {
  /** At most 1549 bytes. What the call did: n x (kind u8, length u16, bytes). */
  readonly outputs: Uint8Array;
}
function readCommandReply(input: Reader): CommandReply {
  return {
    outputs: input.rest("outputs", 1549),
  };
}
function writeCommandReply(output: Writer, message: CommandReply): void {
  output.rest("outputs", message.outputs, 1549);
}
export function encodeCommandReply(message: CommandReply): Uint8Array {
  return encode("CommandReply", (output) => writeCommandReply(output, message));
}
export function decodeCommandReply(bytes: Uint8Array): CommandReply {
  return decode("CommandReply", bytes, readCommandReply);
}

/** The same behind another status. */
export interface CommandError {
  /** At most 1549 bytes. The same. */
  readonly outputs: Uint8Array;
}
function readCommandError(input: Reader): CommandError {
  return {
    outputs: input.rest("outputs", 1549),
  };
}
function writeCommandError(output: Writer, message: CommandError): void {
  output.rest("outputs", message.outputs, 1549);
}
export function encodeCommandError(message: CommandError): Uint8Array {
  return encode("CommandError", (output) => writeCommandError(output, message));
}
export function decodeCommandError(bytes: Uint8Array): CommandError {
  return decode("CommandError", bytes, readCommandError);
}

/** Measurements. Takes a while: it runs the calibration loop. */
export type StatsRequest = Readonly<Record<string, never>>;
export function encodeStatsRequest(_message: StatsRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeStatsRequest(bytes: Uint8Array): StatsRequest {
  return decode("StatsRequest", bytes, () => ({}));
}

/** Reply to Stats, behind the status Ok. */
export interface StatsReply {
  /** At most 60. Measurements. */
  readonly metrics: readonly Metric[];
}
function readStatsReply(input: Reader): StatsReply {
  return {
    metrics: input.list("metrics", 60, readMetric),
  };
}
function writeStatsReply(output: Writer, message: StatsReply): void {
  output.list("metrics", message.metrics, 60, writeMetric);
}
export function encodeStatsReply(message: StatsReply): Uint8Array {
  return encode("StatsReply", (output) => writeStatsReply(output, message));
}
export function decodeStatsReply(bytes: Uint8Array): StatsReply {
  return decode("StatsReply", bytes, readStatsReply);
}

/** The same behind another status. */
export interface StatsError {
  /** At most 60. The same when the core does not run. */
  readonly metrics: readonly Metric[];
}
function readStatsError(input: Reader): StatsError {
  return {
    metrics: input.list("metrics", 60, readMetric),
  };
}
function writeStatsError(output: Writer, message: StatsError): void {
  output.list("metrics", message.metrics, 60, writeMetric);
}
export function encodeStatsError(message: StatsError): Uint8Array {
  return encode("StatsError", (output) => writeStatsError(output, message));
}
export function decodeStatsError(bytes: Uint8Array): StatsError {
  return decode("StatsError", bytes, readStatsError);
}

/** Replies, then resets the board. */
export type RebootRequest = Readonly<Record<string, never>>;
export function encodeRebootRequest(_message: RebootRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeRebootRequest(bytes: Uint8Array): RebootRequest {
  return decode("RebootRequest", bytes, () => ({}));
}

/** Reply to Reboot, behind the status Ok. */
export type RebootReply = Readonly<Record<string, never>>;
export function encodeRebootReply(_message: RebootReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeRebootReply(bytes: Uint8Array): RebootReply {
  return decode("RebootReply", bytes, () => ({}));
}

/** Replies, then stops the board. */
export type HaltRequest = Readonly<Record<string, never>>;
export function encodeHaltRequest(_message: HaltRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeHaltRequest(bytes: Uint8Array): HaltRequest {
  return decode("HaltRequest", bytes, () => ({}));
}

/** Reply to Halt, behind the status Ok. */
export type HaltReply = Readonly<Record<string, never>>;
export function encodeHaltReply(_message: HaltReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeHaltReply(bytes: Uint8Array): HaltReply {
  return decode("HaltReply", bytes, () => ({}));
}

/** Begins a session and agrees on a version: the highest both know. Every Hello makes a new nonce and ends the session before it. */
export interface HelloRequest {
  /** U8. Lowest version the host speaks. */
  readonly versionMin: number;
  /** U8. Highest. */
  readonly versionMax: number;
}
function readHelloRequest(input: Reader): HelloRequest {
  return {
    versionMin: input.u8("versionMin"),
    versionMax: input.u8("versionMax"),
  };
}
function writeHelloRequest(output: Writer, message: HelloRequest): void {
  output.u8("versionMin", message.versionMin);
  output.u8("versionMax", message.versionMax);
}
export function encodeHelloRequest(message: HelloRequest): Uint8Array {
  return encode("HelloRequest", (output) => writeHelloRequest(output, message));
}
export function decodeHelloRequest(bytes: Uint8Array): HelloRequest {
  return decode("HelloRequest", bytes, readHelloRequest);
}

/** Reply to Hello, behind the status Ok. */
export interface HelloReply {
  /** U8. The version spoken from here on. */
  readonly version: number;
  /** U16. Longest payload the board takes. */
  readonly payloadMax: number;
  /** 16 bytes. Random; Authorised is bound to it. */
  readonly nonce: Uint8Array;
  /** U8. Whether guarded requests need the PIN. */
  readonly lock: LockState;
  /** U8. log2 of scrypt's N; 0 without a PIN. */
  readonly pinLogN: number;
  /** 16 bytes. Salt of the PIN's key. */
  readonly pinSalt: Uint8Array;
  /** U32. How long no PIN is looked at, after wrong ones. */
  readonly waitMs: number;
}
function readHelloReply(input: Reader): HelloReply {
  return {
    version: input.u8("version"),
    payloadMax: input.u16("payloadMax"),
    nonce: input.bytes("nonce", 16),
    lock: input.u8("lock", 0, 2) as LockState,
    pinLogN: input.u8("pinLogN"),
    pinSalt: input.bytes("pinSalt", 16),
    waitMs: input.u32("waitMs"),
  };
}
function writeHelloReply(output: Writer, message: HelloReply): void {
  output.u8("version", message.version);
  output.u16("payloadMax", message.payloadMax);
  output.bytes("nonce", message.nonce, 16);
  output.u8("lock", message.lock, 0, 2);
  output.u8("pinLogN", message.pinLogN);
  output.bytes("pinSalt", message.pinSalt, 16);
  output.u32("waitMs", message.waitMs);
}
export function encodeHelloReply(message: HelloReply): Uint8Array {
  return encode("HelloReply", (output) => writeHelloReply(output, message));
}
export function decodeHelloReply(bytes: Uint8Array): HelloReply {
  return decode("HelloReply", bytes, readHelloReply);
}

/** The same behind another status. */
export interface HelloError {
  /** U8. Lowest version the board speaks. */
  readonly versionMin: number;
  /** U8. Highest. */
  readonly versionMax: number;
}
function readHelloError(input: Reader): HelloError {
  return {
    versionMin: input.u8("versionMin"),
    versionMax: input.u8("versionMax"),
  };
}
function writeHelloError(output: Writer, message: HelloError): void {
  output.u8("versionMin", message.versionMin);
  output.u8("versionMax", message.versionMax);
}
export function encodeHelloError(message: HelloError): Uint8Array {
  return encode("HelloError", (output) => writeHelloError(output, message));
}
export function decodeHelloError(bytes: Uint8Array): HelloError {
  return decode("HelloError", bytes, readHelloError);
}

/** Another request, proven to come from who has the PIN, and carried out once. Its reply is the inner request's. */
export interface AuthorisedRequest {
  /** U32. Rises within a session, from 1. The same one with the same bytes gets the same reply again. */
  readonly counter: number;
  /** 16 bytes. HMAC-SHA-256 (first 16 bytes) over nonce 16, counter u32, request u8, body; zeros as the key without a PIN. */
  readonly mac: Uint8Array;
  /** U8. The inner request's type. */
  readonly request: number;
  /** At most 1529 bytes. Its payload. */
  readonly body: Uint8Array;
}
function readAuthorisedRequest(input: Reader): AuthorisedRequest {
  return {
    counter: input.u32("counter"),
    mac: input.bytes("mac", 16),
    request: input.u8("request"),
    body: input.rest("body", 1529),
  };
}
function writeAuthorisedRequest(output: Writer, message: AuthorisedRequest): void {
  output.u32("counter", message.counter);
  output.bytes("mac", message.mac, 16);
  output.u8("request", message.request);
  output.rest("body", message.body, 1529);
}
export function encodeAuthorisedRequest(message: AuthorisedRequest): Uint8Array {
  return encode("AuthorisedRequest", (output) => writeAuthorisedRequest(output, message));
}
export function decodeAuthorisedRequest(bytes: Uint8Array): AuthorisedRequest {
  return decode("AuthorisedRequest", bytes, readAuthorisedRequest);
}

/** Reply to Authorised, behind the status Ok. */
export interface AuthorisedReply {
  /** At most 1549 bytes. The rest of the inner reply. */
  readonly reply: Uint8Array;
}
function readAuthorisedReply(input: Reader): AuthorisedReply {
  return {
    reply: input.rest("reply", 1549),
  };
}
function writeAuthorisedReply(output: Writer, message: AuthorisedReply): void {
  output.rest("reply", message.reply, 1549);
}
export function encodeAuthorisedReply(message: AuthorisedReply): Uint8Array {
  return encode("AuthorisedReply", (output) => writeAuthorisedReply(output, message));
}
export function decodeAuthorisedReply(bytes: Uint8Array): AuthorisedReply {
  return decode("AuthorisedReply", bytes, readAuthorisedReply);
}

/** The same behind another status. */
export interface AuthorisedError {
  /** At most 1549 bytes. The rest of the inner reply, or waitMs u32 after WrongPin and PinWait. */
  readonly reply: Uint8Array;
}
function readAuthorisedError(input: Reader): AuthorisedError {
  return {
    reply: input.rest("reply", 1549),
  };
}
function writeAuthorisedError(output: Writer, message: AuthorisedError): void {
  output.rest("reply", message.reply, 1549);
}
export function encodeAuthorisedError(message: AuthorisedError): Uint8Array {
  return encode("AuthorisedError", (output) => writeAuthorisedError(output, message));
}
export function decodeAuthorisedError(bytes: Uint8Array): AuthorisedError {
  return decode("AuthorisedError", bytes, readAuthorisedError);
}

/** How the board is. */
export type HealthRequest = Readonly<Record<string, never>>;
export function encodeHealthRequest(_message: HealthRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeHealthRequest(bytes: Uint8Array): HealthRequest {
  return decode("HealthRequest", bytes, () => ({}));
}

/** Reply to Health, behind the status Ok. */
export interface HealthReply {
  /** U8. Why it last started. */
  readonly resetCause: ResetCause;
  /** U64. Since then. */
  readonly uptimeMs: bigint;
  /** U64. The time, Unix ms; 0 if nobody has set it. */
  readonly unixMs: bigint;
  /** U16. Battery, mV; 0 if there is none or it cannot be measured. */
  readonly batteryMv: number;
  /** U8, 0 to 1. 1 while the battery is too low for the radio. */
  readonly resting: number;
  /** U8. What is logged. */
  readonly logLevel: LogLevel;
  /** U16. Bytes of the record storage in use. */
  readonly recordsUsed: number;
  /** U16. Its bytes. */
  readonly recordsSize: number;
  /** U32. Words programmed and pages erased since boot. */
  readonly flashWrites: number;
  /** U16. Messages kept. */
  readonly inboxCount: number;
  /** At most 160 bytes. What the last run said before it ended by a fault; empty if it did not. */
  readonly lastWords: string;
}
function readHealthReply(input: Reader): HealthReply {
  return {
    resetCause: input.u8("resetCause", 0, 7) as ResetCause,
    uptimeMs: input.u64("uptimeMs"),
    unixMs: input.u64("unixMs"),
    batteryMv: input.u16("batteryMv"),
    resting: input.u8("resting", 0, 1),
    logLevel: input.u8("logLevel", 0, 3) as LogLevel,
    recordsUsed: input.u16("recordsUsed"),
    recordsSize: input.u16("recordsSize"),
    flashWrites: input.u32("flashWrites"),
    inboxCount: input.u16("inboxCount"),
    lastWords: input.text("lastWords", 160),
  };
}
function writeHealthReply(output: Writer, message: HealthReply): void {
  output.u8("resetCause", message.resetCause, 0, 7);
  output.u64("uptimeMs", message.uptimeMs);
  output.u64("unixMs", message.unixMs);
  output.u16("batteryMv", message.batteryMv);
  output.u8("resting", message.resting, 0, 1);
  output.u8("logLevel", message.logLevel, 0, 3);
  output.u16("recordsUsed", message.recordsUsed);
  output.u16("recordsSize", message.recordsSize);
  output.u32("flashWrites", message.flashWrites);
  output.u16("inboxCount", message.inboxCount);
  output.text("lastWords", message.lastWords, 160);
}
export function encodeHealthReply(message: HealthReply): Uint8Array {
  return encode("HealthReply", (output) => writeHealthReply(output, message));
}
export function decodeHealthReply(bytes: Uint8Array): HealthReply {
  return decode("HealthReply", bytes, readHealthReply);
}

/** Proves the identity: signs `mehr/console/1` 00, challenge, nodeId. */
export interface ProveRequest {
  /** 32 bytes. Random bytes of the host's. */
  readonly challenge: Uint8Array;
}
function readProveRequest(input: Reader): ProveRequest {
  return {
    challenge: input.bytes("challenge", 32),
  };
}
function writeProveRequest(output: Writer, message: ProveRequest): void {
  output.bytes("challenge", message.challenge, 32);
}
export function encodeProveRequest(message: ProveRequest): Uint8Array {
  return encode("ProveRequest", (output) => writeProveRequest(output, message));
}
export function decodeProveRequest(bytes: Uint8Array): ProveRequest {
  return decode("ProveRequest", bytes, readProveRequest);
}

/** Reply to Prove, behind the status Ok. */
export interface ProveReply {
  /** 32 bytes. Ed25519, the one the address is made from. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. Ed25519. */
  readonly signature: Uint8Array;
}
function readProveReply(input: Reader): ProveReply {
  return {
    publicKey: input.bytes("publicKey", 32),
    signature: input.bytes("signature", 64),
  };
}
function writeProveReply(output: Writer, message: ProveReply): void {
  output.bytes("publicKey", message.publicKey, 32);
  output.bytes("signature", message.signature, 64);
}
export function encodeProveReply(message: ProveReply): Uint8Array {
  return encode("ProveReply", (output) => writeProveReply(output, message));
}
export function decodeProveReply(bytes: Uint8Array): ProveReply {
  return decode("ProveReply", bytes, readProveReply);
}

/** Messages that came for this node and were kept in RAM, the newest few. */
export interface InboxRequest {
  /** U32. Only those with a higher sequence. */
  readonly after: number;
}
function readInboxRequest(input: Reader): InboxRequest {
  return {
    after: input.u32("after"),
  };
}
function writeInboxRequest(output: Writer, message: InboxRequest): void {
  output.u32("after", message.after);
}
export function encodeInboxRequest(message: InboxRequest): Uint8Array {
  return encode("InboxRequest", (output) => writeInboxRequest(output, message));
}
export function decodeInboxRequest(bytes: Uint8Array): InboxRequest {
  return decode("InboxRequest", bytes, readInboxRequest);
}

/** Reply to Inbox, behind the status Ok. */
export interface InboxReply {
  /** U32. Sequence of the newest; 0 if there was none. */
  readonly latest: number;
  /** At most 6. Oldest first. */
  readonly messages: readonly InboxMessage[];
}
function readInboxReply(input: Reader): InboxReply {
  return {
    latest: input.u32("latest"),
    messages: input.list("messages", 6, readInboxMessage),
  };
}
function writeInboxReply(output: Writer, message: InboxReply): void {
  output.u32("latest", message.latest);
  output.list("messages", message.messages, 6, writeInboxMessage);
}
export function encodeInboxReply(message: InboxReply): Uint8Array {
  return encode("InboxReply", (output) => writeInboxReply(output, message));
}
export function decodeInboxReply(bytes: Uint8Array): InboxReply {
  return decode("InboxReply", bytes, readInboxReply);
}

/** Tells the board the time; it forgets it at a reset. */
export interface SetTimeRequest {
  /** U64. Unix ms. */
  readonly unixMs: bigint;
}
function readSetTimeRequest(input: Reader): SetTimeRequest {
  return {
    unixMs: input.u64("unixMs"),
  };
}
function writeSetTimeRequest(output: Writer, message: SetTimeRequest): void {
  output.u64("unixMs", message.unixMs);
}
export function encodeSetTimeRequest(message: SetTimeRequest): Uint8Array {
  return encode("SetTimeRequest", (output) => writeSetTimeRequest(output, message));
}
export function decodeSetTimeRequest(bytes: Uint8Array): SetTimeRequest {
  return decode("SetTimeRequest", bytes, readSetTimeRequest);
}

/** Reply to SetTime, behind the status Ok. */
export type SetTimeReply = Readonly<Record<string, never>>;
export function encodeSetTimeReply(_message: SetTimeReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeSetTimeReply(bytes: Uint8Array): SetTimeReply {
  return decode("SetTimeReply", bytes, () => ({}));
}

/** What is logged from now on, until a reset. */
export interface SetLogLevelRequest {
  /** U8. The least important to log. */
  readonly level: LogLevel;
}
function readSetLogLevelRequest(input: Reader): SetLogLevelRequest {
  return {
    level: input.u8("level", 0, 3) as LogLevel,
  };
}
function writeSetLogLevelRequest(output: Writer, message: SetLogLevelRequest): void {
  output.u8("level", message.level, 0, 3);
}
export function encodeSetLogLevelRequest(message: SetLogLevelRequest): Uint8Array {
  return encode("SetLogLevelRequest", (output) => writeSetLogLevelRequest(output, message));
}
export function decodeSetLogLevelRequest(bytes: Uint8Array): SetLogLevelRequest {
  return decode("SetLogLevelRequest", bytes, readSetLogLevelRequest);
}

/** Reply to SetLogLevel, behind the status Ok. */
export type SetLogLevelReply = Readonly<Record<string, never>>;
export function encodeSetLogLevelReply(_message: SetLogLevelReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeSetLogLevelReply(bytes: Uint8Array): SetLogLevelReply {
  return decode("SetLogLevelReply", bytes, () => ({}));
}

/** Stops the live core and makes a fresh one that only steps feed. */
export type ReplayOpenRequest = Readonly<Record<string, never>>;
export function encodeReplayOpenRequest(_message: ReplayOpenRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeReplayOpenRequest(bytes: Uint8Array): ReplayOpenRequest {
  return decode("ReplayOpenRequest", bytes, () => ({}));
}

/** Reply to ReplayOpen, behind the status Ok. */
export type ReplayOpenReply = Readonly<Record<string, never>>;
export function encodeReplayOpenReply(_message: ReplayOpenReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeReplayOpenReply(bytes: Uint8Array): ReplayOpenReply {
  return decode("ReplayOpenReply", bytes, () => ({}));
}

/** One step of a replay. */
export interface ReplayStepRequest {
  /** At most 1550 bytes. op u8, now_ms u64, body. */
  readonly step: Uint8Array;
}
function readReplayStepRequest(input: Reader): ReplayStepRequest {
  return {
    step: input.rest("step", 1550),
  };
}
function writeReplayStepRequest(output: Writer, message: ReplayStepRequest): void {
  output.rest("step", message.step, 1550);
}
export function encodeReplayStepRequest(message: ReplayStepRequest): Uint8Array {
  return encode("ReplayStepRequest", (output) => writeReplayStepRequest(output, message));
}
export function decodeReplayStepRequest(bytes: Uint8Array): ReplayStepRequest {
  return decode("ReplayStepRequest", bytes, readReplayStepRequest);
}

/** Reply to ReplayStep, behind the status Ok. */
export interface ReplayStepReply {
  /** U64. 2^64-1 never. */
  readonly deadline: bigint;
  /** At most 1541 bytes. Outputs of the call. */
  readonly outputs: Uint8Array;
}
function readReplayStepReply(input: Reader): ReplayStepReply {
  return {
    deadline: input.u64("deadline"),
    outputs: input.rest("outputs", 1541),
  };
}
function writeReplayStepReply(output: Writer, message: ReplayStepReply): void {
  output.u64("deadline", message.deadline);
  output.rest("outputs", message.outputs, 1541);
}
export function encodeReplayStepReply(message: ReplayStepReply): Uint8Array {
  return encode("ReplayStepReply", (output) => writeReplayStepReply(output, message));
}
export function decodeReplayStepReply(bytes: Uint8Array): ReplayStepReply {
  return decode("ReplayStepReply", bytes, readReplayStepReply);
}

/** The same behind another status. */
export interface ReplayStepError {
  /** U64. 2^64-1 never. */
  readonly deadline: bigint;
  /** At most 1541 bytes. Outputs of the call. */
  readonly outputs: Uint8Array;
}
function readReplayStepError(input: Reader): ReplayStepError {
  return {
    deadline: input.u64("deadline"),
    outputs: input.rest("outputs", 1541),
  };
}
function writeReplayStepError(output: Writer, message: ReplayStepError): void {
  output.u64("deadline", message.deadline);
  output.rest("outputs", message.outputs, 1541);
}
export function encodeReplayStepError(message: ReplayStepError): Uint8Array {
  return encode("ReplayStepError", (output) => writeReplayStepError(output, message));
}
export function decodeReplayStepError(bytes: Uint8Array): ReplayStepError {
  return decode("ReplayStepError", bytes, readReplayStepError);
}

/** State hash of the replay's core. */
export type ReplayHashRequest = Readonly<Record<string, never>>;
export function encodeReplayHashRequest(_message: ReplayHashRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeReplayHashRequest(bytes: Uint8Array): ReplayHashRequest {
  return decode("ReplayHashRequest", bytes, () => ({}));
}

/** Reply to ReplayHash, behind the status Ok. */
export interface ReplayHashReply {
  /** 32 bytes. BLAKE3. */
  readonly hash: Uint8Array;
}
function readReplayHashReply(input: Reader): ReplayHashReply {
  return {
    hash: input.bytes("hash", 32),
  };
}
function writeReplayHashReply(output: Writer, message: ReplayHashReply): void {
  output.bytes("hash", message.hash, 32);
}
export function encodeReplayHashReply(message: ReplayHashReply): Uint8Array {
  return encode("ReplayHashReply", (output) => writeReplayHashReply(output, message));
}
export function decodeReplayHashReply(bytes: Uint8Array): ReplayHashReply {
  return decode("ReplayHashReply", bytes, readReplayHashReply);
}

/** The same behind another status. */
export interface ReplayHashError {
  /** 32 bytes. Zeros. */
  readonly hash: Uint8Array;
}
function readReplayHashError(input: Reader): ReplayHashError {
  return {
    hash: input.bytes("hash", 32),
  };
}
function writeReplayHashError(output: Writer, message: ReplayHashError): void {
  output.bytes("hash", message.hash, 32);
}
export function encodeReplayHashError(message: ReplayHashError): Uint8Array {
  return encode("ReplayHashError", (output) => writeReplayHashError(output, message));
}
export function decodeReplayHashError(bytes: Uint8Array): ReplayHashError {
  return decode("ReplayHashError", bytes, readReplayHashError);
}

/** Ends the replay and boots the live core again. */
export type ReplayCloseRequest = Readonly<Record<string, never>>;
export function encodeReplayCloseRequest(_message: ReplayCloseRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeReplayCloseRequest(bytes: Uint8Array): ReplayCloseRequest {
  return decode("ReplayCloseRequest", bytes, () => ({}));
}

/** Reply to ReplayClose, behind the status Ok. */
export type ReplayCloseReply = Readonly<Record<string, never>>;
export function encodeReplayCloseReply(_message: ReplayCloseReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeReplayCloseReply(bytes: Uint8Array): ReplayCloseReply {
  return decode("ReplayCloseReply", bytes, () => ({}));
}

/** What is stored, read from the flash now: RecordMissing if nothing is, BadRecord if it is damaged. */
export type ProvisionReadRequest = Readonly<Record<string, never>>;
export function encodeProvisionReadRequest(_message: ProvisionReadRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeProvisionReadRequest(bytes: Uint8Array): ProvisionReadRequest {
  return decode("ProvisionReadRequest", bytes, () => ({}));
}

/** Reply to ProvisionRead, behind the status Ok. */
export interface ProvisionReadReply {
  /** With pinKey blanked. */
  readonly record: ProvisionRecord;
  /** At most 32. Trusted peers. */
  readonly trusted: readonly Peer[];
}
function readProvisionReadReply(input: Reader): ProvisionReadReply {
  return {
    record: input.struct("record", readProvisionRecord),
    trusted: input.list("trusted", 32, readPeer),
  };
}
function writeProvisionReadReply(output: Writer, message: ProvisionReadReply): void {
  output.struct("record", message.record, writeProvisionRecord);
  output.list("trusted", message.trusted, 32, writePeer);
}
export function encodeProvisionReadReply(message: ProvisionReadReply): Uint8Array {
  return encode("ProvisionReadReply", (output) => writeProvisionReadReply(output, message));
}
export function decodeProvisionReadReply(bytes: Uint8Array): ProvisionReadReply {
  return decode("ProvisionReadReply", bytes, readProvisionReadReply);
}

/** Checks a draft and keeps it in RAM; a later one replaces it. Nothing is stored. */
export interface ProvisionDraftRequest {
  /** All of it. */
  readonly record: ProvisionRecord;
  /** At most 32. All peers trusted from then on. */
  readonly trusted: readonly Peer[];
}
function readProvisionDraftRequest(input: Reader): ProvisionDraftRequest {
  return {
    record: input.struct("record", readProvisionRecord),
    trusted: input.list("trusted", 32, readPeer),
  };
}
function writeProvisionDraftRequest(output: Writer, message: ProvisionDraftRequest): void {
  output.struct("record", message.record, writeProvisionRecord);
  output.list("trusted", message.trusted, 32, writePeer);
}
export function encodeProvisionDraftRequest(message: ProvisionDraftRequest): Uint8Array {
  return encode("ProvisionDraftRequest", (output) => writeProvisionDraftRequest(output, message));
}
export function decodeProvisionDraftRequest(bytes: Uint8Array): ProvisionDraftRequest {
  return decode("ProvisionDraftRequest", bytes, readProvisionDraftRequest);
}

/** Reply to ProvisionDraft, behind the status Ok. */
export interface ProvisionDraftReply {
  /** 32 bytes. Of the draft as it came. */
  readonly sha256: Uint8Array;
}
function readProvisionDraftReply(input: Reader): ProvisionDraftReply {
  return {
    sha256: input.bytes("sha256", 32),
  };
}
function writeProvisionDraftReply(output: Writer, message: ProvisionDraftReply): void {
  output.bytes("sha256", message.sha256, 32);
}
export function encodeProvisionDraftReply(message: ProvisionDraftReply): Uint8Array {
  return encode("ProvisionDraftReply", (output) => writeProvisionDraftReply(output, message));
}
export function decodeProvisionDraftReply(bytes: Uint8Array): ProvisionDraftReply {
  return decode("ProvisionDraftReply", bytes, readProvisionDraftReply);
}

/** The same behind another status. */
export interface ProvisionDraftError {
  /** U8. The field refused. */
  readonly field: ProvisionField;
}
function readProvisionDraftError(input: Reader): ProvisionDraftError {
  return {
    field: input.u8("field", 0, 8) as ProvisionField,
  };
}
function writeProvisionDraftError(output: Writer, message: ProvisionDraftError): void {
  output.u8("field", message.field, 0, 8);
}
export function encodeProvisionDraftError(message: ProvisionDraftError): Uint8Array {
  return encode("ProvisionDraftError", (output) => writeProvisionDraftError(output, message));
}
export function decodeProvisionDraftError(bytes: Uint8Array): ProvisionDraftError {
  return decode("ProvisionDraftError", bytes, readProvisionDraftError);
}

/** Tries the draft's configuration on core and radio, stores all of it in one step, reads it back, and starts the relay with it. Until that step, and if anything fails, what was stored stays. */
export interface ProvisionCommitRequest {
  /** 32 bytes. Of the draft meant. */
  readonly sha256: Uint8Array;
}
function readProvisionCommitRequest(input: Reader): ProvisionCommitRequest {
  return {
    sha256: input.bytes("sha256", 32),
  };
}
function writeProvisionCommitRequest(output: Writer, message: ProvisionCommitRequest): void {
  output.bytes("sha256", message.sha256, 32);
}
export function encodeProvisionCommitRequest(message: ProvisionCommitRequest): Uint8Array {
  return encode("ProvisionCommitRequest", (output) => writeProvisionCommitRequest(output, message));
}
export function decodeProvisionCommitRequest(bytes: Uint8Array): ProvisionCommitRequest {
  return decode("ProvisionCommitRequest", bytes, readProvisionCommitRequest);
}

/** Reply to ProvisionCommit, behind the status Ok. */
export interface ProvisionCommitReply {
  /** U32. Words programmed and pages erased for it. */
  readonly flashWrites: number;
}
function readProvisionCommitReply(input: Reader): ProvisionCommitReply {
  return {
    flashWrites: input.u32("flashWrites"),
  };
}
function writeProvisionCommitReply(output: Writer, message: ProvisionCommitReply): void {
  output.u32("flashWrites", message.flashWrites);
}
export function encodeProvisionCommitReply(message: ProvisionCommitReply): Uint8Array {
  return encode("ProvisionCommitReply", (output) => writeProvisionCommitReply(output, message));
}
export function decodeProvisionCommitReply(bytes: Uint8Array): ProvisionCommitReply {
  return decode("ProvisionCommitReply", bytes, readProvisionCommitReply);
}

/** The same behind another status. */
export interface ProvisionCommitError {
  /** U8. The field refused. */
  readonly field: ProvisionField;
}
function readProvisionCommitError(input: Reader): ProvisionCommitError {
  return {
    field: input.u8("field", 0, 8) as ProvisionField,
  };
}
function writeProvisionCommitError(output: Writer, message: ProvisionCommitError): void {
  output.u8("field", message.field, 0, 8);
}
export function encodeProvisionCommitError(message: ProvisionCommitError): Uint8Array {
  return encode("ProvisionCommitError", (output) => writeProvisionCommitError(output, message));
}
export function decodeProvisionCommitError(bytes: Uint8Array): ProvisionCommitError {
  return decode("ProvisionCommitError", bytes, readProvisionCommitError);
}

/** Forgets the draft. */
export type ProvisionAbortRequest = Readonly<Record<string, never>>;
export function encodeProvisionAbortRequest(_message: ProvisionAbortRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeProvisionAbortRequest(bytes: Uint8Array): ProvisionAbortRequest {
  return decode("ProvisionAbortRequest", bytes, () => ({}));
}

/** Reply to ProvisionAbort, behind the status Ok. */
export type ProvisionAbortReply = Readonly<Record<string, never>>;
export function encodeProvisionAbortReply(_message: ProvisionAbortReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeProvisionAbortReply(bytes: Uint8Array): ProvisionAbortReply {
  return decode("ProvisionAbortReply", bytes, () => ({}));
}

/** Identity, destinations, provisioning and trusted peers, sealed to a key (docs/console.md, Boxes). */
export interface BackupRequest {
  /** 32 bytes. X25519 public key. */
  readonly recipient: Uint8Array;
}
function readBackupRequest(input: Reader): BackupRequest {
  return {
    recipient: input.bytes("recipient", 32),
  };
}
function writeBackupRequest(output: Writer, message: BackupRequest): void {
  output.bytes("recipient", message.recipient, 32);
}
export function encodeBackupRequest(message: BackupRequest): Uint8Array {
  return encode("BackupRequest", (output) => writeBackupRequest(output, message));
}
export function decodeBackupRequest(bytes: Uint8Array): BackupRequest {
  return decode("BackupRequest", bytes, readBackupRequest);
}

/** Reply to Backup, behind the status Ok. */
export interface BackupReply {
  /** At most 1549 bytes. The sealed backup. */
  readonly box: Uint8Array;
}
function readBackupReply(input: Reader): BackupReply {
  return {
    box: input.rest("box", 1549),
  };
}
function writeBackupReply(output: Writer, message: BackupReply): void {
  output.rest("box", message.box, 1549);
}
export function encodeBackupReply(message: BackupReply): Uint8Array {
  return encode("BackupReply", (output) => writeBackupReply(output, message));
}
export function decodeBackupReply(bytes: Uint8Array): BackupReply {
  return decode("BackupReply", bytes, readBackupReply);
}

/** A key made for one restore, gone with the session. */
export type RestoreKeyRequest = Readonly<Record<string, never>>;
export function encodeRestoreKeyRequest(_message: RestoreKeyRequest = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeRestoreKeyRequest(bytes: Uint8Array): RestoreKeyRequest {
  return decode("RestoreKeyRequest", bytes, () => ({}));
}

/** Reply to RestoreKey, behind the status Ok. */
export interface RestoreKeyReply {
  /** 32 bytes. X25519. */
  readonly publicKey: Uint8Array;
}
function readRestoreKeyReply(input: Reader): RestoreKeyReply {
  return {
    publicKey: input.bytes("publicKey", 32),
  };
}
function writeRestoreKeyReply(output: Writer, message: RestoreKeyReply): void {
  output.bytes("publicKey", message.publicKey, 32);
}
export function encodeRestoreKeyReply(message: RestoreKeyReply): Uint8Array {
  return encode("RestoreKeyReply", (output) => writeRestoreKeyReply(output, message));
}
export function decodeRestoreKeyReply(bytes: Uint8Array): RestoreKeyReply {
  return decode("RestoreKeyReply", bytes, readRestoreKeyReply);
}

/** Takes a backup sealed to that key: all of it is stored in one step, then the relay starts with it. */
export interface RestoreRequest {
  /** At most 1518 bytes. The sealed backup. */
  readonly box: Uint8Array;
}
function readRestoreRequest(input: Reader): RestoreRequest {
  return {
    box: input.rest("box", 1518),
  };
}
function writeRestoreRequest(output: Writer, message: RestoreRequest): void {
  output.rest("box", message.box, 1518);
}
export function encodeRestoreRequest(message: RestoreRequest): Uint8Array {
  return encode("RestoreRequest", (output) => writeRestoreRequest(output, message));
}
export function decodeRestoreRequest(bytes: Uint8Array): RestoreRequest {
  return decode("RestoreRequest", bytes, readRestoreRequest);
}

/** Reply to Restore, behind the status Ok. */
export interface RestoreReply {
  /** 16 bytes. The address it has now. */
  readonly nodeId: Uint8Array;
  /** U32. Words programmed and pages erased for it. */
  readonly flashWrites: number;
}
function readRestoreReply(input: Reader): RestoreReply {
  return {
    nodeId: input.bytes("nodeId", 16),
    flashWrites: input.u32("flashWrites"),
  };
}
function writeRestoreReply(output: Writer, message: RestoreReply): void {
  output.bytes("nodeId", message.nodeId, 16);
  output.u32("flashWrites", message.flashWrites);
}
export function encodeRestoreReply(message: RestoreReply): Uint8Array {
  return encode("RestoreReply", (output) => writeRestoreReply(output, message));
}
export function decodeRestoreReply(bytes: Uint8Array): RestoreReply {
  return decode("RestoreReply", bytes, readRestoreReply);
}

/** Asks for what a factory reset must be confirmed with. */
export interface ResetTokenRequest {
  /** U8. What is to be forgotten. */
  readonly level: ResetLevel;
}
function readResetTokenRequest(input: Reader): ResetTokenRequest {
  return {
    level: input.u8("level", 0, 1) as ResetLevel,
  };
}
function writeResetTokenRequest(output: Writer, message: ResetTokenRequest): void {
  output.u8("level", message.level, 0, 1);
}
export function encodeResetTokenRequest(message: ResetTokenRequest): Uint8Array {
  return encode("ResetTokenRequest", (output) => writeResetTokenRequest(output, message));
}
export function decodeResetTokenRequest(bytes: Uint8Array): ResetTokenRequest {
  return decode("ResetTokenRequest", bytes, readResetTokenRequest);
}

/** Reply to ResetToken, behind the status Ok. */
export interface ResetTokenReply {
  /** 8 bytes. Good for this level, one minute, once. */
  readonly token: Uint8Array;
}
function readResetTokenReply(input: Reader): ResetTokenReply {
  return {
    token: input.bytes("token", 8),
  };
}
function writeResetTokenReply(output: Writer, message: ResetTokenReply): void {
  output.bytes("token", message.token, 8);
}
export function encodeResetTokenReply(message: ResetTokenReply): Uint8Array {
  return encode("ResetTokenReply", (output) => writeResetTokenReply(output, message));
}
export function decodeResetTokenReply(bytes: Uint8Array): ResetTokenReply {
  return decode("ResetTokenReply", bytes, readResetTokenReply);
}

/** Forgets provisioning and trusted peers, and by level the identity, in one step; the airtime used stays on record. Then resets. Without a PIN in hand it is taken within a minute of power-on, and only with ForgetIdentity. */
export interface FactoryResetRequest {
  /** U8. As in ResetToken. */
  readonly level: ResetLevel;
  /** 8 bytes. Its token. */
  readonly token: Uint8Array;
}
function readFactoryResetRequest(input: Reader): FactoryResetRequest {
  return {
    level: input.u8("level", 0, 1) as ResetLevel,
    token: input.bytes("token", 8),
  };
}
function writeFactoryResetRequest(output: Writer, message: FactoryResetRequest): void {
  output.u8("level", message.level, 0, 1);
  output.bytes("token", message.token, 8);
}
export function encodeFactoryResetRequest(message: FactoryResetRequest): Uint8Array {
  return encode("FactoryResetRequest", (output) => writeFactoryResetRequest(output, message));
}
export function decodeFactoryResetRequest(bytes: Uint8Array): FactoryResetRequest {
  return decode("FactoryResetRequest", bytes, readFactoryResetRequest);
}

/** Reply to FactoryReset, behind the status Ok. */
export type FactoryResetReply = Readonly<Record<string, never>>;
export function encodeFactoryResetReply(_message: FactoryResetReply = {}): Uint8Array {
  return new Uint8Array(0);
}
export function decodeFactoryResetReply(bytes: Uint8Array): FactoryResetReply {
  return decode("FactoryResetReply", bytes, () => ({}));
}

/** The core runs: Identify's reply. */
export interface ReadyNotice {
  /** U8. 0. */
  readonly status: number;
  /** Who it is. */
  readonly identity: Identity;
}
function readReadyNotice(input: Reader): ReadyNotice {
  return {
    status: input.u8("status"),
    identity: input.struct("identity", readIdentity),
  };
}
function writeReadyNotice(output: Writer, message: ReadyNotice): void {
  output.u8("status", message.status);
  output.struct("identity", message.identity, writeIdentity);
}
export function encodeReadyNotice(message: ReadyNotice): Uint8Array {
  return encode("ReadyNotice", (output) => writeReadyNotice(output, message));
}
export function decodeReadyNotice(bytes: Uint8Array): ReadyNotice {
  return decode("ReadyNotice", bytes, readReadyNotice);
}

/** A sentence for the owner's log. */
export interface LogNotice {
  /** U8. How important. */
  readonly level: LogLevel;
  /** At most 400 bytes. The sentence. */
  readonly text: string;
}
function readLogNotice(input: Reader): LogNotice {
  return {
    level: input.u8("level", 0, 3) as LogLevel,
    text: input.restText("text", 400),
  };
}
function writeLogNotice(output: Writer, message: LogNotice): void {
  output.u8("level", message.level, 0, 3);
  output.restText("text", message.text, 400);
}
export function encodeLogNotice(message: LogNotice): Uint8Array {
  return encode("LogNotice", (output) => writeLogNotice(output, message));
}
export function decodeLogNotice(bytes: Uint8Array): LogNotice {
  return decode("LogNotice", bytes, readLogNotice);
}

/** An event of the core (abi.ts). A locked board keeps what messages say for the inbox. */
export interface EventNotice {
  /** U8. Event. */
  readonly kind: number;
  /** I16 or none. Of the frame that caused it; none if no frame of the radio did. */
  readonly rssiDbm: number | undefined;
  /** I16 or none. The same, quarter dB. */
  readonly snrQdb: number | undefined;
  /** At most 1545 bytes. As its kind has them. */
  readonly bytes: Uint8Array;
}
function readEventNotice(input: Reader): EventNotice {
  return {
    kind: input.u8("kind"),
    rssiDbm: input.maybe("rssiDbm"),
    snrQdb: input.maybe("snrQdb"),
    bytes: input.rest("bytes", 1545),
  };
}
function writeEventNotice(output: Writer, message: EventNotice): void {
  output.u8("kind", message.kind);
  output.maybe("rssiDbm", message.rssiDbm);
  output.maybe("snrQdb", message.snrQdb);
  output.rest("bytes", message.bytes, 1545);
}
export function encodeEventNotice(message: EventNotice): Uint8Array {
  return encode("EventNotice", (output) => writeEventNotice(output, message));
}
export function decodeEventNotice(bytes: Uint8Array): EventNotice {
  return decode("EventNotice", bytes, readEventNotice);
}

/** Frames to the board were dropped. */
export interface FrameErrorNotice {
  /** U8, 0 to 1. 0 console, 1 radio. */
  readonly port: number;
  /** U8, 1 to 7. 1 to 7, see Frames. */
  readonly reason: number;
  /** U32. How many so far. */
  readonly count: number;
}
function readFrameErrorNotice(input: Reader): FrameErrorNotice {
  return {
    port: input.u8("port", 0, 1),
    reason: input.u8("reason", 1, 7),
    count: input.u32("count"),
  };
}
function writeFrameErrorNotice(output: Writer, message: FrameErrorNotice): void {
  output.u8("port", message.port, 0, 1);
  output.u8("reason", message.reason, 1, 7);
  output.u32("count", message.count);
}
export function encodeFrameErrorNotice(message: FrameErrorNotice): Uint8Array {
  return encode("FrameErrorNotice", (output) => writeFrameErrorNotice(output, message));
}
export function decodeFrameErrorNotice(bytes: Uint8Array): FrameErrorNotice {
  return decode("FrameErrorNotice", bytes, readFrameErrorNotice);
}

/** The core does not run. */
export interface FatalNotice {
  /** U8. Why. */
  readonly status: number;
  /** At most 420 bytes. The same in words. */
  readonly sentence: string;
}
function readFatalNotice(input: Reader): FatalNotice {
  return {
    status: input.u8("status"),
    sentence: input.restText("sentence", 420),
  };
}
function writeFatalNotice(output: Writer, message: FatalNotice): void {
  output.u8("status", message.status);
  output.restText("sentence", message.sentence, 420);
}
export function encodeFatalNotice(message: FatalNotice): Uint8Array {
  return encode("FatalNotice", (output) => writeFatalNotice(output, message));
}
export function decodeFatalNotice(bytes: Uint8Array): FatalNotice {
  return decode("FatalNotice", bytes, readFatalNotice);
}

/** Reply to Command.Status; counters follow, u32 each in the order of Counter, then frames refused by Status from 0 on. */
export interface StatusReport {
  /** U8. Neighbours in the table. */
  readonly neighboursKnown: number;
  /** U8. Of these, heard within 180 s. */
  readonly neighboursUp: number;
  /** U8. 0. */
  readonly zero: number;
  /** U32. Version of the boundary. */
  readonly abiVersion: number;
  /** 16 bytes. The relay's address. */
  readonly nodeId: Uint8Array;
  /** U64. Since the core booted. */
  readonly uptimeMs: bigint;
  /** U64. When the next beacon is due, ms of this boot; 2^64-1 never. */
  readonly nextBeaconMs: bigint;
  /** U32. Of the channel, by everybody heard and this node. */
  readonly utilisationPermille: number;
  /** U32. Packets in the duplicate filter. */
  readonly seen: number;
  /** U32. On the air in the 62 minutes that count for the law. */
  readonly airtimeUsedMs: number;
  /** U32. Allowed in an hour; 3600000 without a limit. */
  readonly airtimeAllowedMs: number;
}
function readStatusReport(input: Reader): StatusReport {
  return {
    neighboursKnown: input.u8("neighboursKnown"),
    neighboursUp: input.u8("neighboursUp"),
    zero: input.u8("zero"),
    abiVersion: input.u32("abiVersion"),
    nodeId: input.bytes("nodeId", 16),
    uptimeMs: input.u64("uptimeMs"),
    nextBeaconMs: input.u64("nextBeaconMs"),
    utilisationPermille: input.u32("utilisationPermille"),
    seen: input.u32("seen"),
    airtimeUsedMs: input.u32("airtimeUsedMs"),
    airtimeAllowedMs: input.u32("airtimeAllowedMs"),
  };
}
function writeStatusReport(output: Writer, message: StatusReport): void {
  output.u8("neighboursKnown", message.neighboursKnown);
  output.u8("neighboursUp", message.neighboursUp);
  output.u8("zero", message.zero);
  output.u32("abiVersion", message.abiVersion);
  output.bytes("nodeId", message.nodeId, 16);
  output.u64("uptimeMs", message.uptimeMs);
  output.u64("nextBeaconMs", message.nextBeaconMs);
  output.u32("utilisationPermille", message.utilisationPermille);
  output.u32("seen", message.seen);
  output.u32("airtimeUsedMs", message.airtimeUsedMs);
  output.u32("airtimeAllowedMs", message.airtimeAllowedMs);
}
export function encodeStatusReport(message: StatusReport): Uint8Array {
  return encode("StatusReport", (output) => writeStatusReport(output, message));
}
export function decodeStatusReport(bytes: Uint8Array): StatusReport {
  return decode("StatusReport", bytes, readStatusReport);
}

/** A neighbour: Command.Neighbours, Event.NeighbourFound. */
export interface NeighbourReport {
  /** 16 bytes. Its address. */
  readonly nodeId: Uint8Array;
  /** U16. Capability bits of its beacon. */
  readonly capabilities: number;
  /** U8. 0 free to 3 expensive. */
  readonly costTier: number;
  /** U8. As its beacon says. */
  readonly load: number;
  /** I16. Of its last beacon. */
  readonly rssiDbm: number;
  /** I16. The same, quarter dB. */
  readonly snrQdb: number;
  /** U32. Beacons heard. */
  readonly beacons: number;
  /** U8. 1 up, 2 down. */
  readonly state: number;
  /** U8. Interface: 0 the radio. */
  readonly port: number;
  /** U16. 0. */
  readonly zero: number;
  /** U64. Since it was first heard. */
  readonly knownForMs: bigint;
  /** U32. Since it was last heard. */
  readonly silentForMs: number;
}
function readNeighbourReport(input: Reader): NeighbourReport {
  return {
    nodeId: input.bytes("nodeId", 16),
    capabilities: input.u16("capabilities"),
    costTier: input.u8("costTier"),
    load: input.u8("load"),
    rssiDbm: input.i16("rssiDbm"),
    snrQdb: input.i16("snrQdb"),
    beacons: input.u32("beacons"),
    state: input.u8("state"),
    port: input.u8("port"),
    zero: input.u16("zero"),
    knownForMs: input.u64("knownForMs"),
    silentForMs: input.u32("silentForMs"),
  };
}
function writeNeighbourReport(output: Writer, message: NeighbourReport): void {
  output.bytes("nodeId", message.nodeId, 16);
  output.u16("capabilities", message.capabilities);
  output.u8("costTier", message.costTier);
  output.u8("load", message.load);
  output.i16("rssiDbm", message.rssiDbm);
  output.i16("snrQdb", message.snrQdb);
  output.u32("beacons", message.beacons);
  output.u8("state", message.state);
  output.u8("port", message.port);
  output.u16("zero", message.zero);
  output.u64("knownForMs", message.knownForMs);
  output.u32("silentForMs", message.silentForMs);
}
export function encodeNeighbourReport(message: NeighbourReport): Uint8Array {
  return encode("NeighbourReport", (output) => writeNeighbourReport(output, message));
}
export function decodeNeighbourReport(bytes: Uint8Array): NeighbourReport {
  return decode("NeighbourReport", bytes, readNeighbourReport);
}

/** A link: Command.Links. */
export interface LinkReport {
  /** 16 bytes. The peer's address. */
  readonly nodeId: Uint8Array;
  /** U8. 1 while it does not answer. */
  readonly suspect: number;
  /** U8. Interface: 0 the radio. */
  readonly port: number;
  /** U8. 1 if this node asked for it. */
  readonly initiator: number;
  /** U8. Of 255. */
  readonly reliability: number;
  /** U8. 0 unfunded, 1 trusted, 2 paying. */
  readonly relayClass: number;
  /** U8. Phase of the keys. */
  readonly phase: number;
  /** U16. Largest packet, bytes. */
  readonly mtu: number;
  /** U32. What its relaying costs, micro-MHR per KiB. */
  readonly price: number;
  /** U32. One way. */
  readonly latencyMs: number;
  /** U32. Since it came up. */
  readonly upForS: number;
  /** U32. Since something came over it. */
  readonly silentForMs: number;
  /** U64. Its clock less ours, two's complement. */
  readonly clockOffsetMs: bigint;
}
function readLinkReport(input: Reader): LinkReport {
  return {
    nodeId: input.bytes("nodeId", 16),
    suspect: input.u8("suspect"),
    port: input.u8("port"),
    initiator: input.u8("initiator"),
    reliability: input.u8("reliability"),
    relayClass: input.u8("relayClass"),
    phase: input.u8("phase"),
    mtu: input.u16("mtu"),
    price: input.u32("price"),
    latencyMs: input.u32("latencyMs"),
    upForS: input.u32("upForS"),
    silentForMs: input.u32("silentForMs"),
    clockOffsetMs: input.u64("clockOffsetMs"),
  };
}
function writeLinkReport(output: Writer, message: LinkReport): void {
  output.bytes("nodeId", message.nodeId, 16);
  output.u8("suspect", message.suspect);
  output.u8("port", message.port);
  output.u8("initiator", message.initiator);
  output.u8("reliability", message.reliability);
  output.u8("relayClass", message.relayClass);
  output.u8("phase", message.phase);
  output.u16("mtu", message.mtu);
  output.u32("price", message.price);
  output.u32("latencyMs", message.latencyMs);
  output.u32("upForS", message.upForS);
  output.u32("silentForMs", message.silentForMs);
  output.u64("clockOffsetMs", message.clockOffsetMs);
}
export function encodeLinkReport(message: LinkReport): Uint8Array {
  return encode("LinkReport", (output) => writeLinkReport(output, message));
}
export function decodeLinkReport(bytes: Uint8Array): LinkReport {
  return decode("LinkReport", bytes, readLinkReport);
}

/** A destination and its best path: Command.Routes, behind next u16. */
export interface RouteReport {
  /** 16 bytes. Where it leads. */
  readonly destination: Uint8Array;
  /** 16 bytes. The neighbour it goes by. */
  readonly nextHop: Uint8Array;
  /** U16. CompactPathCost. */
  readonly costCode: number;
  /** U16. One way. */
  readonly latencyMs: number;
  /** U8. round(8 log2 bps). */
  readonly rateCode: number;
  /** U8. Relays in between, and one. */
  readonly hops: number;
  /** U8. (mtu - 484) / 16. */
  readonly mtuCode: number;
  /** U8. Paths known; bit 7 set if stale. */
  readonly paths: number;
}
function readRouteReport(input: Reader): RouteReport {
  return {
    destination: input.bytes("destination", 16),
    nextHop: input.bytes("nextHop", 16),
    costCode: input.u16("costCode"),
    latencyMs: input.u16("latencyMs"),
    rateCode: input.u8("rateCode"),
    hops: input.u8("hops"),
    mtuCode: input.u8("mtuCode"),
    paths: input.u8("paths"),
  };
}
function writeRouteReport(output: Writer, message: RouteReport): void {
  output.bytes("destination", message.destination, 16);
  output.bytes("nextHop", message.nextHop, 16);
  output.u16("costCode", message.costCode);
  output.u16("latencyMs", message.latencyMs);
  output.u8("rateCode", message.rateCode);
  output.u8("hops", message.hops);
  output.u8("mtuCode", message.mtuCode);
  output.u8("paths", message.paths);
}
export function encodeRouteReport(message: RouteReport): Uint8Array {
  return encode("RouteReport", (output) => writeRouteReport(output, message));
}
export function decodeRouteReport(bytes: Uint8Array): RouteReport {
  return decode("RouteReport", bytes, readRouteReport);
}

/** Event.Message. */
export interface MessageEvent {
  /** 16 bytes. Which of this node's destinations. */
  readonly destination: Uint8Array;
  /** U8. Context. */
  readonly context: number;
  /** U8. Sub-type. */
  readonly subType: number;
  /** At most 1550 bytes. The data. */
  readonly data: Uint8Array;
}
function readMessageEvent(input: Reader): MessageEvent {
  return {
    destination: input.bytes("destination", 16),
    context: input.u8("context"),
    subType: input.u8("subType"),
    data: input.rest("data", 1550),
  };
}
function writeMessageEvent(output: Writer, message: MessageEvent): void {
  output.bytes("destination", message.destination, 16);
  output.u8("context", message.context);
  output.u8("subType", message.subType);
  output.rest("data", message.data, 1550);
}
export function encodeMessageEvent(message: MessageEvent): Uint8Array {
  return encode("MessageEvent", (output) => writeMessageEvent(output, message));
}
export function decodeMessageEvent(bytes: Uint8Array): MessageEvent {
  return decode("MessageEvent", bytes, readMessageEvent);
}

/** Event.ProbeResult. */
export interface ProbeEvent {
  /** 16 bytes. Who answered. */
  readonly destination: Uint8Array;
  /** U16. Of the probe. */
  readonly id: number;
  /** U32. There and back. */
  readonly roundTripMs: number;
  /** U16. Of the probe as it arrived, bytes. */
  readonly receivedSize: number;
  /** U16. The responder's. */
  readonly mtu: number;
  /** U32. Its bits over half the round trip, at most the responder's link. */
  readonly bps: number;
}
function readProbeEvent(input: Reader): ProbeEvent {
  return {
    destination: input.bytes("destination", 16),
    id: input.u16("id"),
    roundTripMs: input.u32("roundTripMs"),
    receivedSize: input.u16("receivedSize"),
    mtu: input.u16("mtu"),
    bps: input.u32("bps"),
  };
}
function writeProbeEvent(output: Writer, message: ProbeEvent): void {
  output.bytes("destination", message.destination, 16);
  output.u16("id", message.id);
  output.u32("roundTripMs", message.roundTripMs);
  output.u16("receivedSize", message.receivedSize);
  output.u16("mtu", message.mtu);
  output.u32("bps", message.bps);
}
export function encodeProbeEvent(message: ProbeEvent): Uint8Array {
  return encode("ProbeEvent", (output) => writeProbeEvent(output, message));
}
export function decodeProbeEvent(bytes: Uint8Array): ProbeEvent {
  return decode("ProbeEvent", bytes, readProbeEvent);
}

/** Bytes of a report, where it has no open end. */
export const REPORT_SIZES = {
  StatusReport: 55,
  NeighbourReport: 44,
  LinkReport: 48,
  RouteReport: 40,
  ProbeEvent: 30,
} as const;
