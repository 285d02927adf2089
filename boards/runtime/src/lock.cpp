#include "lock.h"

#include "console.h"
#include "hal.h"
#include "pin_guard.h"
#include "provision.h"
#include "relay.h"
#include "text.h"

namespace mehr::lock {

// A count that could not be read is taken for the greatest: not knowing, the board waits.
static constexpr uint8_t kUnknownCount = PinGuard::kStopsAt;
// The button must be seen while it is down; holding it for four seconds is enough then.
static constexpr uint64_t kButtonEveryMs = 1000;

static PinGuard s_guard;
static uint64_t s_held_until;

static bool save(uint8_t failures) {
  RecordStore& records = relay::records();
  RecordResult result = failures == 0 ? records.remove(provision::kRecordKeyPinFailures)
                                      : records.put(provision::kRecordKeyPinFailures, &failures, 1);
  return result == RecordResult::kOk || (failures == 0 && result == RecordResult::kMissing);
}

void start() {
  uint8_t stored = 0;
  size_t length = 0;
  RecordResult result = relay::records().get(provision::kRecordKeyPinFailures, &stored, 1, length);
  if (result == RecordResult::kMissing) stored = 0;
  else if (result != RecordResult::kOk || length != 1) stored = kUnknownCount;
  s_guard.start(hal::now_ms(), stored);
}

static bool has_pin(const uint8_t*& key) {
  uint8_t log_n = 0;
  const uint8_t* salt = nullptr;
  return provision::pin(log_n, salt, key);
}

void poll() {
  const uint8_t* key;
  if (!has_pin(key) || !hal::button_held()) return;
  uint64_t now = hal::now_ms();
  if (now >= s_held_until) console::log(console::kLogInfo, "The button has opened the board for a minute.");
  s_held_until = now + kHeldMs;
}

uint64_t next_poll_ms() {
  const uint8_t* key;
  return has_pin(key) ? hal::now_ms() + kButtonEveryMs : UINT64_MAX;
}

msg::LockState state() {
  const uint8_t* key;
  if (!has_pin(key)) return msg::LockState::kOpen;
  poll();  // a request may come while the button is down and before the next look at it
  return hal::now_ms() < s_held_until ? msg::LockState::kHeld : msg::LockState::kLocked;
}

uint32_t wait_ms() {
  const uint8_t* key;
  return has_pin(key) ? s_guard.wait_ms(hal::now_ms()) : 0;
}

const uint8_t* key() {
  static const uint8_t kNoPin[32] = {};
  const uint8_t* key;
  return has_pin(key) ? key : kNoPin;
}

bool just_switched_on() {
  msg::ResetCause cause = hal::reset_cause();
  return (cause == msg::ResetCause::kPowerOn || cause == msg::ResetCause::kPin) && hal::now_ms() < kPowerOnMs;
}

enum mehr_status attempt() {
  const uint8_t* key;
  if (!has_pin(key)) return MEHR_STATUS_OK;
  if (s_guard.wait_ms(hal::now_ms()) > 0) return MEHR_STATUS_PIN_WAIT;
  return s_guard.attempt(save) ? MEHR_STATUS_OK : MEHR_STATUS_RECORD_FAILED;
}

void right() {
  const uint8_t* key;
  if (!has_pin(key)) return;
  if (!s_guard.right(save)) console::log(console::kLogError, mehr_status_sentence(MEHR_STATUS_FLASH_FAILED));
}

void wrong() {
  const uint8_t* key;
  if (!has_pin(key)) return;
  s_guard.wrong(hal::now_ms());
  Text<120> text;
  text << "A wrong PIN came over the console, number " << s_guard.failures() << " in a row.";
  console::log(console::kLogWarn, text.c_str());
}

}  // namespace mehr::lock
