#include "ram_records.h"

#include <string.h>

namespace mehr {

static constexpr uint32_t kKeyMax = 0xfffe;  // as in flash (records.h)

// Where the key's entry and value are; behind the last ones when there is no such key.
bool RamRecords::find(uint32_t key, size_t& index, size_t& offset) const {
  offset = 0;
  for (index = 0; index < count_; index++) {
    if (entries_[index].key == key) return true;
    offset += entries_[index].length;
  }
  return false;
}

bool RamRecords::put(uint32_t key, const uint8_t* bytes, size_t length) {
  size_t index, offset, used = 0;
  for (size_t i = 0; i < count_; i++) used += entries_[i].length;
  bool known = find(key, index, offset);
  if (known) used -= entries_[index].length;
  if (key > kKeyMax || length > kRecordBytes || used + length > kBytes) return false;
  if (!known && count_ == kRecords) return false;
  if (known) remove(key);
  entries_[count_++] = {static_cast<uint16_t>(key), static_cast<uint16_t>(length)};
  if (length > 0) memcpy(values_ + used, bytes, length);
  return true;
}

bool RamRecords::get(uint32_t key, uint8_t* out, size_t capacity, size_t& length) const {
  size_t index, offset;
  if (!find(key, index, offset)) return false;
  length = entries_[index].length;
  size_t copied = length < capacity ? length : capacity;
  if (copied > 0) memcpy(out, values_ + offset, copied);
  return true;
}

void RamRecords::remove(uint32_t key) {
  size_t index, offset;
  if (!find(key, index, offset)) return;
  size_t length = entries_[index].length;
  size_t behind = 0;
  for (size_t i = index + 1; i < count_; i++) {
    behind += entries_[i].length;
    entries_[i - 1] = entries_[i];
  }
  count_--;
  memmove(values_ + offset, values_ + offset + length, behind);
}

}  // namespace mehr
