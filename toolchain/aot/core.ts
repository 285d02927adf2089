/** The core as C: build/core/aot/relay.c and relay.h, what an image with engine `aot` is made of. */
import { join } from "node:path";
import { type NamedModule, sha256Hex } from "../core/compile.ts";
import { wasmSizes } from "../core/sizes.ts";
import { writeIfChanged } from "../paths.ts";
import { AOT_HEADER, AOT_NAME, AOT_SOURCE, AOT_WASM_SHA256, AOT_WASM_SIZE } from "./core-names.ts";
import { type Translation, translate } from "./translate.ts";

/** Linear memory begins and ends at a multiple of this, so that copies of whole words may be used on all of it. */
const ALIGNMENT = 16;

/**
 * A core as C. It gets the memory it says it uses and not a byte more: what lies behind is other variables' RAM.
 * Throws MehrError (exit 1) for a module the translator does not take.
 */
export async function translateModule(module: NamedModule): Promise<Translation> {
  const { memory } = await wasmSizes(module.wasm);
  return translate(module.named, {
    name: AOT_NAME,
    memoryBytes: Math.ceil(memory / ALIGNMENT) * ALIGNMENT,
    sourceMap: module.sourceMap,
  });
}

/** Writes the translation of a core to build/core of the checkout at `root`. It is quick, so nothing is kept of it. */
export async function translateCore(options: {
  readonly root: string;
  readonly core: NamedModule;
}): Promise<Translation> {
  const { root, core } = options;
  const translation = await translateModule(core);
  const out = join(root, "build", "core");
  writeIfChanged(join(out, AOT_HEADER), translation.header);
  // In one file, so that an image cannot carry one core and name another.
  writeIfChanged(join(out, AOT_SOURCE), `${translation.source}\n${identity(core.wasm)}`);
  return translation;
}

/** Size and hash of the module, as constants that IDENTIFY tells. */
function identity(wasm: Uint8Array): string {
  const bytes = sha256Hex(wasm).match(/../g) ?? [];
  return [
    "/* The module all this was made from. */",
    `const uint32_t ${AOT_WASM_SIZE} = ${wasm.length}u;`,
    `const uint8_t ${AOT_WASM_SHA256}[32] = {${bytes.map((byte) => `0x${byte}`).join(", ")}};`,
    "",
  ].join("\n");
}
