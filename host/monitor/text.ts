/**
 * Text for a terminal's screen: made harmless, measured in columns, cut to fit.
 *
 * Names and log lines come from a board, and some of them from the air: whoever sends a beacon or a message must not be
 * able to move our cursor, rename our window or turn a line around. So nothing but printing characters gets through.
 */

/**
 * What is not a character to be seen: controls (C0, DEL, C1: ECMA-48), format characters (bidirectional overrides, zero
 * width, tags), half surrogates, private use, unassigned, line and paragraph separators.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;
/** They make some terminals draw the character before them wider than others do. */
const VARIATION = /[\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
/** Marks piled on one letter run over the lines above and below. */
const PILED = /(\p{M}{2})\p{M}+/gu;
/** Spaces of all widths and the fillers of Hangul, which look like one. */
const SPACES = /[\p{Zs}\u115f\u1160\u3164\uffa0\u2800]/gu;

/** `text` as it may go to a terminal: one line of printing characters. */
export function plain(text: string): string {
  return text
    .replaceAll(/\r\n|[\t\r\n]/g, " ")
    .replaceAll(UNSEEN, "\ufffd")
    .replaceAll(VARIATION, "")
    .replaceAll(SPACES, " ")
    .replaceAll(PILED, "$1");
}

/**
 * East Asian Wide and Fullwidth (UAX #11) in ranges, generously: where characters of both kinds stand together, all count
 * as wide, since a line that is a column short does no harm and one that is too long does.
 */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x11ff],
  [0x231a, 0x232a],
  [0x23e9, 0x23f3],
  [0x25fd, 0x27bf],
  [0x2b1b, 0x2b55],
  [0x2e80, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7ff],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe1f],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18dff],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d37f],
  [0x1f000, 0x1faff],
  [0x20000, 0x3ffff],
];

/** Columns a character takes, at most. Combining marks take none. */
function columnsOf(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (/^\p{M}$/u.test(character)) return /^\p{Mc}$/u.test(character) ? 1 : 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Columns a text takes, at most. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

/** As much of a text as `columns` hold, with an ellipsis where something is missing. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  if (columns < 1) return "";
  let kept = "";
  let used = 0;
  for (const character of text) {
    const more = columnsOf(character);
    if (used + more > columns - 1) break;
    kept += character;
    used += more;
  }
  return `${kept}…`;
}

/** A text in a column: cut, or filled up with spaces. */
export function cell(text: string, columns: number, align: "left" | "right" = "left"): string {
  const kept = cut(text, columns);
  const fill = " ".repeat(Math.max(0, columns - width(kept)));
  return align === "left" ? kept + fill : fill + kept;
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;

/** A bar of `columns` for a share from 0 to 1. Something, however little, shows. */
export function bar(share: number, columns: number): string {
  const within = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0));
  const eighths = within === 0 ? 0 : Math.max(1, Math.round(within * columns * 8));
  const text = "█".repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? "");
  return text + "░".repeat(Math.max(0, columns - text.length));
}

/** "5 s", "3 min", "2 h 5 min", "4 d 3 h". */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 100) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 100) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return `${h} h ${min % 60} min`;
  return `${Math.floor(h / 24)} d ${h % 24} h`;
}

/** "12:03:59" of a Unix time, UTC. */
export function clock(unixMs: number): string {
  return new Date(unixMs).toISOString().slice(11, 19);
}

/** The first 8 digits of an address: enough to tell relays on one channel apart. */
export function short(hex: string): string {
  return hex.slice(0, 8);
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
}
