/** Writes messages.gen.ts: an interface with encoder and decoder for every message of the console. */
import { consoleMessages, fieldSize, lastOf, type Message, reportMessages, structSize } from "./model.ts";
import { CONSOLE_VERSION, ENUMS, type Field, NOTICES, PAYLOAD_MAX, REPORTS, REQUESTS } from "./schema.ts";

const hex = (id: number): string => `0x${id.toString(16).padStart(2, "0")}`;

function typeOf({ type }: Field): string {
  if (type === "u64") return "bigint";
  if (type === "i16?") return "number | undefined";
  if (typeof type === "string") return "number";
  if ("enum" in type) return type.enum;
  if ("text" in type || "restText" in type) return "string";
  if ("struct" in type) return type.struct;
  if ("list" in type) return `readonly ${type.list}[]`;
  return "Uint8Array";
}

function unitOf({ type, range }: Field): string {
  const [, most] = fieldSize(type);
  if (range) return `${String(type)}, ${range[0]} to ${range[1]}`;
  if (type === "i16?") return "i16 or none";
  if (typeof type === "string") return type;
  if ("enum" in type) return "u8";
  if ("bytes" in type) return `${most} bytes`;
  if ("struct" in type) return "";
  if ("list" in type) return `at most ${type.max}`;
  return `at most ${"blob" in type || "text" in type ? most - 1 : most} bytes`;
}

/** A call of Reader: the value of a field. */
function readStep(field: Field): string {
  const { name, type, range } = field;
  const label = JSON.stringify(name);
  if (type === "i16?") return `input.maybe(${label})`;
  if (typeof type === "string")
    return range ? `input.${type}(${label}, ${range[0]}, ${range[1]})` : `input.${type}(${label})`;
  if ("enum" in type) return `input.u8(${label}, 0, ${lastOf(type.enum)}) as ${type.enum}`;
  if ("bytes" in type) return `input.bytes(${label}, ${type.bytes})`;
  if ("blob" in type) return `input.blob(${label}, ${type.blob})`;
  if ("text" in type) return `input.text(${label}, ${type.text})`;
  if ("rest" in type) return `input.rest(${label}, ${type.rest})`;
  if ("restText" in type) return `input.restText(${label}, ${type.restText})`;
  if ("struct" in type) return `input.struct(${label}, read${type.struct})`;
  return `input.list(${label}, ${type.max}, read${type.list})`;
}

/** A call of Writer. */
function writeStep(field: Field): string {
  const { name, type, range } = field;
  const value = `message.${name}`;
  const label = JSON.stringify(name);
  if (type === "i16?") return `output.maybe(${label}, ${value})`;
  if (typeof type === "string") {
    return range
      ? `output.${type}(${label}, ${value}, ${range[0]}, ${range[1]})`
      : `output.${type}(${label}, ${value})`;
  }
  if ("enum" in type) return `output.u8(${label}, ${value}, 0, ${lastOf(type.enum)})`;
  if ("bytes" in type) return `output.bytes(${label}, ${value}, ${type.bytes})`;
  if ("blob" in type) return `output.blob(${label}, ${value}, ${type.blob})`;
  if ("text" in type) return `output.text(${label}, ${value}, ${type.text})`;
  if ("rest" in type) return `output.rest(${label}, ${value}, ${type.rest})`;
  if ("restText" in type) return `output.restText(${label}, ${value}, ${type.restText})`;
  if ("struct" in type) return `output.struct(${label}, ${value}, write${type.struct})`;
  return `output.list(${label}, ${value}, ${type.max}, write${type.list})`;
}

function message({ name, doc, fields }: Message): string[] {
  const unused = fields.length === 0;
  if (unused) {
    return [
      "",
      `/** ${doc} */`,
      `export type ${name} = Readonly<Record<string, never>>;`,
      `export function encode${name}(_message: ${name} = {}): Uint8Array {`,
      "  return new Uint8Array(0);",
      "}",
      `export function decode${name}(bytes: Uint8Array): ${name} {`,
      `  return decode("${name}", bytes, () => ({}));`,
      "}",
    ];
  }
  return [
    "",
    `/** ${doc} */`,
    `export interface ${name} {`,
    ...fields.flatMap((field) => {
      const unit = unitOf(field);
      return [
        `  /** ${unit === "" ? "" : `${unit[0]?.toUpperCase()}${unit.slice(1)}. `}${field.doc} */`,
        `  readonly ${field.name}: ${typeOf(field)};`,
      ];
    }),
    "}",
    `function read${name}(input: Reader): ${name} {`,
    "  return {",
    ...fields.map((field) => `    ${field.name}: ${readStep(field)},`),
    "  };",
    "}",
    `function write${name}(output: Writer, message: ${name}): void {`,
    ...fields.map((field) => `  ${writeStep(field)};`),
    "}",
    `export function encode${name}(message: ${name}): Uint8Array {`,
    `  return encode("${name}", (output) => write${name}(output, message));`,
    "}",
    `export function decode${name}(bytes: Uint8Array): ${name} {`,
    `  return decode("${name}", bytes, read${name});`,
    "}",
  ];
}

/** host/board/messages.gen.ts. */
export function renderMessages(): string {
  const out = [
    "/**",
    " * Rendered from toolchain/console/schema.ts by `mehr generate`; edit that file instead.",
    " *",
    " * The messages of the console. A reply is what follows its status byte. Encoders and decoders throw ProtocolError",
    " * naming message and field: a decoder takes exactly a message, an encoder only what a decoder takes.",
    " */",
    'import { decode, encode, type Reader, type Writer } from "./codec.ts";',
    "",
    "/** The version of the console this is. */",
    `export const CONSOLE_VERSION = ${CONSOLE_VERSION};`,
    "/** The longest payload of a frame, bytes. */",
    `export const PAYLOAD_MAX = ${PAYLOAD_MAX};`,
    "/** A reply's type is its request's with this bit. */",
    "export const REPLY_BIT = 0x80;",
    "",
    "/** Requests by name. */",
    "export const Request = {",
    ...Object.entries(REQUESTS).flatMap(([name, { id, doc }]) => [`  /** ${doc} */`, `  ${name}: ${hex(id)},`]),
    "} as const;",
    "export type RequestName = keyof typeof Request;",
    "export type Request = (typeof Request)[RequestName];",
    "",
    "/** The name of a request by its id. */",
    "export const REQUEST_NAMES: Readonly<Record<number, string>> = {",
    ...Object.entries(REQUESTS).map(([name, { id }]) => `  ${hex(id)}: "${name}",`),
    "};",
    "",
    "/** Requests that a locked board takes only with its PIN. */",
    `export const GUARDED: ReadonlySet<number> = new Set([${Object.values(REQUESTS)
      .filter(({ access }) => access === "guarded")
      .map(({ id }) => hex(id))
      .join(", ")}]);`,
    "",
    "/** What a board says unasked, by name. */",
    "export const Notice = {",
    ...Object.entries(NOTICES).flatMap(([name, { id, doc }]) => [`  /** ${doc} */`, `  ${name}: ${hex(id)},`]),
    "} as const;",
    "export type Notice = (typeof Notice)[keyof typeof Notice];",
  ];
  for (const [name, members] of Object.entries(ENUMS)) {
    out.push(
      "",
      `export const ${name} = {`,
      ...Object.entries(members).map(([key, value]) => `  ${key}: ${String(value)},`),
      "} as const;",
      `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
    );
  }
  for (const each of [...consoleMessages(), ...reportMessages()]) out.push(...message(each));
  out.push("", "/** Bytes of a report, where it has no open end. */", "export const REPORT_SIZES = {");
  for (const [name, report] of Object.entries(REPORTS)) {
    const [least, most] = structSize(report);
    if (least === most) out.push(`  ${name}: ${most},`);
  }
  out.push("} as const;", "");
  return out.join("\n");
}
