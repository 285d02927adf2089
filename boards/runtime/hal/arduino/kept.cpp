// Placeholders until each chip has its own: what a real board knows of its start, its button and its program.
#include "arduino_hal.h"

namespace mehr::hal {

msg::ResetCause reset_cause() { return msg::ResetCause::kUnknown; }
void last_words_keep(const char*) {}
size_t last_words_take(char* out, size_t capacity) {
  if (capacity > 0) out[0] = 0;
  return 0;
}
bool button_held() { return false; }
bool image_sha256(uint8_t*) { return false; }

}  // namespace mehr::hal
