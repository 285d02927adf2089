/** The C of an instance: linear memory, globals, table and data segments, and what brings them to their first state. */
import type { WasmModule } from "../wasm/module.ts";
import { firstSameType, tableEntries } from "./call-graph.ts";
import { constant } from "./expression.ts";
import { C_TYPE } from "./statements.ts";

/** Bytes behind masked memory, so that an offset this small needs no masking of its own. */
export const MASK_SLACK = 64;

export interface InstanceOptions {
  readonly name: string;
  readonly memoryBytes: number;
  readonly masked: boolean;
  readonly functionName: (index: number) => string;
}

export function instanceText(module: WasmModule, options: InstanceOptions): string[] {
  const { name } = options;
  return [
    ...(module.pages === undefined ? [] : memoryText(options)),
    ...module.globals.map((one, i) => `static ${C_TYPE[one.type]} s_global${i};`),
    ...module.data.flatMap(({ bytes }, i) => dataText(bytes, i, module)),
    ...(module.pages === undefined ? [] : BULK),
    ...(module.table === undefined ? [] : tableText(module, module.table, options)),
    "",
    ...instantiateText(module, options),
    "",
    ...(module.pages === undefined
      ? []
      : [`uint8_t *${name}_memory(uint32_t *bytes) {`, "  *bytes = MEMORY_BYTES;", "  return s_memory;", "}", ""]),
  ];
}

function memoryText({ memoryBytes, masked }: InstanceOptions): string[] {
  const size = masked ? `MEMORY_BYTES + ${MASK_SLACK}` : "MEMORY_BYTES";
  return [
    `#define MEMORY_BYTES ${memoryBytes}u`,
    ...(masked ? [`#define MASK ${Math.max(memoryBytes, 1) - 1}u`] : []),
    `static _Alignas(16) uint8_t s_memory[${memoryBytes === 0 && !masked ? "1" : size}];`,
    "",
    "/* The compiler is not to know which array this is: it would make a constant of every address in it. */",
    "OP uint8_t *memory_base(void) {",
    "  uint8_t *m = s_memory;",
    '  __asm__("" : "+r"(m));',
    "  return m;",
    "}",
    ...(masked
      ? []
      : [
          "/* Traps unless `extent` bytes from `address` on are inside memory. */",
          "OP void check(u32 address, u32 extent) {",
          "  if (extent > MEMORY_BYTES || address > MEMORY_BYTES - extent) mehr_aot_trap(MEHR_AOT_TRAP_MEMORY);",
          "}",
          "OP uint8_t *at(uint8_t *m, u32 address, u32 extent) {",
          "  check(address, extent);",
          "  return m + address;",
          "}",
        ]),
    "",
  ];
}

function dataText(bytes: Uint8Array, index: number, module: WasmModule): string[] {
  const lines: string[] = [];
  for (let i = 0; i < bytes.length; i += 20) {
    lines.push(
      `  ${[...bytes.subarray(i, i + 20)].map((byte) => `0x${byte.toString(16).padStart(2, "0")},`).join("")}`,
    );
  }
  const passive = module.data[index]?.offset === undefined;
  return [
    `static __attribute__((unused)) const uint8_t DATA${index}[${Math.max(bytes.length, 1)}] = {`,
    ...(lines.length === 0 ? ["  0,"] : lines),
    "};",
    `#define DATA${index}_BYTES ${bytes.length}u`,
    `static __attribute__((unused)) uint8_t s_dropped${index}${passive ? "" : " = 1"};`,
  ];
}

/** memory.copy, memory.fill and memory.init: always checked, whatever the mode. */
const BULK = [
  "static inline __attribute__((unused)) void inside(u32 address, u32 count, u32 size) {",
  "  if (count > size || address > size - count) mehr_aot_trap(MEHR_AOT_TRAP_MEMORY);",
  "}",
  "static inline __attribute__((unused)) void memory_copy(u32 to, u32 from, u32 count) {",
  "  inside(from, count, MEMORY_BYTES);",
  "  inside(to, count, MEMORY_BYTES);",
  "  memmove(s_memory + to, s_memory + from, count);",
  "}",
  "static inline __attribute__((unused)) void memory_fill(u32 to, u32 byte, u32 count) {",
  "  inside(to, count, MEMORY_BYTES);",
  "  memset(s_memory + to, (int)(byte & 255), count);",
  "}",
  "static inline __attribute__((unused)) void memory_init(const uint8_t *data, u32 size, u32 to, u32 from, u32 count) {",
  "  inside(from, count, size);",
  "  inside(to, count, MEMORY_BYTES);",
  "  /* Which array this is, too: that an offset behind it never gets here is more than compilers see. */",
  '  __asm__("" : "+r"(data));',
  "  memcpy(s_memory + to, data + from, count);",
  "}",
];

function tableText(module: WasmModule, size: number, { functionName }: InstanceOptions): string[] {
  const entries = tableEntries(module);
  const typeOf = (index: number): number => {
    const type = module.imports[index]?.type ?? module.functions[index - module.imports.length]?.type ?? 0;
    return firstSameType(module, type);
  };
  return [
    "typedef void (*function_pointer)(void);",
    "struct entry { u32 type; function_pointer function; };",
    `static const struct entry TABLE[${Math.max(size, 1)}] = {`,
    ...[...entries]
      .sort(([a], [b]) => a - b)
      .map(([i, index]) => `  [${i}] = {${typeOf(index)}, (function_pointer)${functionName(index)}},`),
    ...(entries.size === 0 ? ["  {0, 0},"] : []),
    "};",
    "static inline __attribute__((unused)) function_pointer table_entry(u32 index, u32 type) {",
    size === 0
      ? "  mehr_aot_trap(MEHR_AOT_TRAP_TABLE_INDEX);"
      : `  if (index >= ${size}u) mehr_aot_trap(MEHR_AOT_TRAP_TABLE_INDEX);`,
    "  const struct entry *entry = &TABLE[index];",
    "  if (!entry->function) mehr_aot_trap(MEHR_AOT_TRAP_NULL_ELEMENT);",
    "  if (entry->type != type) mehr_aot_trap(MEHR_AOT_TRAP_SIGNATURE);",
    "  return entry->function;",
    "}",
  ];
}

function instantiateText(module: WasmModule, { name, memoryBytes, functionName }: InstanceOptions): string[] {
  const lines: string[] = [];
  if (module.pages !== undefined) lines.push("memset(s_memory, 0, sizeof s_memory);");
  module.globals.forEach(({ type, value }, i) => {
    lines.push(`s_global${i} = ${constant(BigInt.asUintN(type === "i64" ? 64 : 32, value), type === "i64")};`);
  });
  // Specification 4.5.4: element segments, then data segments, in order; what does not fit traps.
  for (const { offset, functions } of module.elements) {
    if (offset + functions.length > (module.table ?? 0)) lines.push("mehr_aot_trap(MEHR_AOT_TRAP_TABLE_INDEX);");
  }
  module.data.forEach(({ offset, bytes }, i) => {
    if (offset === undefined) lines.push(`s_dropped${i} = 0;`);
    else if (offset + bytes.length > memoryBytes) lines.push("mehr_aot_trap(MEHR_AOT_TRAP_MEMORY);");
    else if (bytes.length > 0) lines.push(`memcpy(s_memory + ${offset}, DATA${i}, DATA${i}_BYTES);`);
  });
  if (module.start !== undefined) lines.push(`${functionName(module.start)}();`);
  return [`void ${name}_instantiate(void) {`, ...lines.map((line) => `  ${line}`), "}"];
}
