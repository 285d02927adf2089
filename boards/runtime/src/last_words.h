// What a run says before it ends by a fault, kept in memory that a reset leaves alone, for the next run to tell. A HAL
// has one of these where its chip keeps RAM over a reset; hal.h says what it is for.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

/// Longest sentence kept, bytes of ASCII or UTF-8: what HEALTH has room for (toolchain/console/schema.ts).
constexpr size_t kLastWordsMax = 160;

/// Plain memory without a constructor, since a start must not touch it. After power-on it holds anything: magic and CRC
/// tell.
struct LastWords {
  uint32_t magic;
  uint32_t length;
  uint32_t crc;
  char text[kLastWordsMax];

  /// Keeps a sentence in place of an older one. What is longer than kLastWordsMax is cut between two characters.
  void keep(const char* sentence);
  /// Copies what is kept, zero-terminated and cut to what fits, and forgets it. Returns its length, 0 if there is none.
  size_t take(char* out, size_t capacity);
  void forget() { magic = 0; }
};

}  // namespace mehr
