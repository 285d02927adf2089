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
  /// Compares every key with what was stored; the one that was being written may be old or new. True: it is new.
  bool check();

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
