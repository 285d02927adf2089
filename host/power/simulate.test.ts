import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capacityAt, chargeAt, lowLight, panelTemperature } from "./battery.ts";
import { runHours, simulate, type SimulationInput, usableMah } from "./simulate.ts";
import { PERSISTENCE } from "./weather.ts";

const BASE: SimulationInput = {
  site: { latitude: 47, tilt: 60, clearnessFactor: 1, persistence: PERSISTENCE, warmer: 0, snowDays: 0 },
  supply: {
    panelWatts: 1,
    panelYield: 0.65,
    batteryMah: 1500,
    lockout: { belowVolts: 3.3, resumeVolts: 3.5 },
  },
  draw: { milliamps: 10, lockedOutMilliamps: 1 },
  years: 8,
  seed: 1,
};

interface Changes {
  readonly site?: Partial<SimulationInput["site"]>;
  readonly supply?: Partial<SimulationInput["supply"]>;
  readonly draw?: Partial<SimulationInput["draw"]>;
}

function changed({ site, supply, draw }: Changes): SimulationInput {
  return {
    ...BASE,
    site: { ...BASE.site, ...site },
    supply: { ...BASE.supply, ...supply },
    draw: { ...BASE.draw, ...draw },
  };
}

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
const places = fc.record({
  latitude: between(-70, 70),
  batteryMah: between(200, 8000),
  panelWatts: between(0, 4),
  milliamps: between(2, 60),
  factor: between(1, 3),
});

describe("the years", () => {
  it("are never worse with a bigger panel, a bigger battery, less load or a clearer sky", () => {
    fc.assert(
      fc.property(places, ({ latitude, batteryMah, panelWatts, milliamps, factor }) => {
        const survived = (changes: Changes): number =>
          simulate(
            changed({
              site: { latitude, ...changes.site },
              supply: { batteryMah, panelWatts, ...changes.supply },
              draw: { milliamps, ...changes.draw },
            }),
          ).survived;
        const base = survived({});
        expect(survived({ supply: { panelWatts: panelWatts * factor } })).toBeGreaterThanOrEqual(base);
        expect(survived({ supply: { batteryMah: batteryMah * factor } })).toBeGreaterThanOrEqual(base);
        expect(survived({ draw: { milliamps: milliamps / factor } })).toBeGreaterThanOrEqual(base);
        expect(survived({ site: { snowDays: 10 } })).toBeLessThanOrEqual(base);
      }),
      { numRuns: 60 },
    );
  });

  it("are the same for the same seed", () => {
    expect(simulate(BASE)).toEqual(simulate(BASE));
    expect(simulate({ ...BASE, seed: 2 }).lowest).not.toEqual(simulate(BASE).lowest);
  });

  it("keep the battery between empty and full", () => {
    fc.assert(
      fc.property(places, ({ latitude, batteryMah, panelWatts, milliamps }) => {
        const run = simulate(changed({ site: { latitude }, supply: { batteryMah, panelWatts }, draw: { milliamps } }));
        for (const day of run.days) {
          expect(day.chargeLow).toBeGreaterThanOrEqual(0);
          expect(day.chargeMedian).toBeLessThanOrEqual(1);
          expect(day.chargeLow).toBeLessThanOrEqual(day.chargeMedian);
          expect(day.harvestLowMah).toBeLessThanOrEqual(day.harvestHighMah);
        }
        expect(run.survived).toBeGreaterThanOrEqual(0);
        expect(run.survived).toBeLessThanOrEqual(run.years);
      }),
      { numRuns: 20 },
    );
  });

  it("end where the battery alone does", () => {
    // Without sun the first lockout comes after the run time: 1.5 Ah at 10 mA are six days.
    const hours = runHours(BASE.supply, BASE.draw, 22);
    const run = simulate(changed({ supply: { panelWatts: 0 } }));
    expect(run.survived).toBe(0);
    expect(hours / 24).toBeGreaterThan(5.5);
    expect(hours / 24).toBeLessThan(6.25);
    const first = run.days.findIndex(
      (_, i) => i >= run.firstDay && (run.days[i]?.chargeMedian ?? 1) <= chargeAt(3.3) + 1e-9,
    );
    expect(Math.abs(first - run.firstDay - hours / 24)).toBeLessThan(1.5);
  });

  it("lock the radio out at the board's voltage, and draw little from then on", () => {
    // At 3.7 V the cell has 42 % left, so 870 mAh of 1500 are gone after three and a half days.
    const run = simulate(
      changed({
        supply: { panelWatts: 0, lockout: { belowVolts: 3.7, resumeVolts: 3.8 } },
        draw: { lockedOutMilliamps: 0.1 },
      }),
    );
    const charge = (after: number): number => run.days[run.firstDay + after]?.chargeMedian ?? 0;
    expect(charge(2)).toBeGreaterThan(0.45);
    expect(charge(4)).toBeLessThan(0.421);
    expect(charge(10)).toBeGreaterThan(0.38);
    expect(run.downDays.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(360);
    // A charged battery has the radio back: by the summer of a sunny place no lockout of the winter is left.
    const back = simulate(changed({ site: { latitude: 60, tilt: 60 }, draw: { milliamps: 15 } }));
    expect(back.downDays[11]).toBeGreaterThan(10);
    expect(back.downDays[5]).toBeLessThan(3);
  });

  it("have their worst month in the winter of their side of the equator", () => {
    const worst = (latitude: number): number => {
      const sums = Array<number>(12).fill(0);
      const run = simulate(changed({ site: { latitude, tilt: Math.abs(latitude) } }));
      run.panel.forEach((value, month) => (sums[month] = value));
      return sums.indexOf(Math.min(...sums));
    };
    expect([11, 0]).toContain(worst(50));
    expect([5, 6]).toContain(worst(-50));
  });

  it("conserve the charge: what a relay that never fills or empties its battery gains is harvest less load", () => {
    // A huge battery that loses little by itself: over the first day the charge falls by load less harvest.
    const supply = { batteryMah: 1_000_000, panelWatts: 0 };
    const run = simulate(changed({ supply, draw: { milliamps: 100 } }));
    const [day, next] = [run.firstDay + 1, run.firstDay + 2].map((i) => (run.days[i]?.chargeMedian ?? 0) * 1_000_000);
    const selfDischarge = 1000;
    expect((day ?? 0) - (next ?? 0)).toBeGreaterThan(2400);
    expect((day ?? 0) - (next ?? 0)).toBeLessThan(2400 + selfDischarge + 1);
  });
});

describe("battery and panel", () => {
  it("have the ends of their curves", () => {
    expect([chargeAt(2.5), chargeAt(3), chargeAt(4.2), chargeAt(5)]).toEqual([0, 0, 1, 1]);
    expect(capacityAt(25)).toBe(1);
    expect(capacityAt(-10)).toBe(0.8);
    expect(panelTemperature(5)).toBe(1);
    expect(panelTemperature(30)).toBeCloseTo(0.9, 9);
    expect(lowLight(0.05)).toBe(0.7);
    expect(lowLight(0.5)).toBe(1);
  });

  it("leave less to use the higher the lockout and the colder the air", () => {
    const lockout = (belowVolts: number): number =>
      usableMah({ ...BASE.supply, lockout: { belowVolts, resumeVolts: 3.9 } }, 0);
    expect(lockout(3.3)).toBeGreaterThan(lockout(3.6));
    expect(usableMah(BASE.supply, 20)).toBeGreaterThan(usableMah(BASE.supply, -15));
    expect(usableMah(BASE.supply, 20)).toBeCloseTo(1500 * 0.96, 6);
  });
});
