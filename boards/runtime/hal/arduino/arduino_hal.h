// What the parts of this HAL share: both Arduino cores run on FreeRTOS, each with its own header paths and units.
#pragma once
#include <Arduino.h>
#include <stddef.h>
#include <stdint.h>

#if defined(ARDUINO_ARCH_ESP32)
#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>
#include <freertos/task.h>
#elif !defined(ARDUINO_NRF52_ADAFRUIT)  // whose Arduino.h brings FreeRTOS along
#error "hal/arduino knows the ESP32 and the Adafruit nRF52 cores: write mcu_<name>.cpp for this one"
#endif

#include "hal.h"

namespace mehr::hal {

/// Held while the relay task is inside a peripheral. Who takes the CPU from that task takes this first, so that a bus,
/// a lock of the USB stack or the flash controller is never left half way. Not recursive; never held while sleeping.
/// Held for a bounded time, and so long the watchdog may be late. The longest of the radio is a CAD: 17 symbols, 9 s at
/// SF12 and 7.8 kHz. console_write() gives up when the port has not moved for 1 s; should it move just a byte each
/// second, one write of a COBS block (255 bytes) holds it for 255 s.
class Lock {
 public:
  Lock();
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

/// Ends a sleep_until() of the relay task early. The first may be called from any task, the second from interrupts.
void wake();
void wake_from_isr();

/// Clock and record flash of the chip. A missing record area is no failure here: see record_flash_problem().
Code mcu_init();
/// One sentence for the user when there is no place for records, or "".
const char* record_flash_problem();

/// Switches on what the board value says radio and board need, and off what a relay does not use.
void supplies_on();
/// Switches off every supply the board value names.
void supplies_off();

void console_init();
bool console_pending();
/// Gives what was written last the time to leave the board.
void console_drain();

/// Puts the radio to sleep, for halt().
void radio_sleep();
/// True when the radio has something that radio_receive() would take in.
bool radio_pending();

/// Called once a second by the guard task: extends counters narrower than 64 bits before they wrap.
void mcu_tick();

}  // namespace mehr::hal
