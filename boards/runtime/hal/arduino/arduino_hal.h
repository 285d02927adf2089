// What the parts of this HAL share: every Arduino core here runs on FreeRTOS, each with its own header paths and units.
#pragma once
#include <Arduino.h>
#include <stddef.h>
#include <stdint.h>

#if defined(ARDUINO_ARCH_ESP32)
#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>
#include <freertos/task.h>
#elif defined(ARDUINO_ARCH_RP2040)
#if !defined(__FREERTOS)
#error "arduino-pico must be built with FreeRTOS: add -D PIO_FRAMEWORK_ARDUINO_ENABLE_FREERTOS to build_flags"
#endif
#include <FreeRTOS.h>
#include <semphr.h>
#include <task.h>
#elif !defined(ARDUINO_NRF52_ADAFRUIT)  // whose Arduino.h brings FreeRTOS along
#error "hal/arduino knows the ESP32, Adafruit nRF52 and arduino-pico cores: write mcu_<name>.cpp for this one"
#endif

#include "entropy_health.h"
#include "hal.h"
#include "last_words.h"

namespace mehr::hal {

/// Held while the relay task is inside a peripheral. Who takes the CPU from that task takes this first, so that a bus,
/// a lock of the USB stack or the flash controller is never left half way. Not recursive; never held while sleeping.
/// Held for a bounded time, and so long the watchdog may be late. The longest of the radio is a chip that does not
/// answer, 11 s, and a CAD: 17 symbols, 9 s at SF12 and 7.8 kHz. console_write() gives up when the port has not moved
/// for 1 s; should it move just a byte each second, one write of a COBS block (255 bytes) holds it for 255 s.
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

/// Makes a pin an output. The level goes first: an output that starts at the wrong one would pulse what hangs on it.
void drive(int pin, bool high);

/// Keeps a sentence for next_note(); when nobody takes them the oldest are dropped.
void note(const char* sentence);

// --- mcu_<name>.cpp: what differs from chip to chip ---

/// Clock and record flash of the chip. A missing record area is no failure here: see record_flash_problem().
Code mcu_init();
/// One sentence for the user when there is no place for records, or "".
const char* record_flash_problem();
/// Called once a second by the guard task: extends counters narrower than 64 bits before they wrap.
void mcu_tick();

/// The hardware watchdog: once started, a board whose guard task does not feed it is reset. The task that starts it is
/// the one that feeds it.
void mcu_watchdog_start();
void mcu_watchdog_feed();

/// Volts at an analogue input in thousandths, one sample. The caller holds the lock.
uint32_t mcu_adc_mv(int pin);

/// Sleeps for `ms` at most in a mode deeper than what an idle FreeRTOS does, until radio, console or time end it.
/// False when this chip has none that is safe now; the caller waits on its own then.
bool mcu_deep_rest(uint32_t ms);

/// What a reset leaves of the run before. Anything at all after power-on.
struct Kept {
  uint32_t ending;
  LastWords words;
};
/// Memory that no start clears and that no bootloader uses.
Kept& mcu_kept();
/// Why this run started, as far as the chip tells.
msg::ResetCause mcu_reset_cause();
/// Computes image_sha256().
bool mcu_image_sha256(uint8_t out[32]);
/// Resets the chip on the spot.
[[noreturn]] void mcu_restart();

/// The raw noise source, and what it is credited with.
struct Noise {
  EntropyCutoffs cutoffs;
  /// Samples condensed by SHA-256 into each byte handed out; 0 when the samples themselves are good enough to be.
  size_t samples_per_byte;
};
extern const Noise kNoise;
Code noise_begin();
Code noise_read(uint8_t* samples, size_t count);
void noise_end();

// --- The board's parts ---

/// Runs the start-up test of the noise source. Not kOk: entropy() fails until the next reset, and the core must not run.
Code entropy_start();

/// Finds out why this run started; init() calls it once.
void kept_init();
/// The last words of a CPU fault, whose handler then resets: the next run says Panic and not Software.
void keep_panic(const char* sentence);

/// The user button of the board value.
void button_init();
/// Looks at it. True when it has just been held long enough.
bool button_look();
/// True while it has to be looked at again within HeldButton::kLookEveryMs.
bool button_down();

/// Switches on what the board value says radio and board need, and off what a relay does not use.
void supplies_on();
/// Switches off every supply the board value names.
void supplies_off();

/// The power chip of the board value (MEHR_PMU): rails as a relay needs them, and what it measures.
Code pmu_on();
void pmu_off();
uint32_t pmu_battery_mv();

/// First measurement of the battery, which decides whether the radio may start.
void battery_start();
/// As resting(), without measuring: for who holds the lock.
bool battery_low();

void console_init();
bool console_pending();
/// True when nobody has used the console for so long, and in such a way, that the board may sleep without it.
bool console_unused();
/// Somebody is there, whether or not what they sent arrived.
void console_heard();
/// Gives what was written last the time to leave the board.
void console_drain();

/// Puts the radio to sleep, for halt().
void radio_sleep();
/// Does what is due at the radio: takes in what has arrived, ends what was sent, turns it off and on with the battery.
void radio_look();
/// True when the radio has something that radio_receive() would take in.
bool radio_pending();

}  // namespace mehr::hal
