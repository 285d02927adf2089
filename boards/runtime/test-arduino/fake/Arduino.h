// What hal/arduino uses of the three cores' Arduino.h.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#if defined(ARDUINO_ARCH_RP2040)
enum PinStatus { LOW = 0, HIGH = 1, CHANGE = 2, FALLING = 3, RISING = 4 };
enum PinMode { INPUT = 0, OUTPUT = 1, INPUT_PULLUP = 2, INPUT_PULLDOWN = 3 };
typedef uint8_t pin_size_t;
#define FAKE_PIN pin_size_t
#define FAKE_MODE PinMode
#define FAKE_LEVEL PinStatus
#else
#define LOW 0
#define HIGH 1
#define INPUT 0
#define OUTPUT 1
#define INPUT_PULLUP 2
#define INPUT_PULLDOWN 3
#define RISING 1
#define FAKE_PIN uint32_t
#define FAKE_MODE uint32_t
#define FAKE_LEVEL int
#endif
#define IRAM_ATTR

void setup();
void loop();
void pinMode(FAKE_PIN pin, FAKE_MODE mode);
void digitalWrite(FAKE_PIN pin, FAKE_LEVEL level);
FAKE_LEVEL digitalRead(FAKE_PIN pin);
uint32_t micros();

namespace fake {

struct Serial_ {
  void begin(unsigned long) { log("serial begin"); }
  size_t setRxBufferSize(size_t n) { return n; }
  size_t setTxBufferSize(size_t n) { return world.serial_room = n; }
  int available();
  int availableForWrite();
  size_t read(uint8_t* out, size_t n);
  int read();
  size_t write(const uint8_t* bytes, size_t n);
  void flush() {}
  uint8_t dtr() { return world.host_listens; }
  explicit operator bool() { return world.host_listens; }
};

}  // namespace fake
extern fake::Serial_ Serial;

#if defined(ARDUINO_NRF52_ADAFRUIT)
#include "fake_freertos.h"
typedef enum { AR_DEFAULT, AR_INTERNAL, AR_INTERNAL_3_0, AR_INTERNAL_2_4, AR_INTERNAL_1_8, AR_INTERNAL_1_2, AR_VDD4 } eAnalogReference;
void analogReference(eAnalogReference mode);
void analogReadResolution(int bits);
void analogSampleTime(uint8_t us);
uint32_t readResetReason();
uint32_t analogRead(uint32_t pin);
#elif defined(ARDUINO_ARCH_ESP32)
typedef enum { ADC_0db, ADC_2_5db, ADC_6db, ADC_11db, ADC_ATTENDB_MAX } adc_attenuation_t;
void analogSetPinAttenuation(uint8_t pin, adc_attenuation_t attenuation);
uint32_t analogReadMilliVolts(uint8_t pin);
#else
void analogReadResolution(int bits);
int analogRead(pin_size_t pin);
void noInterrupts();
struct RP2040 {
  void idleOtherCore();
  void resumeOtherCore();
};
extern RP2040 rp2040;
#endif
