// Why this run started, what the last one left, and which program this is.
#include <string.h>

#include "arduino_hal.h"

namespace mehr::hal {

namespace {

// Set by keep_panic() for the next run. A reset that a fault handler asks for looks to the chip like any other.
constexpr uint32_t kPanicked = 0x4d48525f;

msg::ResetCause s_cause = msg::ResetCause::kUnknown;

}  // namespace

void kept_init() {
  Kept& kept = mcu_kept();
  s_cause = mcu_reset_cause();
  // RAM that has lost its supply holds anything; it may look sound after so short a cut that it is not this run's past.
  if (s_cause == msg::ResetCause::kPowerOn) kept.words.forget();
  if (s_cause == msg::ResetCause::kSoftware && kept.ending == kPanicked) s_cause = msg::ResetCause::kPanic;
  kept.ending = 0;
}

void keep_panic(const char* sentence) {
  Kept& kept = mcu_kept();
  kept.words.keep(sentence);
  kept.ending = kPanicked;
}

msg::ResetCause reset_cause() { return s_cause; }
void last_words_keep(const char* sentence) { mcu_kept().words.keep(sentence); }
size_t last_words_take(char* out, size_t capacity) { return mcu_kept().words.take(out, capacity); }

bool image_sha256(uint8_t out[32]) {
  static uint8_t digest[32];
  static bool asked, known;
  if (!asked) known = mcu_image_sha256(digest);
  asked = true;
  if (known) memcpy(out, digest, sizeof digest);
  return known;
}

}  // namespace mehr::hal
