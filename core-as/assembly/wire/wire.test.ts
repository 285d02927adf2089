import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;
const DESTINATION = "7849ac3049680be1ef762efe0d36e017";

function put(bytes: Uint8Array, at = 0): number {
  core.bytes.set(bytes, at);
  return core.arena + at;
}

/** A packet with `data` zero bytes of DATA. */
function packet(header: number, context: number, data: number, hops = 0, sub = 0): Uint8Array {
  const bytes = Buffer.concat([
    Buffer.from([header, hops]),
    Buffer.from(DESTINATION, "hex"),
    Buffer.from([context]),
    Buffer.alloc(data),
  ]);
  if (data > 0) bytes[19] = sub;
  return bytes;
}

function checkPacket(bytes: Uint8Array): number {
  return core.call("checkPacket", put(bytes), bytes.length);
}

describe("packet", () => {
  it("reads the link request of digest 1 section 7 byte by byte", () => {
    const bytes = unhex(
      `02 00 ${DESTINATION} 00 10 8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a e40100 0000000000000000`,
    );
    expect(bytes.length).toBe(63);
    const at = put(bytes);
    expect(core.call("checkPacket", at, bytes.length)).toBe(Status.Ok);
    expect(core.call("packetHeader", at)).toBe(0x02);
    expect(core.call("packetHops", at)).toBe(0);
    expect(core.call("packetDestination", at) - at).toBe(2);
    expect(core.call("packetContext", at)).toBe(0);
    expect(core.call("packetData", at) - at).toBe(19);
  });

  it.each([
    ["forwarded end to end, smallest", 0x10, 0x00, 48, Status.Ok],
    ["forwarded end to end, one byte short", 0x10, 0x00, 47, Status.Short],
    ["forwarded with ratchet, smallest", 0x30, 0x00, 52, Status.Ok],
    ["forwarded with ratchet, one byte short", 0x30, 0x00, 51, Status.Short],
    ["forwarded with ratchet in another context", 0x30, 0xf9, 100, Status.BadContext],
    ["forwarded probe", 0x10, 0xf2, 1, Status.Ok],
    ["forwarded onion, smallest", 0x10, 0xf9, 65, Status.Ok],
    ["forwarded onion, one byte short", 0x10, 0xf9, 64, Status.Short],
    ["forwarded gossip", 0x10, 0xf0, 20, Status.BadContext],
    ["one hop gossip", 0x00, 0xf0, 1, Status.Ok],
    ["one hop without sub-type", 0x00, 0xf1, 0, Status.Short],
    ["one hop market", 0x00, 0xf8, 30, Status.Ok],
    ["one hop probe", 0x00, 0xf2, 30, Status.BadContext],
    ["one hop onion", 0x00, 0xf9, 100, Status.BadContext],
    ["one hop end to end", 0x00, 0x00, 100, Status.BadContext],
    ["one hop store", 0x00, 0xe4, 100, Status.BadContext],
    ["announce, smallest", 0x01, 0x00, 113, Status.Ok],
    ["announce, one byte short", 0x01, 0x00, 112, Status.Short],
    ["announce in another context", 0x01, 0xf0, 113, Status.BadContext],
    ["link request", 0x02, 0x00, 44, Status.Ok],
    ["link request too short", 0x02, 0x00, 43, Status.Short],
    ["link request too long", 0x02, 0x00, 45, Status.Long],
    ["link proof", 0x0f, 0xff, 139, Status.Ok],
    ["link proof in context 0", 0x0f, 0x00, 139, Status.BadContext],
    ["link proof too long", 0x0f, 0xff, 140, Status.Long],
    ["identify", 0x0c, 0xfb, 96, Status.Ok],
    ["identify too short", 0x0c, 0xfb, 95, Status.Short],
    ["keepalive", 0x0c, 0xfa, 0, Status.Ok],
    ["keepalive with DATA", 0x0c, 0xfa, 1, Status.Long],
    ["close", 0x0c, 0xfc, 0, Status.Ok],
    ["link data in a Reticulum context", 0x0c, 0xfd, 0, Status.BadContext],
    ["the largest DATA", 0x10, 0x00, 465, Status.Ok],
    ["one byte more", 0x10, 0x00, 466, Status.Long],
    ["access code flag", 0x90, 0x00, 48, Status.BadHeader],
    ["two addresses", 0x50, 0x00, 48, Status.BadHeader],
    ["ratchet without forward", 0x20, 0x00, 52, Status.BadHeader],
    ["a Reticulum context", 0x10, 0x05, 48, Status.BadContext],
  ])("%s", (_, header, context, data, status) => {
    expect(checkPacket(packet(header, context, data))).toBe(status);
  });

  it("of context F7 is forwarded as voice frame only, and crosses one hop as geo probe or witness only", () => {
    for (let sub = 0; sub < 256; sub++) {
      expect(checkPacket(packet(0x10, 0xf7, 40, 0, sub))).toBe(sub === 0x18 ? Status.Ok : Status.BadContext);
      const oneHop = sub === 0x0e || sub === 0x0f;
      expect(checkPacket(packet(0x00, 0xf7, 40, 0, sub))).toBe(oneHop ? Status.Ok : Status.BadContext);
    }
    expect(checkPacket(packet(0x10, 0xf7, 0))).toBe(Status.Short);
  });

  it("ends before the header: short", () => {
    for (let length = 0; length < 19; length++) {
      expect(checkPacket(packet(0x10, 0, 48).subarray(0, length))).toBe(Status.Short);
    }
  });

  it("drops a packet after 128 hops, not before", () => {
    expect(checkPacket(packet(0x10, 0, 48, 128))).toBe(Status.Ok);
    expect(checkPacket(packet(0x10, 0, 48, 129))).toBe(Status.HopLimit);
    expect(checkPacket(packet(0x10, 0, 48, 255))).toBe(Status.HopLimit);
  });

  it("emits what it reads and refuses what it would not read, for any fields", () => {
    fc.assert(
      fc.property(
        fc.record({
          header: fc.constantFrom(0x00, 0x01, 0x02, 0x0c, 0x0f, 0x10, 0x30, 0x50, 0x80),
          hops: fc.integer({ min: 0, max: 255 }),
          destination: fc.uint8Array({ minLength: 16, maxLength: 16 }),
          context: fc.constantFrom(0, 0x05, 0xe4, 0xf0, 0xf2, 0xf7, 0xf9, 0xfa, 0xfb, 0xfc, 0xff),
          data: fc.oneof(fc.constantFrom(0, 44, 96, 113, 139, 465), fc.integer({ min: 0, max: 470 })),
        }),
        ({ header, hops, destination, context, data }) => {
          core.bytes.fill(0, OUT, OUT + 600);
          const at = put(destination, OUT + 1000);
          const emitted = core.call("emitPacketHeader", core.arena + OUT, header, hops, at, context, data);
          const wire = core.bytes.slice(OUT, OUT + 19 + data);
          const expected = Buffer.concat([
            Buffer.from([header, hops]),
            destination,
            Buffer.from([context]),
            Buffer.alloc(data),
          ]);
          // The header alone does not tell the sub-type; here it is one that goes with it.
          const whole = Uint8Array.from(expected);
          if (context === 0xf7 && data > 0) whole[19] = header === 0x10 ? 0x18 : 0x0e;
          expect(emitted).toBe(checkPacket(whole));
          if (emitted === Status.Ok) expect(hex(wire)).toBe(hex(expected));
          else expect(wire.every((byte) => byte === 0)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe("beacon", () => {
  it("is 20 bytes in the order of digest 1 section 1.5", () => {
    const id = put(unhex(DESTINATION));
    expect(core.call("emitBeacon", core.arena + OUT, id, 0x0105, 2, 200)).toBe(Status.Ok);
    expect(hex(core.bytes.subarray(OUT, OUT + 20))).toBe(`${DESTINATION}050102c8`);
    expect(core.call("checkBeacon", core.arena + OUT, 20)).toBe(Status.Ok);
    expect(core.call("beaconCapabilities", core.arena + OUT)).toBe(0x0105);
    expect(core.call("beaconCostTier", core.arena + OUT)).toBe(2);
    expect(core.call("beaconLoad", core.arena + OUT)).toBe(200);
    expect(core.call("beaconNodeId", core.arena + OUT)).toBe(core.arena + OUT);
  });

  it("neither sends nor reads capability bits 13-15", () => {
    const id = put(unhex(DESTINATION));
    core.call("emitBeacon", core.arena + OUT, id, 0xffff, 0, 0);
    expect(hex(core.bytes.subarray(OUT + 16, OUT + 18))).toBe("ff1f");
    put(unhex(`${DESTINATION}ffff0000`));
    expect(core.call("beaconCapabilities", core.arena)).toBe(0x1fff);
  });

  it("is refused with another size or cost tier", () => {
    const at = put(unhex(`${DESTINATION}01000400`));
    expect(core.call("checkBeacon", at, 20)).toBe(Status.BadField);
    expect(core.call("checkBeacon", at, 19)).toBe(Status.Short);
    expect(core.call("checkBeacon", at, 21)).toBe(Status.Long);
    expect(core.call("emitBeacon", core.arena + OUT, at, 0, 4, 0)).toBe(Status.BadField);
    expect(core.call("emitBeacon", core.arena + OUT, at, 0, 0, 256)).toBe(Status.BadField);
  });
});

describe("air frame", () => {
  it("has RNode's split byte in front", () => {
    core.call("emitAirHeader", core.arena + OUT, 0xab, 0);
    expect(core.bytes[OUT]).toBe(0xb0);
    core.call("emitAirHeader", core.arena + OUT, 0x3, 1);
    expect(core.bytes[OUT]).toBe(0x31);
    expect(core.call("airIsSplit", core.arena + OUT)).toBe(1);
    expect(core.call("airLinkFrame", core.arena + OUT)).toBe(core.arena + OUT + 1);
  });

  it("refuses an empty one, an oversized one and unknown bits", () => {
    expect(core.call("checkAir", core.arena, 0)).toBe(Status.Short);
    expect(core.call("checkAir", core.arena, 1)).toBe(Status.Short);
    expect(core.call("checkAir", core.arena, 256)).toBe(Status.Long);
    for (const bits of [0x02, 0x04, 0x08, 0xfe]) {
      expect(core.call("checkAir", put(Uint8Array.of(bits, 0)), 2)).toBe(Status.BadKind);
    }
    expect(core.call("checkAir", put(Uint8Array.of(0xf1, 0)), 2)).toBe(Status.Ok);
  });
});

describe("time on air", () => {
  /** Microseconds with explicit header and CRC. */
  const us = (sf: number, bandwidth: number, rate: number, preamble: number, length: number): number =>
    Number(core.callBig("airtimeUs", sf, bandwidth, rate, preamble, length, 1, 1));

  // boards-and-regions.md section 8: milliseconds, CR 4/5, preamble 8, for 20, 64, 128 and 255 bytes.
  it.each([
    [7, 125_000, [56.6, 118.0, 215.3, 399.6]],
    [7, 250_000, [28.3, 59.0, 107.6, 199.8]],
    [8, 62_500, [205.8, 431.1, 758.8, 1414.1]],
    [8, 500_000, [25.7, 53.9, 94.8, 176.8]],
    [9, 125_000, [185.3, 390.1, 676.9, 1250.3]],
    [10, 125_000, [370.7, 698.4, 1230.8, 2295.8]],
    [11, 250_000, [329.7, 657.4, 1148.9, 2091.0]],
    [12, 125_000, [1318.9, 2793.5, 4923.4, 9019.4]],
  ])("SF%i at %i Hz agrees with the table", (sf, bandwidth, expected) => {
    [20, 64, 128, 255].forEach((length, i) => {
      expect(us(sf, bandwidth, 5, 8, length) / 1000).toBeCloseTo(expected[i] ?? 0, 1);
    });
  });

  it("agrees with MeshCore's measured SF12 / 4/8 / 60 bytes and with digest 1's beacon and full frame", () => {
    expect(us(12, 125_000, 8, 8, 60)).toBe(3_809_280);
    expect(us(8, 125_000, 5, 18, 22) / 1000).toBeCloseTo(123.4, 1);
    expect(us(8, 125_000, 5, 18, 255) / 1000).toBeCloseTo(727.6, 1);
  });

  it("never understates: rounds the exact rational up, for any parameters", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 12 }),
        fc.integer({ min: 7_800, max: 1_625_000 }),
        fc.integer({ min: 5, max: 8 }),
        fc.integer({ min: 0, max: 65_535 }),
        fc.integer({ min: 0, max: 255 }),
        fc.boolean(),
        fc.boolean(),
        (sf, bandwidth, rate, preamble, length, header, crc) => {
          // Semtech AN1200.13 and SX1261/2 datasheet 6.1.4 in exact integers.
          const ldro = 2 ** sf * 1000 >= 16 * bandwidth;
          const numerator = 8 * length + (crc ? 16 : 0) - 4 * sf + (sf >= 7 ? 8 : 0) + (header ? 20 : 0);
          const payload = Math.ceil(Math.max(numerator, 0) / (4 * (ldro ? sf - 2 : sf))) * rate;
          const quarters = BigInt(4 * (preamble + 8 + payload) + (sf >= 7 ? 17 : 25));
          const exact = quarters * BigInt(2 ** sf) * 1_000_000n;
          const divisor = 4n * BigInt(bandwidth);
          const expected = (exact + divisor - 1n) / divisor;
          const got = core.callBig("airtimeUs", sf, bandwidth, rate, preamble, length, header ? 1 : 0, crc ? 1 : 0);
          expect(got).toBe(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["SF4", 4, 125_000, 5, 8, 20],
    ["SF13", 13, 125_000, 5, 8, 20],
    ["bandwidth 7,799 Hz", 7, 7_799, 5, 8, 20],
    ["bandwidth 1,625,001 Hz", 7, 1_625_001, 5, 8, 20],
    ["coding rate 4/4", 7, 125_000, 4, 8, 20],
    ["coding rate 4/9", 7, 125_000, 9, 8, 20],
    ["256 bytes", 7, 125_000, 5, 8, 256],
    ["65,536 preamble symbols", 7, 125_000, 5, 65_536, 20],
  ])("is 0 for %s", (_, sf, bandwidth, rate, preamble, length) => {
    expect(us(sf, bandwidth, rate, preamble, length)).toBe(0);
  });
});
