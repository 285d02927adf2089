// SX1262 through RadioLib. Sections and tables are those of the SX1261/2 datasheet, DS.SX1261-2.W.APP.
#include "board_config.h"

#if defined(MEHR_RADIO_SX1262)

#include "radio_chip.h"
#include "text.h"

// Receiving with a duty cycle (13.1.7): 1 lets the receiver sleep while no preamble can be missed. Off, because with the
// network's preamble of 18 symbols there is little to gain: two symbols of eleven may be slept, less 6 ms for the way
// there and back with a TCXO. At SF8 and 125 kHz nothing is left, at SF12 17 % (docs/boards-hal.md has the table).
#ifndef MEHR_RX_DUTY_CYCLE
#define MEHR_RX_DUTY_CYCLE 0
#endif

namespace mehr::hal {

namespace {

SX1262 s_chip(&g_radio_module);
Text<40> s_clock;

int16_t begin_with(const RadioConfig& config, float tcxo_volts) {
  // A float of MHz is within 31 Hz below 1 GHz, a tenth of what a 0.5 ppm TCXO is off by.
  float mhz = static_cast<float>(config.frequency_hz) / 1e6f;
  float khz = static_cast<float>(config.bandwidth_hz) / 1e3f;
  constexpr bool kLdo = false;  // the DC-DC regulator halves the receiver's current (5.1)
  return s_chip.begin(mhz, khz, config.spreading_factor, config.coding_rate, config.sync_word, config.power_dbm,
                      config.preamble, tcxo_volts, kLdo);
}

// Says once, and again when it changes, which clock the chip took.
void tell_clock(bool tcxo) {
  Text<40> clock;
  if (tcxo) {
    clock << "TCXO at " << board::kRadioTcxoMillivolts << " mV";
  } else {
    clock << "crystal";
  }
  if (s_clock.size() == clock.size()) return;
  bool first = s_clock.size() == 0;
  s_clock = clock;
  if (first && (tcxo || board::kRadioTcxoMillivolts == 0)) return;
  Text<200> text;
  text << "The radio's clock: " << s_clock.c_str();
  if (!tcxo) text << ", as it refused a TCXO at " << board::kRadioTcxoMillivolts << " mV";
  note((text << ".").c_str());
}

}  // namespace

PhysicalLayer& radio_chip() { return s_chip; }
const char* radio_clock() { return s_clock.c_str(); }

// Power from -9 to 22 dBm (13.4.4).
bool chip_accepts(const RadioConfig& config) { return config.power_dbm >= -9; }

int16_t chip_begin(const RadioConfig& config) {
  if (board::kRadioRxen >= 0 || board::kRadioTxen >= 0) {
    s_chip.setRfSwitchPins(pin_of(board::kRadioRxen), pin_of(board::kRadioTxen));
  }
  bool tcxo = board::kRadioTcxoMillivolts != 0;
  int16_t state = begin_with(config, static_cast<float>(board::kRadioTcxoMillivolts) / 1e3f);
  // A module with a plain crystal refuses to start from DIO3 as a TCXO supply (13.3.6).
  bool refused = state == RADIOLIB_ERR_SPI_CMD_FAILED || state == RADIOLIB_ERR_SPI_CMD_INVALID;
  if (tcxo && refused) state = begin_with(config, 0);
  // RadioLib makes the same retry on its own in most cases, and then leaves a voltage of 0 behind.
  if (refused || s_chip.tcxoVoltage == 0) tcxo = false;
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setDio2AsRfSwitch(board::kRadioDio2TurnsSwitch);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setCurrentLimit(board::kRadioCurrentLimitMilliamps);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setRxBoostedGainMode(true);  // 9.6: more sensitivity, 0.7 mA
  if (state == RADIOLIB_ERR_NONE) tell_clock(tcxo);
  return state;
}

int16_t chip_listen(const RadioConfig& config) {
#if MEHR_RX_DUTY_CYCLE
  return s_chip.startReceiveDutyCycleAuto(config.preamble);
#else
  (void)config;
  return s_chip.startReceive();  // continuous, IRQ on RxDone; the header flags are set but not routed
#endif
}

bool chip_stops_after_packet() { return MEHR_RX_DUTY_CYCLE != 0; }

bool chip_hears_frame() { return s_chip.checkIrq(RADIOLIB_IRQ_HEADER_VALID) == 1; }

float chip_channel_dbm() { return s_chip.getRSSI(false); }

}  // namespace mehr::hal

#endif
