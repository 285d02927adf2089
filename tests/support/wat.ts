/** The text format assembled by wabt. */
import loadWabt from "wabt";
import { MEMORY } from "./outcomes.ts";
import { isList, type Node } from "./wast.ts";

/** Gives the module for a text; `name` is for its messages. Throws if the text is not a valid module. */
export type Assemble = (name: string, text: string) => Uint8Array<ArrayBuffer>;

/** More than the translator takes: what it refuses is tested too. */
const FEATURES = {
  sign_extension: true,
  bulk_memory: true,
  multi_value: true,
  mutable_globals: true,
  reference_types: true,
  sat_float_to_int: true,
  simd: true,
  tail_call: true,
  threads: true,
  extended_const: true,
  memory64: true,
  exceptions: true,
};

/** The name section of its modules says what the text names. */
export async function loadAssembler(): Promise<Assemble> {
  const wabt = await loadWabt();
  return (name, text) => {
    // wabt takes a string of bytes.
    const parsed = wabt.parseWat(name, Buffer.from(text).toString("latin1"), FEATURES);
    try {
      return new Uint8Array(parsed.toBinary({ write_debug_names: true }).buffer);
    } finally {
      parsed.destroy();
    }
  };
}

/** The module with its memory exported as MEMORY, if it defines one. */
export function showingMemory(module: readonly Node[]): readonly Node[] {
  if (!module.some((field) => isList(field, "memory"))) return module;
  return [...module, ["export", JSON.stringify(MEMORY), ["memory", "0"]]];
}
