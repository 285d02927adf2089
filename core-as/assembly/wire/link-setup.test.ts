import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});

const OUT = 12_000;
const ALICE = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const DESTINATION = "7849ac3049680be1ef762efe0d36e017";

function put(bytes: Uint8Array, at = 0): number {
  core.bytes.set(bytes, at);
  return core.arena + at;
}

function taken(at: number, length: number): string {
  return hex(core.bytes.subarray(at - core.arena, at - core.arena + length));
}

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const mtu = fc.integer({ min: 484, max: 0xffff });
const clock = fc.bigInt(0n, 2n ** 64n - 1n);

describe("LINK_REQUEST", () => {
  it("is version, e_i, capabilities, clock: the 44 bytes of digest 1 section 7", () => {
    core.call("emitLinkRequest", core.arena + OUT, put(unhex(ALICE)), 484, 0n);
    expect(hex(core.bytes.subarray(OUT, OUT + 44))).toBe(`10${ALICE}e401000000000000000000`);
  });

  it("has the link_id of digest 1 section 7, whatever the hop byte", () => {
    for (const hops of ["00", "07"]) {
      const at = put(unhex(`02${hops}${DESTINATION}00 10${ALICE}e401000000000000000000`));
      core.call("linkIdOf", core.arena + OUT, at);
      expect(hex(core.bytes.subarray(OUT, OUT + 16))).toBe("c48e8595b1f7b967707606e9569c07ce");
    }
  });

  it("reads what it emits, for any fields", () => {
    fc.assert(
      fc.property(key, mtu, clock, (ephemeral, size, time) => {
        const at = core.arena + OUT;
        core.call("emitLinkRequest", at, put(ephemeral), size, time);
        expect(core.call("checkLinkRequest", at)).toBe(Status.Ok);
        expect(taken(core.call("requestKey", at), 32)).toBe(hex(ephemeral));
        expect(core.call("capabilitiesMtu", core.call("requestCapabilities", at))).toBe(size);
        expect(core.callBig("requestClock", at)).toBe(time);
      }),
    );
  });

  it("is of major version 1, takes packets of 484 bytes, and knows two ways about fragments", () => {
    const check = (version: number, low: number, high: number, fragments: number): Status => {
      const bytes = new Uint8Array(44);
      bytes[0] = version;
      bytes.set([low, high, fragments], 33);
      return core.call("checkLinkRequest", put(bytes));
    };
    for (let version = 0; version < 256; version++) {
      expect(check(version, 0xe4, 1, 0)).toBe(version >> 4 === 1 ? Status.Ok : Status.BadVersion);
    }
    expect(check(0x10, 0xe3, 1, 0)).toBe(Status.BadField);
    expect(check(0x10, 0xff, 0xff, 1)).toBe(Status.Ok);
    expect(check(0x10, 0xe4, 1, 2)).toBe(Status.BadField);
  });
});

describe("LINK_PROOF and IDENTIFY", () => {
  it("are e_r, pk_r, capabilities, clock, sig_r and pk_i, sig_i", () => {
    const at = core.arena + OUT;
    core.bytes.fill(0, OUT, OUT + 139);
    core.call(
      "emitLinkProof",
      at,
      put(new Uint8Array(32).fill(0xaa)),
      put(new Uint8Array(32).fill(0xbb), 32),
      1500,
      0x0102n,
    );
    expect(hex(core.bytes.subarray(OUT, OUT + 75))).toBe(`${"aa".repeat(32)}${"bb".repeat(32)}dc05000201000000000000`);
    expect(core.call("proofSignature", at) - at).toBe(75);
    expect(core.call("emitIdentify", at, put(new Uint8Array(32).fill(0xcc)))).toBeUndefined();
    expect(hex(core.bytes.subarray(OUT, OUT + 32))).toBe("cc".repeat(32));
    expect(core.call("identifyPublicKey", at) - at).toBe(0);
    expect(core.call("identifySignature", at) - at).toBe(32);
  });

  it("read what they emit, for any fields", () => {
    fc.assert(
      fc.property(key, key, mtu, clock, (ephemeral, publicKey, size, time) => {
        const at = core.arena + OUT;
        core.call("emitLinkProof", at, put(ephemeral), put(publicKey, 32), size, time);
        expect(core.call("checkLinkProof", at)).toBe(Status.Ok);
        expect(taken(core.call("proofKey", at), 32)).toBe(hex(ephemeral));
        expect(taken(core.call("proofPublicKey", at), 32)).toBe(hex(publicKey));
        expect(core.call("capabilitiesMtu", core.call("proofCapabilities", at))).toBe(size);
        expect(core.callBig("proofClock", at)).toBe(time);
      }),
    );
  });

  it("is refused with capabilities below what every node must take", () => {
    const bytes = new Uint8Array(139);
    bytes.set([0xe3, 1, 0], 64);
    expect(core.call("checkLinkProof", put(bytes))).toBe(Status.BadField);
  });
});
