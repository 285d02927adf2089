import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, PacketPath } from "../../../tests/support/packet-path.ts";

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);

function check(name: "checkProbe" | "checkReservation", sub: number, bytes: Uint8Array): number {
  return core.call(name, sub, core.put(bytes), bytes.length);
}

function out(length: number): Buffer {
  return Buffer.from(core.memory.subarray(core.arena + 4096, core.arena + 4096 + length));
}

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffffffff);
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

describe("probe", () => {
  it("reads and writes a request byte by byte", () => {
    core.memory.fill(0xee, core.arena + 4096, core.arena + 4096 + 257);
    core.call("emitProbeRequest", core.arena + 4096, 0x0201, 256, 0x0807060504030201n);
    const bytes = Buffer.concat([
      Buffer.from("0102 0001 0102030405060708".replace(/ /g, ""), "hex"),
      Buffer.alloc(244),
    ]);
    expect(out(257)).toEqual(Buffer.concat([bytes, Buffer.from([0xee])]));
    expect(check("checkProbe", 1, bytes)).toBe(Status.Ok);
    const at = core.put(bytes);
    expect([core.call("probeId", at), core.call("probeSize", at)]).toEqual([0x0201, 256]);
    expect(core.time("probeTimestamp", at)).toBe(Number(0x0807060504030201n));
  });

  it("reads and writes a response byte by byte", () => {
    const request = core.put(Buffer.from("010200010102030405060708ffff", "hex"));
    core.call("emitProbeResponse", core.arena + 4096, request, 0x01e4, 0x0d0c0b0a);
    const bytes = Buffer.from("010200010102030405060708e4010a0b0c0d", "hex");
    expect(out(18)).toEqual(bytes);
    expect(check("checkProbe", 2, bytes)).toBe(Status.Ok);
    const at = core.put(bytes);
    expect([core.call("probeMtu", at), core.call("probeBps", at)]).toEqual([0x01e4, 0x0d0c0b0a]);
  });

  it("parses what it emits", () => {
    fc.assert(
      fc.property(u16, fc.integer({ min: 256, max: 464 }), u64, u16, u32, (id, size, timestamp, mtu, bps) => {
        const at = core.arena + 4096;
        core.call("emitProbeRequest", at, id, size, timestamp);
        expect(core.call("checkProbe", 1, at, size)).toBe(Status.Ok);
        expect([core.call("probeId", at), core.call("probeSize", at)]).toEqual([id, size]);
        const response = core.arena;
        core.call("emitProbeResponse", response, at, mtu, bps);
        expect(core.call("checkProbe", 2, response, 18)).toBe(Status.Ok);
        expect([core.call("probeId", response), core.call("probeSize", response)]).toEqual([id, size]);
        expect([core.call("probeMtu", response), core.call("probeBps", response) >>> 0]).toEqual([mtu, bps]);
        expect(core.memory.readBigUInt64LE(response + 4)).toBe(timestamp);
        expect(core.time("probeTimestamp", response)).toBe(timestamp === 2n ** 64n - 1n ? Infinity : Number(timestamp));
      }),
    );
  });

  it.each([
    ["request too short", 1, 255, Status.Short],
    ["response too short", 2, 17, Status.Short],
    ["response too long", 2, 19, Status.Long],
    ["sub-type 0", 0, 18, Status.BadSubtype],
    ["sub-type 3", 3, 18, Status.BadSubtype],
  ])("refuses a %s", (_, sub, length, status) => {
    expect(check("checkProbe", sub, Buffer.alloc(length, 1))).toBe(status);
  });

  it("refuses a request of another size than it says", () => {
    const bytes = Buffer.alloc(256);
    for (const size of [255, 257]) {
      bytes.writeUInt16LE(size, 2);
      expect(check("checkProbe", 1, bytes)).toBe(Status.BadField);
    }
  });
});

describe("reservation", () => {
  const REQUEST = Buffer.from(
    "0102 000102030405060708090a0b0c0d0e0f 1112131415161718 21222324 31323334 41424344 03".replace(/ /g, ""),
    "hex",
  );

  it("reads a request byte by byte", () => {
    expect(REQUEST.length).toBe(39);
    expect(check("checkReservation", 1, REQUEST)).toBe(Status.Ok);
    expect(core.call("reservationId", core.put(REQUEST))).toBe(0x0201);
  });

  it("writes a commitment byte by byte", () => {
    core.call("emitCommitment", core.arena + 4096, 0x0201, 4, 0x14131211, 0x24232221, 0x3837363534333231n);
    const bytes = Buffer.from("0102 04 11121314 21222324 3132333435363738".replace(/ /g, ""), "hex");
    expect(out(19)).toEqual(bytes);
    expect(check("checkReservation", 2, bytes)).toBe(Status.Ok);
  });

  it("parses what it emits", () => {
    fc.assert(
      fc.property(u16, fc.nat(4), u32, u32, u64, (id, status, bps, price, remaining) => {
        core.call("emitCommitment", core.arena, id, status, bps, price, remaining);
        expect(core.call("checkReservation", 2, core.arena, 19)).toBe(Status.Ok);
        expect(core.call("reservationId", core.arena)).toBe(id);
        expect(core.memory.readUInt32LE(core.arena + 3)).toBe(bps);
        expect(core.memory.readUInt32LE(core.arena + 7)).toBe(price);
        expect(core.memory.readBigUInt64LE(core.arena + 11)).toBe(remaining);
      }),
    );
  });

  it("accepts exact sizes and known flags, states and reasons only", () => {
    const sizes = [39, 19, 11];
    const enums = [38, 2, 10];
    const most = [3, 4, 3];
    fc.assert(
      fc.property(fc.nat(5), fc.uint8Array({ maxLength: 45 }), (sub, bytes) => {
        const size = sizes[sub - 1];
        const status = check("checkReservation", sub, bytes);
        if (size === undefined) expect(status).toBe(Status.BadSubtype);
        else if (bytes.length < size) expect(status).toBe(Status.Short);
        else if (bytes.length > size) expect(status).toBe(Status.Long);
        else {
          const bad = (bytes[enums[sub - 1] ?? 0] ?? 0) > (most[sub - 1] ?? 0);
          expect(status).toBe(bad ? Status.BadField : Status.Ok);
        }
      }),
      { numRuns: 1000 },
    );
    for (const [i, size] of sizes.entries()) {
      for (let value = 0; value < 8; value++) {
        const bytes = Buffer.alloc(size);
        bytes[enums[i] ?? 0] = value;
        expect(check("checkReservation", i + 1, bytes)).toBe(value > (most[i] ?? 0) ? Status.BadField : Status.Ok);
      }
    }
  });
});
