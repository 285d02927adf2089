/**
 * The way the translated core takes through its code on a Cortex-M4, for secrets that differ: QEMU writes down the
 * address of every block of instructions it executes, and the lists must be equal. crypto-timing.test.ts counts
 * instructions to within 40 of them, so a branch of a few instructions that the C compiler made out of arithmetic could
 * hide there; here it cannot.
 *
 * What this does not see: instructions of an IT block, which take their turn whether or not their condition holds, and
 * functions of the C library (the core calls it to copy and to fill, with lengths that are public).
 */
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { VirtualBoardProcess } from "../host/board/virtual.ts";
import { BoardTarget } from "../host/conformance/target.ts";
import { Primitive, Status } from "../host/core/abi.gen.ts";
import { Crypto, primitiveInput } from "../host/core/crypto.ts";
import { pioPlace } from "../toolchain/pio/environment.ts";
import { findArtifacts } from "../toolchain/pio/run.ts";
import { buildImage, root, virtualBoard } from "./support/images.ts";
import { NONCE, NOTHING, type Public, random, SECRETIVE, secrets, TEXT, wrongTags } from "./support/secret-inputs.ts";

/** Where the linker put the functions of the translated core, as QEMU's -dfilter wants it: 0xFIRST..0xLAST. */
function coreRange(): string {
  const map = findArtifacts(pioPlace(root), "qemu-m4-aot", "system").find(({ kind }) => kind === "map");
  const text = readFileSync(map?.path ?? "", "utf8");
  const placed = text.matchAll(/^ \.text\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+\S*relay_core\.o$/gm);
  const parts = [...placed].map(([, start, size]) => [
    Number.parseInt(start ?? "", 16),
    Number.parseInt(size ?? "", 16),
  ]);
  const kept = parts.filter(([start = 0, size = 0]) => start > 0 && size > 0);
  expect(kept.length).toBeGreaterThan(50);
  const first = Math.min(...kept.map(([start = 0]) => start));
  const last = Math.max(...kept.map(([start = 0, size = 0]) => start + size - 1));
  return `0x${first.toString(16)}..0x${last.toString(16)}`;
}

let folder: string;
let log: string;
let board: VirtualBoardProcess;
let target: BoardTarget;
let known: Public;
let box: Uint8Array;
beforeAll(async () => {
  const { image } = await buildImage("qemu-m4", "aot");
  folder = mkdtempSync(join(tmpdir(), "mehr-branches-"));
  log = join(folder, "log");
  board = await VirtualBoardProcess.start({
    board: virtualBoard("qemu-m4"),
    image,
    // nochain: a block that jumps straight into the next one would not be written down.
    emulatorOptions: ["-d", "exec,nochain", "-dfilter", coreRange(), "-D", log],
    radio: (stream) => new RadioPort({ name: "qemu-m4", stream }),
  });
  target = await BoardTarget.open(board.console);
  const crypto = new Crypto(target);
  const publicKey = await crypto.ed25519PublicKey(random.bytes(32));
  known = { publicKey, u: await crypto.x25519PublicKey(random.bytes(32)) };
  box = await crypto.seal(new Uint8Array(32), NONCE, NOTHING, TEXT);
}, 900_000);
afterAll(async () => {
  await board?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Way {
  readonly blocks: number;
  readonly hash: string;
}

/** The blocks of the core that one call executes. */
async function way(primitive: Primitive, input: Uint8Array, status: Status = Status.Ok): Promise<Way> {
  const before = statSync(log).size;
  expect((await target.crypto(primitive, input)).status).toBe(status);
  const hash = createHash("sha256");
  let blocks = 0;
  const bytes = Buffer.alloc(statSync(log).size - before);
  const file = openSync(log, "r");
  readSync(file, bytes, 0, bytes.length, before);
  closeSync(file);
  // Trace 0: 0x7f35c80054c0 [00400000/00000798/00000110/ff020000] field25519_feMul
  for (const [, address] of bytes.toString("latin1").matchAll(/^Trace \d+: 0x[0-9a-f]+ \[[0-9a-f]+\/([0-9a-f]+)\//gm)) {
    hash.update(address ?? "");
    blocks++;
  }
  return { blocks, hash: hash.digest("hex") };
}

/** Expects one way for all inputs, and one that is longer than `least` blocks. */
async function expectOneWay(
  primitive: Primitive,
  inputs: readonly Uint8Array[],
  least: number,
  status?: Status,
): Promise<void> {
  const ways: Way[] = [];
  for (const input of inputs) ways.push(await way(primitive, input, status));
  expect(ways[0]?.blocks).toBeGreaterThan(least);
  expect(new Set(ways.map(({ blocks, hash }) => `${blocks} ${hash}`)).size).toBe(1);
}

it.each(SECRETIVE)("%s takes one way whatever the secret is", { timeout: 600_000 }, async (name, input) => {
  const inputs = secrets(32).map((secret) => input(secret, known));
  await expectOneWay(Primitive[name], inputs, 20);
});

it("Open takes one way wherever the tag is wrong, and another when it is right", { timeout: 120_000 }, async () => {
  const open = (text: Uint8Array): Uint8Array => primitiveInput.aead(new Uint8Array(32), NONCE, NOTHING, text);
  await expectOneWay(Primitive.Open, wrongTags(box).map(open), 20, Status.BadTag);
  expect(await way(Primitive.Open, open(box))).not.toEqual(
    await way(Primitive.Open, open(wrongTags(box)[0] ?? box), Status.BadTag),
  );
});
