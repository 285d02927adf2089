/** `mehr run`: virtual boards and relays of this process on one channel, and the proof that they run the same core. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defaultEngine } from "../../boards/engine.ts";
import { findBoard, isVirtual } from "../../boards/index.ts";
import { type BuildReport, buildBoard, chooseEngine } from "../../toolchain/build.ts";
import { MehrError } from "../../toolchain/errors.ts";
import type { PackageSource } from "../../toolchain/pio/environment.ts";
import { canInstallSystemPackages } from "../../toolchain/pio/system.ts";
import { TRANSCRIPT_PATH } from "../conformance/scenario.ts";
import { parseTranscript } from "../conformance/transcript.ts";
import { STATUS_SENTENCES } from "../core/abi.gen.ts";
import { fleetNames, startFleet } from "../run/fleet.ts";
import { Meeting } from "../run/meeting.ts";
import { type ProofLine, prove, proven } from "../run/proof.ts";
import { buildProgress, printReport } from "./build.ts";
import { expose } from "./expose.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface RunFlags {
  readonly root: string;
  readonly board: string;
  readonly count: number;
  /** Names of engines with commas between them; the board's default unless given. */
  readonly engine?: string;
  readonly withNode: number;
  readonly seconds?: number;
  readonly loss: number;
  readonly seed: number;
  readonly prove?: boolean;
  /** Folder of links to the boards' consoles, which are pseudo-terminals then. */
  readonly expose?: string;
  /** Folder of the boards' record flash. */
  readonly keep?: string;
  readonly setup?: boolean;
  readonly source: PackageSource | "auto";
  readonly bundle?: string;
}

/** Two beacon intervals at SF8 and a good deal more: longer means that something is wrong. */
const MEETING_TIMEOUT_S = 180;

export async function run(io: Io, flags: RunFlags): Promise<number> {
  const board = findBoard(flags.board);
  if (!isVirtual(board)) {
    throw new MehrError(2, `${board.id} is a real board and cannot be run here; give a virtual one, such as qemu-m4.`);
  }
  const total = flags.count + flags.withNode;
  // A core remembers 16 neighbours.
  if (total > 16)
    throw new MehrError(
      2,
      `--count ${flags.count} and --with-node ${flags.withNode} are ${total} relays; at most 16 fit one channel here.`,
    );

  if (flags.expose !== undefined && flags.prove) {
    throw new MehrError(
      2,
      "--prove talks to the boards' consoles and --expose leaves them to others; give one of them.",
    );
  }
  if (flags.keep !== undefined && flags.expose === undefined) {
    throw new MehrError(2, "--keep goes with --expose: without it `mehr run` begins with fresh boards.");
  }

  const asked = flags.engine ?? defaultEngine(board);
  const engines = [...new Set(asked.split(",").map((name) => chooseEngine(board, name.trim())))];
  if (engines.length > flags.count) {
    throw new MehrError(2, `--engine ${asked} takes ${engines.length} boards; give --count ${engines.length}.`);
  }

  const reports: BuildReport[] = [];
  for (const engine of engines) {
    const report = await buildBoard({
      root: flags.root,
      board: board.id,
      engine,
      source: flags.source,
      ...(flags.bundle === undefined ? {} : { bundle: flags.bundle }),
      install: flags.setup === true && canInstallSystemPackages(),
      purpose: "run",
      onEvent: buildProgress(io),
    });
    printReport(io, flags.root, report);
    reports.push(report);
  }
  const [{ wasm }] = reports as [BuildReport, ...BuildReport[]];

  if (flags.expose !== undefined) {
    return expose(io, { ...flags, board, folder: flags.expose, images: reports.map((report) => report.image), wasm });
  }

  const names = fleetNames({ board, boards: flags.count, nodes: flags.withNode });
  const meeting = new Meeting(names);
  const view = new View(io, meeting, names);
  const end = deferred<End>();
  const interrupted = new AbortController();
  io.onInterrupt(() => {
    interrupted.abort();
    end.resolve({ how: "interrupted" });
  });
  const started = performance.now();
  const fleet = await startFleet({
    board,
    images: reports.map((report) => report.image),
    boards: flags.count,
    wasm,
    nodes: flags.withNode,
    loss: flags.loss,
    seed: flags.seed,
    event: (name, event, bytes) => {
      if (!meeting.event(name, event, bytes)) return;
      view.update();
      if (flags.prove && meeting.complete()) end.resolve({ how: "met" });
    },
    failed: (sentence) => end.resolve({ how: "failed", sentence }),
    note: (text) => view.note(text),
  });
  try {
    for (const one of fleet.boards) {
      if (one.identity.status !== 0) {
        throw new MehrError(1, `${one.name} does not run its core: ${STATUS_SENTENCES[one.identity.status] ?? "?"}`);
      }
      meeting.introduce(one.name, one.identity.nodeId);
    }
    view.update();
    if (flags.prove && meeting.complete()) end.resolve({ how: "met" });
    const limit = flags.seconds ?? (flags.prove ? MEETING_TIMEOUT_S : undefined);
    const timer = limit === undefined ? undefined : setTimeout(() => end.resolve({ how: "late" }), limit * 1000);
    const outcome = await end.promise;
    clearTimeout(timer);
    const seconds = (performance.now() - started) / 1000;
    view.finish();
    if (outcome.how === "failed") throw new MehrError(1, outcome.sentence);
    if (!flags.prove) {
      // Ending it is what a run without --prove is for.
      io.result({ ok: true, board: board.id, seconds, ...meeting.progress() });
      return 0;
    }
    if (outcome.how === "interrupted") throw new MehrError(1, "Interrupted before all relays had heard each other.");
    if (outcome.how === "late") {
      const { found, of } = meeting.progress();
      throw new MehrError(1, `Within ${limit} s only ${found} of ${of} pairs of relays heard each other.`);
    }
    io.print(
      `All ${total} have heard each other after ${seconds.toFixed(1)} s. Each now replays the conformance transcript:`,
    );
    io.print();
    const entries = parseTranscript(readFileSync(join(flags.root, TRANSCRIPT_PATH), "utf8"));
    const proof = await prove(fleet, wasm, entries, interrupted.signal).catch((error: unknown) => {
      throw interrupted.signal.aborted ? new MehrError(1, "Interrupted during the proof.") : error;
    });
    const ok = proven(proof);
    io.result({
      ok,
      board: board.id,
      seconds,
      proof: proof.map((line) => ({ ...line, divergence: line.divergence ?? null })),
    });
    printProof(io, proof, ok);
    return ok ? 0 : 1;
  } finally {
    await fleet.stop();
  }
}

function printProof(io: Io, proof: readonly ProofLine[], ok: boolean): void {
  io.print(
    table(
      ["relay", "engine", "sha256 of its wasm", "state hash after the transcript", "steps"],
      proof.map((line) => [
        line.name,
        line.engine,
        line.wasmSha256,
        line.stateHash,
        line.divergence === undefined ? String(line.steps) : `differs at step ${line.steps}`,
      ]),
    ),
  );
  io.print();
  for (const { divergence } of proof) if (divergence !== undefined) io.print(divergence);
  io.print(
    ok
      ? `Proven: ${proof.length} relays, one core under ${enginesOf(proof)}. All modules and all final states are equal.`
      : "NOT proven: the relays differ.",
  );
}

/** "wasm3, aot and v8". */
function enginesOf(proof: readonly ProofLine[]): string {
  const names = [...new Set(proof.map((line) => line.engine))];
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** The table of who hears whom: redrawn in place on a terminal, printed at every change elsewhere. */
class View {
  readonly #io: Io;
  readonly #meeting: Meeting;
  readonly #head: readonly string[];
  readonly #started = performance.now();
  #drawn = 0;
  #found = -1;
  #last = "";

  constructor(io: Io, meeting: Meeting, names: readonly string[]) {
    this.#io = io;
    this.#meeting = meeting;
    this.#head = ["relay", "address", ...names];
  }

  update(): void {
    const text = table(this.#head, this.#meeting.rows());
    if (text === this.#last || this.#io.json) return;
    this.#last = text;
    const { found, of } = this.#meeting.progress();
    const seconds = ((performance.now() - this.#started) / 1000).toFixed(1);
    if (process.stdout.isTTY) {
      // A line wider than the terminal would wrap and spoil the count of lines to go back.
      const lines = [`${seconds} s: ${found} of ${of} pairs have heard each other`, "", ...text.split("\n"), ""].map(
        (line) => line.slice(0, process.stdout.columns - 1),
      );
      process.stdout.write(`${this.#erase()}${lines.join("\n")}\n`);
      this.#drawn = lines.length;
    } else if (found !== this.#found) {
      this.#found = found;
      this.#io.print(`${seconds.padStart(6)} s  ${found} of ${of} pairs have heard each other`);
    }
  }

  /** A remark, above the table. */
  note(text: string): void {
    if (!this.#io.json && this.#drawn > 0) {
      process.stdout.write(this.#erase());
      this.#drawn = 0;
      this.#last = "";
    }
    this.#io.progress(text);
    if (process.stdout.isTTY) this.update();
  }

  /** Leaves the final table on the screen. */
  finish(): void {
    if (this.#io.json) return;
    if (!process.stdout.isTTY) this.#io.print(`\n${this.#last}\n`);
  }

  #erase(): string {
    return this.#drawn > 0 ? `\x1b[${this.#drawn}A\x1b[J` : "";
  }
}

type End = { readonly how: "met" | "late" | "interrupted" } | { readonly how: "failed"; readonly sentence: string };

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
