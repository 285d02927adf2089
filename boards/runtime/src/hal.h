// What a board must provide to run the relay: a dozen functions, plus the hooks that measure stack and heap.
// One HAL is linked into an image; nothing above this line knows which. Every step returns a code, nothing throws,
// and every wait inside a HAL is bounded.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_console.h"

namespace mehr::hal {

/// Outcome of one hardware step.
enum class Code : uint8_t {
  kOk = 0,
  kBusy,     // the channel or the transmitter is in use: try again later
  kTimeout,  // the other side did not answer within the bound
  kIo,       // the hardware refused or returned something impossible
  kRange,    // an argument is outside what this board has
};

/// LoRa modem parameters, in the units of the boot configuration record (docs: console protocol).
struct RadioConfig {
  uint32_t frequency_hz;
  uint32_t bandwidth_hz;
  uint8_t spreading_factor;  // 5..12
  uint8_t coding_rate;       // 5..8 for 4/5..4/8
  uint16_t preamble;         // symbols
  int8_t power_dbm;
  uint8_t sync_word;
};

constexpr size_t kRadioFrameMax = 255;  // the LoRa PHY length field is one byte (SX1262 datasheet 13.4.6)

/// One received frame with its signal measurements.
struct RadioPacket {
  int16_t rssi_dbm;
  int16_t snr_qdb;  // quarter dB, as the SX126x reports it (GetPacketStatus)
  uint16_t length;
  uint8_t bytes[kRadioFrameMax];
};

/// What went wrong on the radio link so far. rx_errors is indexed by FrameError; boards with a real chip leave it 0.
struct RadioStats {
  uint32_t rx_errors[8];
  uint32_t queue_drops;
  uint32_t timeouts;
};

/// Brings up clock, console, radio link and record flash. argc/argv are empty on a microcontroller.
Code init(int argc, char** argv);

/// Milliseconds since this boot; never goes backwards.
uint64_t now_ms();
/// A free-running counter for measuring, tick_hz() per second.
uint64_t ticks();
uint32_t tick_hz();

/// Fills `out` from the board's true random source; kTimeout or kIo leaves `out` unusable.
Code entropy(uint8_t* out, size_t length);

/// Sets the modem; the radio listens from here on.
Code radio_begin(const RadioConfig& config);
/// Channel activity detection: sets `busy`. Does not transmit.
Code radio_cad(bool& busy);
/// Watches the channel for `ms`: `busy` when its power was above the threshold at any time. Does not transmit. kBusy while
/// an own transmission is still in the air.
Code radio_clear(int16_t threshold_dbm, uint32_t ms, bool& busy);
/// Starts one transmission and returns; kBusy while an earlier one is still in the air.
Code radio_send(const uint8_t* bytes, size_t length);
/// Takes the oldest received frame; false when there is none.
bool radio_receive(RadioPacket& out);
const RadioStats& radio_stats();

/// Record flash, NOR semantics: erase sets every bit of one page, program only clears bits.
/// Offsets count from the start of the record area; program needs 4-byte aligned offset and length.
size_t flash_page_size();
size_t flash_page_count();
Code flash_read(size_t offset, void* out, size_t length);
Code flash_program(size_t offset, const void* bytes, size_t length);
Code flash_erase(size_t page);
/// Words programmed and pages erased since this boot, whether or not they succeeded.
uint32_t flash_writes();

/// Takes up to `capacity` bytes that have arrived on the console; 0 when there are none.
size_t console_read(uint8_t* out, size_t capacity);
/// Writes all bytes or returns kTimeout after a bounded wait.
Code console_write(const uint8_t* bytes, size_t length);

/// Lets the CPU rest until `deadline_ms`; returns early when any byte arrives on console or radio.
void sleep_until(uint64_t deadline_ms);

/// After `seconds` the CPU is taken from whatever runs and fault() is called; 0 turns this off. No engine counts fuel,
/// so this is what ends an endless loop in a core. Time the process or emulator was stopped does not count.
void watchdog(uint32_t seconds);

[[noreturn]] void reset();
[[noreturn]] void halt();

/// Why this run started. The same answer all the time; init() has found it out.
msg::ResetCause reset_cause();

/// Keeps one sentence for the next run, in place of an older one: at most 160 bytes of it. It survives a reset and not a
/// power cut. Callable in any state, also by a fault handler; whoever ends the run by fault() has called it before.
void last_words_keep(const char* sentence);
/// The sentence an earlier run kept, zero-terminated, and forgets it: returns its length, 0 if there is none.
size_t last_words_take(char* out, size_t capacity);

/// True once the board's user button has been down for 3 s, until it is let go; false on a board without one. Looks at
/// the button, so it is to be called often: where no sleep_until() comes between, at least once a second.
bool button_held();

/// SHA-256 of the program that runs, as it lies in the flash: `image_sha256` of its manifest (docs/images.md). Takes up to
/// a second at the first call; later ones have the answer. False where it cannot be told.
bool image_sha256(uint8_t out[32]);

/// Bytes of C stack reserved, and the deepest use since boot found by painting. 0 = not known on this board.
size_t stack_size();
size_t stack_used();
/// Bytes of C stack below the caller. Cheap: wasm3 asks at every call of a function.
size_t stack_left();
/// The most heap ever held at once, in bytes. 0 = not known on this board.
size_t heap_used();

// --- What a real board knows of its power and its radio; hal/virtual answers for boards that have neither. ---

/// The next sentence for the owner's log (a clock the radio did not take, a rest that began), oldest first; nullptr when
/// there is none. Valid until the next call.
const char* next_note();
/// Which clock the radio runs on, "TCXO at 1800 mV" or "crystal"; "" before it has started.
const char* radio_clock();
/// The battery at its last measurement, in millivolts; 0 without one.
uint32_t battery_mv();
/// True while the battery is too low for the radio, which is off then: radio_cad() and radio_send() say kBusy, nothing is
/// received. Measures once a minute, so call it often; the first answer is settled by init().
bool resting();

/// Last words: called by fault handlers with one sentence. Implemented by the console, callable in any state.
[[noreturn]] void fault(const char* sentence);

}  // namespace mehr::hal
