/** Every published vector of the core's cryptography, on the module that ships, on every engine and board. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { BoardTarget, CoreTarget } from "../host/conformance/target.ts";
import { IN_SIZE, OUT_SIZE, Primitive, Status } from "../host/core/abi.gen.ts";
import { Crypto, PrimitiveError } from "../host/core/crypto.ts";
import { sha256Hex } from "../toolchain/core/compile.ts";
import { buildImage, root, VARIANTS, virtualBoard, withBoard } from "./support/images.ts";
import { hex, unhex } from "./support/internals.ts";
import { VECTORS } from "./vectors/index.ts";
import type { CallVector, OneCall, Vector } from "./vectors/vector.ts";

const wasm = readFileSync(join(root, "build", "core", "relay.wasm"));

/** RFC 7748's thousand iterations: minutes on an emulated board, so they run there only if MEHR_NIGHTLY is set. */
const isLong = (vector: Vector): boolean => vector.primitive !== "Blake3" && (vector.iterations ?? 1) > 1;
const NIGHTLY = process.env.MEHR_NIGHTLY !== undefined;

function title(vector: Vector): string {
  return `${vector.source}, ${vector.name}, ${vector.primitive}`;
}

function message(vector: Extract<Vector, { primitive: "Blake3" }>): Uint8Array {
  if (typeof vector.message === "string") return unhex(vector.message);
  return Uint8Array.from({ length: vector.message.patterned }, (_, i) => i % 251);
}

/** RFC 7748 section 5.2: the result becomes the scalar, the scalar before it u. */
async function iterated(crypto: Crypto, vector: CallVector): Promise<Uint8Array> {
  let [scalar, u] = [unhex(vector.input.slice(0, 64)), unhex(vector.input.slice(64))];
  for (let i = 0; i < (vector.iterations ?? 1); i++) [scalar, u] = [await crypto.x25519(scalar, u), scalar];
  return scalar;
}

/** "Ok HEX", or the name of the status that came. */
async function outcome(crypto: Crypto, vector: Vector): Promise<string> {
  try {
    let out: Uint8Array;
    if (vector.primitive === "Blake3") out = await crypto.blake3(message(vector), unhex(vector.key ?? ""));
    else if (isLong(vector)) out = await iterated(crypto, vector);
    else out = await crypto.run(Primitive[vector.primitive], unhex(vector.input));
    return `Ok ${hex(out)}`;
  } catch (error) {
    if (!(error instanceof PrimitiveError)) throw error;
    const { status } = error;
    return Object.entries(Status).find(([, value]) => value === status)?.[0] ?? `status ${status}`;
  }
}

function expected(vector: Vector): string {
  const status = vector.primitive === "Blake3" ? "Ok" : (vector.status ?? "Ok");
  return status === "Ok" ? `Ok ${vector.output}` : status;
}

/** The vectors with another outcome than theirs. */
async function failures(crypto: Crypto, vectors: readonly Vector[]): Promise<string[]> {
  const failed: string[] = [];
  for (const vector of vectors) {
    const got = await outcome(crypto, vector);
    if (got !== expected(vector)) failed.push(`${title(vector)}: expected ${expected(vector)}, got ${got}`);
  }
  return failed;
}

describe("the vectors", () => {
  it("cover every primitive", () => {
    const calls = VECTORS.filter((vector) => vector.primitive !== "Blake3" && (vector.status ?? "Ok") === "Ok");
    const covered = new Set<string>(calls.map((vector) => vector.primitive));
    const names = Object.keys(Primitive).filter((name) => !name.startsWith("Blake3"));
    expect(names.filter((name) => !covered.has(name))).toEqual([]);
    const blake3 = VECTORS.filter((vector) => vector.primitive === "Blake3");
    expect(new Set(blake3.map((vector) => vector.key === undefined))).toEqual(new Set([true, false]));
  });

  it("have names of their own, inputs that fit and results in hex", () => {
    expect(new Set(VECTORS.map(title)).size).toBe(VECTORS.length);
    for (const vector of VECTORS) {
      expect(vector.output).toMatch(/^([0-9a-f]{2})*$/);
      if (vector.primitive === "Blake3") continue;
      expect(vector.primitive satisfies OneCall).toBeOneOf(Object.keys(Primitive));
      expect(unhex(vector.input).length).toBeLessThanOrEqual(IN_SIZE);
    }
  });

  it("are noticed when one bit of their outcome differs", async () => {
    const [first] = VECTORS;
    if (first === undefined) throw new Error("no vectors");
    const flip = (text: string): string => text.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const crypto = new Crypto(await CoreTarget.open(wasm));
    const result = VECTORS.find((vector) => vector.output !== "") ?? first;
    expect(await failures(crypto, [result, { ...result, output: flip(result.output) }])).toHaveLength(1);
  });
});

describe("the published vectors", () => {
  it("hold on V8", { timeout: 120_000 }, async () => {
    expect(await failures(new Crypto(await CoreTarget.open(wasm)), VECTORS)).toEqual([]);
  });

  it.each(VARIANTS)("hold on $id under $engine", { timeout: 1_200_000 }, async ({ id, engine }) => {
    const vectors = VECTORS.filter((vector) => !isLong(vector) || NIGHTLY || id === "native");
    const { image } = await buildImage(id, engine);
    const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) => new RadioPort({ name: id, stream });
    await withBoard({ board: virtualBoard(id), image, radio }, async (board) => {
      expect(board.identity).toMatchObject({ status: 0, engine, wasmSha256: sha256Hex(wasm) });
      const target = await BoardTarget.open(board.console);
      const before = await target.hash();
      expect(await failures(new Crypto(target), vectors)).toEqual([]);
      expect(await target.hash()).toBe(before);
      // The largest request and the largest reply there are.
      const v8 = new Crypto(await CoreTarget.open(wasm));
      const crypto = new Crypto(target);
      const full = Uint8Array.from({ length: IN_SIZE }, (_, i) => i % 251);
      expect(await crypto.sha512(full)).toEqual(await v8.sha512(full));
      const stream = full.subarray(0, 48 + OUT_SIZE);
      expect(await crypto.run(Primitive.ChaCha20, stream)).toEqual(await v8.run(Primitive.ChaCha20, stream));
      await target.close();
    });
  });
});
