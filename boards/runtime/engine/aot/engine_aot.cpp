// The engine for a core translated to C ahead of time (engine.h). Code and constants lie in flash, linear memory is
// one static block, values live in registers and on the C stack: there is no heap and nothing to free.
#include <setjmp.h>
#include <string.h>

#include "../instance.h"
#include "engine.h"
#include "fault_sentence.h"
#include "hal.h"
#include "mehr_abi_aot.h"

namespace mehr::engine {

const Kind kKind = Kind::kAot;

static bool s_loaded;
static bool s_running;
static Detail s_detail;

// Where a trap leaves to. Between it and a trap lie frames of C alone: translated code, and the imports of
// mehr_abi_aot.h, which check before they enter the shell. So no destructor is jumped over.
static jmp_buf s_boundary;
static volatile enum mehr_aot_trap s_trap;
static volatile uintptr_t s_trap_pc;  // where in translated code; a function of relay_core.c

Core core() {
  Core core = {MEHR_AOT_WASM_SIZE, {}};
  memcpy(core.sha256, MEHR_AOT_WASM_SHA256, sizeof core.sha256);
  return core;
}

// Both run translated code up to its end or its trap. They are functions of their own, and change nothing they hold
// after setjmp(): what a longjmp leaves of a changed local is undefined (C11 7.13.2.1).
static enum mehr_aot_trap instantiate() {
  if (setjmp(s_boundary) != 0) return s_trap;
  relay_instantiate();
  return MEHR_AOT_TRAP_NONE;
}

static enum mehr_aot_trap run(enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  if (setjmp(s_boundary) != 0) return s_trap;
  *result = mehr_aot_call(which, arguments);
  return MEHR_AOT_TRAP_NONE;
}

enum mehr_status load(void* host) {
  unload();
  s_detail.clear();
  Watched watched;
  mehr_aot_host = host;
  enum mehr_aot_trap trap = instantiate();
  if (trap != MEHR_AOT_TRAP_NONE) {
    s_detail << mehr_aot_trap_text(trap);
    return MEHR_STATUS_TRAP;
  }
  s_loaded = true;
  enum mehr_status status = check_instance(stats().linear_memory_bytes, s_detail);
  if (status != MEHR_STATUS_OK) unload();
  return status;
}

void unload() { forget(); }

void forget() {
  s_loaded = false;
  s_running = false;
}

// There is one instance, and it needs no name.
void* handle() { return nullptr; }

uint8_t* memory(uint32_t offset, uint32_t length) {
  uint32_t size = 0;
  uint8_t* base = relay_memory(&size);
  return s_loaded && length <= size && offset <= size - length ? base + offset : nullptr;
}

const char* detail() { return s_detail.c_str(); }

Stats stats() {
  Stats stats = {};
  if (s_loaded) relay_memory(&stats.linear_memory_bytes);
  return stats;
}

static uint32_t call(enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  if (!s_loaded) return MEHR_STATUS_NOT_BOOTED;
  s_detail.clear();
  // There is one boundary: a call from within a call would leave the outer one without.
  if (s_running) {
    s_detail << mehr_exports[which].name << " was called from an import";
    return MEHR_STATUS_TRAP;
  }
  Watched watched;
  s_running = true;
  enum mehr_aot_trap trap = run(which, arguments, result);
  s_running = false;
  if (trap == MEHR_AOT_TRAP_NONE) return MEHR_STATUS_OK;
  // Stores before the trap may be missing (toolchain/aot/bounds.ts), so nothing may go on from here.
  s_loaded = false;
  s_detail << mehr_aot_trap_text(trap) << " in " << mehr_exports[which].name;
  FaultSentence place;
  place << " at pc " << Hex{static_cast<uint32_t>(s_trap_pc)};
  s_detail << place.c_str();
  return MEHR_STATUS_TRAP;
}

}  // namespace mehr::engine

uint32_t mehr_engine_call(void*, enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  return mehr::engine::call(which, arguments, result);
}

// The image of a Linux process may lie anywhere; its addresses in firmware.elf count from here.
#if defined(__PIE__)
extern "C" const char __executable_start[];
#endif

void mehr_aot_trap(enum mehr_aot_trap trap) {
  uintptr_t pc = reinterpret_cast<uintptr_t>(__builtin_return_address(0));
#if defined(__PIE__)
  pc -= reinterpret_cast<uintptr_t>(__executable_start);
#endif
  mehr::engine::s_trap_pc = pc;
  mehr::engine::s_trap = trap;
  longjmp(mehr::engine::s_boundary, 1);
}

// The reserve for what lies below is the asker's business (mehr_aot_ops.h).
size_t mehr_aot_stack_left() { return mehr::hal::stack_left(); }
