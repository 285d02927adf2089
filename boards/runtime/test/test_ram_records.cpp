// A replay's records: each key has its own value whatever came and went before, and a refused one changes nothing.
#include <string.h>

#include "check.h"
#include "ram_records.h"

using namespace mehr;

static constexpr unsigned kKeys = 16;

namespace {
struct Model {
  bool exists[kKeys];
  size_t length[kKeys];
  uint8_t bytes[kKeys][RamRecords::kRecordBytes];
};
}  // namespace

static bool matches(const RamRecords& records, const Model& model) {
  for (unsigned key = 0; key < kKeys; key++) {
    uint8_t value[RamRecords::kRecordBytes];
    size_t length = 0;
    bool found = records.get(key, value, sizeof value, length);
    if (found != model.exists[key]) return false;
    if (found && (length != model.length[key] || memcmp(value, model.bytes[key], length) != 0)) return false;
  }
  return true;
}

void test_ram_records() {
  static RamRecords records;
  static Model model;
  Random random{42};
  unsigned bad = 0, refused = 0, stored = 0;
  for (unsigned i = 0; i < 20000; i++) {
    unsigned key = random.below(kKeys);
    if (random.below(5) == 0) {
      records.remove(key);
      model.exists[key] = false;
    } else {
      uint8_t value[RamRecords::kRecordBytes + 1];
      size_t length = random.below(sizeof value + 1);
      for (size_t at = 0; at < length; at++) value[at] = static_cast<uint8_t>(random.next());
      size_t others = 0, sum = 0;
      for (unsigned other = 0; other < kKeys; other++) {
        if (other == key || !model.exists[other]) continue;
        others++;
        sum += model.length[other];
      }
      bool fits = length <= RamRecords::kRecordBytes && others < RamRecords::kRecords &&
                  sum + length <= RamRecords::kBytes;
      if (records.put(key, value, length) != fits) bad++;
      if (fits) {
        stored++;
        model.exists[key] = true;
        model.length[key] = length;
        memcpy(model.bytes[key], value, length);
      } else {
        refused++;
      }
    }
    if (!matches(records, model)) bad++;
  }
  CHECK(bad == 0 && stored > 1000 && refused > 1000);

  uint8_t byte = 7, two[2] = {1, 2};
  size_t length = 0;
  records.clear();
  CHECK(!records.get(1, &byte, 1, length));
  CHECK(!records.put(0xffff, &byte, 1) && records.put(0xfffe, two, 2));
  CHECK(records.get(0xfffe, &byte, 1, length) && length == 2 && byte == 1);
  CHECK(records.put(3, nullptr, 0) && records.get(3, nullptr, 0, length) && length == 0);
}
