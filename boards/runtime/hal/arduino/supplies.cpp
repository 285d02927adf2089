// The supplies and the LED a board value names. Pins are Arduino's; board_config.h has their active levels.
#include "board_config.h"
#include "arduino_hal.h"

namespace mehr::hal {

namespace {

// What hangs on a switched supply must be up before it is spoken to: a TCXO takes up to 10 ms (RadioLib waits 5 for
// it on its own), a load switch with its capacitors a few more.
constexpr uint32_t kSettleMs = 20;

void drive(int pin, bool high) {
  // The level first: an output that starts at the wrong one would pulse what hangs on it.
  digitalWrite(pin, high ? HIGH : LOW);
  pinMode(pin, OUTPUT);
  digitalWrite(pin, high ? HIGH : LOW);
}

}  // namespace

void supplies_on() {
  if (board::kLed >= 0) drive(board::kLed, !board::kLedActiveHigh);
  for (const board::Supply& supply : board::kSupplies) {
    bool on = supply.feeds != board::Feeds::peripherals;
    drive(supply.pin, on == supply.active_high);
  }
  if (board::kSupplies.size() > 0) vTaskDelay(pdMS_TO_TICKS(kSettleMs));
}

void supplies_off() {
  for (const board::Supply& supply : board::kSupplies) drive(supply.pin, !supply.active_high);
}

}  // namespace mehr::hal
