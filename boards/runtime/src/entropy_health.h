// Health tests of a noise source, NIST SP 800-90B section 4.4: the repetition count test notices a source that is stuck,
// the adaptive proportion test one that has lost most of its entropy. Each raises a false alarm once in 2^20 samples of
// a source that has exactly the entropy it is credited with. Once failed stays failed: a reset starts over.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

/// A source's parameters, which follow from the entropy credited to each of its samples.
struct EntropyCutoffs {
  uint16_t repetition;  // samples in a row with one value (4.4.1): 1 + ceil(20 / H)
  uint16_t window;      // samples of one proportion test (4.4.2): 1024 for bits, 512 for larger samples
  uint16_t proportion;  // of them with the value of the first: 1 + CRITBINOM(window, 2^-H, 1 - 2^-20)
};

/// Samples are bytes credited with H = 4 bits, half of what a working source gives.
constexpr EntropyCutoffs kByteCutoffs{6, 512, 62};
/// Samples are single bits credited with H = 0.5 bits.
constexpr EntropyCutoffs kBitCutoffs{41, 1024, 793};

class EntropyHealth {
 public:
  explicit EntropyHealth(const EntropyCutoffs& cutoffs) : cutoffs_(cutoffs) {}

  /// Tests one raw sample; false from the first sample that fails on.
  bool feed(uint8_t sample);
  bool failed() const { return failed_; }
  /// True once the start-up test's samples have passed (section 4.3, item 4: at least 1024).
  bool started() const { return !failed_ && seen_ == kStartUpSamples; }

  static constexpr uint16_t kStartUpSamples = 1024;

 private:
  EntropyCutoffs cutoffs_;
  bool failed_ = false;
  uint16_t seen_ = 0;       // counts up to kStartUpSamples
  uint8_t last_ = 0;        // repetition count test
  uint16_t run_ = 0;
  uint8_t first_ = 0;       // adaptive proportion test
  uint16_t in_window_ = 0;  // samples of the window so far; 0 between windows
  uint16_t same_ = 0;
};

}  // namespace mehr
