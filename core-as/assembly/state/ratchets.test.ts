import { x25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Counter, RecordKey, Status } from "../../../host/core/abi.gen.ts";
import { EndpointNode, findBytes, ratchetId } from "../../../tests/support/endpoint.ts";
import { hex } from "../../../tests/support/internals.ts";

const QUARTER = 6 * 3_600_000;

/** A node with one destination, booted at time 0. */
function booted(): EndpointNode {
  const node = new EndpointNode("ratchets");
  node.call("destinationsLoad");
  node.call("ratchetsLoad", 0n);
  return node;
}

function reboot(node: EndpointNode, now: number): void {
  node.reboot();
  node.call("destinationsLoad");
  node.call("ratchetsLoad", BigInt(now));
}

function run(node: EndpointNode, now: number): void {
  node.call("ratchetsRun", BigInt(now));
}

/** Whether the private key of this ratchet is kept; wipes it. */
function kept(node: EndpointNode, secret: Uint8Array, index = 0): boolean {
  const id = ratchetId(x25519.getPublicKey(secret));
  const at = node.call("ratchetSecret", index, node.put(id));
  if (at !== 0) expect(hex(node.bytes(at, 32))).toBe(hex(secret));
  node.call("ratchetWipe");
  return at !== 0;
}

/** Private keys drawn for ratchets; the first drawn number of all is the node's seed. */
function made(node: EndpointNode): Uint8Array[] {
  return node.drawn.slice(1);
}

/** Lets a day of quarters pass from the last; the time of the last quarter. */
function day(node: EndpointNode, from: number): number {
  for (let i = 1; i <= 4; i++) run(node, from + i * QUARTER);
  return from + 4 * QUARTER;
}

describe("ratchets", () => {
  it("the first is made at boot, stored, and its public key is X25519 of the private one", () => {
    const node = booted();
    const [secret] = made(node) as [Uint8Array];
    expect(hex(node.ratchet() as Uint8Array)).toBe(hex(x25519.getPublicKey(secret)));
    const record = node.records.get(RecordKey.Ratchets) as Uint8Array;
    const id = hex(ratchetId(x25519.getPublicKey(secret)));
    expect(hex(record)).toBe(`00000000${id}${hex(secret)}`);
    expect(node.ratchet(1)).toBeUndefined();
    expect(kept(node, secret)).toBe(true);
    expect(kept(node, secret, 1)).toBe(false);
  });

  it("a new one comes every day of uptime, not before; seven are kept and the eighth drops the oldest", () => {
    const node = booted();
    let now = 0;
    for (let days = 1; days <= 9; days++) {
      for (let i = 1; i <= 3; i++) run(node, now + i * QUARTER);
      expect(made(node).length).toBe(days);
      now = now + 4 * QUARTER;
      run(node, now - 1);
      expect(made(node).length).toBe(days);
      run(node, now);
      const all = made(node);
      expect(all.length).toBe(days + 1);
      expect(hex(node.ratchet() as Uint8Array)).toBe(hex(x25519.getPublicKey(all[days] as Uint8Array)));
      expect(all.map((secret) => kept(node, secret))).toEqual(all.map((_, i) => i > days - 7));
      expect((node.records.get(RecordKey.Ratchets) as Uint8Array).length).toBe(4 + 36 * Math.min(7, days + 1));
    }
    expect((node.records.get(RecordKey.Ratchets) as Uint8Array).length).toBe(256);
  });

  it("outlive a reboot, and so does their age", () => {
    const node = booted();
    let now = day(node, 0);
    for (let i = 1; i <= 3; i++) run(node, now + i * QUARTER);
    const publicKey = hex(node.ratchet() as Uint8Array);
    now = 1_000;
    reboot(node, now);
    expect(hex(node.ratchet() as Uint8Array)).toBe(publicKey);
    expect(made(node).length).toBe(2);
    for (const secret of made(node)) expect(kept(node, secret)).toBe(true);
    run(node, now + QUARTER - 1);
    expect(made(node).length).toBe(2);
    run(node, now + QUARTER);
    expect(made(node).length).toBe(3);
  });

  it("each destination has its own, and takes them along when it goes", () => {
    const node = booted();
    node.call("destinationAdd");
    node.call("ratchetLoad", 1);
    const secret = node.drawn[3] as Uint8Array;
    const own = node.drawn[1] as Uint8Array;
    expect([kept(node, secret, 1), kept(node, secret, 0), kept(node, own, 0)]).toEqual([true, false, true]);
    node.failures = [true];
    expect(node.call("ratchetsForget", 1)).toBe(Status.RecordFailed);
    expect(kept(node, secret, 1)).toBe(true);
    expect(node.call("ratchetsForget", 1)).toBe(Status.Ok);
    expect(node.ratchet(1)).toBeUndefined();
    expect(kept(node, secret, 1)).toBe(false);
    expect(node.records.has(RecordKey.Ratchets + 1)).toBe(false);
    expect(node.counter(Counter.RecordsFailed)).toBe(1);
  });

  it("a destination without one gets it at the next quarter", () => {
    const node = new EndpointNode("ratchets");
    node.call("destinationsLoad");
    node.dry = true;
    node.call("ratchetsLoad", 0n);
    expect(node.ratchet()).toBeUndefined();
    node.dry = false;
    run(node, QUARTER);
    expect(hex(node.ratchet() as Uint8Array)).toBe(hex(x25519.getPublicKey(node.drawn[1] as Uint8Array)));
  });

  it("storage that cannot be read costs nothing that is in it", () => {
    const node = booted();
    day(node, 0);
    const secrets = made(node);
    node.unreadable = true;
    day(node, 10 * QUARTER);
    expect(kept(node, secrets[0] as Uint8Array)).toBe(false);
    node.unreadable = false;
    expect(secrets.map((secret) => kept(node, secret))).toEqual([true, true]);
    expect(made(node).length).toBe(2);
  });

  it.each([0, 3, 39, 41, 257, 292])("a record of %i bytes is replaced", (size) => {
    const node = new EndpointNode("ratchets");
    node.records.set(RecordKey.Ratchets, new Uint8Array(size).fill(7));
    node.call("destinationsLoad");
    node.call("ratchetsLoad", 0n);
    expect(node.ratchet()).toBeDefined();
    expect((node.records.get(RecordKey.Ratchets) as Uint8Array).length).toBe(40);
  });

  it("leave no private key in memory, nor in the state hash", () => {
    const node = booted();
    day(node, 0);
    for (const secret of made(node)) {
      expect(kept(node, secret)).toBe(true);
      expect(findBytes(node.memory, secret)).toBe(-1);
    }
  });

  it("a put that fails leaves the old ones: what is announced is always what is stored", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()), { maxLength: 40 }), (quarters) => {
        const node = booted();
        let now = 0;
        for (const [fails, dry, off] of quarters) {
          now += QUARTER;
          const before = node.records.get(RecordKey.Ratchets) as Uint8Array;
          const announced = hex(node.ratchet() as Uint8Array);
          node.failures = fails ? [true] : [];
          node.dry = dry;
          run(node, now);
          node.failures = [];
          if (fails) {
            expect(hex(node.records.get(RecordKey.Ratchets) as Uint8Array)).toBe(hex(before));
            expect(hex(node.ratchet() as Uint8Array)).toBe(announced);
          }
          node.dry = false;
          if (off) reboot(node, now);
          const newest = (node.records.get(RecordKey.Ratchets) as Uint8Array).subarray(8, 40);
          expect(hex(node.ratchet() as Uint8Array)).toBe(hex(x25519.getPublicKey(newest)));
        }
      }),
      { numRuns: 60 },
    );
  });
});
