import { x25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { Counter, Event, Status } from "../../../host/core/abi.gen.ts";
import {
  bytesOf,
  EndpointNode,
  findBytes,
  Identity,
  openPacket,
  ratchetId,
  sealPacket,
} from "../../../tests/support/endpoint.ts";
import { hex, unhex } from "../../../tests/support/internals.ts";
import { ALICE } from "../../../tests/vectors/rfc7748.ts";
import { EXAMPLES } from "../../../tests/vectors/rfc9381.ts";

/** The identity of digest 1 section 7. */
const SELF = new Identity(unhex(EXAMPLES[0].sk));
const OTHER = new Identity(bytesOf("other", 32));
const FORWARDED = 19 + 48;

/** u coordinates of small order (RFC 7748 section 6.1), all with the result zero. */
const SMALL_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

let node: EndpointNode;
let ratchetSecret: Uint8Array;
beforeAll(() => {
  node = new EndpointNode("envelope");
  node.draws.push(SELF.seed);
  node.call("destinationsLoad");
  node.call("ratchetsLoad", 0n);
  ratchetSecret = node.drawn[1] as Uint8Array;
  node.call("destinationAdd");
});

function seal(
  to: Identity,
  ratchet: Uint8Array | undefined,
  context: number,
  subtype: number,
  data: Uint8Array,
): Uint8Array | number {
  const out = node.put(new Uint8Array(600));
  const [id, key] = [node.put(to.id), node.put(to.publicKey)];
  const ratchetAt = ratchet === undefined ? 0 : node.put(ratchet);
  const length = node.call("envelopeSeal", out, id, key, ratchetAt, context, subtype, node.put(data), data.length);
  if (length < 0) return length;
  expect(node.bytes(out + length, 32).every((byte) => byte === 0)).toBe(true);
  return node.bytes(out, length);
}

/** What endpointReceive says, and the plaintext of the message it reports. */
function receive(packet: Uint8Array, linkIn = 0): { status: number; message?: Uint8Array } {
  node.events.length = 0;
  const at = node.put(packet);
  const status = node.call("endpointReceive", at, packet.length, 0x40, linkIn, 0n);
  const [event] = node.events;
  if (event === undefined) return { status };
  // The text does not stay where it was opened.
  const text = node.call("envelopeText", at);
  expect(node.bytes(text, node.call("envelopeTextLength", at, packet.length)).every((byte) => byte === 0)).toBe(true);
  expect(event.kind).toBe(Event.Message);
  return { status, message: event.bytes };
}

const families = fc.constantFrom(0xe4, 0xe8, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8);
const octet = fc.nat(255);

describe("the vector of digest 1 section 7", () => {
  const packet = unhex(
    `10 00 7849ac3049680be1ef762efe0d36e017 00 ${ALICE.public} be87a49bb6e07585330ef0d4a45b6afd483c8bc996f5f1005246`,
  );

  it("opens", () => {
    const at = node.put(packet);
    expect(node.call("boxOpen", at, packet.length, 0)).toBe(10);
    expect(Buffer.from(node.bytes(node.call("envelopeText", at), 10)).toString()).toBe("hello mesh");
  });

  it("is sealed", () => {
    node.draws.push(unhex(ALICE.secret));
    const plain = Uint8Array.from(packet);
    plain.fill(0, 19);
    plain.set(Buffer.from("hello mesh"), 51);
    const at = node.put(plain);
    expect(node.call("boxSeal", at, node.put(SELF.publicKey), 10)).toBe(Status.Ok);
    expect(hex(node.bytes(at, packet.length))).toBe(hex(packet));
  });

  it("the independent implementation says the same", () => {
    const box = { destination: SELF.id, context: 0, recipient: SELF.x25519Public, ratchet: false };
    expect(hex(SELF.x25519Public)).toBe("d85e07ec22b0ad881537c2f44d662d1a143cf830c57aca4305d85c7a90f6b62e");
    const sealed = sealPacket({ ...box, plaintext: Buffer.from("hello mesh") }, unhex(ALICE.secret));
    expect(hex(sealed)).toBe(hex(packet));
  });
});

describe.each([
  { name: "static key", ratchet: false, max: 415 },
  { name: "ratchet", ratchet: true, max: 411 },
])("sealed to a $name", ({ ratchet, max }) => {
  const secret = ratchet ? bytesOf("a ratchet", 32) : OTHER.x25519Secret;
  const key = ratchet ? x25519.getPublicKey(secret) : undefined;

  it("every size is what noble opens and what noble seals with the same ephemeral key", () => {
    for (let size = 0; size <= max; size++) {
      const data = bytesOf("data", size);
      const sealed = seal(OTHER, key, 0xf7, 0x10, data) as Uint8Array;
      expect(sealed.length).toBe(FORWARDED + 2 + size + (ratchet ? 4 : 0));
      const plaintext = Uint8Array.of(0xf7, 0x10, ...data);
      expect(hex(openPacket(sealed, secret))).toBe(hex(plaintext));
      const recipient = key ?? OTHER.x25519Public;
      const box = { destination: OTHER.id, context: 0, recipient, ratchet, plaintext };
      expect(hex(sealed)).toBe(hex(sealPacket(box, node.drawn.at(-1) as Uint8Array)));
    }
    expect(max + FORWARDED + 2 + (ratchet ? 4 : 0)).toBe(484);
    expect(seal(OTHER, key, 0xf7, 0x10, new Uint8Array(max + 1))).toBe(-Status.Long);
    expect(seal(OTHER, key, 0xf7, 0x10, new Uint8Array(1500))).toBe(-Status.Long);
  });

  it("what noble seals is opened and reported, whatever the size", () => {
    const recipient = ratchet ? x25519.getPublicKey(ratchetSecret) : SELF.x25519Public;
    fc.assert(
      fc.property(
        families,
        octet,
        fc.uint8Array({ maxLength: max }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (context, subtype, data, ephemeral) => {
          const plaintext = Uint8Array.of(context, subtype, ...data);
          const box = { destination: SELF.id, context: 0, recipient, ratchet, plaintext };
          const opened = node.counter(Counter.MessagesOpened);
          const { status, message } = receive(sealPacket(box, ephemeral));
          expect(status).toBe(Status.Ok);
          expect(hex(message as Uint8Array)).toBe(hex(SELF.id) + hex(plaintext));
          expect(node.counter(Counter.MessagesOpened)).toBe(opened + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("changed anywhere, or sealed to another, it does not open and nothing changes", () => {
    const recipient = ratchet ? x25519.getPublicKey(ratchetSecret) : SELF.x25519Public;
    const box = {
      destination: SELF.id,
      context: 0,
      recipient,
      ratchet,
      plaintext: Uint8Array.of(0xf7, ...bytesOf("text", 99)),
    };
    const packet = sealPacket(box, bytesOf("ephemeral", 32));
    const before = node.stateHash();
    fc.assert(
      // Bytes 0 to 18 are of the packet, not of the box: they say who is to open it, and have tests of their own.
      fc.property(fc.integer({ min: 19, max: packet.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(packet);
        changed[at] = (changed[at] as number) ^ change;
        // Also in the highest bit of the ephemeral key: X25519 ignores it (RFC 7748 section 5), the key derivation does not.
        const failed = node.counter(Counter.MessagesFailed);
        const address = node.put(changed);
        node.events.length = 0;
        expect(node.call("endpointReceive", address, changed.length, 0x40, 0, 0n)).toBe(Status.BadTag);
        expect(node.events).toEqual([]);
        expect(hex(node.bytes(address, changed.length))).toBe(hex(changed));
        expect(node.counter(Counter.MessagesFailed)).toBe(failed + 1);
      }),
      { numRuns: 150 },
    );
    // A hop more changes nothing; another destination of the same node does.
    expect(receive(Uint8Array.from(packet).fill(7, 1, 2)).status).toBe(Status.Ok);
    const second = Uint8Array.from(packet);
    second.set(node.id(1), 2);
    expect(receive(second).status).toBe(Status.BadTag);
    const third = Uint8Array.from(packet);
    third.set(OTHER.id, 2);
    expect(receive(third).status).toBe(Status.NotForUs);
    expect(node.stateHash()).toBe(before);
  });
});

describe("boxes", () => {
  it("random bytes in a proper packet never trap, open or change anything", () => {
    const before = node.stateHash();
    const room = fc.uint8Array({ minLength: 66, maxLength: 465 });
    fc.assert(
      fc.property(fc.constantFrom(0x10, 0x30), fc.constantFrom(0x00, 0xf9), room, (header, context, data) => {
        const packet = Uint8Array.of(header, 0, ...SELF.id, header === 0x30 ? 0 : context, ...data);
        const at = node.put(packet);
        if (node.call("checkPacket", at, packet.length) !== Status.Ok) return;
        const { status, message } = receive(packet);
        expect(status).toBe(Status.BadTag);
        expect(message).toBeUndefined();
      }),
      { numRuns: 100 },
    );
    expect(node.stateHash()).toBe(before);
  });

  it.each(SMALL_ORDER)("an ephemeral key of small order is refused: %s", (point) => {
    for (const top of [0, 0x80]) {
      const ephemeral = unhex(point);
      ephemeral[31] = (ephemeral[31] as number) | top;
      for (const context of [0, 0xf9]) {
        const packet = Uint8Array.of(0x10, 0, ...SELF.id, context, ...ephemeral, ...new Uint8Array(60));
        expect(receive(packet).status).toBe(Status.SmallOrder);
      }
      const id = ratchetId(x25519.getPublicKey(ratchetSecret));
      const packet = Uint8Array.of(0x30, 0, ...SELF.id, 0, ...id, ...ephemeral, ...new Uint8Array(60));
      expect(receive(packet).status).toBe(Status.SmallOrder);
    }
  });

  it.each(SMALL_ORDER)("a ratchet of small order is not sealed to: %s", (point) => {
    expect(seal(OTHER, unhex(point), 0xf7, 0x10, bytesOf("secret text", 40))).toBe(-Status.SmallOrder);
  });

  it("keys that are no points, or of small order, are not sealed to", () => {
    const out = node.put(new Uint8Array(600));
    const sealTo = (key: Uint8Array): number =>
      node.call("envelopeSeal", out, node.put(OTHER.id), node.put(key), 0, 0xf7, 0, node.put(bytesOf("text", 64)), 64);
    expect(sealTo(new Uint8Array(32).fill(1, 0, 1))).toBe(-Status.SmallOrder);
    expect(sealTo(new Uint8Array(32).fill(2, 0, 1))).toBe(-Status.BadPoint);
    expect(
      node
        .bytes(out, 200)
        .subarray(51)
        .every((byte) => byte === 0),
    ).toBe(true);
  });

  it("families that do not travel in boxes are not sealed", () => {
    for (const context of [0, 0xf0, 0xf1, 0xf2, 0xf3, 0xf9, 0xff])
      expect(seal(OTHER, undefined, context, 0, new Uint8Array(4))).toBe(-Status.BadContext);
  });

  it("families that do not travel in boxes, and texts without context and sub-type, are refused", () => {
    const box = { destination: SELF.id, context: 0, recipient: SELF.x25519Public, ratchet: false };
    const plaintexts = [[], [0xf7], [0xf9, 0], [0x00, 1, 2], [0xf1, 2, 3]];
    const found = plaintexts.map(
      (plaintext) => receive(sealPacket({ ...box, plaintext: Uint8Array.from(plaintext) }, bytesOf("e", 32))).status,
    );
    expect(found).toEqual([Status.Short, Status.Short, Status.BadContext, Status.BadContext, Status.BadContext]);
    expect(node.events).toEqual([]);
  });

  it("a ratchet not kept is a tag that does not fit", () => {
    const recipient = x25519.getPublicKey(bytesOf("unknown", 32));
    const box = { destination: SELF.id, context: 0, recipient, ratchet: true, plaintext: new Uint8Array(10) };
    expect(receive(sealPacket(box, bytesOf("e", 32))).status).toBe(Status.BadTag);
  });

  it("without entropy nothing is sealed, and the text does not stay", () => {
    node.dry = true;
    const text = bytesOf("very secret text", 64);
    const out = node.put(new Uint8Array(600));
    const at = node.put(text);
    const [id, key] = [node.put(OTHER.id), node.put(OTHER.publicKey)];
    expect(node.call("envelopeSeal", out, id, key, 0, 0xf7, 0, at, 64)).toBe(-Status.NoEntropy);
    node.dry = false;
    node.memory.fill(0, at, at + 64);
    expect(findBytes(node.memory, text)).toBe(-1);
  });

  it("no key, ephemeral secret or shared secret stays in memory, nor a text that was opened", () => {
    const text = bytesOf("text to be forgotten", 64);
    const at = node.put(text);
    seal(OTHER, undefined, 0xf7, 0, text);
    node.memory.fill(0, at, at + 64);
    const ephemeral = node.drawn.at(-1) as Uint8Array;
    const shared = x25519.getSharedSecret(ephemeral, OTHER.x25519Public);
    for (const ratchet of [false, true]) {
      const recipient = ratchet ? x25519.getPublicKey(ratchetSecret) : SELF.x25519Public;
      const plaintext = Uint8Array.of(0xf7, 0, ...text);
      const box = { destination: SELF.id, context: 0, recipient, ratchet, plaintext };
      expect(receive(sealPacket(box, ephemeral)).status).toBe(Status.Ok);
    }
    const secrets = [
      ...[ephemeral, shared, ratchetSecret, SELF.x25519Secret, text],
      x25519.getSharedSecret(ephemeral, SELF.x25519Public),
      x25519.getSharedSecret(ephemeral, x25519.getPublicKey(ratchetSecret)),
    ];
    // `seal` wrote its copy of the text into the arena once more; it is gone with the next bytes put there.
    node.memory.fill(0, node.arena, node.arena + 80 * 1024);
    for (const secret of secrets) expect(findBytes(node.memory, secret)).toBe(-1);
  });
});

it("a voice frame is reported behind the previous hop's address", () => {
  node.events.length = 0;
  const packet = Uint8Array.of(0x10, 3, ...SELF.id, 0xf7, 0x18, ...bytesOf("voice", 40));
  const at = node.put(packet);
  expect(node.call("endpointReceive", at, packet.length, 0, 0, 0n)).toBe(Status.Ok);
  expect(node.events.map(({ kind, bytes }) => [kind, hex(bytes.subarray(16))])).toEqual([[Event.Packet, hex(packet)]]);
});
