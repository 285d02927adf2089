import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { assemble } from "../core/compile.ts";
import { repositoryRoot } from "../paths.ts";
import { renderAbiHeader, renderAotHeader, renderWasm3Header } from "./c-header.ts";
import { checkModule } from "./check.ts";
import { ABI_SOURCE } from "./files.ts";
import { abiFingerprint, readLockedAbi, staleAbiFiles } from "./generate.ts";
import { type AbiModel, parseAbi, readAbi } from "./model.ts";
import { renderNodeBinding } from "./node-binding.ts";

const root = repositoryRoot();
const source = readFileSync(join(root, ABI_SOURCE), "utf8");
let model: AbiModel;
let wasm: Uint8Array;
beforeAll(() => {
  model = readAbi(join(root, ABI_SOURCE));
  wasm = readFileSync(join(root, "build", "core", "relay.wasm"));
});

/** abi.ts with one change. */
function changed(from: string | RegExp, to: string): AbiModel {
  const text = source.replace(from, to);
  if (text === source) throw new Error(`abi.ts no longer contains ${from}`);
  return parseAbi(text);
}

describe("the generated files", () => {
  it("are committed as abi.ts says now", () => {
    expect(staleAbiFiles(root)).toEqual([]);
  });

  it("are what the lock file allows", () => {
    expect(readLockedAbi(root).version).toBe(model.version);
  });

  it("have the same numbers in C and in TypeScript, with a sentence for every status", () => {
    const header = renderAbiHeader(model);
    const binding = renderNodeBinding(model);
    const status = model.enums.find((declaration) => declaration.name === "Status");
    expect(status?.members.length).toBeGreaterThan(30);
    for (const { name, value, doc } of status?.members ?? []) {
      const upper = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
      expect(header).toContain(`MEHR_STATUS_${upper} = ${value},`);
      expect(header).toContain(`case MEHR_STATUS_${upper}: return ${JSON.stringify(doc)};`);
      expect(binding).toContain(`${name}: ${value},`);
      expect(doc).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("check every pointer against memory before the shell sees it", () => {
    const header = renderWasm3Header(model);
    for (const fn of model.imports) {
      const body = header.slice(header.indexOf(`m3ApiRawFunction(mehr_wasm3_${fn.name})`)).split("\n}")[0] ?? "";
      const pointers = fn.parameters.filter((parameter) => parameter.type === "usize").length;
      expect(body.split("mehr_wasm3_inside").length - 1).toBe(pointers);
    }
    const aot = renderAotHeader(model);
    for (const fn of model.imports) {
      const body = aot.slice(aot.indexOf(` relay_import_abi_${fn.name}(`)).split("\n}")[0] ?? "";
      expect(body).toContain(`mehr_import_${fn.name}(mehr_aot_host`);
      const pointers = fn.parameters.filter((parameter) => parameter.type === "usize").map(({ name }) => name);
      for (const name of pointers) expect(body).toContain(`mehr_aot_bytes(${name}, length)`);
      expect(body.split("mehr_aot_bytes").length - 1).toBe(pointers.length);
    }
  });

  it("pass the bits of every value to and from translated code", () => {
    const aot = renderAotHeader(
      changed(/deadline\(\): u64;/, "deadline(): u64; mixed(a: i32, b: u64, c: i64, d: usize, length: u32): i32;"),
    );
    expect(aot).toContain("return relay_deadline();");
    expect(aot).toContain(
      "return relay_mixed((uint32_t)arguments[0], arguments[1], arguments[2], " +
        "(uint32_t)arguments[3], (uint32_t)arguments[4]);",
    );
    const signed = renderAotHeader(
      changed(
        "record_delete(key: u32): i32;",
        "record_delete(key: i32): i64; export declare function other(key: i64): u32;",
      ),
    );
    expect(signed).toContain("uint64_t relay_import_abi_record_delete(uint32_t key) {");
    expect(signed).toContain("return (uint64_t)mehr_import_record_delete(mehr_aot_host, (int32_t)key);");
    expect(signed).toContain("return mehr_import_other(mehr_aot_host, (int64_t)key);");
  });
});

describe("a change of the boundary", () => {
  it("alters the fingerprint, a change of comments does not", () => {
    const now = abiFingerprint(model);
    expect(abiFingerprint(changed("/** Done. */", "/** All is well. */"))).toBe(now);
    expect(abiFingerprint(changed("Short = 1", "Short = 99"))).not.toBe(now);
    expect(abiFingerprint(changed("IN_SIZE: u32 = 1536", "IN_SIZE: u32 = 512"))).not.toBe(now);
    expect(abiFingerprint(changed("record_delete(key: u32)", "record_delete(key: u64)"))).not.toBe(now);
    expect(abiFingerprint(changed("deadline(): u64;", "deadline(): u32;"))).not.toBe(now);
  });

  it.each([
    [
      "another parameter type",
      "on_timer(now_ms: u64): i32;",
      "on_timer(now_ms: u32): i32;",
      "exports on_timer as (i64) -> i32",
    ],
    ["another result", "deadline(): u64;", "deadline(): u32;", "exports deadline as () -> i64"],
    ["an export too few", "state_hash(): i32;", "state_hash(): i32; extra(): i32;", "does not export extra"],
    ["an export too many", "state_hash(): i32;", "", "exports state_hash, which abi.ts does not list"],
    [
      "an import with another type",
      "frame_send(port: u32, pointer: usize, length: u32, flags: u32): i32;",
      "frame_send(port: u32, pointer: usize, length: u32, flags: u32): i64;",
      "imports frame_send as (i32, i32, i32, i32) -> i32",
    ],
    [
      "an import that is gone",
      "export declare function frame_send(port: u32, pointer: usize, length: u32, flags: u32): i32;",
      "",
      "imports abi.frame_send, which abi.ts does not declare",
    ],
  ])("that the module does not follow fails the build: %s", (_, from, to, sentence) => {
    expect(() => checkModule(wasm, changed(from, to))).toThrow(sentence);
  });

  it("is accepted where module and boundary agree", () => {
    checkModule(wasm, model);
  });

  it("on the module's side fails as well", async () => {
    const node = readFileSync(join(root, "core-as/assembly/node.ts"), "utf8");
    const other = await assemble("core-as/assembly/node.ts", (name) => {
      if (name === "core-as/assembly/node.ts") {
        return node.replace(
          "export function on_timer(now_ms: u64): i32 {",
          "export function on_timer(now_ms: u64, x: u32): i32 {",
        );
      }
      try {
        return readFileSync(join(root, name), "utf8");
      } catch {
        return null;
      }
    });
    expect(() => checkModule(other, model)).toThrow("exports on_timer as (i64, i32) -> i32, abi.ts lists (i64) -> i32");
  });
});

describe("abi.ts itself is held to the rules of the boundary", () => {
  it.each([
    ["a float", "deadline(): u64;", "deadline(): f64;", "deadline returns f64"],
    ["a string", "on_timer(now_ms: u64): i32;", "on_timer(now_ms: string): i32;", "on_timer(now_ms) has type string"],
    [
      "a pointer without length",
      "entropy(pointer: usize, length: u32)",
      "entropy(pointer: usize)",
      "entropy(pointer) must be followed",
    ],
    ["two codes with one number", "Short = 1", "Short = 2", "Status.Long has the same number as Status.Short"],
    [
      "a code without a sentence",
      "/** The input ends before a field it must hold. */",
      "",
      "Status.Short must have a comment",
    ],
    ["no version", /export const ABI_VERSION: u32 = \d+;/, "", "ABI_VERSION is missing"],
  ])("%s is refused", (_, from, to, sentence) => {
    expect(() => changed(from, to)).toThrow(sentence);
  });
});
