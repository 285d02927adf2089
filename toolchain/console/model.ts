/** The schema as the generators take it: every message with a name of its own, checked for what a frame can carry. */
import {
  ENUMS,
  type Field,
  type FieldType,
  NOTICES,
  PAYLOAD_MAX,
  REPORTS,
  REQUESTS,
  STRUCTS,
  type Struct,
} from "./schema.ts";

export interface Message extends Struct {
  /** Identity, HelloRequest, HelloReply, HelloError, EventNotice. */
  readonly name: string;
}

/** Messages between host and board, what they are made of first. */
export function consoleMessages(): Message[] {
  const messages: Message[] = Object.entries(STRUCTS).map(([name, struct]) => ({ name, ...struct }));
  for (const [name, request] of Object.entries(REQUESTS)) {
    messages.push(
      { name: `${name}Request`, doc: request.doc, fields: request.request },
      { name: `${name}Reply`, doc: `Reply to ${name}, behind the status Ok.`, fields: request.reply },
    );
    if (request.onError)
      messages.push({ name: `${name}Error`, doc: `The same behind another status.`, fields: request.onError });
  }
  for (const [name, { doc, fields }] of Object.entries(NOTICES)) messages.push({ name: `${name}Notice`, doc, fields });
  return messages;
}

/** What the core's commands and events carry: read by hosts, passed on unread by boards. */
export function reportMessages(): Message[] {
  return Object.entries(REPORTS).map(([name, struct]) => ({ name, ...struct }));
}

const NUMBERS = { u8: 1, u16: 2, u32: 4, u64: 8, i16: 2, "i16?": 2 } as const;

/** Fewest and most bytes of a field. */
export function fieldSize(type: FieldType): readonly [number, number] {
  if (typeof type === "string") return [NUMBERS[type], NUMBERS[type]];
  if ("enum" in type) return [1, 1];
  if ("bytes" in type) return [type.bytes, type.bytes];
  if ("blob" in type) return [1, 1 + type.blob];
  if ("text" in type) return [1, 1 + type.text];
  if ("rest" in type) return [0, type.rest];
  if ("restText" in type) return [0, type.restText];
  if ("struct" in type) return structSize(structOf(type.struct));
  return [0, type.max * structSize(structOf(type.list))[1]];
}

/** Fewest and most bytes of a message. */
export function structSize(struct: Struct): readonly [number, number] {
  let [least, most] = [0, 0];
  for (const field of struct.fields) {
    const [low, high] = fieldSize(field.type);
    least += low;
    most += high;
  }
  return [least, most];
}

export function structOf(name: string): Struct {
  const struct = STRUCTS[name];
  if (struct === undefined) throw new Error(`STRUCTS has no ${name}`);
  return struct;
}

/** The greatest value of an enum; the values are 0, 1, 2, ... so that it is all a reader has to know. */
export function lastOf(name: keyof typeof ENUMS): number {
  return Object.keys(ENUMS[name]).length - 1;
}

/** Refuses a schema that no frame could carry or no reader could take apart. Throws Error naming the field. */
export function checkSchema(): void {
  for (const [name, members] of Object.entries(ENUMS)) {
    Object.values(members).forEach((value, index) => {
      if (value !== index) throw new Error(`ENUMS.${name} is not 0, 1, 2, ... in order`);
    });
  }
  const ids = new Set<number>();
  for (const [name, { id }] of [...Object.entries(REQUESTS), ...Object.entries(NOTICES)]) {
    if (ids.has(id)) throw new Error(`${name} has the id of another message`);
    if (id > 0xff || (name in REQUESTS && id > 0x7f)) throw new Error(`${name}: a request's id must be below 80`);
    ids.add(id);
  }
  for (const message of [...consoleMessages(), ...reportMessages()]) {
    message.fields.forEach((field, index) => checkField(message, field, index === message.fields.length - 1));
    const limit = /(Reply|Error)$/.test(message.name) ? PAYLOAD_MAX - 1 : PAYLOAD_MAX;
    if (message.name in REPORTS || message.name in STRUCTS) continue;
    const most = structSize(message)[1];
    if (most > limit) throw new Error(`${message.name} may have ${most} bytes, a frame carries ${limit}`);
  }
}

function checkField(message: Message, { name, type, range }: Field, last: boolean): void {
  const where = `${message.name}.${name}`;
  if (typeof type === "string") {
    if (range && (range[0] > range[1] || type === "u64" || type === "i16?"))
      throw new Error(`${where}: no such range for ${type}`);
    return;
  }
  if (range) throw new Error(`${where}: only a number has a range`);
  const open = "rest" in type || "restText" in type || "list" in type;
  if (open && !last) throw new Error(`${where} takes everything up to the end, so it must be last`);
  if (open && message.name in STRUCTS) throw new Error(`${where}: a struct must have an end`);
  if (("blob" in type && type.blob > 255) || ("text" in type && type.text > 255))
    throw new Error(`${where}: its length is one byte, so 255 is the most`);
  // A list of things that may be empty would not say how many there are.
  if ("list" in type && structSize(structOf(type.list))[0] === 0)
    throw new Error(`${where}: its elements may be empty`);
}
