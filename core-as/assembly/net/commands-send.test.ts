import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Event, SendFlag, Status } from "../../../host/core/abi.gen.ts";
import {
  bytesOf,
  EndpointNode,
  findBytes,
  Identity,
  openPacket,
  unwrapPacket,
} from "../../../tests/support/endpoint.ts";
import { hex } from "../../../tests/support/internals.ts";

const OTHER = new Identity(bytesOf("other", 32));
const OFFSET = 49;

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

/** The number of reply bytes or minus a Status, and the reply. */
function run(name: string, body: Uint8Array): { result: number; reply: Uint8Array } {
  const out = node.put(new Uint8Array(1024));
  const result = node.call(name, out, node.put(body), body.length, 1n);
  return { result, reply: node.bytes(out, Math.max(0, result)) };
}

interface Send {
  readonly qos?: number;
  readonly flags?: number;
  readonly relays?: readonly Uint8Array[];
  readonly to: Uint8Array;
  readonly key?: Uint8Array;
  readonly text: Uint8Array;
}

function send({ qos = 0x40, flags, relays, to, key, text }: Send): { result: number; reply: Uint8Array } {
  const head = [qos, flags ?? (key === undefined ? 0 : SendFlag.Key)];
  const hops = relays === undefined ? [] : [Uint8Array.of(relays.length), ...relays];
  const body = Buffer.concat([Uint8Array.from(head), ...hops, to, key ?? new Uint8Array(0), text]);
  return run(relays === undefined ? "commandSend" : "commandSendOnion", body);
}

const TEXT = Uint8Array.of(0xf7, 0x10, ...bytesOf("text", 40));
const PACKET = 19 + 48 + TEXT.length;

/** The packet the command built. Without a link or a route it goes no further. */
function built(length: number, offset = 0): Uint8Array {
  return node.bytes(node.call("packetRoom") + offset, length);
}

describe("Send", () => {
  it("seals to the key given", () => {
    const { result } = send({ to: OTHER.id, key: OTHER.publicKey, text: TEXT });
    expect([8, -Status.NoRoute]).toContain(result);
    expect(hex(built(19))).toBe(`1000${hex(OTHER.id)}00`);
    expect(hex(openPacket(built(PACKET), OTHER.x25519Secret))).toBe(hex(TEXT));
  });

  it("to a destination of this node it is a Message, and the reply is the packet_hash", () => {
    for (const [index, identity] of own.entries()) {
      node.events.length = 0;
      const { result, reply } = send({ to: identity.id, text: TEXT });
      expect(result).toBe(8);
      expect(reply.some((byte) => byte !== 0)).toBe(true);
      expect(node.events.map(({ kind, bytes }) => [kind, hex(bytes)])).toEqual([
        [Event.Message, hex(node.id(index)) + hex(TEXT)],
      ]);
    }
  });

  it("takes every size up to 415, and the text leaves no trace", () => {
    const text = Uint8Array.of(0xf7, 0x10, ...bytesOf("long text", 415));
    expect(send({ to: (own[1] as Identity).id, text }).result).toBe(8);
    expect(send({ to: (own[1] as Identity).id, text: Uint8Array.of(...text, 1) }).result).toBe(-Status.Long);
    expect(send({ to: (own[1] as Identity).id, text: text.subarray(0, 2) }).result).toBe(8);
    // The commands themselves lie in the arena.
    node.memory.fill(0, node.arena, node.arena + 80 * 1024);
    expect(findBytes(node.memory, text.subarray(10, 40))).toBe(-1);
  });

  it.each([
    ["a destination nobody announced", { to: OTHER.id, text: TEXT }, Status.NoKey],
    [
      "the key of another",
      { to: OTHER.id, key: new Identity(bytesOf("x", 32)).publicKey, text: TEXT },
      Status.WrongKey,
    ],
    ["a policy that does not exist", { qos: 0x68, to: OTHER.id, key: OTHER.publicKey, text: TEXT }, Status.BadField],
    ["unused bits of qos", { qos: 0x41, to: OTHER.id, key: OTHER.publicKey, text: TEXT }, Status.BadField],
    ["unused flags", { flags: 5, to: OTHER.id, key: OTHER.publicKey, text: TEXT }, Status.BadField],
    ["a family not for boxes", { to: OTHER.id, key: OTHER.publicKey, text: Uint8Array.of(0xf1, 2) }, Status.BadContext],
    ["no sub-type", { to: OTHER.id, key: OTHER.publicKey, text: Uint8Array.of(0xf7) }, Status.BadCommand],
    ["nothing", { to: new Uint8Array(0), text: new Uint8Array(0) }, Status.BadCommand],
  ])("refuses %s", (_, command, status) => {
    expect(send(command).result).toBe(-status);
    expect(node.events).toEqual([]);
  });

  it("refuses a key of small order even with its own address", () => {
    const key = new Uint8Array(32).fill(1, 0, 1);
    const at = node.put(new Uint8Array(16));
    node.call("destinationHash", at, node.put(key));
    expect(send({ to: node.bytes(at, 16), key, text: TEXT }).result).toBe(-Status.SmallOrder);
  });

  it("no bytes make a command trap or change what the node remembers", () => {
    const before = node.stateHash();
    const names = fc.constantFrom("commandSend", "commandSendOnion");
    fc.assert(
      fc.property(names, fc.uint8Array({ maxLength: 600 }), fc.nat(4), fc.boolean(), (name, body, relays, known) => {
        if (name === "commandSendOnion" && body.length > 2) body[2] = relays;
        if (known && body.length > 18) body.set((own[relays % 4] as Identity).id, 2);
        const { result } = run(name, body);
        expect(result).toBeLessThanOrEqual(8);
      }),
      { numRuns: 200 },
    );
    expect(node.stateHash()).toBe(before);
  });
});

describe("SendOnion", () => {
  const ids = (...indices: number[]): Uint8Array[] => indices.map((i) => (own[i] as Identity).id);

  it("through one relay, here itself, leads to the recipient", () => {
    const { result } = send({ relays: ids(1), to: OTHER.id, key: OTHER.publicKey, text: TEXT });
    expect([8, -Status.NoRoute]).toContain(result);
    expect(hex(openPacket(built(PACKET, OFFSET), OTHER.x25519Secret))).toBe(hex(TEXT));
  });

  it("puts the layers in the order given, the first outermost", () => {
    // This node has all the keys, takes off the first layer and refuses the second, which is for itself too.
    const { result } = send({ relays: ids(3, 1, 2), to: OTHER.id, key: OTHER.publicKey, text: TEXT });
    expect(result).toBe(-Status.BadContext);
    const second = built(PACKET + 2 * 65, OFFSET);
    expect(hex(second.subarray(0, 19))).toBe(`1000${hex((own[1] as Identity).id)}f9`);
    const third = unwrapPacket(second, own[1] as Identity);
    expect(hex(third.subarray(0, 19))).toBe(`1000${hex((own[2] as Identity).id)}f9`);
    expect(hex(openPacket(unwrapPacket(third, own[2] as Identity), OTHER.x25519Secret))).toBe(hex(TEXT));
  });

  it("reaches a destination of this node", () => {
    expect(send({ relays: ids(2), to: (own[0] as Identity).id, text: TEXT }).result).toBe(8);
    expect(node.events.map(({ bytes }) => hex(bytes))).toEqual([hex(node.id(0)) + hex(TEXT)]);
  });

  it.each([
    [1, 350],
    [2, 285],
    [3, 220],
  ])("through %i relays takes %i bytes", (hops, max) => {
    const relays = ids(1, 2, 3).slice(0, hops);
    const text = Uint8Array.of(0xf7, 0x10, ...bytesOf("long", max));
    const last = send({ relays, to: OTHER.id, key: OTHER.publicKey, text }).result;
    expect([8, -Status.NoRoute, -Status.BadContext]).toContain(last);
    const over = { relays, to: OTHER.id, key: OTHER.publicKey, text: Uint8Array.of(...text, 0) };
    expect(send(over).result).toBe(-Status.Long);
  });

  it.each([
    ["no relay", { relays: [] }, Status.BadField],
    ["four relays", { relays: [1, 2, 3, 4].map(() => OTHER.id) }, Status.BadField],
    ["a relay nobody announced", { relays: [OTHER.id] }, Status.NoKey],
  ])("refuses %s", (_, { relays }, status) => {
    expect(send({ relays, to: OTHER.id, key: OTHER.publicKey, text: TEXT }).result).toBe(-status);
  });

  it("refuses the same relay twice in a row", () => {
    const relays = ids(1, 1);
    expect(send({ relays, to: OTHER.id, key: OTHER.publicKey, text: TEXT }).result).toBe(-Status.BadField);
  });
});
