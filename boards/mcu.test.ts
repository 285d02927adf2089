import { expect, test } from "vitest";
import { gpioIndex, MCU_IDS, MCUS, pinName } from "./mcu.ts";

test.each([
  ["P0.00", 0],
  ["P0.05", 5],
  ["P0.31", 31],
  ["P1.00", 32],
  ["P1.06", 38],
  ["P1.11", 43],
  ["P1.15", 47],
])("nRF %s is GPIO index %i", (pin, index) => {
  expect(gpioIndex("nrf52840", pin)).toBe(index);
  expect(pinName("nrf52840", index)).toBe(pin);
});

test("a pin in another chip's form is no pin", () => {
  expect(gpioIndex("nrf52840", 43)).toBeUndefined();
  expect(gpioIndex("nrf52840", "P2.00")).toBeUndefined();
  expect(gpioIndex("nrf52840", "P1.5")).toBeUndefined();
  expect(gpioIndex("esp32s3", "P1.11")).toBeUndefined();
  expect(gpioIndex("esp32s3", 1.5)).toBeUndefined();
  expect(gpioIndex("cortex-m4", 1)).toBeUndefined();
  expect(gpioIndex("esp32s3", 36)).toBe(36);
  expect(pinName("esp32s3", 36)).toBe("GPIO36");
});

test("a pin past the end of port 0 is not one of port 1", () => {
  for (const pin of ["P0.32", "P0.39", "P1.16", "P1.31", "P1.39"]) {
    expect(MCUS.nrf52840.gpios.has(gpioIndex("nrf52840", pin) ?? -1), pin).toBe(false);
  }
});

// Counts from the chips' own tables: 48 (nRF52840 PS), 45 (ESP32-S3), 34 (ESP32), 30 (RP2040).
test.each([
  ["nrf52840", 48],
  ["esp32s3", 45],
  ["esp32", 34],
  ["rp2040", 30],
  ["host", 0],
] as const)("%s has %i GPIOs", (mcu, count) => {
  expect(MCUS[mcu].gpios.size).toBe(count);
});

test("every pin a table speaks of exists", () => {
  for (const id of MCU_IDS) {
    const mcu = MCUS[id];
    const named = [
      ...mcu.inputOnly,
      ...mcu.adc,
      ...mcu.flashPins,
      ...mcu.psramPins.quad,
      ...mcu.psramPins.octal,
      ...mcu.caution.keys(),
    ];
    for (const gpio of named) expect(mcu.gpios.has(gpio), `${id} ${gpio}`).toBe(true);
  }
});
