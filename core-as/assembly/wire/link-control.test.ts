import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;
const SIZES = [0, 3, 33, 33, 8, 16, 18, 16, 8, 38, 2];
const PEER = "7849ac3049680be1ef762efe0d36e017";

function put(bytes: Uint8Array, at = 0): number {
  core.bytes.set(bytes, at);
  return core.arena + at;
}

function check(sub: number, body: Uint8Array): number {
  return core.call("checkLinkControl", sub, put(body), body.length);
}

const out = (length: number): string => hex(core.bytes.subarray(OUT, OUT + length));

describe("link control", () => {
  it("is a one-hop packet of context F1: header, sub-type, body", () => {
    for (let sub = 1; sub <= 10; sub++) {
      const size = core.call("emitLinkControl", core.arena + OUT, put(unhex(PEER)), sub);
      expect(size).toBe(20 + (SIZES[sub] ?? 0));
      expect(out(20)).toBe(`0000${PEER}f10${sub.toString(16)}`);
      expect(core.call("checkPacket", core.arena + OUT, size)).toBe(Status.Ok);
    }
  });

  it("has bodies of the registry's sizes and no other sub-type", () => {
    for (let sub = 0; sub < 256; sub++) {
      for (let length = 0; length < 50; length++) {
        const body = new Uint8Array(length);
        if (sub === 6 && length === 18) body.set([0xe4, 1], 16);
        const size = SIZES[sub] ?? 0;
        const expected =
          sub < 1 || sub > 10
            ? Status.BadSubtype
            : length < size
              ? Status.Short
              : length > size
                ? Status.Long
                : Status.Ok;
        expect(check(sub, body)).toBe(expected);
      }
    }
  });

  it("writes each body byte by byte", () => {
    const at = core.arena + OUT;
    core.call("emitCongestionSignal", at, 2, 1, 0x1234);
    expect(out(3)).toBe("903412");
    core.call("emitCongestionSignal", at, 1, 0, 100_000);
    expect(out(3)).toBe("40ffff");
    core.call("emitRekey", at, 1, put(new Uint8Array(32).fill(0xab)));
    expect(out(33)).toBe(`01${"ab".repeat(32)}`);
    core.call("emitPing", at, 0x0102n);
    expect(out(8)).toBe("0201000000000000");
    core.call("emitPong", at, 0x0102n, 0x0304n);
    expect(out(16)).toBe("02010000000000000403000000000000");
    core.call("emitPacketTooBig", at, put(unhex(PEER)), 1500);
    expect(out(18)).toBe(`${PEER}dc05`);
    core.call("emitNoRoute", at, put(unhex(PEER)));
    expect(out(16)).toBe(PEER);
  });

  it("reads what it emits, for any fields", () => {
    fc.assert(
      fc.property(
        fc.nat(2),
        fc.nat(1),
        fc.nat(0xffff),
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.bigInt(0n, 2n ** 64n - 1n),
        fc.integer({ min: 484, max: 0xffff }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (severity, scope, drain, echo, own, mtu, bytes) => {
          const at = core.arena + OUT;
          const from = put(bytes);
          const id = hex(bytes.subarray(0, 16));
          core.call("emitCongestionSignal", at, severity, scope, drain);
          expect(core.call("checkLinkControl", 1, at, 3)).toBe(Status.Ok);
          expect(core.call("congestionSeverity", at)).toBe(severity);
          expect(core.call("congestionScope", at)).toBe(scope);
          expect(core.call("congestionDrainMs", at)).toBe(drain);
          core.call("emitRekey", at, scope, from);
          expect(core.call("checkLinkControl", 2, at, 33)).toBe(Status.Ok);
          expect(core.call("rekeyPhase", at)).toBe(scope);
          const key = core.call("rekeyPublicKey", at) - core.arena;
          expect(hex(core.bytes.subarray(key, key + 32))).toBe(hex(bytes));
          core.call("emitPong", at, echo, own);
          expect(core.callBig("pingClock", at)).toBe(echo);
          expect(core.callBig("pongClock", at)).toBe(own);
          core.call("emitPacketTooBig", at, from, mtu);
          expect(core.call("checkLinkControl", 6, at, 18)).toBe(Status.Ok);
          expect(core.call("tooBigMtu", at)).toBe(mtu);
          const destination = core.call("signalDestination", at) - core.arena;
          expect(hex(core.bytes.subarray(destination, destination + 16))).toBe(id);
        },
      ),
    );
  });

  it("refuses values no version uses, and ignores reserved bits", () => {
    for (let first = 0; first < 256; first++) {
      const good = first >> 6 < 3 && ((first >> 4) & 3) < 2;
      expect(check(1, Uint8Array.of(first, 0, 0))).toBe(good ? Status.Ok : Status.BadField);
      const rekey = new Uint8Array(33);
      rekey[0] = first;
      expect(check(2, rekey)).toBe(first < 2 ? Status.Ok : Status.BadField);
      expect(check(3, rekey)).toBe(first < 2 ? Status.Ok : Status.BadField);
    }
    expect(check(6, unhex(`${PEER}e301`))).toBe(Status.BadField);
  });
});
