/** Where the bytes of relay.wasm are: its code by the rooms and files of the core. */
import type { CoreBuild } from "../../../toolchain/core/compile.ts";
import { decodeModule } from "../../../toolchain/wasm/module.ts";
import type { Result } from "./measure.ts";

/** The room a function's source lies in: the first folder below core-as/assembly, or the root of it. */
function room(name: string): string {
  const path = /^core-as\/assembly\/(?:(\w+)\/)?/.exec(name);
  if (path === null) return "compiler";
  return path[1] !== undefined && ROOMS.has(path[1]) ? path[1] : "node";
}

const ROOMS = new Set(["crypto", "wire", "state", "link", "net", "trust"]);

/** Bytes of code of each room. Small functions may be inlined into their callers' rooms. */
export function roomSizes({ named }: Pick<CoreBuild, "named">): Result[] {
  const module = decodeModule(Uint8Array.from(named));
  const sizes = new Map<string, number>();
  module.functions.forEach((body, i) => {
    const key = room(module.functionNames.get(module.imports.length + i) ?? "");
    sizes.set(key, (sizes.get(key) ?? 0) + body.end - body.start);
  });
  return [...sizes].sort().map(([name, value]) => ({ name: `code of ${name}`, value, unit: "B", engine: "size" }));
}
