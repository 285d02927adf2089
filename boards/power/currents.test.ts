import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RADIO } from "../radio.ts";
import {
  boardDraw,
  type Current,
  DEFAULT_DRAW,
  interpolate,
  MCU_CURRENTS,
  RADIO_CURRENTS,
  TCXO,
  transmitCurrent,
} from "./currents.ts";

const currents: readonly (readonly [string, Current])[] = [
  ...Object.entries(MCU_CURRENTS).flatMap(([mcu, { running, rest }]) =>
    Object.entries({ running, ...rest }).map(([state, current]) => [`${mcu} ${state}`, current] as const),
  ),
  ...Object.entries(RADIO_CURRENTS).flatMap(([chip, { receiving, sleeping, standby }]) =>
    Object.entries({ receiving, sleeping, standby }).map(([state, current]) => [`${chip} ${state}`, current] as const),
  ),
  ["TCXO", TCXO],
  ["board", DEFAULT_DRAW],
];

describe("currents", () => {
  it.each(currents)("%s lies within its range and cites where it is from", (_, { milliamps, range, source }) => {
    expect(milliamps).toBeGreaterThanOrEqual(range[0]);
    expect(milliamps).toBeLessThanOrEqual(range[1]);
    expect(source.length).toBeGreaterThan(10);
  });

  it.each(Object.entries(MCU_CURRENTS))("%s draws less the less it does", (_, { running, rest }) => {
    expect(rest.sleep.milliamps).toBeLessThan(rest.idle.milliamps);
    expect(rest.idle.milliamps).toBeLessThan(running.milliamps);
  });

  it.each(Object.entries(RADIO_CURRENTS))(
    "%s sends with more current the louder, over all its range",
    (name, radio) => {
      const chip = name as keyof typeof RADIO;
      const dbm = radio.transmitting.map(([power]) => power);
      expect(dbm).toEqual([...dbm].sort((a, b) => a - b));
      expect(dbm.at(-1)).toBe(RADIO[chip].maxPowerDbm);
      expect(transmitCurrent(chip, dbm[0] ?? 0).milliamps).toBeGreaterThan(radio.receiving.milliamps);
      // The limit the HAL sets must let the amplifier have what it takes.
      expect(transmitCurrent(chip, 99).milliamps).toBeLessThanOrEqual(RADIO[chip].currentLimitMilliamps);
      fc.assert(
        fc.property(fc.integer({ min: -20, max: 30 }), (power) => {
          expect(transmitCurrent(chip, power + 1).milliamps).toBeGreaterThanOrEqual(
            transmitCurrent(chip, power).milliamps,
          );
        }),
      );
    },
  );

  it("are those of the data sheets at their points", () => {
    expect(transmitCurrent("SX1262", 22).milliamps).toBeCloseTo(118, 0);
    expect(transmitCurrent("SX1262", 14).milliamps).toBeCloseTo(90, -1);
    expect(transmitCurrent("SX1276", 20).milliamps).toBe(120);
    expect(transmitCurrent("SX1276", 17).milliamps).toBe(87);
    expect(RADIO_CURRENTS.SX1262.receiving.milliamps).toBe(5.3);
  });

  it("of a board are its value's, or the assumption", () => {
    expect(boardDraw({})).toBe(DEFAULT_DRAW);
    expect(boardDraw({ draw: { microamps: 760, source: "a measurement" } })).toMatchObject({
      milliamps: 0.76,
      range: [0.38, 1.52],
      confirmed: true,
    });
  });
});

describe("interpolate", () => {
  it("goes through its points, straight between them, and flat beyond", () => {
    const points = [
      [0, 1],
      [2, 5],
      [4, 5],
    ] as const;
    expect([-1, 0, 1, 2, 3, 4, 9].map((x) => interpolate(points, x))).toEqual([1, 1, 3, 5, 5, 5, 5]);
  });
});
