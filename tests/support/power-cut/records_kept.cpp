#include "records_kept.h"

#include "mehr_abi.h"
#include "stop.h"

namespace power_cut {

// Beyond every key of the core, and of the shell, so that nothing appears where nothing was.
static constexpr uint32_t kKeys = 64, kShell = 0x100, kShellKeys = 4;
static uint32_t next_key(uint32_t key) { return key + 1 == kKeys ? kShell : key + 1; }

int32_t FlashRecords::change(uint32_t key, const Bytes* value) {
  writing_ = static_cast<int>(key);
  new_exists_ = value != nullptr;
  if (value) new_value_ = *value;
  changes_[key]++;
  mehr::RecordResult result = value ? store_.put(key, value->data(), value->size()) : store_.remove(key);
  bool missing = !value && result == mehr::RecordResult::kMissing;
  if (result != mehr::RecordResult::kOk && !missing) stop("record %u: the store says %d", key, static_cast<int>(result));
  if (value) {
    values_[key] = *value;
  } else {
    values_.erase(key);
  }
  writing_ = -1;
  return MEHR_STATUS_OK;
}

int32_t FlashRecords::put(uint32_t key, const uint8_t* bytes, uint32_t length) {
  Bytes value(bytes, bytes + length);
  return change(key, &value);
}

int32_t FlashRecords::remove(uint32_t key) { return change(key, nullptr); }

int32_t FlashRecords::get(uint32_t key, uint8_t* out, uint32_t capacity) {
  size_t length = 0;
  mehr::RecordResult result = store_.get(key, out, capacity, length);
  if (result == mehr::RecordResult::kMissing) return -MEHR_STATUS_RECORD_MISSING;
  if (result != mehr::RecordResult::kOk) stop("record %u does not read: %d", key, static_cast<int>(result));
  return static_cast<int32_t>(length);
}

void FlashRecords::mount() {
  store_ = mehr::RecordStore(flash::interface());
  mehr::RecordResult result = store_.mount();
  if (result != mehr::RecordResult::kOk) stop("the records do not mount: %d", static_cast<int>(result));
}

void FlashRecords::begin_set(const Values& after) {
  if (after.find(MEHR_RECORD_KEY_AIRTIME) == after.end()) stop("the airtime is to be forgotten");
  after_ = after;
  in_set_ = true;
}

void FlashRecords::end_set() {
  if (in_set_) values_ = after_;
  in_set_ = false;
}

bool FlashRecords::check() {
  Values found;
  for (uint32_t key = 0; key < kShell + kShellKeys; key = next_key(key)) {
    uint8_t bytes[mehr::kRecordMax];
    int32_t length = get(key, bytes, sizeof bytes);
    if (length >= 0) found[key] = Bytes(bytes, bytes + length);
  }
  bool is_new = false;
  if (found != values_ && writing_ >= 0) {
    if (new_exists_) {
      values_[static_cast<uint32_t>(writing_)] = new_value_;
    } else {
      values_.erase(static_cast<uint32_t>(writing_));
    }
    is_new = true;
  }
  if (found != values_ && in_set_) {
    is_new = found == after_;
    if (!is_new) stop("of the records changed at once some are old and some are new");
    values_ = after_;
  }
  in_set_ = false;
  if (found != values_) {
    for (uint32_t key = 0; key < kShell + kShellKeys; key = next_key(key)) {
      auto is = found.find(key), was = values_.find(key);
      bool same = is == found.end() ? was == values_.end() : was != values_.end() && is->second == was->second;
      if (!same) stop("record %u is neither old nor new", key);
    }
  }
  writing_ = -1;
  return is_new;
}

int32_t KeptRecords::put(uint32_t key, const uint8_t* bytes, uint32_t length) {
  return records_.put(key, bytes, length) ? MEHR_STATUS_OK : MEHR_STATUS_RECORD_FAILED;
}

int32_t KeptRecords::get(uint32_t key, uint8_t* out, uint32_t capacity) {
  size_t length = 0;
  return records_.get(key, out, capacity, length) ? static_cast<int32_t>(length) : -MEHR_STATUS_RECORD_MISSING;
}

int32_t KeptRecords::remove(uint32_t key) {
  records_.remove(key);
  return MEHR_STATUS_OK;
}

}  // namespace power_cut
