/** Virtual boards and relays of this process together on one radio channel. */
import { getRandomValues } from "node:crypto";
import { bootConfig } from "../../boards/config.ts";
import type { VirtualBoard } from "../../boards/index.ts";
import type { ConsoleListener } from "../board/console.ts";
import { RadioPort } from "../board/radio-port.ts";
import { VirtualBoardProcess } from "../board/virtual.ts";
import { type CoreImports, type Event, Status } from "../core/abi.gen.ts";
import { Core } from "../core/core.ts";
import { phyOf, RelayNode } from "../node/node.ts";
import { Channel, type Phy, type TraceEntry } from "../radio/channel.ts";
import { RealClock } from "../radio/clock.ts";

export interface FleetOptions {
  readonly board: VirtualBoard;
  /** Paths of the images; the boards take them in turns. */
  readonly images: readonly string[];
  readonly boards: number;
  /** The module for the relays in this process: the one in the images. */
  readonly wasm: Uint8Array;
  readonly nodes: number;
  readonly loss: number;
  readonly seed: number;
  readonly event: (name: string, event: Event, bytes: Uint8Array) => void;
  /** A relay has stopped by itself: its core trapped, its board reported Fatal, or its program ended. */
  readonly failed: (sentence: string) => void;
  /** Something went wrong on a port, or a board logged something. */
  readonly note?: (text: string) => void;
  readonly trace?: (entry: TraceEntry) => void;
}

export interface Fleet {
  readonly boards: readonly VirtualBoardProcess[];
  readonly nodes: readonly RelayNode[];
  stop(): Promise<void>;
}

/** Names of the relays a fleet will have. */
export function fleetNames(options: Pick<FleetOptions, "board" | "boards" | "nodes">): string[] {
  const boards = Array.from({ length: options.boards }, (_, i) => `${options.board.id}-${i + 1}`);
  return [...boards, ...Array.from({ length: options.nodes }, (_, i) => `node-${i + 1}`)];
}

/** The airtime formula, taken from the core itself so that there is only one. */
export async function airtimeOf(wasm: Uint8Array): Promise<(phy: Phy, length: number) => number> {
  const nobody: CoreImports = {
    entropy: () => Status.NoEntropy,
    frame_send: () => Status.TransmitOff,
    record_put: () => Status.RecordFailed,
    record_get: () => -Status.RecordMissing,
    record_delete: () => Status.RecordFailed,
    event: () => {},
  };
  const core = await Core.load(wasm, nobody);
  return (phy, length) =>
    Number(core.airtimeUs(phy.spreadingFactor, phy.bandwidthHz, phy.codingRate, phy.preamble, length));
}

/** Boots everything. If one does not start, the others are stopped again before the error is thrown. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const clock = new RealClock();
  const config = bootConfig(options.board);
  const channel = new Channel({
    clock,
    airtimeUs: await airtimeOf(options.wasm),
    seed: options.seed,
    loss: options.loss,
    ...(options.trace ? { trace: options.trace } : {}),
  });
  const note = options.note ?? (() => {});
  const names = fleetNames(options);
  const boards: VirtualBoardProcess[] = [];
  const nodes: RelayNode[] = [];
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    for (const node of nodes) node.stop();
    await Promise.all(boards.map((board) => board.stop()));
  };
  const startBoard = async (name: string, index: number): Promise<void> => {
    const listener: ConsoleListener = {
      event: (event, bytes) => options.event(name, event, bytes),
      log: (level, text) => {
        if (level !== "info") note(`${name}: ${text}`);
      },
      frameError: note,
      fatal: (status, sentence) => options.failed(`${name} stopped with status ${status}: ${sentence}`),
    };
    const board = await VirtualBoardProcess.start({
      board: options.board,
      image: options.images[index % options.images.length] ?? "",
      name,
      listener,
      radio: (stream) => new RadioPort({ name, stream, channel, problem: note }).tune(phyOf(config)),
    });
    boards.push(board);
    board.ended().then(() => {
      if (!stopping) options.failed(`${name} ended by itself. ${board.lastWords()}`.trim());
    });
  };
  try {
    const results = await Promise.allSettled(names.slice(0, options.boards).map(startBoard));
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
    boards.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
    for (const name of names.slice(options.boards)) {
      const node = await RelayNode.start({
        name,
        wasm: options.wasm,
        config,
        clock,
        channel,
        entropy: (bytes) => getRandomValues(bytes),
        event: (event, bytes) => options.event(name, event, bytes),
        failed: (error) => options.failed(`${name} stopped: ${error.message}`),
        note,
      });
      nodes.push(node);
    }
    return { boards, nodes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
