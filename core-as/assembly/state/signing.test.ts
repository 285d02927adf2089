import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { bytesOf, EndpointNode } from "../../../tests/support/endpoint.ts";
import { hex } from "../../../tests/support/internals.ts";

/** The records in the order of SignedRecord, with the bytes of registry section 4 written out. */
const TAGS = [
  ["announce", "6d6568722f616e6e6f756e63652f3100"],
  ["link-r", "6d6568722f6c696e6b2d722f3100"],
  ["link-i", "6d6568722f6c696e6b2d692f3100"],
  ["kca", "6d6568722f6b63612f3100"],
] as const;

let node: EndpointNode;
beforeAll(() => {
  node = new EndpointNode("signing");
  expect(node.call("destinationsLoad")).toBe(Status.Ok);
  expect(node.call("destinationAdd")).toBe(1);
});

function write(record: number, body: Uint8Array): void {
  node.memory.set(body, node.call("signedRecord", record));
}

function sign(record: number, body: Uint8Array, index = 0): Uint8Array {
  write(record, body);
  const at = node.put(new Uint8Array(64));
  node.call("signRecord", at, index, body.length);
  return node.bytes(at, 64);
}

function verify(record: number, body: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): number {
  write(record, body);
  return node.call("verifyRecord", node.put(signature), body.length, node.put(publicKey));
}

const bodies = fc.uint8Array({ maxLength: 464 });

describe.each(TAGS.map(([name, tag], record) => ({ name, tag, record })))("$name", ({ name, tag, record }) => {
  const tagged = (body: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(tag, "hex"), body]);

  it("has the tag of the registry", () => {
    expect(tag).toBe(hex(Buffer.from(`mehr/${name}/1\0`, "ascii")));
  });

  it("is signed behind its tag by either destination: what noble signs, byte for byte", () => {
    fc.assert(
      fc.property(bodies, fc.constantFrom(0, 1), (body, index) => {
        const seed = node.drawn[index] as Uint8Array;
        expect(hex(sign(record, body, index))).toBe(hex(ed25519.sign(tagged(body), seed)));
      }),
      { numRuns: 40 },
    );
  });

  it("verifies what noble signed, and nothing signed under another tag, without one, or changed", () => {
    const seed = bytesOf("another node", 32);
    const publicKey = ed25519.getPublicKey(seed);
    fc.assert(
      fc.property(bodies, fc.nat(), (body, at) => {
        const good = ed25519.sign(tagged(body), seed);
        expect(verify(record, body, good, publicKey)).toBe(Status.Ok);
        expect(verify((record + 1) % TAGS.length, body, good, publicKey)).toBe(Status.BadSignature);
        expect(verify(record, body, ed25519.sign(body, seed), publicKey)).toBe(Status.BadSignature);
        const changed = Uint8Array.of(...body, 1);
        const i = at % changed.length;
        changed[i] = (changed[i] as number) ^ 1;
        expect(verify(record, changed, good, publicKey)).toBe(Status.BadSignature);
      }),
      { numRuns: 30 },
    );
  });
});

it("a tag left by a longer name does not reach a shorter one", () => {
  const body = bytesOf("body", 73);
  const first = sign(3, body);
  sign(0, body);
  expect(hex(sign(3, body))).toBe(hex(first));
});

it("keys of small order and signatures out of range have their statuses", () => {
  const body = bytesOf("body", 100);
  const identity = new Uint8Array(32).fill(1, 0, 1);
  expect(verify(0, body, new Uint8Array(64), identity)).toBe(Status.SmallOrder);
  expect(verify(0, body, new Uint8Array(64).fill(0xff, 32), node.publicKey())).toBe(Status.BadScalar);
});
