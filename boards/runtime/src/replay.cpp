#include "replay.h"

#include <string.h>

#include "bytes.h"
#include "core.h"
#include "engine.h"
#include "frame.h"
#include "hal.h"
#include "ram_records.h"
#include "relay.h"

namespace mehr::replay {

// op u8, now_ms u64 before the body of a step; primitive u8 before the input of a primitive.
static constexpr size_t kStepHeader = 9;
// port u8, rssi_dbm i16, snr_qdb i16 before a frame.
static constexpr size_t kSignal = 5;
static_assert(kStepHeader + 1 + MEHR_IN_SIZE <= kFramePayloadMax, "a primitive's largest input fits in one request");
static_assert(kStepHeader + kSignal + MEHR_IN_SIZE <= kFramePayloadMax, "a frame of the size of In fits in one request");
static_assert(kStepHeader + Outputs::kItemHeader + MEHR_OUT_SIZE <= kFramePayloadMax,
              "a primitive's largest result fits in one reply");

static bool s_open;
static uint64_t s_last_ticks;
static RamRecords s_records;
static uint8_t s_entropy[kEntropyBytes];
static size_t s_entropy_length;
static int32_t s_radio;  // what frame_send answers

static int32_t entropy(uint8_t* out, uint32_t length) {
  if (length > s_entropy_length) return MEHR_STATUS_NO_ENTROPY;
  memcpy(out, s_entropy, length);
  s_entropy_length -= length;
  memmove(s_entropy, s_entropy + length, s_entropy_length);
  return MEHR_STATUS_OK;
}

static int32_t frame_send(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags) {
  if (s_radio != MEHR_STATUS_OK) return s_radio;
  if (length == 0 || length > MEHR_IN_SIZE) return MEHR_STATUS_RADIO_FAILED;
  uint8_t prefix[2] = {static_cast<uint8_t>(port), static_cast<uint8_t>(flags)};
  core::outputs().add(kOutputFrame, prefix, sizeof prefix, frame, length);
  return MEHR_STATUS_OK;
}

static int32_t record_put(uint32_t key, const uint8_t* bytes, uint32_t length) {
  if (!s_records.put(key, bytes, length)) return MEHR_STATUS_RECORD_FAILED;
  uint8_t prefix[2];
  store_u16(prefix, static_cast<uint16_t>(key));
  core::outputs().add(kOutputRecordPut, prefix, sizeof prefix, bytes, length);
  return MEHR_STATUS_OK;
}

static int32_t record_get(uint32_t key, uint8_t* out, uint32_t capacity) {
  size_t length = 0;
  if (!s_records.get(key, out, capacity, length)) return -MEHR_STATUS_RECORD_MISSING;
  return static_cast<int32_t>(length);
}

static int32_t record_delete(uint32_t key) {
  s_records.remove(key);
  uint8_t prefix[2];
  store_u16(prefix, static_cast<uint16_t>(key));
  core::outputs().add(kOutputRecordDelete, prefix, sizeof prefix, nullptr, 0);
  return MEHR_STATUS_OK;
}

static void event(uint32_t kind, const uint8_t* bytes, uint32_t length) {
  uint8_t prefix = static_cast<uint8_t>(kind);
  core::outputs().add(kOutputEvent, &prefix, 1, bytes, length);
}

static const CoreHost kReplayHost = {entropy, frame_send, record_put, record_get, record_delete, event};

uint64_t last_ticks() { return s_last_ticks; }

enum mehr_status open() {
  relay::suspend();
  core::outputs().clear();
  s_records.clear();
  s_entropy_length = 0;
  s_last_ticks = 0;
  s_radio = MEHR_STATUS_OK;
  s_open = false;
  enum mehr_status status = core::start(kReplayHost);
  if (status != MEHR_STATUS_OK) {
    relay::fatal(status, engine::detail());
    return status;
  }
  s_open = true;
  return status;
}

// A trap in a replay is the same fault it would be on the air: the board stops and says so.
static enum mehr_status checked(enum mehr_status status) {
  if (core::broken(status)) {
    s_open = false;
    relay::fatal(status, engine::detail());
  }
  return status;
}

enum mehr_status step(const uint8_t* payload, size_t length, uint64_t& deadline_ms) {
  deadline_ms = UINT64_MAX;
  s_last_ticks = 0;
  core::outputs().clear();
  if (!s_open) return MEHR_STATUS_REPLAY_CLOSED;
  if (length < kStepHeader) return MEHR_STATUS_BAD_REQUEST;
  uint64_t now = load_u64(payload + 1);
  const uint8_t* body = payload + kStepHeader;
  size_t body_length = length - kStepHeader;
  const uint8_t* result = nullptr;
  size_t result_length = 0;
  enum mehr_status status = MEHR_STATUS_OK;
  uint64_t before = hal::ticks();
  switch (payload[0]) {
    case kBoot:
      status = core::boot(now, body, body_length);
      break;
    case kFrame:
      if (body_length < kSignal) return MEHR_STATUS_BAD_REQUEST;
      status = core::on_frame(now, body[0], body + kSignal, body_length - kSignal,
                              static_cast<int16_t>(load_u16(body + 1)), static_cast<int16_t>(load_u16(body + 3)));
      break;
    case kTimer:
      if (body_length != 0) return MEHR_STATUS_BAD_REQUEST;
      status = core::on_timer(now);
      break;
    case kCommand:
      status = core::on_command(now, body, body_length);
      break;
    case kEntropy:
      if (body_length > kEntropyBytes - s_entropy_length) return MEHR_STATUS_REPLAY_ENTROPY;
      if (body_length > 0) memcpy(s_entropy + s_entropy_length, body, body_length);
      s_entropy_length += body_length;
      break;
    case kRadio:
      if (body_length != 1) return MEHR_STATUS_BAD_REQUEST;
      s_radio = body[0];
      break;
    case kCrypto:
      if (body_length == 0) return MEHR_STATUS_BAD_REQUEST;
      status = core::crypto(body[0], body + 1, body_length - 1, result, result_length);
      break;
    default:
      return MEHR_STATUS_BAD_REQUEST;
  }
  s_last_ticks = hal::ticks() - before;
  if (core::broken(checked(status))) return status;
  if (result_length > 0) core::outputs().add(kOutputResult, nullptr, 0, result, result_length);
  enum mehr_status asked = checked(core::deadline(deadline_ms));
  if (asked != MEHR_STATUS_OK) return asked;
  return core::outputs().overflowed() ? MEHR_STATUS_REPLY_TOO_LONG : status;
}

enum mehr_status hash(uint8_t out[32]) {
  if (!s_open) return MEHR_STATUS_REPLAY_CLOSED;
  return checked(core::state_hash(out));
}

enum mehr_status close() {
  if (!s_open) return MEHR_STATUS_REPLAY_CLOSED;
  s_open = false;
  core::stop();
  return relay::resume();
}

}  // namespace mehr::replay
