/**
 * The inputs of the conformance transcript: every way into the core, every refusal, every timer rule. `mehr generate`
 * records what the core makes of them; the recorded file is what all engines are held to.
 */
import { type BootConfig, encodeBootConfig } from "../../boards/config.ts";
import { Command, Status } from "../core/abi.gen.ts";
import { SeededRandom } from "../radio/random.ts";
import { primitiveInputs } from "./primitives.ts";
import type { Entry, Input } from "./transcript.ts";

/** Where the recorded transcript is, below the root of the checkout. */
export const TRANSCRIPT_PATH = "host/conformance/relay.transcript";

const OWN_IDENTITY = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

/** An air frame that carries one beacon. */
export function beaconFrame(nodeId: Uint8Array, capabilities = 1, costTier = 0, load = 0): Uint8Array {
  return Buffer.concat([
    Uint8Array.of(0x50, 0x80),
    nodeId,
    Uint8Array.of(capabilities & 0xff, capabilities >> 8, costTier, load),
  ]);
}

/** An air frame of 255 bytes that carries one clear, padded packet. */
export function clearFrame(packet: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(255);
  frame[0] = 0x30;
  frame[1] = 0x40;
  frame.set(packet, 2);
  if (2 + packet.length < 255) frame[2 + packet.length] = 0x80;
  return frame;
}

/** A packet with `data` as its DATA. */
export function packet(
  header: number,
  hops: number,
  destination: Uint8Array,
  context: number,
  data: Uint8Array,
): Uint8Array {
  return Buffer.concat([Uint8Array.of(header, hops), destination, Uint8Array.of(context), data]);
}

/** A 16-byte id made of one number. */
function id(number: number): Uint8Array {
  return Uint8Array.from({ length: 16 }, (_, i) => (number * 31 + i * 7) & 0xff);
}

/** All inputs in order, with comments, without outcomes. `config` is what the virtual boards boot with. */
export function scenario(config: BootConfig, ownId: Uint8Array): Entry[] {
  const random = new SeededRandom(20261122);
  const entries: Entry[] = [];
  let now = 1_000n;
  const comment = (text: string): void => {
    entries.push({ kind: "comment", text: `# ${text}` });
  };
  const feed = (input: Input): void => {
    entries.push({ kind: "input", line: 0, input, expected: [] });
  };
  const hash = (): void => {
    entries.push({ kind: "hash", line: 0, expected: [] });
  };
  const boot = (bytes: Uint8Array): void => feed({ op: "boot", now, config: bytes });
  const timer = (): void => feed({ op: "timer", now });
  const frame = (bytes: Uint8Array, rssiDbm = -80, snrQdb = 40, port = 0): void =>
    feed({ op: "frame", now, port, rssiDbm, snrQdb, frame: bytes });
  const command = (...bytes: number[]): void => feed({ op: "command", now, command: Uint8Array.from(bytes) });
  const entropy = (bytes: Uint8Array): void => feed({ op: "entropy", bytes });
  const draws = (count: number): void => entropy(random.bytes(4 * count));
  const radio = (status: number): void => feed({ op: "radio", status });
  const good = encodeBootConfig(config);

  comment("Before boot nothing works; a bad configuration does not boot; no entropy, no identity.");
  timer();
  frame(beaconFrame(id(1)));
  command(Command.Status);
  hash();
  boot(new Uint8Array(0));
  boot(good.subarray(0, 19));
  boot(good.subarray(0, 27));
  boot(Uint8Array.of(...good, 0));
  const wired = encodeBootConfig({ ...config, wired: [{ bitrateBps: 115_200, mtu: 484 }] });
  for (const [bytes, changes] of [
    [good, { 0: 1 }],
    [good, { 0: 3 }],
    [good, { 1: 4 }],
    [good, { 4: 4 }],
    [good, { 5: 4 }],
    [good, { 5: 13 }],
    [good, { 6: 4 }],
    [good, { 6: 9 }],
    [good, { 11: 1 }],
    [good, { 19: 0xff }],
    [good, { 24: 0, 25: 0 }],
    [good, { 24: 0xe9, 25: 3 }],
    [good, { 26: 1 }],
    [good, { 27: 1 }],
    [Uint8Array.of(...good, ...new Uint8Array(32)), { 26: 4 }],
    [wired, { 26: 0 }],
    [wired, { 28: 99, 29: 0, 30: 0, 31: 0 }],
    [wired, { 32: 0xe3, 33: 1 }],
    [wired, { 32: 0xf5, 33: 1 }],
    [wired, { 34: 1 }],
  ] as const) {
    const bad = Uint8Array.from(bytes);
    for (const [at, value] of Object.entries(changes)) bad[Number(at)] = value;
    boot(bad);
  }
  boot(good);
  entropy(OWN_IDENTITY);
  draws(1);
  boot(good);
  hash();
  command(Command.Status);
  command(Command.Neighbours);

  comment("Commands that are none.");
  command();
  command(0);
  command(99);
  command(Command.Status, 0);
  command(255, 255, 255, 255);

  comment("The first beacon goes out; the clock does not run backwards.");
  now += 2_000n;
  draws(2);
  timer();
  now -= 1n;
  timer();
  frame(beaconFrame(id(1)));
  command(Command.Status);
  now += 1n;

  comment("Neighbours are found; the same beacon again counts; a copied identity is refused.");
  for (let i = 1; i <= 4; i++) {
    now += 137n;
    frame(beaconFrame(id(i), i, i % 4, i * 16), -60 - i, 40 - i);
  }
  frame(beaconFrame(id(2), 0xffff, 3, 255), -120, -80);
  frame(beaconFrame(ownId));
  command(Command.Neighbours);
  hash();

  comment("Interfaces this node does not have.");
  for (const port of [1, 4, 255]) frame(beaconFrame(id(5)), 0, 0, port);
  hash();

  comment("Frames that are none: sizes, kinds, reserved bits, padding.");
  frame(new Uint8Array(0));
  frame(Uint8Array.of(0x50));
  for (const split of [0x02, 0x04, 0x08, 0x0e]) frame(Uint8Array.of(split, 0x80, 1, 2, 3));
  frame(Uint8Array.of(0x51, ...new Uint8Array(254)));
  for (const kind of [0x01, 0x10, 0x60, 0xa0, 0xc0, 0xff]) frame(Uint8Array.of(0x00, kind, ...id(9)));
  frame(beaconFrame(id(9)).subarray(0, 21));
  frame(Uint8Array.of(...beaconFrame(id(9)), 0));
  frame(beaconFrame(id(9), 1, 4));
  frame(Uint8Array.of(0x00, 0x00, ...new Uint8Array(253)));
  frame(Uint8Array.of(0x00, 0x20, ...new Uint8Array(253)));
  frame(Uint8Array.of(0x00, 0x00, ...new Uint8Array(252)));
  frame(Uint8Array.of(0x00, 0x40, ...new Uint8Array(253)));
  frame(Uint8Array.of(0x00, 0x40, ...new Uint8Array(252).fill(7), 7));
  frame(clearFrame(new Uint8Array(0)));

  comment(
    "Clear packets: link setup for this node and for others, seen twice, too many hops, everything else refused.",
  );
  const request = random.bytes(44);
  frame(clearFrame(packet(0x02, 0, ownId, 0x00, request)));
  frame(clearFrame(packet(0x02, 0, ownId, 0x00, request)));
  frame(clearFrame(packet(0x02, 9, ownId, 0x00, request)));
  frame(clearFrame(packet(0x02, 128, ownId, 0x00, random.bytes(44))));
  frame(clearFrame(packet(0x02, 129, ownId, 0x00, random.bytes(44))));
  frame(clearFrame(packet(0x02, 0, id(7), 0x00, random.bytes(44))));
  frame(clearFrame(packet(0x00, 0, ownId, 0xf7, Uint8Array.of(0x18))));
  frame(clearFrame(packet(0x00, 0, ownId, 0xf7, Uint8Array.of(0x0f))));
  frame(clearFrame(packet(0x0f, 0, ownId, 0xff, random.bytes(139))));
  frame(clearFrame(packet(0x0f, 0, ownId, 0xff, random.bytes(138))));
  frame(clearFrame(packet(0x02, 0, ownId, 0x00, random.bytes(45))));
  frame(clearFrame(packet(0x10, 0, ownId, 0x00, random.bytes(48))));
  frame(clearFrame(packet(0x00, 0, ownId, 0xf0, random.bytes(10))));
  frame(clearFrame(packet(0x0c, 0, ownId, 0xfb, random.bytes(96))));
  frame(clearFrame(packet(0x01, 0, ownId, 0x00, random.bytes(113))));
  frame(clearFrame(packet(0x50, 0, ownId, 0x00, random.bytes(48))));
  frame(clearFrame(packet(0x10, 0, ownId, 0x05, random.bytes(48))));
  frame(clearFrame(random.bytes(18)));
  now += 60_000n;
  draws(2);
  frame(clearFrame(packet(0x02, 0, ownId, 0x00, request)));
  command(Command.Status);
  hash();

  comment("The seen-cache holds 128: with 130 more, the request from above is forgotten early.");
  for (let i = 0; i < 130; i++) {
    now += 11n;
    frame(
      clearFrame(
        packet(
          0x02,
          i % 100,
          id(i),
          0x00,
          Uint8Array.from({ length: 44 }, () => i),
        ),
      ),
    );
  }
  frame(clearFrame(packet(0x02, 0, ownId, 0x00, request)));
  command(Command.Status);
  hash();

  comment("A channel that full slows the beacons down; a busy one puts them off, seven times over.");
  draws(2);
  timer();
  radio(Status.RadioBusy);
  now += 40_000n;
  for (let i = 0; i < 9; i++) {
    draws(2);
    timer();
    now += 15_000n;
  }
  radio(Status.RadioFailed);
  now += 60_000n;
  draws(2);
  timer();
  radio(Status.Ok);
  command(Command.Status);
  hash();

  comment("Twelve more neighbours fill the table; the next is turned away until somebody has been silent for 180 s.");
  for (let i = 11; i <= 27; i++) {
    now += 211n;
    frame(beaconFrame(id(i), i & 0x1f, i % 4, i), -70, 20);
  }
  command(Command.Neighbours);
  now += 100_000n;
  for (let i = 11; i <= 20; i++) frame(beaconFrame(id(i), 1, 0, 1), -71, 19);
  now += 81_000n;
  draws(2);
  timer();
  frame(beaconFrame(id(30)), -72, 18);
  frame(beaconFrame(id(31)), -73, 17);
  command(Command.Neighbours);
  hash();

  comment("Silence: down after 180 s, gone after 600 s, back again.");
  now += 180_000n;
  draws(2);
  timer();
  frame(beaconFrame(id(12)), -74, 16);
  now += 420_000n;
  draws(2);
  timer();
  command(Command.Neighbours);
  now += 600_000n;
  timer();
  command(Command.Status);
  hash();

  comment("Damaged frames, 160 of them: good ones with bytes changed, cut or added.");
  for (let i = 0; i < 160; i++) {
    now += BigInt(random.u32() % 4_000);
    const source =
      i % 3 === 0
        ? clearFrame(packet(0x02, i & 0x7f, i % 2 === 0 ? ownId : id(i), 0, random.bytes(44)))
        : beaconFrame(id(i % 24), i);
    const bytes = Uint8Array.from(source);
    const changes = random.u32() % 4;
    for (let c = 0; c < changes; c++) bytes[random.u32() % bytes.length] = random.u32() & 0xff;
    const cut = random.u32() % 5 === 0 ? random.u32() % bytes.length : bytes.length;
    frame(bytes.subarray(0, cut), -(random.u32() % 130), (random.u32() % 120) - 80);
  }
  command(Command.Status);
  hash();

  comment("Half a year later; a clock near its end; booting again keeps the identity and forgets the rest.");
  now += 15_768_000_000n;
  draws(2);
  timer();
  frame(beaconFrame(id(12)), -74, 16);
  now = 0xffff_ffff_ffff_0000n;
  frame(beaconFrame(id(13)), 32_767, -32_768);
  command(Command.Neighbours);
  now = 5n;
  draws(1);
  boot(good);
  command(Command.Status);
  command(Command.Neighbours);
  hash();

  comment("A board without a region listens and sends nothing.");
  boot(encodeBootConfig({ ...config, transmitAllowed: false, spreadingFactor: 12, preambleSymbols: 8 }));
  now += 100_000n;
  timer();
  frame(beaconFrame(id(1)));
  command(Command.Status);
  hash();

  comment("The core's cryptography: nothing of it shows in the state hash, nor in a later one.");
  for (const input of primitiveInputs(new SeededRandom(20261123))) feed(input);
  hash();

  comment("Back on the air, so that the last hash covers a node with something to remember.");
  draws(1);
  boot(good);
  for (let i = 1; i <= 12; i++) {
    now += 1_777n;
    frame(beaconFrame(id(40 + i), i * 321, i % 4, i * 20), -40 - i * 6, 50 - i * 9);
    frame(clearFrame(packet(0x02, i * 9, ownId, 0x00, random.bytes(44))), -90, -20);
  }
  draws(2);
  timer();
  radio(Status.RadioBusy);
  now += 30_000n;
  draws(2);
  timer();
  command(Command.Status);
  command(Command.Neighbours);
  hash();
  return entries;
}

/** The public key the scenario's entropy gives the core; its address is what `ownId` must be. */
export const SCENARIO_IDENTITY = OWN_IDENTITY;
