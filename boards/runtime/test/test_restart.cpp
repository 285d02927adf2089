// When a relay that cannot go on resets itself, and what it hands on to the next run.
#include "check.h"
#include "restart.h"

using namespace mehr;

static constexpr uint64_t kMinute = 60 * 1000, kHour = 60 * kMinute;

// A run that ends by the same fault `after_ms` after its start. Returns how long it waits.
static uint64_t run(Restart::Words& words, uint64_t after_ms) {
  Restart restart;
  restart.begin(words.c_str());
  CHECK(restart.due(0) == Restart::kNever);
  uint64_t wait = restart.plan(after_ms, "The module trapped.", "unreachable", words);
  CHECK(restart.due(0) == after_ms + wait);
  return wait;
}

static bool says(Restart::Words& words, const char* text) { return strcmp(words.c_str(), text) == 0; }

void test_restart() {
  // Twice as long each time, at most an hour, for ever.
  Restart::Words words;
  const uint64_t minutes[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (uint64_t wait : minutes) CHECK(run(words, 500) == wait * kMinute);
  CHECK(says(words, "Fault 9 in a row: The module trapped. (unreachable.)"));
  for (int i = 0; i < 2000; i++) CHECK(run(words, 500) == kHour);
  CHECK(says(words, "Fault 2009 in a row: The module trapped. (unreachable.)"));
  // A run of an hour starts it over, one of less does not.
  CHECK(run(words, kHour - 1) == kHour);
  CHECK(run(words, kHour) == kMinute);
  CHECK(says(words, "The module trapped. (unreachable.)"));
  CHECK(run(words, kHour - 1) == 2 * kMinute);
  CHECK(says(words, "Fault 2 in a row: The module trapped. (unreachable.)"));

  // Somebody else's last words are one fault; a number that is none counts no more than that.
  const char* const others[] = {"HardFault at pc 0x00001234, lr 0x00005678", "Fault", "Fault x in a row: a", "Fault 0 in a row: a",
                                "Fault 7 in a column", "Fault 99999999999999999999 in a row: a"};
  for (const char* other : others) {
    words.clear();
    words << other;
    CHECK(run(words, 500) == 2 * kMinute);
  }

  // A long sentence loses its end, never the number.
  words.clear();
  Restart restart;
  restart.begin("Fault 6 in a row: a");
  char sentence[400];
  memset(sentence, 'a', sizeof sentence);
  sentence[399] = 0;
  restart.plan(500, sentence, "detail", words);
  CHECK(words.size() == 160);
  CHECK(run(words, 500) == kHour);
  CHECK(strncmp(words.c_str(), "Fault 8 in a row: The", 21) == 0);

  // Not while somebody talks to the console.
  Restart talked;
  talked.begin("");
  talked.plan(1000, "a", "", words);
  CHECK(says(words, "a"));
  CHECK(talked.due(0) == 1000 + kMinute);
  CHECK(talked.due(1) == 1 + 5 * kMinute);
  CHECK(talked.due(50 * kMinute) == 55 * kMinute);
  talked.cancel();
  CHECK(talked.due(50 * kMinute) == Restart::kNever);
}
