// The bus itself carries nothing here: fake RadioLib talks to its chip directly. What is recorded is its pins.
#pragma once
#include <Arduino.h>

struct SPISettings {};

#if defined(ARDUINO_NRF52_ADAFRUIT)
struct NRF_SPIM_Type {};
extern NRF_SPIM_Type* const NRF_SPIM2;
class SPIClass {
 public:
  SPIClass(NRF_SPIM_Type*, uint8_t miso, uint8_t sck, uint8_t mosi) : miso_(miso), sck_(sck), mosi_(mosi) {}
  void begin() { fake::log("spi sck=%d miso=%d mosi=%d block=2", sck_, miso_, mosi_); }
  void transfer(const void*, void*, size_t) {}

 private:
  int miso_, sck_, mosi_;
};
#elif defined(ARDUINO_ARCH_ESP32)
class SPIClass {
 public:
  void begin(int8_t sck, int8_t miso, int8_t mosi, int8_t ss = -1) {
    fake::log("spi sck=%d miso=%d mosi=%d block=0", sck, miso, mosi);
    (void)ss;
  }
  void transferBytes(const uint8_t*, uint8_t*, uint32_t) {}
};
extern SPIClass SPI;
#else
class SPIClass {
 public:
  virtual ~SPIClass() = default;
  virtual void transfer(void*, size_t) {}
};
class SPIClassRP2040 : public SPIClass {
 public:
  explicit SPIClassRP2040(int block) : block_(block) {}
  bool setSCK(pin_size_t pin) { return sck_ = pin, true; }
  bool setTX(pin_size_t pin) { return tx_ = pin, true; }
  bool setRX(pin_size_t pin) { return rx_ = pin, true; }
  void begin() { fake::log("spi sck=%d miso=%d mosi=%d block=%d", sck_, rx_, tx_, block_); }

 private:
  int block_, sck_ = -1, tx_ = -1, rx_ = -1;
};
extern SPIClassRP2040 SPI, SPI1;
#endif
