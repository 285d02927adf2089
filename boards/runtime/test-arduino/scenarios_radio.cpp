// Start-up, the radio and its clock.
#include <math.h>
#include <string.h>

#include "scenarios.h"
#include "mehr_abi.h"

namespace mehr::hal {
Code radio_clear(int16_t threshold_dbm, uint32_t ms, bool& busy);
}

using namespace fake;
using mehr::hal::Code;

namespace {

bool driven(int pin, bool level) { return pin < 0 || (world.pins[pin].output && world.pins[pin].latch == level); }

void boots() {
  const BoardFacts& board = board_facts;
  boot_and_run(3000);
  int begin = find("radio begin");
  CHECK(begin >= 0);
  for (const BoardFacts::Supply& supply : board.supplies) {
    bool level = supply.active_high == (supply.feeds != 'p');
    int on = find("pin " + std::to_string(supply.pin) + (level ? " output 1" : " output 0"));
    if (on < 0) on = find("pin " + std::to_string(supply.pin) + " level " + (level ? "1" : "0"));
    CHECK(on >= 0 && on < begin);
    CHECK(driven(supply.pin, level));
    // Time to come up.
    CHECK(world.log[static_cast<size_t>(begin)].us >= world.log[static_cast<size_t>(on)].us + 20000);
  }
  char spi[80];
  int block = board.spi;
#if defined(ARDUINO_NRF52_ADAFRUIT)
  block = 2;
#elif defined(ARDUINO_ARCH_ESP32)
  block = 0;
#endif
  snprintf(spi, sizeof spi, "spi sck=%d miso=%d mosi=%d block=%d", board.sck, board.miso, board.mosi, block);
  CHECK(find(spi) >= 0 && find(spi) < begin);
  CHECK(radio.begins == 1 && radio.mode == RadioMode::receive);
  CHECK(radio.irq_pin == board.irq);
  CHECK(fabsf(radio.limit_ma - static_cast<float>(board.limit_ma)) < 0.5f);
  if (!board.radio_is_sx1276) {
    CHECK(radio.dio2 == board.dio2 && radio.boosted && !radio.ldo);
    CHECK(lroundf(radio.tcxo_volts * 1000) == board.tcxo_mv);
  }
  CHECK(driven(board.rxen, true) && driven(board.txen, false));
  CHECK(driven(board.led, !board.led_high));
  CHECK(driven(board.nss, true));
  CHECK(core.boots == 1 && count_frames(0xe0) == 1);
  // Nothing to complain about, so nothing is logged.
  CHECK(count_frames(0xe1) == 0);
  for (int pin : board.left) CHECK(!world.pins[pin].touched);
  for (const auto& [number, pin] : world.pins) {
    if (!pin.touched) continue;
    bool known = false;
    for (int one : {board.nss, board.reset, board.irq, board.busy, board.dio1, board.rxen, board.txen, board.led,
                    board.sense, board.enable, board.button}) {
      known = known || one == number;
    }
    for (const BoardFacts::Supply& supply : board.supplies) known = known || supply.pin == number;
    if (!known) wrong("pin %d was touched, which the board value does not name", number);
  }
}

// Both chips a T-Beam may have: the radio's rail at its voltage, then on, then the radio; the rest off.
void power_chip() {
  const BoardFacts& board = board_facts;
  if (!board.pmu) return;
  CHECK(world.pmu_id == 0x4a);
  world.pmu[0x80] = 0x1f;  // every rail on, as LilyGo ships some
  world.pmu[0x90] = 0xff, world.pmu[0x91] = 0x01, world.pmu[0x30] = 0x02;
  boot_and_run(1000);
  int volts = find("pmu 9" + std::to_string(1 + board.aldo) + " = ");
  int on = find("pmu 90 = ");
  CHECK(volts >= 0 && volts < on && on < find("radio begin"));
  CHECK(world.pmu[0x91 + board.aldo] == (board.pmu_mv - 500) / 100);
  CHECK(world.pmu[0x90] == 1 << (board.aldo - 1) && (world.pmu[0x91] & 1) == 0);
  CHECK(world.pmu[0x80] == 0x01);  // DCDC1 is the ESP32
  CHECK((world.pmu[0x30] & 3) == 1 && world.pmu[0x50] == 0x10 && (world.pmu[0x68] & 1) == 1);
  CHECK(find("i2c sda=" + std::to_string(board.pmu_sda) + " scl=" + std::to_string(board.pmu_scl)) >= 0);
}

void old_power_chip() {
  const BoardFacts& board = board_facts;
  if (!board.pmu) return;
  world.pmu_id = 0x03;
  set_battery(3900);
  world.pmu[0x12] = 0x5f, world.pmu[0x28] = 0xcf;
  boot_and_run(1000);
  CHECK(find("pmu 28 = ") >= 0 && find("pmu 28 = ") < find("pmu 12 = ") && find("pmu 12 = ") < find("radio begin"));
  unsigned code = static_cast<unsigned>(board.pmu_mv - 1800) / 100;
  CHECK(board.ldo == 2 ? world.pmu[0x28] == (code << 4 | 0x0f) : world.pmu[0x28] == (0xc0 | code));
  // DCDC1 and DCDC3 as they were, and the radio; GPS, DCDC2 and EXTEN off.
  CHECK(world.pmu[0x12] == (0x03 | 1 << board.ldo));
  CHECK((world.pmu[0x82] & 0x80) != 0);
  CHECK(mehr::hal::battery_mv() > 3880 && mehr::hal::battery_mv() < 3920);
}

void no_power_chip() {
  if (!board_facts.pmu) return;
  world.pmu_id = 0;
  radio.gone = true;
  boot_and_run(20000);
  CHECK(count_frames(0xe1, "0x34") == 1);
  CHECK(count_frames(0xe4) == 1 && !mehr::hal::resting());
}

// The given voltage first, then the crystal, whoever makes the retry; what it came to is said once.
void tcxo(int16_t refusal, bool library) {
  if (board_facts.tcxo_mv == 0) return;
  radio.refuses_tcxo = true;
  radio.refusal = refusal;
  radio.library_retries = library;
  boot_and_run(3000);
  CHECK(radio.mode == RadioMode::receive);
  CHECK(radio.begins == (library ? 1u : 2u));
  char first[60];
  snprintf(first, sizeof first, "radio begin SX1262 tcxo=%.1f", board_facts.tcxo_mv / 1000.0);
  CHECK(find(first) >= 0 && find(first) <= find("radio begin"));
  CHECK(radio.tcxo_volts == 0.0f);
  CHECK(strcmp(mehr::hal::radio_clock(), "crystal") == 0);
  CHECK(count_frames(0xe1, "crystal, as it refused a TCXO at " + std::to_string(board_facts.tcxo_mv) + " mV") == 1);
  // It loses its supply and starts over: nothing new to say.
  radio.lost_its_mind = true;
  run_ms(130000);
  CHECK(radio.mode == RadioMode::receive && radio.begins > (library ? 1u : 2u));
  CHECK(count_frames(0xe1) == 1);
}
void tcxo_failed() { tcxo(-707, false); }
void tcxo_invalid() { tcxo(-706, false); }
void tcxo_library() { tcxo(-707, true); }

void tcxo_accepted() {
  boot_and_run(1000);
  std::string clock = board_facts.tcxo_mv == 0 ? "crystal" : "TCXO at " + std::to_string(board_facts.tcxo_mv) + " mV";
  CHECK(mehr::hal::radio_clock() == clock);
}

void sends() {
  boot_and_run(1000);
  int32_t status = -1;
  in_relay([&] { status = frame_send("hello"); }, 20);
  for (int i = 0; i < 50 && radio.mode != RadioMode::transmit; i++) run_ms(5);
  CHECK(radio.mode == RadioMode::transmit && radio.sent == "hello");
  CHECK(driven(board_facts.rxen, false) && driven(board_facts.txen, true));
  run_ms(2000);
  CHECK(status == MEHR_STATUS_OK);
  CHECK(find("radio scan") < find("radio transmit"));
  CHECK(radio.mode == RadioMode::receive);
  CHECK(driven(board_facts.rxen, true) && driven(board_facts.txen, false));
  CHECK(mehr::hal::radio_stats().timeouts == 0);
}

void channel_in_use() {
  boot_and_run(1000);
  int32_t status = -1;
  radio.channel_busy = true;
  in_relay([&] { status = frame_send("hello"); });
  CHECK(status == MEHR_STATUS_RADIO_BUSY && find("radio transmit") < 0 && radio.mode == RadioMode::receive);
  radio.channel_busy = false;
  // A frame that is coming in is not cut off by a scan.
  size_t scans = count("radio scan");
  in_relay([&] {
    radio.frame_coming = true;
    status = frame_send("hello");
    radio.frame_coming = false;
  });
  CHECK(status == MEHR_STATUS_RADIO_BUSY && count("radio scan") == scans);
  // A scan that never ends is given up, and the radio listens again.
  radio.scan_hangs = true;
  in_relay([&] { status = frame_send("hello"); });
  CHECK(status == MEHR_STATUS_RADIO_BUSY && radio.mode == RadioMode::receive);
  CHECK(mehr::hal::radio_stats().timeouts == 1);
  radio.scan_hangs = false;
  in_relay([&] { status = frame_send("hello"); });
  CHECK(status == MEHR_STATUS_OK);
}

void listens_before_talking() {
  boot_and_run(1000);
  bool busy = true;
  uint64_t took = 0;
  Code code = Code::kIo;
  auto listen = [&](int16_t threshold, uint32_t ms) {
    in_relay([&, threshold, ms] {
      uint64_t before = now_us();
      code = mehr::hal::radio_clear(threshold, ms, busy);
      took = now_us() - before;
    });
  };
  listen(-80, 5);
  CHECK(code == Code::kOk && !busy && took >= 5000 && took < 8000);
  radio.power_dbm = [] { return -80.0f; };
  listen(-80, 5);
  CHECK(code == Code::kOk && !busy);  // at the threshold is not above it
  radio.power_dbm = [] { return -79.5f; };
  listen(-80, 5);
  CHECK(code == Code::kOk && busy && took < 3000);
  // A pulse of half a millisecond anywhere in the window is seen.
  for (uint64_t at : {0u, 2500u, 4400u}) {
    in_relay([&, at] {
      uint64_t from = now_us() + at, to = from + 600;
      radio.power_dbm = [from, to] { return now_us() >= from && now_us() < to ? -60.0f : -110.0f; };
      code = mehr::hal::radio_clear(-80, 5, busy);
    });
    CHECK(code == Code::kOk && busy);
  }
  radio.power_dbm = [] { return -110.0f; };
  in_relay([&] {
    radio.frame_coming = true;
    code = mehr::hal::radio_clear(-80, 5, busy);
    radio.frame_coming = false;
  });
  CHECK(code == Code::kOk && busy);
  CHECK(find("radio transmit") < 0 && radio.mode == RadioMode::receive);
}

// The second half of a frame goes right behind the first, unless the region wants silence or listening before each.
void keeps_the_rules() {
  boot_and_run(1000);
  const BoardFacts& board = board_facts;
  bool ruled = board.pause_ms != 0 || board.lbt_ms != 0;
  int32_t first = -1, second = -1;
  in_relay([&] {
    first = frame_send("one");
    advance(airtime_us(3) + 5000);
    // The core tries again when it was too early.
    for (int i = 0; i < 100 && (second = frame_send("two", MEHR_FRAME_FLAG_CONTINUE)) == MEHR_STATUS_RADIO_BUSY; i++) {
      advance(2000);
    }
  });
  CHECK(first == MEHR_STATUS_OK && second == MEHR_STATUS_OK && count("radio transmit") == 2);
  size_t one = static_cast<size_t>(find("radio transmit")), two = static_cast<size_t>(find("radio transmit", one + 1));
  uint64_t end = world.log[one].us + airtime_us(3), gap = world.log[two].us - end;
  int scan = find("radio scan", one);
  if (ruled) {
    CHECK(gap >= 1000 * (board.pause_ms + board.lbt_ms) && scan >= 0 && static_cast<size_t>(scan) < two);
    CHECK(world.log[static_cast<size_t>(scan)].us >= end + 1000 * board.pause_ms);
  } else {
    CHECK(gap < 20000 && (scan < 0 || static_cast<size_t>(scan) > two));
  }
  // Power that no scan finds: another modulation.
  radio.power_dbm = [] { return static_cast<float>(board_facts.lbt_threshold_dbm) + 0.5f; };
  in_relay([&] { first = frame_send("three"); });
  CHECK(first == (board.lbt_ms != 0 ? MEHR_STATUS_RADIO_BUSY : MEHR_STATUS_OK));
}

void receives() {
  boot_and_run(1000);
  send_to_board("first", -97.5f, -7.25f);
  uint64_t end_us = now_us() + airtime_us(5), heard_us = 0;
  core.on_frame = [&] { heard_us = now_us(); };
  run_ms(2000);
  CHECK(core.frames.size() == 1 && core.frames[0] == "first");
  CHECK(heard_us >= end_us && heard_us < end_us + 5000);
  // A damaged one is dropped, and it goes on listening without being started anew.
  size_t starts = count("radio receive");
  send_to_board("second", 0, 0, -7);
  run_ms(2000);
  CHECK(core.frames.size() == 1);
  if (board_facts.radio_is_sx1276) {
    send_to_board("second", 0, 0, -24);
    run_ms(2000);
    CHECK(core.frames.size() == 1);
  }
  CHECK(count("radio receive") == starts);
  // One that cannot be read makes it start over.
  send_to_board("third", 0, 0, -705);
  run_ms(2000);
  CHECK(count("radio receive") == starts + 1);
  send_to_board("fourth");
  run_ms(2000);
  CHECK(core.frames.size() == 2 && core.frames[1] == "fourth");
}

// The board says so, answers its console, and tries again each minute: nobody is on the roof to press a button.
void radio_gone_at_boot() {
  radio.gone = true;
  boot_and_run(50000);
  CHECK(count_frames(0xe4) == 1 && core.boots == 0);
  world.serial_out.clear();
  request(0x01, 9);
  run_ms(1000);
  CHECK(count_frames(0x81) == 1);
  unsigned before = radio.begins;
  run_ms(600000);
  CHECK(radio.begins - before >= 6 && radio.begins - before <= 20 && core.boots == 0);
  radio.gone = false;
  run_ms(90000);
  CHECK(radio.mode == RadioMode::receive && core.boots == 1);
  send_to_board("back");
  run_ms(2000);
  CHECK(!core.frames.empty() && core.frames.back() == "back");
  before = radio.begins;
  run_ms(300000);
  CHECK(core.boots == 1 && radio.begins == before);
}

// Attempts to bring it back are a minute apart, and between them the board answers its console.
void radio_goes_and_comes() {
  boot_and_run(1000);
  radio.gone = true;
  int32_t status = 0;
  in_relay([&] { status = frame_send("x"); }, 90000);
  if (status == 0) in_relay([&] { status = frame_send("x"); }, 1000);
  unsigned before = radio.begins;
  run_ms(600000);
  CHECK(radio.begins - before >= 6 && radio.begins - before <= 10);
  world.serial_out.clear();
  request(0x01, 9);
  run_ms(15000);
  CHECK(count_frames(0x81) == 1);
  radio.gone = false;
  run_ms(75000);
  CHECK(radio.mode == RadioMode::receive);
  send_to_board("back");
  run_ms(2000);
  CHECK(!core.frames.empty() && core.frames.back() == "back");
}

void radio_loses_its_mind() {
  boot_and_run(1000);
  radio.lost_its_mind = true;
  run_ms(62000);
  CHECK(radio.begins == 2 && radio.mode == RadioMode::receive);
  radio.send_hangs = true;
  int32_t status = -1;
  in_relay([&] { status = frame_send("hello"); }, 5000);
  CHECK(status == MEHR_STATUS_OK && radio.mode == RadioMode::receive);
  CHECK(mehr::hal::radio_stats().timeouts == 1);
}

// What the chip cannot do is refused before it is spoken to.
void modem_limits() {
  boot_and_run(1000);
  const BoardFacts& board = board_facts;
  auto begin = [](uint8_t sf, int8_t power) {
    mehr::hal::RadioConfig config = {868100000, 125000, sf, 5, 18, power, 0x12};
    Code code = Code::kOk;
    in_relay([&] { code = mehr::hal::radio_begin(config); });
    return code;
  };
  int8_t most = static_cast<int8_t>(board.max_dbm);
  CHECK(begin(8, most) == Code::kOk && radio.power == most);
  CHECK(begin(8, static_cast<int8_t>(most + 1)) == Code::kRange);
  CHECK(begin(13, 10) == Code::kRange && begin(4, 10) == Code::kRange);
  if (board.radio_is_sx1276) {
    CHECK(begin(6, 10) == Code::kRange && begin(8, 1) == Code::kRange && begin(8, 2) == Code::kOk);
    CHECK(begin(8, 19) == Code::kOk && radio.power == 17);
  } else {
    CHECK(begin(5, 10) == Code::kOk && begin(8, -9) == Code::kOk && begin(8, -10) == Code::kRange);
  }
}

}  // namespace

std::vector<Scenario> radio_scenarios() {
  return {
      {"boots", boots},
      {"power chip", power_chip},
      {"old power chip", old_power_chip},
      {"no power chip", no_power_chip},
      {"tcxo failed", tcxo_failed},
      {"tcxo invalid", tcxo_invalid},
      {"tcxo given up by the library", tcxo_library},
      {"tcxo accepted", tcxo_accepted},
      {"sends", sends},
      {"channel in use", channel_in_use},
      {"listens before talking", listens_before_talking},
      {"keeps the region's rules", keeps_the_rules},
      {"receives", receives},
      {"radio gone at boot", radio_gone_at_boot},
      {"radio goes and comes", radio_goes_and_comes},
      {"radio loses its mind", radio_loses_its_mind},
      {"modem limits", modem_limits},
  };
}
