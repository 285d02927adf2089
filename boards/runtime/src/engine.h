// What runs the core, seen from the shell. One engine is linked into an image, with its core: boards/runtime/engine has
// one folder for each, and nothing above this header knows which it is. At most one instance exists at a time, since
// linear memory is the largest thing in RAM.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr::engine {

/// As IDENTIFY reports it.
enum class Kind : uint8_t { kWasm3 = 0, kAot = 1 };
extern const Kind kKind;

/// Linear memory a core may use: the profile's tables are sized for it (design: budgets).
constexpr uint32_t kLinearMemoryLimit = 48 * 1024;

/// The module in this image: the relay.wasm that runs, or that was translated to what runs.
struct Core {
  uint32_t size;
  uint8_t sha256[32];
};
/// wasm3 computes the hash over the bytes it runs, which takes a while: ask once. Translated code carries that of the
/// module it was made from, in the same file.
Core core();

struct Stats {
  uint32_t linear_memory_bytes;
  uint32_t metacode_bytes;  // RAM holding translated code; 0 for an engine that runs from flash
  uint32_t stack_bytes;     // value stack; 0 for an engine that keeps values on the C stack, which hal.h measures
  uint32_t stack_used;      // its high-water mark since load
};

/// Makes a fresh instance of the image's core: linear memory initialised, imports linked (each gets `host`), every
/// export of the ABI present with its signature, abi_version equal to ours. On failure nothing is loaded and detail()
/// says why.
enum mehr_status load(void* host);
void unload();
/// Drops the instance without touching its memory: for use after a CPU fault, when the heap cannot be trusted.
void forget();

/// What mehr_core_*() want as their `engine`.
void* handle();

/// `length` bytes of linear memory at `offset`, or nullptr when they are not all inside.
uint8_t* memory(uint32_t offset, uint32_t length);

/// The engine's own words about the last failure, one clause without a full stop; "" when there are none.
const char* detail();

Stats stats();

}  // namespace mehr::engine
