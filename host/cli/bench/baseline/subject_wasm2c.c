// The core through wasm2c of wabt 1.0.32, and the little of its runtime that the core needs: one instance, never freed.
#include <string.h>

#include "mehr_abi.h"
#include "relay.h"
#include "subject.h"

enum { kPageSize = 65536, kPages = 1 };

static uint8_t s_memory[kPages * kPageSize];
static Z_relay_instance_t s_instance;
static uint8_t *s_in, *s_out;

#if WASM_RT_USE_STACK_DEPTH_COUNT
uint32_t wasm_rt_call_stack_depth;
#endif

void wasm_rt_trap(wasm_rt_trap_t code) {
  (void)code;
  abort();
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t max_pages) {
  if (pages > kPages) abort();
  memory->data = s_memory;
  memory->size = pages * kPageSize;
  memory->pages = pages;
  memory->max_pages = max_pages;
}

// Types only tell functions of a table apart, and the core has no table.
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...) {
  (void)params;
  (void)results;
  return 1;
}

void subject_start(void) {
  Z_relay_init_module();
  Z_relay_instantiate(&s_instance, NULL);
  s_in = s_memory + Z_relayZ_buffer(&s_instance, MEHR_BUFFER_IN);
  s_out = s_memory + Z_relayZ_buffer(&s_instance, MEHR_BUFFER_OUT);
}

// As the shell of a board does it: the input is copied into the core's memory, the result stays there.
int32_t subject_run(uint32_t primitive, const uint8_t *input, size_t length, const uint8_t **out) {
  memcpy(s_in, input, length);
  *out = s_out;
  return (int32_t)Z_relayZ_crypto(&s_instance, primitive, (uint32_t)length);
}
