/** Where in the AssemblyScript sources an instruction comes from, by the compiler's source map. */
import { decode } from "@jridgewell/sourcemap-codec";
import { MehrError } from "../errors.ts";

export interface SourceLine {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export type LineOf = (offset: number) => SourceLine | undefined;

/** Reads a source map of version 3 whose columns are offsets in the module, as asc writes it. */
export function sourceLines(text: string): LineOf {
  let map: { sources: string[]; mappings: string };
  try {
    map = JSON.parse(text) as typeof map;
    if (!Array.isArray(map.sources) || typeof map.mappings !== "string") throw new SyntaxError("fields are missing");
  } catch (error) {
    throw new MehrError(1, `The source map of the module cannot be read: ${(error as Error).message}.`);
  }
  const segments = decode(map.mappings)[0] ?? [];
  return (offset) => {
    let [low, high] = [0, segments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((segments[middle]?.[0] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    const [, source, line] = segments[low - 1] ?? [];
    const file = source === undefined ? undefined : map.sources[source];
    return file === undefined || line === undefined ? undefined : { file, line: line + 1 };
  };
}
