// The board's user button. No interrupt: sleep_until() looks at least once a second, more often once it is down, and who
// wants the board to notice holds it for three seconds.
#include "arduino_hal.h"
#include "board_config.h"
#include "held_button.h"

namespace mehr::hal {

namespace {

constexpr bool kExists = board::kButton >= 0;
constexpr auto kMode = board::kButtonPull == board::Pull::up     ? INPUT_PULLUP
                       : board::kButtonPull == board::Pull::down ? INPUT_PULLDOWN
                                                                 : INPUT;

HeldButton s_button;
bool s_told;

void look() {
  if (!kExists) return;
  bool high = digitalRead(static_cast<uint8_t>(board::kButton)) != LOW;
  s_button.look(high == board::kButtonActiveHigh, now_ms());
}

}  // namespace

void button_init() {
  if (kExists) pinMode(static_cast<uint8_t>(board::kButton), kMode);
}

bool button_look() {
  look();
  bool held = s_button.held(), news = held && !s_told;
  s_told = held;
  return news;
}

bool button_down() { return s_button.down(); }

bool button_held() {
  look();
  return s_button.held();
}

}  // namespace mehr::hal
