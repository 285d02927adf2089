#include "records.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

namespace mehr {

static constexpr uint32_t kMagic = 0x3152484d;  // "MHR1"
static constexpr uint32_t kErased = 0xffffffff;
static constexpr size_t kBankHeader = 16;
static constexpr size_t kWord = 4;

// The header word vouches for itself before its length is used to step over the entry.
static uint32_t header_check(uint32_t low26) {
  uint8_t bytes[4];
  store_u32(bytes, low26);
  return crc32(0, bytes, sizeof bytes) & 0x3f;
}
static uint32_t make_header(uint32_t key, size_t length, bool deleted) {
  uint32_t low = key | static_cast<uint32_t>(length) << 16 | (deleted ? 1u << 25 : 0);
  return low | header_check(low) << 26;
}
static uint32_t header_key(uint32_t header) { return header & 0xffff; }
static size_t header_length(uint32_t header) { return (header >> 16) & 0x1ff; }
static bool header_deleted(uint32_t header) { return (header >> 25) & 1; }
static size_t padded(size_t length) { return (length + kWord - 1) & ~(kWord - 1); }
static size_t entry_size(uint32_t header) { return kWord + padded(header_length(header)) + kWord; }
static bool header_sane(uint32_t header) {
  return header_key(header) <= kRecordKeyMax && header_length(header) <= kRecordMax &&
         header_check(header & 0x03ffffff) == header >> 26;
}

static uint32_t entry_crc(uint32_t sequence, uint32_t header) {
  uint8_t bytes[8];
  store_u32(bytes, sequence);
  store_u32(bytes + 4, header);
  return crc32(0, bytes, sizeof bytes);
}

bool RecordStore::read(size_t offset, void* out, size_t length) const {
  if (flash_.read(offset, out, length)) return true;
  read_failed_ = true;
  return false;
}

bool RecordStore::read_word(unsigned bank, size_t offset, uint32_t& word) const {
  uint8_t bytes[kWord];
  if (!read(base(bank) + offset, bytes, sizeof bytes)) return false;
  word = load_u32(bytes);
  return true;
}

// Programs and reads back. A word that did not take (worn, or not erased) is the caller's cue to go elsewhere.
bool RecordStore::program_checked(unsigned bank, size_t offset, const uint8_t* bytes, size_t length) const {
  if (!flash_.program(base(bank) + offset, bytes, length)) return false;
  uint8_t seen[kRecordMax];
  return read(base(bank) + offset, seen, length) && memcmp(seen, bytes, length) == 0;
}

bool RecordStore::bank_sequence(unsigned bank, uint32_t& sequence) const {
  uint8_t header[kBankHeader];
  if (!read(base(bank), header, sizeof header)) return false;
  if (load_u32(header) != kMagic || load_u32(header + 8) != bank_size_) return false;
  if (load_u32(header + 12) != crc32(0, header, 12)) return false;
  sequence = load_u32(header + 4);
  return true;
}

// Offset of what follows the entry at `offset`, or bank_size_ when nothing can. Reader and writer share this one
// rule, so they agree on where entries start: a header that is not sane is stepped over as one word, which is safe
// because values are written only behind a header that was read back; bytes of a value are never taken for a header.
size_t RecordStore::next(unsigned bank, size_t offset) const {
  uint32_t header;
  if (!read_word(bank, offset, header)) return bank_size_;
  if (!header_sane(header) || entry_size(header) > bank_size_ - offset) return offset + kWord;
  return offset + entry_size(header);
}

bool RecordStore::committed(unsigned bank, size_t offset, uint32_t sequence) const {
  uint32_t header, commit;
  if (!read_word(bank, offset, header) || !header_sane(header)) return false;
  if (entry_size(header) > bank_size_ - offset) return false;
  uint8_t value[kRecordMax];
  size_t length = header_length(header);
  if (!read(base(bank) + offset + kWord, value, padded(length))) return false;
  if (!read_word(bank, offset + kWord + padded(length), commit)) return false;
  return commit == crc32(entry_crc(sequence, header), value, length);
}

// The log ends at the first erased word behind which everything is erased; an erased word with something behind it
// is one that would not take its bits.
size_t RecordStore::scan_tail(unsigned bank) const {
  size_t offset = kBankHeader;
  while (offset < bank_size_) {
    uint32_t header;
    if (!read_word(bank, offset, header)) return bank_size_;
    if (header == kErased && rest_erased(bank, offset)) break;
    offset = next(bank, offset);
  }
  return offset;
}

bool RecordStore::rest_erased(unsigned bank, size_t offset) const {
  for (; offset < bank_size_; offset += kWord) {
    uint32_t word;
    if (!read_word(bank, offset, word) || word != kErased) return false;
  }
  return true;
}

bool RecordStore::find(uint32_t key, Entry& entry) const {
  bool found = false;
  for (size_t offset = kBankHeader; offset < tail_; offset = next(bank_, offset)) {
    uint32_t header;
    if (!read_word(bank_, offset, header)) break;
    if (!header_sane(header) || header_key(header) != key || !committed(bank_, offset, sequence_)) continue;
    entry = {offset, header};
    found = true;
  }
  return found && !header_deleted(entry.header);
}

bool RecordStore::superseded(size_t offset, uint32_t key) const {
  for (size_t later = next(bank_, offset); later < tail_; later = next(bank_, later)) {
    uint32_t header;
    if (!read_word(bank_, later, header)) return false;
    if (header_sane(header) && header_key(header) == key && committed(bank_, later, sequence_)) return true;
  }
  return false;
}

bool RecordStore::erase_bank(unsigned bank) const {
  size_t pages = bank_size_ / flash_.page_size;
  // The page with the bank header goes first: a cut half way leaves a bank nobody will mount.
  for (size_t i = 0; i < pages; i++) {
    if (!flash_.erase(bank * pages + i)) return false;
  }
  return true;
}

bool RecordStore::commit_bank(unsigned bank, uint32_t sequence) const {
  uint8_t header[kBankHeader];
  store_u32(header, kMagic);
  store_u32(header + 4, sequence);
  store_u32(header + 8, static_cast<uint32_t>(bank_size_));
  store_u32(header + 12, crc32(0, header, 12));
  return program_checked(bank, 0, header, 12) && program_checked(bank, 12, header + 12, 4);
}

// Takes the newest valid bank for the store. False when there is none, or when that could not be read.
bool RecordStore::attach() {
  uint32_t sequence[2];
  bool valid[2] = {bank_sequence(0, sequence[0]), bank_sequence(1, sequence[1])};
  if (read_failed_ || (!valid[0] && !valid[1])) return false;
  bank_ = valid[0] && valid[1] ? (static_cast<int32_t>(sequence[1] - sequence[0]) > 0 ? 1 : 0) : (valid[1] ? 1 : 0);
  sequence_ = sequence[bank_];
  tail_ = scan_tail(bank_);
  stale_ = read_failed_;
  return !read_failed_;
}

bool RecordStore::ready() {
  read_failed_ = false;
  return mounted_ && (!stale_ || attach());
}

RecordResult RecordStore::mount() {
  mounted_ = read_failed_ = false;
  if (flash_.page_count < 2 || flash_.page_size < 64 || flash_.page_size % kWord != 0) return RecordResult::kRange;
  bank_size_ = flash_.page_count / 2 * flash_.page_size;
  mounted_ = attach();
  // Nothing here yet, or never finished formatting. Try both banks: one may be worn. The second one gets the higher
  // sequence, in case the first has taken its header although flash said no.
  for (unsigned bank = 0; bank < 2 && !mounted_ && !read_failed_; bank++) {
    if (!erase_bank(bank) || !commit_bank(bank, 1 + bank)) continue;
    bank_ = bank, sequence_ = 1 + bank, tail_ = kBankHeader, mounted_ = true, stale_ = false;
  }
  return mounted_ ? RecordResult::kOk : RecordResult::kIo;
}

// Appends one entry at `tail`, moving past words that will not take. The commit word is its own, last, operation.
RecordResult RecordStore::append(unsigned bank, uint32_t sequence, size_t& tail, uint32_t header,
                                 const uint8_t* bytes) {
  size_t length = header_length(header);
  uint8_t value[kRecordMax];
  memset(value, 0xff, sizeof value);
  if (length > 0) memcpy(value, bytes, length);
  uint8_t word[kWord];
  while (entry_size(header) <= bank_size_ - tail) {
    size_t at = tail;
    store_u32(word, header);
    bool ok = program_checked(bank, at, word, kWord);
    // From here the tail must be where a reader would step to, whatever this word now holds.
    tail = next(bank, at);
    if (read_failed_) return RecordResult::kIo;  // and nobody knows where to go on
    if (!ok) continue;
    if (length > 0 && !program_checked(bank, at + kWord, value, padded(length))) continue;
    store_u32(word, crc32(entry_crc(sequence, header), value, length));
    if (program_checked(bank, at + kWord + padded(length), word, kWord)) return RecordResult::kOk;
  }
  return read_failed_ ? RecordResult::kIo : RecordResult::kFull;
}

bool RecordStore::live(size_t offset, uint32_t& header) const {
  if (!read_word(bank_, offset, header)) return false;
  return header_sane(header) && !header_deleted(header) && committed(bank_, offset, sequence_) &&
         !superseded(offset, header_key(header));
}

static uint32_t header_of(const RecordChange& change) {
  return make_header(change.key, change.remove ? 0 : change.length, change.remove);
}

static bool names(const RecordChange* changes, size_t count, uint32_t key) {
  for (size_t i = 0; i < count; i++) {
    if (changes[i].key == key) return true;
  }
  return false;
}

// Copies what is live into the other bank, the changed records in their new state, and commits that bank's header last:
// until its last word this bank is the store, after it the other one is. So any number of records change at once, and a
// full bank can still replace and delete.
RecordResult RecordStore::compact(const RecordChange* changes, size_t count) {
  uint32_t header;
  size_t needed = kBankHeader;
  for (size_t i = 0; i < count; i++) {
    if (!changes[i].remove) needed += entry_size(header_of(changes[i]));
  }
  for (size_t offset = kBankHeader; offset < tail_; offset = next(bank_, offset)) {
    if (live(offset, header) && !names(changes, count, header_key(header))) needed += entry_size(header);
  }
  if (read_failed_) return RecordResult::kIo;  // what could not be read would not be copied
  if (needed > bank_size_) return RecordResult::kFull;  // known before any erase cycle is spent
  unsigned target = bank_ ^ 1;
  uint32_t sequence = sequence_ + 1;
  if (!erase_bank(target)) return RecordResult::kIo;
  size_t tail = kBankHeader;
  for (size_t offset = kBankHeader; offset < tail_; offset = next(bank_, offset)) {
    if (!live(offset, header) || names(changes, count, header_key(header))) continue;
    uint8_t value[kRecordMax];
    if (!read(base(bank_) + offset + kWord, value, padded(header_length(header)))) return RecordResult::kIo;
    RecordResult result = append(target, sequence, tail, header, value);
    if (result != RecordResult::kOk) return RecordResult::kIo;  // it fitted by count, so words are worn
  }
  for (size_t i = 0; i < count; i++) {
    if (changes[i].remove) continue;
    RecordResult result = append(target, sequence, tail, header_of(changes[i]), changes[i].bytes);
    if (result != RecordResult::kOk) return RecordResult::kIo;
  }
  if (read_failed_) return RecordResult::kIo;
  if (!commit_bank(target, sequence)) {
    stale_ = true;  // the header may have been taken all the same
    return RecordResult::kIo;
  }
  bank_ = target, sequence_ = sequence, tail_ = tail;
  return RecordResult::kOk;
}

RecordResult RecordStore::write(const RecordChange& change) {
  RecordResult result = append(bank_, sequence_, tail_, header_of(change), change.bytes);
  if (result == RecordResult::kFull) result = compact(&change, 1);
  if (read_failed_) stale_ = true;
  return result;
}

// Whether the record is already as the change would make it. A read that fails is no yes.
bool RecordStore::holds(const RecordChange& change) const {
  Entry entry = {};
  bool found = find(change.key, entry);
  if (change.remove) return !found;
  if (!found || header_length(entry.header) != change.length) return false;
  uint8_t value[kRecordMax];
  return read(base(bank_) + entry.offset + kWord, value, padded(change.length)) &&
         (change.length == 0 || memcmp(value, change.bytes, change.length) == 0);
}

RecordResult RecordStore::put_all(const RecordChange* changes, size_t count, bool wipe) {
  for (size_t i = 0; i < count; i++) {
    if (changes[i].key > kRecordKeyMax || names(changes, i, changes[i].key)) return RecordResult::kRange;
    if (!changes[i].remove && changes[i].length > kRecordMax) return RecordResult::kRange;
  }
  if (!ready()) return RecordResult::kIo;
  size_t differ = 0, which = 0;
  for (size_t i = 0; i < count; i++) {
    if (!holds(changes[i])) differ++, which = i;
  }
  if (read_failed_) return RecordResult::kIo;
  if (wipe) {
    RecordResult result = compact(changes, count);
    if (result != RecordResult::kOk) return result;
    return erase_bank(bank_ ^ 1) ? RecordResult::kOk : RecordResult::kIo;
  }
  if (differ == 0) return RecordResult::kOk;
  // One record alone is one step already, and costs no erase.
  return differ == 1 ? write(changes[which]) : compact(changes, count);
}

RecordResult RecordStore::put(uint32_t key, const uint8_t* bytes, size_t length) {
  const RecordChange change = {key, bytes, length, false};
  return put_all(&change, 1);
}

RecordResult RecordStore::get(uint32_t key, uint8_t* out, size_t capacity, size_t& length) {
  length = 0;
  if (key > kRecordKeyMax) return RecordResult::kRange;
  if (!ready()) return RecordResult::kIo;
  Entry entry = {};
  bool found = find(key, entry);
  if (read_failed_) return RecordResult::kIo;
  if (!found) return RecordResult::kMissing;
  length = header_length(entry.header);
  uint8_t value[kRecordMax];
  if (!read(base(bank_) + entry.offset + kWord, value, padded(length))) return RecordResult::kIo;
  size_t copied = length < capacity ? length : capacity;
  if (copied > 0) memcpy(out, value, copied);
  return RecordResult::kOk;
}

RecordResult RecordStore::remove(uint32_t key) {
  if (key > kRecordKeyMax) return RecordResult::kRange;
  if (!ready()) return RecordResult::kIo;
  Entry entry = {};
  bool found = find(key, entry);
  if (read_failed_) return RecordResult::kIo;
  if (!found) return RecordResult::kMissing;
  return write({key, nullptr, 0, true});
}

}  // namespace mehr
