/** `mehr bench device`: what it takes to make boards relays, and what their consoles carry. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findBoard, isVirtual, type VirtualBoard } from "../../../boards/index.ts";
import { type BuildReport, buildBoard } from "../../../toolchain/build.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { canInstallSystemPackages } from "../../../toolchain/pio/system.ts";
import { BoardConsole } from "../../board/console.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { Request } from "../../board/messages.gen.ts";
import { connectDevice } from "../../fleet/connect-device.ts";
import { parseFleet } from "../../fleet/file.ts";
import { type DeviceResult, provisionFleet } from "../../fleet/provision.ts";
import { startExposed } from "../../run/exposed.ts";
import { openPort } from "../../serial/ports.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { chipOf, judged, machine, median, type Result } from "./measure.ts";
import { goalsMet, longTable } from "./report.ts";

/** From opening the port to what was read back and compared, s. */
const ONE_GOAL = { value_at_most: 2 };
/** Twenty devices by one command, s. */
const FLEET_GOAL = { value_at_most: 60 };
const FLEET = 20;
/** As many QEMUs as two cores carry. */
const EMULATED = 4;
/** What the console's largest payload nearly is: a request the core refuses by its number alone. */
const LARGE = 1500;
const ROUNDS = 6;
const ROUND_MS = 500;

export async function benchDevice(io: Io, flags: { root: string; setup?: boolean }): Promise<undefined> {
  const { root } = flags;
  const install = flags.setup === true && canInstallSystemPackages();
  const build = (board: VirtualBoard): Promise<BuildReport> =>
    buildBoard({ root, board: board.id, install, purpose: "run", onEvent: buildProgress(io) });
  const results: Result[] = [];
  for (const [board, count] of [
    [virtual("qemu-m4"), EMULATED],
    [virtual("native"), FLEET],
  ] as const) {
    const report = await build(board);
    io.progress(`- provisioning one ${board.id} after the other, ${EMULATED} of them`);
    results.push(...(await one(root, board, report)));
    io.progress(`- provisioning ${count} of ${board.id} by one command`);
    results.push(await fleet(root, board, report, count));
    io.progress(`- the console of ${board.id}`);
    results.push(...(await throughput(board, report)));
  }
  io.result({ suite: "device", machine: machine(), results });
  io.print(`device, ${machine()}`);
  io.print(longTable(results));
  io.print();
  io.print(goalsMet(results));
}

function virtual(id: string): VirtualBoard {
  const board = findBoard(id);
  if (!isVirtual(board)) throw new Error(`${id} is not virtual`);
  return board;
}

/** The chip in QEMU, or that there is none. */
function where(board: VirtualBoard): Pick<Result, "chip" | "engine"> {
  return board.virtual.emulator === "process" ? { engine: board.id } : { chip: chipOf(board) };
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `relay-${String(i + 1).padStart(2, "0")}`);
}

/** Runs boards with their ports in a folder of their own. */
async function withPorts<T>(
  { board, report, count }: { board: VirtualBoard; report: BuildReport; count: number },
  use: (folder: string, portOf: (name: string) => string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "mehr-bench-"));
  let ended: string | undefined;
  try {
    const exposed = await startExposed({
      ...{ board, images: [report.image], wasm: report.wasm, names: names(count), folder },
      failed: (sentence) => {
        ended ??= sentence;
      },
    });
    try {
      const result = await use(folder, (name) => join(folder, name));
      if (ended !== undefined) throw new MehrError(1, ended);
      return result;
    } finally {
      await exposed.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Provisions these relays, each to trust all, and throws unless every one says that it is what it was to be. */
async function provisionAll(
  root: string,
  board: VirtualBoard,
  folder: string,
  which: readonly string[],
): Promise<{ seconds: number; devices: readonly DeviceResult[] }> {
  const lines = which.map((name) => `  - name: ${name}\n    port: ${join(folder, name)}\n`).join("");
  const text = `defaults:\n  board: ${board.id}\n  region: eu868\n  trusted: all\ndevices:\n${lines}`;
  const result = await provisionFleet({
    devices: parseFleet(text, "fleet.yaml"),
    lockPath: join(folder, "fleet.lock"),
    dist: join(root, "dist"),
    connect: connectDevice,
    pin: () => ({ wanted: "2580", old: undefined }),
  });
  const wrong = result.devices.find(({ outcome }) => outcome !== "provisioned");
  if (wrong !== undefined) throw new MehrError(1, `${wrong.name}: ${wrong.detail ?? wrong.outcome}`);
  return result;
}

/** Provisioning a device that runs: open its port, have it prove itself, write, read back and compare, try its PIN. */
async function one(root: string, board: VirtualBoard, report: BuildReport): Promise<Result[]> {
  return withPorts({ board, report, count: EMULATED }, async (folder) => {
    const seconds: number[] = [];
    const writes: number[] = [];
    for (const name of names(EMULATED)) {
      const result = await provisionAll(root, board, folder, [name]);
      seconds.push(result.seconds);
      writes.push(result.devices[0]?.flashWrites ?? Number.NaN);
    }
    return [
      judged(
        { name: "provisioning one device, with a PIN", value: median(seconds), unit: "s", ...where(board) },
        ONE_GOAL,
      ),
      { name: "flash writes of a provisioning", value: median(writes), unit: "words and pages", ...where(board) },
    ];
  });
}

async function fleet(root: string, board: VirtualBoard, report: BuildReport, count: number): Promise<Result> {
  return withPorts({ board, report, count }, async (folder) => {
    const { seconds } = await provisionAll(root, board, folder, names(count));
    const result = { name: `provisioning ${count} devices at once`, value: seconds, unit: "s", ...where(board) };
    return judged(result, FLEET_GOAL);
  });
}

interface Line {
  readonly name: string;
  readonly console: BoardConsole;
}

/** Requests one after the other and bytes both ways, over a pseudo-terminal and over a socket, in turns. */
async function throughput(board: VirtualBoard, report: BuildReport): Promise<Result[]> {
  return withPorts({ board, report, count: 1 }, async (_, portOf) => {
    const socket = await VirtualBoardProcess.start({
      ...{ board, image: report.image },
      radio: (stream) => new RadioPort({ name: board.id, stream }),
    });
    const [name = ""] = names(1);
    const port = await openPort(portOf(name));
    try {
      const lines: readonly [Line, Line] = [
        { name: "pseudo-terminal", console: new BoardConsole(name, port) },
        { name: "socket", console: socket.console },
      ];
      // QEMU looks for a reader once a second, and until then nobody answers.
      for (const { console } of lines) await answered(console);
      const identify = await inTurns(lines, (console) => console.request(Request.Identify));
      const large = new Uint8Array(LARGE).fill(0xff);
      const big = await inTurns(lines, (console) => console.request(Request.Command, large));
      return [
        ...rows(board, lines, "Identify", "requests/s", identify, 1),
        ...rows(board, lines, `requests of ${LARGE} bytes`, "bytes/s", big, LARGE),
      ];
    } finally {
      await port.close();
      await socket.stop();
    }
  });
}

async function answered(console: BoardConsole): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await console.request(Request.Identify, undefined, 2000);
      return;
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}

/** Median calls a second on each line; they take turns, so that a busy machine is busy for both. */
async function inTurns(lines: readonly Line[], call: (console: BoardConsole) => Promise<unknown>): Promise<number[]> {
  const rates = lines.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, { console }] of lines.entries()) {
      const started = performance.now();
      let count = 0;
      do {
        await call(console);
        count++;
      } while (performance.now() - started < ROUND_MS);
      rates[i]?.push((1000 * count) / (performance.now() - started));
    }
  }
  return rates.map(median);
}

/** A row for each line; the pseudo-terminal's with what the socket does beside it. */
export function rows(
  board: VirtualBoard,
  lines: readonly Line[],
  what: string,
  unit: string,
  rates: readonly number[],
  factor: number,
): Result[] {
  const values = rates.map((rate) => Math.round(rate * factor));
  const [pty = Number.NaN, socket = Number.NaN] = values;
  return lines.map(({ name }, i) => ({
    ...{ name: `${what}, ${name}`, value: values[i] ?? Number.NaN, unit, ...where(board) },
    ...(i === 0 ? { baseline: socket, ratio: pty / socket, against: "a socket" } : {}),
  }));
}
