#if defined(ARDUINO_ARCH_ESP32)
#include <Arduino.h>
#include <SPI.h>
#include <Wire.h>

#include <algorithm>

#include <bootloader_random.h>
#include <driver/gpio.h>
#include <driver/uart.h>
#include <esp_heap_caps.h>
#include <esp_ota_ops.h>
#include <esp_partition.h>
#include <esp_private/panic_internal.h>
#include <esp_sleep.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>

#include "board_facts.h"

SPIClass SPI;
TwoWire Wire;

using namespace fake;

static constexpr size_t kPartition = 0x20000;
static uint8_t s_flash[kPartition];
static const esp_partition_t kSpiffs = {kPartition, false};
static bool s_noise;

int64_t esp_timer_get_time() { return advance(1), static_cast<int64_t>(now_us()); }

void bootloader_random_enable() { s_noise = true, log("noise on"); }
void bootloader_random_disable() { s_noise = false, log("noise off"); }
void esp_fill_random(void* out, size_t length) {
  if (!s_noise) wrong("random numbers were taken while nothing feeds them");
  advance(length);
  for (size_t i = 0; i < length; i++) static_cast<uint8_t*>(out)[i] = world.noise();
}

const esp_partition_t* esp_partition_find_first(int, int, const char* label) {
  static bool erased;
  if (!erased) memset(s_flash, 0xff, sizeof s_flash);
  erased = true;
  return strcmp(label, "spiffs") == 0 ? &kSpiffs : nullptr;
}
static bool outside(const char* what, size_t offset, size_t length) {
  if (offset + length <= 8192) return false;
  wrong("%s of %zu bytes at %zu, beyond the record area", what, length, offset);
  return true;
}
esp_err_t esp_partition_read(const esp_partition_t*, size_t offset, void* out, size_t length) {
  if (outside("a read", offset, length)) return ESP_FAIL;
  memcpy(out, s_flash + offset, length);
  return ESP_OK;
}
esp_err_t esp_partition_write(const esp_partition_t*, size_t offset, const void* bytes, size_t length) {
  if (outside("a write", offset, length)) return ESP_FAIL;
  for (size_t i = 0; i < length; i++) s_flash[offset + i] &= static_cast<const uint8_t*>(bytes)[i];
  return advance(200), ESP_OK;
}
esp_err_t esp_partition_erase_range(const esp_partition_t*, size_t offset, size_t length) {
  if (outside("an erase", offset, length) || offset % 4096 != 0 || length % 4096 != 0) return ESP_FAIL;
  memset(s_flash + offset, 0xff, length);
  return advance(45000), ESP_OK;
}

esp_reset_reason_t esp_reset_reason() { return static_cast<esp_reset_reason_t>(world.reset_reason); }

// --- The running application ---

bool fake_image_damaged;
static const esp_partition_t kApplication = {0x140000, false};
const esp_partition_t* esp_ota_get_running_partition() { return &kApplication; }
esp_err_t esp_partition_get_sha256(const esp_partition_t* partition, uint8_t* sha256) {
  if (partition != &kApplication || !sha256) return ESP_FAIL;
  if (fake_image_damaged) return ESP_FAIL;
  for (uint8_t i = 0; i < 32; i++) sha256[i] = static_cast<uint8_t>(200 + i);
  log("image hashed");
  return advance(300000), ESP_OK;
}
bool fake_panicked;
extern "C" void __real_esp_panic_handler(panic_info_t*) { fake_panicked = true; }

void esp_restart() { end(End::reset); }
void esp_deep_sleep_start() {
  log("deep sleep");
  end(End::halted);
}
// Once in a boot, and never given back.
void* heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps) {
  static uint8_t memory[64 * 1024 + 64];
  if (size > sizeof memory - alignment || caps != (MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT)) return nullptr;
  uintptr_t start = reinterpret_cast<uintptr_t>(memory);
  return memory + (alignment - start % alignment) % alignment;
}
size_t heap_caps_get_total_size(uint32_t) { return 1000; }
size_t heap_caps_get_minimum_free_size(uint32_t) { return 400; }

// --- Light sleep ---

static uint64_t s_timer_us;
static bool s_by_gpio, s_by_uart, s_level_wakes, s_button_wakes;
static int s_wake_pin = -1;
static esp_sleep_source_t s_cause;

esp_err_t gpio_sleep_sel_dis(gpio_num_t pin) { return world.pins[pin].held = true, ESP_OK; }
esp_err_t gpio_intr_disable(gpio_num_t pin) { return world.pins[pin].isr_on = false, ESP_OK; }
esp_err_t gpio_intr_enable(gpio_num_t pin) {
  if (s_level_wakes && pin == s_wake_pin) wrong("an interrupt was enabled on a level, and never ends");
  world.pins[pin].isr_on = true;
  return ESP_OK;
}
esp_err_t gpio_wakeup_enable(gpio_num_t pin, gpio_int_type_t type) {
  if (pin == board_facts.button) {
    s_button_wakes = true;
    return type == (board_facts.button_high ? GPIO_INTR_HIGH_LEVEL : GPIO_INTR_LOW_LEVEL) ? ESP_OK : ESP_FAIL;
  }
  if (type != GPIO_INTR_HIGH_LEVEL) return ESP_FAIL;
  if (world.pins[pin].isr_on) wrong("pin %d wakes by level while its interrupt is on", pin);
  s_level_wakes = true;
  s_wake_pin = pin;
  return ESP_OK;
}
esp_err_t gpio_wakeup_disable(gpio_num_t pin) {
  if (pin == board_facts.button) s_button_wakes = false;
  return ESP_OK;
}
esp_err_t gpio_set_intr_type(gpio_num_t, gpio_int_type_t type) {
  s_level_wakes = type == GPIO_INTR_HIGH_LEVEL;
  return ESP_OK;
}
esp_err_t uart_set_wakeup_threshold(int, int edges) { return edges >= 3 ? ESP_OK : ESP_FAIL; }
esp_err_t esp_sleep_enable_gpio_wakeup() { return s_by_gpio = true, ESP_OK; }
esp_err_t esp_sleep_enable_uart_wakeup(int uart) { return s_by_uart = uart == 0, ESP_OK; }
esp_err_t esp_sleep_enable_timer_wakeup(uint64_t us) { return s_timer_us = us, ESP_OK; }
esp_err_t esp_sleep_disable_wakeup_source(esp_sleep_source_t) { return s_by_gpio = s_by_uart = false, ESP_OK; }
esp_sleep_wakeup_cause_t esp_sleep_get_wakeup_cause() { return s_cause; }

esp_err_t esp_light_sleep_start() {
  if (board_facts.usb_console) wrong("light sleep on a board whose console is the chip's own USB");
  for (const auto& [number, pin] : world.pins) {
    if (pin.output && !pin.held) wrong("pin %d would float in light sleep", number);
  }
  if (!s_by_gpio || s_wake_pin != board_facts.irq) wrong("the radio would not wake the board");
  log("light sleep %llu ms", static_cast<unsigned long long>(s_timer_us / 1000));
  world.serial_wake = false;
  // Neither task runs, and the task watchdog's timer stands still.
  uint64_t before = now_us();
  auto pressed = [] { return s_button_wakes && level(board_facts.button) == board_facts.button_high; };
  auto woken = [pressed] { return level(s_wake_pin) || pressed() || (s_by_uart && world.serial_wake); };
  if (board_facts.button >= 0 && !world.pins[board_facts.button].held) wrong("the button would float in light sleep");
  world.dog_period_us += 1000000000000ull;
  stop_cpu(before + s_timer_us, woken);
  world.dog_period_us -= 1000000000000ull;
  world.dog_fed_us = std::min(world.dog_fed_us + now_us() - before, now_us());
  s_cause = level(s_wake_pin) ? ESP_SLEEP_WAKEUP_GPIO : world.serial_wake ? ESP_SLEEP_WAKEUP_UART : ESP_SLEEP_WAKEUP_TIMER;
  return ESP_OK;
}

// --- Watchdog, ADC, I2C ---

static TaskHandle_t s_watched;
esp_err_t esp_task_wdt_init(uint32_t timeout, bool panic) {
  if (!panic) wrong("the watchdog only complains");
  world.dog_period_us = static_cast<uint64_t>(timeout) * 1000000;
  return ESP_OK;
}
esp_err_t esp_task_wdt_add(TaskHandle_t task) {
  s_watched = task ? task : xTaskGetCurrentTaskHandle();
  world.dog_running = true;
  world.dog_fed_us = now_us();
  return ESP_OK;
}
esp_err_t esp_task_wdt_reset() {
  if (s_watched != xTaskGetCurrentTaskHandle()) wrong("the watchdog is fed by another task than the one it watches");
  world.dog_fed_us = now_us();
  return ESP_OK;
}

static adc_attenuation_t s_attenuation = ADC_ATTENDB_MAX;
void analogSetPinAttenuation(uint8_t, adc_attenuation_t attenuation) { s_attenuation = attenuation; }
uint32_t analogReadMilliVolts(uint8_t pin) {
  if (s_noise) wrong("the ADC was used while it makes noise");
  world.pins[pin].touched = true;
  // Full scale of each attenuation: the ESP32-S3's at 0 to 6 dB, the lower one of the ESP32 at 11.
  static const double kFull[] = {950, 1250, 1750, 2450, 0};
  return static_cast<uint32_t>(std::fmin(world.analog_mv(pin), kFull[s_attenuation]));
}

bool TwoWire::begin(int sda, int scl, uint32_t) { return log("i2c sda=%d scl=%d", sda, scl), true; }
size_t TwoWire::write(uint8_t byte) {
  if (length_ < sizeof bytes_) bytes_[length_++] = byte;
  return 1;
}
uint8_t TwoWire::endTransmission(bool) {
  advance(100);
  if (address_ != 0x34 || world.pmu_id == 0) return 2;  // no acknowledge
  at_ = bytes_[0];
  for (uint8_t i = 1; i < length_; i++) {
    world.pmu[at_ + i - 1] = bytes_[i];
    log("pmu %02x = %02x", at_ + i - 1, bytes_[i]);
  }
  return 0;
}
uint8_t TwoWire::requestFrom(uint8_t address, uint8_t count) {
  left_ = address == 0x34 && world.pmu_id != 0 ? count : 0;
  return left_;
}
int TwoWire::read() {
  if (left_ == 0) return -1;
  left_--;
  uint8_t at = at_++;
  return at == 3 ? world.pmu_id : world.pmu[at];
}
#endif
