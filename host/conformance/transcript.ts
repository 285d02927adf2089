/**
 * A conformance transcript: what goes into a core, and what every engine must make of it, as text one can read in a
 * diff.
 *
 *   mehr-transcript 2                       first line: the format's version
 *   # ...                                   comment, kept on recording
 *   entropy BYTES                           appends to the queue the core's `entropy` draws from
 *   radio STATUS                            what `frame_send` answers from now on
 *   boot NOW BYTES | timer NOW | command NOW BYTES | frame NOW PORT RSSI SNR BYTES
 *   crypto PRIMITIVE BYTES                  runs a primitive of the core, by its number in abi.ts
 *   fresh                                   a new core, never booted, with empty storage and no entropy
 *   hash                                    asks for the state hash
 *
 * Below each input, indented, stands what came of it: `send PORT FLAGS BYTES`, `put KEY BYTES`, `delete KEY`,
 * `event KIND BYTES`, `out BYTES` in order, then `= STATUS DEADLINE`; below `hash`, its 32 bytes. Bytes are hex, `-` for none; times are
 * ms; a deadline is `-` if there is none.
 */
import type { Output } from "../board/protocol.ts";
import type { Primitive } from "../core/abi.gen.ts";

export type Input =
  | { readonly op: "boot"; readonly now: bigint; readonly config: Uint8Array }
  | {
      readonly op: "frame";
      readonly now: bigint;
      /** 0..255; 0 is the radio. */
      readonly port: number;
      readonly rssiDbm: number;
      readonly snrQdb: number;
      readonly frame: Uint8Array;
    }
  | { readonly op: "fresh" }
  | { readonly op: "timer"; readonly now: bigint }
  | { readonly op: "command"; readonly now: bigint; readonly command: Uint8Array }
  | { readonly op: "entropy"; readonly bytes: Uint8Array }
  | { readonly op: "radio"; readonly status: number }
  | { readonly op: "crypto"; readonly primitive: Primitive; readonly bytes: Uint8Array };

export interface StepResult {
  readonly status: number;
  /** undefined: the core wants no timer. */
  readonly deadline: bigint | undefined;
  readonly outputs: readonly Output[];
}

/** One entry: a comment, an input with its expected outcome, or a state hash. Outcomes are the indented lines. */
export type Entry =
  | { readonly kind: "comment"; readonly text: string }
  | { readonly kind: "input"; readonly line: number; readonly input: Input; readonly expected: readonly string[] }
  | { readonly kind: "hash"; readonly line: number; readonly expected: readonly string[] };

const FIRST_LINE = "mehr-transcript 2";

/** A line of a transcript that does not follow the format. */
export class TranscriptError extends Error {
  constructor(line: number, text: string, why: string) {
    super(`line ${line}: ${why}, in "${text.length > 60 ? `${text.slice(0, 57)}...` : text}".`);
  }
}

export function hexOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "-" : Buffer.from(bytes).toString("hex");
}

export function inputText(input: Input): string {
  switch (input.op) {
    case "boot":
      return `boot ${input.now} ${hexOf(input.config)}`;
    case "frame":
      return `frame ${input.now} ${input.port} ${input.rssiDbm} ${input.snrQdb} ${hexOf(input.frame)}`;
    case "fresh":
      return "fresh";
    case "timer":
      return `timer ${input.now}`;
    case "command":
      return `command ${input.now} ${hexOf(input.command)}`;
    case "entropy":
      return `entropy ${hexOf(input.bytes)}`;
    case "radio":
      return `radio ${input.status}`;
    case "crypto":
      return `crypto ${input.primitive} ${hexOf(input.bytes)}`;
  }
}

/** The outcome as the transcript writes it, without the indentation. */
export function resultText(result: StepResult): string[] {
  return [...result.outputs.map(outputText), `= ${result.status} ${result.deadline ?? "-"}`];
}

function outputText(output: Output): string {
  switch (output.kind) {
    case "send":
      return `send ${output.port} ${output.flags} ${hexOf(output.frame)}`;
    case "put":
      return `put ${output.key} ${hexOf(output.value)}`;
    case "delete":
      return `delete ${output.key}`;
    case "event":
      return `event ${output.event} ${hexOf(output.bytes)}`;
    case "out":
      return `out ${hexOf(output.bytes)}`;
  }
}

/** Parses a transcript. Throws TranscriptError naming the line. */
export function parseTranscript(text: string): Entry[] {
  const lines = text.split("\n");
  if (lines[0] !== FIRST_LINE) throw new TranscriptError(1, lines[0] ?? "", `the first line must be "${FIRST_LINE}"`);
  const entries: Entry[] = [];
  let expected: string[] | undefined;
  for (const [i, line] of lines.entries()) {
    if (i === 0 || line === "") continue;
    if (line.startsWith("#")) {
      entries.push({ kind: "comment", text: line });
    } else if (line.startsWith("  ")) {
      if (expected === undefined) throw new TranscriptError(i + 1, line, "an outcome stands before any input");
      expected.push(line.slice(2));
    } else {
      expected = [];
      if (line === "hash") entries.push({ kind: "hash", line: i + 1, expected });
      else entries.push({ kind: "input", line: i + 1, input: parseInput(i + 1, line), expected });
    }
  }
  return entries;
}

export function transcriptText(entries: readonly Entry[]): string {
  const out = [FIRST_LINE];
  for (const entry of entries) {
    if (entry.kind === "comment") out.push("", entry.text);
    else
      out.push(entry.kind === "hash" ? "hash" : inputText(entry.input), ...entry.expected.map((line) => `  ${line}`));
  }
  return `${out.join("\n")}\n`;
}

function parseInput(number: number, line: string): Input {
  const [op, ...fields] = line.split(" ");
  const want = (count: number): void => {
    if (fields.length !== count)
      throw new TranscriptError(number, line, `${op} takes ${count} fields, here are ${fields.length}`);
  };
  const integer = (i: number): number => {
    const value = Number(fields[i]);
    if (!/^-?\d+$/.test(fields[i] ?? "") || !Number.isSafeInteger(value)) {
      throw new TranscriptError(number, line, `"${fields[i]}" is not a number`);
    }
    return value;
  };
  const time = (): bigint => {
    if (!/^\d{1,20}$/.test(fields[0] ?? ""))
      throw new TranscriptError(number, line, `"${fields[0]}" is not a time in ms`);
    return BigInt(fields[0] ?? "0");
  };
  const bytes = (i: number): Uint8Array => {
    const text = fields[i] ?? "";
    if (text === "-") return new Uint8Array(0);
    if (!/^([0-9a-f]{2})+$/.test(text)) throw new TranscriptError(number, line, `"${text.slice(0, 20)}" is not hex`);
    return Uint8Array.from(Buffer.from(text, "hex"));
  };
  switch (op) {
    case "boot":
      want(2);
      return { op, now: time(), config: bytes(1) };
    case "frame":
      want(5);
      return { op, now: time(), port: integer(1), rssiDbm: integer(2), snrQdb: integer(3), frame: bytes(4) };
    case "fresh":
      want(0);
      return { op };
    case "timer":
      want(1);
      return { op, now: time() };
    case "command":
      want(2);
      return { op, now: time(), command: bytes(1) };
    case "entropy":
      want(1);
      return { op, bytes: bytes(0) };
    case "radio":
      want(1);
      return { op, status: integer(0) };
    case "crypto":
      want(2);
      // Any number may be asked for; the core says which ones it has.
      return { op, primitive: integer(0) as Primitive, bytes: bytes(1) };
    default:
      throw new TranscriptError(number, line, `"${op}" is no input`);
  }
}
