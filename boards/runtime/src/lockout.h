// When a battery is too low for the radio. A cell that is run down to its protection circuit, or a regulator that drops
// out under the current of a transmission, ends in a board that resets at every frame; so it rests until the sun has
// charged it well above the point where it gave up.
#pragma once
#include <stdint.h>

namespace mehr {

class Lockout {
 public:
  /// Rests below `below_mv` until at least `resume_mv`, which is the higher of the two.
  constexpr Lockout(uint32_t below_mv, uint32_t resume_mv) : below_mv_(below_mv), resume_mv_(resume_mv) {}

  /// Takes a measurement, 0 for none; true when the board is to rest from now on. What is no voltage of a lithium cell
  /// (an empty holder, a charger without a cell, a broken divider) never keeps a board from working.
  bool decide(uint32_t battery_mv) {
    if (battery_mv < kNoCellBelowMv || battery_mv > kNoCellAboveMv) {
      resting_ = false;
    } else {
      resting_ = battery_mv < (resting_ ? resume_mv_ : below_mv_);
    }
    return resting_;
  }
  bool resting() const { return resting_; }

  static constexpr uint32_t kNoCellBelowMv = 2000, kNoCellAboveMv = 5000;

 private:
  uint32_t below_mv_, resume_mv_;
  bool resting_ = false;
};

}  // namespace mehr
