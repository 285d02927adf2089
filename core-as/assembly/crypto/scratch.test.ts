/** Cryptography's static memory, counted in its sources: what it works in, and what a module copies there at start. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repositoryRoot } from "../../../toolchain/paths.ts";

/** Bytes of each of the two kinds. */
const LIMIT = 4096;

interface Memory {
  readonly scratch: number;
  readonly constants: number;
}

/** Sums the `memory.data` blocks of a source: uninitialised ones are scratch, lists of values are constants. */
function count(source: string): Memory {
  const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
  let scratch = 0;
  let constants = 0;
  for (const [, rest = ""] of code.matchAll(/\bmemory\s*\.\s*data\b([^;]*)/g)) {
    const size = /^\((\d+)(?:,\s*\d+)?\)/.exec(rest);
    const list = /^<[ui](8|16|32|64)>\(\s*\[([^\]]*)\](?:,\s*\d+)?,?\s*\)/.exec(rest);
    if (size !== null) scratch += Number(size[1]);
    else if (list !== null)
      constants += (Number(list[1]) / 8) * (list[2] ?? "").split(",").filter((x) => x.trim()).length;
    else throw new Error(`memory.data${rest} is neither memory.data(SIZE, ALIGN) nor memory.data<TYPE>([...])`);
  }
  return { scratch, constants };
}

const folder = join(repositoryRoot(), "core-as", "assembly", "crypto");
const files = readdirSync(folder)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => ({ name, ...count(readFileSync(join(folder, name), "utf8")) }));
const sum = (kind: keyof Memory): number => files.reduce((total, file) => total + file[kind], 0);
const list = (kind: keyof Memory): string =>
  files
    .filter((file) => file[kind] > 0)
    .map((file) => `${file.name} ${String(file[kind])}`)
    .join(", ");

describe("static memory of cryptography", () => {
  it("is counted as it is written", () => {
    expect(count("const A = memory.data(100, 16);\nconst B = memory.data(28); // memory.data(5)")).toEqual({
      scratch: 128,
      constants: 0,
    });
    expect(
      count("/** memory.data(7) */ const C = memory.data<u64>([\n  1, 2,\n  3,\n]); memory.data<u8>([4], 8);"),
    ).toEqual({
      scratch: 0,
      constants: 25,
    });
    expect(() => count("memory.data(SIZE, 16);")).toThrow("memory.data(SIZE, 16)");
  });

  it(`works in ${String(sum("scratch"))} of ${String(LIMIT)} bytes: ${list("scratch")}`, () => {
    expect(sum("scratch")).toBeGreaterThan(0);
    expect(sum("scratch")).toBeLessThanOrEqual(LIMIT);
  });

  it(`has ${String(sum("constants"))} of ${String(LIMIT)} bytes of constants: ${list("constants")}`, () => {
    expect(sum("constants")).toBeGreaterThan(0);
    expect(sum("constants")).toBeLessThanOrEqual(LIMIT);
  });
});
