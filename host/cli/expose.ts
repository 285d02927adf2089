/** `mehr run --expose`: virtual boards whose consoles other programs open, as they would those of real boards. */
import type { VirtualBoard } from "../../boards/index.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { type Exposed, startExposed } from "../run/exposed.ts";
import { fleetNames } from "../run/fleet.ts";
import type { Io } from "./outcome.ts";

export interface ExposeFlags {
  readonly board: VirtualBoard;
  readonly images: readonly string[];
  readonly wasm: Uint8Array;
  readonly count: number;
  readonly withNode: number;
  readonly folder: string;
  readonly keep?: string;
  readonly seconds?: number;
  readonly loss: number;
  readonly seed: number;
}

/** Runs the boards until interrupted, until `seconds` have passed, or until one of them ends by itself. */
export async function expose(io: Io, flags: ExposeFlags): Promise<number> {
  const { board, count, folder } = flags;
  const names = fleetNames({ board, boards: count, nodes: flags.withNode });
  let end: (failure?: string) => void = () => {};
  const ended = new Promise<string | undefined>((resolve) => {
    end = resolve;
  });
  io.onInterrupt(() => end());
  const exposed: Exposed = await startExposed({
    ...{ board, images: flags.images, wasm: flags.wasm, folder, loss: flags.loss, seed: flags.seed },
    ...(flags.keep === undefined ? {} : { keep: flags.keep }),
    names: names.slice(0, count),
    nodes: names.slice(count),
    failed: end,
    note: (text) => io.progress(text),
  });
  try {
    // At once, also with --json: whoever starts this waits for the ports, not for its end.
    io.result({ ok: true, board: board.id, ports: exposed.boards.map(({ name, port }) => ({ name, path: port })) });
    io.progress(count === 1 ? "One board runs; its port is" : `${count} boards run; their ports are`);
    for (const { port } of exposed.boards) io.print(port);
    io.progress(flags.seconds === undefined ? "Ctrl-C ends it." : `It ends after ${flags.seconds} s.`);
    const timer = flags.seconds === undefined ? undefined : setTimeout(() => end(), flags.seconds * 1000);
    const failure = await ended;
    clearTimeout(timer);
    if (failure === undefined) return 0;
    // The one object has been printed.
    if (!io.json) throw new MehrError(1, failure);
    process.stderr.write(`mehr: ${failure}\n`);
    return 1;
  } finally {
    await exposed.stop();
  }
}
