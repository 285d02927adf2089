// Wrong PINs against whoever tries everything: any order of attempts, pauses, switching off, and power that fails while
// the count is being stored. The clock is the wall's; each start of the board begins its own at 0.
#include <string.h>

#include "check.h"
#include "pin_guard.h"

using namespace mehr;

static constexpr uint64_t kHour = 3600 * 1000;

static struct {
  uint8_t stored;
  unsigned writes;
  int cut;      // this many Saves from now the power fails; < 0: never
  bool landed;  // whether the value got there all the same
  bool off;
  bool refuses;  // the flash takes nothing
} g;

static bool save(uint8_t failures) {
  if (g.refuses) return false;
  g.writes++;
  bool fails = g.cut >= 0 && g.cut-- == 0;
  if (!fails || g.landed) g.stored = failures;
  if (fails) g.off = true;
  return !fails;
}

static void waits() {
  CHECK(PinGuard::wait_after(0) == 0 && PinGuard::wait_after(2) == 0);
  CHECK(PinGuard::wait_after(3) == 1000 && PinGuard::wait_after(4) == 2000 && PinGuard::wait_after(14) == 2048000);
  CHECK(PinGuard::wait_after(15) == kHour && PinGuard::wait_after(255) == kHour);
}

// As people do: two slips cost nothing and write nothing, the right PIN ends it.
static void slips() {
  memset(&g, 0, sizeof g);
  g.cut = -1;
  PinGuard guard;
  guard.start(0, 0);
  CHECK(guard.attempt(save) && guard.right(save) && g.stored == 0);
  unsigned writes = g.writes;
  CHECK(writes == 2);  // the attempt of somebody who has not shown the PIN yet, and its end
  for (int i = 0; i < 2; i++) {
    CHECK(guard.attempt(save));
    guard.wrong(10);
    CHECK(guard.wait_ms(10) == 0);
  }
  CHECK(guard.attempt(save) && guard.right(save) && guard.wait_ms(10) == 0 && g.stored == 0);
  for (int i = 0; i < 100; i++) CHECK(guard.attempt(save) && guard.right(save));
  CHECK(g.writes == writes + 2);  // two for the third attempt, none for those that were simply right
}

// Whatever the flash does, no attempt is made that was not counted.
static void no_flash() {
  memset(&g, 0, sizeof g);
  g.refuses = true;
  PinGuard guard;
  guard.start(0, 0);
  CHECK(!guard.attempt(save));
  CHECK(!guard.attempt(save) && guard.failures() == 0);
}

// Returns the most attempts that came into any one hour.
static unsigned siege(Random& random, unsigned& total, uint64_t& spent) {
  memset(&g, 0, sizeof g);
  g.cut = -1;
  uint64_t wall = 0, started = 0;
  PinGuard guard;
  guard.start(0, 0);
  if (random.below(2) == 0) {  // the owner was here before
    guard.attempt(save);
    guard.right(save);
  }
  g.writes = 0;
  uint64_t attempts[64];
  unsigned n = 0, most = 0;
  for (int step = 0; step < 400 && n < 64; step++) {
    uint64_t now = wall - started;
    g.cut = random.below(3) == 0 ? static_cast<int>(random.below(2)) : -1;
    g.landed = random.below(2) == 0;
    if (guard.wait_ms(now) == 0) {
      if (guard.attempt(save)) {
        attempts[n++] = wall;
        // Cut right after it was looked at, before anything is done about it, or not.
        if (random.below(4) == 0) g.off = true;
        else guard.wrong(now);
      }
    } else {
      CHECK(guard.wait_ms(now) <= kHour);
      // Patience, impatience, or another start.
      if (random.below(3) == 0) g.off = true;
      else wall += random.below(4) == 0 ? random.below(1000) : guard.wait_ms(now);
    }
    if (g.off || random.below(20) == 0) {
      g.off = false;
      wall += random.below(50);  // a very fast switch
      started = wall;
      guard.start(0, g.stored);
    }
  }
  for (unsigned i = 0; i < n; i++) {
    unsigned in_hour = 0;
    for (unsigned j = i; j < n && attempts[j] - attempts[i] <= kHour; j++) in_hour++;
    if (in_hour > most) most = in_hour;
  }
  CHECK(g.writes <= 2u * PinGuard::kStopsAt);
  CHECK(g.stored <= PinGuard::kStopsAt);
  total = n;
  spent = wall;
  return most;
}

void test_pin_guard() {
  waits();
  slips();
  no_flash();
  Random random = {97};
  unsigned most = 0;
  for (int i = 0; i < 3000; i++) {
    unsigned total;
    uint64_t spent;
    unsigned in_hour = siege(random, total, spent);
    if (in_hour > most) most = in_hour;
    CHECK(in_hour <= 14);
    CHECK(total <= 15 + spent / kHour);
  }
  CHECK(most == 14);  // it is reached: the bound is not a guess
  printf("pin guard: at most %u attempts in an hour\n", most);
}
