/** Values for every message of the console, and the C++ side of them as a program. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import * as generated from "../../host/board/messages.gen.ts";
import { consoleMessages, lastOf, structOf } from "../../toolchain/console/model.ts";
import type { Field, Struct } from "../../toolchain/console/schema.ts";
import { installSystemPackages, missingSystemPackages } from "../../toolchain/pio/system.ts";
import { canInstallSystemPackages } from "../../toolchain/pio/system.ts";
import { root } from "./images.ts";

export interface Codec {
  encode(message: unknown): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}

export function codecOf(name: string): Codec {
  const functions = generated as unknown as Record<string, (argument: never) => never>;
  const [encode, decode] = [functions[`encode${name}`], functions[`decode${name}`]];
  if (encode === undefined || decode === undefined) throw new Error(`${name} has no codec`);
  return { encode: encode as Codec["encode"], decode: decode as Codec["decode"] };
}

/** Text of at most `max` bytes of UTF-8 without control characters. */
function text(max: number): fc.Arbitrary<string> {
  return fc.string({ unit: "binary", maxLength: max }).map((value) => {
    const clean = value.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
    let end = clean.length;
    while (Buffer.byteLength(clean.slice(0, end)) > max || /[\ud800-\udbff]$/.test(clean.slice(0, end))) end--;
    return clean.slice(0, end);
  });
}

function value({ type, range }: Field): fc.Arbitrary<unknown> {
  const bytes = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength, maxLength }).map((array) => Uint8Array.from(array));
  if (type === "u64") return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (type === "i16") return fc.integer({ min: -0x8000, max: 0x7fff });
  if (type === "i16?") return fc.option(fc.integer({ min: -0x7fff, max: 0x7fff }), { nil: undefined });
  if (typeof type === "string") {
    const [min, max] = range ?? [0, 2 ** Number(type.slice(1)) - 1];
    return fc.integer({ min, max });
  }
  if ("enum" in type) return fc.integer({ min: 0, max: lastOf(type.enum) });
  if ("bytes" in type) return bytes(type.bytes, type.bytes);
  if ("blob" in type) return bytes(0, type.blob);
  if ("rest" in type) return bytes(0, type.rest);
  if ("text" in type) return text(type.text);
  if ("restText" in type) return text(type.restText);
  if ("struct" in type) return valueOf(structOf(type.struct));
  return fc.array(valueOf(structOf(type.list)), { maxLength: type.max });
}

/** Any value of a message. */
export function valueOf(struct: Struct): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(struct.fields.map((field) => [field.name, value(field)])));
}

/** Takes each message apart and puts it together again, in memory that is exactly as long as it. */
function program(): string {
  const names = consoleMessages().map(({ name }) => name);
  return `
#include <stdio.h>
#include <stdlib.h>
#include "mehr_console.h"
using namespace mehr::msg;

template <class M>
static size_t again(const uint8_t* in, size_t size, uint8_t* out, bool& taken) {
  M m;
  taken = parse(in, size, m);
  if (!taken) return 0;
  const size_t length = emit(out, size, m);
  // One byte less must not do, and nothing may be written behind it.
  uint8_t* tight = static_cast<uint8_t*>(malloc(size + 1));
  if (size > 0 && emit(tight, size - 1, m) != 0) abort();
  if (emit_reply(tight, size + 1, 7, m) != size + 1 || tight[0] != 7) abort();
  free(tight);
  return length;
}

int main() {
  uint8_t head[3];
  while (fread(head, 1, 3, stdin) == 3) {
    const size_t size = head[1] | head[2] << 8;
    uint8_t* in = static_cast<uint8_t*>(malloc(size));
    uint8_t* out = static_cast<uint8_t*>(malloc(size));
    if (fread(in, 1, size, stdin) != size) abort();
    bool taken = false;
    size_t length = 0;
    switch (head[0]) {
${names.map((name, index) => `      case ${index}: length = again<${name}>(in, size, out, taken); break;`).join("\n")}
      default: abort();
    }
    const uint8_t answer[3] = {taken, static_cast<uint8_t>(length), static_cast<uint8_t>(length >> 8)};
    fwrite(answer, 1, 3, stdout);
    fwrite(out, 1, length, stdout);
    free(in);
    free(out);
  }
  return 0;
}
`;
}

export interface Case {
  /** Index in consoleMessages(). */
  readonly message: number;
  readonly bytes: Uint8Array;
}

/** The C++ side: what it makes of each case; undefined where it refuses. */
export interface CppSide {
  run(cases: readonly Case[]): (Uint8Array | undefined)[];
  remove(): void;
}

/** Compiles it with what finds reads and writes outside the bytes given. */
export async function compileCppSide(): Promise<CppSide> {
  if (canInstallSystemPackages()) await installSystemPackages(await missingSystemPackages("native", "build"));
  const folder = mkdtempSync(join(tmpdir(), "mehr-messages-"));
  const source = join(folder, "messages.cpp");
  const binary = join(folder, "messages");
  writeFileSync(source, program());
  const include = join(root, "boards", "runtime", "include");
  const warnings = ["-Wall", "-Wextra", "-Wconversion", "-Werror", "-fno-exceptions", "-fno-rtti"];
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
  execFileSync("g++", ["-std=c++17", "-O1", ...warnings, ...sanitizers, "-I", include, source, "-o", binary]);
  return {
    run: (cases) => {
      const parts = cases.map(({ message, bytes }) =>
        Buffer.concat([Uint8Array.of(message, bytes.length & 0xff, bytes.length >> 8), bytes]),
      );
      const out = execFileSync(binary, { input: Buffer.concat(parts), maxBuffer: 2 ** 30 });
      let at = 0;
      return cases.map(() => {
        const taken = out[at] === 1;
        const length = out.readUInt16LE(at + 1);
        at += 3 + length;
        return taken ? Uint8Array.from(out.subarray(at - length, at)) : undefined;
      });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
