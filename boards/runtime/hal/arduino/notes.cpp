// Sentences for the owner's log, from parts of the HAL that must not write to the console themselves: they may hold the
// lock, or run before there is a console.
#include "arduino_hal.h"
#include "text.h"

namespace mehr::hal {

namespace {

constexpr size_t kNotes = 4;
Text<200> s_notes[kNotes];
size_t s_head, s_count;

}  // namespace

void note(const char* sentence) {
  if (s_count == kNotes) {
    s_head = (s_head + 1) % kNotes;
    s_count--;
  }
  Text<200>& text = s_notes[(s_head + s_count++) % kNotes];
  text.clear();
  text << sentence;
}

const char* next_note() {
  if (s_count == 0) return nullptr;
  Text<200>& text = s_notes[s_head];
  s_head = (s_head + 1) % kNotes;
  s_count--;
  return text.c_str();
}

}  // namespace mehr::hal
