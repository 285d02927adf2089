// put_all(): several records in one step. Whatever happens to power, words or reads meanwhile, afterwards all of them are
// old or all of them are new, and no other record is touched.
#include "flash_model.h"

using namespace mehr;
using namespace flash_model;

static constexpr size_t kMost = 7;  // records changed at once: what a restore changes is as many

struct Set {
  size_t count;
  RecordChange changes[kMost];
  Value values[kMost];
};

static Value make_value(Random& random, size_t longest) {
  Value value = {};
  value.exists = true;
  value.length = random.below(static_cast<uint32_t>(longest + 1));
  for (size_t i = 0; i < value.length; i++) value.bytes[i] = static_cast<uint8_t>(random.next());
  return value;
}

// `least` to kMost different keys; some are removed, some keep the value they have.
static void make_set(Random& random, const Model& model, size_t least, size_t longest, Set& set) {
  set.count = least + random.below(static_cast<uint32_t>(kMost - least + 1));
  uint32_t first = random.below(kKeys);
  for (size_t i = 0; i < set.count; i++) {
    uint32_t key = (first + static_cast<uint32_t>(i) * 5) % kKeys;  // 5 and 12 have no common divisor
    uint32_t what = random.below(8);
    set.values[i] = what == 0 ? Value{} : what == 1 ? model.values[key] : make_value(random, longest);
    const Value& value = set.values[i];
    set.changes[i] = {key, value.exists ? value.bytes : nullptr, value.length, !value.exists};
  }
}

static void apply(Model& model, const Set& set) {
  for (size_t i = 0; i < set.count; i++) model.values[set.changes[i].key] = set.values[i];
}

static bool matches(RecordStore& store, const Model& model) {
  for (unsigned key = 0; key < kKeys; key++) {
    if (!same(stored(store, key), model.values[key])) return false;
  }
  return true;
}

/// The store after something went wrong in this set: all old or all new, and the model follows. Otherwise `bad` counts.
static void settle(RecordStore& store, Model& model, const Set& set, unsigned& bad) {
  if (matches(store, model)) return;
  apply(model, set);
  if (!matches(store, model)) bad++;
}

/// Whether what `set` replaced in the model is nowhere in the flash. Values of 8 bytes and more are found nowhere by chance.
static bool wiped(const Model& old, const Set& set) {
  const uint8_t* bytes = reinterpret_cast<const uint8_t*>(g.words);
  for (size_t i = 0; i < set.count; i++) {
    const Value& value = old.values[set.changes[i].key];
    if (value.length < 8 || same(value, set.values[i])) continue;
    for (size_t at = 0; at + value.length <= g.pages * kPage; at += 4) {
      if (memcmp(bytes + at, value.bytes, value.length) == 0) return false;
    }
  }
  return true;
}

/// Sets of all sizes, with the power cut at flash operation `cut`. False when the cut lay beyond the end.
static bool play(size_t pages, uint64_t seed, unsigned rounds, long cut, Torn torn, size_t longest, unsigned& bad) {
  static Model model;
  static Set set;
  fresh(pages, seed * 104729 + static_cast<uint64_t>(cut) + 1);
  memset(&model, 0, sizeof model);
  g.until_cut = cut;
  g.torn = torn;
  Random random{seed};
  RecordStore store(flash());
  if (store.mount() != RecordResult::kOk && !g.dead) bad++;
  bool was_cut = false;
  for (unsigned i = 0; i < rounds; i++) {
    make_set(random, model, i % 3 == 0 ? 1 : 2, longest, set);
    bool wipe = i % 4 == 3;
    RecordResult result = g.dead ? RecordResult::kIo : store.put_all(set.changes, set.count, wipe);
    if (!g.dead) {
      if (result != RecordResult::kOk || (wipe && !wiped(model, set))) bad++;
      apply(model, set);
      if (!matches(store, model)) bad++;
      continue;
    }
    was_cut = true;
    g.dead = false;
    g.until_cut = -1;
    store = RecordStore(flash());
    if (store.mount() != RecordResult::kOk) bad++;
    settle(store, model, set, bad);
  }
  RecordStore again(flash());
  if (again.mount() != RecordResult::kOk || !matches(again, model)) bad++;
  if (g.double_programs) bad++;
  return was_cut;
}

static void cut_everywhere() {
  struct Shape {
    size_t pages;
    unsigned rounds;
    size_t longest;
    uint64_t seed;
  };
  const Shape shapes[] = {{2, 14, 256, 21}, {2, 30, 24, 22}, {4, 12, 256, 23}};
  const Torn kWays[] = {Torn::kHalf, Torn::kNotBegun, Torn::kDone};
  unsigned long cuts = 0;
  for (const Shape& s : shapes) {
    for (Torn torn : kWays) {
      unsigned bad = 0;
      long cut = 0;
      while (play(s.pages, s.seed, s.rounds, cut, torn, s.longest, bad)) cut++;
      CHECK(bad == 0);
      CHECK(cut > 150);
      cuts += static_cast<unsigned long>(cut);
    }
  }
  CHECK(cuts > 2500);
}

static void worn_words() {
  unsigned bad = 0, refused = 0, done = 0;
  static Model model;
  static Set set;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    fresh(2, seed);
    memset(&model, 0, sizeof model);
    Random random{seed * 257};
    for (uint32_t n = random.below(12); n > 0; n--) {
      uint32_t bits = random.below(4) == 0 ? 0xffffffff : 1u << random.below(32);
      uint32_t at = random.below(2048);
      if (at % 1024 >= 4) g.stuck[at] |= bits;
    }
    // The second bank's header, of every fifth flash: then nothing can move there.
    if (seed % 5 == 0) g.stuck[1024 + seed / 5 % 4] = 0xffffffff;
    RecordStore store(flash());
    if (store.mount() != RecordResult::kOk) bad++;
    for (int i = 0; i < 60; i++) {
      make_set(random, model, 2, 100, set);
      RecordResult result = store.put_all(set.changes, set.count);
      if (result == RecordResult::kOk) {
        done++;
        apply(model, set);
        if (!matches(store, model)) bad++;
      } else {
        refused++;
        if (result != RecordResult::kIo && result != RecordResult::kFull) bad++;
        settle(store, model, set, bad);
      }
      if (i % 5 != 0) continue;
      store = RecordStore(flash());
      if (store.mount() != RecordResult::kOk || !matches(store, model)) bad++;
    }
  }
  CHECK(bad == 0);
  CHECK(refused > 100 && done > 1500);
}

static void failing_reads() {
  unsigned bad = 0;
  unsigned long reads = 0;
  static Model model;
  static Set set;
  for (size_t least = 1; least <= 4; least += 3) {
    bool failed = true;
    for (long read = 0; failed; read += 1 + read / 97) {  // there are many, and later ones repeat earlier ones
      fresh(2, 77);
      memset(&model, 0, sizeof model);
      Random random{least + 5};
      RecordStore store(flash());
      if (store.mount() != RecordResult::kOk) bad++;
      for (int i = 0; i < 6; i++) {
        make_set(random, model, least, 200, set);
        if (store.put_all(set.changes, set.count) != RecordResult::kOk) bad++;
        apply(model, set);
      }
      make_set(random, model, least, 200, set);
      g.until_read_fails = read;
      RecordResult result = store.put_all(set.changes, set.count);
      failed = g.until_read_fails < 0;
      g.until_read_fails = -1;
      if (result != RecordResult::kOk && !(failed && result == RecordResult::kIo)) bad++;
      if (result == RecordResult::kOk) apply(model, set);
      settle(store, model, set, bad);
      RecordStore again(flash());
      if (again.mount() != RecordResult::kOk || !matches(again, model)) bad++;
      // And it goes on from there.
      make_set(random, model, 2, 200, set);
      if (store.put_all(set.changes, set.count) != RecordResult::kOk) bad++;
      apply(model, set);
      if (!matches(store, model) || g.double_programs) bad++;
      reads++;
    }
  }
  CHECK(bad == 0);
  CHECK(reads > 200);
}

static void limits() {
  fresh(2, 9);
  RecordStore store(flash());
  uint8_t a[kRecordMax] = {1}, b[kRecordMax] = {2};
  RecordChange two[] = {{1, a, 100, false}, {2, b, 100, false}};
  CHECK(store.put_all(two, 2) == RecordResult::kIo);  // not mounted
  CHECK(store.mount() == RecordResult::kOk);
  unsigned long before = g.operations;
  const RecordChange twice[] = {{1, a, 1, false}, {1, b, 1, false}};
  const RecordChange out_of_range[] = {{1, a, 1, false}, {0xffff, b, 1, false}};
  const RecordChange too_long[] = {{1, a, kRecordMax + 1, false}, {2, b, 1, false}};
  CHECK(store.put_all(twice, 2) == RecordResult::kRange);
  CHECK(store.put_all(out_of_range, 2) == RecordResult::kRange);
  CHECK(store.put_all(too_long, 2) == RecordResult::kRange);
  CHECK(store.put_all(two, 0) == RecordResult::kOk);
  // Removing what is not there is no change.
  const RecordChange gone[] = {{1, nullptr, 0, true}, {2, nullptr, 0, true}};
  CHECK(store.put_all(gone, 2) == RecordResult::kOk);
  CHECK(g.operations == before && stored(store, 1).exists == false);

  // Two records: one page erased, head, value and commit of each, bank header in two.
  CHECK(store.put_all(two, 2) == RecordResult::kOk && g.operations == before + 1 + 6 + 2 && g.erases == 2);
  before = g.operations;
  CHECK(store.put_all(two, 2) == RecordResult::kOk && g.operations == before);  // there already
  b[0] = 3;
  CHECK(store.put_all(two, 2) == RecordResult::kOk && g.operations == before + 3);  // one differs: no erase
  CHECK(stored(store, 2).bytes[0] == 3);

  // What does not fit is known before anything is erased; what fits because others go, fits.
  uint8_t value[kRecordMax] = {};
  for (uint32_t key = 10; key < 22; key++) CHECK(store.put(key, value, kRecordMax) == RecordResult::kOk);
  value[0] = 9;
  RecordChange three[] = {{30, value, kRecordMax, false}, {31, value, kRecordMax, false}, {32, value, kRecordMax, false}};
  before = g.operations;
  CHECK(store.put_all(three, 3) == RecordResult::kFull && g.operations == before);
  CHECK(!stored(store, 30).exists && stored(store, 21).exists);
  RecordChange replace[] = {three[0], three[1], three[2], {10, nullptr, 0, true}, {11, nullptr, 0, true},
                            {99, nullptr, 0, true}};
  CHECK(store.put_all(replace, 6) == RecordResult::kOk);
  CHECK(stored(store, 30).exists && stored(store, 32).bytes[0] == 9 && !stored(store, 10).exists);
  CHECK(stored(store, 1).exists && stored(store, 12).exists && !stored(store, 11).exists);
}

void test_record_sets() {
  limits();
  cut_everywhere();
  worn_words();
  failing_reads();
}
