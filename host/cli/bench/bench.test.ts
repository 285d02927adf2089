import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { assemble } from "../../../toolchain/core/compile.ts";
import { wasmSizes } from "../../../toolchain/core/sizes.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { repositoryRoot } from "../../../toolchain/paths.ts";
import { emptied } from "./crypto-size.ts";
import { agree } from "./crypto-v8.ts";
import { library } from "./libraries.ts";
import { interleaved, judged, median, meets } from "./measure.ts";

const root = repositoryRoot();

describe("what is measured", () => {
  it("is the median of rounds in which all take turns", () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
    const order: string[] = [];
    const spin = (name: string, ms: number) => (): void => {
      order.push(name);
      const end = performance.now() + ms;
      while (performance.now() < end);
    };
    const how = { rounds: 4, batchMs: 1, warmUpMs: 0 };
    const [one = 0, three = 0, nine = 0] = interleaved([spin("a", 1), spin("b", 3), spin("c", 9)], how);
    expect(one).toBeGreaterThanOrEqual(1000);
    expect(three).toBeGreaterThan(one);
    expect(nine).toBeGreaterThan(three);
    // Once each to find out how long it takes, then four rounds, each beginning with the next one.
    expect(order.join("")).toBe("abc" + "abc" + "bca" + "cab" + "abc");
  });

  it("is met or missed at the bound itself", () => {
    const row = { name: "x", value: 10, unit: "us", ratio: 2 };
    expect([meets(row, { value_at_most: 10 }), meets(row, { value_at_most: 9.99 })]).toEqual([true, false]);
    expect([meets(row, { ratio_at_least: 2 }), meets(row, { ratio_at_least: 2.01 })]).toEqual([true, false]);
    expect([meets(row, { ratio_at_most: 2 }), meets(row, { ratio_at_most: 1.99 })]).toEqual([true, false]);
    // A goal for a ratio that was not measured is not met.
    expect(meets({ value: 1 }, { ratio_at_most: 5 })).toBe(false);
    expect(judged(row, undefined)).toEqual(row);
    expect(judged(row, { value_at_most: 5 })).toMatchObject({ met: false });
  });

  it("is the same work on both sides, or the benchmark refuses", () => {
    const ours = Uint8Array.of(1, 2);
    const agrees = [{ library: "a", run: () => ours }];
    agree("x", ours, agrees);
    agree("x", ours, [{ library: "b", run: () => [1, 2], bytes: (list: number[]) => Uint8Array.from(list) }]);
    expect(() => agree("x", Uint8Array.of(1, 3), agrees)).toThrow("x: the core gives 0103, a gives 0102");
  });
});

describe("a library that is not installed", () => {
  it("is named with the command that installs it, and other failures are left as they are", async () => {
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    const refused = await library("noble", Promise.reject(missing)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(MehrError);
    expect(refused).toMatchObject({ exitCode: 3, hint: "npm ci" });
    await expect(library("noble", Promise.reject(new TypeError("broken")))).rejects.toThrow(TypeError);
    expect(await library("noble", Promise.resolve(7))).toBe(7);
  });
});

describe("the core without cryptography", () => {
  it("has neither its code nor its memory, and all the rest", { timeout: 60_000 }, async () => {
    const folder = "core-as/assembly/crypto";
    const texts = new Map<string, string>();
    for (const name of readdirSync(join(root, folder))) {
      if (!name.endsWith(".test.ts"))
        texts.set(`${folder}/${name}`, await emptied(readFileSync(join(root, folder, name), "utf8")));
    }
    const read = (name: string): string | null => {
      try {
        return texts.get(name) ?? readFileSync(join(root, name), "utf8");
      } catch {
        return null;
      }
    };
    const whole = await wasmSizes(readFileSync(join(root, "build/core/relay.wasm")));
    const wasm = await assemble("core-as/assembly/node.ts", read);
    const rest = await wasmSizes(wasm);
    expect(whole.code - rest.code).toBeGreaterThan(3000);
    // SHA-512's round constants alone are 640 bytes, BLAKE2b's schedule and both IVs 256.
    expect(whole.data - rest.data).toBeGreaterThan(800);
    expect(whole.memory - rest.memory).toBeGreaterThan(3000);
    const names = (module: WebAssembly.Module): string[] =>
      WebAssembly.Module.exports(module)
        .map(({ name }) => name)
        .sort();
    const built = await WebAssembly.compile(
      readFileSync(join(root, "build/core/relay.wasm")) as Uint8Array<ArrayBuffer>,
    );
    expect(names(await WebAssembly.compile(wasm as Uint8Array<ArrayBuffer>))).toEqual(names(built));
  });

  it("keeps what other sources name", async () => {
    const text = `import { a } from "./other";
      import { Status } from "../abi";
      const T: usize = memory.data<u8>([1, 2]);
      export const SIZE: u32 = 384;
      export const AT: usize = T + 8;
      function inner(): u32 { return load<u32>(T); }
      export function size(): u32 { return inner() + a(); }
      export function check(at: usize): Status { return load<u8>(at) == 0 ? Status.Ok : Status.BadTag; }
      export function is(): bool { return true; }
      export function wipe(at: usize): void { store<u8>(at, 0); }`;
    const left = (await emptied(text)).replace(/\s+/g, " ");
    for (const gone of ["./other", "memory.data", "inner", "load", "store"]) expect(left).not.toContain(gone);
    for (const kept of ["SIZE: u32 = 384", "AT: usize = 0", "return <u32>0;", "return <Status>0;", "return false;"]) {
      expect(left).toContain(kept);
    }
  });
});
