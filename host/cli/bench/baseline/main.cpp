// Counts the instructions of a subject on a virtual board, on the same clock as the board itself, and says on the
// console what became of each case: its ticks, "none" if the subject has no such primitive, or "wrong".
#include <string.h>

#include "cases.h"
#include "hal.h"
#include "metrics.h"
#include "subject.h"

namespace hal = mehr::hal;

static void say(const char* text) { hal::console_write(reinterpret_cast<const uint8_t*>(text), strlen(text)); }

static void say(uint64_t number) {
  char digits[21];
  char* p = digits + sizeof digits;
  *--p = 0;
  do *--p = static_cast<char>('0' + number % 10);
  while (number /= 10);
  say(p);
}

static void say(const char* what, uint64_t number) {
  say(what);
  say(" ");
  say(number);
  say("\n");
}

int main(int argc, char** argv) {
  if (hal::init(argc, argv) != hal::Code::kOk) return 1;
  uint64_t before = hal::ticks();
  mehr::calibration_loop();
  say("calibration", hal::ticks() - before);
  subject_start();
  for (size_t i = 0; i < sizeof kCases / sizeof *kCases; i++) {
    const Case& one = kCases[i];
    const uint8_t* out = nullptr;
    before = hal::ticks();
    int32_t result = subject_run(one.primitive, one.input, one.length, &out);
    uint64_t took = hal::ticks() - before;
    if (result == SUBJECT_HAS_NONE) {
      say("none\n");
    } else if (result != one.result || (result > 0 && memcmp(out, one.expected, static_cast<size_t>(result)) != 0)) {
      say("wrong\n");
    } else {
      say("ticks", took);
    }
  }
  say("stack", hal::stack_used());
  say("end\n");
  hal::halt();
}

void hal::fault(const char* sentence) {
  say("fault ");
  say(sentence);
  say("\nend\n");
  halt();
}
