/**
 * A board as one of a simulation's nodes: the core on the board takes every input its node gets, in virtual time, and
 * everything it answers is compared.
 *
 * The board's console replays inputs with the times they carry (docs/console.md), so a slow emulator does not disturb
 * virtual time. The core in this process takes the same input first: it is from there that the random bytes the core
 * asks for and the radio's answer are known before the board's turn. A frame is on the air only if the board sends the
 * same one, byte for byte; status, deadline, records and events must be equal too, or the run stops there.
 */
import type { Engine } from "../../boards/engine.ts";
import { findBoard, isVirtual, type VirtualBoard } from "../../boards/index.ts";
import { buildBoard, type BuildOptions, chooseEngine } from "../../toolchain/build.ts";
import { MehrError } from "../../toolchain/errors.ts";
import type { Output } from "../board/protocol.ts";
import { RadioPort } from "../board/radio-port.ts";
import { VirtualBoardProcess } from "../board/virtual.ts";
import { BoardTarget, type ReplayTarget } from "../conformance/target.ts";
import { type Input, inputText, resultText } from "../conformance/transcript.ts";
import { type Event, Status } from "../core/abi.gen.ts";
import type { InputRecorder } from "./core-station.ts";

/** Random bytes the board's replay holds at a time (boards/runtime/src/replay.h). */
const ENTROPY_MAX = 256;

interface Step {
  readonly input: Input;
  readonly entropy: Uint8Array[];
  radio: number | undefined;
  readonly outputs: Output[];
  status: Status;
  deadline: bigint | undefined;
}

/** Feeds a replay target what its twin in this process was fed, and compares. */
export class Mirror implements InputRecorder {
  /** Inputs the board has taken and answered like its twin. */
  steps = 0;
  readonly #target: ReplayTarget;
  readonly #name: string;
  readonly #waiting: Step[] = [];
  #step: Step | undefined;

  constructor(name: string, target: ReplayTarget) {
    this.#name = name;
    this.#target = target;
  }

  boot(now: number, config: Uint8Array): void {
    this.#begin({ op: "boot", now: BigInt(now), config: config.slice() });
  }

  frame(now: number, port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): void {
    this.#begin({ op: "frame", now: BigInt(now), port, rssiDbm, snrQdb, frame: frame.slice() });
  }

  timer(now: number): void {
    this.#begin({ op: "timer", now: BigInt(now) });
  }

  command(now: number, command: Uint8Array): void {
    this.#begin({ op: "command", now: BigInt(now), command: command.slice() });
  }

  entropy(bytes: Uint8Array): void {
    this.#step?.entropy.push(bytes.slice());
  }

  radio(status: number): void {
    if (this.#step !== undefined) this.#step.radio = status;
  }

  output(kind: "send" | "put" | "delete" | "event", first: number, second: number, bytes: Uint8Array): void {
    const copy = bytes.slice();
    const outputs = this.#step?.outputs;
    if (kind === "send") outputs?.push({ kind, port: first, flags: second, frame: copy });
    else if (kind === "put") outputs?.push({ kind, key: first, value: copy });
    else if (kind === "delete") outputs?.push({ kind, key: first });
    else outputs?.push({ kind, event: first as Event, bytes: copy });
  }

  done(status: Status, deadline: number | undefined): void {
    const step = this.#step;
    this.#step = undefined;
    if (step === undefined) return;
    step.status = status;
    step.deadline = deadline === undefined ? undefined : BigInt(deadline);
    this.#waiting.push(step);
  }

  cut(): void {
    throw new MehrError(
      2,
      `${this.#name} is a board and cannot lose its power in the middle of a write here; let another node be the board.`,
    );
  }

  /** The board's storage lasts, and the next boot forgets everything else. */
  off(): void {}

  /** Lets the board catch up; undefined if it has. */
  settle(): Promise<void> | undefined {
    return this.#waiting.length === 0 ? undefined : this.#feed();
  }

  #begin(input: Input): void {
    this.#step = { input, entropy: [], radio: undefined, outputs: [], status: Status.Ok, deadline: undefined };
  }

  async #feed(): Promise<void> {
    for (let step = this.#waiting.shift(); step !== undefined; step = this.#waiting.shift()) {
      const bytes = Buffer.concat(step.entropy);
      if (bytes.length > ENTROPY_MAX) {
        throw new MehrError(
          1,
          `${this.#name} asks for ${bytes.length} random bytes at once; a board holds ${ENTROPY_MAX}.`,
        );
      }
      if (bytes.length > 0) await this.#target.step({ op: "entropy", bytes: Uint8Array.from(bytes) });
      if (step.input.op === "timer") await this.#target.step({ op: "radio", status: step.radio ?? Status.Ok });
      const got = resultText(await this.#target.step(step.input));
      const expected = resultText(step);
      const at = expected.findIndex((line, i) => line !== got[i]);
      if (at >= 0 || got.length !== expected.length) {
        const line = at >= 0 ? at : expected.length;
        throw new MehrError(
          1,
          `${this.#name} does not do what the same core does here, at its input ${this.steps + 1}: ${inputText(step.input)}\n` +
            `  here     ${expected[line] ?? "(nothing more)"}\n  on board ${got[line] ?? "(nothing more)"}`,
        );
      }
      this.steps++;
    }
  }
}

export interface BoardNodeOptions {
  readonly root: string;
  /** BOARD[:ENGINE]@NODE, as given with --board; without an engine, the board's default. */
  readonly spec: string;
  readonly names: readonly string[];
  /** Where PlatformIO's packages come from. */
  readonly source: NonNullable<BuildOptions["source"]>;
  readonly progress: (line: string) => void;
}

export interface BoardNode {
  /** Which node it is. */
  readonly index: number;
  readonly recorder: InputRecorder;
  settle(): Promise<void> | undefined;
  /** Compares the final state with that of the node's twin. */
  finish(hash: Uint8Array): Promise<void>;
  stop(): Promise<void>;
  summary(): { board: string; engine: string; node: string; steps: number; state_hash: string; equal: boolean };
  sentence(): string;
}

/** What --board says. Throws MehrError (2), or what findBoard and findEngine throw. */
export function parseBoardSpec(
  spec: string,
  names: readonly string[],
): { board: VirtualBoard; engine: Engine; node: string } {
  const match = /^([^:@]+)(?::([^@]+))?@(.+)$/.exec(spec);
  if (match === null) {
    throw new MehrError(
      2,
      `--board ${spec} is not BOARD[:ENGINE]@NODE; give for example qemu-m4:aot@${names[0] ?? "n0"}.`,
    );
  }
  const [, id = "", engine, node = ""] = match;
  if (!names.includes(node)) {
    const more = names.length > 4 ? ` and ${names.length - 4} more` : "";
    throw new MehrError(
      2,
      `--board ${spec}: the scenario has no node "${node}"; its nodes are ${names.slice(0, 4).join(", ")}${more}.`,
    );
  }
  const board = virtualBoard(id);
  return { board, engine: chooseEngine(board, engine), node };
}

/** Throws MehrError (2) for a real board, and what findBoard throws. */
function virtualBoard(id: string): VirtualBoard {
  const board = findBoard(id);
  if (isVirtual(board)) return board;
  throw new MehrError(2, `${board.id} is a real board and cannot be run here; give a virtual one, such as qemu-m4.`);
}

/** Builds the image, starts the board and opens its replay. */
export async function startBoardNode(options: BoardNodeOptions): Promise<BoardNode> {
  const spec = parseBoardSpec(options.spec, options.names);
  const { board, engine } = spec;
  options.progress(`Building ${board.id} with ${engine}`);
  const { image } = await buildBoard({
    root: options.root,
    board: board.id,
    engine,
    source: options.source,
    install: false,
    purpose: "run",
    onEvent: () => {},
  });
  const process = await VirtualBoardProcess.start({
    board,
    image,
    name: spec.node,
    // Its own radio stays silent during the replay.
    radio: (stream) => new RadioPort({ name: spec.node, stream }),
  });
  try {
    const target = await BoardTarget.open(process.console);
    const mirror = new Mirror(spec.node, target);
    let stateHash = "";
    let equal = false;
    return {
      index: options.names.indexOf(spec.node),
      recorder: mirror,
      settle: () => mirror.settle(),
      finish: async (hash) => {
        await mirror.settle();
        stateHash = await target.hash();
        equal = stateHash === Buffer.from(hash).toString("hex");
        if (!equal)
          throw new MehrError(1, `${spec.node} on ${board.id} ended in another state than the same core here.`);
      },
      stop: () => process.stop(),
      summary: () => ({ board: board.id, engine, node: spec.node, steps: mirror.steps, state_hash: stateHash, equal }),
      sentence: () =>
        `${spec.node} ran on ${board.id} with ${engine}: ${mirror.steps} inputs, every answer and the final state ` +
        `${stateHash.slice(0, 16)} equal those of the core here.`,
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
}
