// What radio.cpp asks of the chip a board value names; radio_sx1262.cpp or radio_sx1276.cpp answers. Both have their
// interrupt line up from an event until its flags are cleared, and RadioLib drives both by one interface.
#pragma once
#include "board_config.h"
#include "arduino_hal.h"

#include <RadioLib.h>

namespace mehr::hal {

constexpr uint32_t pin_of(int pin) { return pin < 0 ? static_cast<uint32_t>(RADIOLIB_NC) : static_cast<uint32_t>(pin); }

/// Bus and pins of the radio; RadioLib's `gpio` is the line it wants besides the interrupt (BUSY or DIO1).
extern Module g_radio_module;
constexpr int kRadioSecondLine = board::kRadioBusy >= 0 ? board::kRadioBusy : board::kRadioDio1;

PhysicalLayer& radio_chip();
/// True when the chip can do what is asked; the common limits have been checked.
bool chip_accepts(const RadioConfig& config);
/// Resets the chip and sets everything, which takes 11 s when it does not answer. A RadioLib status.
int16_t chip_begin(const RadioConfig& config);
/// Receives from here on. A RadioLib status.
int16_t chip_listen(const RadioConfig& config);
/// True when it must be told to listen again after a packet.
bool chip_stops_after_packet();
/// A frame is coming in. A CAD would cut it off, and finds only preambles.
bool chip_hears_frame();
/// Power on the channel now, in dBm; the receiver must be on.
float chip_channel_dbm();

}  // namespace mehr::hal
