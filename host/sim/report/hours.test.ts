import { expect, it } from "vitest";
import type { Phy } from "../../radio/channel.ts";
import { HOUR_MS, LAWS, type Law } from "../law.ts";
import { Hours } from "./hours.ts";

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 16,
  powerDbm: 14,
  syncWord: 0x12,
};

it("measures each station's worst hour, the last transmission included, and what was cut off not", () => {
  const hours = new Hours(LAWS.eu868 as Law);
  hours.transmission(0, PHY, 0, 100_000_000);
  hours.transmission(1, PHY, 0, 2_000_000);
  hours.transmission(0, PHY, 2 * HOUR_MS, 70_000_000);
  hours.transmission(0, PHY, 2 * HOUR_MS + 100_000, 60_000_000);
  hours.transmission(2, PHY, 0, 50_000_000);
  hours.cut(2, 0, 10_000);
  hours.transmission(3, PHY, 0, 361_000_000);
  const violations = hours.finish();
  expect([0, 1, 2, 3, 4].map((station) => hours.worstMs(station))).toEqual([130_000, 2000, 10_000, 361_000, 0]);
  expect(violations).toMatchObject([{ station: 3, kind: "duty", used: 361_000, allowed: 360_000 }]);
});
