import fc from "fast-check";
import { expect, test } from "vitest";
import { type BootConfig, bootConfig, decodeBootConfig, encodeBootConfig } from "./config.ts";
import heltecV3 from "./heltec-v3.ts";
import qemuM4 from "./qemu-m4.ts";
import rak4631 from "./rak4631.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// version flags caps tier sf cr power preamble sync dwell | 869525000 = 0x33d3e608 | 125000 = 0x0001e848 |
// price | 100 per mille = 0x0064, no wired interface, pause | threshold, ms, zero
const VIRTUAL = "030101000008050e12001200" + "08e6d333" + "48e80100" + "00000000" + "64000000" + "00000000";
const REAL = `0300${VIRTUAL.slice(4)}`;
/** The same with one wired interface: 115200 = 0x0001c200 bit/s, 484 = 0x01e4. */
const WIRED = `${VIRTUAL.slice(0, 52)}010000000000` + "00c20100" + "e4010000";

test("a virtual board boots allowed to transmit", () => {
  expect(hex(encodeBootConfig(bootConfig(qemuM4)))).toBe(VIRTUAL);
});

test("a real board boots receive-only", () => {
  for (const board of [rak4631, heltecV3]) expect(hex(encodeBootConfig(bootConfig(board)))).toBe(REAL);
});

test("every field has its own place", () => {
  const config: BootConfig = {
    transmitAllowed: true,
    capabilities: 0x1234,
    costTier: 3,
    spreadingFactor: 12,
    codingRate: 8,
    powerDbm: -9,
    preambleSymbols: 0x0102,
    syncWord: 0x34,
    frequencyHz: 0x0a0b0c0d,
    bandwidthHz: 0x01020304,
    priceMicroMhrPerKib: 0x11121314,
    dutyPermille: 0x0203,
    dwellMs: 0x28 * 100,
    pauseMs: 0x32,
    lbtThresholdDbm: -80,
    lbtMs: 0x05,
    radio: false,
    wired: [
      { bitrateBps: 0x21222324, mtu: 484 },
      { bitrateBps: 100, mtu: 484 },
    ],
  };
  const bytes =
    "0303341203" +
    "0c08f7" +
    "0201" +
    "3428" +
    "0d0c0b0a" +
    "04030201" +
    "14131211" +
    "0302" +
    "0232" +
    "b005" +
    "0000" +
    "24232221e4010000" +
    "64000000e4010000";
  expect(hex(encodeBootConfig(config))).toBe(bytes);
  expect(decodeBootConfig(Uint8Array.from(Buffer.from(bytes, "hex")))).toEqual(config);
});

const lbt = fc.oneof(
  fc.constant({ lbtThresholdDbm: 0, lbtMs: 0 }),
  fc.record({ lbtThresholdDbm: fc.integer({ min: -128, max: -1 }), lbtMs: fc.integer({ min: 1, max: 255 }) }),
);

const configs: fc.Arbitrary<BootConfig> = fc
  .tuple(
    lbt,
    fc.record({
      transmitAllowed: fc.boolean(),
      capabilities: fc.integer({ min: 0, max: 0xffff }),
      costTier: fc.integer({ min: 0, max: 3 }),
      spreadingFactor: fc.integer({ min: 5, max: 12 }),
      codingRate: fc.integer({ min: 5, max: 8 }),
      powerDbm: fc.integer({ min: -128, max: 127 }),
      preambleSymbols: fc.integer({ min: 6, max: 0xffff }),
      syncWord: fc.integer({ min: 0, max: 0xff }),
      frequencyHz: fc.integer({ min: 1, max: 0xffff_ffff }),
      bandwidthHz: fc.integer({ min: 1, max: 0xffff_ffff }),
      priceMicroMhrPerKib: fc.integer({ min: 0, max: 0xffff_ffff }),
      dutyPermille: fc.integer({ min: 1, max: 1000 }),
      dwellMs: fc.nat(255).map((tenths) => tenths * 100),
      pauseMs: fc.nat(255),
      radio: fc.boolean(),
      wired: fc.array(fc.record({ bitrateBps: fc.integer({ min: 100, max: 0xffff_ffff }), mtu: fc.constant(484) }), {
        maxLength: 3,
      }),
    }),
  )
  .map(([rule, config]) => ({ ...config, ...rule }));

test("what is encoded comes back", () => {
  fc.assert(
    fc.property(configs, (config) => {
      expect(decodeBootConfig(encodeBootConfig(config))).toEqual(config);
    }),
  );
});

test("any bytes either decode and encode to themselves or are refused with a RangeError", () => {
  const wild = fc.uint8Array({ maxLength: 60 });
  const near = fc.tuple(fc.constantFrom(VIRTUAL, WIRED), fc.nat(39), fc.nat(255)).map(([text, at, byte]) => {
    const bytes = Uint8Array.from(Buffer.from(text, "hex"));
    return bytes.fill(byte, at % bytes.length, (at % bytes.length) + 1);
  });
  fc.assert(
    fc.property(fc.oneof(wild, near), (bytes) => {
      let config: BootConfig;
      try {
        config = decodeBootConfig(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      expect(encodeBootConfig(config)).toEqual(bytes);
    }),
  );
});

test.each([
  [`02${VIRTUAL.slice(2)}`, "version 2 is not 3"],
  [`0304${VIRTUAL.slice(4)}`, "unknown flags 4"],
  [`${VIRTUAL.slice(0, 10)}0d${VIRTUAL.slice(12)}`, "spreadingFactor must be 5..12, got 13"],
  [`${VIRTUAL.slice(0, 48)}0000${VIRTUAL.slice(52)}`, "dutyPermille must be 1..1000, got 0"],
  [`${VIRTUAL.slice(0, 48)}e903${VIRTUAL.slice(52)}`, "dutyPermille must be 1..1000, got 1001"],
  [`${VIRTUAL.slice(0, 60)}0100`, "byte 30 must be 0, got 1"],
  [`${VIRTUAL.slice(0, 60)}0001`, "byte 31 must be 0, got 1"],
  [`${VIRTUAL.slice(0, 56)}b0000000`, "lbtMs must be 1..255 with lbtThresholdDbm -80, got 0"],
  [`${VIRTUAL.slice(0, 56)}00050000`, "lbtMs must be 0 with lbtThresholdDbm 0, got 5"],
  [`${VIRTUAL.slice(0, 56)}7f050000`, "lbtThresholdDbm must be -128..0, got 127"],
  [`${VIRTUAL.slice(0, 52)}040000000000`, "at most 3 wired interfaces, got 4"],
  [`${VIRTUAL.slice(0, 52)}010000000000`, "expected 40 bytes, got 32"],
  [`${VIRTUAL}00`, "expected 32 bytes, got 33"],
  [`${WIRED.slice(0, 64)}63000000e4010000`, "wired[0].bitrateBps must be 100..4294967295, got 99"],
  [`${WIRED.slice(0, 72)}e3010000`, "wired[0].mtu must be 484..484, got 483"],
  [`${WIRED.slice(0, 72)}e4010001`, "byte 39 must be 0, got 1"],
  [VIRTUAL.slice(2), "expected at least 32 bytes, got 31"],
  ["", "expected at least 32 bytes, got 0"],
])("%s is refused: %s", (bytes, message) => {
  expect(() => decodeBootConfig(Uint8Array.from(Buffer.from(bytes, "hex")))).toThrow(message);
});

test("a field that does not fit is named", () => {
  const good = bootConfig(qemuM4);
  expect(() => encodeBootConfig({ ...good, frequencyHz: 2 ** 32 })).toThrow(RangeError);
  expect(() => encodeBootConfig({ ...good, powerDbm: 200 })).toThrow("powerDbm must be -128..127, got 200");
  expect(() => encodeBootConfig({ ...good, codingRate: 4.5 })).toThrow(TypeError);
  expect(() => encodeBootConfig({ ...good, dutyPermille: 0 })).toThrow("dutyPermille must be 1..1000, got 0");
  expect(() => encodeBootConfig({ ...good, dwellMs: 450 })).toThrow("dwellMs must be a multiple of 100, got 450");
  expect(() => encodeBootConfig({ ...good, dwellMs: 25_600 })).toThrow("dwellMs must be 0..25500, got 25600");
  expect(() => encodeBootConfig({ ...good, pauseMs: 256 })).toThrow("pauseMs must be 0..255, got 256");
  expect(() => encodeBootConfig({ ...good, lbtThresholdDbm: -80 })).toThrow("lbtMs must be 1..255");
  expect(() => encodeBootConfig({ ...good, lbtMs: 5 })).toThrow("lbtMs must be 0 with");
  const link = { bitrateBps: 9600, mtu: 484 };
  expect(() => encodeBootConfig({ ...good, wired: [link, { ...link, mtu: 1500 }] })).toThrow("wired[1].mtu must be");
  expect(() => encodeBootConfig({ ...good, wired: [link, link, link, link] })).toThrow("at most 3 wired interfaces");
});
