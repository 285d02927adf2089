/**
 * boards/values.ts, which imports every board: made from the files of the folder, so that a new board is one file.
 * toolchain/pack-cli.mjs writes it before it packs; an esbuild pack and Node's own loader need the imports spelt out.
 */
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const BOARD_INDEX = "boards/values.ts";

/** Ids of the boards in `root`/boards, in alphabetical order: the names of the files that default-export one. */
export function boardFileIds(root) {
  const folder = join(root, "boards");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .filter((name) => /^export default defineBoard\(/m.test(readFileSync(join(folder, name), "utf8")))
    .map((name) => name.slice(0, -".ts".length))
    .sort();
}

/** "t3s3-sx1262" as a name in TypeScript, whatever it starts with: "boardT3s3Sx1262". */
function identifier(id) {
  const parts = id.split(/[^a-zA-Z0-9]+/).filter((part) => part !== "");
  return `board${parts.map((part) => part[0].toUpperCase() + part.slice(1)).join("")}`;
}

/** Text of boards/values.ts for these ids. */
export function boardIndexText(ids) {
  return `/** Every board, by id. Made from the files of this folder by toolchain/board-index.mjs: run \`mehr generate\`. */
${ids.map((id) => `import ${identifier(id)} from "./${id}.ts";\n`).join("")}import type { Board } from "./schema.ts";

export const VALUES: ReadonlyMap<string, Board> = new Map([
${ids.map((id) => `  ["${id}", ${identifier(id)}],\n`).join("")}]);
`;
}

/** Writes boards/values.ts if it is not what the folder says. A crash leaves the old text or the new one. */
export function writeBoardIndex(root) {
  const path = join(root, BOARD_INDEX);
  const text = boardIndexText(boardFileIds(root));
  let found;
  try {
    found = readFileSync(path, "utf8");
  } catch {
    // Absent: written below.
  }
  if (found === text) return;
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
