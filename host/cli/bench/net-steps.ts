/**
 * What a relay does most, as inputs for a core and the steps of them that belong together: forwarding one packet of the
 * largest size, taking in an announce, a handshake. They come from a small world of cores (host/conformance) under V8,
 * and are the same for every engine, which makes the counts comparable.
 */
import { Command, Counter, Event, Status } from "../../core/abi.gen.ts";
import { SmallWorld } from "../../conformance/small-world.ts";
import { CoreTarget } from "../../conformance/target.ts";
import type { Input } from "../../conformance/transcript.ts";

/** Of the Status reply: command u8, 47 bytes, then the counters. */
const COUNTERS_AT = 48;
/** Largest plaintext that makes a packet of 484 bytes: header 19, box 48, ratchet id 4, context and sub-type. */
const LARGEST_TEXT = 484 - 19 - 48 - 4 - 2;
const QOS = 0x40;
const TEXT = [0xf7, 0x10];

/** Indexes of inputs that make up one operation. */
export interface Operation {
  readonly name: string;
  /** For each time it happened, the inputs it took. */
  readonly times: readonly (readonly number[])[];
}

export interface NetSteps {
  readonly inputs: readonly Input[];
  readonly operations: readonly Operation[];
}

/** Runs the small world and finds the operations in what the subject was given. */
export async function netSteps(wasm: Uint8Array<ArrayBuffer>, config: Uint8Array): Promise<NetSteps> {
  const inputs: Input[] = [];
  const probe = (await CoreTarget.open(wasm)).core;
  const view = new DataView(config.buffer, config.byteOffset);
  const world = await SmallWorld.make({
    wasm,
    config,
    seed: 8_100,
    count: 3,
    audible: [
      [1, 0],
      [0, 2],
    ],
    startMs: 1_000n,
    airtimeUs: (length) =>
      probe.airtimeUs(view.getUint8(5), view.getUint32(16, true), view.getUint8(6), view.getUint16(8, true), length),
    input: (input) => inputs.push(input),
  });
  const [left] = world.take(1, Event.Booted);
  const [right] = world.take(2, Event.Booted);
  if (left === undefined || right === undefined) throw new Error("a core of the small world did not boot");
  world.run(240_000n);
  world.command(0, Command.Trust, left);
  for (let i = 0; i < 5; i++) {
    const status = world.command(1, Command.Send, QOS, 0, right, ...TEXT, new Uint8Array(LARGEST_TEXT).fill(i));
    if (status !== Status.Ok) throw new Error(`the small world did not send: status ${status}`);
    world.run(20_000n);
  }
  return { inputs, operations: await findOperations(wasm, inputs) };
}

/** Replays the inputs and sees by the counters what each step did. */
async function findOperations(wasm: Uint8Array, inputs: readonly Input[]): Promise<Operation[]> {
  const target = await CoreTarget.open(wasm);
  const counters = async (now: bigint): Promise<DataView> => {
    const { outputs } = await target.step({ op: "command", now, command: Uint8Array.of(Command.Status) });
    const reply = outputs.find((output) => output.kind === "event" && output.event === Event.Reply);
    if (reply?.kind !== "event") throw new Error("no Status reply");
    return new DataView(reply.bytes.buffer, reply.bytes.byteOffset + COUNTERS_AT);
  };
  const operations = { announce: [] as number[][], handshake: [] as number[][], forward: [] as number[][] };
  let last: DataView | undefined;
  /** Inputs of the half heard last, of the link frame of two halves heard last, and of the packet being forwarded. */
  let half: number[] = [];
  let pair: number[] = [];
  let forwarding: number[] | undefined;
  let sentBytes = 0;
  for (const [i, input] of inputs.entries()) {
    const { status, outputs } = await target.step(input);
    if (input.op !== "frame" && input.op !== "timer") continue;
    const now = await counters(input.now);
    const grew = (counter: Counter): boolean =>
      last !== undefined && now.getUint32(counter * 4, true) > last.getUint32(counter * 4, true);
    if (input.op === "frame") {
      if (half.length > 0) pair = [...half, i];
      half = status === Status.Incomplete ? [i] : [];
      if (grew(Counter.AnnouncesAccepted)) operations.announce.push([i]);
    } else {
      const sent = outputs.filter((output) => output.kind === "send").reduce((sum, { frame }) => sum + frame.length, 0);
      if (grew(Counter.HandshakesAnswered)) operations.handshake.push([i]);
      // The step that seals it; the frame goes out after a pause.
      if (grew(Counter.PacketsForwarded)) {
        forwarding = [...pair, i];
        sentBytes = sent;
      } else if (forwarding !== undefined && sent > 0) {
        forwarding.push(i);
        sentBytes += sent;
      }
      if (forwarding !== undefined && sentBytes >= 2 * 255) {
        operations.forward.push(forwarding);
        forwarding = undefined;
      }
    }
    last = now;
  }
  return [
    { name: "a packet of 484 B forwarded: two air frames in, opened, sealed, two out", times: operations.forward },
    { name: "an announce accepted, its signature checked", times: operations.announce },
    { name: "a link request answered with a proof", times: operations.handshake },
  ];
}
