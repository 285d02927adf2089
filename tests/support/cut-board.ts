/**
 * A virtual board in QEMU whose power is cut at its n-th flash operation: the unmodified firmware, stopped by a debugger
 * where its HAL programs or erases the record pages, which are RAM that a reset leaves alone.
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import type { VirtualBoard } from "../../boards/index.ts";
import { type BoardProgram, startProgram } from "../../host/board/launch.ts";
import { RadioPort } from "../../host/board/radio-port.ts";
import { Device, type DeviceOptions } from "../../host/device/device.ts";
import { Debugger, debugOptions, symbolAddress } from "./qemu-debug.ts";

/** One operation on the flash, as the firmware was about to do it. */
export type FlashOperation =
  | { readonly kind: "program"; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "erase"; readonly page: number };

/** What of an operation is done when the power goes: nothing, or some of it. */
export type Torn = "before" | "torn";

const PAGE = 4096;
const FLASH = 2 * PAGE;

/** The machine's end of the console as one stream after the other: with the power gone the last one is over. */
class Line extends Duplex {
  readonly #socket: Socket;
  readonly #take = (bytes: Buffer): void => {
    this.push(bytes);
    this.#heard();
  };
  readonly #end = (): void => {
    this.destroy();
  };
  #heard: () => void = () => {};
  /** Resolves when the board has said something: what is sent before may come while it is still starting, and is lost. */
  readonly heard = new Promise<void>((resolve) => {
    this.#heard = resolve;
  });

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", this.#take);
    socket.once("close", this.#end);
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(bytes, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.off("data", this.#take).off("close", this.#end);
    done(error);
  }
}

export class CutBoard {
  readonly #program: BoardProgram;
  readonly #debugger: Debugger;
  readonly #console: Socket;
  readonly #folder: string;
  /** Addresses of the HAL's two functions and of the record pages. */
  readonly #at: { readonly program: number; readonly erase: number; readonly flash: number };
  #line: Line | undefined;
  #running = false;

  private constructor(
    program: BoardProgram,
    debug: Debugger,
    console: Socket,
    folder: string,
    at: { program: number; erase: number; flash: number },
  ) {
    this.#program = program;
    this.#debugger = debug;
    this.#console = console;
    this.#folder = folder;
    this.#at = at;
  }

  /** Powers a board up, with nobody on the air. */
  static async start(board: VirtualBoard, image: string): Promise<CutBoard> {
    const folder = mkdtempSync(join(tmpdir(), "mehr-cut-"));
    const path = join(folder, "debugger");
    const at = {
      program: symbolAddress(image, "_ZN4mehr3hal13flash_programEjPKvj"),
      erase: symbolAddress(image, "_ZN4mehr3hal11flash_eraseEj"),
      flash: symbolAddress(image, "_ZN4mehr3halL7s_flashE"),
    };
    const program = await startProgram({ board, image, emulatorOptions: debugOptions(path) }, "socket");
    try {
      const lines = Promise.all([program.console, program.radio]);
      const [console, radio] = await Promise.race([lines, program.failed]);
      new RadioPort({ name: board.id, stream: radio });
      return new CutBoard(program, await Debugger.connect(path), console, folder, at);
    } catch (error) {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#line?.destroy();
    this.#debugger.close();
    await this.#program.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The record pages as they are; the board is stopped for it. */
  async flash(): Promise<Uint8Array> {
    return this.#halted(() => this.#debugger.read(this.#at.flash, FLASH));
  }

  /** Takes the power away and gives it back, with these record pages if any are given; a device to talk to it. */
  async powerCycle(options: DeviceOptions = {}, flash?: Uint8Array): Promise<Device> {
    if (this.#running) await this.#debugger.halt();
    this.#running = false;
    this.#line?.destroy();
    await this.#debugger.reset();
    if (flash !== undefined) await this.#debugger.write(this.#at.flash, flash);
    this.#debugger.resume();
    this.#running = true;
    this.#line = new Line(this.#console);
    await Promise.race([this.#line.heard, this.#program.failed]);
    return Device.open(this.#line, options);
  }

  /** The flash operations of the board while `work` goes on, which is done with them when it resolves. */
  async operations(work: () => Promise<unknown>): Promise<FlashOperation[]> {
    const found: FlashOperation[] = [];
    await this.#watched(async () => {
      const watch = this.#begin(work);
      try {
        while (!watch.over()) {
          const operation = await this.#next();
          if (operation !== undefined) found.push(operation);
        }
      } finally {
        watch.end();
      }
      await watch.done;
    });
    return found;
  }

  /**
   * Lets the board begin `work` and stops it for good at its n-th flash operation, from 1, of which `torn` is done.
   * Undefined if `work` was over before it came to so many.
   */
  async cut(work: () => Promise<unknown>, n: number, torn: Torn): Promise<FlashOperation | undefined> {
    let operation: FlashOperation | undefined;
    await this.#watched(async () => {
      const watch = this.#begin(work);
      // Nobody answers any more: it ends with its line.
      watch.done.catch(() => {});
      let count = 0;
      while (!watch.over()) {
        const next = await this.#next();
        if (next === undefined || ++count < n) continue;
        operation = next;
        break;
      }
      watch.end();
      if (operation === undefined) await watch.done;
    }, false);
    if (operation !== undefined && torn === "torn") await this.#tear(operation);
    return operation;
  }

  /** Begins `work`, and gets a wait for the next operation to end when it is over. */
  #begin(work: () => Promise<unknown>): { done: Promise<unknown>; over: () => boolean; end: () => void } {
    let [over, ended] = [false, false];
    let nudge: NodeJS.Timeout | undefined;
    const done = work().finally(() => {
      over = true;
      // Again and again, since a board that stands just then hears nothing.
      if (!ended) nudge = setInterval(() => this.#debugger.interrupt(), 50);
    });
    const end = (): void => {
      ended = true;
      clearInterval(nudge);
    };
    return { done, over: () => over, end };
  }

  /** Stops at every flash operation while `use` runs. Afterwards the board runs, or stands where it is. */
  async #watched(use: () => Promise<void>, goOn = true): Promise<void> {
    await this.#debugger.halt();
    await this.#debugger.breakAt(this.#at.program);
    await this.#debugger.breakAt(this.#at.erase);
    this.#running = false;
    await use();
    await this.#debugger.unbreak(this.#at.program);
    await this.#debugger.unbreak(this.#at.erase);
    if (!goOn) return;
    this.#debugger.resume();
    this.#running = true;
  }

  /** Runs to the next operation; undefined if it was stopped elsewhere. */
  async #next(): Promise<FlashOperation | undefined> {
    this.#running = true;
    const pc = await this.#debugger.run();
    this.#running = false;
    // AAPCS: arguments in r0 to r2.
    const [r0 = 0, r1 = 0, r2 = 0] = await this.#debugger.registers();
    if (pc === this.#at.erase) return { kind: "erase", page: r0 };
    if (pc === this.#at.program) return { kind: "program", offset: r0, bytes: await this.#debugger.read(r1, r2) };
    return undefined;
  }

  /** Does a part of an operation, as a NOR flash may have when its supply fails. */
  async #tear(operation: FlashOperation): Promise<void> {
    if (operation.kind === "erase") {
      // Some cells are erased already, others hold, and one word is neither.
      const at = this.#at.flash + operation.page * PAGE;
      const page = await this.#debugger.read(at, PAGE);
      page.fill(0xff, PAGE / 2);
      page[PAGE / 2 - 1] = (page[PAGE / 2 - 1] ?? 0) | 0x0f;
      await this.#debugger.write(at, page);
      return;
    }
    // The words before the middle are there; of the next, half the bits that should have been cleared.
    const { offset, bytes } = operation;
    const at = this.#at.flash + offset;
    const cells = await this.#debugger.read(at, bytes.length);
    const half = (bytes.length >> 3) * 4;
    for (let i = 0; i < bytes.length && i < half + 4; i++) {
      const wanted = (cells[i] ?? 0) & (bytes[i] ?? 0);
      cells[i] = i < half ? wanted : wanted | ((cells[i] ?? 0) & 0x55);
    }
    await this.#debugger.write(at, cells);
  }

  async #halted<T>(use: () => Promise<T>): Promise<T> {
    const running = this.#running;
    if (running) await this.#debugger.halt();
    this.#running = false;
    const result = await use();
    if (running) this.#debugger.resume();
    this.#running = running;
    return result;
  }
}
