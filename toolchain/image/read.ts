/** What every reader of this folder returns: it takes any bytes and never throws. */

/** The value, or one clause that says what is wrong; whoever asked puts the file's name before it. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export function good<T>(value: T): Read<T> {
  return { ok: true, value };
}

export function bad(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}

export function hex(value: number, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

export function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
