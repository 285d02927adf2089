/** nRF52 boards with the Adafruit bootloader, by adafruit-nrfutil over its serial port. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { flashersPython, flasherScript, NRFUTIL_VERSION, requireFlashers } from "../../toolchain/flashers/install.ts";
import type { PortInfo } from "../serial/ports.ts";
import { waitForProof } from "./booted.ts";
import { type FlasherEvent, type FlasherRun, runFlasher } from "./child.ts";
import type { Context, FlashReport, Identified } from "./context.ts";
import { FlashFailure } from "./failure.ts";
import { bootloaderPort, checkRunning, isBootloader, placeOf } from "./running.ts";
import { checkDrive } from "./uf2.ts";

const PACKAGE = "dfu-zip";

export async function flashNordic(context: Context, port: PortInfo): Promise<FlashReport> {
  const { place, listener, machine, manifest, folder, board } = context;
  requireFlashers(place, `adafruit-nrfutil ${NRFUTIL_VERSION}`);
  const artifact = manifest.artifacts.find(({ kind }) => kind === PACKAGE);
  if (artifact === undefined)
    throw new FlashFailure(1, `${folder} has no DFU package.`, "unchanged", "Nothing was written.");
  const before = isBootloader(context, port) === true ? undefined : await checkRunning(context, port.path);
  const boot = await bootloaderPort(context, port);
  // Where the bootloader's drive is mounted, it tells before anything is erased what the package would be refused for.
  const drive = (await machine.drives()).find(({ location }) => location !== undefined && location === boot.location);
  const info = drive === undefined ? undefined : checkDrive(context, drive.path);
  const identified: Identified = {
    ...(before === undefined ? {} : { before }),
    ...(info === undefined ? {} : { drive: info }),
  };

  listener.step(`sending ${artifact.path} to the bootloader on ${boot.path}`);
  let stage = "connect";
  let done = 0;
  const onEvent = (event: FlasherEvent): undefined => {
    if (event.step === "progress") {
      done = event.done as number;
      listener.progress(done, artifact.path);
    } else if (["start", "init", "data", "activate"].includes(event.step)) {
      stage = event.step;
      if (stage === "start") listener.step("the bootloader erases the application");
    }
  };
  const run = await runFlasher({
    python: flashersPython(place),
    script: flasherScript(place, "nordic.py"),
    told: { port: boot.path, package: join(folder, artifact.path) },
    onEvent,
    ...(context.signal === undefined ? {} : { signal: context.signal }),
  });
  if (run.code !== 0 || run.last?.step !== "sent") throw failure(context, boot.path, run, stage, done);

  listener.step("sent; waiting for the program to start and to say what it is");
  await sleep(100);
  const proof = await waitForProof(machine, manifest, placeOf(port));
  if (!proof.ok) throw unproven(context, boot.path, proof.clause);
  return {
    method: "dfu",
    port: proof.running.port,
    drive: null,
    identified,
    written: [{ path: artifact.path, offset: board.flash.app.offset, size: artifact.size }],
    proof: ["booted"],
    running: proof.running,
  };
}

/** The bootloader takes every byte of an image it cannot start, so that the flasher ends well is no proof. */
function unproven(context: Context, port: string, clause: string): FlashFailure {
  return new FlashFailure(
    1,
    `The image was sent to ${port}, but ${clause}.`,
    "unproven",
    "It is written, not proven: the bootloader is intact, and may have refused the image without a word.",
    `press reset; if it does not start, press reset twice, quickly, and run: mehr flash ${context.board.id} --port ${port}`,
  );
}

function failure(context: Context, port: string, run: FlasherRun, stage: string, done: number): FlashFailure {
  const problem = typeof run.last?.problem === "string" && run.last.problem !== "" ? run.last.problem : run.said;
  const said =
    context.signal?.aborted === true
      ? "it was interrupted"
      : `adafruit-nrfutil: ${(problem.split("\n")[0] ?? "").replace(/\.$/, "")}`;
  const again = `press reset twice, quickly, then: mehr flash ${context.board.id} --port ${port}`;
  if (stage === "connect") {
    return new FlashFailure(
      1,
      `The bootloader on ${port} could not be reached (${said}).`,
      "unchanged",
      "Nothing was written.",
      again,
    );
  }
  const softdevice = context.manifest.softdevice?.name;
  // The bootloader resets without an answer when it refuses the init packet; the next packet is the one that goes unanswered.
  if (stage === "init" || (stage === "data" && done === 0)) {
    return new FlashFailure(
      1,
      `The bootloader on ${port} stopped answering when it was told what the image is for (${said}): it refuses one for ` +
        `another SoftDevice than it has, and this one is for ${softdevice}.`,
      "half-written",
      "The application is erased; the bootloader and the SoftDevice are intact.",
      `compare \`SoftDevice:\` in INFO_UF2.TXT on the bootloader's drive with ${softdevice}; to try again, ${again}`,
    );
  }
  const percent = Math.floor(done * 100);
  return new FlashFailure(
    1,
    `Sending to ${port} failed ${stage === "start" ? "at its beginning" : `after ${percent} %`} (${said}).`,
    "half-written",
    "The application is erased or half written; the bootloader and the SoftDevice are intact.",
    again,
  );
}
