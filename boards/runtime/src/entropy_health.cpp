#include "entropy_health.h"

namespace mehr {

bool EntropyHealth::feed(uint8_t sample) {
  if (failed_) return false;
  run_ = seen_ > 0 && sample == last_ ? static_cast<uint16_t>(run_ + 1) : 1;
  last_ = sample;
  if (run_ >= cutoffs_.repetition) failed_ = true;

  if (in_window_ == 0) {
    first_ = sample;
    same_ = 0;
  }
  if (sample == first_ && ++same_ >= cutoffs_.proportion) failed_ = true;
  if (++in_window_ == cutoffs_.window) in_window_ = 0;

  if (seen_ < kStartUpSamples) seen_++;
  return !failed_;
}

}  // namespace mehr
