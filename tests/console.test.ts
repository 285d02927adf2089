/**
 * The console of the real firmware, as a Linux process: every request taken apart as the schema says, sessions, the lock,
 * boxes and the inbox. Proofs, keys and boxes are made here by node:crypto and noble, not by the host's own code.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPublicKey,
  randomBytes,
  randomFillSync,
  scryptSync,
  timingSafeEqual,
  verify,
} from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bootConfig, encodeBootConfig } from "../boards/config.ts";
import type { ConsoleListener } from "../host/board/console.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { VirtualBoardProcess } from "../host/board/virtual.ts";
import { Command, Event, RecordKey, Status } from "../host/core/abi.gen.ts";
import * as messages from "../host/board/messages.gen.ts";
import { type Field, REQUESTS, STRUCTS } from "../toolchain/console/schema.ts";
import { phyOf, RelayNode } from "../host/node/node.ts";
import { Channel } from "../host/radio/channel.ts";
import { RealClock } from "../host/radio/clock.ts";
import { airtimeOf } from "../host/run/fleet.ts";
import { compileCore } from "../toolchain/core/compile.ts";
import { buildImage, root, until, virtualBoard } from "./support/images.ts";
import "./fast-check.ts";

const { Request, LockState, LogLevel, ResetCause, ResetLevel } = messages;
type RequestType = messages.Request;

/** Quality of service and context of a text (host/conformance/network-scenario.ts). */
const QOS = 0x40;
const TEXT = [0xf7, 0x10] as const;

let image: string;
let folder: string;
beforeAll(async () => {
  image = (await buildImage("native")).image;
  folder = mkdtempSync(join(tmpdir(), "mehr-console-"));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let boards = 0;

/** A running board, what it has said, and where its flash is. */
interface Running {
  readonly board: VirtualBoardProcess;
  readonly logs: string[];
  readonly events: { kind: Event; bytes: Uint8Array }[];
  ready: number;
}

/** Starts a board, alone or on a channel. */
async function start(flash: string, channel?: Channel): Promise<Running> {
  const logs: string[] = [];
  const events: { kind: Event; bytes: Uint8Array }[] = [];
  const running = { logs, events, ready: 0 };
  const listener: ConsoleListener = {
    log: (level, text) => logs.push(`${level}: ${text}`),
    event: (kind, bytes) => events.push({ kind, bytes }),
    ready: () => running.ready++,
  };
  const name = `board ${++boards}`;
  const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]): void =>
    new RadioPort({ name, stream, ...(channel ? { channel } : {}) }).tune(phyOf(bootConfig(virtualBoard("native"))));
  const board = await VirtualBoardProcess.start({ board: virtualBoard("native"), image, name, listener, radio, flash });
  return Object.assign(running, { board });
}

const newFlash = (): string => join(folder, `flash-${++boards}`);

/** Runs `use` with a fresh board, or with one of a flash that has been used. */
async function withBoard<T>(use: (running: Running) => Promise<T>, flash = newFlash()): Promise<T> {
  const running = await start(flash);
  try {
    return await use(running);
  } finally {
    await running.board.stop();
  }
}

interface Answer {
  readonly status: Status;
  readonly body: Uint8Array;
}

async function ask(
  { board }: Pick<Running, "board">,
  type: number,
  payload: Uint8Array = new Uint8Array(0),
): Promise<Answer> {
  const reply = await board.console.request(type as RequestType, payload);
  return { status: reply[0] as Status, body: reply.subarray(1) };
}

/** A session as docs/console.md describes it. */
class Session {
  readonly hello: messages.HelloReply;
  readonly #running: Pick<Running, "board">;
  key = new Uint8Array(32);
  counter = 0;

  private constructor(running: Pick<Running, "board">, hello: messages.HelloReply) {
    this.#running = running;
    this.hello = hello;
  }

  static async open(running: Pick<Running, "board">, pin?: string): Promise<Session> {
    const { status, body } = await ask(running, Request.Hello, Uint8Array.of(1, 1));
    expect(status).toBe(Status.Ok);
    const session = new Session(running, messages.decodeHelloReply(body));
    const { pinSalt, pinLogN } = session.hello;
    if (pin !== undefined) session.key = keyOf(pin, pinSalt, pinLogN);
    return session;
  }

  payload(type: number, body: Uint8Array, counter: number, key = this.key): Uint8Array {
    const head = Buffer.alloc(5);
    head.writeUInt32LE(counter, 0);
    head[4] = type;
    const mac = createHmac("sha256", key).update(this.hello.nonce).update(head).update(body).digest().subarray(0, 16);
    return Buffer.concat([head.subarray(0, 4), mac, head.subarray(4), body]);
  }

  ask(type: number, body: Uint8Array = new Uint8Array(0)): Promise<Answer> {
    return this.send(this.payload(type, body, ++this.counter));
  }

  send(payload: Uint8Array): Promise<Answer> {
    return ask(this.#running, Request.Authorised, payload);
  }
}

const LOG_N = 14;
const SALT = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
const keyOf = (pin: string, salt: Uint8Array, logN: number): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(scryptSync(pin, salt, 32, { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** 30 }));

/** A draft of this board with a PIN or without; one that is `quiet` sends nothing, so that its flash is left alone too. */
function draft(pin?: string, trusted: readonly Uint8Array[] = [], quiet = true): Uint8Array {
  return messages.encodeProvisionDraftRequest({
    record: {
      version: 1,
      flags: 0,
      antennaGainTenths: 21,
      region: "eu868",
      name: "roof",
      config: encodeBootConfig({ ...bootConfig(virtualBoard("native")), transmitAllowed: !quiet }),
      pinLogN: pin === undefined ? 0 : LOG_N,
      pinSalt: pin === undefined ? new Uint8Array(16) : SALT,
      pinKey: pin === undefined ? new Uint8Array(32) : keyOf(pin, SALT, LOG_N),
      provisionedMs: 1_700_000_000_000n,
    },
    trusted: trusted.map((nodeId) => ({ nodeId })),
  });
}

async function provision(session: Session, bytes: Uint8Array): Promise<void> {
  const { status, body } = await session.ask(Request.ProvisionDraft, bytes);
  expect(status).toBe(Status.Ok);
  expect((await session.ask(Request.ProvisionCommit, body)).status).toBe(Status.Ok);
}

/** A board with a PIN. Its session's key is that PIN's. */
async function locked(
  running: Pick<Running, "board">,
  pin: string,
  trusted: readonly Uint8Array[] = [],
  quiet = true,
): Promise<Session> {
  const session = await Session.open(running);
  await provision(session, draft(pin, trusted, quiet));
  session.key = keyOf(pin, SALT, LOG_N);
  return session;
}

const identity = async (running: Running): Promise<messages.Identity> =>
  messages.decodeIdentifyReply((await ask(running, Request.Identify)).body).identity;
const health = async (running: Pick<Running, "board">): Promise<messages.HealthReply> =>
  messages.decodeHealthReply((await ask(running, Request.Health)).body);

/** What must not change when a request is refused. */
async function state(running: Running): Promise<unknown> {
  const { logLevel, unixMs, flashWrites, inboxCount } = await health(running);
  const { status, body } = await ask(running, Request.ProvisionRead);
  return {
    identity: await identity(running),
    logLevel,
    unixMs,
    flashWrites,
    inboxCount,
    status,
    stored: Buffer.from(body),
  };
}

const decoders = messages as unknown as Record<string, (bytes: Uint8Array) => unknown>;
function decodes(name: string, payload: Uint8Array): boolean {
  try {
    decoders[`decode${name}Request`]?.(payload);
    return true;
  } catch {
    return false;
  }
}

/** Bytes of a field that a reader takes, and of the same field that it does not. */
function field({ type, range }: Field): { good: number[]; bad: number[][] } {
  const zeros = (n: number): number[] => new Array<number>(n).fill(0);
  if (typeof type === "string") {
    const size = { u8: 1, u16: 2, u32: 4, u64: 8, i16: 2, "i16?": 2 }[type];
    const good = zeros(size);
    if (range) good[0] = range[0];
    const over = zeros(size);
    over[0] = (range?.[1] ?? 0) + 1;
    return { good, bad: range ? [over] : [] };
  }
  if ("enum" in type) return { good: [0], bad: [[200], [255]] };
  if ("bytes" in type) return { good: zeros(type.bytes), bad: [] };
  if ("blob" in type) return { good: [1, 7], bad: [[type.blob + 1, ...zeros(type.blob + 1)]] };
  if ("text" in type) {
    const long = [type.text + 1, ...new Array<number>(type.text + 1).fill(0x61)];
    return { good: [1, 0x61], bad: [long, [1, 7], [1, 0xff], [2, 0xc0, 0x80], [1, 0x7f]] };
  }
  if ("rest" in type) return { good: [], bad: [] };
  if ("restText" in type) return { good: [0x61], bad: [[0xff]] };
  const inner = fields(STRUCTS["struct" in type ? type.struct : type.list]?.fields ?? []);
  return "struct" in type ? inner : { good: inner.good, bad: [inner.good.slice(1)] };
}

/** The same of a message: everything sound, and everything sound but for one field. */
function fields(of: readonly Field[]): { good: number[]; bad: number[][] } {
  const parts = of.map(field);
  const good = parts.flatMap((part) => part.good);
  const bad = parts.flatMap((part, i) =>
    part.bad.map((wrong) => parts.flatMap((other, j) => (i === j ? wrong : other.good))),
  );
  return { good, bad };
}

/** An X25519 public key as node:crypto wants it is an Ed25519 one with another OID: RFC 8410. */
function ed25519(publicKey: Uint8Array): ReturnType<typeof createPublicKey> {
  const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), publicKey]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

function boxKey(shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(Buffer.concat([Buffer.from("mehr/console-box/1\0"), shared, ephemeral, recipient]), { dkLen: 32 });
}

function openBox(secret: Uint8Array, box: Uint8Array): Buffer {
  const ephemeral = box.subarray(0, 32);
  const key = boxKey(x25519.getSharedSecret(secret, ephemeral), ephemeral, x25519.getPublicKey(secret));
  const cipher = createDecipheriv("chacha20-poly1305", key, new Uint8Array(12), { authTagLength: 16 });
  cipher.setAuthTag(box.subarray(box.length - 16));
  return Buffer.concat([cipher.update(box.subarray(32, box.length - 16)), cipher.final()]);
}

function sealBox(recipient: Uint8Array, plain: Uint8Array): Uint8Array {
  const secret = randomBytes(32);
  const ephemeral = x25519.getPublicKey(secret);
  const key = boxKey(x25519.getSharedSecret(secret, recipient), ephemeral, recipient);
  const cipher = createCipheriv("chacha20-poly1305", key, new Uint8Array(12), { authTagLength: 16 });
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([ephemeral, sealed, cipher.getAuthTag()]);
}

/** Records of a backup by key. */
function backupRecords(plain: Buffer): Map<number, Buffer> {
  expect(plain.subarray(0, 5).toString("latin1")).toBe("MHRB\x01");
  const records = new Map<number, Buffer>();
  for (let at = 5; at < plain.length;) {
    const length = plain.readUInt16LE(at + 2);
    records.set(plain.readUInt16LE(at), plain.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return records;
}

describe.concurrent("requests", () => {
  it("that are malformed in any way the schema allows are refused whole and change nothing", { timeout: 60_000 }, () =>
    withBoard(async (running) => {
      await provision(await Session.open(running), draft());
      const before = await state(running);
      let refused = 0;
      for (const [name, { id, request }] of Object.entries(REQUESTS)) {
        const { good, bad } = fields(request);
        const wrong = [...bad, [...good, 0], ...good.map((_, length) => good.slice(0, length))];
        for (const bytes of wrong) {
          const payload = Uint8Array.from(bytes);
          // A message without its last element, or with a longer rest, is another message.
          if (decodes(name, payload)) continue;
          const { status } = await ask(running, id, payload);
          const refusal = name === "ProvisionDraft" ? Status.BadDraft : Status.BadRequest;
          expect({ name, bytes, status }).toEqual({ name, bytes, status: refusal });
          refused++;
        }
      }
      expect(refused).toBeGreaterThan(250);
      expect(await state(running)).toEqual(before);
    }),
  );

  it("of random bytes are refused exactly when the host's own reader refuses them", { timeout: 60_000 }, () =>
    withBoard(async (running) => {
      await provision(await Session.open(running), draft());
      const before = await state(running);
      const harmless = ["Identify", "Health", "Inbox", "Prove", "ResetToken", "ProvisionRead", "Authorised", "Hello"];
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...harmless), fc.uint8Array({ maxLength: 40 }), async (name, payload) => {
          const { status } = await ask(running, REQUESTS[name]?.id ?? 0, payload);
          // Beside the schema: versions the wrong way round, and a session inside a session.
          if (
            name === "Hello" ||
            (name === "Authorised" && [Request.Hello, Request.Authorised].includes(payload[20] as never))
          )
            return;
          expect(status === Status.BadRequest).toBe(!decodes(name, payload));
        }),
        { numRuns: 200 },
      );
      expect(await state(running)).toEqual(before);
    }),
  );

  it("of no known type, and replies, are told apart", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      for (const type of [0x00, 0x07, 0x0e, 0x29, 0x7f]) {
        expect((await ask(running, type)).status).toBe(Status.UnknownRequest);
      }
      const session = await Session.open(running);
      expect((await session.ask(0x29)).status).toBe(Status.UnknownRequest);
    }),
  );
});

describe.concurrent("a session", () => {
  it("begins with a version both know and a fresh nonce", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const nonces = new Set<string>();
      for (const [low, high] of [
        [1, 1],
        [0, 255],
        [1, 9],
        [0, 1],
      ] as const) {
        const { status, body } = await ask(running, Request.Hello, Uint8Array.of(low, high));
        expect(status).toBe(Status.Ok);
        const hello = messages.decodeHelloReply(body);
        expect(hello).toMatchObject({ version: 1, payloadMax: 1550, lock: LockState.Open, pinLogN: 0, waitMs: 0 });
        expect(hello.pinSalt).toEqual(new Uint8Array(16));
        nonces.add(Buffer.from(hello.nonce).toString("hex"));
      }
      expect(nonces.size).toBe(4);
      for (const [low, high] of [
        [2, 9],
        [0, 0],
      ] as const) {
        const { status, body } = await ask(running, Request.Hello, Uint8Array.of(low, high));
        expect(status).toBe(Status.BadConsoleVersion);
        expect(messages.decodeHelloError(body)).toEqual({ versionMin: 1, versionMax: 1 });
      }
      expect((await ask(running, Request.Hello, Uint8Array.of(2, 1))).status).toBe(Status.BadRequest);
    }),
  );

  it("carries each request out once, however often it comes", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      await provision(await Session.open(running), draft());
      const noSession = await Session.open(running);
      const unopened = noSession.payload(Request.Health, new Uint8Array(0), 1);
      const session = await Session.open(running);
      // Another nonce's proof.
      expect((await session.send(unopened)).status).toBe(Status.BadSession);

      const add = session.payload(Request.Command, Uint8Array.of(Command.DestinationAdd), 1);
      const first = await session.send(add);
      expect(first.status).toBe(Status.Ok);
      const after = await health(running);
      for (let i = 0; i < 3; i++) expect(await session.send(add)).toEqual(first);
      expect((await health(running)).flashWrites).toBe(after.flashWrites);

      // A bare request in between does not take the reply away.
      await ask(running, Request.Stats);
      expect(await session.send(add)).toEqual(first);

      // The same counter with another body, an older one, and one that is not signed for.
      const other = session.payload(Request.Command, Uint8Array.of(Command.Announce), 1);
      expect((await session.send(other)).status).toBe(Status.BadSession);
      const later = session.payload(Request.SetLogLevel, Uint8Array.of(LogLevel.Debug), 7);
      expect((await session.send(later)).status).toBe(Status.Ok);
      expect((await session.send(session.payload(Request.Health, new Uint8Array(0), 6))).status).toBe(
        Status.BadSession,
      );
      expect((await session.send(add)).status).toBe(Status.BadSession);
      for (const at of [0, 5, 20, add.length - 1]) {
        const bent = Uint8Array.from(session.payload(Request.Command, Uint8Array.of(Command.Announce), 9));
        bent[at] = (bent[at] ?? 0) ^ 0x40;
        expect((await session.send(bent)).status).toBe(Status.BadSession);
      }
      expect((await session.send(session.payload(Request.Health, new Uint8Array(0), 8))).status).toBe(Status.Ok);
      // Counter 0 is none.
      const fresh = await Session.open(running);
      expect((await fresh.send(fresh.payload(Request.Health, new Uint8Array(0), 0))).status).toBe(Status.BadSession);
      // A session in a session.
      expect((await fresh.ask(Request.Hello, Uint8Array.of(1, 1))).status).toBe(Status.BadRequest);
      expect((await fresh.ask(Request.Authorised, unopened)).status).toBe(Status.BadRequest);
    }),
  );

  it("has the reply to a change of PIN again, although that was proven with the old one", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const session = await Session.open(running);
      const { body } = await session.ask(Request.ProvisionDraft, draft("4711"));
      const commit = session.payload(Request.ProvisionCommit, body, ++session.counter);
      const first = await session.send(commit);
      expect(first.status).toBe(Status.Ok);
      expect(await session.send(commit)).toEqual(first);
      expect((await session.ask(Request.Health)).status).toBe(Status.WrongPin);
      expect((await identity(running)).lock).toBe(LockState.Locked);
    }),
  );

  it("ends with a reboot, whose reply comes first", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const session = await Session.open(running);
      expect(running.ready).toBe(1);
      expect((await session.ask(Request.Reboot)).status).toBe(Status.Ok);
      await until("the board is back", () => running.ready === 2);
      expect((await session.ask(Request.Health)).status).toBe(Status.BadSession);
      expect((await health(running)).resetCause).toBe(ResetCause.Software);
    }),
  );
});

describe.concurrent("the lock", () => {
  const PIN = "2 kleine Möwen";

  it("keeps bare guarded requests out, and lets the PIN in", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const peer = randomBytes(16);
      const session = await locked(running, PIN, [peer]);
      const before = await state(running);
      for (const [name, { id, request, access }] of Object.entries(REQUESTS)) {
        if (access !== "guarded") continue;
        const { status } = await ask(running, id, Uint8Array.from(fields(request).good));
        expect({ name, status }).toEqual({ name, status: Status.Locked });
      }
      const reading = [
        Command.Status,
        Command.Neighbours,
        Command.Links,
        Command.Routes,
        Command.Trusted,
        Command.Destinations,
        Command.Reputation,
      ];
      for (let command = 0; command < 256; command++) {
        const { status } = await ask(running, Request.Command, Uint8Array.of(command, 0, 0));
        if ((reading as readonly number[]).includes(command)) expect(status).not.toBe(Status.Locked);
        else expect({ command, status }).toEqual({ command, status: Status.Locked });
      }
      expect((await ask(running, Request.Command)).status).toBe(Status.Locked);
      expect(await state(running)).toEqual(before);

      // What is read back has no key in it, though the draft had.
      const { body } = await ask(running, Request.ProvisionRead);
      const { record, trusted } = messages.decodeProvisionReadReply(body);
      expect(record.pinKey).toEqual(new Uint8Array(32));
      expect(record.pinSalt).toEqual(SALT);
      expect(trusted.map(({ nodeId }) => Buffer.from(nodeId))).toEqual([peer]);

      expect((await session.ask(Request.Command, Uint8Array.of(Command.Announce))).status).toBe(Status.Ok);
      const again = await Session.open(running, PIN);
      expect(again.hello).toMatchObject({ lock: LockState.Locked, pinLogN: LOG_N, pinSalt: SALT });
      expect((await again.ask(Request.SetLogLevel, Uint8Array.of(LogLevel.Warn))).status).toBe(Status.Ok);
    }),
  );

  it("looks at no PIN for a while after wrong ones, over a restart too", { timeout: 60_000 }, async () => {
    const flash = newFlash();
    const wait = ({ body }: Answer): number => Buffer.from(body).readUInt32LE(0);
    await withBoard(async (running) => {
      const owner = await locked(running, PIN);
      expect((await owner.ask(Request.Health)).status).toBe(Status.Ok);
      const writes = (await health(running)).flashWrites;
      const thief = await Session.open(running, "0000");
      // Two slips are free, and write nothing; a right one forgets them.
      const slip = async (): Promise<void> => {
        const answer = await thief.ask(Request.Health);
        expect([answer.status, wait(answer)]).toEqual([Status.WrongPin, 0]);
      };
      await slip();
      await slip();
      expect((await health(running)).flashWrites).toBe(writes);
      thief.key = owner.key;
      expect((await thief.ask(Request.Health)).status).toBe(Status.Ok);
      thief.key = new Uint8Array(32);
      await slip();
      await slip();
      const over = (): Promise<void> =>
        until("the wait is over", async () => (await Session.open(running)).hello.waitMs === 0);
      for (const longest of [1000, 2000, 4000]) {
        const session = await Session.open(running, "0000");
        const answer = await session.ask(Request.Health);
        expect(answer.status).toBe(Status.WrongPin);
        expect(wait(answer)).toBeGreaterThan(longest / 2);
        expect(wait(answer)).toBeLessThanOrEqual(longest);
        if (longest < 4000) await over();
      }
      expect(running.logs.filter((line) => line.startsWith("warn: A wrong PIN")).length).toBe(7);
      // Even the right one has to wait.
      const early = await (await Session.open(running, PIN)).ask(Request.Health);
      expect(early.status).toBe(Status.PinWait);
      expect(wait(early)).toBeGreaterThan(0);
    }, flash);
    await withBoard(async (running) => {
      const session = await Session.open(running, PIN);
      expect(session.hello.waitMs).toBeGreaterThan(0);
      expect((await session.ask(Request.Health)).status).toBe(Status.PinWait);
      await until("the wait is over", async () => (await Session.open(running)).hello.waitMs === 0);
      const owner = await Session.open(running, PIN);
      expect((await owner.ask(Request.Health)).status).toBe(Status.Ok);
    }, flash);
    await withBoard(async (running) => {
      const owner = await Session.open(running, PIN);
      expect(owner.hello.waitMs).toBe(0);
      expect((await owner.ask(Request.Health)).status).toBe(Status.Ok);
    }, flash);
  });

  it("is opened by the button held for three seconds", { timeout: 60_000 }, async () => {
    const flash = newFlash();
    await withBoard(async (running) => {
      await locked(running, PIN);
      expect((await ask(running, Request.Inbox, new Uint8Array(4))).status).toBe(Status.Locked);
      writeFileSync(`${flash}.button`, "");
      const from = performance.now();
      await until("the button counts", async () => (await identity(running)).lock === LockState.Held, 10);
      expect(performance.now() - from).toBeGreaterThan(2900);
      rmSync(`${flash}.button`);
      await until("the button is up", async () => (await identity(running)).lock === LockState.Held, 1);
      expect((await ask(running, Request.Inbox, new Uint8Array(4))).status).toBe(Status.Ok);
      // A new PIN, by whoever has the board in hand.
      const { status, body } = await ask(running, Request.ProvisionDraft, draft("new"));
      expect(status).toBe(Status.Ok);
      expect((await ask(running, Request.ProvisionCommit, body)).status).toBe(Status.Ok);
      const session = await Session.open(running, "new");
      expect((await session.ask(Request.Health)).status).toBe(Status.Ok);
      expect(running.logs).toContain("info: The button has opened the board for a minute.");
    }, flash);
  });

  it(
    "gives way to a factory reset right after power-on, which takes the identity along",
    { timeout: 60_000 },
    async () => {
      const flash = newFlash();
      const reset = async (running: Running, level: number): Promise<Answer> => {
        const { body } = await ask(running, Request.ResetToken, Uint8Array.of(level));
        return ask(running, Request.FactoryReset, Buffer.concat([Uint8Array.of(level), body]));
      };
      const nodeId = await withBoard(async (running) => {
        const owner = await locked(running, PIN);
        // Restarted by software, nobody need have been there.
        expect((await owner.ask(Request.Reboot)).status).toBe(Status.Ok);
        await until("the board is back", () => running.ready === 2);
        expect((await reset(running, ResetLevel.ForgetIdentity)).status).toBe(Status.Locked);
        return Buffer.from((await identity(running)).nodeId);
      }, flash);
      await withBoard(async (running) => {
        expect(Buffer.from((await identity(running)).nodeId)).toEqual(nodeId);
        expect((await reset(running, ResetLevel.KeepIdentity)).status).toBe(Status.Locked);
        expect((await reset(running, ResetLevel.ForgetIdentity)).status).toBe(Status.Ok);
        await until("the board is back", () => running.ready === 2);
        const now = await identity(running);
        expect(now).toMatchObject({ lock: LockState.Open, provisioned: 0, name: "" });
        expect(Buffer.from(now.nodeId)).not.toEqual(nodeId);
      }, flash);
    },
  );

  it("lets the PIN reset the board, with the token it was given, once", { timeout: 60_000 }, () =>
    withBoard(async (running) => {
      const owner = await locked(running, PIN);
      const { nodeId } = await identity(running);
      const token = async (level: number): Promise<Uint8Array> =>
        (await ask(running, Request.ResetToken, Uint8Array.of(level))).body;
      const reset = (level: number, bytes: Uint8Array): Promise<Answer> =>
        owner.ask(Request.FactoryReset, Buffer.concat([Uint8Array.of(level), bytes]));
      expect((await reset(0, new Uint8Array(8))).status).toBe(Status.BadToken);
      // Of another level; and then it is spent.
      const first = await token(ResetLevel.ForgetIdentity);
      expect((await reset(ResetLevel.KeepIdentity, first)).status).toBe(Status.BadToken);
      expect((await reset(ResetLevel.ForgetIdentity, first)).status).toBe(Status.BadToken);
      expect((await identity(running)).provisioned).toBe(1);
      expect((await reset(ResetLevel.KeepIdentity, await token(ResetLevel.KeepIdentity))).status).toBe(Status.Ok);
      await until("the board is back", () => running.ready === 2);
      expect(await identity(running)).toMatchObject({ nodeId, provisioned: 0, lock: LockState.Open });
    }),
  );
});

describe.concurrent("boxes", () => {
  it("prove who the board is", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const challenge = randomBytes(32);
      const { status, body } = await ask(running, Request.Prove, challenge);
      expect(status).toBe(Status.Ok);
      const { publicKey, signature } = messages.decodeProveReply(body);
      const { nodeId } = await identity(running);
      const signed = Buffer.concat([Buffer.from("mehr/console/1\0"), challenge, nodeId]);
      expect(verify(null, signed, ed25519(publicKey), signature)).toBe(true);
      expect(verify(null, Buffer.concat([signed, Buffer.of(0)]), ed25519(publicKey), signature)).toBe(false);
      // The key is the one that the core calls its first destination's.
      const destinations = await ask(running, Request.Command, Uint8Array.of(Command.Destinations));
      expect(Buffer.from(destinations.body).includes(Buffer.concat([nodeId, publicKey]))).toBe(true);
    }),
  );

  it("carry a relay to another board", { timeout: 60_000 }, async () => {
    const secret = randomBytes(32);
    const recipient = x25519.getPublicKey(secret);
    const peer = randomBytes(16);
    const { plain, nodeId } = await withBoard(async (running) => {
      const session = await locked(running, "1234", [peer]);
      expect((await session.ask(Request.Command, Uint8Array.of(Command.DestinationAdd))).status).toBe(Status.Ok);
      expect((await session.ask(Request.Backup, new Uint8Array(32))).status).toBe(Status.SmallOrder);
      const one = await session.ask(Request.Backup, recipient);
      const two = await session.ask(Request.Backup, recipient);
      expect(one.status).toBe(Status.Ok);
      expect(timingSafeEqual(one.body.subarray(0, 32), two.body.subarray(0, 32))).toBe(false);
      expect(openBox(secret, one.body)).toEqual(openBox(secret, two.body));
      expect(() => openBox(randomBytes(32), one.body)).toThrow();
      return { plain: openBox(secret, one.body), nodeId: (await identity(running)).nodeId };
    });
    const records = backupRecords(plain);
    expect(records.get(RecordKey.Identity)?.length).toBe(32);
    expect(records.get(RecordKey.Trusted)).toEqual(peer);
    expect(records.get(0x100)?.includes(Buffer.from("roof"))).toBe(true);
    expect(records.has(RecordKey.Airtime)).toBe(false);

    await withBoard(async (running) => {
      const session = await Session.open(running);
      await provision(session, draft());
      const box = async (): Promise<Uint8Array> => (await session.ask(Request.RestoreKey)).body;
      expect((await session.ask(Request.Restore, sealBox(recipient, plain))).status).toBe(Status.BadBox);
      const before = await state(running);
      for (const wrong of [
        new Uint8Array(0),
        new Uint8Array(47),
        new Uint8Array(48),
        sealBox(recipient, plain),
        sealBox(await box(), new Uint8Array(0)),
        sealBox(await box(), Buffer.from("MHRB\x02")),
        sealBox(await box(), plain.subarray(0, plain.length - 1)),
        sealBox(await box(), Buffer.concat([plain, Buffer.of(0)])),
        sealBox(await box(), Buffer.concat([plain, Buffer.from([5, 0, 4, 0, 0, 0, 0, 0])])),
        sealBox(await box(), randomBytes(1400)),
      ]) {
        expect((await session.ask(Request.Restore, wrong)).status).toBe(Status.BadBox);
      }
      const bent = Uint8Array.from(sealBox(await box(), plain));
      bent[40] = (bent[40] ?? 0) ^ 1;
      expect((await session.ask(Request.Restore, bent)).status).toBe(Status.BadBox);
      expect(await state(running)).toEqual(before);

      const whole = session.payload(Request.Restore, sealBox(await box(), plain), ++session.counter);
      const restored = await session.send(whole);
      expect(restored.status).toBe(Status.Ok);
      expect(messages.decodeRestoreReply(restored.body).nodeId).toEqual(nodeId);
      // Lost and asked for again, although the board has the backup's PIN by now.
      expect(await session.send(whole)).toEqual(restored);
      const now = await identity(running);
      expect(now).toMatchObject({ nodeId, name: "roof", provisioned: 1, lock: LockState.Locked });
      const owner = await Session.open(running, "1234");
      const again = await owner.ask(Request.Backup, recipient);
      const restoredRecords = backupRecords(openBox(secret, again.body));
      expect(restoredRecords.get(RecordKey.Identity)).toEqual(records.get(RecordKey.Identity));
      expect(restoredRecords.get(RecordKey.Destinations)).toEqual(records.get(RecordKey.Destinations));
      expect(restoredRecords.get(0x100)).toEqual(records.get(0x100));
      // The key went with the restore.
      expect((await owner.ask(Request.Restore, sealBox(recipient, plain))).status).toBe(Status.BadBox);
    });
  });
});

describe.concurrent("what the owner sees", () => {
  it(
    "are the messages that came while nobody was there, and a locked board says them to nobody else",
    {
      timeout: 120_000,
    },
    async () => {
      const clock = new RealClock();
      const wasm = readFileSync((await compileCore({ root })).path);
      const channel = new Channel({ clock, airtimeUs: await airtimeOf(wasm), seed: 3, loss: 0 });
      const config = bootConfig(virtualBoard("native"));
      const running = await start(newFlash(), channel);
      let node: RelayNode | undefined;
      try {
        const owner = await locked(running, "1234", [], false);
        const nodeId = Buffer.from((await identity(running)).nodeId);
        const failures: Error[] = [];
        node = await RelayNode.start({
          name: "the other",
          wasm,
          config,
          clock,
          channel,
          entropy: (bytes) => randomFillSync(bytes),
          event: () => {},
          failed: (error) => failures.push(error),
        });
        const other = node;
        const heard = (): Buffer[] =>
          running.events.filter(({ kind }) => kind === Event.Message).map(({ bytes }) => Buffer.from(bytes));
        const list = async (after: number): Promise<messages.InboxReply> => {
          const answer = await owner.ask(Request.Inbox, messages.encodeInboxRequest({ after }));
          expect(answer.status).toBe(Status.Ok);
          return messages.decodeInboxReply(answer.body);
        };
        expect(await list(0)).toEqual({ latest: 0, messages: [] });
        const time = messages.encodeSetTimeRequest({ unixMs: 1_763_000_000_000n });
        expect((await owner.ask(Request.SetTime, time)).status).toBe(Status.Ok);
        const send = (data: Uint8Array): Status =>
          other.command(Buffer.concat([Uint8Array.of(Command.Send, QOS, 0), nodeId, Uint8Array.from(TEXT), data]));
        // What a command answered is told in its reply and nowhere else, whatever happens next.
        expect((await ask(running, Request.Command, Uint8Array.of(Command.Status))).status).toBe(Status.Ok);
        const sent = [Buffer.from("Grüße vom Dach"), Buffer.alloc(260, 0x5a), Buffer.alloc(0)];
        for (const [i, data] of sent.entries()) {
          await until(`message ${i + 1} could be sent`, () => send(data) === Status.Ok);
          await until(`message ${i + 1} is there`, () => heard().length === i + 1);
        }
        // Not a byte of them without the PIN.
        expect(heard()).toEqual(sent.map(() => Buffer.from([...nodeId, ...TEXT])));
        expect((await ask(running, Request.Inbox, messages.encodeInboxRequest({ after: 0 }))).status).toBe(
          Status.Locked,
        );
        const all = await list(0);
        expect(all.latest).toBe(3);
        expect(all.messages.map(({ data }) => Buffer.from(data))).toEqual(sent.map((data) => data.subarray(0, 200)));
        for (const [i, message] of all.messages.entries()) {
          expect(message).toMatchObject({
            sequence: i + 1,
            context: TEXT[0],
            subType: TEXT[1],
            truncated: i === 1 ? 1 : 0,
          });
          expect(Buffer.from(message.destination)).toEqual(nodeId);
          expect(message.rssiDbm).toBeLessThan(0);
          expect(message.snrQdb).toBeDefined();
          expect(message.unixMs - 1_763_000_000_000n).toBeLessThan(60_000n);
          expect(message.unixMs).toBeGreaterThanOrEqual(1_763_000_000_000n);
        }
        expect((await list(2)).messages).toEqual(all.messages.slice(2));
        expect(await list(3)).toEqual({ latest: 3, messages: [] });
        expect((await health(running)).inboxCount).toBe(3);
        expect(running.events.filter(({ kind }) => kind === Event.Reply)).toEqual([]);
        expect(failures).toEqual([]);
      } finally {
        node?.stop();
        await running.board.stop();
      }
    },
  );

  it("are messages of its own to itself too, which come while a command is under way", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const nodeId = (await identity(running)).nodeId;
      const text = Buffer.from("note to self");
      const command = Buffer.concat([Uint8Array.of(Command.Send, QOS, 0), nodeId, Uint8Array.from(TEXT), text]);
      expect((await ask(running, Request.Command, command)).status).toBe(Status.Ok);
      const answer = await ask(running, Request.Inbox, messages.encodeInboxRequest({ after: 0 }));
      const { latest, messages: kept } = messages.decodeInboxReply(answer.body);
      expect([latest, kept.map(({ data, rssiDbm }) => [Buffer.from(data), rssiDbm])]).toEqual([1, [[text, undefined]]]);
      expect(running.events.map(({ kind }) => kind)).toContain(Event.Message);
    }),
  );

  it("is the time, the health and the log that were asked for", { timeout: 30_000 }, () =>
    withBoard(async (running) => {
      const first = await health(running);
      expect(first).toMatchObject({
        resetCause: ResetCause.PowerOn,
        unixMs: 0n,
        batteryMv: 0,
        resting: 0,
        logLevel: LogLevel.Info,
        inboxCount: 0,
        lastWords: "",
      });
      expect(first.recordsSize).toBe(4096);
      expect(first.recordsUsed).toBeGreaterThan(40);
      expect(first.flashWrites).toBeGreaterThan(10);
      const session = await Session.open(running);
      const now = 1_763_000_000_000n;
      const time = Buffer.alloc(8);
      time.writeBigUInt64LE(now);
      expect((await session.ask(Request.SetTime, new Uint8Array(8))).status).toBe(Status.BadRequest);
      expect((await session.ask(Request.SetTime, time)).status).toBe(Status.Ok);
      const second = await health(running);
      expect(second.unixMs).toBeGreaterThanOrEqual(now);
      expect(second.unixMs).toBeLessThan(now + 10_000n);
      expect(second.uptimeMs).toBeGreaterThan(first.uptimeMs - 1n);

      const said = running.logs.length;
      expect((await session.ask(Request.SetLogLevel, Uint8Array.of(LogLevel.Debug))).status).toBe(Status.Ok);
      await session.ask(Request.SetTime, time);
      await until("the debug line", () => running.logs.includes("debug: The time was set."));
      expect((await session.ask(Request.SetLogLevel, Uint8Array.of(LogLevel.Error))).status).toBe(Status.Ok);
      expect((await health(running)).logLevel).toBe(LogLevel.Error);
      const quiet = running.logs.length;
      expect(quiet).toBeGreaterThan(said);
      await session.ask(Request.SetTime, time);
      await session.ask(Request.Backup, x25519.getPublicKey(randomBytes(32)));
      expect(running.logs.length).toBe(quiet);
    }),
  );
});
