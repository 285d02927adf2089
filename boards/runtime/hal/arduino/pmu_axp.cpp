// AXP192 and AXP2101 power chips of LilyGo's T-Beam: the radio's rail on, what a relay has no use for off, and the
// battery's voltage. Registers are those XPowersLib, the board maker's library, uses.
// What neither chip's rails may lose is the ESP32's own supply, DCDC3 and DCDC1 respectively, and on the AXP192 DCDC1,
// which holds up the I2C bus.
#include "arduino_hal.h"
#include "board_config.h"

#if MEHR_PMU

#if !defined(ARDUINO_ARCH_ESP32)
#error "pmu_axp.cpp knows how to place I2C on pins of the ESP32 only"
#endif

#include <Wire.h>

namespace mehr::hal {

namespace {

constexpr uint8_t kAddress = 0x34;  // both chips
constexpr uint32_t kBusHz = 400000;
constexpr uint16_t kBusTimeoutMs = 20;

enum Common : uint8_t { kChipId = 0x03 };
constexpr uint8_t kIdAxp192 = 0x03, kIdAxp2101 = 0x4a;

enum Axp192 : uint8_t {
  kChargeStatus = 0x01,   // bit 5: a battery is connected
  kOutputEnable = 0x12,   // bits 0 DCDC1, 1 DCDC3, 2 LDO2, 3 LDO3, 4 DCDC2, 6 EXTEN
  kLdo23Volts = 0x28,     // high half LDO2, low half LDO3: 1.8 V + 0.1 V x n
  kAdcEnable1 = 0x82,     // bit 7: battery voltage
  kBatteryHigh8 = 0x78,   // 12 bits, 1.1 mV each: high 8 here, low 4 in the next
};
constexpr uint8_t kAxp192Keep = 1 << 0 | 1 << 1;

enum Axp2101 : uint8_t {
  kStatus1 = 0x00,        // bit 3: a battery is connected
  kAdcChannels = 0x30,    // bit 0: battery voltage, bit 1: TS pin
  kVbatHigh = 0x34,       // 14 bits, 1 mV each: high 6 here, low 8 in the next
  kTsPin = 0x50,          // bit 4: the pin is an input that does not stop the charger
  kBatteryDetect = 0x68,  // bit 0
  kDcdcEnable = 0x80,     // bits 0..4: DCDC1..5
  kLdoEnable0 = 0x90,     // bits 0..3 ALDO1..4, 4 and 5 BLDO, 6 CPUSLDO, 7 DLDO1
  kLdoEnable1 = 0x91,     // bit 0 DLDO2
  kAldo1Volts = 0x92,     // and the next three: 0.5 V + 0.1 V x n in the low 5 bits
};

uint8_t s_chip;  // kIdAxp192, kIdAxp2101, or 0

bool read(uint8_t at, uint8_t* out, size_t count) {
  Wire.beginTransmission(kAddress);
  Wire.write(at);
  if (Wire.endTransmission(false) != 0) return false;
  if (Wire.requestFrom(kAddress, static_cast<uint8_t>(count)) != count) return false;
  for (size_t i = 0; i < count; i++) out[i] = static_cast<uint8_t>(Wire.read());
  return true;
}

bool write(uint8_t at, uint8_t value) {
  Wire.beginTransmission(kAddress);
  Wire.write(at);
  Wire.write(value);
  return Wire.endTransmission() == 0;
}

bool change(uint8_t at, uint8_t clear, uint8_t set) {
  uint8_t value = 0;
  return read(at, &value, 1) && write(at, static_cast<uint8_t>((value & ~clear) | set));
}

constexpr uint8_t kAxp192Radio = board::kPmuAxp192Ldo == 2 ? 1 << 2 : 1 << 3;

bool axp192_on() {
  constexpr uint8_t volts = (board::kPmuRadioMillivolts - 1800) / 100;
  bool two = board::kPmuAxp192Ldo == 2;
  // The voltage before the switch.
  return change(kLdo23Volts, two ? 0xf0 : 0x0f, two ? volts << 4 : volts) &&
         change(kOutputEnable, static_cast<uint8_t>(~kAxp192Keep), kAxp192Radio) && change(kAdcEnable1, 0, 1 << 7);
}

constexpr uint8_t kAxp2101Radio = 1 << (board::kPmuAxp2101Aldo - 1);

bool axp2101_on() {
  constexpr uint8_t volts = (board::kPmuRadioMillivolts - 500) / 100;
  return change(static_cast<uint8_t>(kAldo1Volts + board::kPmuAxp2101Aldo - 1), 0x1f, volts) &&
         write(kLdoEnable0, kAxp2101Radio) && change(kLdoEnable1, 1 << 0, 0) && change(kDcdcEnable, 0x1e, 0) &&
         // These boards have no thermistor: a floating TS pin would keep the solar charger off.
         change(kTsPin, 0x0f, 1 << 4) && change(kAdcChannels, 1 << 1, 1 << 0) && change(kBatteryDetect, 0, 1 << 0);
}

}  // namespace

Code pmu_on() {
  s_chip = 0;
  Wire.begin(board::kPmuSda, board::kPmuScl, kBusHz);
  Wire.setTimeOut(kBusTimeoutMs);
  uint8_t id = 0;
  if (!read(kChipId, &id, 1)) return Code::kTimeout;
  if (id != kIdAxp192 && id != kIdAxp2101) return Code::kIo;
  s_chip = id;
  return (id == kIdAxp192 ? axp192_on() : axp2101_on()) ? Code::kOk : Code::kIo;
}

void pmu_off() {
  if (s_chip == kIdAxp192) change(kOutputEnable, kAxp192Radio, 0);
  if (s_chip == kIdAxp2101) change(kLdoEnable0, kAxp2101Radio, 0);
}

uint32_t pmu_battery_mv() {
  uint8_t status = 0, value[2] = {};
  if (s_chip == kIdAxp192) {
    if (!read(kChargeStatus, &status, 1) || (status & 1 << 5) == 0 || !read(kBatteryHigh8, value, 2)) return 0;
    return (static_cast<uint32_t>(value[0]) << 4 | (value[1] & 0x0f)) * 11 / 10;
  }
  if (s_chip == kIdAxp2101) {
    if (!read(kStatus1, &status, 1) || (status & 1 << 3) == 0 || !read(kVbatHigh, value, 2)) return 0;
    return static_cast<uint32_t>(value[0] & 0x3f) << 8 | value[1];
  }
  return 0;
}

}  // namespace mehr::hal

#endif
