/** The text of a board's file, formatted as prettier does it. */
import type { Board } from "./schema.ts";

const WIDTH = 120;

/** Fields written in hexadecimal, with their least number of digits. */
const HEX: Readonly<Record<string, number>> = { vid: 4, pid: 4, size: 1, bootloader: 1, offset: 1, max: 1, family: 8 };

/** Text of boards/<id>.ts for a value. */
export function boardText(board: Board): string {
  const rest = `export default defineBoard(${text(board, "", "", true)});\n`;
  return `import { defineBoard } from "./schema.ts";\n\n/** ${board.name}. */\n${rest}`;
}

/** A value at an indent, behind `before` on its line; on that line if it fits and nothing makes it break. */
function text(value: unknown, indent: string, before: string, breaks = false, field = ""): string {
  if (typeof value === "number" && field in HEX && value !== 0) {
    return `0x${value.toString(16).padStart(HEX[field] ?? 1, "0")}`;
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((one: unknown) => ({ head: "", value: one, field }))
    : Object.entries(value).map(([key, one]) => ({ head: `${name(key)}: `, value: one as unknown, field: key }));
  const [open, close, gap] = Array.isArray(value) ? ["[", "]", ""] : ["{", "}", " "];
  if (parts.length === 0) return `${open}${close}`;
  const inline = parts.map((part) => `${part.head}${text(part.value, inner, "", false, part.field)}`);
  const line = `${open}${gap}${inline.join(", ")}${gap}${close}`;
  // One more for the comma behind it.
  const fits = !line.includes("\n") && indent.length + before.length + line.length + 1 <= WIDTH;
  if (!breaks && fits && !several(value)) return line;
  const lines = parts.map((part) => `${inner}${part.head}${text(part.value, inner, part.head, false, part.field)},`);
  return `${open}\n${lines.join("\n")}\n${indent}${close}`;
}

/** Prettier breaks a list of several lists or objects that have more than one entry each. */
function several(value: object): boolean {
  return (
    Array.isArray(value) &&
    value.length > 1 &&
    value.every((one: unknown) => typeof one === "object" && one !== null && Object.keys(one).length > 1)
  );
}

function name(key: string): string {
  return /^([A-Za-z_]\w*|0|[1-9]\d*)$/.test(key) ? key : JSON.stringify(key);
}
