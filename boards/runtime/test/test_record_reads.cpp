// The record store on flash of which one read fails. A value that could not be read must never pass for one that is
// not there: the store would format, copy too little while compacting, or have the relay make a new identity.
#include <string.h>

#include "check.h"
#include "records.h"

using namespace mehr;

static constexpr size_t kPage = 4096, kPages = 2, kWords = kPage * kPages / 4;

static struct {
  uint32_t words[kWords];
  uint8_t programmed[kWords];
  long until_read_fails;  // reads before the one that fails; < 0: none
  unsigned double_programs;
} g;

static bool flash_read(size_t offset, void* out, size_t length) {
  if (offset + length > sizeof g.words) return false;
  if (g.until_read_fails >= 0 && g.until_read_fails-- == 0) return false;
  memcpy(out, reinterpret_cast<uint8_t*>(g.words) + offset, length);
  return true;
}

static bool flash_program(size_t offset, const void* bytes, size_t length) {
  if (offset % 4 || length % 4 || offset + length > sizeof g.words) return false;
  for (size_t i = 0; i < length / 4; i++) {
    uint32_t word;
    memcpy(&word, static_cast<const uint8_t*>(bytes) + 4 * i, 4);
    g.words[offset / 4 + i] &= word;
    if (++g.programmed[offset / 4 + i] > 1) g.double_programs++;
  }
  return true;
}

static bool flash_erase(size_t page) {
  if (page >= kPages) return false;
  memset(g.words + page * kPage / 4, 0xff, kPage);
  memset(g.programmed + page * kPage / 4, 0, kPage / 4);
  return true;
}

static RecordFlash flash() { return {kPage, kPages, flash_read, flash_program, flash_erase}; }

struct Value {
  RecordResult result;  // of get()
  size_t length;
  uint8_t bytes[kRecordMax];
};
static constexpr Value kNone = {RecordResult::kMissing, 0, {}};

static bool same(const Value& a, const Value& b) {
  return a.result == b.result && a.length == b.length && memcmp(a.bytes, b.bytes, a.length) == 0;
}

static Value stored(RecordStore& store, uint32_t key) {
  Value value = {};
  value.result = store.get(key, value.bytes, sizeof value.bytes, value.length);
  return value;
}

static Value other(uint8_t key) { return {RecordResult::kOk, 200, {key}}; }

// The operation whose reads fail; key 7 is there before it, key 8 is not.
enum Touch : uint8_t { kFormat, kMount, kGet, kGetMissing, kPut, kPutNew, kPutSame, kRemove, kRemoveMissing, kTouches };

static const Value kChanged = {RecordResult::kOk, 180, {3}}, kLater = {RecordResult::kOk, 60, {5}};

static RecordResult run(RecordStore& store, Touch what, const Value& old, Value& seen) {
  switch (what) {
    case kGet:
    case kGetMissing:
      seen = stored(store, what == kGet ? 7 : 8);
      return seen.result;
    case kPut:
    case kPutNew:
      return store.put(what == kPut ? 7 : 8, kChanged.bytes, kChanged.length);
    case kPutSame:
      return store.put(7, old.bytes, old.length);
    case kRemove:
    case kRemoveMissing:
      return store.remove(what == kRemove ? 7 : 8);
    default:
      return store.mount();
  }
}

// Runs one operation with its read number `read` failing: kIo or the right result. The store is then used on, as a
// relay does, and mounted again. Both times the other keys are there, and the touched ones are old or new and stay so.
// False when the operation has fewer reads.
static bool play(Touch what, bool full, long read, unsigned& bad) {
  memset(&g, 0, sizeof g);
  memset(g.words, 0xff, sizeof g.words);
  g.until_read_fails = -1;
  Value old = {RecordResult::kOk, 200, {9}}, seen = kNone;
  RecordStore store(flash());
  if (what != kFormat) {
    store.mount();
    for (uint8_t key = 1; key <= 6; key++) store.put(key, other(key).bytes, 200);
    // Full: whatever is put next compacts.
    do {
      old.bytes[1]++;
      store.put(7, old.bytes, old.length);
    } while (full && store.used() + 208 <= store.capacity());
    // 8 bytes each: not even a deletion fits any more.
    while (full && store.used() + 8 <= store.capacity()) {
      if (store.put(10, nullptr, 0) != RecordResult::kOk) bad++;
      if (store.used() + 8 <= store.capacity()) store.remove(10);
    }
  }
  const Value old7 = what == kFormat ? kNone : old;
  const Value new7 = what == kPut ? kChanged : what == kRemove ? kNone : old7;
  const Value new8 = what == kPutNew ? kChanged : kNone;
  if (what == kMount) store = RecordStore(flash());

  g.until_read_fails = read;
  RecordResult result = run(store, what, old, seen);
  bool failed = g.until_read_fails < 0;
  g.until_read_fails = -1;
  bool missing = what == kGetMissing || what == kRemoveMissing;
  bool right = result == (missing ? RecordResult::kMissing : RecordResult::kOk);
  if (!right && !(failed && result == RecordResult::kIo)) bad++;
  if (right && what == kGet && !same(seen, old)) bad++;
  if (what <= kMount && !right && store.mount() != RecordResult::kOk) bad++;

  // Flash that fails again while the store looks where the failed write has left it.
  Value again[3];
  for (long i = 0; i < 3; i++) {
    g.until_read_fails = i * i * 3;
    again[i] = stored(store, 7);
  }
  g.until_read_fails = -1;
  const Value first7 = stored(store, 7), first8 = stored(store, 8);
  if (!same(first7, new7) && (right || !same(first7, old7))) bad++;
  if (!same(first8, new8) && (right || !same(first8, kNone))) bad++;
  for (const Value& value : again) {
    if (value.result != RecordResult::kIo && !same(value, first7)) bad++;
  }
  for (int turn = 0; turn < 2; turn++) {
    if (!same(stored(store, 7), first7) || !same(stored(store, 8), first8)) bad++;
    for (uint8_t key = 1; key <= 6 && what != kFormat; key++) {
      if (!same(stored(store, key), other(key))) bad++;
    }
    if (turn == 1) break;
    if (store.put(9, kLater.bytes, kLater.length) != RecordResult::kOk) bad++;
    store = RecordStore(flash());
    if (store.mount() != RecordResult::kOk) bad++;
  }
  if (!same(stored(store, 9), kLater) || g.double_programs) bad++;
  return failed;
}

void test_record_reads() {
  unsigned long reads = 0;
  for (uint8_t what = 0; what < kTouches; what++) {
    for (int full = 0; full < 2; full++) {
      unsigned bad = 0;
      long read = 0;
      while (play(static_cast<Touch>(what), full == 1, read, bad)) read++;
      if (bad) printf("operation %u, full %d: %u of %ld\n", what, full, bad, read);
      CHECK(bad == 0);
      CHECK(read > 3);
      reads += static_cast<unsigned long>(read);
    }
  }
  CHECK(reads > 1000);
}
