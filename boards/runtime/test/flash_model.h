// Record flash as the tests of the record store see it. It behaves as NOR does and worse: a cut leaves a word half
// programmed or a page half erased, some words cannot clear some bits any more, a read may fail, and no word may be
// programmed twice between erases without the test failing. Each test file that includes this has a flash of its own.
#pragma once
#include <string.h>

#include "check.h"
#include "records.h"

namespace flash_model {

using namespace mehr;

static constexpr size_t kPage = 4096, kPages = 4, kWords = kPage * kPages / 4;
static constexpr unsigned kKeys = 12;

/// How a cut leaves the operation it falls in.
enum class Torn : uint8_t { kHalf, kNotBegun, kDone };

static struct {
  uint32_t words[kWords];
  uint8_t programmed[kWords];
  uint32_t stuck[kWords];  // bits that stay 1
  size_t pages;
  long until_cut;  // flash operations before the power fails; < 0: never
  Torn torn;
  long until_read_fails;  // reads before the one that fails; < 0: none
  bool dead;
  unsigned double_programs;
  unsigned long operations, erases;
  Random random;
} g;

static bool flash_read(size_t offset, void* out, size_t length) {
  if (g.dead || offset + length > g.pages * kPage) return false;
  if (g.until_read_fails >= 0 && g.until_read_fails-- == 0) return false;
  memcpy(out, reinterpret_cast<uint8_t*>(g.words) + offset, length);
  return true;
}

static bool cut_now() {
  g.operations++;
  if (g.until_cut < 0) return false;
  if (g.until_cut-- > 0) return false;
  g.dead = true;
  return true;
}

static bool flash_program(size_t offset, const void* bytes, size_t length) {
  if (g.dead || offset % 4 || length % 4 || offset + length > g.pages * kPage) return false;
  bool cut = cut_now();
  if (cut && g.torn == Torn::kNotBegun) return false;
  bool half = cut && g.torn == Torn::kHalf;
  size_t whole = half ? g.random.below(static_cast<uint32_t>(length / 4 + 1)) : length / 4;
  for (size_t i = 0; i < length / 4; i++) {
    size_t at = offset / 4 + i;
    uint32_t word;
    memcpy(&word, static_cast<const uint8_t*>(bytes) + 4 * i, 4);
    if (i > whole || (i == whole && !half)) break;
    // The word being programmed when the power goes has any subset of its bits cleared.
    uint32_t clear = ~word & ~g.stuck[at];
    if (i == whole) clear &= g.random.next();
    g.words[at] &= ~clear;
    if (++g.programmed[at] > 1 && i != whole) g.double_programs++;
  }
  return !cut;
}

static bool flash_erase(size_t page) {
  if (g.dead || page >= g.pages) return false;
  g.erases++;
  bool cut = cut_now();
  if (cut && g.torn == Torn::kNotBegun) return false;
  bool half = cut && g.torn == Torn::kHalf;
  for (size_t i = page * kPage / 4; i < (page + 1) * kPage / 4; i++) {
    if (!half) {
      g.words[i] = 0xffffffff;
      g.programmed[i] = 0;
    } else if (g.random.below(2)) {
      g.words[i] |= g.random.next();
    }
  }
  return !cut;
}

static inline RecordFlash flash() { return {kPage, g.pages, flash_read, flash_program, flash_erase}; }

static inline void fresh(size_t pages, uint64_t seed) {
  memset(&g, 0, sizeof g);
  g.pages = pages;
  g.until_cut = g.until_read_fails = -1;
  g.random.state = seed;
  memset(g.words, 0xff, sizeof g.words);
}

struct Value {
  bool exists;
  size_t length;
  uint8_t bytes[kRecordMax];
};
struct Model {
  Value values[kKeys];
};

static inline bool same(const Value& a, const Value& b) {
  return a.exists == b.exists && (!a.exists || (a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0));
}

static inline Value stored(RecordStore& store, unsigned key) {
  Value value = {};
  RecordResult result = store.get(key, value.bytes, sizeof value.bytes, value.length);
  value.exists = result == RecordResult::kOk;
  return value;
}

}  // namespace flash_model
