import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import * as fc from "fast-check";
import jsqr from "jsqr";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureDebian } from "../../tests/support/debian.ts";
import { grouped } from "./destination.ts";
import { requireLabelFile, writeLabels } from "./label-files.ts";
import { type Box, type Label, LABELS_PER_SHEET, layOut, qrModules, type Sheet, SHEET } from "./labels.ts";
import { sheetsPdf } from "./labels-pdf.ts";

/** A CommonJS module whose types say it is none: what is imported is the function itself. */
const jsQR = jsqr as unknown as typeof jsqr.default;

function label(name: string, index: number): Label {
  const destination = (0x1234_5678_9abc_def0n + BigInt(index) * 0x0101_0107_0301n)
    .toString(16)
    .padStart(16, "0")
    .repeat(2);
  return {
    name,
    destination,
    region: index % 2 === 0 ? "eu868" : "",
    board: "heltec-v3",
    provisioned_at: "2026-11-23T23:59:59.000Z",
  };
}

/** Names that need escaping in one of the formats, and enough of them for two sheets. */
const LABELS = [
  "roof-north",
  "a(b)\\c) <&>\"'",
  "Dach Süd",
  "roof-north-of-the-old-water-towe",
  ...Array.from({ length: 20 }, (_, i) => `node ${i}`),
].map(label);

/** What QR codes in an image say, sorted. */
function codesIn(image: string): string[] {
  return execFileSync("zbarimg", ["-q", "--raw", "-Sdisable", "-Sqrcode.enable", image], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  })
    .trim()
    .split("\n")
    .sort();
}

const uris = (labels: readonly Label[]): string[] =>
  labels.map(({ destination }) => `MEHR:${destination.toUpperCase()}`).sort();

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-labels-"));
  await ensureDebian("zbarimg", "pdftoppm", "rsvg");
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("labels", () => {
  it("carry a code that another library reads, for every address", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (address) => {
        const destination = Buffer.from(address).toString("hex");
        const modules = qrModules(destination);
        const [scale, quiet] = [4, 4];
        const side = (modules.length + 2 * quiet) * scale;
        const pixels = new Uint8ClampedArray(side * side * 4).fill(255);
        modules.forEach((row, j) =>
          row.forEach((dark, i) => {
            if (!dark) return;
            for (let y = 0; y < scale; y++) {
              for (let x = 0; x < scale; x++) {
                const at = ((j + quiet) * scale + y) * side + (i + quiet) * scale + x;
                pixels.fill(0, 4 * at, 4 * at + 3);
              }
            }
          }),
        );
        const code = jsQR(pixels, side, side);
        expect(code?.data).toBe(`MEHR:${destination.toUpperCase()}`);
        // 25 % error correction, in the smallest code that holds it.
        expect([modules.length, code?.version]).toEqual([29, 3]);
      }),
      { numRuns: 10 },
    );
  });

  it("are read back from printed SVG sheets", () => {
    const files = writeLabels(join(folder, "sheet.svg"), LABELS);
    expect(files).toEqual([join(folder, "sheet.svg"), join(folder, "sheet-2.svg")]);
    const codes = files.map((file) => {
      const image = `${file}.png`;
      execFileSync("rsvg-convert", ["--dpi-x", "200", "--dpi-y", "200", "-o", image, file]);
      return codesIn(image);
    });
    expect(codes).toEqual([uris(LABELS.slice(0, LABELS_PER_SHEET)), uris(LABELS.slice(LABELS_PER_SHEET))]);
    const text = readFileSync(files[0] as string, "utf8");
    expect(text).toContain('width="210mm" height="297mm"');
    expect(text).toContain("a(b)\\c) &lt;&amp;&gt;\"'");
  });

  it("are read back from a PDF, codes and words", () => {
    const [file] = writeLabels(join(folder, "sheet.pdf"), LABELS) as [string];
    execFileSync("pdftoppm", ["-r", "200", "-gray", file, join(folder, "page")]);
    const pages = ["page-1.pgm", "page-2.pgm"].map((name) => codesIn(join(folder, name)));
    expect(pages).toEqual([uris(LABELS.slice(0, LABELS_PER_SHEET)), uris(LABELS.slice(LABELS_PER_SHEET))]);
    // And each where its sticker is: the fifth label, cut out of the sheet.
    const { outlines } = layOut(LABELS)[0] as Sheet;
    const { x, y, width, height } = outlines[4] as Box;
    const cut = (dpi: number): string[] => {
      const numbers = [x, y, width, height].map((mm) => String(Math.round((mm / 25.4) * dpi)));
      return ["-x", "-y", "-W", "-H"].flatMap((flag, at) => [flag, numbers[at] as string]);
    };
    execFileSync("pdftoppm", [
      "-r",
      "200",
      "-gray",
      "-l",
      "1",
      ...cut(200),
      "-singlefile",
      file,
      join(folder, "fifth"),
    ]);
    expect(codesIn(join(folder, "fifth.pgm"))).toEqual(uris(LABELS.slice(4, 5)));
    const fifth = execFileSync("pdftotext", ["-l", "1", "-r", "72", ...cut(72), file, "-"], { encoding: "utf8" });
    expect(fifth.split("\n").slice(0, 1)).toEqual(["node 0"]);
    // Its hairline, in points from the bottom left corner of the page.
    const pdf = readFileSync(file);
    const stream = pdf.subarray(pdf.indexOf("stream\n") + 7, pdf.indexOf("\nendstream"));
    const [rectangle] = /^.* re$/m.exec(inflateSync(stream).toString("latin1")) ?? [];
    expect(rectangle).toBe("20.409 690.945 180 108 re");
    const info = execFileSync("pdfinfo", [file], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    expect(info).toMatch(/^Pages: +2$/m);
    expect(info).toMatch(/^Page size: +595\.\d+ x 841\.\d+ pts \(A4\)$/m);
    const words = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" });
    for (const word of [
      "roof-north",
      "a(b)\\c) <&>\"'",
      "Dach Süd",
      "heltec-v3",
      "eu868",
      "listens only",
      "2026-11-23",
    ]) {
      expect(words).toContain(word);
    }
    expect(words).toContain(grouped(LABELS[0]?.destination ?? "").slice(0, 19));
  });

  it("stay within their borders, whatever they say", () => {
    const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 32 });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 50 }), (pairs) => {
        const sheets = layOut(pairs.map(([name, board], index) => ({ ...label(name, index), board })));
        expect(sheets.length).toBe(Math.ceil(pairs.length / LABELS_PER_SHEET));
        for (const { outlines, lines, boxes } of sheets) {
          for (const { x, y, width, height } of outlines) {
            expect(x >= 0 && y >= 0 && x + width <= SHEET.width && y + height <= SHEET.height).toBe(true);
          }
          const inside = (left: number, top: number, right: number, bottom: number): boolean =>
            outlines.some(
              ({ x, y, width, height }) => left >= x && top >= y && right <= x + width && bottom <= y + height,
            );
          for (const { x, y, size, text } of lines) {
            expect(inside(x, y - size, x + 0.6 * size * [...text].length, y + 0.25 * size)).toBe(true);
          }
          for (const box of boxes) expect(inside(box.x, box.y, box.x + box.width, box.y + box.height)).toBe(true);
        }
      }),
      { numRuns: 15 },
    );
  });

  it("in a PDF with letters its fonts lack are refused, and go into an SVG", () => {
    const sheets = layOut([label("крыша", 0)]);
    expect(() => sheetsPdf(sheets)).toThrow(
      'The name "крыша" has a к, which the standard fonts of a PDF lack; write the labels to an .svg file.',
    );
    const [file] = writeLabels(join(folder, "cyrillic.svg"), [label("крыша", 0)]) as [string];
    expect(readFileSync(file, "utf8")).toContain(">крыша<");
  });

  it("go into an .svg or .pdf that can be written, and nowhere else", () => {
    expect(() => requireLabelFile("labels.png")).toThrow(
      "labels.png is neither an .svg nor a .pdf file; name one, such as labels.pdf.",
    );
    writeFileSync(join(folder, "file"), "");
    expect(() => writeLabels(join(folder, "file", "x.pdf"), LABELS)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
