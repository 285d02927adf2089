import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { id, neighbour } from "../../tests/support/monitor.ts";
import { Event } from "../core/abi.gen.ts";
import { encodeMessageEvent, encodeNeighbourReport, encodeProbeEvent } from "../board/messages.gen.ts";
import { eventSentence } from "./events.ts";

const name = (address: string): string => (address.startsWith("bb") ? "roof-south" : address.slice(0, 8));
const bytes = (...parts: (Uint8Array | number[])[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));
const message = (data: Uint8Array): Uint8Array =>
  encodeMessageEvent({ destination: id(0xaa), context: 0xf7, subType: 1, data });

/** Literal bytes where the ABI has them, the generated encoders where the schema does. */
const SENTENCES: readonly (readonly [Event, Uint8Array, string])[] = [
  [Event.Booted, id(0xaa), `The relay ${"aa".repeat(16)} has started.`],
  [Event.NeighbourFound, encodeNeighbourReport(neighbour(0xbb)), "Hears roof-south: -97 dBm, SNR 5.25 dB."],
  [Event.NeighbourFound, encodeNeighbourReport(neighbour(0xcc, { port: 1 })), "Hears cccccccc over interface 1."],
  [Event.NeighbourDown, id(0xbb), "Has not heard roof-south for 3 minutes."],
  [Event.NeighbourGone, id(0xbb), "Has not heard roof-south for 10 minutes and forgets it."],
  [Event.Packet, bytes(id(0xbb), [1, 2, 3]), "A packet of 3 bytes for this relay came from roof-south: 010203."],
  [Event.Reply, bytes([2], id(1)), "Answered Neighbours with 16 bytes."],
  [Event.LinkUp, bytes(id(0xbb), [0, 1]), "The link to roof-south over the radio is up."],
  [Event.LinkUp, bytes(id(0xbb), [2, 0]), "The link to roof-south over interface 2 is up, asked for by the peer."],
  [Event.LinkDown, bytes(id(0xbb), [0, 0]), "The link to roof-south over the radio is down: the peer fell silent."],
  [
    Event.LinkDown,
    bytes(id(0xbb), [0, 99]),
    "The link to roof-south over the radio is down: for the unknown reason 99.",
  ],
  [
    Event.Message,
    message(Buffer.from("hello roof")),
    'A message of 10 bytes came for aaaaaaaa (context 0xf7, sub-type 1): "hello roof".',
  ],
  [
    Event.Message,
    message(Uint8Array.of(27, 91, 50, 74)),
    "A message of 4 bytes came for aaaaaaaa (context 0xf7, sub-type 1): 1b5b324a.",
  ],
  [Event.RouteFound, bytes(id(0xbb), id(0xbb), [0, 0, 5, 0]), "Reaches roof-south directly."],
  [Event.RouteFound, bytes(id(0xdd), id(0xbb), [2, 0, 5, 0]), "Reaches dddddddd by roof-south, 2 hops."],
  [Event.RouteLost, id(0xbb), "Has no route to roof-south any more."],
  [
    Event.Undeliverable,
    bytes(id(0xdd), [1, 2, 3, 4, 5, 6, 7, 8]),
    "A packet to dddddddd found no way on (hash 0102030405060708).",
  ],
  [
    Event.ProbeResult,
    encodeProbeEvent({ destination: id(0xdd), id: 7, roundTripMs: 1200, receivedSize: 200, mtu: 484, bps: 3125 }),
    "Probe 7 to dddddddd took 1200 ms there and back, 200 bytes; it takes up to 484 at 3125 bit/s.",
  ],
  [
    Event.PathConstraintViolation,
    bytes(id(0xdd), [0xe4, 1]),
    "No route to dddddddd carries packets of the size asked for; the best one takes 484 bytes.",
  ],
  [
    Event.Advisory,
    bytes(id(0x11), id(0x11), id(0), id(0), [0]),
    "The key 11111111 is said to be compromised: it is not to be used any more.",
  ],
  [
    Event.Advisory,
    bytes(id(0x11), id(0x11), id(0x22), id(0x22), [1]),
    "The key 11111111 is said to be compromised: two advisories contradict each other, so neither new key is taken; 22222222 follows it.",
  ],
  [Event.VersionSignal, bytes(id(0xbb), [1, 5, 0, 0, 0, 2]), "roof-south signals support of proposals (5: 2)."],
];

describe("events in words", () => {
  it.each(SENTENCES)("%i", (kind, body, sentence) => {
    expect(eventSentence(kind, body, name).text).toBe(sentence);
  });

  it("has an example of each kind", () => {
    expect(new Set(SENTENCES.map(([kind]) => kind))).toEqual(new Set(Object.values(Event)));
  });

  it("tells how the frame was heard", () => {
    expect(eventSentence(Event.RouteLost, id(0xbb), name, { rssiDbm: -80, snrDb: 9.25 }).text).toBe(
      "Has no route to roof-south any more. [-80 dBm, SNR 9.25 dB]",
    );
  });

  it("shows the bytes of what it does not know or cannot read", () => {
    expect(eventSentence(77, Uint8Array.of(1, 2)).text).toBe("An event of the unknown kind 77 (0102).");
    expect(eventSentence(Event.NeighbourDown, Uint8Array.of(1, 2)).text).toBe(
      "A malformed NeighbourDown event: address needs 16 bytes, 2 are left (0102).",
    );
    expect(eventSentence(Event.LinkUp, bytes(id(1), [0, 1, 9])).text).toMatch(
      /malformed LinkUp event: 1 bytes are left over/,
    );
  });

  it("says one harmless line about any bytes", () => {
    fc.assert(
      fc.property(fc.nat(30), fc.uint8Array({ maxLength: 120 }), (kind, body) => {
        expect(eventSentence(kind, body).text).toMatch(/^[^\p{Cc}\p{Cf}]+$/u);
      }),
    );
  });
});
