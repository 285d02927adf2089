// A push button that means something when it is held: looked at now and then, never by an interrupt.
#pragma once
#include <stdint.h>

namespace mehr {

class HeldButton {
 public:
  /// Takes what a look at the button found. A release counts once it has lasted, so that a bad contact does not start
  /// over; and a time nobody looked does not count as held.
  void look(bool down, uint64_t now_ms) {
    if (now_ms - looked_ms_ > kUnseenMs) is_down_ = false;
    looked_ms_ = now_ms;
    if (down) {
      if (!is_down_) since_ms_ = now_ms;
      is_down_ = true;
      seen_down_ms_ = now_ms;
    } else if (now_ms - seen_down_ms_ >= kReleaseMs) {
      is_down_ = false;
    }
  }
  /// Down at the last look, or so shortly before that it may be a bad contact: look again within kLookEveryMs.
  bool down() const { return is_down_; }
  bool held() const { return is_down_ && seen_down_ms_ - since_ms_ >= kHeldMs; }

  static constexpr uint64_t kHeldMs = 3000;
  static constexpr uint64_t kReleaseMs = 50;
  static constexpr uint64_t kLookEveryMs = 20;
  /// Longer than one call of the core keeps the relay from looking, by far less than a person takes to press twice.
  static constexpr uint64_t kUnseenMs = 2000;

 private:
  bool is_down_ = false;
  uint64_t since_ms_ = 0, seen_down_ms_ = 0, looked_ms_ = 0;
};

}  // namespace mehr
