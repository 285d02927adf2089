// The battery lockout: hysteresis, and what is no battery.
#include "check.h"
#include "lockout.h"

void test_lockout() {
  mehr::Lockout lockout(3300, 3500);
  CHECK(!lockout.resting());
  CHECK(!lockout.decide(3300));  // not below
  CHECK(lockout.decide(3299));
  CHECK(lockout.resting());
  CHECK(lockout.decide(3300));
  CHECK(lockout.decide(3499));
  CHECK(!lockout.decide(3500));
  CHECK(!lockout.decide(3301));  // the way down again
  CHECK(lockout.decide(2000));   // a cell, if a sorry one
  CHECK(!lockout.decide(1999));  // no cell
  CHECK(lockout.decide(3000));
  CHECK(!lockout.decide(0));     // no measurement
  CHECK(lockout.decide(3000));
  CHECK(!lockout.decide(5001));
  CHECK(!lockout.decide(5000));
  // Noise of 50 mV around either limit changes its mind at most once.
  mehr::Lockout noisy(3300, 3500);
  Random random{11};
  unsigned changes = 0;
  for (int mv = 4200; mv > 2500; mv--) {
    bool before = noisy.resting();
    if (noisy.decide(static_cast<uint32_t>(mv) + random.below(100) - 50) != before) changes++;
  }
  for (int mv = 2500; mv < 4200; mv++) {
    bool before = noisy.resting();
    if (noisy.decide(static_cast<uint32_t>(mv) + random.below(100) - 50) != before) changes++;
  }
  CHECK(changes == 2);
}
