import { describe, expect, it } from "vitest";
import { memoryOf, parseMap } from "./map.ts";

// Lines as GNU ld 2.40 writes them: long names wrap, discarded sections come first, debug sections are listed too.
const MAP = `Discarded input sections

 .text.unused   0x00000000       0x40 lib/libWasm3.a(m3_core.c.o)

Linker script and memory map

.text           0x00000000     0x1000
 .text.m3_Call  0x00000100       0x24 lib/libWasm3.a(m3_env.c.o)
                0x00000100                m3_Call
 .text.a_function_whose_name_is_long
                0x00000124       0x10 lib/libWasm3.a(m3_compile.c.o)
 *fill*         0x00000134        0xc 
 .rodata        0x00000140        0x8 src/main.o

.data           0x20000000       0x10 load address 0x00001000
 .data.table    0x20000000        0x4 lib/libWasm3.a(m3_exec.c.o)

.bss            0x20000010      0x100
 .bss           0x20000010       0x20 lib/libWasm3.a(m3_env.c.o)
 COMMON         0x20000030        0x8 src/main.o
                0x20000030                something

.debug_info     0x00000000     0x9999
 .debug_info    0x00000000     0x5000 lib/libWasm3.a(m3_env.c.o)
`;

describe("a linker's map", () => {
  it("gives every library its bytes in flash and in RAM, initial values in both", () => {
    const contributions = parseMap(MAP);
    expect(memoryOf(contributions, /libWasm3\.a/)).toEqual({ flash: 0x24 + 0x10 + 0x4, ram: 0x4 + 0x20 });
    expect(memoryOf(contributions, /main\.o/)).toEqual({ flash: 0x8, ram: 0x8 });
  });

  it("has nothing to say about other text", () => {
    expect(parseMap("no map at all\n")).toEqual([]);
  });
});
