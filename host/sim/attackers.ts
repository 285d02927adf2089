/**
 * Attackers: stations with a radio of their own that do what a relay never would. None of them can do more than any
 * stranger with the same hardware: they hear what is in reach and hold no keys but their own.
 *
 * replay sends frames it heard again, later; flood sends frames that look valid, without asking the channel; the
 * spoofer sends beacons in others' names and invented ones; malformed sends damaged copies of what it heard. The two
 * that need a link of their own, forged-announces and cost-liar, are in attacker-link.ts.
 */
import { Status } from "../core/abi.gen.ts";
import type { SeededRandom } from "../radio/random.ts";
import { LinkAttacker } from "./attacker-link.ts";
import { VERSION } from "./peer/announce.ts";
import {
  airFrames,
  beaconFrame,
  clearFrame,
  decodeLinkFrame,
  encodePacket,
  Header,
  LORA_FRAME,
  Reassembly,
} from "./peer/frames.ts";
import type { RelayCore } from "./relay-core.ts";
import type { AttackerPlan } from "./scenario.ts";
import type { StationContext } from "./simulation.ts";
import { type Air, RADIO_PORT, type SendResult, type Station } from "./station.ts";
import { below, Stream, stream } from "./streams.ts";

/** Frames an attacker remembers. */
const MEMORY = 200;

/** Waits this long after a busy channel, ms, at random up to. */
const BUSY_WAIT_MS = 1500;

/** A radio that sends what is due at random moments around a rate, and listens in between. */
export abstract class RadioAttacker implements Station {
  readonly name: string;
  protected readonly air: Air;
  protected readonly random: SeededRandom;
  protected readonly plan: AttackerPlan;
  /** Flags of frame_send: an attacker need not listen before it talks. */
  protected readonly flags: number = 0;
  readonly #airtimeUs: (length: number) => number;
  readonly #waiting: Uint8Array[] = [];
  #strike: number;
  #ready = 0;

  constructor(plan: AttackerPlan, context: StationContext) {
    this.name = context.name;
    this.air = context.air;
    this.plan = plan;
    this.random = stream(context.seed, Stream.Attack, context.index);
    this.#airtimeUs = context.airtimeUs;
    this.#strike = plan.start_s * 1000;
  }

  start(): void {}

  abstract receive(port: number, frame: Uint8Array): void;

  /** Air frames to send now. */
  protected abstract strike(): readonly Uint8Array[];

  timer(): void {
    const now = this.air.now();
    if (now >= this.#strike) {
      const gap = 60_000 / this.plan.per_minute;
      this.#strike = now + gap * (0.5 + this.random.unit());
      // What the channel did not let through is worth nothing later.
      if (this.#waiting.length < 8) this.#waiting.push(...this.strike());
    }
    const [frame] = this.#waiting;
    if (frame === undefined || now < this.#ready) return;
    if (this.air.send(RADIO_PORT, frame, this.flags) === Status.Ok) {
      this.#waiting.shift();
      this.#ready = now + this.#airtimeUs(frame.length) / 1000 + 1;
    } else {
      this.#ready = now + 20 + below(this.random, BUSY_WAIT_MS);
    }
  }

  deadline(): number {
    return this.#waiting.length > 0 ? Math.min(this.#strike, this.#ready) : this.#strike;
  }

  send(): SendResult {
    return { status: Status.TransmitOff };
  }

  onMessage(): void {}

  protected bytes(length: number): Uint8Array {
    return this.random.bytes(length);
  }
}

/** Remembers what it hears. */
abstract class Eavesdropper extends RadioAttacker {
  protected readonly heard: Uint8Array[] = [];

  receive(_port: number, frame: Uint8Array): void {
    if (this.heard.length < MEMORY) this.heard.push(frame.slice());
    else this.heard[below(this.random, MEMORY)] = frame.slice();
  }

  protected any(): Uint8Array | undefined {
    return this.heard[below(this.random, this.heard.length)];
  }
}

class Replayer extends Eavesdropper {
  protected strike(): readonly Uint8Array[] {
    const frame = this.any();
    return frame === undefined ? [] : [frame];
  }
}

class Mutator extends Eavesdropper {
  protected strike(): readonly Uint8Array[] {
    const frame = this.any();
    if (frame === undefined) return [this.bytes(1 + below(this.random, 255))];
    let changed = frame.slice();
    const changes = 1 + below(this.random, 4);
    for (let i = 0; i < changes; i++) {
      changed[below(this.random, changed.length)] = below(this.random, 256);
    }
    const cut = this.random.unit();
    if (cut < 0.3) changed = changed.slice(0, 1 + below(this.random, changed.length));
    else if (cut < 0.4) changed = Uint8Array.from([...changed, ...this.bytes(40)]).slice(0, 255);
    return [changed];
  }
}

/** Takes addresses and link tags from what it hears, so that its own look as if they belonged. */
abstract class Imitator extends RadioAttacker {
  protected readonly ids: Uint8Array[] = [];
  protected readonly tags: number[] = [];
  readonly #reassembly = new Reassembly();

  receive(_port: number, air: Uint8Array): void {
    const whole = this.#reassembly.take(air);
    const frame = whole === undefined ? undefined : decodeLinkFrame(whole);
    if (frame?.kind === "beacon") this.#keep(this.ids, frame.beacon.id, (a, b) => Buffer.from(a).equals(b));
    else if (frame?.kind === "data") this.#keep(this.tags, frame.tag, (a, b) => a === b);
  }

  #keep<T>(list: T[], one: T, same: (a: T, b: T) => boolean): void {
    if (list.some((known) => same(known, one))) return;
    if (list.length < MEMORY) list.push(one);
    else list[below(this.random, MEMORY)] = one;
  }
}

class Flooder extends Imitator {
  protected override readonly flags = 1;

  protected strike(): readonly Uint8Array[] {
    const nibble = below(this.random, 16);
    const kind = this.random.unit();
    const id = this.ids[below(this.random, this.ids.length)];
    if (kind < 0.4 && id !== undefined) {
      // A request whose answer costs a key exchange and a signature.
      const data = Uint8Array.of(VERSION, ...this.bytes(32), 0xe4, 1, 0, ...this.bytes(8));
      const packet = encodePacket({ header: Header.LinkRequest, hops: 0, destination: id, context: 0, data });
      return airFrames(clearFrame(packet), nibble);
    }
    if (kind < 0.5) {
      const [destination, data] = [this.bytes(16), this.bytes(139)];
      const packet = encodePacket({ header: Header.LinkProof, hops: 0, destination, context: 0xff, data });
      return airFrames(clearFrame(packet), nibble);
    }
    // Link data under a tag in use: it costs whoever holds the link an authentication.
    const frame = this.bytes(this.random.unit() < 0.7 ? LORA_FRAME : 2 * LORA_FRAME);
    const tag = this.tags[below(this.random, this.tags.length)];
    frame[0] = 0;
    if (tag !== undefined) frame.set([tag & 255, tag >> 8], 1);
    return airFrames(frame, nibble);
  }
}

class Spoofer extends Imitator {
  protected strike(): readonly Uint8Array[] {
    const known = this.random.unit() < 0.5 ? this.ids[below(this.random, this.ids.length)] : undefined;
    const beacon = {
      id: known ?? this.bytes(16),
      capabilities: below(this.random, 0x2000),
      costTier: below(this.random, 4),
      load: below(this.random, 256),
    };
    return airFrames(beaconFrame(beacon), below(this.random, 16));
  }
}

/** The attacker of a plan; `core` lends those with a link their primitives. */
export function makeAttacker(plan: AttackerPlan, context: StationContext, core: RelayCore): Station {
  switch (plan.kind) {
    case "replay":
      return new Replayer(plan, context);
    case "malformed":
      return new Mutator(plan, context);
    case "flood":
      return new Flooder(plan, context);
    case "spoofed-beacons":
      return new Spoofer(plan, context);
    case "forged-announces":
    case "cost-liar":
      return new LinkAttacker(plan, context, core);
  }
}
