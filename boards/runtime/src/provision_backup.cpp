// Backup and restore of what makes a board this relay. The box around it is the console's business.
#include <string.h>

#include "bytes.h"
#include "hal.h"
#include "provision.h"
#include "provision_apply.h"
#include "provision_record.h"
#include "relay.h"
#include "wipe.h"

namespace mehr::provision {

static constexpr uint8_t kMagic[5] = {'M', 'H', 'R', 'B', 1};
static constexpr size_t kItemHeader = 4;
static constexpr size_t kSeed = 32, kSequenceBytes = 8 * kDestinations;
/// How far behind what the backup and this board know a restored node's announces go on. The node has used numbers since
/// the backup: 256 for each reset and some for each half hour (core-as/assembly/state/sequence.ts), so that this lasts for
/// sixteen million resets, and of 64 bits it takes nothing that counts.
static constexpr uint64_t kSequenceMargin = UINT64_C(1) << 32;
/// No node gets here; a number this high is a box made to use the numbers up.
static constexpr uint64_t kSequenceMax = UINT64_C(1) << 62;

struct Kind {
  uint32_t key;
  size_t least, most;
};
static constexpr Kind kKinds[] = {
    {MEHR_RECORD_KEY_IDENTITY, kSeed, kSeed},
    {MEHR_RECORD_KEY_DESTINATIONS, kSeed*(kDestinations - 1), kSeed*(kDestinations - 1)},
    {MEHR_RECORD_KEY_SEQUENCES, kSequenceBytes, kSequenceBytes},
    {MEHR_RECORD_KEY_SIGNAL, 1, 41},
    {MEHR_RECORD_KEY_TRUSTED, 16, 256},
    {MEHR_RECORD_KEY_TRUSTED_MORE, 16, 256},
    {kRecordKeyProvision, msg::kProvisionRecordMin + 4, kStoredMax},
};
static constexpr size_t kKindCount = sizeof kKinds / sizeof kKinds[0];
enum : size_t { kIdentity, kFurther, kSequences, kSignal, kTrusted, kTrustedMore, kProvision };

enum mehr_status backup_records(uint8_t* out, size_t capacity, size_t& length) {
  length = 0;
  if (capacity < sizeof kMagic) return MEHR_STATUS_REPLY_TOO_LONG;
  memcpy(out, kMagic, sizeof kMagic);
  size_t n = sizeof kMagic;
  for (const Kind& kind : kKinds) {
    if (capacity - n < kItemHeader) return MEHR_STATUS_REPLY_TOO_LONG;
    size_t size = 0, room = capacity - n - kItemHeader;
    enum mehr_status status = status_of(relay::records().get(kind.key, out + n + kItemHeader, room, size));
    if (status == MEHR_STATUS_RECORD_MISSING && kind.key != MEHR_RECORD_KEY_IDENTITY) continue;
    if (status != MEHR_STATUS_OK) return status;
    // A record of another size would make a box that no board takes.
    if (size < kind.least || size > kind.most) return MEHR_STATUS_BAD_RECORD;
    if (size > room) return MEHR_STATUS_REPLY_TOO_LONG;
    store_u16(out + n, static_cast<uint16_t>(kind.key));
    store_u16(out + n + 2, static_cast<uint16_t>(size));
    n += kItemHeader + size;
  }
  length = n;
  return MEHR_STATUS_OK;
}

static bool zeros(msg::Span bytes) {
  uint8_t any = 0;
  for (size_t i = 0; i < bytes.size; i++) any = static_cast<uint8_t>(any | bytes.data[i]);
  return any == 0;
}

// count u8, count x (mep u32, support u8): core-as/assembly/wire/version-signal.ts
static bool signal_sane(msg::Span signal) {
  if (signal.size == 0) return true;
  if (signal.data[0] > 8 || signal.size != 1 + 5u * signal.data[0]) return false;
  for (size_t at = 5; at < signal.size; at += 5) {
    if (signal.data[at] > 2) return false;
  }
  return true;
}

// Finds the records in a box. False for anything that backup_records() does not write.
static bool open_box(const uint8_t* bytes, size_t length, msg::Span (&found)[kKindCount]) {
  if (length < sizeof kMagic || memcmp(bytes, kMagic, sizeof kMagic) != 0) return false;
  for (size_t at = sizeof kMagic; at < length;) {
    if (length - at < kItemHeader) return false;
    uint32_t key = load_u16(bytes + at);
    size_t size = load_u16(bytes + at + 2), kind = 0;
    at += kItemHeader;
    while (kind < kKindCount && kKinds[kind].key != key) kind++;
    if (kind == kKindCount || found[kind].size != 0 || size > length - at) return false;
    if (size < kKinds[kind].least || size > kKinds[kind].most) return false;
    found[kind] = {bytes + at, size};
    at += size;
  }
  if (found[kIdentity].size == 0 || zeros(found[kIdentity]) || !signal_sane(found[kSignal])) return false;
  if (found[kTrusted].size % 16 != 0 || found[kTrustedMore].size % 16 != 0) return false;
  // The second record holds what the first has no room for.
  return found[kTrustedMore].size == 0 || found[kTrusted].size == kKinds[kTrusted].most;
}

// Whether destination `i` of the box is one of this board already: then its ratchets are worth keeping.
static bool same_destination(uint32_t i, const msg::Span (&found)[kKindCount]) {
  const msg::Span& from = found[i == 0 ? kIdentity : kFurther];
  Secret<kSeed*(kDestinations - 1)> own;
  size_t size = 0, at = i == 0 ? 0 : kSeed * (i - 1);
  RecordResult result = relay::records().get(kKinds[i == 0 ? kIdentity : kFurther].key, own.bytes, sizeof own.bytes, size);
  return result == RecordResult::kOk && size == from.size && same_bytes(own.bytes + at, from.data + at, kSeed);
}

// Numbers for announces that no neighbour has seen, whoever of the two was further. False for a box that uses them up.
static enum mehr_status later_sequences(msg::Span from, uint8_t out[kSequenceBytes]) {
  uint8_t own[kSequenceBytes] = {};
  size_t size = 0;
  RecordResult result = relay::records().get(MEHR_RECORD_KEY_SEQUENCES, own, sizeof own, size);
  if (result == RecordResult::kIo) return MEHR_STATUS_FLASH_FAILED;
  for (uint32_t i = 0; i < kDestinations; i++) {
    uint64_t box = from.size == 0 ? 0 : load_u64(from.data + 8 * i), here = load_u64(own + 8 * i);
    if (box > kSequenceMax) return MEHR_STATUS_BAD_BOX;
    // What this board has stored is its core's business, unless that has gone wrong.
    if (here > kSequenceMax) here = 0;
    store_u64(out + 8 * i, (box > here ? box : here) + kSequenceMargin);
  }
  return MEHR_STATUS_OK;
}

enum mehr_status restore_records(const uint8_t* bytes, size_t length, uint32_t& flash_writes) {
  flash_writes = 0;
  msg::Span found[kKindCount];
  if (!open_box(bytes, length, found)) return MEHR_STATUS_BAD_BOX;
  msg::ProvisionRecord record;
  if (found[kProvision].size != 0) {
    if (!open_stored(found[kProvision].data, found[kProvision].size, record)) return MEHR_STATUS_BAD_BOX;
    enum mehr_status status = core_takes(record.config);
    bool refused = status == MEHR_STATUS_BAD_CONFIG || status == MEHR_STATUS_CONFIG_UNLAWFUL;
    if (status != MEHR_STATUS_OK) return refused ? MEHR_STATUS_BAD_BOX : status;
  } else {
    record.config.data = image_config(record.config.size);
  }
  uint8_t sequences[kSequenceBytes];
  enum mehr_status status = later_sequences(found[kSequences], sequences);
  if (status != MEHR_STATUS_OK) return status;
  found[kSequences] = {sequences, sizeof sequences};

  RecordChange changes[kKindCount + 1 + kDestinations];
  size_t count = 0;
  for (size_t i = 0; i < kKindCount; i++) {
    changes[count++] = {kKinds[i].key, found[i].data, found[i].size, found[i].size == 0};
  }
  // Wrong PINs were counted against another PIN.
  changes[count++] = {kRecordKeyPinFailures, nullptr, 0, true};
  for (uint32_t i = 0; i < kDestinations; i++) {
    if (!same_destination(i, found)) changes[count++] = {MEHR_RECORD_KEY_RATCHETS + i, nullptr, 0, true};
  }
  abort();
  return apply(record.config.data, changes, count, true, flash_writes);
}

}  // namespace mehr::provision
