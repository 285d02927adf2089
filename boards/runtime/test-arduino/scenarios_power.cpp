// Battery, sleep, noise, watchdogs, flash and the ends.
#include <string.h>

#include "mehr_abi.h"
#include "metrics.h"
#include "scenarios.h"

using namespace fake;
using mehr::hal::Code;

std::vector<Scenario> radio_scenarios();
std::vector<Scenario> start_scenarios();


namespace {

void measures() {
  if (!has_battery()) return;
  for (double mv : {3000.0, 3300.0, 3700.0, 4200.0}) {
    set_battery(mv);
    if (world.log.empty()) boot_and_run(1000);
    else run_ms(61000);
    double measured = mehr::hal::battery_mv();
    // The divider is rounded to thousandths, the converter to 12 bits.
    if (measured < mv * 0.99 || measured > mv * 1.01) wrong("%.0f mV were measured as %.0f", mv, measured);
  }
  CHECK(metric(mehr::kMetricBatteryMillivolts) == mehr::hal::battery_mv());
  CHECK(metric(mehr::kMetricResting) == 0);
}

void rests_from_boot() {
  if (!has_battery()) return;
  const BoardFacts& board = board_facts;
  set_battery(board.below_mv - 100);
  core.deadline_ms = 5000;
  boot_and_run(600000);
  // It is spoken to once, to put it to sleep.
  CHECK(radio.begins == 1 && radio.mode == RadioMode::sleep);
  CHECK(find("radio receive") < 0 && find("radio transmit") < 0);
  CHECK(core.boots == 1 && core.timers == 0);
  CHECK(count_frames(0xe1, "the radio stays off") == 1);
  CHECK(metric(mehr::kMetricResting) == 1);
  CHECK(board.rxen < 0 || !fake::level(board.rxen));
  // Charged above the point where it gave up, not yet to the one where it goes on.
  set_battery((board.below_mv + board.resume_mv) / 2.0);
  run_ms(180000);
  CHECK(radio.mode == RadioMode::sleep);
  set_battery(board.resume_mv + 50);
  run_ms(63000);
  CHECK(radio.mode == RadioMode::receive && core.timers == 1);
  CHECK(count_frames(0xe1, "the radio is on again") == 1);
  set_battery((board.below_mv + board.resume_mv) / 2.0);
  run_ms(180000);
  CHECK(radio.mode == RadioMode::receive);
}

void rests_later() {
  if (!has_battery()) return;
  boot_and_run(10000);
  CHECK(radio.mode == RadioMode::receive);
  set_battery(board_facts.below_mv - 100);
  run_ms(62000);
  CHECK(radio.mode == RadioMode::sleep && mehr::hal::resting());
  // The console is as quick as ever, and a command that would send finds the radio in use.
  world.serial_out.clear();
  request(0x01, 5);
  run_ms(100);
  CHECK(count_frames(0x81) == 1);
  bool busy = false;
  CHECK(mehr::hal::radio_cad(busy) == Code::kBusy);
  CHECK(mehr::hal::radio_send(reinterpret_cast<const uint8_t*>("x"), 1) == Code::kBusy);
  // It rests in long steps: the relay has next to nothing to do.
  size_t from = world.log.size();
  uint64_t idle = world.idle_us + world.light_us;
  run_ms(600000);
  CHECK(world.idle_us + world.light_us - idle > 595000000);
  CHECK(find("radio", from) < 0);
  set_battery(board_facts.resume_mv + 50);
  run_ms(63000);
  CHECK(radio.mode == RadioMode::receive);
}

void no_battery() {
  set_battery(0);
  boot_and_run(1000);
  CHECK(radio.mode == RadioMode::receive && !mehr::hal::resting());
  for (double mv : {1500.0, 5400.0}) {
    set_battery(mv);
    run_ms(61000);
    CHECK(radio.mode == RadioMode::receive && !mehr::hal::resting());
  }
}

// Nothing to do: the CPU stands still but for a look around.
void idles() {
  boot_and_run(2000);
  uint64_t idle = world.idle_us + world.light_us;
  run_ms(60000);
  CHECK(world.idle_us + world.light_us - idle > 59500000);
  CHECK(world.light_us == 0);  // the console may still be wanted
}

void wakes() {
  boot_and_run(2000);
  // At its deadline, not before.
  uint64_t at_ms = now_us() / 1000 + 20345, woken_us = 0;
  core.on_timer = [&] { woken_us = now_us(); };
  core.deadline_ms = at_ms;
  send_to_board("the relay looks at its deadline after a frame");
  run_ms(30000);
  CHECK(woken_us >= at_ms * 1000 && woken_us < at_ms * 1000 + 12000);
  // By the console.
  run_ms(777);
  world.serial_out.clear();
  request(0x01, 3);
  run_ms(60);
  CHECK(count_frames(0x81) == 1);
  // By the radio.
  send_to_board("frame");
  uint64_t end_us = now_us() + airtime_us(5), heard_us = 0;
  core.on_frame = [&] { heard_us = now_us(); };
  run_ms(3000);
  CHECK(heard_us >= end_us && heard_us < end_us + 3000);
}

void sleeps() {
  boot_and_run(310000);
  uint64_t light = world.light_us;
  run_ms(60000);
  if (!sleeps_lightly()) {
    CHECK(world.light_us == 0);
    return;
  }
  CHECK(world.light_us - light > 59000000);
  // Light sleep is no reason to miss anything.
  send_to_board("frame");
  uint64_t end_us = now_us() + airtime_us(5), heard_us = 0;
  core.on_frame = [&] { heard_us = now_us(); };
  run_ms(3000);
  CHECK(heard_us >= end_us && heard_us < end_us + 3000);
  uint64_t at_ms = now_us() / 1000 + 12345, woken_us = 0;
  core.on_timer = [&] { woken_us = now_us(); };
  core.deadline_ms = at_ms;
  send_to_board("frame");
  run_ms(20000);
  CHECK(woken_us >= at_ms * 1000 && woken_us < at_ms * 1000 + 25000);
  // Somebody uses the console: what woke the board is lost, the next request is not, and it stays awake for it.
  world.serial_wake = true;
  run_ms(100);
  light = world.light_us;
  world.serial_out.clear();
  request(0x01, 3);
  run_ms(60);
  CHECK(count_frames(0x81) == 1);
  CHECK(world.pins[board_facts.irq].isr_on);
  run_ms(290000);
  CHECK(world.light_us == light);
  run_ms(60000);
  CHECK(world.light_us > light);
  CHECK(!world.dog_bit);
}

void noise_stuck() {
  world.noise = [] { return static_cast<uint8_t>(1); };
  boot_and_run(5000);
  CHECK(core.boots == 0 && find("radio begin") < 0);
  CHECK(count_frames(0xe4, "start-up test") == 1);
  world.serial_out.clear();
  request(0x01, 5);
  run_ms(1000);
  CHECK(count_frames(0x81) == 1);
}

void noise_fails_later() {
  std::function<uint8_t()> good = world.noise;
  boot_and_run(2000);
  CHECK(core.boots == 1);
  std::string bytes, other;
  int32_t status = -1;
  in_relay([&] { status = entropy(bytes, 200); });
  CHECK(status == MEHR_STATUS_OK);
  in_relay([&] { status = entropy(other, 200); });
  CHECK(status == MEHR_STATUS_OK && bytes != other);
  size_t zeros = 0;
  for (char byte : bytes) zeros += byte == 0;
  CHECK(zeros < 10);
  // A source that gives the same nine times in ten.
  unsigned n = 0;
  world.noise = [&n, good] { return n++ % 10 == 9 ? good() : static_cast<uint8_t>(1); };
  for (int i = 0; i < 6; i++) in_relay([&] { status = entropy(bytes, 64); });
  CHECK(status == MEHR_STATUS_NO_ENTROPY);
  CHECK(bytes == std::string(64, 0));
  world.noise = good;
  in_relay([&] { status = entropy(bytes, 64); });
  CHECK(status == MEHR_STATUS_NO_ENTROPY);
  CHECK(count_frames(0xe1, "random number source") == 1);
  CHECK(count("noise on") == count("noise off"));
}

void core_hangs() {
  boot_and_run(2000);
  core.on_timer = [] {
    for (;;) advance(1000);
  };
  core.deadline_ms = now_us() / 1000;
  send_to_board("x");
  run_ms(45000);
  CHECK(find("task relay deleted") >= 0 && count("task relay") == 3);  // started, deleted, started
  CHECK(count_frames(0xe4, "the core did not return in time") == 1);
  world.serial_out.clear();
  request(0x01, 5);
  run_ms(2000);
  CHECK(count_frames(0x81) == 1);
  run_ms(1000000);
  CHECK(!world.dog_bit);
}

// A relay that hangs where the guard may not take the CPU from it.
void peripheral_hangs() {
  boot_and_run(2000);
  in_relay([] {
    radio.power_dbm = [] {
      for (;;) advance(1000);
      return 0.0f;
    };
    bool busy = false;
    mehr::hal::radio_cad(busy);
  });
  CHECK(!world.dog_bit);
  radio.power_dbm = [] { return -100.0f; };
  std::function<uint8_t()> good = world.noise;
  world.noise = []() -> uint8_t {
    for (;;) advance(1000);
  };
  std::string bytes;
  in_relay([&] { entropy(bytes, 64); }, 1000000);
  CHECK(world.dog_bit && world.end == End::reset);
}

void guard_hangs() {
  boot_and_run(2000);
  CHECK(world.dog_running);
  run_ms(700000);
  CHECK(!world.dog_bit);
  hang_guard();
  run_ms(world.dog_period_us / 1000 + 2000);
  CHECK(world.dog_bit);
}

void keeps_records() {
  boot_and_run(2000);
  int32_t status = -1;
  std::string value;
  in_relay([&] { status = record_put(7, "one"); });
  CHECK(status == MEHR_STATUS_OK);
  // Often enough that the log moves to the other page.
  for (int i = 0; i < 60; i++) {
    in_relay([&] { status = record_put(7, std::string(200, static_cast<char>('a' + i % 26))); }, 1000);
    if (status != MEHR_STATUS_OK) break;
  }
  CHECK(status == MEHR_STATUS_OK);
  in_relay([&] { status = record_get(7, value); });
  CHECK(status == 200 && value == std::string(200, static_cast<char>('a' + 59 % 26)));
}

void flash_bounds() {
  boot_and_run(2000);
  size_t size = mehr::hal::flash_page_size() * mehr::hal::flash_page_count();
  CHECK(size == 8192);
  uint8_t bytes[8] = {1, 2, 3, 4, 5, 6, 7, 8}, back[8] = {};
  in_relay([&] {
    CHECK(mehr::hal::flash_erase(2) == Code::kRange);
    CHECK(mehr::hal::flash_program(size - 4, bytes, 8) == Code::kRange);
    CHECK(mehr::hal::flash_program(size, bytes, 4) == Code::kRange);
    CHECK(mehr::hal::flash_program(2, bytes, 4) == Code::kRange);
    CHECK(mehr::hal::flash_program(0, bytes, 3) == Code::kRange);
    CHECK(mehr::hal::flash_program(SIZE_MAX - 3, bytes, 8) == Code::kRange);
    CHECK(mehr::hal::flash_read(size - 4, back, 8) == Code::kRange);
    CHECK(mehr::hal::flash_read(SIZE_MAX, back, 1) == Code::kRange);
    CHECK(mehr::hal::flash_erase(1) == Code::kOk);
    // Across a page of 256 bytes, and up to the very end; programming only clears bits.
    for (size_t at : {static_cast<size_t>(4096 + 252), size - 8}) {
      CHECK(mehr::hal::flash_program(at, bytes, 8) == Code::kOk);
      CHECK(mehr::hal::flash_read(at, back, 8) == Code::kOk && memcmp(bytes, back, 8) == 0);
    }
    CHECK(mehr::hal::flash_read(4096 + 260, back, 8) == Code::kOk && back[0] == 0xff && back[7] == 0xff);
    CHECK(mehr::hal::flash_erase(1) == Code::kOk);
    CHECK(mehr::hal::flash_read(size - 8, back, 8) == Code::kOk && back[0] == 0xff && back[7] == 0xff);
  });
}

void reboots() {
  boot_and_run(2000);
  request(0x04, 6);
  run_ms(2000);
  CHECK(world.end == End::reset && count_frames(0x84) == 1);
}

void halts() {
  boot_and_run(2000);
  request(0x05, 6);
  run_ms(2000);
  CHECK(world.end == End::halted && count_frames(0x85) == 1);
  CHECK(radio.mode == RadioMode::sleep);
  for (const BoardFacts::Supply& supply : board_facts.supplies) CHECK(fake::level(supply.pin) != supply.active_high);
  if (board_facts.pmu) CHECK((world.pmu[0x90] & 1 << (board_facts.aldo - 1)) == 0);
}

// Nobody reads the console: the relay goes on all the same.
void nobody_listens() {
  world.host_listens = false;
  boot_and_run(10000);
  send_to_board("frame");
  run_ms(5000);
  CHECK(core.frames.size() == 1);
  uint64_t idle = world.idle_us;
  run_ms(60000);
  CHECK(world.idle_us - idle > 59000000);
  world.host_listens = true;
  world.serial_out.clear();
  request(0x01, 5);
  run_ms(2000);
  CHECK(count_frames(0x81) == 1);
}

}  // namespace

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all = radio_scenarios();
  const Scenario own[] = {
      {"measures", measures},
      {"rests from boot", rests_from_boot},
      {"rests later", rests_later},
      {"no battery", no_battery},
      {"idles", idles},
      {"wakes", wakes},
      {"sleeps", sleeps},
      {"noise stuck", noise_stuck},
      {"noise fails later", noise_fails_later},
      {"core hangs", core_hangs},
      {"peripheral hangs", peripheral_hangs},
      {"guard hangs", guard_hangs},
      {"keeps records", keeps_records},
      {"flash bounds", flash_bounds},
      {"reboots", reboots},
      {"halts", halts},
      {"nobody listens", nobody_listens},
  };
  for (const Scenario& one : own) all.push_back(one);
  for (const Scenario& one : start_scenarios()) all.push_back(one);
  return all;
}
