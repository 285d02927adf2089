// A small record store on NOR flash: u16 key -> up to 256 bytes, append-only, two banks.
// Guarantee: after a power cut at any flash operation every key holds its old value or its new value, and no other
// key is touched. Layout, all words little-endian:
//   bank   = half of the record area (whole pages); word 0 magic, 1 sequence, 2 bank size, 3 CRC-32 of words 0..2,
//            then entries; the bank with the highest valid sequence is the store
//   entry  = header word, value padded with 0xFF to whole words, commit word
//   header = key 16 bits | length 9 bits | deleted 1 bit | check 6 bits; 0xFFFFFFFF is where the log ends
//   commit = CRC-32 over bank sequence, header, value; written last, so an entry without it never existed
// Every word is programmed once between erases (nRF52840 PS 4.3.8 allows two writes per word).
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

constexpr size_t kRecordMax = 256;
constexpr uint32_t kRecordKeyMax = 0xfffe;

/// Flash as the store sees it; tests put one with power cuts and worn words here. Offsets from the area's start.
/// Each returns false on failure.
struct RecordFlash {
  size_t page_size;   // a multiple of 4, at least 64
  size_t page_count;  // at least 2
  bool (*read)(size_t offset, void* out, size_t length);
  bool (*program)(size_t offset, const void* bytes, size_t length);
  bool (*erase)(size_t page);
};

/// One record's part of what put_all() changes.
struct RecordChange {
  uint32_t key;
  const uint8_t* bytes;
  size_t length;
  bool remove;  // then bytes and length are not looked at
};

enum class RecordResult : uint8_t {
  kOk = 0,
  kMissing,  // no such key
  kRange,    // key, length or capacity out of range
  kFull,     // the live records and this one do not fit in one bank
  kIo,       // flash refused, or words are worn out in both banks; the old value stands, or the new one when it was
             // the reading back that failed: get() tells
};

class RecordStore {
 public:
  explicit RecordStore(const RecordFlash& flash) : flash_(flash) {}

  /// Finds the newest bank, or formats an area that has none. Nothing that was read is trusted unchecked.
  RecordResult mount();
  /// Replaces the value of `key`. Writing the value already there costs no flash.
  RecordResult put(uint32_t key, const uint8_t* bytes, size_t length);
  /// Copies at most `capacity` bytes of the value; `length` is the value's own length.
  RecordResult get(uint32_t key, uint8_t* out, size_t capacity, size_t& length);
  /// kMissing when there was nothing to delete.
  RecordResult remove(uint32_t key);
  /// Changes several records, each key named once, in one step: after a power cut at any flash operation all of them are
  /// old or all are new. What is stored already, or missing already, costs no flash. kRange, kFull: nothing was written;
  /// kIo: nothing is changed, or, as with put(), all of it is: get() tells. `wipe`: nothing but the live records stays in
  /// the flash, at the price of two erases; a power cut behind the change may leave old values to a later erase.
  RecordResult put_all(const RecordChange* changes, size_t count, bool wipe = false);

  /// Bytes of the current bank in use, live or superseded.
  size_t used() const { return tail_; }
  size_t capacity() const { return bank_size_; }

 private:
  struct Entry {
    size_t offset;  // in the bank
    uint32_t header;
  };
  size_t base(unsigned bank) const { return bank * bank_size_; }
  bool read(size_t offset, void* out, size_t length) const;
  bool read_word(unsigned bank, size_t offset, uint32_t& word) const;
  bool program_checked(unsigned bank, size_t offset, const uint8_t* bytes, size_t length) const;
  bool bank_sequence(unsigned bank, uint32_t& sequence) const;
  size_t next(unsigned bank, size_t offset) const;
  bool committed(unsigned bank, size_t offset, uint32_t sequence) const;
  bool find(uint32_t key, Entry& entry) const;
  bool superseded(size_t offset, uint32_t key) const;
  size_t scan_tail(unsigned bank) const;
  bool rest_erased(unsigned bank, size_t offset) const;
  bool live(size_t offset, uint32_t& header) const;
  bool attach();
  bool ready();
  RecordResult append(unsigned bank, uint32_t sequence, size_t& tail, uint32_t header, const uint8_t* bytes);
  bool holds(const RecordChange& change) const;
  RecordResult compact(const RecordChange* changes, size_t count);
  RecordResult write(const RecordChange& change);
  bool erase_bank(unsigned bank) const;
  bool commit_bank(unsigned bank, uint32_t sequence) const;

  RecordFlash flash_;
  size_t bank_size_ = 0;
  unsigned bank_ = 0;
  uint32_t sequence_ = 0;
  size_t tail_ = 0;
  bool mounted_ = false;
  // Bank and tail may be other than on flash, because what a write left there could not be told: read them again.
  bool stale_ = false;
  // A read has failed since the operation began. What was not read is not known to be missing, so this is kIo.
  mutable bool read_failed_ = false;
};

}  // namespace mehr
