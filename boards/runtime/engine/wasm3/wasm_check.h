// Looks a module over before an engine parses it: section, function and data sizes add up, nothing runs past the end.
#pragma once
#include <stdint.h>

namespace mehr {

/// nullptr when the structure holds, else what is wrong with it, as a clause.
/// wasm3 0.5.0 adds lengths from the file to pointers before comparing, which wraps on 32-bit machines; after this
/// check no such sum can.
const char* wasm_check(const uint8_t* bytes, uint32_t size, uint32_t memory_limit);

}  // namespace mehr
