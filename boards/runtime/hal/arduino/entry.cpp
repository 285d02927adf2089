// Entry point under Arduino. The core's own task for setup() and loop() has 4 KB of stack (nRF52, LOOP_STACK_SZ) or
// 8 KB (ESP32, arduino-pico: 4 KB), which is too little for the relay; so that gets a task of its own, with the stack
// boards/stack.ts says, and a second, small one guards it and feeds the hardware watchdog.
//
// The Xtensa windowed ABI has no tail calls: wasm3 leaves a C frame behind for every operation until the next branch
// backwards or return, so straight-line code such as a field multiplication nests hundreds deep. Thumb-2 has them, and
// there the emulated Cortex-M4 board runs the same core in the same size.
#include "arduino_hal.h"

#if defined(ARDUINO_ARCH_ESP32)
#include <esp_heap_caps.h>
#endif

#include "console.h"
#include "held_button.h"
#include "relay.h"

namespace mehr::hal {

namespace {

#if defined(ARDUINO_ARCH_ESP32)
constexpr size_t kGuardStackBytes = 3 * 1024;
constexpr BaseType_t kCore = 1;  // where Arduino code runs; protocol stacks have core 0
#elif defined(ARDUINO_ARCH_RP2040)
constexpr size_t kGuardStackBytes = 2 * 1024;
constexpr UBaseType_t kCoreMask = 1 << 0;  // with the USB interrupt; the other core idles
#else
constexpr size_t kGuardStackBytes = 1024;
#endif
constexpr UBaseType_t kRelayPriority = 1;  // that of loop(): below USB, timers and callbacks
constexpr UBaseType_t kGuardPriority = 2;
constexpr uint32_t kGuardPeriodMs = 1000;
constexpr uint32_t kLongestSleepMs = 1000;
constexpr uint32_t kLongestRestMs = 60000;  // without a radio that wants to be looked at
// A relay that has not come round for so long hangs in a peripheral, where watchdog() does not reach: longer than the
// lock may be held (Lock) and any one command of the core takes.
constexpr uint32_t kSilentMs = 300000;
#if defined(ARDUINO_ARCH_ESP32)
constexpr uint32_t kConsolePollMs = 10;  // the UART driver tells nobody; its buffer holds 170 ms
#elif defined(ARDUINO_ARCH_RP2040)
constexpr uint32_t kConsolePollMs = 20;  // nor does the USB stack of arduino-pico; its buffer makes the host wait
#else
constexpr uint32_t kConsolePollMs = kLongestSleepMs;  // the USB stack wakes the task: tud_cdc_rx_cb
#endif

constexpr size_t kRelayStackBytes = MEHR_TASK_STACK_BYTES;
#if defined(ARDUINO_ARCH_ESP32)
// Taken from the heap once and kept. The linker of an ESP32 has 124,580 bytes for static variables, of which the
// translated core takes 72 KB, while the rest of its 320 KB can only be had this way.
StackType_t* s_relay_stack;
#else
alignas(16) StackType_t s_relay_stack[kRelayStackBytes / sizeof(StackType_t)];
#endif
alignas(16) StackType_t s_guard_stack[kGuardStackBytes / sizeof(StackType_t)];
StaticTask_t s_relay_task, s_guard_task;
StaticSemaphore_t s_lock_memory;
SemaphoreHandle_t s_lock;
TaskHandle_t volatile s_relay;

volatile uint32_t s_watch_seconds;  // 0: off
volatile uint32_t s_watch_start_ms;
volatile uint32_t s_alive_ms;  // when the relay was last seen at work

TaskHandle_t start_task(void (*body)(void*), const char* name, StackType_t* stack, size_t bytes, UBaseType_t priority,
                        StaticTask_t* memory) {
#if defined(ARDUINO_ARCH_ESP32)
  return xTaskCreateStaticPinnedToCore(body, name, bytes, nullptr, priority, stack, memory, kCore);
#elif defined(ARDUINO_ARCH_RP2040)
  // Both tasks on one core: while the guard runs the relay must not.
  return xTaskCreateStaticAffinitySet(body, name, bytes / sizeof(StackType_t), nullptr, priority, stack, memory, kCoreMask);
#else
  return xTaskCreateStatic(body, name, bytes / sizeof(StackType_t), nullptr, priority, stack, memory);
#endif
}

constexpr const char* kHung = "the core did not return in time";

void relay_body(void*) {
  // The task's handle is wanted in here before the creating call has returned it.
  s_relay = xTaskGetCurrentTaskHandle();
  if (init(0, nullptr) != Code::kOk) {
    last_words_keep("the chip's peripherals did not start");
    reset();
  }
  console::init();
  if (entropy_start() != Code::kOk) {
    relay::run_without_core(MEHR_STATUS_NO_ENTROPY, "the random number source failed its start-up test");
  }
  if (record_flash_problem()[0] != 0) console::log(console::kLogError, record_flash_problem());
  relay::run();
}

void fault_body(void*) {
  s_relay = xTaskGetCurrentTaskHandle();
  last_words_keep(kHung);
  fault(kHung);
}

TaskHandle_t start_relay(void (*body)(void*)) {
  return start_task(body, "relay", s_relay_stack, kRelayStackBytes, kRelayPriority, &s_relay_task);
}

bool expired() {
  uint32_t seconds = s_watch_seconds;
  return seconds != 0 && static_cast<uint32_t>(now_ms()) - s_watch_start_ms >= seconds * 1000;
}

void replace_relay() {
  watchdog(0);
  // Forgotten before it is deleted: an interrupt between the two must not notify a task that is gone.
  TaskHandle_t old = s_relay;
  s_relay = nullptr;
  vTaskDelete(old);
  s_alive_ms = static_cast<uint32_t>(now_ms());
  start_relay(fault_body);
}

// Runs above the relay on the same CPU, so while it runs the relay does not, and deleting that task frees its stack at
// once. A relay that waits in a peripheral is let out first. One that never comes out, and a guard that does not get
// here, end by the hardware watchdog.
void guard_body(void*) {
  mcu_watchdog_start();
  for (;;) {
    vTaskDelay(pdMS_TO_TICKS(kGuardPeriodMs));
    mcu_tick();
    if (static_cast<uint32_t>(now_ms()) - s_alive_ms < kSilentMs) {
      mcu_watchdog_feed();
    } else {
      last_words_keep("the relay hung in a peripheral until the watchdog reset the board");
    }
    if (!expired() || xSemaphoreTake(s_lock, pdMS_TO_TICKS(kGuardPeriodMs)) != pdTRUE) continue;
    if (expired()) replace_relay();
    xSemaphoreGive(s_lock);
  }
}

}  // namespace

Lock::Lock() { xSemaphoreTake(s_lock, portMAX_DELAY); }
Lock::~Lock() { xSemaphoreGive(s_lock); }

Code init(int, char**) {
  kept_init();
  Code code = mcu_init();
  supplies_on();
  button_init();
  battery_start();  // before anything starts the radio
  console_init();
  return code;
}

void wake() {
  TaskHandle_t task = s_relay;
  if (task) xTaskNotifyGive(task);
}

#if defined(ARDUINO_ARCH_ESP32)
IRAM_ATTR
#endif
void wake_from_isr() {
  BaseType_t switch_task = pdFALSE;
  TaskHandle_t task = s_relay;
  if (task) vTaskNotifyGiveFromISR(task, &switch_task);
  if (switch_task) portYIELD_FROM_ISR(switch_task);
}

void sleep_until(uint64_t deadline_ms) {
  s_alive_ms = static_cast<uint32_t>(now_ms());
  // A wake that came while the task was busy is still counted in its notification, so none is slept over; whatever
  // takes a notification elsewhere looks at console and radio itself.
  uint64_t now = now_ms();
  // Not longer than this at once: the radio's own time limits are looked at between two sleeps.
  uint64_t latest = now + (battery_low() ? kLongestRestMs : kLongestSleepMs);
  uint64_t end = deadline_ms < latest ? deadline_ms : latest;
  for (; now < end; now = now_ms()) {
    if (console_pending() || radio_pending() || button_look()) return;
    if (!button_down() && console_unused() && mcu_deep_rest(static_cast<uint32_t>(end - now))) continue;
    uint32_t longest = button_down() ? HeldButton::kLookEveryMs : kConsolePollMs;
    uint32_t step = end - now < longest ? static_cast<uint32_t>(end - now) : longest;
    TickType_t ticks = pdMS_TO_TICKS(step);
    if (ulTaskNotifyTake(pdTRUE, ticks > 0 ? ticks : 1) > 0) return;
  }
}

void watchdog(uint32_t seconds) {
  s_watch_seconds = 0;
  s_alive_ms = static_cast<uint32_t>(now_ms());
  s_watch_start_ms = static_cast<uint32_t>(now_ms());
  s_watch_seconds = seconds;
}

size_t stack_size() { return kRelayStackBytes; }

size_t stack_used() {
  return kRelayStackBytes - uxTaskGetStackHighWaterMark(s_relay) * sizeof(StackType_t);
}

size_t stack_left() {
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return here - reinterpret_cast<uintptr_t>(s_relay_stack);
}

static bool start() {
#if defined(ARDUINO_ARCH_ESP32)
  s_relay_stack =
      static_cast<StackType_t*>(heap_caps_aligned_alloc(16, kRelayStackBytes, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT));
  if (!s_relay_stack) return false;
#endif
  s_alive_ms = static_cast<uint32_t>(now_ms());
  s_lock = xSemaphoreCreateMutexStatic(&s_lock_memory);
  TaskHandle_t guard =
      start_task(guard_body, "guard", s_guard_stack, sizeof s_guard_stack, kGuardPriority, &s_guard_task);
  return s_lock && guard && start_relay(relay_body);
}

}  // namespace mehr::hal

void setup() {
  // Nothing else could run either; a reset at least tries again.
  if (!mehr::hal::start()) mehr::hal::reset();
}

// This task has done its work. Where its core allows it, its stack goes back to the heap.
void loop() {
#if defined(ARDUINO_ARCH_RP2040)
  vTaskSuspend(nullptr);  // arduino-pico keeps a handle to it
#else
  vTaskDelete(nullptr);
#endif
}
