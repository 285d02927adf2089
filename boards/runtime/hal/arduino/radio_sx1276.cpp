// SX1276 through RadioLib. Sections and registers are those of the SX1276/77/78/79 datasheet, rev. 7.
#include "board_config.h"

#if defined(MEHR_RADIO_SX1276)

#include "radio_chip.h"

namespace mehr::hal {

namespace {

SX1276 s_chip(&g_radio_module);
bool s_started;

// RegModemStat (0x18)
constexpr uint8_t kSignalSynchronized = 1 << 1, kHeaderValid = 1 << 3;

}  // namespace

PhysicalLayer& radio_chip() { return s_chip; }

// The chip has no way to feed a TCXO: what oscillates at its XTA pin is the module's own affair.
const char* radio_clock() { return s_started ? "crystal" : ""; }

// SF6 needs an implicit header (4.1.1.2), SF5 does not exist. These modules bring out PA_BOOST only, which begins at
// 2 dBm (5.4.2); RFO, which goes lower, ends in nothing.
bool chip_accepts(const RadioConfig& config) { return config.spreading_factor >= 7 && config.power_dbm >= 2; }

int16_t chip_begin(const RadioConfig& config) {
  if (board::kRadioRxen >= 0 || board::kRadioTxen >= 0) {
    s_chip.setRfSwitchPins(pin_of(board::kRadioRxen), pin_of(board::kRadioTxen));
  }
  float mhz = static_cast<float>(config.frequency_hz) / 1e6f;
  float khz = static_cast<float>(config.bandwidth_hz) / 1e3f;
  // 18 and 19 dBm cannot be set (5.4.3: up to 17, or 20 with RegPaDac). What was asked for is never exceeded.
  int8_t power = config.power_dbm == 18 || config.power_dbm == 19 ? 17 : config.power_dbm;
  int16_t state = s_chip.begin(mhz, khz, config.spreading_factor, config.coding_rate, config.sync_word, power,
                               config.preamble, 0);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setCurrentLimit(board::kRadioCurrentLimitMilliamps);
  s_started = state == RADIOLIB_ERR_NONE;
  return state;
}

int16_t chip_listen(const RadioConfig&) { return s_chip.startReceive(); }

bool chip_stops_after_packet() { return false; }

bool chip_hears_frame() { return (s_chip.getModemStatus() & (kSignalSynchronized | kHeaderValid)) != 0; }

float chip_channel_dbm() { return s_chip.getRSSI(false, true); }

}  // namespace mehr::hal

#endif
