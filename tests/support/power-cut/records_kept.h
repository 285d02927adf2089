// The runtime's record store as the core's records, and beside it what must be in it.
#pragma once
#include <map>

#include "node.h"
#include "ram_records.h"
#include "records.h"

namespace power_cut {

/// The value of each key that is stored.
using Values = std::map<uint32_t, Bytes>;

/// Records in flash. A store that refuses while the power is on is a failure of the test.
class FlashRecords final : public Records {
 public:
  int32_t put(uint32_t key, const uint8_t* bytes, uint32_t length) override;
  int32_t get(uint32_t key, uint8_t* out, uint32_t capacity) override;
  int32_t remove(uint32_t key) override;

  /// Power-on: mounts what is in the flash, as it is.
  void mount();
  /// Compares every key with what was stored; the one that was being written, or the set of them as a whole, may be old or
  /// new. True: it is new.
  bool check();

  /// What the runtime's own functions work on (mehr::relay::records). They say beforehand what is to be there afterwards,
  /// and when it is.
  mehr::RecordStore& store() { return store_; }
  void begin_set(const Values& after);
  void end_set();
  bool in_set() const { return in_set_; }

  const Values& values() const { return values_; }
  /// The key whose change has begun and not ended, or -1.
  int writing() const { return writing_; }
  /// Changes of each key since the program began.
  const std::map<uint32_t, unsigned>& changes() const { return changes_; }

 private:
  int32_t change(uint32_t key, const Bytes* value);

  mehr::RecordStore store_{flash::interface()};
  Values values_;
  int writing_ = -1;
  bool in_set_ = false;
  Values after_;
  bool new_exists_ = false;
  Bytes new_value_;
  std::map<uint32_t, unsigned> changes_;
};

/// Records of a node whose power does not fail.
class KeptRecords final : public Records {
 public:
  int32_t put(uint32_t key, const uint8_t* bytes, uint32_t length) override;
  int32_t get(uint32_t key, uint8_t* out, uint32_t capacity) override;
  int32_t remove(uint32_t key) override;

 private:
  mehr::RamRecords records_;
};

}  // namespace power_cut
