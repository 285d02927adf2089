// Records of a replay: in RAM, gone with it. host/core/records.ts holds the same limits, so that a replay on a board
// and one under V8 fail at the same record.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

class RamRecords {
 public:
  static constexpr size_t kRecords = 12;
  static constexpr size_t kRecordBytes = 256;
  /// All values together: what the core stores at most, with some room.
  static constexpr size_t kBytes = 1792;

  void clear() { count_ = 0; }
  /// Replaces the value of `key`. False, and the old value stays, when key, length, number or sum is too large.
  bool put(uint32_t key, const uint8_t* bytes, size_t length);
  /// Copies at most `capacity` bytes of the value; `length` is the value's own length. False: no such key.
  bool get(uint32_t key, uint8_t* out, size_t capacity, size_t& length) const;
  void remove(uint32_t key);

 private:
  struct Entry {
    uint16_t key;
    uint16_t length;
  };
  bool find(uint32_t key, size_t& index, size_t& offset) const;

  size_t count_ = 0;
  Entry entries_[kRecords] = {};
  uint8_t values_[kBytes] = {};  // one behind the other, in the order of the entries
};

}  // namespace mehr
