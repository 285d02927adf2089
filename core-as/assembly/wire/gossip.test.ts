import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;

function put(bytes: Uint8Array, at = 0): number {
  core.bytes.set(bytes, at);
  return core.arena + at;
}

/** The status of `bytes`, with nothing but 0xff behind them. */
function check(name: string, bytes: Uint8Array): number {
  core.bytes.fill(0xff, 0, 1024);
  const before = hex(core.bytes.subarray(0, bytes.length));
  const status = core.call(name, put(bytes), bytes.length);
  expect(before === "" || hex(core.bytes.subarray(0, bytes.length)) === hex(bytes)).toBe(true);
  return status;
}

const u16 = (value: number): number[] => [value & 255, value >> 8];

/** Well-formed messages to begin mutations from. */
const item = fc.record({ low: fc.integer({ min: 0, max: 15 }), data: fc.uint8Array({ maxLength: 60 }) });
const delta = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.array(item, { maxLength: 6 })).map(([tier, items]) => {
  const parts = items.map(({ low, data }) => [((tier - 1) << 4) | (low === 1 ? 2 : low), ...u16(data.length), ...data]);
  return { tier, parts, bytes: Uint8Array.from([1, tier, parts.length, ...parts.flat()]) };
});
const pull = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 20 })).map(([tier, n]) => {
  return Uint8Array.from([2, tier, n, ...Array.from({ length: 8 * n }, (_, i) => i & 255)]);
});
const peers = fc
  .array(fc.uint8Array({ maxLength: 30 }), { maxLength: 8 })
  .map((hosts) =>
    Uint8Array.from([
      3,
      hosts.length,
      ...hosts.flatMap((host) => [...new Array<number>(16).fill(7), host.length, ...host]),
    ]),
  );
const summary = fc
  .record({
    round: fc.integer({ min: 0, max: 0xffffffff }),
    tiers: fc.integer({ min: 0, max: 15 }),
    bits: fc.integer({ min: 1, max: 255 * 2048 }),
    pick: fc.nat(),
  })
  .map(({ round, tiers, bits, pick }) => {
    const segments = Math.ceil(bits / 2048);
    const segment = pick % segments;
    const size = Math.ceil(Math.min(2048, bits - segment * 2048) / 8);
    const bytes = Buffer.alloc(12 + size, 0xa5);
    bytes[0] = 0;
    bytes.writeUInt32LE(round, 1);
    bytes.set([tiers, segment, segments], 5);
    bytes.writeUInt32LE(bits, 8);
    return { round, tiers, bits, segment, bytes: Uint8Array.from(bytes) };
  });

describe("gossip message", () => {
  it("Summary: reads the bytes of H17", () => {
    const bytes = unhex("00 04030201 03 01 02 00090000" + "ff".repeat(32));
    expect(check("checkGossip", bytes)).toBe(Status.Ok);
    const at = put(bytes);
    expect(core.call("summaryRound", at)).toBe(0x01020304);
    expect(core.call("summaryTiers", at)).toBe(3);
    expect(core.call("summaryFirstBit", at)).toBe(2048);
    expect(core.call("summaryBits", at)).toBe(0x900);
    expect(core.call("summaryFilter", at) - at).toBe(12);
    core.bytes.fill(0xee, OUT, OUT + 16);
    core.call("emitSummary", core.arena + OUT, 0x01020304, 1, 1592);
    expect(hex(core.bytes.subarray(OUT, OUT + 13))).toBe("0004030201010001" + "38060000" + "ee");
  });

  it("Delta, Pull, Peers: read the bytes of H17", () => {
    const bytes = unhex("01 02 02  10 0300 aabbcc  1f 0000");
    expect(check("checkGossip", bytes)).toBe(Status.Ok);
    const at = put(bytes);
    expect(core.call("gossipTier", at)).toBe(2);
    expect(core.call("tieredCount", at)).toBe(2);
    const first = core.call("tieredFirst", at);
    expect([first - at, core.call("itemType", first), core.call("itemLength", first)]).toEqual([3, 0x10, 3]);
    expect(core.call("itemData", first) - at).toBe(6);
    const second = core.call("itemNext", first);
    expect([second - at, core.call("itemType", second), core.call("itemLength", second)]).toEqual([9, 0x1f, 0]);
    expect(check("checkGossip", unhex("02 01 01 0102030405060708"))).toBe(Status.Ok);
    expect(check("checkGossip", unhex("02 04 00"))).toBe(Status.Ok);
    expect(check("checkGossip", unhex(`03 01 ${"07".repeat(16)} 03 613a31`))).toBe(Status.Ok);
    expect(check("checkGossip", unhex("03 00"))).toBe(Status.Ok);
  });

  it.each([
    ["nothing", "", Status.Short],
    ["a sub-type alone", "01", Status.Short],
    ["an unknown sub-type", "0400", Status.BadSubtype],
    ["Delta without count", "0101", Status.Short],
    ["tier 0", "010000", Status.BadField],
    ["tier 5", "020500", Status.BadField],
    ["a type of another tier", "010101 10 0000", Status.BadField],
    ["an announce in a Delta", "010101 01 0000", Status.BadField],
    ["a type above tier 4", "010401 40 0000", Status.BadField],
    ["an item head cut off", "010101 02 00", Status.Short],
    ["an item cut off", "010101 02 0200 aa", Status.Short],
    ["an item of 65535", "010101 02 ffff aa", Status.Short],
    ["bytes behind the last item", "010101 02 0100 aa bb", Status.Long],
    ["Pull one byte short", "020101 01020304050607", Status.Short],
    ["Pull one byte long", "020101 010203040506070809", Status.Long],
    ["Peers cut off in the address", "0301 0707", Status.Short],
    ["Peers cut off in the host", `0301 ${"07".repeat(16)} 02 61`, Status.Short],
    ["Peers too long", "0300 00", Status.Long],
    ["Summary without filter", "00 00000000 01 00 01 08000000", Status.Short],
    ["Summary cut off in front of the filter", "00 00000000 01 00 01 080000", Status.Short],
    ["Summary with too much filter", "00 00000000 01 00 01 08000000 ffff", Status.Long],
    ["Summary of 0 bits", "00 00000000 01 00 01 00000000", Status.BadField],
    ["Summary of 0 segments", "00 00000000 01 00 00 00000000", Status.BadField],
    ["Summary of segment 1 of 1", "00 00000000 01 01 01 08000000 ff", Status.BadField],
    ["Summary of too many segments", "00 00000000 01 00 02 08000000 ff", Status.BadField],
    ["Summary of too few segments", `00 00000000 01 00 01 01080000 ${"ff".repeat(256)}`, Status.BadField],
    ["Summary of tier 5", "00 00000000 10 00 01 08000000 ff", Status.BadField],
  ])("refuses %s", (_, text, status) => {
    expect(check("checkGossip", unhex(text))).toBe(status);
  });

  it("emits what it reads: any Delta", () => {
    fc.assert(
      fc.property(delta, ({ tier, parts, bytes }) => {
        expect(check("checkGossip", bytes)).toBe(Status.Ok);
        core.call("emitTiered", core.arena + OUT, 1, tier, parts.length);
        let to = core.arena + OUT + 3;
        let from = core.call("tieredFirst", core.arena);
        for (let i = 0; i < core.call("tieredCount", core.arena); i++) {
          const [type, length] = [core.call("itemType", from), core.call("itemLength", from)];
          expect(core.call("itemTier", type)).toBe(tier);
          to = core.call("emitItem", to, type, core.call("itemData", from), length);
          from = core.call("itemNext", from);
        }
        expect(hex(core.bytes.subarray(OUT, to - core.arena))).toBe(hex(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it("takes any Summary, Pull and Peers, and its views give the fields", () => {
    fc.assert(
      fc.property(summary, pull, peers, ({ round, tiers, bits, segment, bytes }, ids, hosts) => {
        expect(check("checkGossip", ids)).toBe(Status.Ok);
        expect(check("checkGossip", hosts)).toBe(Status.Ok);
        expect(check("checkGossip", bytes)).toBe(Status.Ok);
        expect(core.call("summaryRound", core.arena) >>> 0).toBe(round);
        expect(core.call("summaryTiers", core.arena)).toBe(tiers);
        expect(core.call("summaryBits", core.arena)).toBe(bits);
        expect(core.call("summaryFirstBit", core.arena)).toBe(segment * 2048);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes no message cut short or made longer, and random or mutated bytes never trap", () => {
    const message = fc.oneof(
      delta.map(({ bytes }) => bytes),
      pull,
      peers,
      summary.map(({ bytes }) => bytes),
    );
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 255 }), (bytes, cut, at, value) => {
        const short = bytes.subarray(0, cut % bytes.length);
        expect(check("checkGossip", short)).not.toBe(Status.Ok);
        expect(check("checkGossip", Uint8Array.from([...bytes, value]))).not.toBe(Status.Ok);
        const mutated = bytes.slice();
        mutated[at % bytes.length] = value;
        check("checkGossip", mutated);
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 465 }), (bytes) => {
        check("checkGossip", bytes);
      }),
      { numRuns: 2000 },
    );
  });
});

describe("key compromise advisory", () => {
  const record = (evidence: number, size: number): Uint8Array => {
    const bytes = Buffer.alloc(size, 0x33);
    bytes.fill(0x11, 0, 32).fill(0x22, 32, 64);
    bytes.writeBigUInt64LE(0x0807060504030201n, 64);
    bytes[72] = evidence;
    return Uint8Array.from(bytes);
  };

  it("has all fields in front of the signatures (H32)", () => {
    const at = put(record(0, 209));
    expect(core.call("checkAdvisory", at, 209)).toBe(Status.Ok);
    expect(core.callBig("advisorySequence", at)).toBe(0x0807060504030201n);
    expect(core.call("advisoryEvidence", at)).toBe(0);
    expect(core.call("advisoryNewKey", at) - at).toBe(32);
    expect(core.call("advisorySignature", at) - at).toBe(81);
  });

  it("is 209 bytes with both signatures, 145 with one", () => {
    for (let size = 0; size < 260; size++) {
      const both = size < 209 ? Status.Short : size === 209 ? Status.Ok : Status.Long;
      const old = size < 145 ? Status.Short : size === 145 ? Status.Ok : Status.Long;
      expect(check("checkAdvisory", record(0, Math.max(size, 73)).subarray(0, size))).toBe(both);
      expect(check("checkAdvisory", record(1, Math.max(size, 73)).subarray(0, size))).toBe(old);
    }
    expect(check("checkAdvisory", record(2, 145))).toBe(Status.BadField);
  });

  it("may lack a new key only if no new key signs", () => {
    const none = record(1, 145).fill(0, 32, 64);
    expect(check("checkAdvisory", none)).toBe(Status.Ok);
    expect(core.call("advisoryHasNewKey", put(none))).toBe(0);
    expect(check("checkAdvisory", record(0, 209).fill(0, 32, 64))).toBe(Status.BadField);
    for (let i = 32; i < 64; i++) {
      const one = none.slice();
      one[i] = 1;
      expect(core.call("advisoryHasNewKey", put(one))).toBe(1);
    }
  });

  it("never traps, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 260 }), (bytes) => {
        check("checkAdvisory", bytes);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("version signal", () => {
  it.each([
    ["none", "00", Status.Ok],
    ["one", "01 2a000000 02", Status.Ok],
    ["eight", `08 ${"0100000000".repeat(8)}`, Status.Ok],
    ["nothing", "", Status.Short],
    ["nine", `09 ${"0100000000".repeat(9)}`, Status.BadField],
    ["support 3", "02 2a000000 02 2b000000 03", Status.BadField],
    ["one byte short", "01 2a000000", Status.Short],
    ["one byte long", "01 2a000000 02 00", Status.Long],
  ])("%s", (_, text, status) => {
    expect(check("checkVersionSignal", unhex(text))).toBe(status);
  });

  it("takes exactly what the layout allows, for any bytes", () => {
    const entry = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), fc.integer({ min: -1, max: 1 }), (entries, extra) => {
        const bytes = [entries.length, ...entries.flatMap(([mep, support]) => [mep, 0, 0, 1, support])];
        if (extra > 0) bytes.push(0);
        const given = Uint8Array.from(extra < 0 ? bytes.slice(0, -1) : bytes);
        const good = extra === 0 && entries.length <= 8 && entries.every(([, support]) => support <= 2);
        expect(check("checkVersionSignal", given) === (Status.Ok as number)).toBe(good);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        check("checkVersionSignal", bytes);
      }),
    );
  });
});
