/** `mehr monitor`: watches a board, on a screen of its own or line by line. */
import type { ReadStream, WriteStream } from "node:tty";
import { MehrError } from "../../toolchain/errors.ts";
import { Device } from "../device/device.ts";
import { DeviceFailure } from "../device/failure.ts";
import type { LogLevel } from "../board/messages.gen.ts";
import { Keys } from "../monitor/keys.ts";
import { LogFile } from "../monitor/log-file.ts";
import { Monitor } from "../monitor/monitor.ts";
import { fleetNames } from "../monitor/names.ts";
import { LOG_LEVELS, summary } from "../monitor/state.ts";
import { Terminal } from "../monitor/terminal.ts";
import { plain } from "../monitor/text.ts";
import { view } from "../monitor/view.ts";
import { tooFew } from "../monitor/wait.ts";
import { Watch } from "../monitor/watch.ts";
import { listPorts, openPort, portText } from "../serial/ports.ts";
import type { Io } from "./outcome.ts";

export interface MonitorFlags {
  readonly root: string;
  readonly port?: string;
  readonly baud?: number;
  readonly log?: string;
  readonly fleet?: string;
  readonly seconds?: number;
  readonly untilNeighbours?: number;
}

/** Between two drawings of the screen: what is silent ages, and a flood of events is drawn once. */
const DRAW_MS = 250;

export async function monitor(io: Io, flags: MonitorFlags): Promise<number> {
  const { seconds, untilNeighbours: wanted } = flags;
  if (io.json && seconds === undefined && wanted === undefined) {
    throw new MehrError(
      2,
      "--json prints one object at the end, and a monitor has none by itself; give --seconds N or --until-neighbours N.",
    );
  }
  const names = fleetNames(flags.fleet);
  const path = flags.port ?? (await onlyPort());
  const log = flags.log === undefined ? undefined : new LogFile(flags.log);
  const screen = !io.json && process.stdout.isTTY && process.stdin.isTTY;

  const over = deferred();
  let enough = false;
  const board = new Monitor({
    ...{ root: flags.root, path, names, log, clock: Date.now },
    changed: () => {
      if (wanted === undefined || board === undefined || board.neighboursUp < wanted) return;
      enough = true;
      over.resolve();
    },
    line: (at, level, text) => {
      if (!screen) io.print(`${new Date(at).toISOString()} ${level.padEnd(5)} ${plain(text)}`);
    },
  });
  const keys = new Keys({
    quit: () => over.resolve(),
    take: (input) => board.take({ ...input, at: Date.now() }),
    nextLogLevel: () => nextLogLevel(),
  });
  const watch = new Watch({
    path,
    open: (port) => openPort(port, flags.baud === undefined ? {} : { baudRate: flags.baud }),
    attach: (port, listener) => Device.attach(port, { name: path, listener, pin: () => askPin() }),
    sink: board.take,
    clock: Date.now,
  });

  /** A locked board wants its PIN, once. Without a keyboard there is none. */
  async function askPin(): Promise<string> {
    const pin = screen ? await keys.ask("PIN of the board:") : undefined;
    if (pin === undefined) throw new DeviceFailure("The board is locked, and no PIN was given.");
    return pin;
  }

  async function nextLogLevel(): Promise<void> {
    const device = watch.board;
    const now = board.state.health?.value.logLevel;
    if (device === undefined || now === undefined) return;
    const level = ((now + 1) % 4) as LogLevel;
    try {
      await device.setLogLevel(level);
      board.take({ kind: "log-level", at: Date.now(), level });
      board.note("info", `The board logs ${LOG_LEVELS[level]} and what is more important, until it starts again.`);
    } catch (error) {
      if (!(error instanceof MehrError)) throw error;
      board.note("warn", error.message);
    }
  }

  io.onInterrupt(() => over.resolve());
  const timer = seconds === undefined ? undefined : setTimeout(() => over.resolve(), seconds * 1000);
  let terminal: Terminal | undefined;
  const draw = (): void => {
    if (terminal === undefined || (board.state.paused && board.state.prompt === undefined && !board.state.help)) return;
    terminal.draw(view(board.state, terminal.size));
  };
  let drawing: NodeJS.Timeout | undefined;
  const running = watch.run();
  try {
    // A port that cannot be opened is told on the screen there was.
    await Promise.race([running, watch.opened]);
    if (screen) {
      terminal = new Terminal(process.stdout as WriteStream, process.stdin as ReadStream, {
        key: (text) => {
          keys.press(text);
          draw();
        },
        resized: draw,
      });
      drawing = setInterval(() => {
        board.take({ kind: "tick", at: Date.now() });
        draw();
      }, DRAW_MS);
      draw();
    }
    await Promise.race([running, over.promise]);
  } finally {
    clearTimeout(timer);
    clearInterval(drawing);
    keys.close();
    watch.stop();
    await running.catch(() => {});
    await board.settled();
    terminal?.leave();
    log?.close();
  }
  const missed = wanted !== undefined && !enough;
  const name = board.state.identity?.name;
  if (missed && seconds !== undefined) {
    throw tooFew(
      name === undefined || name === "" ? "the board" : plain(name),
      board.neighboursUp,
      wanted,
      seconds * 1000,
    );
  }
  if (missed) throw new MehrError(1, `Interrupted before the board had heard ${wanted} neighbours.`);
  io.result({ ok: true, ...summary(board.state) });
  if (board.state.logFile?.problem !== undefined) throw new MehrError(1, board.state.logFile.problem);
  return 0;
}

/** The port there is. Throws MehrError: 2 if there are several, 3 if there is none. */
async function onlyPort(): Promise<string> {
  const ports = await listPorts();
  const [first] = ports;
  if (first === undefined) {
    throw new MehrError(3, "No serial port is here: plug the board in with a cable that carries data, or give --port.");
  }
  if (ports.length === 1) return first.path;
  throw new MehrError(2, `There are ${ports.map(portText).join(" and ")}: say which one with --port.`);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
