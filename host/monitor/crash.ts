/**
 * Faults in words: addresses to functions and source lines, fault registers to causes, numbers of wasm functions to
 * names. It looks at every sentence and every text of a board, since they come as Fatal, as Log, as last words, and as
 * what a framework prints outside frames.
 */
import { MACHINE } from "../../toolchain/image/elf.ts";
import { assemblyName } from "../../toolchain/symbols/wasm-names.ts";
import { sourceLines } from "../../toolchain/symbols/lines.ts";
import { causeText, espReasonText } from "./causes.ts";
import type { KnownImage, Meanings } from "./images.ts";

/** An address in a text, and what it is there. */
interface Address {
  readonly label: string;
  readonly address: number;
  /** A return address: the call is the instruction before it. */
  readonly returns: boolean;
}

const hex = (address: number): string => `0x${address.toString(16).padStart(8, "0")}`;

/** boards/runtime/src/fault_sentence.h; ESP-IDF's register dumps write "PC      : 0x...", "MEPC    : 0x...". */
const REGISTERS = /\b(pc|epc1?|mepc|lr|ra)\s*:?\s+(?:0x)([0-9a-f]{8})\b/gi;
/** ESP-IDF: "Backtrace: 0x400d1234:0x3ffb2170 0x400d5678:0x3ffb2190 |<-CORRUPTED". */
const BACKTRACE = /Backtrace:\s*((?:0x[0-9a-f]{8}:0x[0-9a-f]{8}\s*)+)/i;
/** ESP-IDF: "abort() was called at PC 0x400d1234 on core 1". */
const CAUSES = /\b(cfsr|hfsr|mcause|exccause)\s*:?\s+0x([0-9a-f]{1,8})\b/gi;
const REASON = /Guru Meditation Error: Core\s+(\d+) panic'ed \(([^)]*)\)/;
/** Engines: "wasm function 123", V8's "wasm-function[123]". */
const WASM = /\bwasm[- ]function[ [](\d+)\]?/g;

const RETURNS = new Set(["lr", "ra"]);
/** A trap of translated code tells where mehr_aot_trap was called from: a return address under the name of pc. */
const TRAP = "[trap]";
/** EXC_RETURN (ARMv7-M B1.5.8): not an address but how an exception returns. */
const isExceptionReturn = (address: number): boolean => address >= 0xffff_ffe0;

function addressesIn(text: string): Address[] {
  const found: Address[] = [];
  for (const [, label = "", digits = ""] of text.matchAll(REGISTERS)) {
    const name = label.toLowerCase();
    found.push({ label: name, address: parseInt(digits, 16), returns: RETURNS.has(name) || text.includes(TRAP) });
  }
  const frames = BACKTRACE.exec(text)?.[1] ?? "";
  for (const [i, frame] of frames.trim().split(/\s+/).filter(Boolean).entries()) {
    found.push({ label: `#${i}`, address: parseInt(frame.slice(2, 10), 16), returns: false });
  }
  return found;
}

/** Whether there is anything in a text that `decodeCrash` has words for. */
export function looksLikeCrash(text: string): boolean {
  return [REGISTERS, BACKTRACE, CAUSES, REASON, WASM].some((pattern) => text.search(pattern) >= 0);
}

/** Lines that say what a sentence or text of a board means; none if there is nothing to say. Never fails. */
export async function decodeCrash(text: string, meanings: Meanings | undefined): Promise<string[]> {
  const lines: string[] = [];
  const [, core, reason] = REASON.exec(text) ?? [];
  const why = reason === undefined ? undefined : espReasonText(reason);
  if (why !== undefined) lines.push(`${reason} on core ${core}: ${why}.`);
  for (const [, register = "", digits = ""] of text.matchAll(CAUSES)) {
    const name = register.toLowerCase();
    const cause = causeText(name, parseInt(digits, 16));
    if (cause !== undefined) lines.push(`${name} 0x${digits}: ${cause}.`);
  }
  lines.push(...(await addressLines(addressesIn(text), meanings)), ...wasmLines(text, meanings));
  return lines;
}

async function addressLines(addresses: readonly Address[], meanings: Meanings | undefined): Promise<string[]> {
  if (addresses.length === 0) return [];
  const image = meanings?.image;
  if (image === undefined) return [unknownImage(meanings)];
  const sources = await sourceLines(
    image.elf,
    image.machine,
    addresses.map(({ address, returns }) => lookedUp(image, address, returns)),
  );
  return addresses.map((one, i) => {
    const where = RETURNS.has(one.label) ? "called from" : "at";
    return `${one.label} ${hex(one.address)}: ${placeText(image, one, where, sources[i])}.`;
  });
}

function unknownImage(meanings: Meanings | undefined): string {
  const sha256 = meanings?.imageSha256;
  return sha256 === undefined
    ? "The board cannot tell which image it runs, so the addresses stay addresses."
    : `The image this board runs (sha256 ${sha256.slice(0, 16)}…) is not in dist/, so the addresses stay addresses: put the folder it was flashed from there.`;
}

/**
 * Where to look: without the Thumb bit (ELF for the Arm Architecture 5.5.3), with the region in the place of a return
 * address' window size (Xtensa ISA 4.7.1.5; flash and RAM for instructions are at 0x40000000), and for a return address
 * inside the call before it.
 */
function lookedUp({ machine }: KnownImage, address: number, returns: boolean): number {
  const windowed = machine === MACHINE.xtensa && address >= 0x8000_0000;
  const whole = windowed ? (address & 0x3fff_ffff) + 0x4000_0000 : address;
  const plain = machine === MACHINE.arm ? whole - (whole & 1) : whole;
  return returns && plain > 0 ? plain - 1 : plain;
}

function placeText(image: KnownImage, one: Address, where: string, source: string | undefined): string {
  if (image.machine === MACHINE.arm && isExceptionReturn(one.address)) return "in an exception handler";
  const place = image.symbols.find(lookedUp(image, one.address, one.returns));
  if (place === undefined) return "in no function of the image";
  const offset = place.offset + (one.returns ? 1 : 0);
  const file = place.symbol.file === undefined ? "" : ` (${place.symbol.file})`;
  return `${where} ${place.symbol.name}+0x${offset.toString(16)}${source === undefined ? file : ` (${source})`}`;
}

function wasmLines(text: string, meanings: Meanings | undefined): string[] {
  return [...text.matchAll(WASM)].flatMap(([, index = ""]) => {
    const name = meanings?.functions?.get(Number(index));
    if (name !== undefined) return [`wasm function ${index}: ${assemblyName(name)}.`];
    return meanings?.functions === undefined
      ? [`wasm function ${index}: the core this board runs was not compiled here, so its name is not known.`]
      : [`wasm function ${index}: the core has no function of that number.`];
  });
}
