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

function check(kind: number, length: number, radio: boolean): number {
  return core.call("checkLinkFrame", put(Uint8Array.of(kind)), length, radio ? 1 : 0);
}

/** The sizes of a kind that are Ok, out of 0 to 600. */
function sizes(kind: number, radio: boolean): number[] {
  return Array.from({ length: 601 }, (_, length) => length).filter(
    (length) => check(kind, length, radio) === Status.Ok,
  );
}

describe("link frame", () => {
  it("has the header of H30, byte by byte", () => {
    core.call("emitLinkDataHeader", core.arena + OUT, 1, 0xc4e8, 0xffab_cdef);
    expect(hex(core.bytes.subarray(OUT, OUT + 7))).toBe("20e8c4efcdab00");
    const at = put(unhex("20 e8c4 efcdab 77"));
    expect(core.call("linkFramePhase", at)).toBe(1);
    expect(core.call("linkFrameTag", at)).toBe(0xc4e8);
    expect(core.call("linkFrameCounter", at)).toBe(0xabcdef);
    expect(core.call("linkFrameKind", at)).toBe(0x20);
    expect(core.call("linkFrameBody", at) - at).toBe(1);
  });

  it("reads what it emits, for any phase, tag and counter", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1 }), fc.nat(0xffff), fc.nat(0xffffffff), (phase, tag, counter) => {
        core.call("emitLinkDataHeader", core.arena + OUT, phase, tag, counter);
        expect(core.call("linkFramePhase", core.arena + OUT)).toBe(phase);
        expect(core.call("linkFrameTag", core.arena + OUT)).toBe(tag);
        expect(core.call("linkFrameCounter", core.arena + OUT)).toBe(counter % 2 ** 24);
      }),
    );
  });

  it("knows four kinds", () => {
    for (let kind = 0; kind < 256; kind++) {
      const known = [0x00, 0x20, 0x40, 0x80].includes(kind);
      for (const radio of [true, false]) {
        const status = check(kind, 300, radio);
        if (known) expect(status).not.toBe(Status.BadKind);
        else expect(status).toBe(Status.BadKind);
        expect(check(kind, 0, radio)).toBe(Status.Short);
      }
    }
  });

  it("has fixed sizes on the radio", () => {
    expect(sizes(0x80, true)).toEqual([21]);
    expect(sizes(0x40, true)).toEqual([254]);
    expect(sizes(0x00, true)).toEqual([254, 508]);
    expect(sizes(0x20, true)).toEqual([254, 508]);
    expect(check(0x40, 508, true)).toBe(Status.Long);
    expect(check(0x00, 253, true)).toBe(Status.Short);
    expect(check(0x00, 255, true)).toBe(Status.Short);
    expect(check(0x00, 509, true)).toBe(Status.Long);
    expect(check(0x80, 20, true)).toBe(Status.Short);
    expect(check(0x80, 22, true)).toBe(Status.Long);
  });

  it("is as long as its packet on a wire: 19 to 484, and a byte of padding", () => {
    expect(sizes(0x80, false)).toEqual([21]);
    expect(sizes(0x40, false)).toEqual([64, 159]);
    const data = Array.from({ length: 508 - 42 + 1 }, (_, i) => 42 + i);
    expect(sizes(0x00, false)).toEqual(data);
    expect(sizes(0x20, false)).toEqual(data);
    expect(check(0x40, 65, false)).toBe(Status.Short);
  });

  it("unpads what it padded, for any content", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 252 }), (content) => {
        core.bytes.fill(0xee, OUT, OUT + 260);
        put(content, OUT);
        expect(core.call("pad", core.arena + OUT, content.length, 253)).toBe(1);
        expect(core.bytes[OUT + 253]).toBe(0xee);
        expect(core.call("unpaddedLength", core.arena + OUT, 253)).toBe(content.length);
      }),
      { numRuns: 300 },
    );
    expect(core.call("pad", core.arena + OUT, 253, 253)).toBe(0);
  });

  it("finds no padding where there is none", () => {
    expect(core.call("unpaddedLength", put(new Uint8Array(253)), 253)).toBe(-1);
    expect(core.call("unpaddedLength", put(Uint8Array.of(1, 2, 0x80, 0, 7)), 5)).toBe(-1);
    expect(core.call("unpaddedLength", put(Uint8Array.of(1, 2, 0x80, 0, 0)), 5)).toBe(2);
    expect(core.call("unpaddedLength", core.arena, 0)).toBe(-1);
  });
});

describe("qos", () => {
  it("is priority, policy, pad, two zeros", () => {
    expect(core.call("emitQos", 1, 0, 0)).toBe(0x40);
    expect(core.call("emitQos", 3, 4, 1)).toBe(0xe4);
    expect(core.call("qosPriority", 0xe4)).toBe(3);
    expect(core.call("qosPolicy", 0xe4)).toBe(4);
    expect(core.call("qosPad", 0xe4)).toBe(1);
    expect(core.call("qosPad", 0xe0)).toBe(0);
  });

  it("of all 256 bytes takes the 4 x 5 x 2 that mean something", () => {
    const good = new Set<number>();
    for (let priority = 0; priority < 4; priority++)
      for (let policy = 0; policy < 5; policy++)
        for (let pad = 0; pad < 2; pad++) good.add(core.call("emitQos", priority, policy, pad));
    expect(good.size).toBe(40);
    for (let qos = 0; qos < 256; qos++) {
      expect(core.call("checkQos", qos)).toBe(good.has(qos) ? Status.Ok : Status.BadField);
    }
    expect(core.call("checkQos", 0x140)).toBe(Status.BadField);
  });
});
