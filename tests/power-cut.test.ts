/**
 * The power is cut at every flash operation of a relay's scripted life (tests/support/power-cut/main.cpp). After each cut
 * it boots, under its old address, with the old or the new value of the record under way and all others as they were;
 * and no announce carries a number used before.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RecordKey, Status } from "../host/core/abi.gen.ts";
import { compileCore, type NamedModule } from "../toolchain/core/compile.ts";
import { canInstallSystemPackages, installSystemPackages, missingSystemPackages } from "../toolchain/pio/system.ts";
import { root } from "./support/images.ts";
import { cutPower, type PowerCutReport } from "./support/power-cut.ts";

const NIGHTLY = process.env.MEHR_NIGHTLY !== undefined;

let core: NamedModule;
beforeAll(async () => {
  core = await compileCore({ root });
  if (canInstallSystemPackages()) await installSystemPackages(await missingSystemPackages("native", "build"));
}, 600_000);

function cut(instead?: Record<string, string>, days = NIGHTLY ? 8 : 1): Promise<PowerCutReport> {
  const torn = NIGHTLY ? 3 : 1;
  return cutPower({ core, torn, days, jobs: availableParallelism(), ...(instead === undefined ? {} : { instead }) });
}

/** Every key the core stores records under; each destination has its own for ratchets. */
const KEYS = [
  ...Object.values(RecordKey).filter((key) => key !== RecordKey.Ratchets),
  ...Array.from({ length: 4 }, (_, destination) => RecordKey.Ratchets + destination),
];

describe("a power cut at every flash operation", () => {
  let written: number[] = [];

  it("leaves a node that boots with its identity, its records old or new", { timeout: 1_200_000 }, async () => {
    const report = await cut();
    console.log(JSON.stringify(report));
    written = Object.keys(report.records).map(Number);
    expect(report.cuts).toBe(report.operations * (NIGHTLY ? 3 : 1));
    expect(Math.min(report.old, report.new, report.between)).toBeGreaterThan(0);
    expect(report.records[RecordKey.Identity]?.cuts).toBeGreaterThan(0);
    // Only commands that this core does not have yet.
    expect(Object.values(report.refused).filter((status) => status !== Status.BadCommand)).toEqual([]);
    if (Object.keys(report.refused).length > 0) return;
    // One that has them all stores under every key, fills more than a page, and has a link to announce over.
    expect(written.toSorted((a, b) => a - b)).toEqual(KEYS.toSorted((a, b) => a - b));
    expect(Object.values(report.records).every(({ cuts }) => cuts > 0)).toBe(true);
    expect(report.erases).toBeGreaterThan(1);
    expect(report.announced).toBeGreaterThan(report.cuts / 2);
    expect(report.messages).toBeGreaterThanOrEqual(report.announced);
  });

  it.each([
    [
      "takes a value for stored before it is",
      "return commit == crc32(entry_crc(sequence, header), value, length);",
      "(void)sequence; (void)commit; return true;",
    ],
    ["deletes the old value first", "return put_all(&change, 1);", "remove(key); return put_all(&change, 1);"],
  ])("is noticed by the test when a store %s", { timeout: 1_200_000 }, async (_, from, to) => {
    if (written.length < 2) return;
    const source = readFileSync(join(root, "boards/runtime/src/records.cpp"), "utf8");
    expect(source).toContain(from);
    await expect(cut({ "records.cpp": source.replace(from, to) })).rejects.toThrow(/neither old nor new|does not boot/);
  });
});

describe("a power cut at every flash operation of a provisioning, a factory reset and a restore", () => {
  it("leaves all of it old or all of it new", { timeout: 1_200_000 }, async () => {
    const report = await cut(undefined, 0);
    console.log(JSON.stringify(report));
    expect(report.refused).toEqual({});
    // Each operation in all three ways: an erase, three operations for each record kept or changed, the bank's header.
    expect(report.sets.cuts % 3).toBe(0);
    expect(report.sets.cuts).toBeGreaterThan(3 * 100);
    expect(report.sets.old + report.sets.new).toBe(report.sets.cuts);
    expect(Math.min(report.sets.old, report.sets.new)).toBeGreaterThan(0);
    // After every cut, and at the end of the script.
    expect(report.announced).toBe(report.sets.cuts + 1);
  });
});
