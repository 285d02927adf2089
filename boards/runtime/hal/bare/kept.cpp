#include "bare/kept.h"

#include <stdint.h>

#include "hal.h"
#include "last_words.h"
#include "sha256.h"

// link.ld: the program as it lies in flash, which is what firmware.bin holds.
extern "C" {
extern uint8_t __image_start[], __image_end[];
}

namespace mehr::hal {

// QEMU starts with RAM of zeros and leaves it alone at a reset, like RAM of a chip that keeps its supply (link.ld says
// why .noinit is out of the loader's way). So what is here tells a power-on from a reset.
struct Kept {
  uint32_t alive, asked;
  LastWords words;
};
__attribute__((section(".noinit"), aligned(4))) static Kept s_kept;

static constexpr uint32_t kAlive = 0x4d485241, kAsked = 0x4d485253;
static msg::ResetCause s_cause = msg::ResetCause::kUnknown;

void kept_init() {
  bool warm = s_kept.alive == kAlive;
  s_cause = !warm ? msg::ResetCause::kPowerOn : s_kept.asked == kAsked ? msg::ResetCause::kSoftware : msg::ResetCause::kPin;
  if (!warm) s_kept.words.forget();
  s_kept.alive = kAlive;
  s_kept.asked = 0;
}

void kept_reset_asked() { s_kept.asked = kAsked; }

msg::ResetCause reset_cause() { return s_cause; }
void last_words_keep(const char* sentence) { s_kept.words.keep(sentence); }
size_t last_words_take(char* out, size_t capacity) { return s_kept.words.take(out, capacity); }

bool button_held() { return false; }

bool image_sha256(uint8_t out[32]) {
  static uint8_t digest[32];
  static bool known;
  if (!known) {
    sha256(__image_start, static_cast<size_t>(__image_end - __image_start), digest);
    known = true;
  }
  __builtin_memcpy(out, digest, sizeof digest);
  return true;
}

}  // namespace mehr::hal
