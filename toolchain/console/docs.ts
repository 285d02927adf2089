/** Writes the tables of messages in docs/console.md. */
import { fieldSize } from "./model.ts";
import { ENUMS, type Field, NOTICES, REPORTS, REQUESTS, STRUCTS } from "./schema.ts";

const START = "<!-- messages: rendered from toolchain/console/schema.ts by `mehr generate` -->";
const END = "<!-- end of messages -->";

const hex = (id: number): string => id.toString(16).toUpperCase().padStart(2, "0");

function typeText({ type, range }: Field): string {
  const [, most] = fieldSize(type);
  if (range) return `${String(type)}, ${range[0]} to ${range[1]}`;
  if (type === "i16?") return "i16, -32768 for none";
  if (typeof type === "string") return type;
  if ("enum" in type) return `u8, ${type.enum}`;
  if ("bytes" in type) return `${most} bytes`;
  if ("blob" in type) return `u8 length, at most ${type.blob} bytes`;
  if ("text" in type) return `u8 length, at most ${type.text} bytes of text`;
  if ("rest" in type) return `the rest, at most ${type.rest} bytes`;
  if ("restText" in type) return `the rest, at most ${type.restText} bytes of text`;
  if ("struct" in type) return type.struct;
  return `the rest, at most ${type.max} x ${type.list}`;
}

function table(title: string, fields: readonly Field[]): string[] {
  return [
    `| ${title} | type | |`,
    "|---|---|---|",
    ...fields.map((field) => `| ${field.name} | ${typeText(field)} | ${field.doc} |`),
    "",
  ];
}

/** Everything between the markers. */
function renderTables(): string {
  const out = ["### Requests", ""];
  for (const [name, { id, access, doc, request, reply, onError }] of Object.entries(REQUESTS)) {
    out.push(`**${hex(id)} ${name}** (${access}). ${doc}`, "");
    if (request.length > 0) out.push(...table("request", request));
    if (reply.length > 0) out.push(...table("reply after Ok", reply));
    if (onError !== undefined) {
      const same = onError.length === reply.length && onError.every((f, i) => f.name === reply[i]?.name);
      if (same) out.push("Behind another status the same follows.", "");
      else out.push(...table("reply after another status", onError));
    }
  }
  out.push("### Notices", "");
  for (const [name, { id, doc, fields }] of Object.entries(NOTICES))
    out.push(`**${hex(id)} ${name}**. ${doc}`, "", ...table("notice", fields));
  out.push("### Structs", "");
  for (const [name, { doc, fields }] of Object.entries(STRUCTS))
    out.push(`**${name}**. ${doc}`, "", ...table("field", fields));
  out.push("### Values", "");
  for (const [name, members] of Object.entries(ENUMS)) {
    const values = Object.entries(members).map(([key, value]) => `${String(value)} ${key}`);
    out.push(`* ${name}: ${values.join(", ")}.`);
  }
  out.push("", "### Reports of the core", "", "Inside outputs of Command and in the bytes of Event notices.", "");
  for (const [name, { doc, fields }] of Object.entries(REPORTS))
    out.push(`**${name}**. ${doc}`, "", ...table("field", fields));
  return out.join("\n").trimEnd();
}

/** The page with its tables as the schema says now. Throws Error if it has no place for them. */
export function withMessageTables(page: string): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error(`docs/console.md has no lines "${START}" and "${END}"`);
  return `${page.slice(0, start)}${START}\n\n${renderTables()}\n\n${page.slice(end)}`;
}
