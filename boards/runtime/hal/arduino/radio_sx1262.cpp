// SX1262 through RadioLib. Sections and tables are those of the SX1261/2 datasheet, DS.SX1261-2.W.APP.
// DIO1 stays high from an interrupt until its flags are cleared (8.5), so its level says whether there is something to
// do; the edge only wakes the relay task, and a lost one costs at most one sleep step.
#include "board_config.h"
#include "arduino_hal.h"

#if !defined(MEHR_RADIO_SX1262)
#error "hal/arduino drives the SX1262: write a radio_<chip>.cpp for the chip this board value names"
#endif

#include <RadioLib.h>
#include <SPI.h>
#include <math.h>
#include <string.h>

namespace mehr::hal {

namespace {

constexpr uint32_t kNoPin = RADIOLIB_NC;
constexpr uint32_t pin_of(int pin) { return pin < 0 ? kNoPin : static_cast<uint32_t>(pin); }

constexpr size_t kQueue = 8;
constexpr uint64_t kRecoverEveryMs = 60000;
constexpr uint64_t kCheckEveryMs = 60000;
constexpr uint64_t kTxMarginMs = 500;  // ramp, TCXO start and the scheduler, on top of the time on air

#if defined(ARDUINO_NRF52_ADAFRUIT)
// Not the core's SPI object: that one is SPIM3, whose transmit data can be corrupted when another bus master uses the
// same RAM (nRF52840 anomaly 198).
SPIClass s_spi(NRF_SPIM2, board::kRadioMiso, board::kRadioSck, board::kRadioMosi);
#else
SPIClass& s_spi = SPI;
#endif

// RadioLib's own Arduino class clocks each byte as a transfer of its own.
class BlockHal : public ArduinoHal {
 public:
  explicit BlockHal(SPIClass& bus) : ArduinoHal(bus) {}
  void spiTransfer(uint8_t* out, size_t length, uint8_t* in) override {
#if defined(ARDUINO_ARCH_ESP32)
    spi->transferBytes(out, in, length);
#else
    spi->transfer(out, in, length);
#endif
  }
};

BlockHal s_bus(s_spi);
Module s_module(&s_bus, pin_of(board::kRadioNss), pin_of(board::kRadioIrq), pin_of(board::kRadioReset),
                pin_of(board::kRadioBusy));
SX1262 s_chip(&s_module);

RadioConfig s_config;
bool s_configured;  // radio_begin() has succeeded once
bool s_listening;
uint64_t s_recover_ms, s_check_ms;
bool s_sending;
uint64_t s_tx_start_ms, s_tx_limit_ms;
uint64_t s_header_ms;  // when a header was first seen; 0 for none
RadioPacket s_queue[kQueue];
size_t s_queue_head, s_queue_count;
RadioStats s_stats;

#if defined(ARDUINO_ARCH_ESP32)
IRAM_ATTR
#endif
void on_dio1() { wake_from_isr(); }

bool dio1() { return digitalRead(board::kRadioIrq) == HIGH; }

void count(uint32_t& counter) {
  if (counter != UINT32_MAX) counter++;
}

Code code_of(int16_t state) {
  switch (state) {
    case RADIOLIB_ERR_NONE:
      return Code::kOk;
    case RADIOLIB_ERR_INVALID_FREQUENCY:
    case RADIOLIB_ERR_INVALID_BANDWIDTH:
    case RADIOLIB_ERR_INVALID_SPREADING_FACTOR:
    case RADIOLIB_ERR_INVALID_CODING_RATE:
    case RADIOLIB_ERR_INVALID_OUTPUT_POWER:
    case RADIOLIB_ERR_INVALID_PREAMBLE_LENGTH:
    case RADIOLIB_ERR_PACKET_TOO_LONG:
      return Code::kRange;
    case RADIOLIB_ERR_SPI_CMD_TIMEOUT:
      return Code::kTimeout;
    default:
      return Code::kIo;
  }
}

int16_t begin_chip(float tcxo_volts) {
  // A float of MHz is within 31 Hz below 1 GHz, a tenth of what a 0.5 ppm TCXO is off by.
  float mhz = static_cast<float>(s_config.frequency_hz) / 1e6f;
  float khz = static_cast<float>(s_config.bandwidth_hz) / 1e3f;
  return s_chip.begin(mhz, khz, s_config.spreading_factor, s_config.coding_rate, s_config.sync_word, s_config.power_dbm,
                      s_config.preamble, tcxo_volts, false);
}

Code listen() {
  s_header_ms = 0;
  Code code = code_of(s_chip.startReceive());  // continuous, IRQ on RxDone; the header flags are set but not routed
  s_listening = code == Code::kOk;
  if (!s_listening) s_recover_ms = now_ms() + kRecoverEveryMs;
  return code;
}

// Resets the chip and sets everything; what RadioLib's begin() leaves at its own defaults comes after it.
Code start_chip() {
  s_listening = s_sending = false;
  s_recover_ms = now_ms() + kRecoverEveryMs;
  s_check_ms = now_ms() + kCheckEveryMs;
  float tcxo = static_cast<float>(board::kRadioTcxoMillivolts) / 1e3f;
  int16_t state = begin_chip(tcxo);
  // A module with a plain crystal refuses to start from DIO3 as a TCXO supply (13.3.6).
  bool refused = state == RADIOLIB_ERR_SPI_CMD_FAILED || state == RADIOLIB_ERR_SPI_CMD_INVALID;
  if (refused && board::kRadioTcxoMillivolts != 0) state = begin_chip(0);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setDio2AsRfSwitch(board::kRadioDio2TurnsSwitch);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setCurrentLimit(board::kRadioCurrentLimitMilliamps);
  if (state == RADIOLIB_ERR_NONE) state = s_chip.setRxBoostedGainMode(true);  // 9.6: more sensitivity, 0.7 mA
  if (board::kRadioRxen >= 0 || board::kRadioTxen >= 0) {
    s_chip.setRfSwitchPins(pin_of(board::kRadioRxen), pin_of(board::kRadioTxen));
  }
  if (state != RADIOLIB_ERR_NONE) return code_of(state);
  s_chip.setDio1Action(on_dio1);
  return listen();
}

int16_t clamp16(float value) { return static_cast<int16_t>(lroundf(fminf(fmaxf(value, -32768.0f), 32767.0f))); }

void take_packet() {
  size_t length = s_chip.getPacketLength(true);
  RadioPacket scratch;
  RadioPacket& packet = s_queue_count < kQueue ? s_queue[(s_queue_head + s_queue_count) % kQueue] : scratch;
  s_header_ms = 0;
  int16_t state = s_chip.readData(packet.bytes, length);  // also clears the flags, so DIO1 falls
  if (state == RADIOLIB_ERR_CRC_MISMATCH || length == 0) return;
  if (state != RADIOLIB_ERR_NONE || length > kRadioFrameMax) {
    listen();
    return;
  }
  if (s_queue_count == kQueue) return count(s_stats.queue_drops);
  packet.length = static_cast<uint16_t>(length);
  packet.rssi_dbm = clamp16(s_chip.getRSSI());
  packet.snr_qdb = clamp16(s_chip.getSNR() * 4.0f);
  s_queue_count++;
}

// A dip of its supply resets the chip without a word: it then waits as an FSK modem (13.4.2) and hears nothing.
void check_chip() {
  s_check_ms = now_ms() + kCheckEveryMs;
  ModemType_t modem = RADIOLIB_MODEM_NONE;
  if (s_chip.getModem(&modem) != RADIOLIB_ERR_NONE || modem != RADIOLIB_MODEM_LORA) start_chip();
}

void pump() {
  if (!s_configured) return;
  if (s_sending) {
    bool done = dio1();
    if (!done && now_ms() - s_tx_start_ms < s_tx_limit_ms) return;
    if (!done) count(s_stats.timeouts);
    s_chip.finishTransmit();
    s_sending = false;
    listen();
    return;
  }
  if (!s_listening) {
    // The chip stopped answering. Starting over takes seconds when it is gone, so not at every turn.
    if (now_ms() >= s_recover_ms) start_chip();
    return;
  }
  if (dio1()) return take_packet();
  if (now_ms() >= s_check_ms) check_chip();
}

// A frame whose header has been decoded is coming in. CAD would cut it off, and finds only preambles.
bool receiving() {
  if (s_chip.checkIrq(RADIOLIB_IRQ_HEADER_VALID) != 1) {
    s_header_ms = 0;
    return false;
  }
  uint64_t now = now_ms();
  if (s_header_ms == 0) s_header_ms = now;
  // It ends by RxDone; a flag that outlives the longest frame is stale.
  if (now - s_header_ms <= s_chip.getTimeOnAir(kRadioFrameMax) / 1000) return true;
  listen();
  return false;
}

}  // namespace

Code radio_begin(const RadioConfig& config) {
  Lock lock;
  bool sane = config.spreading_factor >= 5 && config.spreading_factor <= 12 && config.coding_rate >= 5 &&
              config.coding_rate <= 8 && config.frequency_hz != 0 && config.bandwidth_hz != 0 &&
              config.power_dbm <= board::kRadioMaxPowerDbm;
  if (!sane) return Code::kRange;
  s_config = config;
#if defined(ARDUINO_ARCH_ESP32)
  s_spi.begin(board::kRadioSck, board::kRadioMiso, board::kRadioMosi);
#else
  s_spi.begin();
#endif
  Code code = start_chip();
  s_configured = code == Code::kOk;
  return code;
}

Code radio_cad(bool& busy) {
  busy = false;
  Lock lock;
  if (!s_configured) return Code::kIo;
  pump();
  if (s_sending) return Code::kBusy;
  if (!s_listening) return Code::kIo;
  if (receiving()) {
    busy = true;
    return Code::kOk;
  }
  // Started and waited for here: RadioLib's own scanChannel() waits for DIO1 without a bound.
  Code code = code_of(s_chip.startChannelScan());
  // At most 16 symbols (13.4.7), the last of them in processing, and the oscillator's start.
  uint64_t symbols_ms = 17 * (static_cast<uint64_t>(1000) << s_config.spreading_factor) / s_config.bandwidth_hz;
  uint64_t deadline = now_ms() + symbols_ms + 50;
  while (code == Code::kOk && !dio1()) {
    if (now_ms() >= deadline) {
      count(s_stats.timeouts);
      code = Code::kTimeout;
    } else {
      ulTaskNotifyTake(pdTRUE, 1);
    }
  }
  if (code == Code::kOk) {
    int16_t result = s_chip.getChannelScanResult();
    busy = result == RADIOLIB_LORA_DETECTED;
    if (!busy && result != RADIOLIB_CHANNEL_FREE) code = Code::kIo;
  }
  Code listening = listen();
  return code == Code::kOk ? listening : code;
}

Code radio_send(const uint8_t* bytes, size_t length) {
  if (length == 0 || length > kRadioFrameMax) return Code::kRange;
  Lock lock;
  if (!s_configured) return Code::kIo;
  pump();
  if (s_sending) return Code::kBusy;
  if (!s_listening) return Code::kIo;
  s_header_ms = 0;
  Code code = code_of(s_chip.startTransmit(bytes, length));
  if (code != Code::kOk) {
    listen();
    return code;
  }
  s_listening = false;
  s_sending = true;
  s_tx_start_ms = now_ms();
  s_tx_limit_ms = s_chip.getTimeOnAir(length) / 1000 + kTxMarginMs;
  return Code::kOk;
}

bool radio_receive(RadioPacket& out) {
  Lock lock;
  pump();
  if (s_queue_count == 0) return false;
  out = s_queue[s_queue_head];
  s_queue_head = (s_queue_head + 1) % kQueue;
  s_queue_count--;
  return true;
}

bool radio_pending() { return s_queue_count > 0 || (s_configured && (s_sending || s_listening) && dio1()); }

const RadioStats& radio_stats() { return s_stats; }

void radio_sleep() {
  Lock lock;
  if (s_configured) s_chip.sleep(false);
  s_configured = false;
}

}  // namespace mehr::hal
