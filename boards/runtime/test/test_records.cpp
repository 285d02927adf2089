// The record store against a model, with the power cut at every flash operation (flash_model.h).
#include "flash_model.h"

using namespace mehr;
using namespace flash_model;

struct Operation {
  unsigned key;
  bool remove;
  Value value;
};

static Operation make_operation(Random& random, size_t longest) {
  Operation op = {};
  op.key = random.below(kKeys);
  op.remove = random.below(6) == 0;
  op.value.exists = !op.remove;
  op.value.length = op.remove ? 0 : random.below(static_cast<uint32_t>(longest + 1));
  for (size_t i = 0; i < op.value.length; i++) op.value.bytes[i] = static_cast<uint8_t>(random.next());
  return op;
}

static RecordResult run(RecordStore& store, const Operation& op) {
  return op.remove ? store.remove(op.key) : store.put(op.key, op.value.bytes, op.value.length);
}

/// Plays one sequence with the power cut at flash operation `cut`, mounts again, compares, plays the rest.
/// Returns false when the cut lay beyond the end.
static bool play(size_t pages, uint64_t seed, unsigned operations, long cut, size_t longest, unsigned& bad) {
  static Model model;
  fresh(pages, seed * 7919 + static_cast<uint64_t>(cut) + 1);
  memset(&model, 0, sizeof model);
  g.until_cut = cut;
  Random random{seed};
  RecordStore store(flash());
  if (store.mount() != RecordResult::kOk && !g.dead) bad++;
  bool was_cut = false;
  for (unsigned i = 0; i < operations; i++) {
    Operation op = make_operation(random, longest);
    RecordResult result = g.dead ? RecordResult::kIo : run(store, op);
    if (!g.dead) {
      bool expected = op.remove && !model.values[op.key].exists ? result == RecordResult::kMissing
                                                                : result == RecordResult::kOk;
      if (!expected) bad++;
      model.values[op.key] = op.value;
      continue;
    }
    was_cut = true;
    g.dead = false;
    g.until_cut = -1;
    store = RecordStore(flash());
    if (store.mount() != RecordResult::kOk) bad++;
    for (unsigned key = 0; key < kKeys; key++) {
      Value now = stored(store, key);
      if (key == op.key && same(now, op.value)) model.values[key] = op.value;
      if (!same(now, model.values[key])) bad++;
    }
  }
  RecordStore again(flash());
  if (again.mount() != RecordResult::kOk) bad++;
  for (unsigned key = 0; key < kKeys; key++) {
    if (!same(stored(again, key), model.values[key])) bad++;
  }
  if (g.double_programs) bad++;
  return was_cut;
}

static void cut_everywhere() {
  struct Shape {
    size_t pages;
    unsigned operations;
    size_t longest;
    uint64_t seed;
  };
  // Large values compact every few writes, small ones fill a bank with many entries, 4 pages make banks of 2 pages.
  const Shape shapes[] = {{2, 120, 256, 11}, {2, 400, 24, 12}, {4, 160, 256, 13}, {2, 60, 256, 14}, {3, 60, 200, 15}};
  unsigned long cuts = 0;
  for (const Shape& s : shapes) {
    unsigned bad = 0;
    long cut = 0;
    while (play(s.pages, s.seed, s.operations, cut, s.longest, bad)) cut++;
    CHECK(bad == 0);
    CHECK(cut > 150);
    cuts += static_cast<unsigned long>(cut);
  }
  CHECK(cuts > 2500);
}

static void many_cuts_in_one_life() {
  unsigned bad = 0, cuts = 0;
  static Model model;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    fresh(2, seed);
    memset(&model, 0, sizeof model);
    Random random{seed * 31};
    RecordStore store(flash());
    store.mount();
    for (int i = 0; i < 400; i++) {
      if (g.until_cut < 0 && random.below(3) == 0) g.until_cut = random.below(12);
      Operation op = make_operation(random, 120);
      run(store, op);
      if (!g.dead) {
        model.values[op.key] = op.value;
        continue;
      }
      // Sometimes the power fails again while mounting.
      cuts++;
      g.dead = false;
      g.until_cut = random.below(2) ? 0 : -1;
      store = RecordStore(flash());
      if (store.mount() != RecordResult::kOk || g.dead) {
        g.dead = false;
        g.until_cut = -1;
        store = RecordStore(flash());
        if (store.mount() != RecordResult::kOk) bad++;
      }
      g.until_cut = -1;
      for (unsigned key = 0; key < kKeys; key++) {
        Value now = stored(store, key);
        if (key == op.key && same(now, op.value)) model.values[key] = op.value;
        if (!same(now, model.values[key])) bad++;
      }
    }
    if (g.double_programs) bad++;
  }
  CHECK(bad == 0);
  CHECK(cuts > 1000);
}

static void worn_words() {
  unsigned bad = 0, refused = 0, done = 0;
  static Model model;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    fresh(2, seed);
    memset(&model, 0, sizeof model);
    Random random{seed * 131};
    // Up to 12 words with stuck bits, sometimes a word that cannot be programmed at all.
    for (uint32_t n = random.below(12); n > 0; n--) {
      uint32_t bits = random.below(4) == 0 ? 0xffffffff : 1u << random.below(32);
      uint32_t at = random.below(2048);
      if (at % 1024 >= 4) g.stuck[at] |= bits;  // a worn bank header is the next case
    }
    RecordStore store(flash());
    if (store.mount() != RecordResult::kOk) bad++;
    for (int i = 0; i < 300; i++) {
      Operation op = make_operation(random, 100);
      RecordResult result = run(store, op);
      if (result == RecordResult::kOk) {
        done++;
        model.values[op.key] = op.value;
      } else if (result != RecordResult::kMissing) {
        refused++;
      }
      if (i % 10 == 0) {
        store = RecordStore(flash());
        if (store.mount() != RecordResult::kOk) bad++;
      }
      if (!same(stored(store, op.key), model.values[op.key])) bad++;
    }
    for (unsigned key = 0; key < kKeys; key++) {
      if (!same(stored(store, key), model.values[key])) bad++;
    }
  }
  CHECK(bad == 0);
  CHECK(refused * 20 < done);

  // A bank whose header cannot be written any more: what is stored stays readable, writes say so.
  fresh(2, 5);
  g.stuck[1024 + 3] = 0xffffffff;
  RecordStore store(flash());
  CHECK(store.mount() == RecordResult::kOk);
  uint8_t value[200] = {1, 2, 3};
  CHECK(store.put(1, value, 100) == RecordResult::kOk);
  RecordResult result = RecordResult::kOk;
  for (uint8_t i = 0; i < 100 && result == RecordResult::kOk; i++) {
    value[0] = i;
    result = store.put(2, value, sizeof value);
  }
  CHECK(result == RecordResult::kIo);
  CHECK(stored(store, 1).exists && stored(store, 2).exists);
}

static void hostile_contents() {
  unsigned bad = 0;
  for (uint64_t seed = 1; seed <= 300; seed++) {
    fresh(2, seed);
    RecordStore store(flash());
    uint8_t value[16] = {7};
    bool keep_header = seed % 2;
    if (keep_header) store.mount();
    for (size_t i = keep_header ? 4 : 0; i < 1024; i++) g.words[i] = g.random.next();
    if (seed % 3 == 0) memset(g.words + 4, 0, 400);
    store = RecordStore(flash());
    if (store.mount() != RecordResult::kOk) bad++;
    memset(g.programmed, 0, sizeof g.programmed);
    if (store.put(3, value, sizeof value) != RecordResult::kOk) bad++;
    if (!stored(store, 3).exists) bad++;
  }
  CHECK(bad == 0);
}

static void limits() {
  fresh(2, 9);
  RecordStore store(flash());
  uint8_t value[kRecordMax] = {};
  size_t length = 0;
  CHECK(store.put(1, value, 1) == RecordResult::kIo);  // not mounted
  CHECK(store.mount() == RecordResult::kOk);
  CHECK(store.put(0xffff, value, 1) == RecordResult::kRange);
  CHECK(store.put(1, value, kRecordMax + 1) == RecordResult::kRange);
  CHECK(store.get(1, value, sizeof value, length) == RecordResult::kMissing);
  CHECK(store.remove(1) == RecordResult::kMissing);
  CHECK(store.put(0, nullptr, 0) == RecordResult::kOk);
  CHECK(store.get(0, value, 0, length) == RecordResult::kOk && length == 0);
  CHECK(store.put(0xfffe, value, kRecordMax) == RecordResult::kOk);
  CHECK(store.get(0xfffe, value, 10, length) == RecordResult::kOk && length == kRecordMax);
  unsigned stored_count = 0;
  RecordResult result = RecordResult::kOk;
  while (result == RecordResult::kOk) {
    value[0] = static_cast<uint8_t>(stored_count);
    result = store.put(100 + stored_count, value, kRecordMax);
    if (result == RecordResult::kOk) stored_count++;
  }
  CHECK(result == RecordResult::kFull && stored_count == 14);
  // A full store can still replace and delete.
  value[0] = 0xee;
  CHECK(store.put(105, value, kRecordMax) == RecordResult::kOk);
  CHECK(store.get(105, value, sizeof value, length) == RecordResult::kOk && value[0] == 0xee);
  CHECK(store.remove(101) == RecordResult::kOk);
  CHECK(store.put(500, value, kRecordMax) == RecordResult::kOk);
  // Writing what is already there costs nothing.
  unsigned long before = g.operations;
  CHECK(store.put(500, value, kRecordMax) == RecordResult::kOk && g.operations == before);
}

void test_records() {
  limits();
  cut_everywhere();
  many_cuts_in_one_life();
  worn_words();
  hostile_contents();
}
