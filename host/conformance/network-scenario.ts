/**
 * The part of the conformance transcript in which the subject is a relay among others: links, announces, routes,
 * messages through it, to it and from it, an onion it peels, keys it changes, a neighbour that falls silent.
 *
 *   2 - 0 - 1 - 3      who hears whom; 0 is the subject
 */
import { Command, Event, SendFlag, Status } from "../core/abi.gen.ts";
import type { Core } from "../core/core.ts";
import { clearFrame, packet } from "./scenario.ts";
import { SmallWorld } from "./small-world.ts";
import type { Input } from "./transcript.ts";

const SECOND = 1_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

/** Context and sub-type of a text: identity and social, DirectMessage (registry section 3). */
const TEXT = [0xf7, 0x10] as const;
/** Priority P1, policy Balanced. */
const QOS = 0x40;

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0x61 + (i % 26));
}

/** A LINK_REQUEST (H12) that nobody stands behind: version, e_i, capabilities, clock. */
function linkRequest(to: Uint8Array, number: number): Uint8Array {
  const body = Uint8Array.of(0x10, ...new Uint8Array(32).fill(number + 2), 0xe4, 0x01, 0x00, ...new Uint8Array(8));
  return packet(0x02, 0, to, 0x00, body);
}

export interface NetworkScenario {
  readonly wasm: Uint8Array;
  /** Boot configuration. */
  readonly config: Uint8Array;
  readonly airtimeUs: Core["airtimeUs"];
  readonly startMs: bigint;
  readonly comment: (text: string) => void;
  readonly input: (input: Input) => void;
  readonly hash: () => void;
}

/** Runs the scenario; the subject's inputs go out in order. The time at its end. Throws if something did not happen. */
export async function networkScenario(options: NetworkScenario): Promise<bigint> {
  const { comment, hash } = options;
  const radio = new DataView(options.config.buffer, options.config.byteOffset);
  const world = await SmallWorld.make({
    wasm: options.wasm,
    config: options.config,
    seed: 7_000,
    count: 4,
    audible: [
      [2, 0],
      [0, 1],
      [1, 3],
    ],
    startMs: options.startMs,
    airtimeUs: (length) =>
      options.airtimeUs(
        radio.getUint8(5),
        radio.getUint32(16, true),
        radio.getUint8(6),
        radio.getUint16(8, true),
        length,
      ),
    input: options.input,
  });
  const must = (what: string, happened: boolean): void => {
    if (!happened) throw new Error(`the network scenario: ${what} did not happen`);
  };
  const ok = (what: string, status: Status): void => {
    must(`${what} (status ${status})`, status === Status.Ok);
  };
  const address = (index: number): Uint8Array => {
    const [booted] = world.take(index, Event.Booted);
    if (booted === undefined) throw new Error(`participant ${index} did not boot`);
    return booted;
  };
  const [subject, near, left, far] = [address(0), address(1), address(2), address(3)];

  comment("Handshakes: links to two neighbours; announces go round.");
  world.run(4n * MINUTE);
  must("a link of the subject to both neighbours", world.take(0, Event.LinkUp).length >= 2);
  world.command(0, Command.Links);
  world.command(0, Command.Routes, u16(0));
  hash();

  comment("A stranger's packet through the subject, then a friend's: 2 to 1 and 2 to 3.");
  ok("sending to 1", world.command(2, Command.Send, QOS, 0, near, ...TEXT, text(20)));
  world.run(20n * SECOND);
  ok("trusting 2", world.command(0, Command.Trust, left));
  ok("trusting 1", world.command(0, Command.Trust, near));
  ok("trusting the subject", world.command(1, Command.Trust, subject));
  ok("sending to 3", world.command(2, Command.Send, QOS, 0, far, ...TEXT, text(300)));
  ok("sending back", world.command(3, Command.Send, QOS, 0, left, ...TEXT, text(100)));
  world.run(60n * SECOND);
  must("the message to 3", world.take(3, Event.Message).length === 1);
  must("the message to 2", world.take(2, Event.Message).length === 1);
  hash();

  comment("Messages of the subject and to it, to a second address of it too.");
  ok("sending from the subject", world.command(0, Command.Send, QOS, 0, far, ...TEXT, text(200)));
  ok("static key", world.command(0, Command.Send, QOS, SendFlag.NoRatchet, left, ...TEXT, text(5)));
  must("a destination nobody knows", world.command(0, Command.Send, QOS, 0, text(16), ...TEXT, text(5)) !== Status.Ok);
  ok("another destination", world.command(0, Command.DestinationAdd));
  world.command(0, Command.Destinations);
  world.run(3n * MINUTE);
  must(
    "the subject's messages",
    world.take(3, Event.Message).length === 1 && world.take(2, Event.Message).length === 1,
  );
  ok("sending to the subject", world.command(3, Command.Send, QOS, 0, subject, ...TEXT, text(10)));
  world.run(30n * SECOND);
  must("the message to the subject", world.take(0, Event.Message).length === 1);
  hash();

  comment("Onions: one the subject peels, one it makes.");
  ok(
    "an onion through the subject",
    world.command(2, Command.SendOnion, QOS, 0, 2, subject, near, far, ...TEXT, text(30)),
  );
  ok("an onion of the subject", world.command(0, Command.SendOnion, QOS, 0, 1, near, left, ...TEXT, text(40)));
  world.run(60n * SECOND);
  must("the first onion", world.take(3, Event.Message).length === 1);
  must("the second onion", world.take(2, Event.Message).length === 1);
  world.command(0, Command.Status);
  hash();

  comment("An hour and a little: new keys on both links, announces refreshed, clocks compared.");
  world.run(HOUR + 5n * MINUTE);
  ok("sending after the rekey", world.command(2, Command.Send, QOS, 0, far, ...TEXT, text(60)));
  world.run(30n * SECOND);
  must("the message after the rekey", world.take(3, Event.Message).length === 1);
  world.command(0, Command.Status);
  world.command(0, Command.Reputation, u16(0));
  hash();

  comment(
    "What a node must turn away: a frame heard twice, halves that do not fit, requests in a crowd, commands that cannot be.",
  );
  const wholes = world.heard.filter((frame) => frame.length === 255 && (frame[0] ?? 0) % 2 === 0);
  must("the notice of a replay", wholes.map((frame) => world.hear(frame)).includes(Status.Replayed));
  for (const nibble of [0x11, 0x21, 0x31]) world.hear(Uint8Array.of(nibble, 0xff, ...text(253)));
  for (let i = 0; i < 4; i++) world.hear(clearFrame(linkRequest(subject, i)));
  must(
    "a key of somebody else's is refused",
    world.command(0, Command.Send, QOS, SendFlag.Key, far, text(32), ...TEXT, 1) === Status.WrongKey,
  );
  must("nobody is distrusted twice", world.command(0, Command.Distrust, text(16)) === Status.Unknown);
  for (let i = 0; i < 8; i++) world.command(0, Command.Send, QOS, 0, far, ...TEXT, text(20 + i));
  world.run(60n * SECOND);
  world.take(3, Event.Message);
  hash();

  comment("A link closed, a price changed.");
  ok("price", world.command(0, Command.SetPrice, Uint8Array.of(11, 0, 0, 0)));
  ok("close", world.command(0, Command.LinkClose, left));
  world.run(3n * MINUTE);
  world.command(0, Command.Links);
  world.command(0, Command.Routes, u16(0));
  hash();

  comment("Booted again: the same addresses, the same friends, a higher sequence number.");
  ok("boot", world.boot(0));
  world.command(0, Command.Destinations);
  world.command(0, Command.Trusted);
  world.run(3n * MINUTE);
  world.command(0, Command.Status);
  hash();
  return world.now;
}
