/** Espressif chips, by esptool: identify, compare, write each part, read it back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readPartitions } from "../../toolchain/image/esp-partitions.ts";
import { ESPTOOL_VERSION, flashersPython, flasherScript, requireFlashers } from "../../toolchain/flashers/install.ts";
import type { Manifest } from "../../toolchain/manifest.ts";
import type { PortInfo } from "../serial/ports.ts";
import { waitForProof } from "./booted.ts";
import { type FlasherEvent, runFlasher } from "./child.ts";
import type { Context, FlashReport, Identified, Written } from "./context.ts";
import { FlashFailure, mismatch } from "./failure.ts";
import { checkRunning, placeOf } from "./running.ts";

interface Chip {
  readonly chip: string;
  readonly description: string;
  readonly mac: string;
  readonly flash: number | null;
  readonly encrypted: boolean;
  readonly secure_boot: boolean;
  readonly download_only: boolean;
}

/** The parts of the image and where they go, in the order they are written. */
export function espParts({ folder, manifest }: Pick<Context, "folder" | "manifest">): (Written & { file: string })[] {
  return (manifest.builds[0]?.parts ?? []).map(({ path, offset }) => {
    const size = manifest.artifacts.find((artifact) => artifact.path === path)?.size ?? 0;
    return { path, offset, size, file: join(folder, path) };
  });
}

/**
 * A sentence if writing the parts would touch what a relay keeps: a data partition that is not the one that says which
 * application boots. esptool erases whole sectors of 4 KiB.
 */
export function keptProblem(manifest: Manifest, partitions: Uint8Array, parts: readonly Written[]): string | undefined {
  const table = readPartitions(partitions);
  if (!table.ok) return `The partition table of the image cannot be read: ${table.problem}.`;
  const kept = table.value.filter(({ type, subtype }) => type === 1 && subtype !== 0);
  for (const { path, offset, size } of parts) {
    const end = Math.ceil(((offset ?? 0) + size) / 4096) * 4096;
    const hit = kept.find((part) => (offset ?? 0) < part.offset + part.size && part.offset < end);
    if (hit !== undefined)
      return `${path} of ${manifest.board} reaches into the partition ${hit.label}, which is to be kept.`;
  }
  return undefined;
}

const megabytes = (bytes: number): string => `${bytes / (1 << 20)} MB`;

/** Refuses a chip the image is not for: throws FlashFailure (2) with both sides. */
function compare(context: Context, chip: Chip): void {
  const { manifest, board, options } = context;
  const wanted = manifest.builds[0]?.chipFamily;
  const where = `the board ${board.id}`;
  if (chip.chip !== wanted) {
    throw mismatch(`The port has an ${chip.chip} (${chip.mac}) and the image is for ${wanted}, ${where}.`);
  }
  const { size } = board.flash;
  if (chip.flash === null) {
    throw mismatch(
      `The flash of the chip (${chip.mac}) does not say its size, so it cannot be compared with ${where}.`,
    );
  }
  const sides = `The chip (${chip.mac}) has ${megabytes(chip.flash)} of flash and ${where} has ${megabytes(size)}`;
  if (chip.flash < size) throw mismatch(`${sides}: the image would not fit.`);
  if (chip.flash > size && !options.force) {
    throw mismatch(`${sides}: it is probably another board.`, "if it is that board with a larger flash, add --force");
  }
  if (chip.encrypted || chip.download_only || chip.secure_boot) {
    const what = chip.encrypted ? "flash encryption" : chip.secure_boot ? "secure boot" : "the secure download mode";
    throw mismatch(`The chip (${chip.mac}) has ${what} on for good: it starts no image of ours.`);
  }
}

export async function flashEsp(context: Context, target: PortInfo): Promise<FlashReport> {
  const { path: port } = target;
  const { place, listener, machine, manifest, options } = context;
  requireFlashers(place, `esptool ${ESPTOOL_VERSION}`);
  const parts = espParts(context);
  const table = parts.find(({ path }) => path === "partitions.bin");
  const problem =
    table === undefined ? "The image has no partition table." : keptProblem(manifest, readFileSync(table.file), parts);
  if (problem !== undefined)
    throw new FlashFailure(1, problem, "unchanged", "Nothing was written.", "build the image again");

  const before = await checkRunning(context, port);
  listener.step(`asking the chip on ${port} who it is`);
  let chip: Chip | undefined;
  let erased = false;
  let writing: number | undefined;
  const verified = new Set<number>();
  const onEvent = (event: FlasherEvent): string | undefined => {
    switch (event.step) {
      case "chip": {
        const found = event as unknown as Chip;
        compare(context, found);
        chip = found;
        listener.step(
          `${found.description}, ${megabytes(found.flash ?? 0)} of flash, ${found.mac}: as ${context.board.id}`,
        );
        return "write";
      }
      case "erase":
        erased = true;
        listener.step("erasing the whole flash");
        break;
      case "part":
        writing = event.part as number;
        listener.step(`writing ${parts[writing]?.path} at 0x${parts[writing]?.offset?.toString(16)}`);
        break;
      case "progress":
        listener.progress(event.done as number, parts[event.part as number]?.path ?? "");
        break;
      case "verified":
        verified.add(event.part as number);
        listener.progress(1, parts[event.part as number]?.path ?? "");
        break;
    }
    return undefined;
  };
  const run = await runFlasher({
    python: flashersPython(place),
    script: flasherScript(place, "esp.py"),
    told: {
      port,
      baud: options.baud,
      stub: !options.noStub,
      attempts: machine.wait.attempts,
      erase: options.erase,
      parts: parts.map(({ offset, file }) => [offset, file]),
    },
    onEvent,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  const whole = verified.size === parts.length;
  if (run.code !== 0 && !whole) {
    const during = typeof run.last?.during === "string" ? run.last.during : chip === undefined ? "connect" : "write";
    const said = context.signal?.aborted === true ? "It was interrupted" : reason(run.last?.problem, run.said);
    throw failure(context, port, {
      during,
      said,
      erased,
      part: writing === undefined ? undefined : parts[writing]?.path,
    });
  }
  listener.step("read back: the flash holds the image");
  const identified: Identified = {
    ...(chip === undefined
      ? {}
      : { chip: chip.chip, mac: chip.mac, ...(chip.flash === null ? {} : { flash: chip.flash }) }),
    ...(before === undefined ? {} : { before }),
  };
  listener.step("waiting for the program to start");
  const proof = await waitForProof(machine, manifest, placeOf(target));
  if (!proof.ok) listener.step(`it is in the flash, but ${proof.clause}: press its reset button`);
  return {
    method: "esptool",
    port: proof.ok ? proof.running.port : port,
    drive: null,
    identified,
    written: parts.map(({ path, offset, size }) => ({ path, offset, size })),
    proof: proof.ok ? ["read-back", "booted"] : ["read-back"],
    running: proof.running ?? null,
  };
}

/** esptool's first line, without its address of a page for troubleshooting. */
function reason(problem: unknown, said: string): string {
  const text = typeof problem === "string" && problem !== "" ? problem : said || "esptool ended without a reason";
  return `esptool: ${text.split("\n")[0]?.replace(/\.$/, "")}`;
}

interface Failed {
  readonly during: string;
  readonly said: string;
  readonly erased: boolean;
  readonly part: string | undefined;
}

function failure(context: Context, port: string, { during, said, erased, part }: Failed): FlashFailure {
  const again = `mehr flash ${context.board.id} --port ${port}`;
  if (during === "connect") {
    return new FlashFailure(
      1,
      `The chip on ${port} does not answer its boot ROM's protocol (${said}).`,
      "unchanged",
      "Nothing was written.",
      `hold the BOOT button, press and release RESET, let go of BOOT, then: ${again}`,
    );
  }
  if (during === "stub") {
    return new FlashFailure(
      1,
      `The chip on ${port} did not start esptool's loader (${said}).`,
      "bootloader",
      "Nothing was written; a reset starts the program it had.",
      `${again} --no-stub   (slower), or --baud 115200`,
    );
  }
  // The ROM that takes an image is in silicon: whatever is in the flash, the board can be flashed again.
  const left =
    part === undefined
      ? `The flash is ${erased ? "erased or partly erased" : "unchanged or partly erased"}; the chip's boot ROM is intact.`
      : `${part} is only partly in the flash${part === "firmware.bin" ? "" : ", and what follows it is not"}, so the ` +
        "board does not start; its boot ROM is intact, and what a relay keeps was not touched.";
  const kept = erased ? left.replace(", and what a relay keeps was not touched", "") : left;
  const why = /MD5 of file does not match|flash region is empty/i.test(said)
    ? `What was written to the flash on ${port} does not read back the same (${said}).`
    : `Writing to ${port} failed (${said}).`;
  const slower = context.options.baud > 115_200 ? "   (with --baud 115200 if it fails again)" : "";
  return new FlashFailure(1, why, "half-written", kept, `${again}${slower}`);
}
