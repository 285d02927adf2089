/** `mehr bench core`: what the core and its engine cost, in bytes, instructions and seconds. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { variantName } from "../../../boards/engine.ts";
import { findBoard, isVirtual, type VirtualBoard } from "../../../boards/index.ts";
import { type BuildReport, buildBoard } from "../../../toolchain/build.ts";
import { copyCheckout } from "../../../toolchain/checkout.ts";
import { CORE_SIZE_BUDGET, LINEAR_MEMORY_LIMIT } from "../../../toolchain/core/limits.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { memoryOf, parseMap } from "../../../toolchain/map.ts";
import { pioPlace } from "../../../toolchain/pio/environment.ts";
import { findArtifacts } from "../../../toolchain/pio/run.ts";
import { canInstallSystemPackages } from "../../../toolchain/pio/system.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { buildProgress } from "../build.ts";
import type { Io } from "../outcome.ts";
import { aotImage, measureAot } from "./core-aot.ts";
import { countSteps } from "./core-board.ts";
import { judged, limited, machine, median, RAM_BUDGET, type Result } from "./measure.ts";
import { goalsMet, longTable } from "./report.ts";

/** Rounds of what is measured in seconds; the median counts. */
const ROUNDS = 3;

export async function benchCore(io: Io, flags: { root: string; setup?: boolean }): Promise<undefined> {
  const { root } = flags;
  const install = flags.setup === true && canInstallSystemPackages();
  const board = findBoard("qemu-m4");
  if (!isVirtual(board)) throw new Error("qemu-m4 is a virtual board");
  const results: Result[] = [];
  const build = (from: string): Promise<BuildReport> =>
    buildBoard({ root: from, board: board.id, engine: "wasm3", install, purpose: "run", onEvent: buildProgress(io) });

  const report = await build(root);
  const { manifest } = report;
  results.push({
    name: "relay.wasm",
    value: manifest.core.size,
    unit: "B",
    baseline: CORE_SIZE_BUDGET,
    ratio: manifest.core.size / CORE_SIZE_BUDGET,
  });
  if (manifest.flash) results.push(limited("image flash", manifest.flash));
  if (manifest.ram) results.push(limited("image static RAM", manifest.ram));
  const map = findArtifacts(pioPlace(root), variantName(board, report.engine), report.source).find(
    (artifact) => artifact.kind === "map",
  );
  if (map === undefined)
    throw new MehrError(
      1,
      "The build of qemu-m4 left no firmware.map; the linker flags in boards/platforms/virtual write it.",
    );
  const wasm3 = memoryOf(parseMap(readFileSync(map.path, "utf8")), /libWasm3\.a/);
  results.push(
    { name: "wasm3 flash", value: wasm3.flash, unit: "B" },
    { name: "wasm3 static RAM", value: wasm3.ram, unit: "B" },
  );

  io.progress("- counting instructions under QEMU -icount shift=0");
  const counted = await countSteps({ board, image: report.image, engine: "wasm3" });
  results.push(...counted, limited("linear memory", { used: manifest.core.memory, max: LINEAR_MEMORY_LIMIT }));
  const heap = counted.find((result) => result.name === "heap high-water")?.value ?? 0;
  // Static RAM holds the stacks and the record pages too. The budget is design section 3's for an nRF52840.
  const whole = (manifest.ram?.used ?? 0) + heap;
  const ram = { name: "RAM in all", value: whole, unit: "B", baseline: RAM_BUDGET, ratio: whole / RAM_BUDGET };
  results.push(judged(ram, { value_at_most: RAM_BUDGET }));
  for (const id of ["qemu-m4", "qemu-rv32"]) {
    const translated = await buildBoard({
      ...{ root, board: id, engine: "aot", install, purpose: "run" },
      onEvent: buildProgress(io),
    });
    io.progress(`- counting the translated core on ${id}`);
    results.push(...(await measureAot(aotImage(root, translated))));
  }
  io.progress(`- from an edit of the core to the board running it, ${ROUNDS} rounds`);
  results.push(...(await editToRunning(root, board, build)));

  io.result({ suite: "core", machine: machine(), results });
  io.print(`core, ${machine()}`);
  io.print(longTable(results));
  io.print();
  io.print(goalsMet(results));
}

/**
 * Edits the core in a copy of the checkout, builds and boots it there; the seconds until the board has said who it is.
 */
async function editToRunning(
  root: string,
  board: VirtualBoard,
  build: (from: string) => Promise<BuildReport>,
): Promise<Result[]> {
  process.env.MEHR_HOME ??= pioPlace(root).home;
  const copy = copyCheckout(root);
  try {
    // Warm: everything but the edit has been built before.
    await build(copy.path);
    const file = join(copy.path, "core-as", "assembly", "net", "beaconing.ts");
    const text = readFileSync(file, "utf8");
    const seconds: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const edited = text.replace("FIRST_MAX_MS: u32 = 2_000", `FIRST_MAX_MS: u32 = 2_00${round}`);
      if (edited === text) throw new Error("the constant this measurement edits is gone from beaconing.ts");
      writeFileSync(file, edited);
      const started = performance.now();
      const { image, manifest } = await build(copy.path);
      const running = await VirtualBoardProcess.start({
        board,
        image,
        radio: (stream) => new RadioPort({ name: board.id, stream }),
      });
      seconds.push((performance.now() - started) / 1000);
      const ran = running.identity.wasmSha256;
      await running.stop();
      if (ran !== manifest.core.sha256) {
        throw new MehrError(1, `qemu-m4 runs a core with sha256 ${ran}, ${manifest.core.sha256} was built.`);
      }
    }
    const value = median(seconds);
    return [{ name: "core edit to running in QEMU, warm", value, unit: "s", baseline: 10, ratio: value / 10 }];
  } finally {
    copy.remove();
  }
}
