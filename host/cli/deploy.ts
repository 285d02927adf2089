/** `mehr deploy`: from sources to a relay that hears others, step by step, and what each step has proven. */
import { join, relative } from "node:path";
import { decodeBootConfig } from "../../boards/config.ts";
import { findBoard, isVirtual, type VirtualBoard } from "../../boards/index.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { type BuildReport, buildBoard, chooseEngine } from "../../toolchain/build.ts";
import type { PackageSource } from "../../toolchain/pio/environment.ts";
import { Device } from "../device/device.ts";
import { askRunning } from "../flash/booted.ts";
import { readyImage } from "../flash/flash.ts";
import { THIS_MACHINE } from "../flash/machine.ts";
import { selectTarget } from "../flash/select.ts";
import { parseFleet } from "../fleet/file.ts";
import { resolve, type Settings } from "../fleet/settings.ts";
import { waitForNeighbours } from "../monitor/wait.ts";
import { type Exposed, startExposed } from "../run/exposed.ts";
import { openPort } from "../serial/ports.ts";
import { buildProgress } from "./build.ts";
import { Steps, type StepName, STEPS } from "./deploy-steps.ts";
import { flash, type FlashFlags } from "./flash.ts";
import type { Io } from "./outcome.ts";
import { provision, type ProvisionFlags, readFleet } from "./provision.ts";

export interface DeployFlags
  extends
    Omit<ProvisionFlags, "file" | "only" | "dryRun" | "jobs" | "board" | "usb">,
    Pick<FlashFlags, "image" | "key" | "drive" | "method"> {
  readonly board: string;
  readonly engine?: string;
  readonly source: PackageSource | "auto";
  /** A fleet file that says what the board is to be; then `name` is which of its devices. */
  readonly fleet?: string;
  readonly skip: readonly string[];
  readonly neighbours: number;
  /** Seconds. */
  readonly timeout: number;
  /** Start a virtual board, with its port in this folder. */
  readonly expose?: string;
  /** Relays of this process on the started board's air; as many as neighbours are waited for by default. */
  readonly withNode?: number;
  /** Leave a started board running until interrupted. */
  readonly stay?: boolean;
  readonly dryRun?: boolean;
}

/** The speed `mehr flash` uses by default. */
const FLASH_BAUD = 460_800;
/** How long a program that runs may take to say who it is. */
const ANSWER_MS = 2000;

export async function deploy(io: Io, flags: DeployFlags): Promise<number> {
  const board = findBoard(flags.board);
  const skip = new Set(flags.skip.flatMap((text) => text.split(",")).map((name) => stepOf(name.trim())));
  const virtual = isVirtual(board) ? board : undefined;
  checkFlags(flags, virtual, skip);
  if (flags.dryRun) return plan(io, flags, virtual, skip);

  const steps = new Steps(io, board.id, skip);
  let exposed: Exposed | undefined;
  let ended: string | undefined;
  let interrupt: () => void = () => {};
  const interrupted = new Promise<void>((done) => {
    interrupt = done;
  });
  const place: { port: string | undefined } = { port: flags.port };
  try {
    let built: BuildReport | undefined;
    await steps.run("build", async () => {
      built = await buildBoard({
        root: flags.root,
        board: board.id,
        engine: chooseEngine(board, flags.engine),
        source: flags.source,
        ...(virtual ? { purpose: "run" as const } : {}),
        onEvent: buildProgress(io),
      });
      const { image_sha256: hash } = built.manifest;
      return { proof: `${relative(flags.root, built.image)}${hash === null ? "" : `, image ${short(hash)}`}` };
    });

    await steps.run("flash", async (step) => {
      if (virtual === undefined) return flashReal(step, flags, place);
      if (flags.expose === undefined) {
        return { result: "skipped", proof: `a virtual board has no flash to write; the one behind ${place.port} runs` };
      }
      exposed = await startVirtual(io, flags, virtual, flags.expose, built, (sentence) => {
        ended = sentence;
        interrupt();
      });
      place.port = exposed.boards[0]?.port;
      return { proof: `started with that image; its port is ${place.port}` };
    });

    await steps.run("provision", async (step) => {
      const code = await provision(step, provisionFlags(flags, place.port));
      const { devices } = step.captured as { devices: readonly ProvisionedDevice[] };
      const [device] = devices;
      if (device === undefined) throw new MehrError(1, "No device was provisioned.");
      if (code !== 0) throw new MehrError(1, device.detail ?? `${device.name} is not what it was to be.`);
      place.port = device.port ?? place.port;
      if (device.result === "unchanged") {
        return { result: "unchanged", proof: `${device.name} is already ${device.destination}, as it was to be` };
      }
      return { proof: `${device.name} is ${device.destination}; signed for it, and read back equal` };
    });

    await steps.run("watch", async (step) => {
      if (place.port === undefined)
        throw new MehrError(2, "--port is missing: watching needs to know where the board is.");
      const abort = new AbortController();
      step.onInterrupt(() => abort.abort());
      interrupted.then(() => abort.abort());
      const port = await openPort(place.port);
      try {
        const device = await Device.open(port, { name: flags.name ?? board.id });
        const up = await waitForNeighbours(device, flags.neighbours, flags.timeout * 1000, {
          signal: abort.signal,
          heard: (all) => io.progress(`- ${all.length} of ${flags.neighbours} neighbours heard`),
        }).catch((error: unknown) => {
          throw ended !== undefined ? new MehrError(1, ended) : error;
        });
        const heard = up.map(({ nodeId, rssiDbm }) => `${hex(nodeId).slice(0, 8)} at ${rssiDbm} dBm`);
        return { proof: heard.length === 0 ? "it answers; none was waited for" : `hears ${heard.join(", ")}` };
      } finally {
        await port.close();
      }
    });

    const code = steps.report(place.port);
    if (code === 0 && flags.stay === true && exposed !== undefined && ended === undefined) {
      io.progress(`${board.id} goes on running behind ${place.port}; Ctrl-C ends it.`);
      io.onInterrupt(interrupt);
      await interrupted;
      if (ended !== undefined) process.stderr.write(`mehr: ${ended}\n`);
      return ended === undefined ? 0 : 1;
    }
    return code;
  } finally {
    await exposed?.stop();
  }
}

/** A device of what `mehr provision --json` prints. */
interface ProvisionedDevice {
  readonly name: string;
  readonly port: string | null;
  readonly destination: string | null;
  readonly result: string;
  readonly detail: string | null;
}

function stepOf(name: string): StepName {
  const step = STEPS.find((one) => one === name);
  if (step !== undefined) return step;
  throw new MehrError(2, `--skip ${name || "(nothing)"} is no step; the steps are ${STEPS.join(", ")}.`);
}

/** Throws MehrError (2) for flags that do not go together, before anything is done. */
function checkFlags(flags: DeployFlags, virtual: VirtualBoard | undefined, skip: ReadonlySet<StepName>): void {
  const refuse = (sentence: string): never => {
    throw new MehrError(2, sentence);
  };
  if (virtual === undefined) {
    for (const flag of ["expose", "withNode", "stay"] as const) {
      const name = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      if (flags[flag] !== undefined) refuse(`--${name} is for virtual boards, and ${flags.board} is a real one.`);
    }
  } else if (!skip.has("flash") || !skip.has("provision") || !skip.has("watch")) {
    if (flags.expose !== undefined && flags.port !== undefined) {
      refuse("--expose starts a board and --port names one that runs; give one of them.");
    }
    if (flags.expose !== undefined && skip.has("flash")) {
      refuse("--expose starts a board in place of flashing one; leave `flash` out of --skip, or give --port.");
    }
    if (flags.expose === undefined && flags.port === undefined && flags.fleet === undefined) {
      refuse(
        `${flags.board} is a virtual board: give --expose FOLDER to start one, or --port of one that runs (\`mehr run ${flags.board} --expose FOLDER\`).`,
      );
    }
    if (flags.drive !== undefined || flags.method !== undefined || flags.image !== undefined) {
      refuse(`--drive, --method and --image are for flashing, and ${flags.board} is a virtual board.`);
    }
  }
  if (flags.fleet !== undefined && flags.name === undefined && !skip.has("provision")) {
    refuse(`--fleet ${flags.fleet} says it for every board; add --name with the one to deploy.`);
  }
}

/** Writes the image, unless the board says that it runs it. */
async function flashReal(
  step: Io & { readonly captured: unknown },
  flags: DeployFlags,
  place: { port: string | undefined },
): Promise<{ result?: "unchanged"; proof: string }> {
  const { root, board, image, key, drive, method } = flags;
  const options = { baud: FLASH_BAUD, noStub: false, erase: false, yes: false, force: false };
  const wanted = {
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(drive === undefined ? {} : { drive }),
    ...(method === undefined ? {} : { method }),
  };
  const files = { ...(image === undefined ? {} : { image }), ...(key === undefined ? {} : { key }) };
  const { manifest } = readyImage({ root, board, options, ...files });
  const target = await selectTarget(THIS_MACHINE, manifest, { ...wanted, open: false });
  const at = target.port?.path;
  const running = at === undefined ? undefined : await askRunning(at, ANSWER_MS);
  if (running?.image !== undefined && running.board === board && running.image === manifest.image_sha256) {
    place.port = at;
    return { result: "unchanged", proof: `the board on ${at} says that it runs image ${short(running.image)}` };
  }
  const code = await flash(step, { root, board, ...files, ...wanted, baud: FLASH_BAUD, stub: true });
  const report = step.captured as {
    readonly proof?: readonly string[];
    readonly port?: string | null;
    readonly running?: { readonly port: string } | null;
    readonly error?: { readonly exit_code: 1 | 2 | 3; readonly message: string; readonly hint?: string };
  };
  if (report.error !== undefined) throw new MehrError(report.error.exit_code, report.error.message, report.error.hint);
  if (code !== undefined && code !== 0) throw new MehrError(1, "It could not be flashed.");
  place.port = report.port ?? report.running?.port ?? place.port;
  return { proof: `written, and proven by ${(report.proof ?? []).join(" and ")}` };
}

/** One virtual board, and relays of this process for it to hear, with what the board is to be provisioned with. */
async function startVirtual(
  io: Io,
  flags: DeployFlags,
  board: VirtualBoard,
  folder: string,
  built: BuildReport | undefined,
  failed: (sentence: string) => void,
): Promise<Exposed> {
  if (built === undefined) {
    throw new MehrError(2, "A virtual board is started with what has just been built; leave `build` out of --skip.");
  }
  const count = flags.withNode ?? (flags.skip.includes("watch") ? 0 : flags.neighbours);
  const resolved = resolve({ ...settingsOf(flags), board: board.id });
  // What is wrong with them `provision` says, with the flag's name.
  const config = "config" in resolved ? decodeBootConfig(resolved.config) : undefined;
  return startExposed({
    board,
    images: [built.image],
    names: [`${board.id}-1`],
    folder,
    wasm: built.wasm,
    nodes: Array.from({ length: count }, (_, i) => `node-${i + 1}`),
    ...(config === undefined ? {} : { config }),
    failed,
    note: (text) => io.progress(text),
  });
}

/** What the flags or the fleet file say of the air. */
function settingsOf(flags: DeployFlags): Settings {
  if (flags.fleet !== undefined) {
    const device = parseFleet(readFleet(flags.fleet), flags.fleet).find(({ name }) => name === flags.name);
    if (device !== undefined) return device.settings;
  }
  return {
    region: flags.region,
    frequency: flags.frequency === undefined ? undefined : flags.frequency / 1e6,
    bandwidth: flags.bandwidth === undefined ? undefined : flags.bandwidth / 1000,
    sf: flags.sf,
    preamble: flags.preamble,
    power: flags.power,
    antenna_gain: flags.antennaGain,
  };
}

function provisionFlags(flags: DeployFlags, port: string | undefined): ProvisionFlags {
  const { root, replace, lock, labels, anyImage, pin, pinFile, oldPinFile } = flags;
  const common = {
    ...{ root, replace, jobs: 1 },
    ...(lock === undefined ? {} : { lock }),
    ...(labels === undefined ? {} : { labels }),
    ...(anyImage === undefined ? {} : { anyImage }),
    ...(pin === undefined ? {} : { pin }),
    ...(pinFile === undefined ? {} : { pinFile }),
    ...(oldPinFile === undefined ? {} : { oldPinFile }),
  };
  if (flags.fleet !== undefined) {
    return { ...common, file: flags.fleet, only: flags.name === undefined ? [] : [flags.name], trust: [] };
  }
  const given = ["name", "region", "frequency", "bandwidth", "sf", "preamble", "power", "antennaGain"] as const;
  const radio = Object.fromEntries(given.map((name) => [name, flags[name]]).filter(([, value]) => value !== undefined));
  return {
    ...{ ...common, ...radio, only: [], board: flags.board, trust: flags.trust },
    ...(flags.price === undefined ? {} : { price: flags.price }),
    ...(flags.costTier === undefined ? {} : { costTier: flags.costTier }),
    ...(port === undefined ? {} : { port }),
  };
}

/** `--dry-run`: says what would be done; nothing is opened, started or written. */
function plan(io: Io, flags: DeployFlags, virtual: VirtualBoard | undefined, skip: ReadonlySet<StepName>): number {
  const where = flags.port ?? "the board's port";
  const dist = join("dist", flags.board);
  const what: Record<StepName, string> = {
    build: `build ${flags.board} into ${dist}`,
    flash:
      virtual === undefined
        ? `ask ${where} what it runs; unless it is this image: compare the board, write it, prove it`
        : flags.expose === undefined
          ? `nothing: a virtual board has no flash, and the one behind ${where} runs`
          : `start it, with its console linked in ${flags.expose} and ${flags.withNode ?? flags.neighbours} relays to hear`,
    provision:
      flags.fleet === undefined
        ? `make it ${flags.name ?? "a relay"} in region ${flags.region ?? "(to be asked)"}, read that back, write it down`
        : `make it what ${flags.fleet} says of ${flags.name}, read that back, write it down`,
    watch: `wait until it hears ${flags.neighbours} neighbours, at most ${flags.timeout} s`,
  };
  const steps = STEPS.map((step) => ({ step, skipped: skip.has(step), what: what[step] }));
  io.result({ ok: true, dry_run: true, board: flags.board, steps });
  io.print("Nothing is opened, started or written now. It would:");
  for (const { step, skipped, what: text } of steps) io.print(`  ${step.padEnd(9)}  ${skipped ? "(skipped)" : text}`);
  return 0;
}

function short(hash: string): string {
  return `${hash.slice(0, 16)}...`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
