// Record flash of a board whose power can fail: NOR, two pages as the boards have, every operation a place for a cut.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "records.h"

namespace power_cut {

/// xorshift64* (Vigna 2016).
struct Random {
  uint64_t state;
  uint32_t next() {
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return static_cast<uint32_t>((state * UINT64_C(0x2545f4914f6cdd1d)) >> 32);
  }
  uint32_t below(uint32_t n) { return next() % n; }
};

/// How far the operation got that the power failed in.
enum class Torn : uint8_t {
  kNone = 0,   // not begun
  kHalf = 1,   // words up to some place, in that one any of its bits; of an erased page any bits of any words
  kWhole = 2,  // done, and nobody was told
};
constexpr unsigned kTornCount = 3;

namespace flash {

constexpr size_t kPageSize = 4096;
constexpr size_t kPages = 2;

/// As it leaves the factory.
void erase_all();
mehr::RecordFlash interface();

/// Called before every operation that changes something, with its number from 1 on. To cut the power it calls tear().
void watch(void (*before)(unsigned long operation));
unsigned long operations();
/// Of these, erases: one for the first format, and one for each time the log moves to the other page.
unsigned long erases();
/// Does of the operation under way what `torn` says. The caller must not return to it.
void tear(Torn torn, Random& random);
/// What the operation under way is, for messages: "program of 8 bytes at 24".
const char* describe();

}  // namespace flash
}  // namespace power_cut
