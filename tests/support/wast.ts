/**
 * Scripts of the WebAssembly test suite (the `.wast` form): S-expressions of modules and of what is to come of calls.
 */

/** A word, a string with its quotes as written, or a list. */
export type Node = string | readonly Node[];

export interface Form {
  /** From 1. */
  readonly line: number;
  readonly list: readonly Node[];
}

/** Splits a script into its outermost lists. Throws RangeError, with the line, on one that is not closed. */
export function readScript(text: string): Form[] {
  // White space, ;; to the end of the line, a string, one parenthesis, (; starts a comment that nests, a word.
  const token = /\s+|;;[^\n]*|\(;|"(?:[^"\\]|\\.)*"|[()]|[^\s()";]+|./gsu;
  const forms: Form[] = [];
  const open: Node[][] = [];
  let line = 1;
  let started = 1;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [word] = match;
    if (word === "(;") {
      const end = commentEnd(text, match.index, line);
      line += lines(text.slice(match.index, end));
      token.lastIndex = end;
      continue;
    }
    if (word === "(") {
      if (open.length === 0) started = line;
      open.push([]);
    } else if (word === ")") {
      const list = open.pop();
      if (list === undefined) throw new RangeError(`line ${line}: a parenthesis closes nothing`);
      const outer = open.at(-1);
      if (outer === undefined) forms.push({ line: started, list });
      else outer.push(list);
    } else if (!/^(\s|;;)/.test(word)) {
      open.at(-1)?.push(word);
    }
    line += lines(word);
  }
  if (open.length > 0) throw new RangeError(`line ${started}: a list is not closed`);
  return forms;
}

const lines = (text: string): number => text.split("\n").length - 1;

function commentEnd(text: string, start: number, line: number): number {
  const mark = /\(;|;\)/g;
  mark.lastIndex = start;
  let depth = 0;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    depth += match[0] === "(;" ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  throw new RangeError(`line ${line}: a comment is not closed`);
}

/** The text of a node, without comments and line breaks. */
export function writeNode(node: Node): string {
  return typeof node === "string" ? node : `(${node.map(writeNode).join(" ")})`;
}

/** Whether `node` is a list that begins with the word `head`. */
export function isList(node: Node | undefined, head: string): node is readonly Node[] {
  return Array.isArray(node) && node[0] === head;
}

/** The value of a string as the text format writes it. Bytes that are not UTF-8 are replaced. */
export function stringValue(node: Node | undefined): string {
  if (typeof node !== "string" || !node.startsWith('"')) throw new TypeError(`${JSON.stringify(node)} is no string`);
  const bytes: number[] = [];
  const part = /\\u\{([0-9a-fA-F_]+)\}|\\([0-9a-fA-F]{2})|\\(.)|([^\\]+)/gsu;
  const escapes: Record<string, string> = { t: "\t", n: "\n", r: "\r" };
  for (const [, point, byte, escape, plain] of node.slice(1, -1).matchAll(part)) {
    if (byte !== undefined) bytes.push(parseInt(byte, 16));
    else if (point !== undefined) bytes.push(...Buffer.from(String.fromCodePoint(parseInt(point, 16))));
    else bytes.push(...Buffer.from(plain ?? escapes[escape ?? ""] ?? escape ?? ""));
  }
  return Buffer.from(bytes).toString("utf8");
}

/** An integer as the text format and the tables of the tests write it: -1, 0xffff_ffff, -0x80. */
export function integer(text: string): bigint {
  const magnitude = BigInt(text.replace(/^[+-]/, "").replaceAll("_", ""));
  return text.startsWith("-") ? -magnitude : magnitude;
}

/** An i32 as a number, an i64 as a bigint, as in WebAssembly's JavaScript interface; both without sign. */
export type Value = number | bigint;

/** The value of (i32.const N) or (i64.const N); undefined for any other node. */
export function constant(node: Node): Value | undefined {
  if (typeof node === "string" || typeof node[1] !== "string") return undefined;
  if (node[0] === "i32.const") return Number(BigInt.asUintN(32, integer(node[1])));
  if (node[0] === "i64.const") return BigInt.asUintN(64, integer(node[1]));
  return undefined;
}
