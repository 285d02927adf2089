// How wrong PINs are counted, and how long each makes the next one wait: the policy alone, with neither a clock nor a
// flash of its own.
//
// The first two wrong ones are free: people mistype. From the third on each doubles the wait, from 1 s up to an hour, and
// is counted in flash. Whoever switches the board off and on gains nothing: until somebody has shown the PIN since the
// board started, the first attempt already counts as the third; a count that is stored makes the board wait at its start
// as long as it did; and a count is stored before the PIN is looked at, so that power cut at the right moment does not
// save an attempt. That makes at most 14 attempts in any hour, and one an hour once there have been 15.
//
// Flash: what is stored stops at kStopsAt, so without the PIN at most kStopsAt - 2 values are ever written, however long
// somebody tries. A right PIN writes two, and only the first after a start, or after wrong ones.
#pragma once
#include <stdint.h>

namespace mehr {

class PinGuard {
 public:
  static constexpr uint8_t kFree = 2;
  static constexpr uint32_t kFirstWaitMs = 1000, kLongestWaitMs = 3600 * 1000;
  /// The count at which the wait is the longest: 2^12 s is more than an hour.
  static constexpr uint8_t kStopsAt = kFree + 1 + 12;
  static_assert((kFirstWaitMs << 12) >= kLongestWaitMs && (kFirstWaitMs << 11) < kLongestWaitMs,
                "the wait stops growing where the count does");

  /// Keeps a count across resets, 0 for none; false if it could not.
  using Save = bool (*)(uint8_t failures);

  static constexpr uint32_t wait_after(uint8_t failures) {
    if (failures <= kFree) return 0;
    uint32_t wait = kFirstWaitMs << (failures > kStopsAt ? 12 : failures - kFree - 1);
    return wait < kLongestWaitMs ? wait : kLongestWaitMs;
  }

  /// The board starts: `stored` is what the last Save kept.
  void start(uint64_t now_ms, uint8_t stored) {
    failures_ = stored_ = stored > kStopsAt ? kStopsAt : stored;
    until_ = now_ms + wait_after(failures_);
    shown_ = false;
  }

  /// How long no PIN is looked at from now on.
  uint32_t wait_ms(uint64_t now_ms) const { return now_ms < until_ ? static_cast<uint32_t>(until_ - now_ms) : 0; }

  /// A PIN is about to be looked at, with no wait left. False: the attempt could not be counted, and must not be made.
  bool attempt(Save save) {
    uint8_t counted = shown_ || failures_ > kFree ? failures_ : kFree;
    if (counted < kStopsAt) counted++;
    if (counted > kFree && !store(counted, save)) return false;
    failures_ = counted;
    return true;
  }
  /// It was right. False: the count could not be cleared, so the next start waits as if it had been wrong.
  bool right(Save save) {
    failures_ = 0;
    until_ = 0;
    shown_ = true;
    return store(0, save);
  }
  /// It was wrong.
  void wrong(uint64_t now_ms) { until_ = now_ms + wait_after(failures_); }

  uint8_t failures() const { return failures_; }

 private:
  bool store(uint8_t failures, Save save) {
    if (failures == stored_) return true;
    if (!save(failures)) return false;
    stored_ = failures;
    return true;
  }

  uint64_t until_ = 0;
  uint8_t failures_ = 0;
  uint8_t stored_ = 0;
  bool shown_ = false;  // the PIN, since the board started
};

}  // namespace mehr
