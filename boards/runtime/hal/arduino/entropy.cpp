// Random bytes: every raw sample of the chip's noise source passes the health tests, at boot and for as long as the
// board runs, before anything is made of it.
#include <string.h>

#include "arduino_hal.h"
#include "sha256.h"

namespace mehr::hal {

namespace {

constexpr size_t kChunk = 32;

// Constructed at the first use: who asks before entropy_start() starts the test by asking.
EntropyHealth& health() {
  static EntropyHealth tests(kNoise.cutoffs);
  return tests;
}

Code tested_samples(uint8_t* samples, size_t count) {
  Code code = noise_read(samples, count);
  for (size_t i = 0; i < count && code == Code::kOk; i++) {
    if (!health().feed(samples[i])) code = Code::kIo;
  }
  return code;
}

// The samples of the start-up test are used for nothing else.
Code start_up() {
  uint8_t samples[kChunk];
  Code code = Code::kOk;
  while (code == Code::kOk && !health().started()) code = tested_samples(samples, sizeof samples);
  return code;
}

// Up to 32 bytes out of 32 x samples_per_byte samples: a vetted conditioning function (SP 800-90B 3.1.5.1.1), fed with
// at least twice the entropy it puts out.
Code condensed(uint8_t* out, size_t length) {
  Sha256 hash;
  uint8_t samples[kChunk], digest[32];
  Code code = Code::kOk;
  for (size_t i = 0; i < kNoise.samples_per_byte && code == Code::kOk; i++) {
    code = tested_samples(samples, sizeof samples);
    hash.update(samples, sizeof samples);
  }
  hash.finish(digest);
  if (code == Code::kOk) memcpy(out, digest, length);
  return code;
}

Code fill(uint8_t* out, size_t length) {
  if (health().failed()) return Code::kIo;
  Code code = noise_begin();
  if (code == Code::kOk) code = start_up();
  for (size_t at = 0; at < length && code == Code::kOk;) {
    size_t n = length - at < kChunk ? length - at : kChunk;
    code = kNoise.samples_per_byte == 0 ? tested_samples(out + at, n) : condensed(out + at, n);
    at += n;
  }
  noise_end();
  return code;
}

}  // namespace

Code entropy_start() {
  Lock lock;
  return fill(nullptr, 0);
}

Code entropy(uint8_t* out, size_t length) {
  Lock lock;
  bool before = health().failed();
  Code code = fill(out, length);
  if (code != Code::kOk) memset(out, 0, length);  // half a key is no key
  if (!before && health().failed()) {
    note("The random number source failed its health test. No keys are made until the board is reset; if it happens "
         "again the chip is defective.");
  }
  return code;
}

}  // namespace mehr::hal
