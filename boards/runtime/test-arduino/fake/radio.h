// The radio chip behind the fake RadioLib: what it was told, what it does, and what is wrong with it.
#pragma once
#include <stdint.h>

#include <functional>
#include <string>

namespace fake {

enum class RadioMode { reset, standby, receive, transmit, scan, sleep };

struct Radio {
  // What is wrong with it
  bool gone = false;            // answers nothing
  bool refuses_tcxo = false;    // a crystal module: begin() with a TCXO fails with this status
  int16_t refusal = -707;
  bool library_retries = false; // RadioLib itself goes over to the crystal and leaves 0 V behind
  bool scan_hangs = false, send_hangs = false;
  bool lost_its_mind = false;   // a dip of the supply: it waits as an FSK modem

  // The air
  bool channel_busy = false;                                     // for a scan
  std::function<float()> power_dbm = [] { return -120.0f; };     // now
  bool frame_coming = false;

  // What it was told
  RadioMode mode = RadioMode::reset;
  float mhz = 0, khz = 0, tcxo_volts = -1, limit_ma = 0;
  uint8_t sf = 0, cr = 0, sync = 0;
  int8_t power = 0;
  uint16_t preamble = 0;
  bool ldo = false, dio2 = false, boosted = false;
  unsigned begins = 0;
  std::string sent;

  // The packet in its buffer
  std::string packet;
  int16_t read_status = 0;
  float rssi = 0, snr = 0;
  uint64_t generation = 0;  // changes with the mode: what was under way is void
  int irq_pin = -1;
};
extern Radio radio;

/// A frame on the air now; received if the chip listens from its start to its end.
void send_to_board(const std::string& bytes, float rssi = -97.5f, float snr = -7.25f, int16_t status = 0);
uint32_t airtime_us(size_t length);

}  // namespace fake
