// What the generated units of tests/support/native-aot.ts and its driver, native-aot.c, know of each other.
#ifndef MEHR_NATIVE_AOT_H
#define MEHR_NATIVE_AOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct native_call {
  // Takes the arguments apart; 0 from a function without result.
  uint64_t (*function)(const uint64_t *arguments);
  const uint64_t *arguments;
  bool result;
  // Instantiate anew before this call.
  bool fresh;
};

struct native_case {
  void (*instantiate)(void);
  // NULL for a module without memory.
  uint8_t *(*memory)(uint32_t *bytes);
  const struct native_call *calls;
  size_t call_count;
};

extern const struct native_case *const native_cases[];
extern const size_t native_case_count;

// The answer of every imported function: `seed` stands for its name (stubImports in native-aot.ts says the same).
uint64_t native_import(uint64_t seed, const uint64_t *arguments, size_t count);

// Stands for __builtin_assume_aligned under CHECK_ALIGNMENT.
void *native_aligned(const void *pointer, size_t alignment);

#endif
