import fc from "fast-check";
import { expect, it } from "vitest";
import type { Phy } from "../../radio/channel.ts";
import { HOUR_MS, LAWS, type Law, Regulator } from "../law.ts";
import { DutyLedger } from "./ledger.ts";

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 16,
  powerDbm: 14,
  syncWord: 0x12,
};

it("never lets a station break the law, however it asks", () => {
  const asking = fc.array(
    fc.record({ pause: fc.integer({ min: 0, max: 400_000 }), ms: fc.integer({ min: 1, max: 90_000 }) }),
    { maxLength: 120 },
  );
  fc.assert(
    fc.property(asking, (asked) => {
      const ledger = new DutyLedger(HOUR_MS / 10);
      const regulator = new Regulator(LAWS.eu868 as Law);
      let now = 0;
      for (const { pause, ms } of asked) {
        now += pause;
        const at = ledger.room(now, ms);
        expect(at).toBeGreaterThanOrEqual(now);
        ledger.add(at, ms);
        regulator.transmission(0, PHY, at, ms * 1000);
        now = at + ms;
      }
      regulator.finish();
      expect(regulator.violations).toEqual([]);
    }),
  );
});

it("makes nobody wait who has room, and others no longer than it must", () => {
  const ledger = new DutyLedger(HOUR_MS / 10);
  for (let i = 0; i < 4; i++) {
    expect(ledger.room(i * 100_000, 85_000)).toBe(i * 100_000);
    ledger.add(i * 100_000, 85_000);
  }
  // 340 s are used: 19.999 s fit in, 20 s only when the first 85 s have left the hour.
  expect(ledger.room(400_000, 19_999)).toBe(400_000);
  expect(ledger.room(400_000, 20_000)).toBe(85_000 + HOUR_MS - 20_000);
  expect(ledger.room(400_000, 360_001)).toBe(Number.POSITIVE_INFINITY);
  // It has not asked for anything to be sent.
  expect(ledger.room(400_000, 19_999)).toBe(400_000);
});
