// The supplies and the LED a board value names. Pins are Arduino's; board_config.h has their active levels.
#include "arduino_hal.h"
#include "board_config.h"

namespace mehr::hal {

namespace {

// What hangs on a switched supply must be up before it is spoken to: a TCXO takes up to 10 ms (RadioLib waits 5 for
// it on its own), a load switch with its capacitors a few more.
constexpr uint32_t kSettleMs = 20;

// A pin the board value says to leave must not be named for anything this HAL drives. checkBoard() says so in words.
constexpr bool left(int pin) {
  for (int one : board::kLeftPins) {
    if (one == pin) return true;
  }
  return false;
}
constexpr bool supplies_left() {
  for (const board::Supply& supply : board::kSupplies) {
    if (left(supply.pin)) return true;
  }
  return false;
}
static_assert(!left(board::kLed) && !left(board::kRadioRxen) && !left(board::kRadioTxen) &&
                  !left(board::kBatteryEnable) && !supplies_left(),
              "a pin of the board value's `leave` is driven");

}  // namespace

void drive(int pin, bool high) {
  digitalWrite(pin, high ? HIGH : LOW);
  pinMode(pin, OUTPUT);
  digitalWrite(pin, high ? HIGH : LOW);  // arduino-pico's pinMode() clears the level
}

void supplies_on() {
  if (board::kLed >= 0) drive(board::kLed, !board::kLedActiveHigh);
  for (const board::Supply& supply : board::kSupplies) {
    bool on = supply.feeds != board::Feeds::peripherals;
    drive(supply.pin, on == supply.active_high);
  }
  bool settle = board::kSupplies.size() > 0;
#if MEHR_PMU
  settle = true;
  if (pmu_on() != Code::kOk) {
    note("No AXP192 or AXP2101 answers at I2C address 0x34, so the radio has no supply and the battery is not measured; "
         "check the board's version and its pmu pins.");
  }
#endif
  if (settle) vTaskDelay(pdMS_TO_TICKS(kSettleMs));
}

void supplies_off() {
  for (const board::Supply& supply : board::kSupplies) drive(supply.pin, !supply.active_high);
#if MEHR_PMU
  pmu_off();
#endif
}

}  // namespace mehr::hal
