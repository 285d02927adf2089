// The health tests against cutoffs taken from NIST SP 800-90B, not from the header: section 4.4.1's formula, and the
// example cutoffs of section 4.4.2 for a false alarm of 2^-20 (H = 4, 512 samples: 62; H = 0.5 by the same formula,
// 1024 bits: 793, between the published 840 for H = 0.4 and 748 for H = 0.6).
#include <initializer_list>

#include "check.h"
#include "entropy_health.h"

using mehr::EntropyCutoffs;
using mehr::EntropyHealth;

namespace {

// Feeds `count` times and returns how many samples were taken before the first refusal.
template <typename Next>
unsigned accepted(EntropyHealth& health, unsigned count, Next next) {
  for (unsigned i = 0; i < count; i++) {
    if (!health.feed(next(i))) return i;
  }
  return count;
}

void test_cutoffs() {
  CHECK(mehr::kByteCutoffs.repetition == 1 + 20 / 4);
  CHECK(mehr::kByteCutoffs.window == 512 && mehr::kByteCutoffs.proportion == 62);
  CHECK(mehr::kBitCutoffs.repetition == 1 + 40);
  CHECK(mehr::kBitCutoffs.window == 1024 && mehr::kBitCutoffs.proportion == 793);
}

void test_repetition() {
  // The sixth equal byte in a row is one too many; the run may begin anywhere, also at the very first sample.
  for (unsigned before : {0u, 1u, 100u}) {
    EntropyHealth health(mehr::kByteCutoffs);
    CHECK(accepted(health, before, [](unsigned i) { return static_cast<uint8_t>(1 + i % 200); }) == before);
    CHECK(accepted(health, 100, [](unsigned) { return static_cast<uint8_t>(0); }) == 5);
    CHECK(health.failed() && !health.started());
    CHECK(!health.feed(17));
  }
  // Five in a row are not; neither is a value that comes back.
  EntropyHealth health(mehr::kByteCutoffs);
  CHECK(accepted(health, 5000, [](unsigned i) { return static_cast<uint8_t>(i / 5); }) == 5000);
  EntropyHealth bits(mehr::kBitCutoffs);
  CHECK(accepted(bits, 100, [](unsigned) { return static_cast<uint8_t>(1); }) == 40);
}

void test_proportion() {
  // The window's first value, at most `times` in it, spread so that the other test has nothing to say.
  auto spread = [](unsigned times) {
    return [times](unsigned i) {
      unsigned at = i % 512;
      return static_cast<uint8_t>(at % 2 == 0 && at / 2 < times ? 0 : 1 + i % 251);
    };
  };
  EntropyHealth good(mehr::kByteCutoffs);
  CHECK(accepted(good, 512 * 6, spread(61)) == 512 * 6);
  CHECK(good.started());
  EntropyHealth bad(mehr::kByteCutoffs);
  CHECK(accepted(bad, 512 * 6, spread(62)) == 2 * 61);
  // Counted anew in every window: a failure in the third one is found there.
  EntropyHealth later(mehr::kByteCutoffs);
  CHECK(accepted(later, 512 * 2, spread(61)) == 512 * 2);
  CHECK(accepted(later, 512, spread(62)) == 2 * 61);
  // A source of bits that has sunk to nine ones in ten.
  EntropyHealth bits(mehr::kBitCutoffs);
  CHECK(accepted(bits, 1024, [](unsigned i) { return static_cast<uint8_t>(i % 10 != 9); }) < 1024);
}

void test_start_up() {
  EntropyHealth health(mehr::kByteCutoffs);
  Random random{7};
  for (unsigned i = 0; i < EntropyHealth::kStartUpSamples; i++) {
    CHECK(!health.started());
    CHECK(health.feed(static_cast<uint8_t>(random.next() >> 8)));
  }
  CHECK(health.started());
  // What a good source gives passes for long: the chance of a false alarm here is below 2^-24.
  CHECK(accepted(health, 1000000, [&random](unsigned) { return static_cast<uint8_t>(random.next() >> 8); }) == 1000000);
  EntropyHealth bits(mehr::kBitCutoffs);
  CHECK(accepted(bits, 1000000, [&random](unsigned) { return static_cast<uint8_t>(random.next() >> 31); }) == 1000000);
}

}  // namespace

void test_entropy_health() {
  test_cutoffs();
  test_repetition();
  test_proportion();
  test_start_up();
}
