// What the HAL does in that world, the same for every board; `board_facts` says what to expect of this one. Each scenario
// runs in a process of its own. Prints one line for each: "ok NAME" or "FAILED NAME: why".
#include "scenarios.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

#if defined(ARDUINO_NRF52_ADAFRUIT)
extern "C" void tud_cdc_rx_cb(uint8_t);
#endif

using namespace fake;

namespace {

uint64_t s_random = 88172645463325252ull;

uint32_t random32() {
  s_random ^= s_random << 13, s_random ^= s_random >> 7, s_random ^= s_random << 17;
  return static_cast<uint32_t>(s_random >> 32);
}

std::string s_frame;
void sink(const uint8_t* bytes, size_t n) { s_frame.append(reinterpret_cast<const char*>(bytes), n); }

}  // namespace

void set_battery(double mv) {
  const BoardFacts& board = board_facts;
  if (board.pmu) {
    bool old = world.pmu_id == 0x03;
    unsigned raw = static_cast<unsigned>(old ? mv / 1.1 : mv);
    world.pmu[0x01] = static_cast<uint8_t>(old && mv > 0 ? 1 << 5 : 0);
    world.pmu[0x00] = static_cast<uint8_t>(!old && mv > 0 ? 1 << 3 : 0);
    world.pmu[old ? 0x78 : 0x34] = static_cast<uint8_t>(old ? raw >> 4 : raw >> 8);
    world.pmu[old ? 0x79 : 0x35] = static_cast<uint8_t>(old ? raw & 15 : raw);
    return;
  }
  world.analog_mv = [mv](int pin) {
    const BoardFacts& board = board_facts;
    if (pin != board.sense) return 0.0;
    const Pin& enable = world.pins[board.enable];
    bool closed = board.enable_active == 'n' || (enable.output && enable.latch == (board.enable_active == 'h'));
    // This revision pulls the pin up, so low closes the divider.
    if (board.enable_active == 'p') closed = enable.output && !enable.latch;
    return closed ? mv * 1000 / board.divider_milli : 0.0;
  };
  if (board.enable_active == 'p') world.pins[board.enable].outside = true;
}

void press(bool down) {
  if (board_facts.button >= 0) set_pin(board_facts.button, down == board_facts.button_high);
}

void boot_and_run(uint64_t ms) {
  boot();
  run_ms(ms);
}

bool has_battery() { return board_facts.pmu || board_facts.sense >= 0; }
bool sleeps_lightly() {
#if defined(ARDUINO_ARCH_ESP32)
  return !board_facts.usb_console;
#else
  return false;
#endif
}

std::vector<ConsoleFrame> console_frames() {
  std::vector<ConsoleFrame> frames;
  mehr::FrameReceiver receiver(false);
  for (char byte : world.serial_out) {
    if (receiver.push(static_cast<uint8_t>(byte)) != mehr::FrameReceiver::Event::kFrame) continue;
    const mehr::Frame& frame = receiver.frame();
    frames.push_back({frame.type, frame.id, std::string(reinterpret_cast<const char*>(frame.payload), frame.length)});
  }
  return frames;
}

size_t count_frames(uint8_t type, const std::string& text) {
  size_t n = 0;
  for (const ConsoleFrame& frame : console_frames()) {
    if (frame.type == type && frame.payload.find(text) != std::string::npos) n++;
  }
  return n;
}

void request(uint8_t type, uint8_t id) {
  s_frame.clear();
  mehr::write_frame(sink, type, id, nullptr, 0);
  world.serial_in += s_frame;
  world.serial_wake = true;
#if defined(ARDUINO_NRF52_ADAFRUIT)
  tud_cdc_rx_cb(0);  // as TinyUSB does
#endif
}

uint64_t metric(uint8_t wanted) {
  world.serial_out.clear();
  request(0x03, 77);
  run_ms(sleeps_lightly() ? 3000 : 300);
  for (const ConsoleFrame& frame : console_frames()) {
    if (frame.type != 0x83) continue;
    for (size_t at = 1; at + 9 <= frame.payload.size(); at += 9) {
      if (static_cast<uint8_t>(frame.payload[at]) != wanted) continue;
      uint64_t value = 0;
      memcpy(&value, frame.payload.data() + at + 1, 8);
      return value;
    }
  }
  wrong("no metric %u", wanted);
  return 0;
}

void in_relay(std::function<void()> what, uint64_t ms) {
  core.on_timer = std::move(what);
  core.deadline_ms = now_us() / 1000;
  // The relay looks at its deadline after a frame or a wait.
  send_to_board("tick");
  run_ms(ms);
}

int main(int argc, char** argv) {
  int failed = 0;
  for (const Scenario& scenario : scenarios()) {
    if (argc > 1 && strcmp(argv[1], scenario.name) != 0) continue;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
#if defined(ARDUINO_ARCH_RP2040)
      world.noise = [] { return static_cast<uint8_t>(random32() & 1); };
#else
      world.noise = [] { return static_cast<uint8_t>(random32()); };
#endif
      world.pmu_id = board_facts.pmu ? 0x4a : 0;
      set_battery(has_battery() ? 3900 : 0);
      press(false);
      scenario.run();
      for (const std::string& one : world.wrong) printf("FAILED %s: %s\n", scenario.name, one.c_str());
      if (world.wrong.empty()) printf("ok %s\n", scenario.name);
      if (argc > 1) {
        for (const Event& event : world.log) printf("%10.3f ms  %s\n", static_cast<double>(event.us) / 1e3, event.text.c_str());
      }
      fflush(stdout);
      _exit(world.wrong.empty() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) printf("FAILED %s: the program died (%d)\n", scenario.name, status);
    if (status != 0) failed++;
  }
  return failed == 0 ? 0 : 1;
}
