#include "provisioning.h"

#include <string.h>

#include "board_config.h"
#include "core.h"
#include "crc32.h"
#include "flash.h"
#include "hal.h"
#include "provision.h"
#include "relay.h"
#include "sha256.h"
#include "stop.h"

namespace power_cut {

static FlashRecords* s_records;
static Node* s_node;
static const uint8_t kImageConfig[] = MEHR_BOOT_CONFIG_BYTES;

void provisioning_begin(FlashRecords& records, Node& node) {
  s_records = &records;
  s_node = &node;
}

Bytes provisioned_config() {
  if (mehr::provision::load() != MEHR_STATUS_OK) stop("the provisioning does not load");
  size_t length;
  const uint8_t* config = mehr::provision::boot_config(length);
  return Bytes(config, config + length);
}

static void append(Bytes& bytes, const void* more, size_t length) {
  const uint8_t* p = static_cast<const uint8_t*>(more);
  bytes.insert(bytes.end(), p, p + length);
}

static size_t record_size(const Bytes& draft) {
  // version, flags, gain; region, name and configuration with their lengths; PIN and time.
  size_t at = 4;
  for (int i = 0; i < 3; i++) at += 1 + draft[at];
  return at + 1 + 16 + 32 + 8;
}

Bytes make_draft(const char* name, uint8_t price, const Bytes& peers) {
  Bytes draft = {1, 0, 0, 0, 5};
  append(draft, "eu868", 5);
  draft.push_back(static_cast<uint8_t>(strlen(name)));
  append(draft, name, strlen(name));
  draft.push_back(sizeof kImageConfig);
  size_t config = draft.size();
  append(draft, kImageConfig, sizeof kImageConfig);
  draft[config + 20] = price;
  draft.push_back(15);
  draft.resize(draft.size() + 16 + 32 + 8, price);
  append(draft, peers.data(), peers.size());
  return draft;
}

uint32_t commit(const Bytes& draft) {
  uint8_t sha256[32];
  mehr::msg::ProvisionField field;
  uint32_t status = mehr::provision::draft(draft.data(), draft.size(), sha256, field);
  if (status != MEHR_STATUS_OK) stop("the draft is refused: status %u, field %u", status, static_cast<unsigned>(field));
  uint32_t writes;
  return mehr::provision::commit(sha256, field, writes);
}

static void put_or_erase(Values& values, uint32_t key, const Bytes& value) {
  if (value.empty()) {
    values.erase(key);
  } else {
    values[key] = value;
  }
}

Values after_commit(const Values& before, const Bytes& draft) {
  Values after = before;
  size_t size = record_size(draft);
  Bytes record(draft.begin(), draft.begin() + static_cast<long>(size));
  uint32_t crc = mehr::crc32(0, record.data(), record.size());
  append(record, &crc, 4);
  after[mehr::provision::kRecordKeyProvision] = record;
  size_t first = draft.size() - size < 256 ? draft.size() : size + 256;
  put_or_erase(after, MEHR_RECORD_KEY_TRUSTED, Bytes(draft.begin() + static_cast<long>(size), draft.begin() + static_cast<long>(first)));
  put_or_erase(after, MEHR_RECORD_KEY_TRUSTED_MORE, Bytes(draft.begin() + static_cast<long>(first), draft.end()));
  return after;
}

uint32_t reset(bool forget_identity) {
  return mehr::provision::factory_reset(static_cast<mehr::msg::ResetLevel>(forget_identity));
}

Values after_reset(const Values& before, bool forget_identity) {
  Values after;
  for (const auto& [key, value] : before) {
    bool identity = key == MEHR_RECORD_KEY_IDENTITY || key == MEHR_RECORD_KEY_DESTINATIONS ||
                    key == MEHR_RECORD_KEY_SEQUENCES ||
                    (key >= MEHR_RECORD_KEY_RATCHETS && key < mehr::provision::kRecordKeyProvision);
    if (key == MEHR_RECORD_KEY_AIRTIME || (identity && !forget_identity)) after[key] = value;
  }
  return after;
}

Bytes backup() {
  Bytes box(mehr::provision::kBackupMax);
  size_t length = 0;
  uint32_t status = mehr::provision::backup_records(box.data(), box.size(), length);
  if (status != MEHR_STATUS_OK) stop("no backup: status %u", status);
  box.resize(length);
  return box;
}

uint32_t restore(const Bytes& box) {
  uint32_t writes;
  return mehr::provision::restore_records(box.data(), box.size(), writes);
}

Values after_restore(const Values& before, const Bytes& box) {
  Values after, saved;
  for (size_t at = 5; at < box.size();) {
    uint16_t head[2];
    memcpy(head, &box[at], sizeof head);
    saved[head[0]] = Bytes(&box[at + 4], &box[at + 4] + head[1]);
    at += 4 + head[1];
  }
  after = saved;
  after[MEHR_RECORD_KEY_AIRTIME] = before.at(MEHR_RECORD_KEY_AIRTIME);
  // Numbers go on 2^32 behind the further of the two.
  Bytes& numbers = after[MEHR_RECORD_KEY_SEQUENCES];
  numbers.resize(32);
  auto own = before.find(MEHR_RECORD_KEY_SEQUENCES);
  for (size_t at = 0; at < numbers.size(); at += 8) {
    uint64_t box_end, own_end = 0;
    memcpy(&box_end, &numbers[at], 8);
    if (own != before.end()) memcpy(&own_end, &own->second[at], 8);
    uint64_t end = (box_end > own_end ? box_end : own_end) + (UINT64_C(1) << 32);
    memcpy(&numbers[at], &end, 8);
  }
  return after;
}

}  // namespace power_cut

// What provisioning asks of the rest of the runtime. The core and the radio take every configuration here: that they are
// asked, and what follows from a refusal, is for the tests on a board (tests/provision.test.ts).

namespace mehr::relay {

RecordStore& records() { return power_cut::s_records->store(); }
const uint8_t* node_id() { return power_cut::s_node->id().data(); }
bool faulted() { return false; }
bool runs_with(const uint8_t*, size_t) { return false; }
hal::Code set_radio(const uint8_t*) { return hal::Code::kOk; }
enum mehr_status lend() {
  power_cut::s_node->power_off();
  return MEHR_STATUS_OK;
}
void give_back() { power_cut::start_subject(); }
enum mehr_status start_over() {
  power_cut::s_records->end_set();
  power_cut::start_subject();
  return MEHR_STATUS_OK;
}

}  // namespace mehr::relay

namespace mehr::core {

enum mehr_status start(const CoreHost&) { return MEHR_STATUS_OK; }
enum mehr_status boot(uint64_t, const uint8_t*, size_t) { return MEHR_STATUS_OK; }
void stop() {}

}  // namespace mehr::core

namespace mehr::hal {

uint64_t now_ms() { return 0; }
uint32_t flash_writes() { return static_cast<uint32_t>(power_cut::flash::operations()); }

}  // namespace mehr::hal
