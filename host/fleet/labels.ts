/**
 * Labels to print and stick onto boards: name, address in hex and as a QR code, region, board and date, 21 to an A4 sheet
 * of 63.5 x 38.1 mm, a size that many makers cut (Avery L7160). Lengths are in millimetres, from the top left corner.
 */
import { encodeQR } from "qr";
import { destinationUri, grouped } from "./destination.ts";

/** What a label says. */
export interface Label {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly destination: string;
  /** Empty: it only listens. */
  readonly region: string;
  readonly board: string;
  /** ISO 8601; its day is printed. */
  readonly provisioned_at: string;
}

export const SHEET = {
  width: 210,
  height: 297,
  columns: 3,
  rows: 7,
  left: 7.2,
  top: 15.15,
  pitchX: 66.05,
  pitchY: 38.1,
};
const LABEL = { width: 63.5, height: 38.1 };
export const LABELS_PER_SHEET = SHEET.columns * SHEET.rows;

const QR_SIZE = 31;
/** Light modules around the code (ISO/IEC 18004 section 9.1 asks for four). */
const QUIET = 4;
const TEXT = { x: 33.5, width: 28.5 };
/** Advance of every character of Courier, and of the usual monospaced fonts, in ems. */
const ADVANCE = 0.602;

export interface TextLine {
  readonly text: string;
  readonly x: number;
  /** Of the baseline. */
  readonly y: number;
  /** Font size. */
  readonly size: number;
  readonly bold: boolean;
}

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One sheet: what the writers of SVG and PDF draw. */
export interface Sheet {
  readonly lines: readonly TextLine[];
  /** Black. */
  readonly boxes: readonly Box[];
  /** Hairlines around labels, for those who cut. */
  readonly outlines: readonly Box[];
}

/** The dark and light modules of a label's QR code, true where dark, without the quiet zone. */
export function qrModules(destination: string): boolean[][] {
  // A sticker on a roof fades and gets dirty: a quarter of it may be lost.
  const modules = encodeQR(destinationUri(destination), "raw", {
    ecc: "quartile",
    encoding: "alphanumeric",
    border: 1,
  });
  return modules.slice(1, -1).map((row) => row.slice(1, -1));
}

/** Puts labels on as many sheets as they need, in their order, row by row. */
export function layOut(labels: readonly Label[]): Sheet[] {
  const sheets: Sheet[] = [];
  for (let first = 0; first < labels.length; first += LABELS_PER_SHEET) {
    const placed = labels.slice(first, first + LABELS_PER_SHEET).map((label, index) => {
      const x = SHEET.left + (index % SHEET.columns) * SHEET.pitchX;
      const y = SHEET.top + Math.floor(index / SHEET.columns) * SHEET.pitchY;
      return { outline: { x, y, ...LABEL }, lines: textOf(label, x, y), boxes: codeOf(label, x, y) };
    });
    sheets.push({
      lines: placed.flatMap(({ lines }) => lines),
      boxes: placed.flatMap(({ boxes }) => boxes),
      outlines: placed.map(({ outline }) => outline),
    });
  }
  return sheets;
}

function textOf(label: Label, left: number, top: number): TextLine[] {
  const { name, destination, region, board, provisioned_at } = label;
  const groups = grouped(destination);
  const rows: { text: string; most: number; bold: boolean; gap: number }[] = [
    ...wrapped(name).map((text, index) => ({ text, most: 3.8, bold: true, gap: index === 0 ? 7 : 4.2 })),
    { text: groups.slice(0, 19), most: 2.45, bold: false, gap: 5.2 },
    { text: groups.slice(20), most: 2.45, bold: false, gap: 3.4 },
    { text: board, most: 2.45, bold: false, gap: 4.8 },
    { text: region === "" ? "listens only" : region, most: 2.45, bold: false, gap: 3.4 },
    { text: provisioned_at.slice(0, 10), most: 2.45, bold: false, gap: 3.4 },
  ];
  let y = top;
  return rows.map(({ text, most, bold, gap }) => {
    y += gap;
    const size = Math.min(most, TEXT.width / (ADVANCE * [...text].length));
    return { text, x: left + TEXT.x, y, size, bold };
  });
}

/** A name on one line, or on two as even as its spaces and dashes let them be. */
function wrapped(name: string): string[] {
  const letters = [...name];
  if (letters.length <= 14) return [name];
  const middle = letters.length / 2;
  const breaks = letters.flatMap((letter, at) => (letter === " " || letter === "-" ? [at + 1] : []));
  const nearest = breaks.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0];
  // A break far from the middle would leave one line as long as before.
  const at = nearest !== undefined && Math.abs(nearest - middle) <= 5 ? nearest : Math.ceil(middle);
  return [letters.slice(0, at).join("").trim(), letters.slice(at).join("").trim()];
}

/** The code as boxes, one for each run of dark modules of a row: fewer edges for a printer to blur. */
function codeOf({ destination }: Label, left: number, top: number): Box[] {
  const modules = qrModules(destination);
  const side = QR_SIZE / (modules.length + 2 * QUIET);
  const x0 = left + 1.2 + QUIET * side;
  const y0 = top + (LABEL.height - QR_SIZE) / 2 + QUIET * side;
  return modules.flatMap((row, j) => {
    const boxes: Box[] = [];
    for (let i = 0; i < row.length; i++) {
      const start = i;
      while (row[i] === true) i++;
      if (i > start) boxes.push({ x: x0 + start * side, y: y0 + j * side, width: (i - start) * side, height: side });
    }
    return boxes;
  });
}

/** One sheet as an SVG image of A4 size. */
export function sheetSvg(sheet: Sheet): string {
  const box = ({ x, y, width, height }: Box): string => `M${mm(x)} ${mm(y)}h${mm(width)}v${mm(height)}h${mm(-width)}z`;
  const outlines = sheet.outlines
    .map(
      ({ x, y, width, height }) =>
        `<rect x="${mm(x)}" y="${mm(y)}" width="${mm(width)}" height="${mm(height)}" rx="2"/>`,
    )
    .join("\n");
  const lines = sheet.lines
    .map(({ text, x, y, size, bold }) => {
      const weight = bold ? ' font-weight="bold"' : "";
      return `<text x="${mm(x)}" y="${mm(y)}" font-size="${mm(size)}"${weight}>${escaped(text)}</text>`;
    })
    .join("\n");
  const { width, height } = SHEET;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}mm" height="${height}mm" viewBox="0 0 ${width} ${height}">
<rect width="${width}" height="${height}" fill="#fff"/>
<g fill="none" stroke="#bbb" stroke-width="0.1">
${outlines}
</g>
<path shape-rendering="crispEdges" d="${sheet.boxes.map(box).join("")}"/>
<g font-family="'DejaVu Sans Mono','Liberation Mono','Courier New',monospace" xml:space="preserve">
${lines}
</g>
</svg>
`;
}

/** A length, to the micrometre. */
function mm(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
