#include "radio.h"

#include <RadioLib.h>

#include "board_facts.h"

namespace fake {

Radio radio;

namespace {

constexpr uint64_t kCommandUs = 60;   // a command over SPI at 2 MHz, and BUSY
constexpr uint64_t kNobodyUs = 11000000;  // RadioLib's ten attempts of a second to find an SX126x

void set_mode(RadioMode mode) {
  static const char* const kNames[] = {"reset", "standby", "receive", "transmit", "scan", "sleep"};
  radio.mode = mode;
  radio.generation++;
  radio.frame_coming = false;
  log("radio %s", kNames[static_cast<int>(mode)]);
}

void irq(bool level) { set_pin(radio.irq_pin, level); }

void after(uint64_t us, std::function<void()> what) {
  uint64_t generation = radio.generation;
  at_us(now_us() + us, [generation, what] {
    if (generation == radio.generation) what();
  });
}

}  // namespace

// Semtech AN1200.13 with explicit header and CRC.
uint32_t airtime_us(size_t length) {
  double symbol = std::exp2(radio.sf) / radio.khz * 1000;
  bool slow = symbol >= 16000;
  double bits = 8.0 * static_cast<double>(length) - 4 * radio.sf + 28 + 16;
  double payload = 8 + std::fmax(std::ceil(bits / (4 * (radio.sf - (slow ? 2 : 0)))) * radio.cr, 0);
  return static_cast<uint32_t>((radio.preamble + 4.25 + payload) * symbol);
}

void send_to_board(const std::string& bytes, float rssi, float snr, int16_t status) {
  if (radio.mode != RadioMode::receive) return;
  double symbol = std::exp2(radio.sf) / radio.khz * 1000;
  after(static_cast<uint64_t>((radio.preamble + 12) * symbol), [] { radio.frame_coming = true; });
  after(airtime_us(bytes.size()), [=] {
    radio.packet = bytes;
    radio.rssi = rssi, radio.snr = snr;
    radio.read_status = status;
    irq(true);
  });
}

}  // namespace fake

using namespace fake;

int16_t PhysicalLayer::command(const char*) {
  advance(kCommandUs);
  if (world.flash_busy) wrong("the radio was used while the flash was written");
  if (!level(static_cast<int>(module_->cs_)) && world.pins[static_cast<int>(module_->cs_)].output) {
    wrong("the radio's NSS is low between two commands");
  }
  if (radio.mode == RadioMode::reset && !radio.gone) wrong("the radio was used before begin()");
  return radio.gone ? RADIOLIB_ERR_SPI_CMD_TIMEOUT : RADIOLIB_ERR_NONE;
}

void PhysicalLayer::setRfSwitchPins(uint32_t rx, uint32_t tx) {
  rx_pin_ = rx, tx_pin_ = tx;
  for (uint32_t pin : {rx, tx}) {
    if (pin != RADIOLIB_NC) pinMode(static_cast<FAKE_PIN>(pin), OUTPUT);
  }
}

void PhysicalLayer::turn_switch(bool rx, bool tx) {
  if (rx_pin_ != RADIOLIB_NC) digitalWrite(static_cast<FAKE_PIN>(rx_pin_), rx ? HIGH : LOW);
  if (tx_pin_ != RADIOLIB_NC) digitalWrite(static_cast<FAKE_PIN>(tx_pin_), tx ? HIGH : LOW);
}

// What begin() does to the pins (Module::init, SX126x::modSetup and reset).
int16_t PhysicalLayer::start(bool has_busy) {
  radio.begins++;
  radio.irq_pin = static_cast<int>(module_->irq_);
  pinMode(static_cast<FAKE_PIN>(module_->cs_), OUTPUT);
  digitalWrite(static_cast<FAKE_PIN>(module_->cs_), HIGH);
  pinMode(static_cast<FAKE_PIN>(module_->irq_), INPUT);
  if (module_->gpio_ != RADIOLIB_NC) pinMode(static_cast<FAKE_PIN>(module_->gpio_), INPUT);
  if (has_busy && module_->gpio_ == RADIOLIB_NC) wrong("an SX126x has no BUSY line");
  world.pins[static_cast<int>(module_->rst_)].written = true;  // RadioLib sets the direction first
  pinMode(static_cast<FAKE_PIN>(module_->rst_), OUTPUT);
  digitalWrite(static_cast<FAKE_PIN>(module_->rst_), LOW);
  advance(1000);
  digitalWrite(static_cast<FAKE_PIN>(module_->rst_), HIGH);
  irq(false);
  radio.lost_its_mind = false;
  if (radio.gone) {
    advance(kNobodyUs);
    return RADIOLIB_ERR_CHIP_NOT_FOUND;
  }
  advance(20000);
  set_mode(RadioMode::standby);
  turn_switch(false, false);
  return RADIOLIB_ERR_NONE;
}

void PhysicalLayer::set_modem(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power,
                              uint16_t preamble) {
  radio.mhz = mhz, radio.khz = khz, radio.sf = sf, radio.cr = cr, radio.sync = sync, radio.power = power;
  radio.preamble = preamble;
}

int16_t PhysicalLayer::startReceive() {
  int16_t state = command("receive");
  if (state != RADIOLIB_ERR_NONE) return state;
  set_mode(RadioMode::receive);
  turn_switch(true, false);
  irq(false);
  return state;
}

int16_t PhysicalLayer::startTransmit(const uint8_t* data, size_t length, uint8_t) {
  int16_t state = command("transmit");
  if (state != RADIOLIB_ERR_NONE) return state;
  set_mode(RadioMode::transmit);
  turn_switch(false, true);
  irq(false);
  radio.sent.assign(reinterpret_cast<const char*>(data), length);
  if (!radio.send_hangs) after(airtime_us(length), [] { irq(true); });
  return state;
}

int16_t PhysicalLayer::finishTransmit() {
  int16_t state = command("standby");
  irq(false);
  set_mode(RadioMode::standby);
  turn_switch(false, false);
  return state;
}

int16_t PhysicalLayer::readData(uint8_t* data, size_t length) {
  int16_t state = command("read");
  if (state != RADIOLIB_ERR_NONE) return state;
  memcpy(data, radio.packet.data(), std::min(length, radio.packet.size()));
  radio.frame_coming = false;
  irq(false);
  return radio.read_status;
}

int16_t PhysicalLayer::startChannelScan() {
  int16_t state = command("scan");
  if (state != RADIOLIB_ERR_NONE) return state;
  set_mode(RadioMode::scan);
  turn_switch(true, false);
  irq(false);
  double symbol = std::exp2(radio.sf) / radio.khz * 1000;
  if (!radio.scan_hangs) after(static_cast<uint64_t>(5 * symbol), [] { irq(true); });
  return state;
}

int16_t PhysicalLayer::getModem(ModemType_t* modem) {
  *modem = radio.lost_its_mind ? RADIOLIB_MODEM_FSK : RADIOLIB_MODEM_LORA;
  return command("modem");
}

int16_t PhysicalLayer::sleep() {
  int16_t state = command("sleep");
  set_mode(RadioMode::sleep);
  turn_switch(false, false);
  return state;
}

int16_t PhysicalLayer::getChannelScanResult() {
  bool old = board_facts.radio_is_sx1276;
  int16_t state = command("result");
  if (state != RADIOLIB_ERR_NONE) return state;
  return radio.channel_busy ? (old ? RADIOLIB_PREAMBLE_DETECTED : RADIOLIB_LORA_DETECTED) : RADIOLIB_CHANNEL_FREE;
}

size_t PhysicalLayer::getPacketLength(bool) { return command("length"), radio.packet.size(); }
float PhysicalLayer::getRSSI() { return command("rssi"), radio.rssi; }
float PhysicalLayer::getSNR() { return command("snr"), radio.snr; }
RadioLibTime_t PhysicalLayer::getTimeOnAir(size_t length) { return airtime_us(length); }
int16_t PhysicalLayer::checkIrq(RadioLibIrqType_t) { return command("irq"), radio.frame_coming; }

void PhysicalLayer::setPacketReceivedAction(void (*function)()) {
  Pin& pin = world.pins[static_cast<int>(module_->irq_)];
  pin.isr = function;
  pin.isr_on = true;
}

int16_t SX1262::begin(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power, uint16_t preamble,
                      float tcxo_volts, bool ldo) {
  log("radio begin SX1262 tcxo=%.1f", static_cast<double>(tcxo_volts));
  tcxoVoltage = tcxo_volts;
  int16_t state = start(true);
  if (state != RADIOLIB_ERR_NONE) return state;
  if (radio.refuses_tcxo && tcxo_volts > 0) {
    if (!radio.library_retries) return radio.refusal;
    tcxoVoltage = 0;
  }
  radio.tcxo_volts = tcxoVoltage;
  radio.ldo = ldo;
  radio.dio2 = true;  // RadioLib's own default
  set_modem(mhz, khz, sf, cr, sync, power, preamble);
  return RADIOLIB_ERR_NONE;
}

int16_t SX1262::setDio2AsRfSwitch(bool enable) { return radio.dio2 = enable, command("dio2"); }
int16_t SX1262::setCurrentLimit(float milliamps) { return radio.limit_ma = milliamps, command("limit"); }
int16_t SX1262::setRxBoostedGainMode(bool boosted, bool) { return radio.boosted = boosted, command("gain"); }
int16_t SX1262::startReceiveDutyCycleAuto(uint16_t, uint16_t) { return startReceive(); }

float SX1262::getRSSI(bool packet) {
  if (packet) return getRSSI();
  if (radio.mode != RadioMode::receive) wrong("the channel's power was read while the radio did not receive");
  command("rssi now");
  return radio.power_dbm();
}

int16_t SX1276::begin(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power, uint16_t preamble,
                      uint8_t) {
  log("radio begin SX1276");
  int16_t state = start(false);
  if (state != RADIOLIB_ERR_NONE) return state;
  if (power != 20 && (power < 2 || power > 17)) return RADIOLIB_ERR_INVALID_OUTPUT_POWER;
  set_modem(mhz, khz, sf, cr, sync, power, preamble);
  return RADIOLIB_ERR_NONE;
}

int16_t SX1276::setCurrentLimit(uint8_t milliamps) { return radio.limit_ma = milliamps, command("limit"); }

float SX1276::getRSSI(bool packet, bool) {
  if (packet) return getRSSI();
  if (radio.mode != RadioMode::receive) wrong("the channel's power was read while the radio did not receive");
  command("rssi now");
  return radio.power_dbm();
}

// RegModemStat: signal detected, synchronized, receiving, header valid.
uint8_t SX1276::getModemStatus() { return command("status"), radio.frame_coming ? 0x0f : 0x10; }
