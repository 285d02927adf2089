// Random bytes of a virtual board: what the host gives passes the health tests of a noise source first, as a chip's does
// (hal/arduino/entropy.cpp). A program that stands in for the host may well give the same bytes to every board.
#include <string.h>

#include "entropy_health.h"
#include "hal.h"
#include "virtual/raw_entropy.h"

namespace mehr::hal {

namespace {

constexpr size_t kChunk = 256;

EntropyHealth& health() {
  static EntropyHealth tests(kByteCutoffs);
  return tests;
}

bool s_told;

Code tested(uint8_t* out, size_t length) {
  Code code = raw_entropy(out, length);
  for (size_t i = 0; i < length && code == Code::kOk; i++) {
    if (!health().feed(out[i])) code = Code::kIo;
  }
  return code;
}

// The samples of the start-up test are used for nothing else.
Code start_up() {
  uint8_t samples[kChunk];
  Code code = Code::kOk;
  while (code == Code::kOk && !health().started()) code = tested(samples, sizeof samples);
  memset(samples, 0, sizeof samples);
  return code;
}

}  // namespace

Code entropy(uint8_t* out, size_t length) {
  Code code = health().failed() ? Code::kIo : Code::kOk;
  if (code == Code::kOk && !health().started()) code = start_up();
  for (size_t at = 0; at < length && code == Code::kOk;) {
    size_t n = length - at < kChunk ? length - at : kChunk;
    code = tested(out + at, n);
    at += n;
  }
  if (code != Code::kOk) memset(out, 0, length);  // half a key is no key
  return code;
}

const char* next_note() {
  if (!health().failed() || s_told) return nullptr;
  s_told = true;
  return "The random number source failed its health test. No keys are made until the board is reset; if it happens again "
         "what stands behind its port gives no random bytes.";
}

}  // namespace mehr::hal
