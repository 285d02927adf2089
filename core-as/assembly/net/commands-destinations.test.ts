import { beforeEach, describe, expect, it } from "vitest";
import { RecordKey, Status } from "../../../host/core/abi.gen.ts";
import { bytesOf, EndpointNode, findBytes, Identity } from "../../../tests/support/endpoint.ts";
import { hex } from "../../../tests/support/internals.ts";

const OTHER = new Identity(bytesOf("other", 32));

let node: EndpointNode;
let own: Identity[];
beforeEach(() => {
  node = new EndpointNode("commands");
  node.call("destinationsLoad");
  node.call("ratchetsLoad", 0n);
  for (let i = 0; i < 3; i++) node.call("destinationAdd");
  // The second number drawn is the first ratchet.
  own = [0, 2, 3, 4].map((i) => new Identity(node.drawn[i] as Uint8Array));
});

function add(): { result: number; id: Uint8Array } {
  const out = node.put(new Uint8Array(16));
  return { result: node.call("commandDestinationAdd", out, 1n), id: node.bytes(out, 16) };
}

function list(): Uint8Array {
  const out = node.put(new Uint8Array(256));
  return node.bytes(out, node.call("commandDestinations", out));
}

function remove(id: Uint8Array): number {
  return node.call("commandDestinationRemove", node.put(id));
}

describe("destination commands", () => {
  it("list, remove and add, ratchets included", () => {
    expect(hex(list())).toBe(own.map(({ id, publicKey }) => hex(id) + hex(publicKey)).join(""));
    expect(add().result).toBe(-Status.TableFull);
    const gone = (own[2] as Identity).id;
    expect(remove(gone)).toBe(Status.Ok);
    expect(remove(gone)).toBe(Status.Unknown);
    expect(list().length).toBe(3 * 48);
    const added = add();
    expect(added.result).toBe(16);
    expect(hex(added.id)).toBe(hex(node.id(2)));
    expect(node.ratchet(2)).toBeDefined();
    expect(node.records.has(RecordKey.Ratchets + 2)).toBe(true);
    expect(remove(added.id)).toBe(Status.Ok);
    expect(node.ratchet(2)).toBeUndefined();
    expect(node.records.has(RecordKey.Ratchets + 2)).toBe(false);
  });

  it("the node itself stays, and a failing record leaves a destination in place", () => {
    expect(remove(node.id(0))).toBe(Status.Unknown);
    expect(remove(OTHER.id)).toBe(Status.Unknown);
    for (const failures of [[true], [false, true]]) {
      node.failures = failures;
      expect(remove((own[1] as Identity).id)).toBe(Status.RecordFailed);
      expect(node.call("destinationUsed", 1)).toBe(1);
    }
    expect(remove((own[1] as Identity).id)).toBe(Status.Ok);
    node.failures = [true];
    expect(add().result).toBe(-Status.RecordFailed);
    node.dry = true;
    expect(add().result).toBe(-Status.NoEntropy);
    expect(list().length).toBe(3 * 48);
  });

  it("no reply holds a secret", () => {
    for (const secret of node.drawn) expect(findBytes(list(), secret)).toBe(-1);
  });
});
