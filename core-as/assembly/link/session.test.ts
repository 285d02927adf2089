import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { hex, type Internals, internals, unhex } from "../../../tests/support/internals.ts";

let core: Internals;
beforeAll(async () => {
  core = await internals();
});
beforeEach(() => {
  core.call("sessionWipe", 0);
});

const OUT = 12_000;
// RFC 7748 section 6.1; the initiator is Alice.
const ALICE_SECRET = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
const ALICE = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
const BOB_SECRET = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
const BOB = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
const SESSION_KEY = "519fb3af2f3f9e310718cf1f8bdec6e26ab64affe730f0f8b43c43b0e8ee52be";

function put(bytes: Uint8Array, at = 0): number {
  core.bytes.set(bytes, at);
  return core.arena + at;
}

function memory(at: number, length: number): Uint8Array {
  return new Uint8Array((core.exports.memory as WebAssembly.Memory).buffer, at, length);
}

describe("session key", () => {
  it.each([
    ["initiator", ALICE_SECRET, BOB],
    ["responder", BOB_SECRET, ALICE],
  ])("of digest 1 section 7, as the %s makes it", (_, secret, theirs) => {
    const key = memory(core.call("sessionKey", 0), 32);
    key.set(unhex(secret));
    const [i, r, t] = [put(unhex(ALICE)), put(unhex(BOB), 32), put(unhex(theirs), 64)];
    expect(core.call("sessionAgree", 0, t, i, r)).toBe(Status.Ok);
    expect(hex(key)).toBe(SESSION_KEY);
  });

  it.each([
    [0, "bf2aea0dba7ffda0df7750b6fc01e307f5746ac5"],
    [1, "fba124d7c818ccfef375662fab5b711f00e309a5"],
  ])("seals in direction %i to the box of digest 1 section 7", (direction, box) => {
    const nonce = core.call("sessionNonce", direction, 0n);
    const [text, key] = [put(Buffer.from("mehr")), put(unhex(SESSION_KEY), 64)];
    core.call("seal", core.arena + OUT, text, 4, core.arena, 0, key, nonce);
    expect(hex(core.bytes.subarray(OUT, OUT + 20))).toBe(box);
  });

  it("has the nonce of H11", () => {
    expect(hex(memory(core.call("sessionNonce", 1, 0x0102_0304_05n), 12))).toBe("010000000504030201000000");
  });

  it("is not made of a point of small order, and the secret stays", () => {
    const key = memory(core.call("sessionKey", 0), 32);
    key.set(unhex(ALICE_SECRET));
    const zero = put(new Uint8Array(96));
    expect(core.call("sessionAgree", 0, zero, zero, zero)).toBe(Status.SmallOrder);
    expect(hex(key)).toBe(ALICE_SECRET);
  });
});

/** The session's block: counter to send, next to receive, window. */
function block(): DataView {
  const at = (core.exports.SESSIONS as WebAssembly.Global).value as number;
  return new DataView((core.exports.memory as WebAssembly.Memory).buffer, at, 24);
}

function counterOf(low: number): bigint {
  core.call("emitLinkDataHeader", core.arena + OUT, 0, 0, low);
  return core.callBig("sessionCounter", 0, core.arena + OUT);
}

describe("counter", () => {
  it("is the one nearest to the next expected with these 24 bits (RFC 9000 appendix A.3), below 2^40", () => {
    const near = fc.bigInt(-(2n ** 25n), 2n ** 25n);
    const expected = fc.oneof(
      fc.bigInt(0n, 2n ** 40n),
      fc.bigInt(0n, 2n ** 16n),
      fc.tuple(fc.bigInt(0n, 2n ** 16n), near).map(([high, low]) => (high << 24n) + low),
    );
    fc.assert(
      fc.property(expected, fc.nat(0xffffff), (next, low) => {
        fc.pre(next >= 0n);
        block().setBigUint64(8, next, true);
        const got = counterOf(low);
        expect(Number(got & 0xffffffn)).toBe(low);
        const distance = (value: bigint): bigint => (value > next ? value - next : next - value);
        for (const other of [got - 0x1000000n, got + 0x1000000n]) {
          if (other >= 0n) expect(distance(got)).toBeLessThanOrEqual(distance(other));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("is rebuilt as in RFC 9000's example, with 24 bits", () => {
    block().setBigUint64(8, 0xa82f30ebn, true);
    expect(counterOf(0x2f9b32)).toBe(0xa82f9b32n);
    expect(counterOf(0xff0000)).toBe(0xa7ff0000n);
    block().setBigUint64(8, 0xa8ff0000n, true);
    expect(counterOf(0x000005)).toBe(0xa9000005n);
    // Half way between two: the later one.
    block().setBigUint64(8, 0x800000n, true);
    expect(counterOf(0)).toBe(0x1000000n);
  });

  it("of 2^40 and more is refused", () => {
    block().setBigUint64(8, 2n ** 40n - 1n, true);
    expect(core.call("sessionFresh", 0, 2n ** 40n - 1n)).toBe(1);
    expect(core.call("sessionFresh", 0, 2n ** 40n)).toBe(0);
  });
});

describe("replay window", () => {
  /** What must hold: a counter passes once, and never when 64 or more behind the highest that passed. */
  class Model {
    readonly passed = new Set<bigint>();
    highest = -1n;

    fresh(counter: bigint): boolean {
      return !this.passed.has(counter) && counter > this.highest - 64n;
    }

    accept(counter: bigint): bigint {
      this.passed.add(counter);
      const skipped = counter > this.highest ? counter - this.highest - 1n : 0n;
      if (counter > this.highest) this.highest = counter;
      return skipped;
    }
  }

  class Arrives implements fc.Command<Model, Internals> {
    readonly step: bigint;
    constructor(step: bigint) {
      this.step = step;
    }

    check = (): boolean => true;

    run(model: Model, real: Internals): void {
      const counter = model.highest + this.step < 0n ? 0n : model.highest + this.step;
      const fresh = real.call("sessionFresh", 0, counter);
      expect(fresh).toBe(model.fresh(counter) ? 1 : 0);
      if (fresh === 1) expect(real.callBig("sessionAccept", 0, counter)).toBe(model.accept(counter));
    }

    toString = (): string => `${this.step >= 0n ? "+" : ""}${String(this.step)}`;
  }

  it("lets each counter through once and nothing older than 64, in any order with any gaps", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.bigInt(-70n, 3n) },
      { weight: 2, arbitrary: fc.constant(1n) },
      { weight: 1, arbitrary: fc.bigInt(60n, 70n) },
      { weight: 1, arbitrary: fc.bigInt(70n, 2n ** 30n) },
    );
    fc.assert(
      fc.property(fc.commands([step.map((n) => new Arrives(n))], { maxCommands: 300 }), (commands) => {
        core.call("sessionWipe", 0);
        fc.modelRun(() => ({ model: new Model(), real: core }), commands);
      }),
      { numRuns: 300 },
    );
  });
});
