import fc from "fast-check";
import { expect, test } from "vitest";
import { type BootConfig, bootConfig, decodeBootConfig, encodeBootConfig } from "./config.ts";
import heltecV3 from "./heltec-v3.ts";
import qemuM4 from "./qemu-m4.ts";
import rak4631 from "./rak4631.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// version flags caps tier sf cr power preamble sync zero | 869525000 = 0x33d3e608 | 125000 = 0x0001e848 |
// price | 100 per mille = 0x0064, no wired interface
const VIRTUAL = "020101000008050e12001200" + "08e6d333" + "48e80100" + "00000000" + "64000000";
const REAL = `0200${VIRTUAL.slice(4)}`;
/** The same with one wired interface: 115200 = 0x0001c200 bit/s, 484 = 0x01e4. */
const WIRED = `${VIRTUAL.slice(0, 52)}0100` + "00c20100" + "e4010000";

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
    radio: false,
    wired: [
      { bitrateBps: 0x21222324, mtu: 484 },
      { bitrateBps: 100, mtu: 484 },
    ],
  };
  const bytes =
    "0203341203" +
    "0c08f7" +
    "0201" +
    "3400" +
    "0d0c0b0a" +
    "04030201" +
    "14131211" +
    "0302" +
    "0200" +
    "24232221e4010000" +
    "64000000e4010000";
  expect(hex(encodeBootConfig(config))).toBe(bytes);
  expect(decodeBootConfig(Uint8Array.from(Buffer.from(bytes, "hex")))).toEqual(config);
});

const configs: fc.Arbitrary<BootConfig> = fc.record({
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
  radio: fc.boolean(),
  wired: fc.array(fc.record({ bitrateBps: fc.integer({ min: 100, max: 0xffff_ffff }), mtu: fc.constant(484) }), {
    maxLength: 3,
  }),
});

test("what is encoded comes back", () => {
  fc.assert(
    fc.property(configs, (config) => {
      expect(decodeBootConfig(encodeBootConfig(config))).toEqual(config);
    }),
  );
});

test("any bytes either decode and encode to themselves or are refused with a RangeError", () => {
  const wild = fc.uint8Array({ maxLength: 60 });
  const near = fc.tuple(fc.constantFrom(VIRTUAL, WIRED), fc.nat(35), fc.nat(255)).map(([text, at, byte]) => {
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
  [`01${VIRTUAL.slice(2)}`, "version 1 is not 2"],
  [`0204${VIRTUAL.slice(4)}`, "unknown flags 4"],
  [`${VIRTUAL.slice(0, 22)}01${VIRTUAL.slice(24)}`, "byte 11 must be 0, got 1"],
  [`${VIRTUAL.slice(0, 10)}0d${VIRTUAL.slice(12)}`, "spreadingFactor must be 5..12, got 13"],
  [`${VIRTUAL.slice(0, 48)}0000${VIRTUAL.slice(52)}`, "dutyPermille must be 1..1000, got 0"],
  [`${VIRTUAL.slice(0, 48)}e903${VIRTUAL.slice(52)}`, "dutyPermille must be 1..1000, got 1001"],
  [`${VIRTUAL.slice(0, 52)}0001`, "byte 27 must be 0, got 1"],
  [`${VIRTUAL.slice(0, 52)}0400`, "at most 3 wired interfaces, got 4"],
  [`${VIRTUAL.slice(0, 52)}0100`, "expected 36 bytes, got 28"],
  [`${VIRTUAL}00`, "expected 28 bytes, got 29"],
  [`${WIRED.slice(0, 56)}63000000e4010000`, "wired[0].bitrateBps must be 100..4294967295, got 99"],
  [`${WIRED.slice(0, 64)}e3010000`, "wired[0].mtu must be 484..484, got 483"],
  [`${WIRED.slice(0, 64)}e4010001`, "byte 35 must be 0, got 1"],
  [VIRTUAL.slice(2), "expected at least 28 bytes, got 27"],
  ["", "expected at least 28 bytes, got 0"],
])("%s is refused: %s", (bytes, message) => {
  expect(() => decodeBootConfig(Uint8Array.from(Buffer.from(bytes, "hex")))).toThrow(message);
});

test("a field that does not fit is named", () => {
  const good = bootConfig(qemuM4);
  expect(() => encodeBootConfig({ ...good, frequencyHz: 2 ** 32 })).toThrow(RangeError);
  expect(() => encodeBootConfig({ ...good, powerDbm: 200 })).toThrow("powerDbm must be -128..127, got 200");
  expect(() => encodeBootConfig({ ...good, codingRate: 4.5 })).toThrow(TypeError);
  expect(() => encodeBootConfig({ ...good, dutyPermille: 0 })).toThrow("dutyPermille must be 1..1000, got 0");
  const link = { bitrateBps: 9600, mtu: 484 };
  expect(() => encodeBootConfig({ ...good, wired: [link, { ...link, mtu: 1500 }] })).toThrow("wired[1].mtu must be");
  expect(() => encodeBootConfig({ ...good, wired: [link, link, link, link] })).toThrow("at most 3 wired interfaces");
});
