#include "provision.h"

#include <string.h>

#include "board_config.h"
#include "bytes.h"
#include "core.h"
#include "hal.h"
#include "provision_apply.h"
#include "provision_record.h"
#include "records.h"
#include "relay.h"
#include "sha256.h"
#include "wipe.h"

namespace mehr::provision {

using msg::ProvisionField;

static constexpr uint8_t kImageConfig[] = MEHR_BOOT_CONFIG_BYTES;
static_assert(sizeof kImageConfig >= 32 && kImageConfig[0] == 3,
              "board_config.h: MEHR_BOOT_CONFIG_BYTES must be a record of version 3");
static constexpr size_t kPerRecord = 256;  // of Trusted and TrustedMore, 16 addresses each

// ---- what is stored ------------------------------------------------------------------------------------------------

enum class Source : uint8_t { kImage, kRecord, kListen };

static Source s_source = Source::kImage;
static uint8_t s_stored[kStoredMax];
static msg::ProvisionRecord s_record;
static bool s_provisioned;
static uint8_t s_listen[sizeof kImageConfig];

enum mehr_status status_of(RecordResult result) {
  switch (result) {
    case RecordResult::kOk:
      return MEHR_STATUS_OK;
    case RecordResult::kMissing:
      return MEHR_STATUS_RECORD_MISSING;
    case RecordResult::kFull:
      return MEHR_STATUS_STORAGE_FULL;
    default:
      return MEHR_STATUS_FLASH_FAILED;
  }
}

// The stored record into `bytes`, kStoredMax of them. Ok, RecordMissing, BadRecord, FlashFailed.
static enum mehr_status read_stored(uint8_t* bytes, msg::ProvisionRecord& record) {
  size_t length = 0;
  enum mehr_status status = status_of(relay::records().get(kRecordKeyProvision, bytes, kStoredMax, length));
  if (status != MEHR_STATUS_OK) return status;
  return open_stored(bytes, length, record) ? MEHR_STATUS_OK : MEHR_STATUS_BAD_RECORD;
}

enum mehr_status load() {
  uint8_t bytes[kStoredMax];
  msg::ProvisionRecord record;
  enum mehr_status status = read_stored(bytes, record);
  if (status == MEHR_STATUS_FLASH_FAILED) return status;
  s_provisioned = status == MEHR_STATUS_OK;
  memset(s_stored, 0, sizeof s_stored);
  s_record = msg::ProvisionRecord();
  if (s_provisioned) {
    memcpy(s_stored, bytes, sizeof bytes);
    msg::Reader in(s_stored, sizeof s_stored);
    read(in, s_record);  // which it passed just now, elsewhere in memory
  }
  wipe(bytes, sizeof bytes);
  s_source = s_provisioned ? Source::kRecord : status == MEHR_STATUS_RECORD_MISSING ? Source::kImage : Source::kListen;
  return status == MEHR_STATUS_RECORD_MISSING ? MEHR_STATUS_OK : status;
}

const uint8_t* image_config(size_t& length) {
  length = sizeof kImageConfig;
  return kImageConfig;
}

bool provisioned() { return s_provisioned; }
const msg::ProvisionRecord& record() { return s_record; }
bool config_is_stored() { return s_source == Source::kRecord; }
void distrust_config() { s_source = Source::kListen; }

const uint8_t* boot_config(size_t& length) {
  length = sizeof kImageConfig;
  if (s_source == Source::kImage) return kImageConfig;
  if (s_source == Source::kListen) {
    memcpy(s_listen, kImageConfig, sizeof s_listen);
    s_listen[1] &= 0xfe;
    return s_listen;
  }
  length = s_record.config.size;
  return s_record.config.data;
}

bool pin(uint8_t& log_n, const uint8_t*& salt, const uint8_t*& key) {
  log_n = s_record.pin_log_n;
  salt = s_record.pin_salt;
  key = s_record.pin_key;
  return s_provisioned && log_n != 0;
}

// The trusted peers in flash, at most 512 bytes: in the core's order, each once (core-as/assembly/trust/peers.ts says why
// one may be there twice).
static enum mehr_status read_trusted(uint8_t* out, size_t& length) {
  length = 0;
  for (uint32_t key = MEHR_RECORD_KEY_TRUSTED; key <= MEHR_RECORD_KEY_TRUSTED_MORE; key++) {
    uint8_t bytes[kPerRecord];
    size_t size = 0;
    enum mehr_status status = status_of(relay::records().get(key, bytes, sizeof bytes, size));
    if (status == MEHR_STATUS_RECORD_MISSING) continue;
    if (status != MEHR_STATUS_OK) return status;
    if (size > sizeof bytes || size % 16 != 0) return MEHR_STATUS_BAD_RECORD;
    for (size_t at = 0; at < size; at += 16) {
      size_t i = 0;
      while (i < length && memcmp(out + i, bytes + at, 16) != 0) i += 16;
      if (i < length) continue;
      memcpy(out + length, bytes + at, 16);
      length += 16;
    }
  }
  return MEHR_STATUS_OK;
}

enum mehr_status read(uint8_t* out, size_t capacity, size_t& length) {
  length = 0;
  uint8_t bytes[kStoredMax], trusted[2 * kPerRecord];
  msg::ProvisionReadReply reply;
  enum mehr_status status = read_stored(bytes, reply.record);
  if (status == MEHR_STATUS_OK) status = read_trusted(trusted, reply.trusted.bytes.size);
  if (status == MEHR_STATUS_OK) {
    reply.record.pin_key = nullptr;  // zeros
    reply.trusted.bytes.data = trusted;
    length = msg::emit(out, capacity, reply);
    if (length == 0) status = MEHR_STATUS_REPLY_TOO_LONG;
  }
  wipe(bytes, sizeof bytes);
  return status;
}

// ---- trying a configuration ----------------------------------------------------------------------------------------

// A core that is only to say what it makes of a configuration: it finds nothing stored, and nothing it does leaves it.
static int32_t probe_entropy(uint8_t* out, uint32_t length) {
  memset(out, 1, length);
  return MEHR_STATUS_OK;
}
static int32_t probe_frame_send(uint32_t, const uint8_t*, uint32_t, uint32_t) { return MEHR_STATUS_TRANSMIT_OFF; }
static int32_t probe_record_put(uint32_t, const uint8_t*, uint32_t) { return MEHR_STATUS_OK; }
static int32_t probe_record_get(uint32_t, uint8_t*, uint32_t) { return -MEHR_STATUS_RECORD_MISSING; }
static int32_t probe_record_delete(uint32_t) { return MEHR_STATUS_OK; }
static void probe_event(uint32_t, const uint8_t*, uint32_t) {}
static const CoreHost kProbeHost = {probe_entropy,    probe_frame_send,    probe_record_put,
                                    probe_record_get, probe_record_delete, probe_event};

enum mehr_status core_takes(msg::Span config) {
  if (relay::runs_with(config.data, config.size)) return MEHR_STATUS_OK;
  enum mehr_status status = relay::lend();
  if (status != MEHR_STATUS_OK) return status;
  status = core::start(kProbeHost);
  if (status == MEHR_STATUS_OK) status = core::boot(hal::now_ms(), config.data, config.size);
  core::stop();
  relay::give_back();
  return status;
}

// ---- draft and commit ----------------------------------------------------------------------------------------------

static uint8_t s_draft[kDraftMax];
static size_t s_draft_length;  // 0: none

void abort() {
  wipe(s_draft, sizeof s_draft);
  s_draft_length = 0;
}

enum mehr_status draft(const uint8_t* payload, size_t length, uint8_t digest[32], ProvisionField& field) {
  abort();
  field = ProvisionField::kNone;
  msg::ProvisionDraftRequest draft;
  if (length > kDraftMax || !msg::parse(payload, length, draft)) {
    field = broken_field(payload, length);
    return MEHR_STATUS_BAD_DRAFT;
  }
  field = wrong_field(draft, relay::node_id());
  if (field != ProvisionField::kNone) return MEHR_STATUS_BAD_DRAFT;
  enum mehr_status status = core_takes(draft.record.config);
  if (status == MEHR_STATUS_BAD_CONFIG || status == MEHR_STATUS_CONFIG_UNLAWFUL) {
    field = ProvisionField::kConfig;
    return MEHR_STATUS_BAD_DRAFT;
  }
  if (status != MEHR_STATUS_OK) return status;
  memcpy(s_draft, payload, length);
  s_draft_length = length;
  sha256(payload, length, digest);
  return MEHR_STATUS_OK;
}

// Whether the flash now says what was written.
static bool stands(const RecordChange* changes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint8_t bytes[kRecordMax];
    size_t length = 0;
    RecordResult result = relay::records().get(changes[i].key, bytes, sizeof bytes, length);
    bool same = changes[i].remove ? result == RecordResult::kMissing
                                  : result == RecordResult::kOk && length == changes[i].length &&
                                        (length == 0 || same_bytes(bytes, changes[i].bytes, length));
    wipe(bytes, sizeof bytes);
    if (!same) return false;
  }
  return true;
}

enum mehr_status apply(const uint8_t* config, const RecordChange* changes, size_t count, bool wipe_old,
                       uint32_t& flash_writes) {
  flash_writes = 0;
  enum mehr_status status = relay::lend();
  if (status != MEHR_STATUS_OK) return status;
  hal::Code code = relay::set_radio(config);
  if (code != hal::Code::kOk) status = code == hal::Code::kRange ? MEHR_STATUS_RADIO_REFUSED : MEHR_STATUS_RADIO_FAILED;
  if (status == MEHR_STATUS_OK) {
    uint32_t before = hal::flash_writes();
    status = status_of(relay::records().put_all(changes, count, wipe_old));
    // A flash that said no may have taken it all the same; one that said yes has to show it.
    if (status != MEHR_STATUS_STORAGE_FULL) {
      bool all = stands(changes, count);
      if (all != (status == MEHR_STATUS_OK)) status = all ? MEHR_STATUS_OK : MEHR_STATUS_FLASH_FAILED;
    }
    flash_writes = hal::flash_writes() - before;
  }
  if (status == MEHR_STATUS_OK) {
    enum mehr_status loaded = load();
    return loaded == MEHR_STATUS_OK ? relay::start_over() : loaded;
  }
  size_t length;
  relay::set_radio(boot_config(length));
  relay::give_back();
  return status;
}

enum mehr_status commit(const uint8_t digest[32], ProvisionField& field, uint32_t& flash_writes) {
  field = ProvisionField::kNone;
  flash_writes = 0;
  uint8_t own[32];
  sha256(s_draft, s_draft_length, own);
  msg::ProvisionDraftRequest draft;
  if (s_draft_length == 0 || memcmp(own, digest, 32) != 0 || !msg::parse(s_draft, s_draft_length, draft)) {
    return MEHR_STATUS_NO_DRAFT;
  }
  uint8_t stored[kStoredMax];
  size_t peers = draft.trusted.bytes.size, size = s_draft_length - peers;
  memcpy(stored, s_draft, size);
  size = seal_stored(stored, size);
  size_t first = peers < kPerRecord ? peers : kPerRecord;
  const uint8_t* trusted = draft.trusted.bytes.data;
  const RecordChange changes[] = {{kRecordKeyProvision, stored, size, false},
                                  {MEHR_RECORD_KEY_TRUSTED, trusted, first, first == 0},
                                  {MEHR_RECORD_KEY_TRUSTED_MORE, trusted + first, peers - first, peers == first}};
  enum mehr_status status = apply(draft.record.config.data, changes, 3, false, flash_writes);
  wipe(stored, sizeof stored);
  if (status == MEHR_STATUS_RADIO_REFUSED) field = ProvisionField::kConfig;
  if (status == MEHR_STATUS_OK) abort();
  return status;
}

// ---- factory reset -------------------------------------------------------------------------------------------------

enum mehr_status factory_reset(msg::ResetLevel level) {
  // A CPU fault may have struck inside the store, and leaves nobody who could go on: the flash is looked at anew.
  bool faulted = relay::faulted();
  enum mehr_status status = faulted ? MEHR_STATUS_OK : relay::lend();
  if (status != MEHR_STATUS_OK) return status;
  abort();
  RecordChange changes[12];
  size_t count = 0;
  auto forget = [&](uint32_t key) { changes[count++] = {key, nullptr, 0, true}; };
  forget(kRecordKeyProvision);
  forget(kRecordKeyPinFailures);
  forget(MEHR_RECORD_KEY_TRUSTED);
  forget(MEHR_RECORD_KEY_TRUSTED_MORE);
  forget(MEHR_RECORD_KEY_SIGNAL);
  if (level == msg::ResetLevel::kForgetIdentity) {
    forget(MEHR_RECORD_KEY_IDENTITY);
    forget(MEHR_RECORD_KEY_DESTINATIONS);
    forget(MEHR_RECORD_KEY_SEQUENCES);
    for (uint32_t i = 0; i < kDestinations; i++) forget(MEHR_RECORD_KEY_RATCHETS + i);
  }
  status = status_of(relay::records().mount());
  if (status == MEHR_STATUS_OK) status = status_of(relay::records().put_all(changes, count, true));
  if (status != MEHR_STATUS_OK && !faulted) {
    load();
    relay::give_back();
  }
  return status;
}

}  // namespace mehr::provision
