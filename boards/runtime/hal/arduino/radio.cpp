// The radio: a state machine over the chip of radio_chip.h. The interrupt line's level says whether there is something to
// do; its edge only wakes the relay task, and a lost one costs at most one sleep step.
#include "radio_chip.h"

#include <SPI.h>
#include <math.h>
#include <string.h>

namespace mehr::hal {

namespace {

constexpr size_t kQueue = 8;
constexpr uint64_t kRecoverEveryMs = 60000;
constexpr uint64_t kCheckEveryMs = 60000;
constexpr uint64_t kTxMarginMs = 500;      // ramp, TCXO start and the scheduler, on top of the time on air
constexpr uint32_t kRssiSettleUs = 1000;   // from the start of receiving until the power measured is the channel's

#if defined(ARDUINO_NRF52_ADAFRUIT)
// Not the core's SPI object: that one is SPIM3, whose transmit data can be corrupted when another bus master uses the
// same RAM (nRF52840 anomaly 198).
SPIClass s_spi(NRF_SPIM2, board::kRadioMiso, board::kRadioSck, board::kRadioMosi);
#elif defined(ARDUINO_ARCH_RP2040)
SPIClassRP2040& s_spi = board::kRadioSpi == 1 ? SPI1 : SPI;
#else
SPIClass& s_spi = SPI;
#endif

void bus_begin() {
#if defined(ARDUINO_ARCH_ESP32)
  s_spi.begin(board::kRadioSck, board::kRadioMiso, board::kRadioMosi);
#else
#if defined(ARDUINO_ARCH_RP2040)
  s_spi.setSCK(board::kRadioSck);
  s_spi.setTX(board::kRadioMosi);
  s_spi.setRX(board::kRadioMiso);
#endif
  s_spi.begin();
#endif
}

// RadioLib's own Arduino class clocks each byte as a transfer of its own.
class BlockHal : public ArduinoHal {
 public:
  explicit BlockHal(SPIClass& bus) : ArduinoHal(bus) {}
  void spiTransfer(uint8_t* out, size_t length, uint8_t* in) override {
#if defined(ARDUINO_ARCH_ESP32)
    spi->transferBytes(out, in, length);
#elif defined(ARDUINO_ARCH_RP2040)
    memcpy(in, out, length);
    spi->transfer(in, length);
#else
    spi->transfer(out, in, length);
#endif
  }
};

BlockHal s_bus(s_spi);

RadioConfig s_config;
bool s_configured;  // radio_begin() has succeeded once
bool s_off;         // asleep until the battery has recovered
bool s_listening;
uint32_t s_listen_us;
uint64_t s_recover_ms, s_check_ms;
bool s_sending;
uint64_t s_tx_start_ms, s_tx_limit_ms;
uint64_t s_frame_ms;  // when a frame was first seen coming in; 0 for none
RadioPacket s_queue[kQueue];
size_t s_queue_head, s_queue_count;
RadioStats s_stats;

#if defined(ARDUINO_ARCH_ESP32)
IRAM_ATTR
#endif
void on_irq() { wake_from_isr(); }

bool irq() { return digitalRead(board::kRadioIrq) == HIGH; }

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

Code listen() {
  s_frame_ms = 0;
  Code code = code_of(chip_listen(s_config));
  s_listening = code == Code::kOk;
  s_listen_us = micros();
  if (!s_listening) s_recover_ms = now_ms() + kRecoverEveryMs;
  return code;
}

void turn_off() {
  radio_chip().sleep();
  s_listening = false;
  s_off = true;
}

Code start_chip() {
  s_listening = s_sending = s_off = false;
  s_check_ms = now_ms() + kCheckEveryMs;
  Code code = code_of(chip_begin(s_config));
  // Counted from here on: finding out that a chip is gone takes seconds.
  s_recover_ms = now_ms() + kRecoverEveryMs;
  if (code != Code::kOk) return code;
  if (battery_low()) {
    // Spoken to all the same: a chip that was just powered waits in standby, at a thousand times what sleep takes.
    turn_off();
    return Code::kOk;
  }
  radio_chip().setPacketReceivedAction(on_irq);
  return listen();
}

int16_t clamp16(float value) { return static_cast<int16_t>(lroundf(fminf(fmaxf(value, -32768.0f), 32767.0f))); }

void take_packet() {
  size_t length = radio_chip().getPacketLength(true);
  RadioPacket scratch;
  RadioPacket& packet = s_queue_count < kQueue ? s_queue[(s_queue_head + s_queue_count) % kQueue] : scratch;
  s_frame_ms = 0;
  int16_t state = radio_chip().readData(packet.bytes, length);  // also clears the flags, so the line falls
  bool damaged = state == RADIOLIB_ERR_CRC_MISMATCH || state == RADIOLIB_ERR_LORA_HEADER_DAMAGED || length == 0;
  bool good = state == RADIOLIB_ERR_NONE && !damaged && length <= kRadioFrameMax;
  if (good && s_queue_count == kQueue) {
    count(s_stats.queue_drops);
  } else if (good) {
    packet.length = static_cast<uint16_t>(length);
    packet.rssi_dbm = clamp16(radio_chip().getRSSI());
    packet.snr_qdb = clamp16(radio_chip().getSNR() * 4.0f);
    s_queue_count++;
  }
  if ((!good && !damaged) || chip_stops_after_packet()) listen();
}

// A dip of its supply resets the chip without a word: it then waits as an FSK modem (SX126x 13.4.2, SX127x 4.1.10) and
// hears nothing.
void check_chip() {
  s_check_ms = now_ms() + kCheckEveryMs;
  ModemType_t modem = RADIOLIB_MODEM_NONE;
  if (radio_chip().getModem(&modem) != RADIOLIB_ERR_NONE || modem != RADIOLIB_MODEM_LORA) start_chip();
}

void pump() {
  if (!s_configured) return;
  if (s_sending) {
    bool done = irq();
    if (!done && now_ms() - s_tx_start_ms < s_tx_limit_ms) return;
    if (!done) count(s_stats.timeouts);
    radio_chip().finishTransmit();
    s_sending = false;
    listen();
    return;
  }
  if (battery_low()) {
    if (!s_off) turn_off();
    return;
  }
  if (!s_listening) {
    // Asleep, or it stopped answering. Starting over takes seconds when it is gone, so not at every turn.
    if (s_off || now_ms() >= s_recover_ms) start_chip();
    return;
  }
  if (irq()) return take_packet();
  if (now_ms() >= s_check_ms) check_chip();
}

bool receiving() {
  if (!chip_hears_frame()) {
    s_frame_ms = 0;
    return false;
  }
  uint64_t now = now_ms();
  if (s_frame_ms == 0) s_frame_ms = now;
  // It ends by RxDone; a sign of it that outlives the longest frame is stale.
  if (now - s_frame_ms <= radio_chip().getTimeOnAir(kRadioFrameMax) / 1000) return true;
  listen();
  return false;
}

// kOk when the chip listens and may be used for something else.
Code claim() {
  if (!s_configured) return Code::kIo;
  pump();
  if (s_sending || s_off) return Code::kBusy;
  return s_listening ? Code::kOk : Code::kIo;
}

}  // namespace

Module g_radio_module(&s_bus, pin_of(board::kRadioNss), pin_of(board::kRadioIrq), pin_of(board::kRadioReset),
                      pin_of(kRadioSecondLine));

Code radio_begin(const RadioConfig& config) {
  Lock lock;
  bool sane = config.spreading_factor >= 5 && config.spreading_factor <= 12 && config.coding_rate >= 5 &&
              config.coding_rate <= 8 && config.frequency_hz != 0 && config.bandwidth_hz != 0 &&
              config.power_dbm <= board::kRadioMaxPowerDbm && chip_accepts(config);
  if (!sane) return Code::kRange;
  s_config = config;
  // The chip hears nothing on the bus, and neither side of the antenna switch is on, until RadioLib says so.
  drive(board::kRadioNss, true);
  if (board::kRadioRxen >= 0) drive(board::kRadioRxen, false);
  if (board::kRadioTxen >= 0) drive(board::kRadioTxen, false);
  bus_begin();
  Code code = start_chip();
  s_configured = code == Code::kOk;
  return code;
}

Code radio_cad(bool& busy) {
  busy = false;
  Lock lock;
  Code ready = claim();
  if (ready != Code::kOk) return ready;
  if (receiving()) {
    busy = true;
    return Code::kOk;
  }
  // Started and waited for here: RadioLib's own scanChannel() waits for the interrupt without a bound.
  Code code = code_of(radio_chip().startChannelScan());
  // At most 16 symbols (SX126x 13.4.7), the last of them in processing, and the oscillator's start.
  uint64_t symbols_ms = 17 * (static_cast<uint64_t>(1000) << s_config.spreading_factor) / s_config.bandwidth_hz;
  uint64_t deadline = now_ms() + symbols_ms + 50;
  while (code == Code::kOk && !irq()) {
    if (now_ms() >= deadline) {
      count(s_stats.timeouts);
      code = Code::kTimeout;
    } else {
      ulTaskNotifyTake(pdTRUE, 1);
    }
  }
  if (code == Code::kOk) {
    int16_t result = radio_chip().getChannelScanResult();
    busy = result == RADIOLIB_LORA_DETECTED || result == RADIOLIB_PREAMBLE_DETECTED;  // SX126x says one, SX127x the other
    if (!busy && result != RADIOLIB_CHANNEL_FREE) code = Code::kIo;
  }
  Code listening = listen();
  return code == Code::kOk ? listening : code;
}

Code radio_clear(int16_t threshold_dbm, uint32_t ms, bool& busy) {
  busy = false;
  Lock lock;
  Code ready = claim();
  if (ready != Code::kOk) return ready;
  busy = receiving();
  if (!s_listening) return Code::kIo;
  while (micros() - s_listen_us < kRssiSettleUs) {
  }
  // Without a rest between two looks: a rule that asks for 5 ms of silence means all of them, and 255 are the most.
  uint32_t start = micros();
  do {
    if (irq() || chip_channel_dbm() > static_cast<float>(threshold_dbm)) busy = true;
  } while (!busy && micros() - start < ms * 1000);
  return Code::kOk;
}

Code radio_send(const uint8_t* bytes, size_t length) {
  if (length == 0 || length > kRadioFrameMax) return Code::kRange;
  Lock lock;
  Code code = claim();
  if (code != Code::kOk) return code;
  s_frame_ms = 0;
  code = code_of(radio_chip().startTransmit(bytes, length));
  if (code != Code::kOk) {
    listen();
    return code;
  }
  s_listening = false;
  s_sending = true;
  s_tx_start_ms = now_ms();
  s_tx_limit_ms = radio_chip().getTimeOnAir(length) / 1000 + kTxMarginMs;
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

void radio_look() {
  Lock lock;
  pump();
}

bool radio_pending() { return s_queue_count > 0 || (s_configured && (s_sending || s_listening) && irq()); }

const RadioStats& radio_stats() { return s_stats; }

void radio_sleep() {
  Lock lock;
  if (s_configured) radio_chip().sleep();
  s_configured = false;
}

}  // namespace mehr::hal
