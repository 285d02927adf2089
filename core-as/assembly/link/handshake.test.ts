import { createPublicKey, verify } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { Counter, Event, LinkEnd, Status } from "../../../host/core/abi.gen.ts";
import { exchange, LinkNode, packetFor, RADIO, WIRE } from "../../../tests/support/link-node.ts";

let a: LinkNode;
let b: LinkNode;
beforeEach(async () => {
  [a, b] = [await LinkNode.boot("a"), await LinkNode.boot("b")];
});

/** The frame that must be there. */
function sent(node: LinkNode, now: number, port = RADIO): Uint8Array {
  const frame = node.send(now, port);
  if (frame === undefined) throw new Error("nothing to send");
  return frame;
}

/** Request and proof, each seen by the other side. */
function untilIdentify(now: number): Uint8Array {
  expect(a.start(b, now)).toBe(Status.Ok);
  expect(b.receive(sent(a, now), now).status).toBe(Status.Ok);
  expect(a.receive(sent(b, now), now).status).toBe(Status.Ok);
  return sent(a, now);
}

const HELLO = Uint8Array.of(1, 2, 3);

describe("handshake", () => {
  it("takes request, proof, IDENTIFY, both group keys and an acknowledgement, all of one size on the radio", () => {
    expect(a.start(b, 1000)).toBe(Status.Ok);
    const crossed = exchange(a, b, 1000);
    expect(crossed.map((frame) => frame.length)).toEqual(Array(6).fill(254));
    expect(crossed.map((frame) => frame[0])).toEqual([0x40, 0x40, 0, 0, 0, 0]);
    expect(a.linkTo(b)).toBe(0);
    expect(b.linkTo(a)).toBe(0);
    expect(a.key(0)).toBe(b.key(0));
    expect(a.events).toEqual([{ kind: Event.LinkUp, peer: b.name, port: 0, tail: 1 }]);
    expect(b.events).toEqual([{ kind: Event.LinkUp, peer: a.name, port: 0, tail: 0 }]);
    expect(a.core.call("linksTakeUp")).toBe(1);
    expect(a.core.call("linksTakeUp")).toBe(0);
    expect([a.counter(Counter.HandshakesStarted), b.counter(Counter.HandshakesAnswered)]).toEqual([1, 1]);
  });

  it("is unpadded on a wire", () => {
    a.start(b, 1000, WIRE);
    expect(exchange(a, b, 1000, WIRE).map((frame) => frame.length)).toEqual([64, 159, 138, 42]);
    expect(a.core.call("linkPort", a.linkTo(b) ?? 9)).toBe(WIRE);
  });

  it("has a proof whose signature another library finds good, over the record of H12", () => {
    a.start(b, 7);
    const request = sent(a, 7);
    b.receive(request, 9);
    const proof = sent(b, 10).subarray(20);
    const linkId = a.block("HANDSHAKE_SLOTS").slice(16, 32);
    const record = Buffer.concat([
      Buffer.from("mehr/link-r/1\0"),
      linkId,
      request.subarray(21, 53),
      proof.subarray(0, 32),
      proof.subarray(32, 64),
      proof.subarray(64, 75),
    ]);
    const der = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), proof.subarray(32, 64)]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    expect(verify(null, record, key, proof.subarray(75, 139))).toBe(true);
    expect(Buffer.from(proof.subarray(64, 75)).toString("hex")).toBe("e401000a00000000000000");
  });

  it("refuses a proof by another node, however well it is signed", async () => {
    // c holds the ground: it answers a request to b with its own key and a good signature.
    const c = await LinkNode.boot("c");
    a.start(b, 1000);
    const request = sent(a, 1000);
    request.set(c.id, 3);
    expect(c.receive(request, 1000).status).toBe(Status.Ok);
    const proof = sent(c, 1000);
    proof.set(a.block("HANDSHAKE_SLOTS").slice(16, 32), 3);
    const before = a.state();
    expect(a.receive(proof, 1000).status).toBe(Status.WrongKey);
    expect(a.state()).toBe(before);
  });

  it("refuses a proof with any byte changed", () => {
    a.start(b, 1000);
    b.receive(sent(a, 1000), 1000);
    const proof = sent(b, 1000);
    const before = a.state();
    for (let at = 0; at < 159; at += 3) {
      const changed = proof.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      expect(a.receive(changed, 1000).status).not.toBe(Status.Ok);
      expect(a.state()).toBe(before);
    }
    expect(a.receive(proof, 1000).status).toBe(Status.Ok);
    expect(a.receive(proof, 1000).status).toBe(Status.NoHandshake);
  });

  it("refuses an IDENTIFY with any byte changed, and a link comes up by the genuine one", () => {
    const identify = untilIdentify(1000);
    const before = b.state();
    for (let at = 0; at < 254; at += 7) {
      const changed = identify.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect(b.receive(changed, 1000).status).not.toBe(Status.Ok);
    }
    expect(b.state()).toBe(before);
    expect(b.receive(identify, 1000).status).toBe(Status.Ok);
    expect(b.linkTo(a)).toBe(0);
  });

  it("makes no link for who proves nothing: a key of small order, another version", () => {
    a.start(b, 1000);
    const request = sent(a, 1000);
    const zero = request.slice();
    zero.fill(0, 21, 53);
    expect(b.receive(zero, 1000).status).toBe(Status.Ok);
    expect(b.send(1000)).toBeUndefined();
    expect(b.counter(Counter.HandshakesFailed)).toBe(1);
    const future = request.slice();
    future[20] = 0x20;
    const before = b.state();
    expect(b.receive(future, 1000).status).toBe(Status.BadVersion);
    expect(b.state()).toBe(before);
  });

  /** What somebody who shares a's session key with b, and has nothing else, can send: `packet` sealed under it. */
  function forge(identify: Uint8Array, packet: Uint8Array): Uint8Array {
    const { core } = a;
    const key = a.memory(core.call("sessionKey", 16), 32).slice();
    const [at, text] = [core.arena + 40_000, core.arena + 40_006];
    core.bytes.fill(0, 40_000, 40_254);
    core.bytes.set([0x00, identify[1] ?? 0, identify[2] ?? 0, 5, 0, 0, 0x40, ...packet, 0x80], 40_000);
    core.bytes.set(key, 41_000);
    core.call("seal", text, text, 232, at, 6, core.arena + 41_000, core.call("sessionNonce", 0, 5n));
    return core.bytes.slice(40_000, 40_254);
  }

  it("ignores everything but IDENTIFY from a peer that has not identified itself", () => {
    const identify = untilIdentify(1000);
    const data = packetFor(b, HELLO);
    const frame = forge(identify, data);
    const before = b.state();
    expect(b.receive(frame, 1000).status).toBe(Status.NotIdentified);
    expect(b.state()).toBe(before);
    expect(b.receive(identify, 1000).status).toBe(Status.Ok);
    expect(b.receive(frame, 1000).packet).toEqual(data);
  });

  it("makes no link for who shares the key and claims an identity without its signature", async () => {
    const c = await LinkNode.boot("c");
    const identify = untilIdentify(1000);
    const linkId = a.block("HANDSHAKE_SLOTS").slice(16, 32);
    const publicKey = c.memory((c.core.exports.NODE_ID as WebAssembly.Global).value as number, 16).byteOffset - 32;
    const signature = new Uint8Array(64);
    signature.set(c.memory(publicKey, 32));
    const packet = Uint8Array.from([0x0c, 0, ...linkId, 0xfb, ...c.memory(publicKey, 32), ...signature]);
    expect(b.receive(forge(identify, packet), 1000).status).toBe(Status.BadSignature);
    expect(b.linkTo(c)).toBeUndefined();
    expect(b.events).toEqual([]);
    // The handshake is over: only its initiator can have sealed that.
    expect(b.receive(identify, 1000).status).toBe(Status.NoLink);
    expect(b.counter(Counter.HandshakesFailed)).toBe(1);
  });

  it("repeats each message until it is answered, four times, 5, 10, 15 s apart, then waits longer with each failure", () => {
    const times: number[] = [];
    let now = 1000;
    a.start(b, now);
    while (now < 4_000_000 && times.length < 12) {
      a.advance(now);
      a.hear(b, 2, now);
      for (const frame of a.sendAll(now)) {
        expect(frame[0]).toBe(0x40);
        times.push(now);
      }
      now += 500;
    }
    expect(times.slice(0, 4).map((time) => time - 1000)).toEqual([0, 5000, 15_000, 30_000]);
    // Given up at 50 s: 30 s of back-off after the first failure, 60 s after the second.
    expect(times.slice(4, 8).map((time) => time - 1000)).toEqual([80_000, 85_000, 95_000, 110_000]);
    expect(times[8]).toBe(1000 + 80_000 + 50_000 + 60_000);
    expect(a.counter(Counter.HandshakesFailed)).toBe(2);
  });

  it("comes up whichever message is lost three times, and the responder answers repeated ones alike", () => {
    for (const lost of [0, 1, 2, 3]) {
      let now = 1_000_000 * (lost + 1);
      const losses = new Map([[lost, 3]]);
      a.core.call("linksReset");
      b.core.call("linksReset");
      a.start(b, now);
      for (const end = now + 120_000; now < end && a.linkTo(b) === undefined; now += 1000) {
        for (const [from, to, kinds] of [
          [a, b, [0, 2]],
          [b, a, [1, 3]],
        ] as const) {
          from.advance(now);
          for (const frame of from.sendAll(now)) {
            const kind = frame[0] === 0x40 ? kinds[0] : kinds[1];
            const left = losses.get(kind) ?? 0;
            losses.set(kind, left - 1);
            if (left <= 0) to.receive(frame, now);
          }
        }
      }
      expect(a.key(a.linkTo(b) ?? 9)).toBe(b.key(b.linkTo(a) ?? 9));
    }
  });

  it("answers at most two strangers at a time, and none for longer than ten seconds at another's cost", async () => {
    const requests: Uint8Array[] = [];
    for (const name of ["c", "d", "e", "f"]) {
      const node = await LinkNode.boot(name);
      node.start(b, 1000);
      requests.push(sent(node, 1000));
    }
    const [, , third] = requests as [Uint8Array, Uint8Array, Uint8Array];
    const statuses = requests.map((request) => b.receive(request, 20_000).status);
    expect(statuses).toEqual([Status.Ok, Status.Ok, Status.HandshakeBusy, Status.HandshakeBusy]);
    expect(b.receive(third, 30_000).status).toBe(Status.HandshakeBusy);
    expect(b.receive(third, 30_001).status).toBe(Status.Ok);
  });

  it("sends a proof four times at most, however often a request is replayed", () => {
    a.start(b, 1000);
    const request = sent(a, 1000);
    for (let i = 0; i < 4; i++) {
      expect(b.receive(request, 1000 + i).status).toBe(Status.Ok);
      expect(b.send(1000 + i)).toBeDefined();
    }
    expect(b.receive(request, 1010).status).toBe(Status.Duplicate);
    expect(b.send(1010)).toBeUndefined();
  });

  it("without random bytes does not start, and answers nobody", () => {
    a.drained = true;
    expect(a.start(b, 1000)).toBe(Status.NoEntropy);
    expect(a.send(1000)).toBeUndefined();
    a.drained = false;
    a.start(b, 1000);
    b.drained = true;
    b.receive(sent(a, 1000), 1000);
    expect(b.send(1000)).toBeUndefined();
  });

  it("takes random bytes and mutated frames without a trap, and no refusal changes anything", () => {
    a.start(b, 1000);
    const request = sent(a, 1000);
    b.receive(request, 1000);
    const proof = sent(b, 1000);
    const fresh = (frame: Uint8Array): fc.Arbitrary<Uint8Array> =>
      fc.array(fc.tuple(fc.nat(frame.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
        const changed = frame.slice();
        for (const [at, value] of changes) changed[at] = value;
        return changed;
      });
    const any = fc.oneof(
      fc.uint8Array({ maxLength: 520 }),
      fc.uint8Array({ minLength: 254, maxLength: 254 }),
      fresh(request),
      fresh(proof),
    );
    fc.assert(
      fc.property(any, fc.constantFrom(a, b), fc.constantFrom(RADIO, WIRE), (frame, node, port) => {
        const before = node.state();
        const { status } = node.receive(frame, 1000, port);
        if (status !== Status.Ok) expect(node.state()).toBe(before);
      }),
      { numRuns: 400 },
    );
  });
});

describe("two links to one peer", () => {
  /** The nodes in order of their ids. */
  const order = (): [LinkNode, LinkNode] => (Buffer.compare(a.id, b.id) < 0 ? [a, b] : [b, a]);

  it("started by both at once become the one of the lower node_id", () => {
    const [lower, higher] = order();
    lower.start(higher, 1000);
    higher.start(lower, 1000);
    exchange(lower, higher, 1000);
    expect(lower.key(lower.linkTo(higher) ?? 9)).toBe(higher.key(higher.linkTo(lower) ?? 9));
    const ups = lower.events.filter((event) => event.kind === Event.LinkUp);
    expect(ups.at(-1)?.tail).toBe(1);
    expect(lower.linkTo(higher)).toBe(0);
    expect(lower.core.call("linkUp", 1)).toBe(0);
  });

  it("become the one of the lower node_id even if the other's was up first", () => {
    const [lower, higher] = order();
    lower.start(higher, 1000);
    higher.start(lower, 1000);
    // Requests, then proofs.
    for (let i = 0; i < 2; i++) {
      const [down, up] = [lower.sendAll(1000), higher.sendAll(1000)];
      for (const frame of down) higher.receive(frame, 1000);
      for (const frame of up) lower.receive(frame, 1000);
    }
    const late = sent(lower, 1000);
    lower.receive(sent(higher, 1000), 1000);
    higher.receive(sent(lower, 1000), 1000);
    expect([lower.events.at(-1)?.tail, higher.events.at(-1)?.tail]).toEqual([0, 1]);
    higher.receive(late, 1000);
    exchange(lower, higher, 1000);
    expect(lower.key(lower.linkTo(higher) ?? 9)).toBe(higher.key(higher.linkTo(lower) ?? 9));
    expect([lower.events.at(-1)?.tail, higher.events.at(-1)?.tail]).toEqual([1, 0]);
  });

  it("the younger one of the same initiator takes the place: a peer that rebooted", async () => {
    a.start(b, 1000);
    exchange(a, b, 1000);
    const reborn = await LinkNode.boot("a", 1);
    reborn.start(b, 2000);
    exchange(reborn, b, 2000);
    expect(reborn.key(0)).toBe(b.key(b.linkTo(reborn) ?? 9));
    expect(b.events.map((event) => [event.kind, event.tail])).toEqual([
      [Event.LinkUp, 0],
      [Event.LinkDown, LinkEnd.Replaced],
      [Event.LinkUp, 0],
    ]);
    expect(b.core.call("linksTakeDown")).toBe(1);
    expect(b.core.call("linksTakeUp")).toBe(1);
    // What the old life had sent is nothing now.
    const old = a.seal(0, packetFor(b, HELLO), 2000);
    expect(b.receive(old ?? HELLO, 2000).status).toBe(Status.NoLink);
  });

  it("that the higher one starts within 30 s of the lower one's is refused, later it is taken", async () => {
    const [lower, higher] = order();
    lower.start(higher, 1000);
    exchange(lower, higher, 1000);
    const reborn = await LinkNode.boot(higher === a ? "a" : "b", 1);
    reborn.start(lower, 20_000);
    exchange(reborn, lower, 20_000);
    expect(reborn.linkTo(lower)).toBeUndefined();
    for (let now = 20_000; now < 200_000; now += 1000) {
      for (const node of [reborn, lower]) {
        node.advance(now);
        node.hear(node === lower ? reborn : lower, 2, now);
      }
      exchange(reborn, lower, now);
    }
    expect(reborn.key(reborn.linkTo(lower) ?? 9)).toBe(lower.key(lower.linkTo(reborn) ?? 9));
  });
});

describe("linking", () => {
  it("is begun by the lower node_id at the first beacon, by the other at the second", () => {
    const [lower, higher] = Buffer.compare(a.id, b.id) < 0 ? [a, b] : [b, a];
    higher.hear(lower, 1, 1000);
    expect(higher.send(1000)).toBeUndefined();
    lower.hear(higher, 1, 1000);
    expect(lower.send(1000)).toBeDefined();
    higher.hear(lower, 2, 11_000);
    expect(higher.send(11_000)).toBeDefined();
    // And once only.
    higher.hear(lower, 3, 12_000);
    expect(higher.send(12_000)).toBeUndefined();
  });

  /** Links with `count` others, the peers of `node`; the last at `now`. */
  async function join(node: LinkNode, count: number, now: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const peer = await LinkNode.boot(`peer ${String(i)}`);
      node.start(peer, now);
      exchange(node, peer, now);
      expect(node.linkTo(peer)).toBeDefined();
    }
  }

  it.each([
    // Links there are, what a route says, SNR in quarter dB, since when the links are; whether one more is sought.
    // At SF8 a neighbour is strong from -10 + 9 dB on.
    [1, true, -4, 1, true],
    [1, true, -5, 1, false],
    [1, true, -5, 400, false],
    [2, true, -4, 1, true],
    [2, false, -5, 299, false],
    [2, false, -5, 300, true],
    [3, true, 40, 1, false],
    [3, true, 40, 400, false],
    [3, false, 40, 299, false],
    [3, false, 40, 300, true],
    [3, false, -80, 300, true],
  ])("with %i links, a route %s, %i/4 dB and links of %i s: %s", async (links, reached, snrQdb, seconds, sought) => {
    await join(a, links, 1000);
    const now = 1000 + 1000 * seconds;
    a.hear(b, 2, now, RADIO, { snrQdb, reached });
    expect(a.send(now) !== undefined).toBe(sought);
  });

  it("with a weak neighbour is begun at its sixth beacon by a node that has no link, not before", () => {
    const weak = { snrQdb: -5, reached: true };
    for (let beacons = 1; beacons < 6; beacons++) a.hear(b, beacons, 1000, RADIO, weak);
    expect(a.send(1000)).toBeUndefined();
    a.hear(b, 6, 2000, RADIO, weak);
    expect(a.send(2000)).toBeDefined();
  });

  it("on a wire needs neither signal nor want", async () => {
    await join(a, 4, 1000);
    a.hear(b, 2, 2000, WIRE, { snrQdb: -100, reached: true });
    expect(a.send(2000, WIRE)).toBeDefined();
  });

  it("is taken in from who asks, whatever there is", async () => {
    await join(a, 4, 1000);
    b.start(a, 2000);
    exchange(b, a, 2000);
    expect(a.linkTo(b)).toBeDefined();
  });

  it("by invented beacons costs less and less air", () => {
    let frames = 0;
    for (let now = 0; now < 3_600_000; now += 1000) {
      a.advance(now);
      a.hear(
        Uint8Array.from({ length: 16 }, (_, i) => (now / 1000 + i * 31) % 256),
        2,
        now,
      );
      frames += a.sendAll(now).length;
    }
    // Two at a time, 50 s each, would be 576; failures in a row space them up to 16 minutes apart.
    expect(frames).toBeLessThan(60);
  });
});
