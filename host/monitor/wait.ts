/** Waiting until a board has heard others: the last step of putting one up. */
import type { Device } from "../device/device.ts";
import { DeviceFailure } from "../device/failure.ts";
import type { NeighbourReport } from "../board/messages.gen.ts";
import { pause } from "./pause.ts";

const POLL_MS = 1000;

export interface WaitOptions {
  /** Called with the number that are up whenever it changes. */
  readonly heard?: (neighbours: readonly NeighbourReport[]) => void;
  readonly signal?: AbortSignal;
}

/**
 * Waits until `device` has `count` neighbours up, at most `timeoutMs`: those neighbours. Throws DeviceFailure if it has
 * fewer by then, or does not answer.
 */
export async function waitForNeighbours(
  device: Pick<Device, "name" | "neighbours">,
  count: number,
  timeoutMs: number,
  options: WaitOptions = {},
): Promise<NeighbourReport[]> {
  const end = performance.now() + timeoutMs;
  let before = -1;
  for (;;) {
    const up = (await device.neighbours()).filter(({ state }) => state === 1);
    if (up.length !== before) options.heard?.(up);
    before = up.length;
    if (up.length >= count) return up;
    const left = end - performance.now();
    if (left <= 0 || options.signal?.aborted === true) throw tooFew(device.name, up.length, count, timeoutMs);
    await pause(Math.min(POLL_MS, left), options.signal);
  }
}

/** Within so long a board has heard too few. */
export function tooFew(name: string, heard: number, wanted: number, timeoutMs: number): DeviceFailure {
  const has = heard === 0 ? "no neighbour" : `${heard} of ${wanted} neighbours`;
  return new DeviceFailure(
    `Within ${Math.round(timeoutMs / 1000)} s ${name} has heard ${has}: see that the others run, with the same region, ` +
      "frequency and spreading factor, and that its antenna is on.",
  );
}
