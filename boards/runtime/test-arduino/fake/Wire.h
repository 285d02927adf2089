#pragma once
#include <Arduino.h>

/// An I2C bus with a power chip at 0x34 (fake::world.pmu), as TwoWire of Arduino-ESP32.
class TwoWire {
 public:
  bool begin(int sda, int scl, uint32_t frequency = 0);
  void setTimeOut(uint16_t) {}
  void beginTransmission(uint8_t address) { address_ = address, length_ = 0; }
  size_t write(uint8_t byte);
  uint8_t endTransmission(bool stop = true);
  uint8_t requestFrom(uint8_t address, uint8_t count);
  int read();

 private:
  uint8_t address_ = 0, bytes_[4] = {}, length_ = 0, at_ = 0, left_ = 0;
};
extern TwoWire Wire;
