/** What flashing needs of the machine it runs on: where ports and drives come from, and how long to wait for them. */
import { listPorts, type PortInfo } from "../serial/ports.ts";
import { type Drive, listDrives } from "./drives.ts";

export interface Machine {
  ports(): Promise<PortInfo[]>;
  drives(): Promise<Drive[]>;
  readonly wait: Waits;
}

/** Milliseconds. */
export interface Waits {
  /** For a program that may be running to say who it is. */
  readonly answer: number;
  /** For the port or drive of a bootloader to appear. */
  readonly bootloader: number;
  /** For a drive to go away after the last byte. */
  readonly vanish: number;
  /** For the new program to boot and say who it is. */
  readonly boot: number;
  /** Attempts of esptool to reach the ROM; one takes about a second. */
  readonly attempts: number;
}

/**
 * A desktop mounts a drive within a few seconds; the copy of a 300 KB file takes a bootloader about ten; an image's own start
 * takes less than five, most of it USB.
 */
export const WAITS: Waits = { answer: 1500, bootloader: 15_000, vanish: 30_000, boot: 20_000, attempts: 7 };

export const THIS_MACHINE: Machine = { ports: () => listPorts(), drives: () => listDrives(), wait: WAITS };
