// The sentence of a CPU fault, with where it struck.
#pragma once
#include <stdint.h>

#include "text.h"

namespace mehr {

using FaultSentence = Text<160>;

/// A register as 0x and eight digits.
struct Hex {
  uint32_t value;
};

inline FaultSentence& operator<<(FaultSentence& text, Hex hex) {
  char digits[11] = "0x";
  for (int i = 0; i < 8; i++) digits[2 + i] = "0123456789abcdef"[hex.value >> (28 - 4 * i) & 15];
  return text << digits;
}

/// Appends ` at pc 0x%08x, lr 0x%08x`: the instruction that faulted and the return address of its function; a trap of
/// translated code says ` at pc 0x%08x` alone. Exactly this form is what `mehr monitor` looks for in every line of a
/// board, to put the names of firmware.elf to it: keep it.
inline FaultSentence& fault_at(FaultSentence& text, uint32_t pc, uint32_t lr) {
  text << " at pc ";
  text << Hex{pc};
  text << ", lr ";
  return text << Hex{lr};
}

}  // namespace mehr
