/**
 * Sheets of labels as a PDF, by hand: boxes and lines of text are all there is, and every reader brings the fonts (ISO
 * 32000-1 section 9.6.2.2). A library would be fifty times the size of this file.
 */
import { deflateSync } from "node:zlib";
import { MehrError } from "../../toolchain/errors.ts";
import { type Box, type Sheet, SHEET } from "./labels.ts";

/** Points to a millimetre. */
const POINTS = 72 / 25.4;

/**
 * The sheets as pages of one document.
 *
 * @throws MehrError (2) for a name with letters that the standard fonts lack
 */
export function sheetsPdf(sheets: readonly Sheet[]): Buffer {
  const objects: Buffer[] = [];
  /** Numbers are given before their object, so that pages can name their parent. */
  const object = (number: number, body: string | Buffer): void => {
    objects[number] = Buffer.concat([Buffer.from(`${number} 0 obj\n`), Buffer.from(body), Buffer.from("\nendobj\n")]);
  };
  const pages = sheets.map((_, index) => 5 + 2 * index);
  object(1, "<< /Type /Catalog /Pages 2 0 R >>");
  object(2, `<< /Type /Pages /Count ${sheets.length} /Kids [${pages.map((page) => `${page} 0 R`).join(" ")}] >>`);
  const font = (name: string): string =>
    `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;
  object(3, font("Courier"));
  object(4, font("Courier-Bold"));
  for (const [index, sheet] of sheets.entries()) {
    const page = 5 + 2 * index;
    const size = `[0 0 ${points(SHEET.width)} ${points(SHEET.height)}]`;
    const resources = "<< /Font << /R 3 0 R /B 4 0 R >> >>";
    object(page, `<< /Type /Page /Parent 2 0 R /MediaBox ${size} /Resources ${resources} /Contents ${page + 1} 0 R >>`);
    const content = deflateSync(Buffer.from(drawing(sheet), "latin1"));
    const head = Buffer.from(`<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`);
    object(page + 1, Buffer.concat([head, content, Buffer.from("\nendstream")]));
  }
  // The comment's high bytes tell tools that move files that this one is not text.
  const head = Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1");
  let at = head.length;
  const places = objects.slice(1).map((bytes) => {
    const place = at;
    at += bytes.length;
    return `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const size = objects.length;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${places.join("")}`;
  const tail = `${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${at}\n%%EOF\n`;
  return Buffer.concat([head, ...objects.slice(1), Buffer.from(tail)]);
}

function drawing({ lines, boxes, outlines }: Sheet): string {
  return [
    "0.73 G 0.28 w",
    ...outlines.map(rectangle),
    "S",
    "0 g",
    ...boxes.map(rectangle),
    "f",
    "BT",
    ...lines.map(({ text, x, y, size, bold }) => {
      const place = `1 0 0 1 ${points(x)} ${points(SHEET.height - y)} Tm`;
      return `/${bold ? "B" : "R"} ${points(size)} Tf ${place} (${encoded(text)}) Tj`;
    }),
    "ET",
  ].join("\n");
}

/** PDF measures from the bottom of the page. */
function rectangle({ x, y, width, height }: Box): string {
  return `${points(x)} ${points(SHEET.height - y - height)} ${points(width)} ${points(height)} re`;
}

function points(mm: number): string {
  return String(Math.round(mm * POINTS * 1000) / 1000);
}

/** Text in WinAnsiEncoding, which is Latin-1 where both have letters. */
function encoded(text: string): string {
  const strange = [...text].find((letter) => !/[\x20-\x7e\xa1-\xff]/.test(letter));
  if (strange !== undefined) {
    throw new MehrError(
      2,
      `The name ${JSON.stringify(text)} has a ${strange}, which the standard fonts of a PDF lack; write the labels to an .svg file.`,
    );
  }
  return text.replace(/[\\()]/g, "\\$&");
}
