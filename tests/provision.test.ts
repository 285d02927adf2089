/**
 * Provisioning, factory reset, backup and restore as a Linux process does them: what is refused and by which field, what is
 * stored, what the relay then does, and what is left in the flash.
 */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BootConfig, bootConfig, encodeBootConfig } from "../boards/config.ts";
import type { BoardConsole } from "../host/board/console.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import type { VirtualBoardProcess } from "../host/board/virtual.ts";
import { Command, Event, RecordKey, Status } from "../host/core/abi.gen.ts";
import {
  decodeProvisionCommitReply,
  decodeProvisionReadReply,
  decodeRestoreReply,
  encodeProvisionDraftRequest,
  encodeProvisionRecord,
  ProvisionField,
  type ProvisionRecord,
  Request,
  ResetLevel,
} from "../host/board/messages.gen.ts";
import { buildImage, until, virtualBoard, withBoard } from "./support/images.ts";
import { flashHolds, storedRecords, storeRecord } from "./support/records.ts";

const PROVISION = 0x100;
const PIN_FAILURES = 0x101;

let folder: string;
let image: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-provision-"));
  image = (await buildImage("native")).image;
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Seen {
  readonly log: string[];
  readonly fatal: number[];
  readonly radios: RadioPort[];
  boots: number;
}

let flashes = 0;
function freshFlash(): string {
  return join(folder, `flash-${++flashes}`);
}

async function board<T>(flash: string, use: (board: VirtualBoardProcess, seen: Seen) => Promise<T>): Promise<T> {
  const seen: Seen = { log: [], fatal: [], radios: [], boots: 0 };
  const listener = {
    log: (_: string, text: string) => seen.log.push(text),
    fatal: (status: number) => seen.fatal.push(status),
    ready: () => seen.boots++,
  };
  return withBoard(
    {
      board: virtualBoard("native"),
      image,
      flash,
      listener,
      radio: (stream) => seen.radios.push(new RadioPort({ name: "native", stream })),
    },
    (process) => use(process, seen),
  );
}

const CONFIG: BootConfig = { ...bootConfig(virtualBoard("native")), frequencyHz: 868_300_000, dutyPermille: 10 };

function record(change: Partial<ProvisionRecord> = {}): ProvisionRecord {
  return {
    version: 1,
    flags: 0,
    antennaGainTenths: 21,
    region: "eu868",
    name: "Dachstübli 1",
    config: encodeBootConfig(CONFIG),
    pinLogN: 0,
    pinSalt: new Uint8Array(16),
    pinKey: new Uint8Array(32),
    provisionedMs: 1_700_000_000_000n,
    ...change,
  };
}

function peers(count: number): { nodeId: Uint8Array }[] {
  return Array.from({ length: count }, (_, i) => ({ nodeId: new Uint8Array(16).fill(i + 1) }));
}

function draftOf(change: Partial<ProvisionRecord> = {}, trusted = peers(20)): Uint8Array {
  return encodeProvisionDraftRequest({ record: record(change), trusted });
}

function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash("sha256").update(bytes).digest());
}

async function status(console: BoardConsole, request: Request, payload?: Uint8Array): Promise<number> {
  return (await console.request(request, payload))[0] ?? -1;
}

/** Drafts and commits; the number of flash writes. */
async function provision(console: BoardConsole, draft: Uint8Array): Promise<number> {
  const reply = await console.request(Request.ProvisionDraft, draft);
  expect(reply).toEqual(Uint8Array.of(Status.Ok, ...sha256(draft)));
  const committed = await console.request(Request.ProvisionCommit, sha256(draft));
  expect(committed[0]).toBe(Status.Ok);
  return decodeProvisionCommitReply(committed.subarray(1)).flashWrites;
}

async function trusted(console: BoardConsole): Promise<Uint8Array> {
  const { outputs } = await console.command(Uint8Array.of(Command.Trusted));
  const reply = outputs.find((output) => output.kind === "event" && output.event === Event.Reply);
  if (reply?.kind !== "event") throw new Error("no reply");
  return reply.bytes.subarray(1);
}

/** Waits until the board uses its radio on the provisioned frequency; it may have used the image's before. */
async function onAir(seen: Seen): Promise<void> {
  const provisioned = (): boolean => seen.radios.at(-1)?.phy()?.frequencyHz === CONFIG.frequencyHz;
  await until("the board uses the provisioned frequency", provisioned, 20);
}

describe("provisioning a board", () => {
  it("stores all of it, runs with it, and comes back with it", { timeout: 60_000 }, async () => {
    const flash = freshFlash();
    const draft = draftOf();
    const nodeId = await board(flash, async ({ console, identity }, seen) => {
      expect(identity).toMatchObject({ provisioned: false, name: "" });
      expect(await status(console, Request.ProvisionRead)).toBe(Status.RecordMissing);
      const writes = await provision(console, draft);
      expect(writes).toBeGreaterThan(20);
      await onAir(seen);
      expect(await console.identify()).toMatchObject({
        provisioned: true,
        name: "Dachstübli 1",
        nodeId: identity.nodeId,
      });
      const read = await console.request(Request.ProvisionRead);
      expect(read).toEqual(Uint8Array.of(Status.Ok, ...draft));
      expect(Buffer.from(await trusted(console))).toEqual(Buffer.concat(peers(20).map((peer) => peer.nodeId)));
      // The same again costs nothing; another name alone one record, which is head, value and commit.
      expect(await provision(console, draft)).toBe(0);
      const renamed = draftOf({ name: "Dach" });
      const words = 1 + Math.ceil((encodeProvisionRecord(record({ name: "Dach" })).length + 4) / 4) + 1;
      expect(await provision(console, renamed)).toBe(words);
      // A draft is good once.
      expect(await status(console, Request.ProvisionCommit, sha256(renamed))).toBe(Status.NoDraft);
      return identity.nodeId;
    });
    const stored = storedRecords(flash);
    expect(stored.get(RecordKey.Trusted)?.length).toBe(256);
    expect(stored.get(RecordKey.TrustedMore)?.length).toBe(64);
    await board(flash, async ({ console, identity }, seen) => {
      expect(identity).toMatchObject({ provisioned: true, name: "Dach", nodeId });
      await onAir(seen);
      // Fewer peers, and none at all.
      await provision(console, draftOf({ name: "Dach" }, peers(2)));
      expect((await trusted(console)).length).toBe(32);
      await provision(console, draftOf({ name: "Dach" }, []));
      expect((await trusted(console)).length).toBe(0);
    });
    expect([...storedRecords(flash).keys()]).not.toContain(RecordKey.Trusted);
  });

  it("keeps the PIN's key to itself", { timeout: 60_000 }, async () => {
    const flash = freshFlash();
    await board(flash, async ({ console }) => {
      const pin = { pinLogN: 15, pinSalt: new Uint8Array(16).fill(3), pinKey: new Uint8Array(32).fill(4) };
      await provision(console, draftOf(pin));
      const reply = decodeProvisionReadReply((await console.request(Request.ProvisionRead)).subarray(1));
      expect(reply.record).toEqual(record({ ...pin, pinKey: new Uint8Array(32) }));
      expect((await console.identify()).lock).toBe("locked");
      expect(await status(console, Request.ProvisionDraft, draftOf())).toBe(Status.Locked);
    });
    expect(flashHolds(flash, new Uint8Array(32).fill(4))).toBe(true);
  });

  const raw = (change: Partial<ProvisionRecord>, edit: (bytes: Buffer) => void): Uint8Array => {
    const bytes = Buffer.from(draftOf(change));
    edit(bytes);
    return bytes;
  };
  const config = (change: Partial<BootConfig>): Uint8Array => encodeBootConfig({ ...CONFIG, ...change });
  const ones = { pinSalt: new Uint8Array(16).fill(1), pinKey: new Uint8Array(32).fill(1) };
  // Bytes of the record: version 0, flags 1, gain 2, region length 4 and text 5, name length 10 and text 11.
  const REFUSED: [string, Uint8Array, number][] = [
    ["another version", draftOf({ version: 2 }), ProvisionField.Version],
    ["a flag", draftOf({ flags: 1 }), ProvisionField.Flags],
    ["a gain of 60.1 dBi", draftOf({ antennaGainTenths: 601 }), ProvisionField.AntennaGain],
    ["a gain of -20.1 dBi", draftOf({ antennaGainTenths: -201 }), ProvisionField.AntennaGain],
    ["a region in capitals", draftOf({ region: "EU868" }), ProvisionField.Region],
    ["a region of nine letters", raw({}, (b) => b.writeUInt8(9, 4)), ProvisionField.Region],
    ["no region, and a radio that sends", draftOf({ region: "" }), ProvisionField.Region],
    ["no name", draftOf({ name: "" }), ProvisionField.Name],
    ["a name with a line break", raw({}, (b) => b.writeUInt8(10, 12)), ProvisionField.Name],
    ["a name that is no UTF-8", raw({}, (b) => b.writeUInt8(0xff, 12)), ProvisionField.Name],
    ["a name of 33 bytes", raw({}, (b) => b.writeUInt8(33, 10)), ProvisionField.Name],
    ["half a configuration", draftOf({ config: config({}).subarray(0, 31) }), ProvisionField.Config],
    ["a configuration of another version", draftOf({ config: config({}).fill(4, 0, 1) }), ProvisionField.Config],
    ["a spreading factor of 13", draftOf({ config: config({}).fill(13, 5, 6) }), ProvisionField.Config],
    ["no radio", draftOf({ config: config({ radio: false }) }), ProvisionField.Config],
    ["a wire", draftOf({ config: config({ wired: [{ bitrateBps: 1000, mtu: 484 }] }) }), ProvisionField.Config],
    [
      "what the law can never let out",
      draftOf({ config: config({ spreadingFactor: 12, dutyPermille: 1 }) }),
      ProvisionField.Config,
    ],
    ["a PIN's key without a cost", draftOf({ ...ones, pinLogN: 0 }), ProvisionField.Pin],
    ["a PIN hashed too cheaply", draftOf({ ...ones, pinLogN: 13 }), ProvisionField.Pin],
    ["a PIN hashed too dearly", draftOf({ ...ones, pinLogN: 21 }), ProvisionField.Pin],
    ["a PIN without a key", draftOf({ pinLogN: 15, pinSalt: ones.pinSalt }), ProvisionField.Pin],
    ["a peer twice", draftOf({}, [...peers(3), ...peers(1)]), ProvisionField.Trusted],
    ["nobody as a peer", draftOf({}, [{ nodeId: new Uint8Array(16) }]), ProvisionField.Trusted],
    ["33 peers", Buffer.concat([draftOf({}, peers(32)), new Uint8Array(16).fill(99)]), ProvisionField.Trusted],
    ["half a peer", draftOf().subarray(0, -8), ProvisionField.Trusted],
    ["half a draft", draftOf().subarray(0, 60), ProvisionField.Pin],
    ["nothing", new Uint8Array(0), ProvisionField.None],
  ];

  it("names the field it refuses, and stays as it is", { timeout: 60_000 }, async () => {
    const flash = freshFlash();
    await board(flash, async ({ console, identity }) => {
      for (const [what, draft, field] of REFUSED) {
        const reply = await console.request(Request.ProvisionDraft, draft);
        expect([what, ...reply]).toEqual([what, Status.BadDraft, field]);
        expect(await status(console, Request.ProvisionCommit, sha256(draft))).toBe(Status.NoDraft);
      }
      const itself = [{ nodeId: Uint8Array.from(Buffer.from(identity.nodeId, "hex")) }];
      const reply = await console.request(Request.ProvisionDraft, draftOf({}, itself));
      expect([...reply]).toEqual([Status.BadDraft, ProvisionField.Trusted]);
      // A board without a region is one that listens.
      await provision(console, draftOf({ region: "", config: config({ transmitAllowed: false }) }));
      expect((await console.command(Uint8Array.of(Command.Status))).status).toBe(Status.Ok);
      expect((await console.identify()).nodeId).toBe(identity.nodeId);
    });
  });

  it("runs on with the old when the radio refuses the new", { timeout: 60_000 }, async () => {
    const flash = freshFlash();
    await board(flash, async ({ console }, seen) => {
      await provision(console, draftOf());
      // The core does not look at the frequency: the radio is tried at the commit.
      const impossible = Buffer.from(config({}));
      impossible.writeUInt32LE(0, 12);
      const draft = draftOf({ config: impossible, name: "other" });
      expect(await status(console, Request.ProvisionDraft, draft)).toBe(Status.Ok);
      const reply = await console.request(Request.ProvisionCommit, sha256(draft));
      expect([...reply]).toEqual([Status.RadioRefused, ProvisionField.Config]);
      expect(await console.identify()).toMatchObject({ status: Status.Ok, name: "Dachstübli 1" });
      await onAir(seen);
      // The draft is there until it is given up, or another Hello comes.
      expect(await status(console, Request.ProvisionCommit, sha256(draft))).toBe(Status.RadioRefused);
      expect(await status(console, Request.ProvisionAbort)).toBe(Status.Ok);
      expect(await status(console, Request.ProvisionCommit, sha256(draft))).toBe(Status.NoDraft);
      expect(await status(console, Request.ProvisionDraft, draftOf({ name: "third" }))).toBe(Status.Ok);
      expect(await status(console, Request.ProvisionCommit, sha256(draft))).toBe(Status.NoDraft);
      expect(await status(console, Request.Hello, Uint8Array.of(1, 1))).toBe(Status.Ok);
      expect(await status(console, Request.ProvisionCommit, sha256(draftOf({ name: "third" })))).toBe(Status.NoDraft);
    });
  });

  it("waits for a replay to end", { timeout: 60_000 }, async () => {
    await board(freshFlash(), async ({ console }) => {
      expect(await status(console, Request.ReplayOpen)).toBe(Status.Ok);
      expect(await status(console, Request.ProvisionDraft, draftOf())).toBe(Status.NotBooted);
      expect(await status(console, Request.ReplayClose)).toBe(Status.Ok);
      await provision(console, draftOf());
    });
  });
});

describe("a provisioning record the board cannot use", () => {
  const sealed = (bytes: Uint8Array, crc = crc32(bytes)): Uint8Array => {
    const end = Buffer.alloc(4);
    end.writeUInt32LE(crc);
    return Buffer.concat([bytes, end]);
  };
  const good = encodeProvisionRecord(record());
  const DAMAGED: [string, Uint8Array][] = [
    ["with a wrong CRC", sealed(good, (crc32(good) ^ 1) >>> 0)],
    ["of another version", sealed(encodeProvisionRecord(record({ version: 2 })))],
    ["that is too short", sealed(good.subarray(0, 40))],
    ["that goes on", sealed(Buffer.concat([good, Uint8Array.of(0)]))],
    ["with a value no draft may have", sealed(encodeProvisionRecord(record({ region: "NO" })))],
  ];

  it.each(DAMAGED)("%s: it listens, and says so", { timeout: 60_000 }, async (what, bytes) => {
    const flash = freshFlash();
    await board(flash, async () => {});
    storeRecord(flash, PROVISION, bytes);
    await board(flash, async ({ console, identity }, seen) => {
      expect(identity).toMatchObject({ status: Status.Ok, provisioned: false, name: "" });
      expect(seen.log.join()).toContain("The provisioning record is damaged");
      expect(await status(console, Request.ProvisionRead)).toBe(Status.BadRecord);
      // It would use its radio within a second or two.
      if (what === "with a wrong CRC") await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(seen.radios.at(-1)?.phy()).toBeUndefined();
      await provision(console, draftOf());
      expect((await console.identify()).provisioned).toBe(true);
    });
  });

  it.each([
    ["core", 0, 4],
    ["radio", 12, 0],
  ])("that the %s refuses: it listens, and keeps its PIN", { timeout: 60_000 }, async (who, at, value) => {
    const flash = freshFlash();
    await board(flash, async () => {});
    const config = Buffer.from(encodeBootConfig(CONFIG));
    if (at === 12) config.writeUInt32LE(value, at);
    else config.writeUInt8(value, at);
    const pin = { pinLogN: 15, pinKey: new Uint8Array(32).fill(4) };
    storeRecord(flash, PROVISION, sealed(encodeProvisionRecord(record({ config, ...pin }))));
    await board(flash, async ({ identity }, seen) => {
      expect(identity).toMatchObject({ status: Status.Ok, provisioned: true, lock: "locked" });
      expect(seen.log.join()).toContain(`The ${who} does not take the provisioned configuration`);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(seen.radios.at(-1)?.phy()).toBeUndefined();
    });
  });
});

async function factoryReset(console: BoardConsole, level: number): Promise<void> {
  const token = await console.request(Request.ResetToken, Uint8Array.of(level));
  expect(token[0]).toBe(Status.Ok);
  expect(await status(console, Request.FactoryReset, Uint8Array.of(level, ...token.subarray(1)))).toBe(Status.Ok);
}

describe("a factory reset", () => {
  it.each([
    ["keeps", ResetLevel.KeepIdentity],
    ["forgets", ResetLevel.ForgetIdentity],
  ])("%s the identity, and always keeps the airtime", { timeout: 60_000 }, async (what, level) => {
    const flash = freshFlash();
    let before: Map<number, Buffer> | undefined;
    await board(flash, async ({ console, identity }, seen) => {
      await provision(console, draftOf());
      await console.command(Uint8Array.of(Command.DestinationAdd));
      await console.command(Uint8Array.of(Command.Signal, 1, 7, 0, 0, 0, 1));
      await until("the airtime is on record", () => storedRecords(flash).has(RecordKey.Airtime), 20);
      before = storedRecords(flash);
      await factoryReset(console, level);
      await until("the board is back", () => seen.boots === 2, 20);
      const now = await console.identify();
      expect(now).toMatchObject({ provisioned: false, name: "" });
      expect(now.nodeId === identity.nodeId).toBe(what === "keeps");
      expect(await status(console, Request.ProvisionRead)).toBe(Status.RecordMissing);
      expect((await trusted(console)).length).toBe(0);
    });
    const after = storedRecords(flash);
    if (before === undefined) throw new Error("never");
    expect(after.get(RecordKey.Airtime)).toBeDefined();
    for (const key of [PROVISION, PIN_FAILURES, RecordKey.Trusted, RecordKey.TrustedMore, RecordKey.Signal]) {
      expect(after.has(key)).toBe(false);
    }
    for (const key of [RecordKey.Identity, RecordKey.Destinations, RecordKey.Ratchets, RecordKey.Ratchets + 1]) {
      const was = before.get(key);
      if (was === undefined) throw new Error(`record ${key} was missing`);
      if (what === "keeps") expect(after.get(key)).toEqual(was);
      // Not a word of a secret is left anywhere in the flash.
      else expect(flashHolds(flash, was.subarray(-32))).toBe(false);
    }
  });
});

// --- boxes, made and opened here as a host does it (docs/console.md, Boxes) ------------------------------------------

const DOMAIN = Buffer.from("mehr/console-box/1\0");

function boxKey(shared: Uint8Array, ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return blake2b(Buffer.concat([DOMAIN, shared, ephemeral, recipient]), { dkLen: 32 });
}

async function backup(console: BoardConsole): Promise<Buffer> {
  const pair = x25519.keygen();
  const reply = await console.request(Request.Backup, pair.publicKey);
  expect(reply[0]).toBe(Status.Ok);
  const ephemeral = reply.subarray(1, 33);
  const key = boxKey(x25519.getSharedSecret(pair.secretKey, ephemeral), ephemeral, pair.publicKey);
  return Buffer.from(chacha20poly1305(key, new Uint8Array(12)).decrypt(reply.subarray(33)));
}

async function restore(console: BoardConsole, plain: Uint8Array): Promise<Uint8Array> {
  const reply = await console.request(Request.RestoreKey);
  expect(reply[0]).toBe(Status.Ok);
  const recipient = reply.subarray(1);
  const pair = x25519.keygen();
  const key = boxKey(x25519.getSharedSecret(pair.secretKey, recipient), pair.publicKey, recipient);
  const box = Buffer.concat([pair.publicKey, chacha20poly1305(key, new Uint8Array(12)).encrypt(plain)]);
  return console.request(Request.Restore, box);
}

function unpack(plain: Buffer): Map<number, Buffer> {
  expect(plain.subarray(0, 5)).toEqual(Buffer.from("MHRB\x01"));
  const records = new Map<number, Buffer>();
  for (let at = 5; at < plain.length; at += 4 + plain.readUInt16LE(at + 2)) {
    records.set(plain.readUInt16LE(at), plain.subarray(at + 4, at + 4 + plain.readUInt16LE(at + 2)));
  }
  return records;
}

function pack(records: Iterable<[number, Uint8Array]>, head = "MHRB\x01"): Buffer {
  const parts = [Buffer.from(head)];
  for (const [key, value] of records) {
    const item = Buffer.alloc(4);
    item.writeUInt16LE(key);
    item.writeUInt16LE(value.length, 2);
    parts.push(item, Buffer.from(value));
  }
  return Buffer.concat(parts);
}

const BACKED_UP = [
  RecordKey.Identity,
  RecordKey.Destinations,
  RecordKey.Sequences,
  RecordKey.Signal,
  RecordKey.Trusted,
  RecordKey.TrustedMore,
  PROVISION,
];

function sequences(records: ReadonlyMap<number, Buffer>): bigint[] {
  const bytes = records.get(RecordKey.Sequences) ?? Buffer.alloc(32);
  return [0, 8, 16, 24].map((at) => bytes.readBigUInt64LE(at));
}

describe("a backup", () => {
  it("makes another board this relay", { timeout: 60_000 }, async () => {
    const first = freshFlash();
    const second = freshFlash();
    const { plain, nodeId } = await board(first, async ({ console, identity }) => {
      await provision(console, draftOf());
      await console.command(Uint8Array.of(Command.DestinationAdd));
      await console.command(Uint8Array.of(Command.Signal, 1, 7, 0, 0, 0, 1));
      await console.command(Uint8Array.of(Command.Announce));
      return { plain: await backup(console), nodeId: identity.nodeId };
    });
    const saved = unpack(plain);
    const stored = storedRecords(first);
    expect([...saved.keys()]).toEqual(BACKED_UP);
    for (const key of BACKED_UP) if (key !== RecordKey.Sequences) expect(saved.get(key)).toEqual(stored.get(key));

    await board(second, async ({ console, identity }, seen) => {
      expect(identity.nodeId).not.toBe(nodeId);
      await provision(console, draftOf({ name: "spare", config: encodeBootConfig({ ...CONFIG, spreadingFactor: 7 }) }));
      await until("the airtime is on record", () => storedRecords(second).has(RecordKey.Airtime), 20);
      const before = storedRecords(second);
      const reply = await restore(console, plain);
      expect(reply[0]).toBe(Status.Ok);
      const { nodeId: now, flashWrites } = decodeRestoreReply(reply.subarray(1));
      expect(Buffer.from(now).toString("hex")).toBe(nodeId);
      expect(flashWrites).toBeGreaterThan(100);
      expect(await console.identify()).toMatchObject({ nodeId, name: "Dachstübli 1", provisioned: true });
      expect((await trusted(console)).length).toBe(320);
      await onAir(seen);
      expect(storedRecords(second).get(RecordKey.Airtime)).toEqual(before.get(RecordKey.Airtime));
      // What it was is gone: its ratchets, and its identity wherever it lay.
      for (const key of [RecordKey.Identity, RecordKey.Ratchets]) {
        expect(flashHolds(second, (before.get(key) ?? Buffer.alloc(32)).subarray(-32))).toBe(false);
      }
      // It goes on far behind every number that its neighbours may have seen.
      const margin = 1n << 32n;
      const restored = sequences(storedRecords(second));
      for (const [i, was] of sequences(saved).entries()) expect(restored[i]).toBeGreaterThanOrEqual(was + margin);
      // The same backup again, on what it has become: numbers rise once more, ratchets stay, nothing else changes.
      const ratchets = storedRecords(second).get(RecordKey.Ratchets);
      expect((await restore(console, plain))[0]).toBe(Status.Ok);
      expect(storedRecords(second).get(RecordKey.Ratchets)).toEqual(ratchets);
      for (const [i, was] of sequences(storedRecords(second)).entries()) expect(was).toBeGreaterThan(restored[i] ?? 0n);
    });
  });

  it("that is not one changes nothing", { timeout: 60_000 }, async () => {
    const flash = freshFlash();
    await board(flash, async ({ console, identity }) => {
      await provision(console, draftOf());
      const good = unpack(await backup(console));
      const without = (key: number): [number, Uint8Array][] => [...good].filter(([k]) => k !== key);
      const instead = (key: number, value: Uint8Array): Buffer => pack([...without(key), [key, value]]);
      const seed = new Uint8Array(32).fill(7);
      const later = Buffer.alloc(32);
      later.writeBigUInt64LE((1n << 62n) + 1n, 8);
      const bad: [string, Uint8Array][] = [
        ["nothing", new Uint8Array(0)],
        ["its head alone", pack([])],
        ["another version", pack(good, "MHRB\x02")],
        ["another head", pack(good, "MHRC\x01")],
        ["no identity", pack(without(RecordKey.Identity))],
        ["an identity of zeros", instead(RecordKey.Identity, new Uint8Array(32))],
        ["half an identity", instead(RecordKey.Identity, seed.subarray(0, 16))],
        ["an identity twice", pack([...good, [RecordKey.Identity, seed]])],
        ["an airtime", pack([...good, [RecordKey.Airtime, new Uint8Array(4)]])],
        ["a ratchet", pack([...good, [RecordKey.Ratchets, new Uint8Array(40)]])],
        ["a PIN's failures", pack([...good, [PIN_FAILURES, new Uint8Array(4)]])],
        ["an empty record", pack([...without(RecordKey.Trusted), [RecordKey.Trusted, new Uint8Array(0)]])],
        ["half a peer", instead(RecordKey.Trusted, new Uint8Array(24).fill(1))],
        ["more peers behind few", instead(RecordKey.Trusted, new Uint8Array(32).fill(1))],
        ["two destinations of three", instead(RecordKey.Destinations, new Uint8Array(64).fill(1))],
        ["numbers used up", instead(RecordKey.Sequences, later)],
        ["a signal that is none", instead(RecordKey.Signal, Uint8Array.of(2, 1, 0, 0, 0, 1))],
        ["a damaged provisioning", instead(PROVISION, Buffer.from(good.get(PROVISION) ?? []).fill(0, 20, 21))],
        ["a cut end", pack(good).subarray(0, -1)],
        ["a byte too many", Buffer.concat([pack(good), Uint8Array.of(0)])],
      ];
      const before = storedRecords(flash);
      for (const [what, plain] of bad) {
        expect([what, (await restore(console, plain))[0]]).toEqual([what, Status.BadBox]);
      }
      expect(await console.identify()).toMatchObject({ nodeId: identity.nodeId, name: "Dachstübli 1" });
      for (const key of BACKED_UP) expect(storedRecords(flash).get(key)).toEqual(before.get(key));
      // The key is good for a right box all the same.
      expect((await restore(console, pack(good)))[0]).toBe(Status.Ok);
    });
  });
});
