/** Writes mehr_console.h: a plain C++ struct with reader and writer for every message of the console. */
import { lowerSnake } from "../abi/names.ts";
import { consoleMessages, fieldSize, lastOf, type Message, structSize } from "./model.ts";
import { CONSOLE_VERSION, ENUMS, type Field, NOTICES, PAYLOAD_MAX, REQUESTS } from "./schema.ts";

const C_TYPE = {
  u8: "uint8_t",
  u16: "uint16_t",
  u32: "uint32_t",
  u64: "uint64_t",
  i16: "int16_t",
  "i16?": "int16_t",
} as const;

const hex = (id: number): string => `0x${id.toString(16).padStart(2, "0")}`;

/** Member declaration of a field. */
function member({ name, type }: Field): string {
  const snake = lowerSnake(name);
  if (type === "i16?") return `int16_t ${snake} = kNone;`;
  if (typeof type === "string") return `${C_TYPE[type]} ${snake} = 0;`;
  if ("enum" in type) return `${type.enum} ${snake} = ${type.enum}::k${Object.keys(ENUMS[type.enum])[0] ?? ""};`;
  if ("bytes" in type) return `const uint8_t* ${snake} = nullptr;`;
  if ("struct" in type) return `${type.struct} ${snake};`;
  if ("list" in type) return `List<${type.list}> ${snake};`;
  return `Span ${snake};`;
}

function size({ type }: Field): string {
  if (type === "i16?") return "i16, kNone for none";
  const [least, most] = fieldSize(type);
  if (typeof type === "string") return type;
  if ("enum" in type) return "u8";
  if ("bytes" in type) return `${most} bytes`;
  if ("struct" in type) return least === most ? `${most} bytes` : `${least} to ${most} bytes`;
  if ("list" in type) return `at most ${type.max}`;
  const content = "blob" in type || "text" in type ? most - 1 : most;
  return `at most ${content} bytes${"text" in type || "restText" in type ? " of UTF-8" : ""}`;
}

/** One step of reader or writer; both spell it the same way. */
function step(stream: string, verb: string, { name, type, range }: Field): string {
  const value = `m.${lowerSnake(name)}`;
  if (typeof type === "string")
    return range ? `${stream}.number(${value}, ${range[0]}, ${range[1]})` : `${stream}.number(${value})`;
  if ("enum" in type) return `${stream}.choice(${value}, ${lastOf(type.enum)})`;
  if ("bytes" in type) return `${stream}.bytes(${value}, ${type.bytes})`;
  if ("blob" in type) return `${stream}.blob(${value}, ${type.blob})`;
  if ("text" in type) return `${stream}.text(${value}, ${type.text})`;
  if ("rest" in type) return `${stream}.rest(${value}, ${type.rest})`;
  if ("restText" in type) return `${stream}.rest_text(${value}, ${type.restText})`;
  if ("struct" in type) return `${verb}(${stream}, ${value})`;
  return `${stream}.list(${value}, ${type.max})`;
}

function message({ name, doc, fields }: Message): string[] {
  const [least, most] = structSize({ doc, fields });
  const steps = (stream: string, verb: string): string =>
    fields.length === 0 ? "true" : fields.map((field) => step(stream, verb, field)).join(" &&\n         ");
  const unused = fields.length === 0 ? "" : " m";
  const stream = (variable: string): string => (fields.length === 0 ? "" : ` ${variable}`);
  return [
    "",
    `/// ${doc}`,
    `struct ${name} {`,
    ...fields.map((field) => `  ${member(field)}  // ${size(field)}. ${field.doc}`),
    "};",
    `constexpr size_t k${name}Min = ${least};`,
    `constexpr size_t k${name}Max = ${most};`,
    `inline bool read(Reader&${stream("in")}, ${name}&${unused}) {`,
    `  return ${steps("in", "read")};`,
    "}",
    `inline bool write(Writer&${stream("out")}, const ${name}&${unused}) {`,
    `  return ${steps("out", "write")};`,
    "}",
  ];
}

/** mehr_console.h. */
export function renderConsoleHeader(): string {
  const out = [
    "// Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead.",
    "//",
    "// The messages of the console. What parse() fills points into the payload it was given. parse(data, size, m) takes",
    "// exactly a message: shorter, longer or with a field out of its range, and it returns false. emit(out, capacity, m)",
    "// gives the bytes written, 0 if it does not fit or parse() would refuse it (or if the message has none). A reply's",
    "// struct is what follows the status byte; emit_reply(out, capacity, status, m) puts the status in front.",
    "#pragma once",
    "#include <stddef.h>",
    "#include <stdint.h>",
    "",
    '#include "mehr_message.h"',
    "",
    "namespace mehr::msg {",
    "",
    "/// The version of the console this is; the only one it speaks.",
    `constexpr uint8_t kConsoleVersion = ${CONSOLE_VERSION};`,
    "/// The longest payload of a frame.",
    `constexpr size_t kPayloadMax = ${PAYLOAD_MAX};`,
    "/// A reply's type is its request's with this bit.",
    "constexpr uint8_t kReplyBit = 0x80;",
    "",
    "// Requests.",
    ...Object.entries(REQUESTS).map(([name, { id }]) => `constexpr uint8_t k${name} = ${hex(id)};`),
    "",
    "// Notices: what a board says unasked.",
    ...Object.entries(NOTICES).map(([name, { id }]) => `constexpr uint8_t k${name} = ${hex(id)};`),
    "",
    "/// Who may ask; kUnknown: there is no such request. Command is open, but not every command of the core is.",
    "enum class Access : uint8_t { kOpen, kGuarded, kUnknown };",
    "constexpr Access access_of(uint8_t request) {",
    "  switch (request) {",
  ];
  for (const access of ["open", "guarded"] as const) {
    for (const [name, request] of Object.entries(REQUESTS))
      if (request.access === access) out.push(`    case k${name}:`);
    out.push(`      return Access::k${access === "open" ? "Open" : "Guarded"};`);
  }
  out.push("    default:", "      return Access::kUnknown;", "  }", "}");
  for (const [name, members] of Object.entries(ENUMS)) {
    const values = Object.entries(members).map(([key, value]) => `k${key} = ${String(value)}`);
    out.push("", `enum class ${name} : uint8_t { ${values.join(", ")} };`);
  }
  for (const each of consoleMessages()) out.push(...message(each));
  out.push("", "}  // namespace mehr::msg", "");
  return out.join("\n");
}
