/** Writes the offsets of the core's reports, so that the core and the hosts that read them cannot drift apart. */
import { upperSnake } from "../abi/names.ts";
import { fieldSize, reportMessages } from "./model.ts";

/** core-as/assembly/reports.gen.ts: an offset for every field, and the size of what comes before an open end. */
export function renderReportOffsets(): string {
  const out = ["/** Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead. */"];
  for (const { name, doc, fields } of reportMessages()) {
    const prefix = upperSnake(name);
    out.push("", `// ${doc}`);
    let at = 0;
    if (fields.some((field) => field.name === "size")) throw new Error(`${name}.size has the name of its size`);
    for (const field of fields) {
      const [least, most] = fieldSize(field.type);
      out.push(`export const ${prefix}_${upperSnake(field.name)}: usize = ${at};`);
      // Only the last field may be of any length (model.ts), so every offset is fixed.
      at += least === most ? most : 0;
    }
    out.push(`export const ${prefix}_SIZE: u32 = ${at};`);
  }
  out.push("");
  return out.join("\n");
}
