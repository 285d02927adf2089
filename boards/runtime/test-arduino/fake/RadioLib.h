// What hal/arduino uses of RadioLib 7.7.1: names, signatures and numbers as there, over the chip model in radio.h.
#pragma once
#include <Arduino.h>
#include <SPI.h>

#define RADIOLIB_NC (0xFFFFFFFF)
#define RADIOLIB_ERR_NONE (0)
#define RADIOLIB_ERR_CHIP_NOT_FOUND (-2)
#define RADIOLIB_ERR_PACKET_TOO_LONG (-4)
#define RADIOLIB_ERR_CRC_MISMATCH (-7)
#define RADIOLIB_ERR_INVALID_BANDWIDTH (-8)
#define RADIOLIB_ERR_INVALID_SPREADING_FACTOR (-9)
#define RADIOLIB_ERR_INVALID_CODING_RATE (-10)
#define RADIOLIB_ERR_INVALID_FREQUENCY (-12)
#define RADIOLIB_ERR_INVALID_OUTPUT_POWER (-13)
#define RADIOLIB_PREAMBLE_DETECTED (-14)
#define RADIOLIB_CHANNEL_FREE (-15)
#define RADIOLIB_ERR_SPI_WRITE_FAILED (-16)
#define RADIOLIB_ERR_INVALID_PREAMBLE_LENGTH (-18)
#define RADIOLIB_ERR_LORA_HEADER_DAMAGED (-24)
#define RADIOLIB_LORA_DETECTED (-702)
#define RADIOLIB_ERR_SPI_CMD_TIMEOUT (-705)
#define RADIOLIB_ERR_SPI_CMD_INVALID (-706)
#define RADIOLIB_ERR_SPI_CMD_FAILED (-707)

typedef uint32_t RadioLibTime_t;
enum ModemType_t { RADIOLIB_MODEM_NONE = 0, RADIOLIB_MODEM_FSK, RADIOLIB_MODEM_LORA };
enum RadioLibIrqType_t { RADIOLIB_IRQ_HEADER_VALID = 0x04 };

class ArduinoHal {
 public:
  explicit ArduinoHal(SPIClass& bus, SPISettings = SPISettings()) : spi(&bus) {}
  virtual ~ArduinoHal() = default;
  virtual void spiTransfer(uint8_t* out, size_t length, uint8_t* in) = 0;

 protected:
  SPIClass* spi;
};

class Module {
 public:
  Module(ArduinoHal*, uint32_t cs, uint32_t irq, uint32_t rst, uint32_t gpio) : cs_(cs), irq_(irq), rst_(rst), gpio_(gpio) {}

 private:
  friend class PhysicalLayer;
  uint32_t cs_, irq_, rst_, gpio_;
};

class PhysicalLayer {
 public:
  explicit PhysicalLayer(Module* module) : module_(module) {}
  virtual ~PhysicalLayer() = default;
  virtual int16_t startReceive();
  virtual int16_t startTransmit(const uint8_t* data, size_t length, uint8_t address = 0);
  virtual int16_t finishTransmit();
  virtual int16_t readData(uint8_t* data, size_t length);
  virtual int16_t startChannelScan();
  virtual int16_t getChannelScanResult();
  virtual size_t getPacketLength(bool update = true);
  virtual float getRSSI();
  virtual float getSNR();
  virtual RadioLibTime_t getTimeOnAir(size_t length);
  virtual int16_t getModem(ModemType_t* modem);
  virtual int16_t sleep();
  virtual void setPacketReceivedAction(void (*function)());
  int16_t checkIrq(RadioLibIrqType_t irq);
  void setRfSwitchPins(uint32_t rx, uint32_t tx);

 protected:
  int16_t command(const char* name);
  void turn_switch(bool rx, bool tx);
  int16_t start(bool has_busy);
  void set_modem(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power, uint16_t preamble);

 private:
  Module* module_;
  uint32_t rx_pin_ = RADIOLIB_NC, tx_pin_ = RADIOLIB_NC;
};

class SX1262 : public PhysicalLayer {
 public:
  explicit SX1262(Module* module) : PhysicalLayer(module) {}
  int16_t begin(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power, uint16_t preamble,
                float tcxo_volts, bool ldo);
  int16_t setDio2AsRfSwitch(bool enable = true);
  int16_t setCurrentLimit(float milliamps);
  int16_t setRxBoostedGainMode(bool boosted, bool persist = true);
  using PhysicalLayer::getRSSI;
  float getRSSI(bool packet);
  int16_t startReceiveDutyCycleAuto(uint16_t preamble = 0, uint16_t symbols = 8);
  float tcxoVoltage = 1.6f;
};

class SX1276 : public PhysicalLayer {
 public:
  explicit SX1276(Module* module) : PhysicalLayer(module) {}
  int16_t begin(float mhz, float khz, uint8_t sf, uint8_t cr, uint8_t sync, int8_t power, uint16_t preamble,
                uint8_t gain);
  int16_t setCurrentLimit(uint8_t milliamps);
  using PhysicalLayer::getRSSI;
  float getRSSI(bool packet, bool skip_receive = false);
  uint8_t getModemStatus();
};
