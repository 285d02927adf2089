/** What runs on a board before it is flashed: if it is ours, it knows which board it is. */
import { setTimeout as sleep } from "node:timers/promises";
import { type PortInfo, openPort } from "../serial/ports.ts";
import { askRunning, isAt, type Place, type Running } from "./booted.ts";
import type { Context } from "./context.ts";
import { FlashFailure, mismatch } from "./failure.ts";

/**
 * Asks a port for a program of ours, and refuses the board if it is another: throws FlashFailure (2), or MehrError if the port
 * cannot be opened. Undefined if nothing of ours answers.
 */
export async function checkRunning(context: Context, port: string): Promise<Running | undefined> {
  const { board, listener, machine, options } = context;
  const running = await askRunning(port, machine.wait.answer);
  if (running === undefined) return undefined;
  listener.step(`on ${port} runs Mehr ${running.version} for ${running.board}, ${running.nodeId}`);
  if (running.board !== board.id && !options.force) {
    throw mismatch(
      `The board on ${port} says it is ${running.board} and the image is for ${board.id}.`,
      `mehr flash ${running.board} --port ${port}   (or --force, if what runs on it is wrong)`,
    );
  }
  return running;
}

export function placeOf(port: PortInfo): Place {
  const { path, location, serialNumber } = port;
  return {
    path,
    ...(location === undefined ? {} : { location }),
    ...(serialNumber === undefined ? {} : { serialNumber }),
  };
}

/**
 * Sends a board into its bootloader: opens its port at 1200 bps and closes it, which drops DTR. Every Arduino core for
 * boards with USB of their own takes that for the wish to be flashed.
 */
export async function touch(path: string): Promise<void> {
  const port = await openPort(path, { baudRate: 1200 });
  await sleep(100);
  await port.close();
}

/** Whether this port is the bootloader's by its USB ids; undefined where they do not tell. */
export function isBootloader(context: Context, port: PortInfo): boolean | undefined {
  if (port.vid === undefined) return undefined;
  const modes = context.manifest.usb
    .filter(({ vid, pid }) => vid === port.vid && pid === port.pid)
    .map(({ mode }) => mode);
  if (!modes.includes("bootloader")) return modes.length > 0 ? false : undefined;
  return modes.includes("app") ? undefined : true;
}

/** Waits until something of the machine is there. Undefined if it is not within `ms`. */
export async function waitFor<T>(find: () => Promise<T | undefined>, ms: number): Promise<T | undefined> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await find();
    if (found !== undefined || performance.now() >= end) return found;
    await sleep(100);
  }
}

/**
 * The board's port in its bootloader, which it is sent into unless it is there. A port without USB ids keeps its name. Throws
 * FlashFailure if it does not come back.
 */
export async function bootloaderPort(context: Context, port: PortInfo): Promise<PortInfo> {
  const { listener, machine, board } = context;
  if (isBootloader(context, port) === true) return port;
  listener.step(`sending the board on ${port.path} into its bootloader (1200 bps)`);
  await touch(port.path);
  const place = placeOf(port);
  const found = await waitFor(async () => {
    const ports = await machine.ports();
    if (port.vid === undefined) return port;
    return ports.find((one) => isAt(place, one) && isBootloader(context, one) === true);
  }, machine.wait.bootloader);
  if (found !== undefined) return found;
  throw new FlashFailure(
    1,
    `No bootloader came up in place of ${port.path} within ${machine.wait.bootloader / 1000} s.`,
    "unchanged",
    "Nothing was written.",
    `press the board's reset button twice, quickly, then: mehr flash ${board.id}`,
  );
}
