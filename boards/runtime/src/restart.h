// When a relay that cannot go on resets itself. On a roof nobody else does.
//
// After a core that would not start or trapped, a flash or a random source that did not answer, a CPU fault, the board
// waits and resets: 60 s the first time, twice as long after each such run that follows, at most an hour; and not until
// its console has been quiet for five minutes, because whoever talks to it is looking into it. How many such runs there
// were in a row goes from one to the next in front of the last words. So a power cut starts over, and so does a run of
// an hour. Nothing is sent meanwhile, and the airtime used is on record.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

namespace mehr {

class Restart {
 public:
  static constexpr uint64_t kFirstMs = 60 * 1000, kLongestMs = 3600 * 1000;
  static constexpr uint64_t kSoundRunMs = 3600 * 1000;
  static constexpr uint64_t kConsoleQuietMs = 300 * 1000;
  static constexpr uint64_t kNever = UINT64_MAX;
  /// As long as what is kept of them (last_words.h).
  using Words = Text<160>;

  /// What the run before has kept; "" for nothing.
  void begin(const char* last_words) {
    faults_ = last_words[0] == 0 ? 0 : 1;
    const char* p = last_words;
    if (strncmp(p, kBefore, sizeof kBefore - 1) != 0) return;
    uint32_t count = 0;
    for (p += sizeof kBefore - 1; *p >= '0' && *p <= '9' && count < 100000; p++) {
      count = 10 * count + static_cast<uint32_t>(*p - '0');
    }
    if (count > 0 && strncmp(p, kBehind, sizeof kBehind - 1) == 0) faults_ = count;
  }

  /// This run has ended by a fault, `now_ms` after it began. `words` gets what the next one is to know; returns how long
  /// the board waits.
  uint64_t plan(uint64_t now_ms, const char* sentence, const char* detail, Words& words) {
    if (now_ms >= kSoundRunMs) faults_ = 0;
    uint64_t wait = kFirstMs;
    for (uint32_t i = 0; i < faults_ && wait < kLongestMs; i++) wait *= 2;
    if (wait > kLongestMs) wait = kLongestMs;
    due_ms_ = now_ms + wait;
    words.clear();
    if (faults_ > 0) words << kBefore << faults_ + 1 << kBehind;
    words << sentence;
    if (detail[0] != 0) words << " (" << detail << ".)";
    return wait;
  }
  void cancel() { due_ms_ = kNever; }

  /// When to reset, if nothing more is heard; `heard_ms` is when the console last was, 0 for never.
  uint64_t due(uint64_t heard_ms) const {
    if (due_ms_ == kNever || heard_ms == 0) return due_ms_;
    uint64_t quiet = heard_ms + kConsoleQuietMs;
    return quiet > due_ms_ ? quiet : due_ms_;
  }

 private:
  static constexpr char kBefore[] = "Fault ", kBehind[] = " in a row: ";
  uint32_t faults_ = 0;  // runs in a row that ended by a fault, before this one
  uint64_t due_ms_ = kNever;
};

}  // namespace mehr
