#include "fake.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include <Arduino.h>
#if defined(ARDUINO_ARCH_ESP32)
#include <freertos/FreeRTOS.h>
#include <freertos/semphr.h>
#include <freertos/task.h>
#elif defined(ARDUINO_ARCH_RP2040)
#include <FreeRTOS.h>
#include <semphr.h>
#include <task.h>
#endif

namespace fake {

World world;

namespace {

constexpr uint64_t kForever = UINT64_MAX;

// Every task is a thread, and one at a time runs: whoever has the baton. The scenario is one of them, without priority.
struct Context {
  const char* name = "scenario";
  int priority = -1;
  bool waiting = false, deleted = false;
  uint64_t wake_us = kForever;
  uint32_t notified = 0;
  bool wants_notification = false;
  FakeSemaphore* wants = nullptr;
  uint64_t turn = 0;
  std::condition_variable baton;
};

std::mutex s_mutex;
Context s_scenario;
Context* s_running = &s_scenario;
std::vector<Context*> s_tasks;
uint64_t s_us = 1000, s_stop_us, s_turn;
bool s_guard_hangs;
std::multimap<uint64_t, std::function<void()>> s_due;

void fire_due() {
  while (!s_due.empty() && s_due.begin()->first <= s_us) {
    std::function<void()> what = s_due.begin()->second;
    s_due.erase(s_due.begin());
    what();
  }
}

void check_dog() {
  if (!world.dog_running || world.dog_bit || s_us - world.dog_fed_us <= world.dog_period_us) return;
  world.dog_bit = true;
  log("watchdog bites");
  world.end = End::reset;
}

bool ready(const Context& task) {
  if (task.deleted) return false;
  if (s_guard_hangs && std::string(task.name) == "guard") return false;
  if (!task.waiting) return true;
  if (task.wants_notification && task.notified > 0) return true;
  if (task.wants && !task.wants->taken) return true;
  return task.wake_us <= s_us;
}

Context* pick() {
  for (;;) {
    fire_due();
    check_dog();
    if (world.end != End::none || s_us >= s_stop_us) return &s_scenario;
    Context* best = nullptr;
    for (Context* task : s_tasks) {
      if (!ready(*task)) continue;
      if (!best || task->priority > best->priority || (task->priority == best->priority && task->turn < best->turn)) {
        best = task;
      }
    }
    if (best) return best;
    uint64_t next = s_stop_us;
    for (Context* task : s_tasks) {
      if (!task->deleted && task->waiting && !(s_guard_hangs && std::string(task->name) == "guard")) {
        next = std::min(next, task->wake_us);
      }
    }
    if (!s_due.empty()) next = std::min(next, s_due.begin()->first);
    if (world.dog_running) next = std::min(next, world.dog_fed_us + world.dog_period_us + 1);
    if (next <= s_us) next = s_us + 1;
    world.idle_us += next - s_us;
    s_us = next;
  }
}

void switch_to(Context* next, std::unique_lock<std::mutex>& lock) {
  Context* me = s_running;
  if (next == me) return;
  next->turn = ++s_turn;
  s_running = next;
  next->baton.notify_one();
  me->baton.wait(lock, [me] { return s_running == me; });
}

// The running task waits for what it has written down in its context.
void block() {
  std::unique_lock<std::mutex> lock(s_mutex);
  Context* me = s_running;
  me->waiting = true;
  switch_to(pick(), lock);
  me->waiting = false;
  me->wake_us = kForever;
}

void start(Context* task, void (*body)(void*)) {
  std::thread([task, body] {
    {
      std::unique_lock<std::mutex> lock(s_mutex);
      task->baton.wait(lock, [task] { return s_running == task; });
    }
    body(nullptr);
    wrong("the task %s has returned", task->name);
    end(End::halted);
  }).detach();
}

Context* context(TaskHandle_t handle) { return handle ? reinterpret_cast<Context*>(handle) : s_running; }

}  // namespace

uint64_t now_us() { return s_us; }

void advance(uint64_t us) {
  std::unique_lock<std::mutex> lock(s_mutex);
  uint64_t until = s_us + us;
  if (s_running == &s_scenario) {
    // Nobody runs meanwhile: the scenario only looks.
    s_us = until;
    return;
  }
  for (;;) {
    uint64_t next = until;
    if (!s_due.empty() && s_due.begin()->first < next) next = std::max(s_us, s_due.begin()->first);
    if (world.dog_running) next = std::max(s_us, std::min(next, world.dog_fed_us + world.dog_period_us + 1));
    for (Context* task : s_tasks) {
      if (!task->deleted && task->waiting && task->priority > s_running->priority && task->wake_us < next &&
          !(s_guard_hangs && std::string(task->name) == "guard")) {
        next = std::max(s_us, task->wake_us);
      }
    }
    if (s_stop_us > s_us && s_stop_us < next) next = s_stop_us;
    s_us = next;
    fire_due();
    check_dog();
    if (world.end != End::none || s_us >= s_stop_us) switch_to(&s_scenario, lock);
    for (bool again = true; again;) {
      again = false;
      for (Context* task : s_tasks) {
        if (task != s_running && task->priority > s_running->priority && ready(*task)) {
          switch_to(pick(), lock);
          again = true;
          break;
        }
      }
    }
    if (s_us >= until) return;
  }
}

void at_us(uint64_t us, std::function<void()> what) { s_due.emplace(us, std::move(what)); }

static std::string format_of(const char* format, va_list arguments) {
  char text[600];
  vsnprintf(text, sizeof text, format, arguments);
  return text;
}

void log(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  world.log.push_back({s_us, format_of(format, arguments)});
  va_end(arguments);
}

void wrong(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::string text = format_of(format, arguments);
  va_end(arguments);
  for (const std::string& one : world.wrong) {
    if (one == text) return;
  }
  world.wrong.push_back(text);
}

void run_ms(uint64_t ms) {
  std::unique_lock<std::mutex> lock(s_mutex);
  s_stop_us = s_us + ms * 1000;
  switch_to(pick(), lock);
}

void boot() {
  setup();
  // loop() ends its own task; here that is the scenario's, which goes on.
  run_ms(0);
}

void end(End how) {
  world.end = how;
  for (;;) block();
}

void hang_guard() { s_guard_hangs = true; }

void set_pin(int pin, bool level) {
  Pin& one = world.pins[pin];
  bool rose = level && !one.outside;
  one.outside = level;
  if (rose && one.isr && one.isr_on) one.isr();
}

bool level(int pin) {
  const Pin& one = world.pins[pin];
  return one.output ? one.latch : one.outside;
}

bool stop_cpu(uint64_t until_us, const std::function<bool()>& woken) {
  while (s_us < until_us && !woken() && world.end == End::none) {
    uint64_t next = std::min(until_us, s_stop_us > s_us ? s_stop_us : until_us);
    if (!s_due.empty()) next = std::max(s_us, std::min(next, s_due.begin()->first));
    world.light_us += next - s_us;
    s_us = next;
    fire_due();
    if (s_us >= s_stop_us) {
      std::unique_lock<std::mutex> lock(s_mutex);
      switch_to(&s_scenario, lock);
    }
  }
  return woken();
}

int find(const std::string& start, size_t from) {
  for (size_t i = from; i < world.log.size(); i++) {
    if (world.log[i].text.compare(0, start.size(), start) == 0) return static_cast<int>(i);
  }
  return -1;
}

size_t count(const std::string& start, size_t from) {
  size_t n = 0;
  for (int at = find(start, from); at >= 0; at = find(start, static_cast<size_t>(at) + 1)) n++;
  return n;
}

}  // namespace fake

// --- FreeRTOS ---

using fake::context;
using fake::s_running;

TaskHandle_t fake_create_task(void (*body)(void*), const char* name, size_t bytes, UBaseType_t priority, void* stack) {
  if (bytes < 1024 || !stack) fake::wrong("the task %s has %zu bytes of stack", name, bytes);
  fake::Context* task = new fake::Context;
  task->name = name;
  task->priority = static_cast<int>(priority);
  task->turn = ++fake::s_turn;
  fake::s_tasks.push_back(task);
  fake::log("task %s", name);
  fake::start(task, body);
  return reinterpret_cast<TaskHandle_t>(task);
}

void vTaskDelete(TaskHandle_t handle) {
  if (!handle) return;
  fake::Context* task = context(handle);
  if (task == s_running) fake::wrong("a task has deleted itself");
  task->deleted = true;
  fake::log("task %s deleted", task->name);
}

void vTaskSuspend(TaskHandle_t) {}

void vTaskDelay(TickType_t ticks) {
  if (s_running == &fake::s_scenario) return fake::advance(static_cast<uint64_t>(ticks) * 1000000 / configTICK_RATE_HZ);
  s_running->wake_us = fake::now_us() + static_cast<uint64_t>(ticks) * 1000000 / configTICK_RATE_HZ;
  fake::block();
}

TickType_t xTaskGetTickCount() {
  return static_cast<TickType_t>(fake::now_us() * configTICK_RATE_HZ / 1000000);
}

uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t ticks) {
  fake::Context* me = s_running;
  if (me->notified == 0) {
    me->wants_notification = true;
    me->wake_us = fake::now_us() + static_cast<uint64_t>(ticks) * 1000000 / configTICK_RATE_HZ;
    fake::block();
    me->wants_notification = false;
  }
  uint32_t had = me->notified;
  if (had > 0) me->notified = clear ? 0 : had - 1;
  return had;
}

BaseType_t xTaskNotifyGive(TaskHandle_t task) {
  if (context(task)->deleted) fake::wrong("a task that is gone was notified");
  context(task)->notified++;
  return pdTRUE;
}

void vTaskNotifyGiveFromISR(TaskHandle_t task, BaseType_t* woken) {
  xTaskNotifyGive(task);
  *woken = pdTRUE;
}

TaskHandle_t xTaskGetCurrentTaskHandle() { return reinterpret_cast<TaskHandle_t>(s_running); }
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t) { return 100; }

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t* memory) {
  *memory = {};
  return memory;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t ticks) {
  fake::Context* me = s_running;
  if (mutex->taken && mutex->owner == me) fake::wrong("the lock was taken twice by %s", me->name);
  uint64_t until = ticks == portMAX_DELAY ? fake::kForever : fake::now_us() + static_cast<uint64_t>(ticks) * 1000;
  while (mutex->taken && fake::now_us() < until) {
    me->wants = mutex;
    me->wake_us = until;
    fake::block();
    me->wants = nullptr;
  }
  if (mutex->taken) return pdFALSE;
  mutex->taken = true;
  mutex->owner = me;
  return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex) {
  if (!mutex->taken || mutex->owner != s_running) fake::wrong("the lock was given back by who had not got it");
  mutex->taken = false;
  return pdTRUE;
}

// --- Arduino ---

void pinMode(FAKE_PIN pin, FAKE_MODE mode) {
  fake::Pin& one = fake::world.pins[static_cast<int>(pin)];
  one.touched = true;
  bool output = mode == OUTPUT;
  if (output && !one.output && !one.written) fake::wrong("pin %d became an output before its level was set", (int)pin);
#if defined(ARDUINO_ARCH_RP2040)
  one.latch = false;  // gpio_init()
#endif
  one.output = output;
  one.pull = mode == INPUT_PULLUP ? 'u' : mode == INPUT_PULLDOWN ? 'd' : '-';
  if (!output) one.written = false;
  fake::log("pin %d %s", static_cast<int>(pin), output ? (one.latch ? "output 1" : "output 0") : "input");
}

void digitalWrite(FAKE_PIN pin, FAKE_LEVEL level) {
  fake::Pin& one = fake::world.pins[static_cast<int>(pin)];
  one.touched = one.written = true;
  bool high = level != LOW;
  if (one.output && one.latch != high) fake::log("pin %d level %d", static_cast<int>(pin), high);
  one.latch = high;
}

FAKE_LEVEL digitalRead(FAKE_PIN pin) {
  fake::world.pins[static_cast<int>(pin)].touched = true;
  return fake::level(static_cast<int>(pin)) ? HIGH : LOW;
}

uint32_t micros() {
  fake::advance(1);
  return static_cast<uint32_t>(fake::now_us());
}

fake::Serial_ Serial;

namespace fake {

int Serial_::available() { return static_cast<int>(world.serial_in.size()); }

size_t Serial_::read(uint8_t* out, size_t n) {
  n = std::min(n, world.serial_in.size());
  memcpy(out, world.serial_in.data(), n);
  world.serial_in.erase(0, n);
  return n;
}

int Serial_::read() {
  uint8_t byte;
  return read(&byte, 1) == 1 ? byte : -1;
}

int Serial_::availableForWrite() { return world.host_listens ? static_cast<int>(world.serial_room) : 0; }

size_t Serial_::write(const uint8_t* bytes, size_t n) {
  if (static_cast<int>(n) > availableForWrite()) wrong("a write to the console would have waited");
  advance(n * 87);  // 115200 baud
  world.serial_out.append(reinterpret_cast<const char*>(bytes), n);
  return n;
}

}  // namespace fake
