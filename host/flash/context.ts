/** What every way of flashing works with. */
import type { RealBoard } from "../../boards/index.ts";
import type { Manifest } from "../../toolchain/manifest.ts";
import type { PioPlace } from "../../toolchain/pio/environment.ts";
import type { PortInfo } from "../serial/ports.ts";
import type { Running } from "./booted.ts";
import type { Drive, DriveInfo } from "./drives.ts";
import type { Machine } from "./machine.ts";

export const METHODS = ["esptool", "dfu", "uf2", "picotool"] as const;
export type Method = (typeof METHODS)[number];

export interface Listener {
  /** A step begins, or a fact was found. */
  step(text: string): void;
  /** How far a write is, 0 to 1; `what` is the file. */
  progress(done: number, what: string): void;
}

export interface Context {
  readonly machine: Machine;
  readonly place: PioPlace;
  readonly listener: Listener;
  readonly board: RealBoard;
  /** Folder of the image, and its manifest, verified. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly options: FlashOptions;
  readonly signal?: AbortSignal;
}

export interface FlashOptions {
  /** Bits per second over a UART bridge, once esptool's stub runs. */
  readonly baud: number;
  /** Speak with the ROM of an Espressif chip alone. */
  readonly noStub: boolean;
  /** Erase everything first, the relay's identity too. */
  readonly erase: boolean;
  /** The user has said yes to what cannot be compared or undone. */
  readonly yes: boolean;
  /** Write although the board may be another: what runs on it says so, or its flash is larger. */
  readonly force: boolean;
}

/** The one board that is meant: by its port, its drive, or both. */
export interface Target {
  readonly method: Method;
  readonly port?: PortInfo;
  readonly drive?: Drive;
}

export interface Identified {
  /** As its ROM calls itself. */
  readonly chip?: string;
  readonly mac?: string;
  /** Bytes. */
  readonly flash?: number;
  /** What INFO_UF2.TXT says. */
  readonly drive?: DriveInfo;
  /** The program of ours that ran before. */
  readonly before?: Running;
}

export interface Written {
  readonly path: string;
  readonly offset: number | null;
  readonly size: number;
}

/** A flashing that is proven. */
export interface FlashReport {
  readonly method: Method;
  readonly port: string | null;
  readonly drive: string | null;
  readonly identified: Identified;
  readonly written: readonly Written[];
  /** `read-back`: the flash was read and compared; `booted`: the program itself told its hash. */
  readonly proof: readonly ("read-back" | "booted")[];
  /** What runs now, if it answered. */
  readonly running: Running | null;
}
