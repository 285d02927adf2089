/** Inputs of the `crypto` export (`Primitive` in core-as/assembly/abi.ts) put together from their parts, all hex. */
import type { CallVector } from "./vector.ts";

/** Hex written over several lines. */
export function hex(...parts: readonly string[]): string {
  return parts.join("").replace(/\s+/g, "").toLowerCase();
}

/** Hex of ASCII text. */
export function ascii(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

/** Hex of a little-endian number of `size` bytes. */
export function number(value: number, size: number): string {
  return Array.from({ length: size }, (_, i) =>
    (Math.floor(value / 2 ** (8 * i)) & 0xff).toString(16).padStart(2, "0"),
  ).join("");
}

export function blake2b(outLength: number, message: string): string {
  return number(outLength, 1) + message;
}

export function chacha20(key: string, nonce: string, counter: number, input: string): string {
  return key + nonce + number(counter, 4) + input;
}

/** Of Seal with a plaintext, of Open with a ciphertext and its tag. */
export function aead(key: string, nonce: string, aad: string, text: string): string {
  return key + nonce + number(aad.length / 2, 2) + aad + text;
}

export function verify(publicKey: string, signature: string, message: string): string {
  return publicKey + signature + message;
}

export interface Row {
  readonly status: NonNullable<CallVector["status"]>;
  readonly name: string;
  /** Hex. A field that is not there is the empty string. */
  readonly fields: readonly [string, string, string, string, string, string];
}

/**
 * A table of cases, one a line: the status, the fields in hex, `|`, what the case is. `-` stands for no bytes, and a
 * word of `names` for its value, so that what differs from an honest case is what the eye meets.
 */
export function rows(table: string, names: Readonly<Record<string, string>>): readonly Row[] {
  return table
    .trim()
    .split("\n")
    .map((line) => {
      const bar = line.indexOf(" | ");
      const [status, ...words] = line.slice(0, bar).split(/ +/);
      const [a = "", b = "", c = "", d = "", e = "", f = ""] = words.map((word) =>
        word === "-" ? "" : (names[word] ?? word),
      );
      return { status: status as Row["status"], name: line.slice(bar + 3), fields: [a, b, c, d, e, f] };
    });
}
