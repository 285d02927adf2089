/**
 * What the core's cryptography adds to the module and to a board's RAM: the core as it is against the core without it.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { VirtualBoard } from "../../../boards/index.ts";
import type { BuildReport } from "../../../toolchain/build.ts";
import { copyCheckout } from "../../../toolchain/checkout.ts";
import { wasmSizes } from "../../../toolchain/core/sizes.ts";
import { pioPlace } from "../../../toolchain/pio/environment.ts";
import { metacodeOf } from "./crypto-board.ts";
import { judged, type Result } from "./measure.ts";

/** Bytes of wasm all of cryptography may add; under wasm3 each costs three more in RAM. */
const WASM_BUDGET = 20 * 1024;

const FOLDER = join("core-as", "assembly", "crypto");

/**
 * The text of a core source reduced to what other sources may name: exported functions, which do nothing and give 0,
 * and exported constants, of which those that are addresses are 0. Whoever calls them still does, so that what is left
 * of the core is all of it but this work and its memory.
 */
export async function emptied(text: string): Promise<string> {
  const { Project } = await import("ts-morph");
  const project = new Project({ skipLoadingLibFiles: true, useInMemoryFileSystem: true });
  const file = project.createSourceFile("source.ts", text);
  for (const statement of file.getImportDeclarations()) {
    if (statement.getModuleSpecifierValue() !== "../abi") statement.remove();
  }
  for (const statement of file.getVariableStatements()) {
    if (!statement.isExported()) statement.remove();
    else {
      for (const constant of statement.getDeclarations()) {
        if (!/^-?[\d_]+$/.test(constant.getInitializer()?.getText() ?? "")) constant.setInitializer("0");
      }
    }
  }
  for (const fn of file.getFunctions()) {
    if (!fn.isExported()) {
      fn.remove();
      continue;
    }
    const type = fn.getReturnTypeNode()?.getText() ?? "void";
    fn.setBodyText(type === "void" ? "" : type === "bool" ? "return false;" : `return <${type}>0;`);
  }
  return file.getFullText();
}

/** Builds the core without cryptography in a copy of the checkout, and compares. `report` is the build with it. */
export async function measureSize(
  root: string,
  board: VirtualBoard,
  report: BuildReport,
  build: (from: string) => Promise<BuildReport>,
): Promise<Result[]> {
  const whole = await wasmSizes(readFileSync(join(root, "build", "core", "relay.wasm")));
  const metacode = await metacodeOf(board, report.image);
  process.env.MEHR_HOME ??= pioPlace(root).home;
  const copy = copyCheckout(root);
  try {
    for (const name of readdirSync(join(copy.path, FOLDER))) {
      if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
      const path = join(copy.path, FOLDER, name);
      writeFileSync(path, await emptied(readFileSync(path, "utf8")));
    }
    const without = await build(copy.path);
    const rest = await wasmSizes(readFileSync(join(copy.path, "build", "core", "relay.wasm")));
    const wasm = report.manifest.core.size - without.manifest.core.size;
    const data = whole.data - rest.data;
    const row = (name: string, value: number): Result => ({ name, value, unit: "B", engine: "size" });
    return [
      judged(
        { ...row("wasm added by cryptography", wasm), baseline: WASM_BUDGET, ratio: wasm / WASM_BUDGET },
        { value_at_most: WASM_BUDGET },
      ),
      row("of it code", whole.code - rest.code),
      row("of it constants", data),
      row("linear memory added, constants included", whole.memory - rest.memory),
      row("metacode added under wasm3", metacode - (await metacodeOf(board, without.image))),
    ];
  } finally {
    copy.remove();
  }
}
