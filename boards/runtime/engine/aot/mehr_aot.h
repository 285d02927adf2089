// What C translated from wasm (toolchain/aot) and the engine that runs it agree on.
#ifndef MEHR_AOT_H
#define MEHR_AOT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define MEHR_AOT_NORETURN [[noreturn]]
#else
#define MEHR_AOT_NORETURN _Noreturn
#endif

enum mehr_aot_trap {
  MEHR_AOT_TRAP_NONE = 0,
  MEHR_AOT_TRAP_UNREACHABLE,
  MEHR_AOT_TRAP_MEMORY,
  MEHR_AOT_TRAP_DIVIDE_BY_ZERO,
  MEHR_AOT_TRAP_INTEGER_OVERFLOW,
  MEHR_AOT_TRAP_TABLE_INDEX,
  MEHR_AOT_TRAP_NULL_ELEMENT,
  MEHR_AOT_TRAP_SIGNATURE,
  MEHR_AOT_TRAP_STACK,
};

/* Both are defined by the host. A trap leaves the module for the boundary it was entered by; nothing of the module may
 * run afterwards until it is instantiated again. */
MEHR_AOT_NORETURN void mehr_aot_trap(enum mehr_aot_trap trap);
/* Bytes of stack that are left. Asked only by functions that can come by themselves again. */
size_t mehr_aot_stack_left(void);

/* The words wasm3 0.5.0 has for the same trap (m3_core.c, wasm3.h), so that a log reads the same under both engines. */
static inline const char *mehr_aot_trap_text(enum mehr_aot_trap trap) {
  switch (trap) {
    case MEHR_AOT_TRAP_NONE: return "";
    case MEHR_AOT_TRAP_UNREACHABLE: return "[trap] unreachable executed";
    case MEHR_AOT_TRAP_MEMORY: return "[trap] out of bounds memory access";
    case MEHR_AOT_TRAP_DIVIDE_BY_ZERO: return "[trap] integer divide by zero";
    case MEHR_AOT_TRAP_INTEGER_OVERFLOW: return "[trap] integer overflow";
    case MEHR_AOT_TRAP_TABLE_INDEX: return "[trap] undefined element";
    case MEHR_AOT_TRAP_NULL_ELEMENT: return "[trap] null table element";
    case MEHR_AOT_TRAP_SIGNATURE: return "[trap] indirect call type mismatch";
    case MEHR_AOT_TRAP_STACK: return "[trap] stack overflow";
  }
  return "[trap] unknown";
}

#ifdef __cplusplus
}
#endif

#endif
