// The battery: how many volts it has, and whether that is enough for the radio.
#include "arduino_hal.h"
#include "board_config.h"
#include "lockout.h"
#include "text.h"

namespace mehr::hal {

namespace {

constexpr uint64_t kMeasureEveryMs = 60000;

Lockout s_lockout(board::kLockoutBelowMillivolts, board::kLockoutResumeMillivolts);
uint32_t s_battery_mv;
uint64_t s_measure_ms;

#if MEHR_PMU

uint32_t measure() { return pmu_battery_mv(); }

#else

constexpr unsigned kSamples = 8;
constexpr uint32_t kSettleMs = 10;  // a divider of 1 Mohm that charges 10 nF

// A divider that an active-low pin closes stays closed: opened, the battery itself would lie at the analogue input, which
// an nRF52840 does not survive while the cell is charged. It costs 3 uA (XIAO nRF52840: 1.51 Mohm).
bool stays_closed() { return board::kBatteryEnableActive == board::SenseEnable::low; }

bool close_divider() {
  switch (board::kBatteryEnableActive) {
    case board::SenseEnable::none:
      return false;
    case board::SenseEnable::low:
      drive(board::kBatteryEnable, false);
      break;
    case board::SenseEnable::high:
      drive(board::kBatteryEnable, true);
      break;
    case board::SenseEnable::probe:
      // The board pulls the pin to the level that opens the divider, whichever that is in this revision.
      pinMode(board::kBatteryEnable, INPUT);
      drive(board::kBatteryEnable, digitalRead(board::kBatteryEnable) == LOW);
      break;
  }
  return true;
}

void open_divider() {
  if (stays_closed()) return;
  if (board::kBatteryEnableActive == board::SenseEnable::high) {
    drive(board::kBatteryEnable, false);
  } else {
    pinMode(board::kBatteryEnable, INPUT);
  }
}

uint32_t measure() {
  if (board::kBatterySense < 0) return 0;
  bool switched = close_divider();
  if (switched) vTaskDelay(pdMS_TO_TICKS(kSettleMs));
  uint64_t sum = 0;
  for (unsigned i = 0; i < kSamples; i++) sum += mcu_adc_mv(board::kBatterySense);
  if (switched) open_divider();
  return static_cast<uint32_t>(sum * board::kBatteryDividerMilli / 1000 / kSamples);
}

#endif

void tell() {
  Text<160> text;
  if (s_lockout.resting()) {
    text << "The battery has " << s_battery_mv << " mV, less than " << board::kLockoutBelowMillivolts
         << ": the radio stays off until it has " << board::kLockoutResumeMillivolts << ".";
  } else {
    text << "The battery has " << s_battery_mv << " mV: the radio is on again.";
  }
  note(text.c_str());
}

}  // namespace

void battery_start() {
  Lock lock;
  bool before = s_lockout.resting();
  s_battery_mv = measure();
  s_measure_ms = now_ms() + kMeasureEveryMs;
  if (s_lockout.decide(s_battery_mv) != before) tell();
}

uint32_t battery_mv() { return s_battery_mv; }
bool battery_low() { return s_lockout.resting(); }

bool resting() {
  if (now_ms() >= s_measure_ms) battery_start();
  // Nobody takes frames while the board rests, so nobody else would turn the radio off, or end what it still sends.
  if (battery_low()) radio_look();
  return battery_low();
}

}  // namespace mehr::hal
