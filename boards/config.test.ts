import fc from "fast-check";
import { expect, test } from "vitest";
import { type BootConfig, bootConfig, decodeBootConfig, encodeBootConfig } from "./config.ts";
import heltecV3 from "./heltec-v3.ts";
import qemuM4 from "./qemu-m4.ts";
import rak4631 from "./rak4631.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

// version flags caps tier sf cr power preamble sync zero | 869525000 = 0x33d3e608 | 125000 = 0x0001e848
const VIRTUAL = "010101000008050e12001200" + "08e6d333" + "48e80100";
const REAL = "010001000008050e12001200" + "08e6d333" + "48e80100";

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
  };
  const bytes = "0101341203" + "0c08f7" + "0201" + "3400" + "0d0c0b0a" + "04030201";
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
});

test("what is encoded comes back", () => {
  fc.assert(
    fc.property(configs, (config) => {
      expect(decodeBootConfig(encodeBootConfig(config))).toEqual(config);
    }),
  );
});

test("any 20 bytes either decode and encode to themselves or are refused with a RangeError", () => {
  const wild = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const near = fc
    .tuple(fc.nat(19), fc.nat(255))
    .map(([at, byte]) => Uint8Array.from(Buffer.from(VIRTUAL, "hex")).fill(byte, at, at + 1));
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
  [`00${VIRTUAL.slice(2)}`, "version 0 is not 1"],
  [`0103${VIRTUAL.slice(4)}`, "unknown flags 3"],
  [`${VIRTUAL.slice(0, 22)}01${VIRTUAL.slice(24)}`, "byte 11 must be 0, got 1"],
  [`${VIRTUAL.slice(0, 10)}0d${VIRTUAL.slice(12)}`, "spreadingFactor must be 5..12, got 13"],
  [VIRTUAL.slice(2), "expected 20 bytes, got 19"],
  ["", "expected 20 bytes, got 0"],
])("%s is refused: %s", (bytes, message) => {
  expect(() => decodeBootConfig(Uint8Array.from(Buffer.from(bytes, "hex")))).toThrow(message);
});

test("a field that does not fit is named", () => {
  const good = bootConfig(qemuM4);
  expect(() => encodeBootConfig({ ...good, frequencyHz: 2 ** 32 })).toThrow(RangeError);
  expect(() => encodeBootConfig({ ...good, powerDbm: 200 })).toThrow("powerDbm must be -128..127, got 200");
  expect(() => encodeBootConfig({ ...good, codingRate: 4.5 })).toThrow(TypeError);
});
