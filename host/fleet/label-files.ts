/** Writes sheets of labels where the user wants them. */
import { writeFileSync } from "node:fs";
import { extname } from "node:path";
import { MehrError } from "../../toolchain/errors.ts";
import { type Label, layOut, sheetSvg } from "./labels.ts";
import { sheetsPdf } from "./labels-pdf.ts";

/** Throws MehrError (2) for a name that is neither .svg nor .pdf: before a fleet is provisioned, not after. */
export function requireLabelFile(path: string): void {
  if (![".svg", ".pdf"].includes(extname(path).toLowerCase())) {
    throw new MehrError(2, `${path} is neither an .svg nor a .pdf file; name one, such as labels.pdf.`);
  }
}

/**
 * Writes the labels, in their order. An SVG image has one page: further sheets are name-2.svg and so on.
 *
 * @returns the files written
 * @throws MehrError (2) if the path is no .svg or .pdf or cannot be written
 */
export function writeLabels(path: string, labels: readonly Label[]): string[] {
  requireLabelFile(path);
  const extension = extname(path);
  const sheets = layOut(labels);
  const files: [string, string | Buffer][] =
    extension.toLowerCase() === ".pdf"
      ? [[path, sheetsPdf(sheets)]]
      : sheets.map((sheet, index) => {
          const name = index === 0 ? path : `${path.slice(0, -extension.length)}-${index + 1}${extension}`;
          return [name, sheetSvg(sheet)];
        });
  for (const [name, content] of files) {
    try {
      writeFileSync(name, content);
    } catch (error) {
      throw new MehrError(2, `${name} cannot be written (${(error as Error).message}); name another file.`);
    }
  }
  return files.map(([name]) => name);
}
