/**
 * The same as constant-time.test.ts of the module that ships: relay.wasm through its `crypto` export. What the compiler
 * made of the sources there may differ from the unit tests' module, for it inlines what is called once.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ed25519 } from "@noble/curves/ed25519.js";
import { beforeAll, describe, expect, it } from "vitest";
import { Buffer as CoreBuffer, Primitive, Status } from "../host/core/abi.gen.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { expectSameTrace, secrets } from "./support/secrets.ts";
import { instrument, Tracer } from "./support/trace.ts";

type Exports = Record<"crypto" | "buffer", (...values: number[]) => number> & { readonly memory: WebAssembly.Memory };

let exports: Exports;
let tracer: Tracer;
beforeAll(async () => {
  const { wasm, sites } = instrument(readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm")));
  const module = await WebAssembly.compile(wasm);
  // None of the imports is called by `crypto`.
  const imports: Record<string, Record<string, () => number>> = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module))
    (imports[from] ??= {})[name] = () => Status.Trap;
  const instance = await WebAssembly.instantiate(module, imports);
  exports = instance.exports as unknown as Exports;
  tracer = new Tracer(instance.exports, sites);
});

/** One call of the export; the code it ends with. */
function run(primitive: Primitive, input: Uint8Array): number {
  new Uint8Array(exports.memory.buffer).set(input, exports.buffer(CoreBuffer.In));
  return exports.crypto(primitive, input.length);
}

const text = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + 7) & 0xff);
const bytes = (...parts: readonly (Uint8Array | number[])[]): Uint8Array =>
  Uint8Array.of(...parts.flatMap((part) => [...part]));
const KEY = text(32);
const NONCE = text(12);
const MESSAGE = text(100);
const PUBLIC_KEY = ed25519.getPublicKey(KEY);
const AAD = [13, 0, ...text(13)];

/** Primitive, what of it is secret, bytes of that, the input by the layout in abi.ts, and the code it ends with. */
const CALLS: readonly (readonly [
  keyof typeof Primitive,
  string,
  number,
  (secret: Uint8Array) => Uint8Array,
  number,
])[] = [
  ["Blake2b", "message", 96, (secret) => bytes([32], secret), 32],
  ["Blake3Begin", "key", 32, (secret) => secret, 0],
  ["Sha512", "message", 200, (secret) => secret, 64],
  ["ChaCha20", "key", 32, (secret) => bytes(secret, NONCE, [1, 0, 0, 0], MESSAGE), 100],
  ["ChaCha20", "plaintext", 100, (secret) => bytes(KEY, NONCE, [1, 0, 0, 0], secret), 100],
  ["Poly1305", "key", 32, (secret) => bytes(secret, MESSAGE), 16],
  ["Seal", "key", 32, (secret) => bytes(secret, NONCE, AAD, MESSAGE), 116],
  ["Seal", "plaintext", 100, (secret) => bytes(KEY, NONCE, AAD, secret), 116],
  ["Open", "key", 32, (secret) => bytes(secret, NONCE, AAD, MESSAGE), -Status.BadTag],
  ["Open", "tag", 16, (secret) => bytes(KEY, NONCE, AAD, MESSAGE, secret), -Status.BadTag],
  ["X25519", "scalar", 32, (secret) => bytes(secret, [9], new Uint8Array(31)), 32],
  ["X25519PublicKey", "scalar", 32, (secret) => secret, 32],
  ["Ed25519PublicKey", "seed", 32, (secret) => secret, 32],
  ["Ed25519Sign", "seed", 32, (secret) => bytes(secret, PUBLIC_KEY, MESSAGE), 64],
  ["X25519SecretFromSeed", "seed", 32, (secret) => secret, 32],
  ["VrfGamma", "seed", 32, (secret) => bytes(secret, PUBLIC_KEY, MESSAGE), 96],
  ["VrfProve", "seed", 32, (secret) => bytes(secret, PUBLIC_KEY, MESSAGE), 144],
];

describe("relay.wasm does the same for every secret", () => {
  it.each(CALLS)("%s, %s", (name, _what, size, layout, code) => {
    const trace = expectSameTrace(
      tracer,
      secrets(size).map((secret) => () => expect(run(Primitive[name], layout(secret))).toBe(code)),
    );
    expect(trace.decisions).toBeGreaterThan(0);
  });

  it("a keyed BLAKE3 stream, key and message", () => {
    const trace = expectSameTrace(
      tracer,
      secrets(200).map((secret) => () => {
        expect(run(Primitive.Blake3Begin, secret.subarray(0, 32))).toBe(0);
        expect(run(Primitive.Blake3Update, secret)).toBe(0);
        expect(run(Primitive.Blake3End, new Uint8Array(0))).toBe(32);
      }),
    );
    // Four blocks of seven rounds each.
    expect(trace.decisions).toBeGreaterThan(28);
  });
});
