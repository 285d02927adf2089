/**
 * The power is cut at every flash operation of a provisioning, a factory reset and a restore, on the unmodified firmware
 * in QEMU: the relay comes back with all of the old or all of the new, under the address that goes with it, and can be
 * provisioned.
 *
 * Each operation is cut twice: before it, and with a part of it done. A commit's tests take a seeded sample of these cuts;
 * MEHR_NIGHTLY=1 takes all.
 */
import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultEngine } from "../boards/engine.ts";
import { boxPublicKey, openBox, sealBox } from "../host/device/box.ts";
import type { Device, ProvisionDraft } from "../host/device/device.ts";
import { ResetLevel } from "../host/board/messages.gen.ts";
import { SeededRandom } from "../host/radio/random.ts";
import { CutBoard, type FlashOperation, type Torn } from "./support/cut-board.ts";
import { buildImage, virtualBoard } from "./support/images.ts";
import { asRead, draftFor } from "./support/provisioning.ts";
import { NIGHTLY } from "./support/runs.ts";

const board = virtualBoard("qemu-m4");
const PIN = "2580";
/** Cuts of a test in a commit's run; the first and the last are always among them. */
const SAMPLE = 8;

let cutBoard: CutBoard;
beforeAll(async () => {
  const { image } = await buildImage(board.id, defaultEngine(board));
  cutBoard = await CutBoard.start(board, image);
}, 600_000);
afterAll(() => (cutBoard as CutBoard | undefined)?.stop());

/** Peers of the relays, addresses in hex. */
const PEERS = ["11", "22", "33"].map((byte) => byte.repeat(16));

/** What a board is, as far as its owner can tell. */
interface State {
  readonly address: string;
  readonly publicKey: string;
  readonly provisioned: ProvisionDraft | undefined;
}

async function stateOf(device: Device): Promise<State> {
  const identity = await device.identify();
  // The core runs, or there is no relay.
  expect(identity.status).toBe(0);
  const { publicKey, nodeId } = await device.prove();
  expect(Buffer.from(nodeId).toString("hex")).toBe(identity.nodeId);
  const provisioned = await device.provisionRead();
  expect(identity.provisioned).toBe(provisioned !== undefined);
  expect(identity.name).toBe(provisioned?.record.name ?? "");
  expect((await device.hello()).pinLogN).toBe(provisioned?.record.pinLogN ?? 0);
  return { address: identity.nodeId, publicKey: Buffer.from(publicKey).toString("hex"), provisioned };
}

/** The cuts that are made: all by night, else some, by seed, with the first and the last. */
function chosen(operations: readonly FlashOperation[], seed: number): { n: number; torn: Torn }[] {
  const all = operations.flatMap((_, i) => (["before", "torn"] as const).map((torn) => ({ n: i + 1, torn })));
  if (NIGHTLY || all.length <= SAMPLE) return all;
  const random = new SeededRandom(seed);
  const ranked = all.slice(1, -1).map((cut) => ({ cut, rank: random.unit() }));
  ranked.sort((a, b) => a.rank - b.rank);
  const some = [...all.slice(0, 1), ...ranked.slice(0, SAMPLE - 2).map(({ cut }) => cut), ...all.slice(-1)];
  return some.sort((a, b) => a.n - b.n);
}

/** Words programmed and pages erased. */
function writesOf(operations: readonly FlashOperation[]): number {
  return operations.reduce((sum, operation) => sum + (operation.kind === "erase" ? 1 : operation.bytes.length / 4), 0);
}

interface Change {
  /** Record pages the board begins with, and the PIN it has then. */
  readonly flash: Uint8Array;
  readonly pin?: string;
  /** Gets the board ready, and gives what writes; that resolves to the writes the board counted, if it tells. */
  readonly prepare: (device: Device) => Promise<() => Promise<number | undefined>>;
  readonly seed: number;
  /** Whether a board is what it is after the change; the same as when nothing is cut, unless it makes itself new keys. */
  readonly isAfter?: (state: State, before: State) => boolean;
}

/** Cuts a change at the chosen operations, looks at what the board is then, and lets it do the change to its end. */
async function cutThrough(change: Change): Promise<{ before: State; after: State }> {
  const options = change.pin === undefined ? {} : { pin: change.pin };
  const device = await cutBoard.powerCycle(options, change.flash);
  const before = await stateOf(device);
  const work = await change.prepare(device);
  let counted: number | undefined;
  const operations = await cutBoard.operations(async () => {
    counted = await work();
  });
  // What the board says it has written is no more than what was seen; starting with the new writes some, too.
  if (counted !== undefined) {
    expect(counted).toBeGreaterThan(0);
    expect(counted).toBeLessThanOrEqual(writesOf(operations));
  }
  const after = await stateOf(await cutBoard.powerCycle());
  const isAfter = change.isAfter ?? ((state) => isDeepStrictEqual(state, after));
  expect(isAfter(after, before)).toBe(true);
  expect(isAfter(before, before)).toBe(false);

  const seen = { old: 0, new: 0 };
  for (const { n, torn } of chosen(operations, change.seed)) {
    const cutDevice = await cutBoard.powerCycle(options, change.flash);
    const operation = await cutBoard.cut(await change.prepare(cutDevice), n, torn);
    const where = `cut ${torn} operation ${n} of ${operations.length} (${operation?.kind ?? "none"})`;
    const again = await cutBoard.powerCycle(options);
    const state = await stateOf(again);
    if (isAfter(state, before)) {
      seen.new++;
      continue;
    }
    expect({ where, state }).toEqual({ where, state: before });
    seen.old++;
    // An attempt at the PIN is counted before it is looked at: cut in between, it counts as a wrong one for a second.
    const { waitMs } = await again.hello();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs + 100));
    again.usePin(change.pin);
    await (
      await change.prepare(again)
    )();
    expect(isAfter(await stateOf(await cutBoard.powerCycle()), before), where).toBe(true);
  }
  console.log(`${operations.length} flash operations, ${writesOf(operations)} writes; after a cut`, seen);
  // The last operation may be the one that counts, so that even a part of it done leaves the old.
  expect(seen.old).toBeGreaterThan(0);
  return { before, after };
}

/** The record pages of a relay that has been provisioned so, under the address it has with `flash` or a fresh one. */
async function provisioned(draft: ProvisionDraft, flash = new Uint8Array(8192)): Promise<Uint8Array> {
  const device = await cutBoard.powerCycle({}, flash);
  await device.provisionCommit(await device.provisionDraft(draft));
  return cutBoard.flash();
}

describe("a power cut at a flash operation of", () => {
  it("a provisioning leaves the old or the new, all of it", { timeout: 1_200_000 }, async () => {
    const first = await draftFor(board, { name: "north roof", powerDbm: 10, trusted: PEERS.slice(0, 2) });
    const second = await draftFor(board, { name: "south roof", powerDbm: 12, pin: PIN, trusted: PEERS.slice(1) });
    const { before, after } = await cutThrough({
      flash: await provisioned(first),
      prepare: async (device) => {
        const sha256 = await device.provisionDraft(second);
        return async () => (await device.provisionCommit(sha256)).flashWrites;
      },
      seed: 1,
    });
    expect([before.provisioned, after.provisioned]).toEqual([asRead(first), asRead(second)]);
    expect([after.address, after.publicKey]).toEqual([before.address, before.publicKey]);
  });

  it("the first provisioning leaves a relay with none or with all of it", { timeout: 1_200_000 }, async () => {
    const draft = await draftFor(board, { name: "north roof", trusted: PEERS });
    await cutBoard.powerCycle({}, new Uint8Array(8192));
    const { before, after } = await cutThrough({
      flash: await cutBoard.flash(),
      prepare: async (device) => {
        const sha256 = await device.provisionDraft(draft);
        return async () => (await device.provisionCommit(sha256)).flashWrites;
      },
      seed: 2,
    });
    expect([before.provisioned, after.provisioned]).toEqual([undefined, asRead(draft)]);
    expect([after.address, after.publicKey]).toEqual([before.address, before.publicKey]);
  });

  it.each([
    ["keeps", ResetLevel.KeepIdentity],
    ["forgets", ResetLevel.ForgetIdentity],
  ] as const)("a factory reset that %s the identity", { timeout: 1_200_000 }, async (_, level) => {
    const draft = await draftFor(board, { name: "north roof", pin: PIN, trusted: PEERS });
    const { before, after } = await cutThrough({
      flash: await provisioned(draft),
      pin: PIN,
      prepare: async (device) => async () => {
        await device.factoryReset(level);
        return undefined;
      },
      // A board that has forgotten its identity makes another one each time.
      isAfter: (state, { address }) =>
        state.provisioned === undefined && (state.address === address) === (level === ResetLevel.KeepIdentity),
      seed: 3 + level,
    });
    expect([before.provisioned, after.provisioned]).toEqual([asRead(draft), undefined]);
  });

  it("a restore leaves one relay or the other", { timeout: 1_200_000 }, async () => {
    const mine = await draftFor(board, { name: "new board", powerDbm: 8 });
    const theirs = await draftFor(board, { name: "old board", powerDbm: 11, pin: PIN, trusted: PEERS });
    await provisioned(theirs);
    const lost = await cutBoard.powerCycle({ pin: PIN });
    const { address } = await stateOf(lost);
    const secret = Uint8Array.from(randomBytes(32));
    const backup = openBox(secret, await lost.backup(boxPublicKey(secret)));
    const { before, after } = await cutThrough({
      flash: await provisioned(mine),
      prepare: async (device) => {
        const box = sealBox(await device.restoreKey(), backup);
        return async () => (await device.restore(box)).flashWrites;
      },
      seed: 5,
    });
    expect(before.provisioned).toEqual(asRead(mine));
    expect([after.provisioned, after.address]).toEqual([asRead(theirs), address]);
    expect(after.publicKey).not.toBe(before.publicKey);
  });
});
