#include "provision_record.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

namespace mehr::provision {

using msg::ProvisionField;

static constexpr uint8_t kVersion = 1;
/// scrypt with N below 2^14 is guessed too fast; above 2^20 a host needs a gigabyte for it (RFC 7914 section 2).
static constexpr uint8_t kPinLogNMin = 14, kPinLogNMax = 20;
/// Tenths of dBi: a lossy cable without an antenna, and a dish.
static constexpr int16_t kGainMin = -200, kGainMax = 600;
// Of the boot configuration (boards/config.ts).
static constexpr size_t kConfigMin = 32, kConfigMax = 56;
static constexpr uint8_t kTransmit = 1, kNoRadio = 2;
static constexpr size_t kConfigFlags = 1, kConfigWired = 26;

static bool zeros(const uint8_t* bytes, size_t length) {
  uint8_t any = 0;
  for (size_t i = 0; i < length; i++) any = static_cast<uint8_t>(any | bytes[i]);
  return any == 0;
}

static bool region_sane(msg::Span region) {
  for (size_t i = 0; i < region.size; i++) {
    uint8_t c = region.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

static bool pin_sane(const msg::ProvisionRecord& r) {
  if (r.pin_log_n == 0) return zeros(r.pin_salt, 16) && zeros(r.pin_key, 32);
  return r.pin_log_n >= kPinLogNMin && r.pin_log_n <= kPinLogNMax && !zeros(r.pin_key, 32);
}

ProvisionField wrong_field(const msg::ProvisionRecord& r) {
  if (r.version != kVersion) return ProvisionField::kVersion;
  if (r.flags != 0) return ProvisionField::kFlags;
  if (r.antenna_gain_tenths < kGainMin || r.antenna_gain_tenths > kGainMax) return ProvisionField::kAntennaGain;
  if (!region_sane(r.region)) return ProvisionField::kRegion;
  if (r.name.size == 0) return ProvisionField::kName;
  // A board has its radio and no wired interface; a configuration that says otherwise is of another device.
  if (r.config.size < kConfigMin || r.config.size > kConfigMax) return ProvisionField::kConfig;
  if ((r.config.data[kConfigFlags] & kNoRadio) != 0 || r.config.data[kConfigWired] != 0) return ProvisionField::kConfig;
  // Nobody's law allows a transmission.
  if (r.region.size == 0 && (r.config.data[kConfigFlags] & kTransmit) != 0) return ProvisionField::kRegion;
  if (!pin_sane(r)) return ProvisionField::kPin;
  return ProvisionField::kNone;
}

ProvisionField wrong_field(const msg::ProvisionDraftRequest& draft, const uint8_t* node_id) {
  ProvisionField field = wrong_field(draft.record);
  if (field != ProvisionField::kNone) return field;
  const uint8_t* peers = draft.trusted.bytes.data;
  for (size_t i = 0; i < draft.trusted.count; i++) {
    if (zeros(peers + 16 * i, 16) || memcmp(peers + 16 * i, node_id, 16) == 0) return ProvisionField::kTrusted;
    for (size_t j = 0; j < i; j++) {
      if (memcmp(peers + 16 * i, peers + 16 * j, 16) == 0) return ProvisionField::kTrusted;
    }
  }
  return ProvisionField::kNone;
}

ProvisionField broken_field(const uint8_t* payload, size_t length) {
  msg::Reader in(payload, length);
  msg::ProvisionRecord r;
  if (!in.number(r.version) || !in.number(r.flags) || !in.number(r.antenna_gain_tenths)) return ProvisionField::kNone;
  if (!in.text(r.region, 8)) return ProvisionField::kRegion;
  if (!in.text(r.name, 32)) return ProvisionField::kName;
  if (!in.blob(r.config, kConfigMax)) return ProvisionField::kConfig;
  if (!in.number(r.pin_log_n) || !in.bytes(r.pin_salt, 16) || !in.bytes(r.pin_key, 32)) return ProvisionField::kPin;
  if (!in.number(r.provisioned_ms)) return ProvisionField::kNone;
  return ProvisionField::kTrusted;
}

size_t seal_stored(uint8_t* stored, size_t length) {
  store_u32(stored + length, crc32(0, stored, length));
  return length + 4;
}

bool open_stored(const uint8_t* stored, size_t length, msg::ProvisionRecord& record) {
  if (length < msg::kProvisionRecordMin + 4 || length > kStoredMax) return false;
  size_t size = length - 4;
  return load_u32(stored + size) == crc32(0, stored, size) && msg::parse(stored, size, record) &&
         wrong_field(record) == ProvisionField::kNone;
}

}  // namespace mehr::provision
