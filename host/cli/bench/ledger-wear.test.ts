import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { LOAD_TIMEOUT_MS, PacketPath } from "../../../tests/support/packet-path.ts";
import { runs } from "../../../tests/support/runs.ts";
import { LEDGER_LOADS, LEDGER_WRITES_PER_HOUR_MAX, LedgerModel, ledgerWritesPerYear } from "./ledger-wear.ts";

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);

describe("the model of the ledger's writes", () => {
  it("lets out and writes exactly what the core's ledger does", () => {
    const load = fc.record({
      waitMs: fc.oneof(fc.nat(2000), fc.nat(600_000), fc.nat(8_000_000)),
      times: fc.nat(60),
      length: fc.constantFrom(21, 254, 508),
    });
    const setup = fc.constantFrom({ sf: 8, duty: 1 }, { sf: 7, duty: 10 }, { sf: 12, duty: 10 }, { sf: 8, duty: 100 });
    let writes = 0;
    fc.assert(
      fc.property(setup, fc.array(load, { maxLength: 150 }), (modem, loads) => {
        core.records.clear();
        core.boot(modem);
        const first = core.puts;
        const model = new LedgerModel(modem.duty, core.call("mediumAirtimeUs", 508));
        let now = 0;
        for (const { waitMs, times, length } of loads) {
          now += waitMs;
          const us = core.call("mediumAirtimeUs", length);
          for (let i = 0; i < times; i++) {
            const lawful = core.time("airtimeNext", 4, BigInt(us), BigInt(now)) === now;
            expect(model.lawful(us, now)).toBe(lawful);
            if (!lawful) break;
            core.call("airtimeReserve", BigInt(now));
            core.call("airtimeAdd", 4, BigInt(us), BigInt(now));
            model.send(us, now);
            expect(model.writes).toBe(core.puts - first);
            now += Math.ceil(us / 1000);
          }
        }
        writes += model.writes;
      }),
      { numRuns: runs(100, 10_000) },
    );
    expect(writes).toBeGreaterThan(200);
  });
});

describe("a year of writes", () => {
  it.each([10, 100])("is what the loads make of it, and never above the bound: %i per mille", (dutyPermille) => {
    const wear = LEDGER_LOADS.map((load) =>
      ledgerWritesPerYear(load, { dutyPermille, packetsPerHour: 0.3 * dutyPermille }),
    );
    for (const { load, worstHour, writesPerYear } of wear) {
      expect(worstHour, load).toBeLessThanOrEqual(LEDGER_WRITES_PER_HOUR_MAX);
      expect(writesPerYear, load).toBeLessThanOrEqual(8760 * LEDGER_WRITES_PER_HOUR_MAX);
    }
    const [idle, , saturated, bursts] = wear;
    // Level use writes next to nothing; the bursts are the worst there is of their kind.
    expect(idle?.writesPerYear).toBeLessThan(10);
    expect(saturated?.used).toBeGreaterThan(0.9);
    expect(bursts?.writesPerYear).toBeGreaterThan(60_000);
    expect(Math.max(...wear.map(({ writesPerYear }) => writesPerYear))).toBe(bursts?.writesPerYear);
  });
});
