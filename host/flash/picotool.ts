/** RP2040 boards by picotool, where it is installed: it loads, reads back, and starts the program. */
import { join } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import { allOnPath } from "../../toolchain/pio/environment.ts";
import { runProcess } from "../../toolchain/pio/process.ts";
import type { PortInfo } from "../serial/ports.ts";
import { waitForProof } from "./booted.ts";
import type { Context, FlashReport } from "./context.ts";
import { FlashFailure, mismatch } from "./failure.ts";
import { checkRunning, isBootloader, placeOf, touch, waitFor } from "./running.ts";

export function picotoolPath(): string | undefined {
  return allOnPath("picotool")[0];
}

export async function flashPicotool(context: Context, port: PortInfo | undefined): Promise<FlashReport> {
  const { machine, listener, manifest, folder, board } = context;
  const program = picotoolPath();
  if (program === undefined) {
    throw new MehrError(
      3,
      "There is no picotool on this machine's PATH.",
      "apt-get install -y picotool   (or --method uf2)",
    );
  }
  const artifact = manifest.artifacts.find(({ kind }) => kind === "uf2");
  if (artifact === undefined)
    throw new FlashFailure(1, `${folder} has no UF2 file.`, "unchanged", "Nothing was written.");
  const signal = context.signal === undefined ? {} : { signal: context.signal };
  const info = (): ReturnType<typeof runProcess> =>
    runProcess(program, ["info", "-d"], { timeoutMs: 20_000, ...signal });
  if (port !== undefined && isBootloader(context, port) !== true) {
    await checkRunning(context, port.path);
    listener.step(`sending the board on ${port.path} into its boot ROM (1200 bps)`);
    await touch(port.path);
  }
  listener.step("asking picotool what is in its boot ROM");
  const found = await waitFor(async () => {
    const answer = await info();
    return answer.code === 0 ? answer : undefined;
  }, machine.wait.bootloader);
  if (found === undefined) {
    throw new FlashFailure(
      1,
      "picotool finds no board in its boot ROM.",
      "unchanged",
      "Nothing was written.",
      `hold BOOTSEL while you plug the board in, then: mehr flash ${board.id} --method picotool`,
    );
  }
  const type = /^\s*type:\s*(\S+)/im.exec(found.stdout)?.[1];
  if (type !== undefined && type.toUpperCase() !== "RP2040") {
    throw mismatch(`picotool finds an ${type} and the image is for an RP2040, the board ${board.id}.`);
  }
  listener.step(`loading ${artifact.path} and reading it back`);
  const load = await runProcess(program, ["load", "-v", "-x", join(folder, artifact.path)], {
    timeoutMs: 300_000,
    ...signal,
  });
  if (load.code !== 0) {
    const said = (load.stderr || load.stdout).trim().split("\n").at(-1) ?? "";
    throw new FlashFailure(
      1,
      `picotool could not load the image (${said.replace(/\.$/, "") || "it ended without a reason"}).`,
      "half-written",
      "The application may be erased or half written; the boot ROM is intact.",
      `hold BOOTSEL while you plug the board in, then: mehr flash ${board.id} --method picotool`,
    );
  }
  const proof = await waitForProof(machine, manifest, port === undefined ? {} : placeOf(port));
  return {
    method: "picotool",
    port: proof.running?.port ?? port?.path ?? null,
    drive: null,
    identified: { chip: type ?? "RP2040" },
    written: [{ path: artifact.path, offset: null, size: artifact.size }],
    proof: proof.ok ? ["read-back", "booted"] : ["read-back"],
    running: proof.running ?? null,
  };
}
