#include "flash.h"

#include <stdio.h>
#include <string.h>

namespace power_cut::flash {

constexpr size_t kBytes = kPageSize * kPages;

static uint8_t s_bytes[kBytes];
static unsigned long s_operations, s_erases;
static void (*s_before)(unsigned long);

// The operation under way. A program has bytes, an erase has none.
static const uint8_t* s_program;
static size_t s_offset, s_length;

static void begin(const uint8_t* program, size_t offset, size_t length) {
  s_program = program;
  s_offset = offset;
  s_length = length;
  s_operations++;
  if (s_before) s_before(s_operations);
}

// Bytes up to `whole` as the operation leaves them, and those of the word there with any subset of its bits changed.
static void program_until(size_t whole, Random& random, bool torn_word) {
  for (size_t i = 0; i < whole; i++) s_bytes[s_offset + i] &= s_program[i];
  if (!torn_word || whole >= s_length) return;
  for (size_t i = whole; i < whole + 4; i++) {
    uint8_t clear = static_cast<uint8_t>(~s_program[i] & random.next());
    s_bytes[s_offset + i] &= static_cast<uint8_t>(~clear);
  }
}

static void erase_some(Random& random) {
  for (size_t i = 0; i < s_length; i++) {
    if (random.below(2)) s_bytes[s_offset + i] |= static_cast<uint8_t>(random.next());
  }
}

static bool read(size_t offset, void* out, size_t length) {
  if (length > kBytes || offset > kBytes - length) return false;
  memcpy(out, s_bytes + offset, length);
  return true;
}

static bool program(size_t offset, const void* bytes, size_t length) {
  if (offset % 4 || length % 4 || length > kBytes || offset > kBytes - length) return false;
  begin(static_cast<const uint8_t*>(bytes), offset, length);
  Random unused{1};
  program_until(length, unused, false);
  return true;
}

static bool erase(size_t page) {
  if (page >= kPages) return false;
  s_erases++;
  begin(nullptr, page * kPageSize, kPageSize);
  memset(s_bytes + page * kPageSize, 0xff, kPageSize);
  return true;
}

void erase_all() { memset(s_bytes, 0xff, sizeof s_bytes); }
mehr::RecordFlash interface() { return {kPageSize, kPages, read, program, erase}; }
void watch(void (*before)(unsigned long)) { s_before = before; }
unsigned long operations() { return s_operations; }
unsigned long erases() { return s_erases; }

void tear(Torn torn, Random& random) {
  if (torn == Torn::kNone) return;
  if (!s_program) {
    if (torn == Torn::kHalf) return erase_some(random);
    memset(s_bytes + s_offset, 0xff, s_length);
    return;
  }
  bool half = torn == Torn::kHalf;
  size_t words = s_length / 4;
  program_until(half ? 4 * random.below(static_cast<uint32_t>(words)) : s_length, random, half);
}

const char* describe() {
  static char text[64];
  if (s_program) {
    snprintf(text, sizeof text, "program of %zu bytes at %zu", s_length, s_offset);
  } else {
    snprintf(text, sizeof text, "erase of page %zu", s_offset / kPageSize);
  }
  return text;
}

}  // namespace power_cut::flash
