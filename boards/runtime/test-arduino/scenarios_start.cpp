// Why a run started, what the last one left for it, the owner's button, and which program runs.
#include <string.h>

#include "arduino_hal.h"
#include "mehr_abi.h"
#include "scenarios.h"
#include "sha256.h"

#if defined(ARDUINO_NRF52_ADAFRUIT)
#include <nrf.h>
#elif defined(ARDUINO_ARCH_ESP32)
#include <esp_private/panic_internal.h>
#include <esp_system.h>
#include <xtensa/xtensa_context.h>
extern bool fake_panicked, fake_image_damaged;
extern "C" void __wrap_esp_panic_handler(panic_info_t* info);
#else
#include <sys/mman.h>

#include <hardware/structs/vreg_and_chip_reset.h>
#endif
#if !defined(ARDUINO_ARCH_ESP32)
extern "C" [[noreturn]] void mehr_hard_fault(uintptr_t frame);
#endif

using namespace fake;
using mehr::hal::Code;
using mehr::msg::ResetCause;

namespace {

std::string taken() {
  char text[200];
  size_t n = mehr::hal::last_words_take(text, sizeof text);
  CHECK(strlen(text) == n);
  return text;
}

ResetCause cause_of(uint32_t reason) {
  world.reset_reason = reason;
  mehr::hal::kept_init();
  return mehr::hal::reset_cause();
}

#if defined(ARDUINO_NRF52_ADAFRUIT)
constexpr uint32_t kPowerOn = 0, kSoftware = POWER_RESETREAS_SREQ_Msk, kPin = POWER_RESETREAS_RESETPIN_Msk;
#elif defined(ARDUINO_ARCH_ESP32)
constexpr uint32_t kPowerOn = ESP_RST_POWERON, kSoftware = ESP_RST_SW, kPin = ESP_RST_EXT;
#else
constexpr uint32_t kPowerOn = VREG_AND_CHIP_RESET_CHIP_RESET_HAD_POR_BITS;
constexpr uint32_t kPin = VREG_AND_CHIP_RESET_CHIP_RESET_HAD_RUN_BITS;
constexpr uint32_t kSoftware = 0xffff;
#endif

void start_after(uint32_t reason) {
#if defined(ARDUINO_ARCH_RP2040)
  // The chip's own register still says what came before.
  world.watchdog_reason = reason == kSoftware ? 2 : 0;
  if (reason == kSoftware) reason = kPowerOn;
#endif
  world.reset_reason = reason;
}

void reset_causes() {
#if defined(ARDUINO_NRF52_ADAFRUIT)
  CHECK(cause_of(0) == ResetCause::kPowerOn);
  CHECK(cause_of(0x1) == ResetCause::kPin);
  CHECK(cause_of(0x2) == ResetCause::kWatchdog);
  CHECK(cause_of(0x4) == ResetCause::kSoftware);
  CHECK(cause_of(0x8) == ResetCause::kPanic);
  CHECK(cause_of(0x10000) == ResetCause::kWake);
  CHECK(cause_of(0x100000) == ResetCause::kWake);
  CHECK(cause_of(0x40000) == ResetCause::kUnknown);  // a debugger
  // The bootloader's own reset behind what came first.
  CHECK(cause_of(0x4 | 0x1) == ResetCause::kPin);
  CHECK(cause_of(0x4 | 0x2) == ResetCause::kWatchdog);
  CHECK(cause_of(0x4 | 0x8) == ResetCause::kPanic);
#elif defined(ARDUINO_ARCH_ESP32)
  // In the order of esp_reset_reason_t.
  const ResetCause all[] = {ResetCause::kUnknown,  ResetCause::kPowerOn,  ResetCause::kPin,      ResetCause::kSoftware,
                            ResetCause::kPanic,    ResetCause::kWatchdog, ResetCause::kWatchdog, ResetCause::kWatchdog,
                            ResetCause::kWake,     ResetCause::kBrownout, ResetCause::kUnknown};
  for (uint32_t reason = 0; reason < sizeof all; reason++) {
    if (cause_of(reason) != all[reason]) wrong("reason %u is told as %u", reason, (unsigned)cause_of(reason));
  }
#else
  CHECK(cause_of(0x100) == ResetCause::kPowerOn);
  CHECK(cause_of(0x10000) == ResetCause::kPin);
  CHECK(cause_of(0x100000) == ResetCause::kUnknown);  // a debugger
  world.watchdog_reason = 2;
  CHECK(cause_of(0x100) == ResetCause::kSoftware);
  world.watchdog_reason = 1;
  CHECK(cause_of(0x10000) == ResetCause::kSoftware);
  world.watchdog_timer = true;
  CHECK(cause_of(0x100) == ResetCause::kWatchdog);
#endif
}

void words_survive_a_reset() {
  memset(&mehr::hal::mcu_kept(), 0x5a, sizeof(mehr::hal::Kept));  // RAM after power-on
  CHECK(taken().empty());
  mehr::hal::last_words_keep("the first");
  mehr::hal::last_words_keep("the last");
  start_after(kSoftware);
  boot_and_run(2000);
  CHECK(mehr::hal::reset_cause() == ResetCause::kSoftware);
  // The relay has taken them, for its owner's log and for Health.
  CHECK(count_frames(0xe1, "the last") == 1 && count_frames(0xe1, "the first") == 0);
  CHECK(taken().empty());
}

void words_end_with_the_power() {
  mehr::hal::keep_panic("the supply went away");
  start_after(kPowerOn);
  boot_and_run(2000);
  CHECK(mehr::hal::reset_cause() == ResetCause::kPowerOn);
  CHECK(count_frames(0xe1, "the supply") == 0 && taken().empty());
}

void panics_are_told_once() {
  mehr::hal::keep_panic("a fault");
  start_after(kSoftware);
  boot_and_run(2000);
  CHECK(mehr::hal::reset_cause() == ResetCause::kPanic);
  CHECK(count_frames(0xe1, "a fault") == 1);
  // The next one is an ordinary reset again, and a press of the button was none of the program's.
  mehr::hal::kept_init();
  CHECK(mehr::hal::reset_cause() == ResetCause::kSoftware);
  mehr::hal::keep_panic("another");
  start_after(kPin);
  CHECK(cause_of(kPin) == ResetCause::kPin);
  CHECK(taken() == "another");
}

#if defined(ARDUINO_ARCH_ESP32)
void faults_are_kept() {
  boot_and_run(2000);
  XtExcFrame frame = {};
  frame.pc = 0x400d1234;
  frame.a0 = static_cast<long>(0x800d5678);
  panic_info_t info = {"LoadProhibited", "Exception was unhandled.", &frame};
  __wrap_esp_panic_handler(&info);
  CHECK(fake_panicked);
  CHECK(taken() == "panic: LoadProhibited at pc 0x400d1234, lr 0x400d5678");
  info = {nullptr, "Task watchdog got triggered.", nullptr};
  __wrap_esp_panic_handler(&info);
  CHECK(taken() == "panic: Task watchdog got triggered.");
}
#else
constexpr uintptr_t kRam = 0x20000000;
constexpr uint32_t kFrame[8] = {1, 2, 3, 4, 5, 0x00012301, 0x00012345, 0x01000000};

// Puts what the CPU pushes into RAM, 32 bytes at `at`.
void push_frame(uintptr_t at) {
#if defined(ARDUINO_ARCH_RP2040)
  static void* ram = mmap(reinterpret_cast<void*>(kRam), 0x8000, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(ram == reinterpret_cast<void*>(kRam));
#endif
  memcpy(reinterpret_cast<void*>(at), kFrame, sizeof kFrame);
}

void faults_are_kept() {
  boot_and_run(2000);
  push_frame(kRam + 0x7000);
#if defined(ARDUINO_NRF52_ADAFRUIT)
  scb = {0x00008200, 0, 0x40001234};
#endif
  in_relay([] { mehr_hard_fault(kRam + 0x7000); });
  CHECK(world.end == End::reset);
#if defined(ARDUINO_NRF52_ADAFRUIT)
  CHECK(taken() == "CPU fault: BusFault at pc 0x00012345, lr 0x00012301, cfsr 0x00008200, address 0x40001234");
#else
  CHECK(taken() == "CPU fault: HardFault at pc 0x00012345, lr 0x00012301");
#endif
  start_after(kSoftware);
  mehr::hal::kept_init();
  CHECK(mehr::hal::reset_cause() == ResetCause::kPanic);
}
#endif

// The stack has run out of RAM: what is there is no frame, and reading it would be the next fault.
void faults_without_a_stack() {
#if !defined(ARDUINO_ARCH_ESP32)
  boot_and_run(2000);
#if defined(ARDUINO_NRF52_ADAFRUIT)
  scb = {0x00000082, 0x1ffffff0, 0};
  const std::string words = "CPU fault: MemManage, cfsr 0x00000082, address 0x1ffffff0";
#else
  const std::string words = "CPU fault: HardFault";
#endif
  in_relay([] { mehr_hard_fault(kRam - 16); });
  CHECK(world.end == End::reset);
  CHECK(taken() == words);
#endif
}

void hangs_are_kept() {
  boot_and_run(2000);
  core.on_timer = [] {
    for (;;) advance(1000);
  };
  core.deadline_ms = now_us() / 1000;
  send_to_board("x");
  run_ms(45000);
  CHECK(taken() == "the core did not return in time");
}

void long_hangs_are_kept() {
  boot_and_run(2000);
  in_relay([] {
    world.noise = []() -> uint8_t {
      for (;;) advance(1000);
    };
  });
  std::string bytes;
  in_relay([&] { entropy(bytes, 64); }, 290000);
  CHECK(taken().empty());
  run_ms(700000);
  CHECK(world.dog_bit);
  CHECK(taken() == "the relay hung in a peripheral until the watchdog reset the board");
}

// --- The button: only the HAL looks, until the scenario asks. ---

void button_is_held() {
  boot_and_run(2000);
  if (board_facts.button < 0) {
    CHECK(!mehr::hal::button_held());
    return;
  }
  CHECK(world.pins[board_facts.button].pull == board_facts.button_pull);
  CHECK(!world.pins[board_facts.button].output);
  run_ms(10000);
  CHECK(!mehr::hal::button_held());
  press(true);
  run_ms(2900);
  CHECK(!mehr::hal::button_held());
  press(false);
  run_ms(200);
  press(true);
  run_ms(2900);
  CHECK(!mehr::hal::button_held());  // twice short is not long
  press(false);
  run_ms(2000);
  // Within a second it is noticed, and after three held.
  press(true);
  run_ms(4100);
  CHECK(mehr::hal::button_held());
  run_ms(60000);
  CHECK(mehr::hal::button_held());
  press(false);
  run_ms(100);
  CHECK(!mehr::hal::button_held());
}

void button_bounces() {
  if (board_facts.button < 0) return;
  boot_and_run(2000);
  press(true);
  run_ms(2000);
  // A bad contact is no release.
  for (int i = 0; i < 10; i++) {
    press(false);
    run_ms(5);
    press(true);
    run_ms(150);
  }
  run_ms(1000);
  CHECK(mehr::hal::button_held());
  press(false);
  run_ms(1000);
  // Pulses are no press.
  for (int i = 0; i < 400; i++) {
    press(true);
    run_ms(5);
    press(false);
    run_ms(95);
    CHECK(!mehr::hal::button_held());
  }
}

// sleep_until() comes back when the button has been held, although nothing else is due for long; and is not kept from
// its sleep by a button that somebody has glued down.
void button_wakes() {
  if (board_facts.button < 0) return;
  boot_and_run(sleeps_lightly() ? 310000 : 2000);
  uint64_t light = world.light_us;
  run_ms(3000);
  CHECK(sleeps_lightly() == (world.light_us > light));
  press(true);
  run_ms(20);
  light = world.light_us;
  run_ms(4500);
  CHECK(world.light_us == light);
  CHECK(mehr::hal::button_held());
  uint64_t idle = world.idle_us;
  run_ms(60000);
  CHECK(world.idle_us - idle > 59000000);
  press(false);
  run_ms(2000);
  light = world.light_us;
  run_ms(5000);
  CHECK(sleeps_lightly() == (world.light_us > light));
  CHECK(!mehr::hal::button_held());
}

// A board that saves its battery looks at its button all the same.
void button_while_resting() {
  if (board_facts.button < 0 || !has_battery()) return;
  set_battery(board_facts.below_mv - 100);
  boot_and_run(400000);
  CHECK(mehr::hal::resting());
  press(true);
  run_ms(4100);
  CHECK(mehr::hal::button_held());
}

// --- The program ---

void knows_its_image() {
  uint8_t expected[32], digest[32] = {};
#if defined(ARDUINO_NRF52_ADAFRUIT)
  // tests/support/arduino-host.ts: 0x26000 to 0x27234, and 0x104 bytes of initialised data behind it.
  uint8_t* flash = reinterpret_cast<uint8_t*>(0x26000);
  for (size_t i = 0; i < 0x2000; i++) flash[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
  mehr::sha256(flash, 0x1338, expected);
#elif defined(ARDUINO_ARCH_RP2040)
  mehr::hal::now_ms();  // the fake's flash comes with its clock
  uint8_t* flash = reinterpret_cast<uint8_t*>(0x10000000);
  for (size_t i = 0; i < 0x80010; i++) flash[i] = static_cast<uint8_t>(i * 7 + (i >> 8));
  mehr::sha256(flash, 0x80000, expected);
#else
  for (uint8_t i = 0; i < 32; i++) expected[i] = static_cast<uint8_t>(200 + i);
#endif
  boot_and_run(2000);
  in_relay([&] { CHECK(mehr::hal::image_sha256(digest)); });
  CHECK(memcmp(digest, expected, 32) == 0);
  uint64_t before = now_us();
  memset(digest, 0, sizeof digest);
  in_relay([&] { CHECK(mehr::hal::image_sha256(digest)); }, 100);
  CHECK(memcmp(digest, expected, 32) == 0);
  CHECK(now_us() - before <= 101000);
#if defined(ARDUINO_ARCH_ESP32)
  CHECK(count("image hashed") == 1);
#endif
}

void knows_no_image() {
#if defined(ARDUINO_ARCH_ESP32)
  fake_image_damaged = true;
  boot_and_run(2000);
  uint8_t digest[32];
  bool known = true;
  in_relay([&] { known = mehr::hal::image_sha256(digest); });
  CHECK(!known);
#endif
}

void counts_flash_writes() {
  boot_and_run(2000);
  uint8_t bytes[300] = {};
  uint32_t before = mehr::hal::flash_writes();
  in_relay([&] {
    CHECK(mehr::hal::flash_erase(1) == Code::kOk);
    CHECK(mehr::hal::flash_program(4096, bytes, 300) == Code::kOk);
    CHECK(mehr::hal::flash_program(4096 + 2, bytes, 4) == Code::kRange);
    CHECK(mehr::hal::flash_erase(9) == Code::kRange);
  });
  CHECK(mehr::hal::flash_writes() - before == 1 + 75);
  int32_t status = -1;
  before = mehr::hal::flash_writes();
  in_relay([&] { status = record_put(7, "one"); });
  CHECK(status == MEHR_STATUS_OK && mehr::hal::flash_writes() > before);
}

}  // namespace

std::vector<Scenario> start_scenarios() {
  return {
      {"reset causes", reset_causes},
      {"words survive a reset", words_survive_a_reset},
      {"words end with the power", words_end_with_the_power},
      {"panics are told once", panics_are_told_once},
      {"faults are kept", faults_are_kept},
      {"faults without a stack", faults_without_a_stack},
      {"hangs are kept", hangs_are_kept},
      {"long hangs are kept", long_hangs_are_kept},
      {"button is held", button_is_held},
      {"button bounces", button_bounces},
      {"button wakes", button_wakes},
      {"button while resting", button_while_resting},
      {"knows its image", knows_its_image},
      {"knows no image", knows_no_image},
      {"counts flash writes", counts_flash_writes},
  };
}
