import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Counter, Event, Status } from "../../../host/core/abi.gen.ts";
import {
  bytesOf,
  EndpointNode,
  Identity,
  openPacket,
  sealPacket,
  unwrapPacket,
  wrapPacket,
} from "../../../tests/support/endpoint.ts";
import { hex } from "../../../tests/support/internals.ts";

const LAYER = 65;
const OFFSET = 49;

/** The sender, three relays and the recipient, each an instance, with the keys the independent implementation has. */
const names = ["sender", "first", "second", "third", "recipient"] as const;
const keys = names.map((name) => new Identity(bytesOf(name, 32)));
const [sender, ...others] = names.map((name) => new EndpointNode(name)) as [EndpointNode, ...EndpointNode[]];
const relays = others.slice(0, 3);
const relayKeys = keys.slice(1, 4);
const recipient = others[3] as EndpointNode;
const recipientKeys = keys[4] as Identity;

beforeAll(() => {
  [sender, ...others].forEach((node, i) => {
    node.draws.push((keys[i] as Identity).seed);
    expect(node.call("destinationsLoad")).toBe(Status.Ok);
  });
});

/** The packet with `data` for the recipient behind the first `hops` relays, built by the core; or minus a Status. */
function build(hops: number, data: Uint8Array): Uint8Array | number {
  const room = sender.put(new Uint8Array(700));
  let at = room + OFFSET * hops;
  const [id, key] = [sender.put(recipientKeys.id), sender.put(recipientKeys.publicKey)];
  let length = sender.call("envelopeSeal", at, id, key, 0, 0xf7, 0x10, sender.put(data), data.length);
  for (const relay of relayKeys.slice(0, hops).reverse()) {
    if (length < 0) return length;
    length = sender.call("onionWrap", at, length, sender.put(relay.id), sender.put(relay.publicKey));
    at -= OFFSET;
  }
  return length < 0 ? length : sender.bytes(at, length);
}

/** The same by @noble. */
function reference(hops: number, plaintext: Uint8Array, ephemerals: readonly Uint8Array[]): Uint8Array {
  const box = { destination: recipientKeys.id, context: 0, recipient: recipientKeys.x25519Public, ratchet: false };
  const inner = sealPacket({ ...box, plaintext }, ephemerals[0] as Uint8Array);
  const around = relayKeys.slice(0, hops).reverse();
  return around.reduce((packet, relay, i) => wrapPacket(packet, relay, ephemerals[i + 1] as Uint8Array), inner);
}

/** What is inside, taken off by a relay; or minus a Status. */
function peel(node: EndpointNode, packet: Uint8Array): Uint8Array | number {
  const at = node.put(packet);
  expect(node.call("checkPacket", at, packet.length)).toBe(Status.Ok);
  const length = node.call("onionPeel", at, packet.length, 0);
  return length < 0 ? length : node.bytes(at + OFFSET, length);
}

describe.each([1, 2, 3])("an onion of %i hops", (hops) => {
  const max = 465 - 48 - 2 - hops * LAYER;

  it("holds as much as H24 says, is what noble builds, and reaches the recipient through the relays", () => {
    for (const size of [0, 1, 2, 15, 16, 17, 63, 64, 65, 100, max - 1, max]) {
      const data = bytesOf("data", size);
      const drawn = sender.drawn.length;
      let packet = build(hops, data) as Uint8Array;
      expect(packet.length).toBe(19 + 48 + 2 + size + hops * LAYER);
      const plaintext = Uint8Array.of(0xf7, 0x10, ...data);
      expect(hex(packet)).toBe(hex(reference(hops, plaintext, sender.drawn.slice(drawn))));
      for (const [i, relay] of relays.slice(0, hops).entries()) {
        // On the way the hop count rises; the peeled packet begins at 0 again.
        packet[1] = 5 + i;
        const inner = unwrapPacket(packet, relayKeys[i] as Identity);
        packet = peel(relay, packet) as Uint8Array;
        expect(hex(packet)).toBe(hex(inner));
      }
      expect(hex(openPacket(packet, recipientKeys.x25519Secret))).toBe(hex(plaintext));
      recipient.events.length = 0;
      expect(recipient.call("endpointReceive", recipient.put(packet), packet.length, 0, 255, 0n)).toBe(Status.Ok);
      expect(recipient.events.map(({ kind, bytes }) => [kind, hex(bytes)])).toEqual([
        [Event.Message, hex(recipientKeys.id) + hex(plaintext)],
      ]);
    }
    expect(build(hops, new Uint8Array(max + 1))).toBe(-Status.Long);
    if (hops === 3) expect(max + 2).toBe(222);
  });

  it("no layer opens for another relay, in another order, or changed anywhere", () => {
    const packet = build(hops, bytesOf("data", 60)) as Uint8Array;
    const before = relays.map((node) => node.stateHash());
    for (const node of relays.slice(1)) expect(peel(node, packet)).toBe(-Status.BadTag);
    fc.assert(
      fc.property(fc.integer({ min: 19, max: packet.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(packet);
        changed[at] = (changed[at] as number) ^ change;
        expect(peel(relays[0] as EndpointNode, changed)).toBe(-Status.BadTag);
      }),
      { numRuns: 60 },
    );
    expect(relays.map((node) => node.stateHash())).toEqual(before);
  });
});

describe("a relay", () => {
  const [relay] = relays as [EndpointNode];
  const [relayKey] = relayKeys as [Identity];

  /** What endpointReceive says of a layer with this packet in it, and where the packet lay. */
  function receive(inner: Uint8Array, linkIn = 255): { status: number; at: number } {
    const packet = wrapPacket(inner, relayKey, bytesOf("ephemeral", 32));
    const at = relay.put(packet);
    relay.events.length = 0;
    return { status: relay.call("endpointReceive", at, packet.length, 0x40, linkIn, 1n), at };
  }

  const box = { destination: recipientKeys.id, context: 0, recipient: recipientKeys.x25519Public, ratchet: false };
  const message = sealPacket({ ...box, plaintext: Uint8Array.of(0xf7, 0x10, 1, 2, 3) }, bytesOf("e", 32));

  it("peels, counts, and hands on what is inside", () => {
    const peeled = relay.counter(Counter.OnionsPeeled);
    const { at } = receive(message);
    expect(relay.counter(Counter.OnionsPeeled)).toBe(peeled + 1);
    expect(hex(relay.bytes(at + OFFSET, message.length))).toBe(hex(message));
    expect(relay.events.map(({ kind }) => kind)).not.toContain(Event.Message);
  });

  it("opens what is inside itself if it is the destination", () => {
    const own = { ...box, destination: relayKey.id, recipient: relayKey.x25519Public };
    const plaintext = Uint8Array.of(0xf7, 0x10, 9, 8, 7);
    expect(receive(sealPacket({ ...own, plaintext }, bytesOf("e", 32))).status).toBe(Status.Ok);
    expect(relay.events.map(({ bytes }) => hex(bytes))).toEqual([hex(relayKey.id) + hex(plaintext)]);
  });

  it("refuses a second layer for itself: each packet costs it two key agreements at most", () => {
    expect(receive(wrapPacket(message, relayKey, bytesOf("e2", 32))).status).toBe(Status.BadContext);
    expect(relay.events).toEqual([]);
  });

  it.each([
    ["an announce's or link request's context", 0x01, 60, Status.BadContext],
    ["gossip", 0xf0, 60, Status.BadContext],
    ["payment", 0xf4, 60, Status.BadContext],
    ["a link's context", 0xfa, 0, Status.BadContext],
    ["a box too short", 0x00, 47, Status.Short],
    ["a layer too short", 0xf9, 64, Status.Short],
    ["no sub-type", 0xf2, 0, Status.Short],
    ["a probe", 0xf2, 300, Status.BadContext],
    ["F7 other than a voice frame", 0xf7, 60, Status.BadContext],
  ])("refuses %s inside", (_, context, size, status) => {
    const inner = Uint8Array.of(0x10, 0, ...recipientKeys.id, context, ...new Uint8Array(size));
    expect(receive(inner).status).toBe(status);
    expect(relay.events).toEqual([]);
  });

  it.each([
    ["probe", 0xf2, 0x01],
    ["voice frame", 0xf7, 0x18],
  ])("refuses a %s inside, for others and for itself", (_, context, sub) => {
    for (const id of [recipientKeys.id, relayKey.id]) {
      const inner = Uint8Array.of(0x10, 0, ...id, context, sub, ...new Uint8Array(260));
      expect(receive(inner).status).toBe(Status.BadContext);
      expect(relay.events).toEqual([]);
    }
  });

  it("whatever is inside, it does not trap", () => {
    const before = relay.stateHash();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 19, maxLength: 484 - LAYER }), fc.boolean(), (inner, own) => {
        if (own) inner.set(relayKey.id, 2);
        receive(inner);
      }),
      { numRuns: 150 },
    );
    expect(relay.stateHash()).toBe(before);
  });

  it("is not put into two layers in a row: it would refuse them", () => {
    const at = sender.put(message);
    const [id, key] = [sender.put(relayKey.id), sender.put(relayKey.publicKey)];
    const length = sender.call("onionWrap", at, message.length, id, key);
    expect(length).toBe(message.length + LAYER);
    expect(sender.call("onionWrap", at - OFFSET, length, id, key)).toBe(-Status.BadField);
  });
});
