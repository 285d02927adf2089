/** The runtime's own C++ tests: frames, records with a power cut at every flash operation, hashes. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canInstallSystemPackages, installSystemPackages, missingSystemPackages } from "../toolchain/pio/system.ts";
import { root } from "./support/images.ts";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-runtime-"));
  if (canInstallSystemPackages()) await installSystemPackages(await missingSystemPackages("native", "build"));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FOLDERS = ["-Iboards/runtime/src", "-Iboards/runtime/engine/wasm3"];
const STRICT = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti", ...FOLDERS];

describe("the runtime's parts", () => {
  it("pass their tests under AddressSanitizer and UndefinedBehaviorSanitizer", { timeout: 300_000 }, () => {
    const tests = readdirSync(join(root, "boards/runtime/test"))
      .filter((name) => name.endsWith(".cpp"))
      .map((name) => `boards/runtime/test/${name}`);
    const sources = [
      ...["frame", "crc32", "sha256", "hmac_sha256", "records", "ram_records", "entropy_health", "inbox"],
      "last_words",
    ];
    const own = sources.map((name) => `src/${name}`);
    const names = [...own, "engine/wasm3/wasm_check"];
    const parts = names.map((name) => `boards/runtime/${name}.cpp`);
    const program = join(folder, "runtime-test");
    execFileSync("g++", [...STRICT, "-O1", "-g", "-fsanitize=address,undefined", ...tests, ...parts, "-o", program], {
      cwd: root,
    });
    const verdict = execFileSync(program, { encoding: "utf8" }).trim().split("\n").at(-1);
    const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(verdict ?? "") ?? [];
    expect(Number(failed)).toBe(0);
    expect(Number(passed)).toBeGreaterThan(1000);
  });

  it("do not link when a function the core imports is missing or has another signature", { timeout: 60_000 }, () => {
    const include = "-Iboards/runtime/include";
    const compile = (text: string): string => {
      try {
        execFileSync("g++", [...STRICT, include, "-x", "c++", "-c", "-", "-o", join(folder, "x.o")], {
          cwd: root,
          input: `#include "mehr_abi.h"\n${text}`,
          stdio: ["pipe", "pipe", "pipe"],
        });
        return "";
      } catch (error) {
        return String((error as { stderr: Buffer }).stderr);
      }
    };
    const right = 'extern "C" int32_t mehr_import_entropy(void*, uint8_t*, uint32_t) { return 0; }';
    expect(compile(right)).toBe("");
    expect(compile(right.replace("uint8_t*, uint32_t", "uint8_t*, uint64_t"))).toContain("mehr_import_entropy");
    expect(compile(right.replace("int32_t mehr", "int64_t mehr"))).toContain("mehr_import_entropy");
    expect(compile("uint32_t f(void* e) { int32_t r; return mehr_core_on_timer(e, &r); }")).toContain(
      "mehr_core_on_timer",
    );
  });
});
