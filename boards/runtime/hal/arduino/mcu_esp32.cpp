// ESP32 and ESP32-S3 under the Arduino core (ESP-IDF 4.4): clock, noise, record flash, light sleep, endings.
#include "arduino_hal.h"

#if defined(ARDUINO_ARCH_ESP32)

#include "board_config.h"

#include <bootloader_random.h>
#include <driver/gpio.h>
#include <driver/uart.h>
#include <esp_attr.h>
#include <esp_heap_caps.h>
#include <esp_ota_ops.h>
#include <esp_partition.h>
#include <esp_private/panic_internal.h>
#include <esp_sleep.h>
#include <esp_system.h>
#include <esp_task_wdt.h>
#include <esp_timer.h>
#include <xtensa/xtensa_context.h>

#include "fault_sentence.h"

namespace mehr::hal {

namespace {

constexpr size_t kPageSize = 4096;  // the erase unit of SPI NOR flash
constexpr size_t kPages = 2;
// A table of one's own gives records a data partition named `mehr`. The Arduino core's tables have one for a file
// system, which a relay has no use for: there the first two sectors are ours.
const char* const kLabels[] = {"mehr", "spiffs"};

constexpr uint32_t kWatchdogSeconds = 30;
// A shorter sleep is not worth its way in and out, about 1 ms at full current.
constexpr uint32_t kShortestSleepMs = 20;
constexpr uint64_t kWakeMarginUs = 1000;
constexpr int kConsoleUart = 0;
constexpr int kWakeEdges = 3;  // the least the UART can be told to wake on

constexpr bool kHasButton = board::kButton >= 0;
constexpr gpio_num_t kButton = static_cast<gpio_num_t>(board::kButton);
constexpr gpio_int_type_t kButtonDown = board::kButtonActiveHigh ? GPIO_INTR_HIGH_LEVEL : GPIO_INTR_LOW_LEVEL;

const esp_partition_t* s_records;

// Slow RTC memory, which every reset but power-on leaves alone.
RTC_NOINIT_ATTR Kept s_kept;

bool inside(size_t offset, size_t length) {
  return s_records && length <= kPages * kPageSize && offset <= kPages * kPageSize - length;
}

Code code_of(esp_err_t error) {
  if (error == ESP_OK) return Code::kOk;
  return error == ESP_ERR_TIMEOUT || error == ESP_ERR_FLASH_OP_TIMEOUT ? Code::kTimeout : Code::kIo;
}

}  // namespace

Code mcu_init() {
  for (const char* label : kLabels) {
    if (s_records) break;
    const esp_partition_t* found =
        esp_partition_find_first(ESP_PARTITION_TYPE_DATA, ESP_PARTITION_SUBTYPE_ANY, label);
    // Encrypted flash cannot be programmed a word at a time, which is what the record store's promise rests on.
    if (found && found->size >= kPages * kPageSize && !found->encrypted) s_records = found;
  }
  return Code::kOk;
}

const char* record_flash_problem() {
  return s_records ? ""
                   : "the partition table has no unencrypted data partition named mehr or spiffs of at least 8 KB, so "
                     "nothing can be stored; set board_build.partitions to a table that has one";
}

void mcu_tick() {}

uint64_t now_ms() { return static_cast<uint64_t>(esp_timer_get_time()) / 1000; }
uint64_t ticks() { return static_cast<uint64_t>(esp_timer_get_time()); }
uint32_t tick_hz() { return 1000000; }

// esp_random() is only as good as what feeds it (ESP-IDF Programming Guide, Random Number Generation): the radio of the
// chip is off here, so the SAR ADC is switched on as the source for the moment. That is allowed while neither Wi-Fi,
// Bluetooth nor the ADC is in use; the battery is measured under the same lock, never during this.
const Noise kNoise = {kByteCutoffs, 0};

Code noise_begin() {
  bootloader_random_enable();
  return Code::kOk;
}

Code noise_read(uint8_t* samples, size_t count) {
  esp_fill_random(samples, count);
  return Code::kOk;
}

void noise_end() { bootloader_random_disable(); }

// The task watchdog of ESP-IDF, which the core starts for its own idle task: it resets the chip by a hardware timer when
// one of its tasks has not reported. The timer stands still in light sleep, and so does the guard's clock.
void mcu_watchdog_start() {
  esp_task_wdt_init(kWatchdogSeconds, true);
  esp_task_wdt_add(nullptr);
}

void mcu_watchdog_feed() { esp_task_wdt_reset(); }

// Set before every measurement: the noise source uses the same converter. The core corrects by the chip's own
// calibration, burnt in at the factory; "11 dB" is what newer documents call 12.
uint32_t mcu_adc_mv(int pin) {
  constexpr int kDecidb = board::kBatteryAttenuationDecidb;
  constexpr adc_attenuation_t kAttenuation = kDecidb < 25    ? ADC_0db
                                             : kDecidb < 60  ? ADC_2_5db
                                             : kDecidb < 110 ? ADC_6db
                                                             : ADC_11db;
  analogSetPinAttenuation(static_cast<uint8_t>(pin), kAttenuation);
  return analogReadMilliVolts(static_cast<uint8_t>(pin));
}

// Light sleep: RAM, clock and pins stay as they are, the CPU stands still, and a level at the radio's interrupt line, an
// edge at the console, the button or the time ends it. Automatic light sleep would need a core built with CONFIG_PM_ENABLE, which
// Arduino's is not.
bool mcu_deep_rest(uint32_t ms) {
  if (ms < kShortestSleepMs || board::kRadioIrq < 0) return false;
  // The pins keep what they have: in sleep some builds of ESP-IDF let every one of them float, the radio's reset and its
  // chip select with the others.
  static bool held;
  if (!held) {
    for (int pin : board::kDrivenPins) gpio_sleep_sel_dis(static_cast<gpio_num_t>(pin));
    if (kHasButton) gpio_sleep_sel_dis(kButton);
    held = true;
  }
  gpio_num_t irq = static_cast<gpio_num_t>(board::kRadioIrq);
  Serial.flush();
  // What wakes is a level, on the same setting the interrupt uses: while it stands, that interrupt would never end.
  gpio_intr_disable(irq);
  bool ready = gpio_wakeup_enable(irq, GPIO_INTR_HIGH_LEVEL) == ESP_OK &&
               (!kHasButton || gpio_wakeup_enable(kButton, kButtonDown) == ESP_OK) && esp_sleep_enable_gpio_wakeup() == ESP_OK &&
               uart_set_wakeup_threshold(kConsoleUart, kWakeEdges) == ESP_OK &&
               esp_sleep_enable_uart_wakeup(kConsoleUart) == ESP_OK &&
               esp_sleep_enable_timer_wakeup(static_cast<uint64_t>(ms) * 1000 - kWakeMarginUs) == ESP_OK;
  ready = ready && esp_light_sleep_start() == ESP_OK;
  bool by_console = ready && esp_sleep_get_wakeup_cause() == ESP_SLEEP_WAKEUP_UART;
  esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL);
  gpio_wakeup_disable(irq);
  if (kHasButton) gpio_wakeup_disable(kButton);
  gpio_set_intr_type(irq, GPIO_INTR_POSEDGE);
  gpio_intr_enable(irq);
  if (by_console) console_heard();
  return ready;
}

static uint32_t s_flash_writes;

uint32_t flash_writes() { return s_flash_writes; }

size_t flash_page_size() { return kPageSize; }
size_t flash_page_count() { return s_records ? kPages : 0; }

Code flash_read(size_t offset, void* out, size_t length) {
  if (!inside(offset, length)) return Code::kRange;
  Lock lock;
  return code_of(esp_partition_read(s_records, offset, out, length));
}

Code flash_program(size_t offset, const void* bytes, size_t length) {
  if (!inside(offset, length) || offset % 4 != 0 || length % 4 != 0) return Code::kRange;
  Lock lock;
  s_flash_writes += static_cast<uint32_t>(length / 4);
  return code_of(esp_partition_write(s_records, offset, bytes, length));
}

Code flash_erase(size_t page) {
  if (page >= flash_page_count()) return Code::kRange;
  Lock lock;
  s_flash_writes++;
  return code_of(esp_partition_erase_range(s_records, page * kPageSize, kPageSize));
}

Kept& mcu_kept() { return s_kept; }

// The ESP32 takes its EN pin for power-on; the ESP32-S3 too.
msg::ResetCause mcu_reset_cause() {
  switch (esp_reset_reason()) {
    case ESP_RST_POWERON:
      return msg::ResetCause::kPowerOn;
    case ESP_RST_EXT:
      return msg::ResetCause::kPin;
    case ESP_RST_SW:
      return msg::ResetCause::kSoftware;
    case ESP_RST_PANIC:
      return msg::ResetCause::kPanic;
    case ESP_RST_INT_WDT:
    case ESP_RST_TASK_WDT:
    case ESP_RST_WDT:
      return msg::ResetCause::kWatchdog;
    case ESP_RST_DEEPSLEEP:
      return msg::ResetCause::kWake;
    case ESP_RST_BROWNOUT:
      return msg::ResetCause::kBrownout;
    default:
      return msg::ResetCause::kUnknown;
  }
}

// Of an application it is the hash that its image carries, checked against the flash first.
bool mcu_image_sha256(uint8_t out[32]) {
  Lock lock;
  const esp_partition_t* running = esp_ota_get_running_partition();
  return running && esp_partition_get_sha256(running, out) == ESP_OK;
}

void mcu_restart() { esp_restart(); }

void reset() {
  console_drain();
  mcu_restart();
}

// Deep sleep without a wake source: only reset or a power cycle ends it.
void halt() {
  console_drain();
  radio_sleep();
  supplies_off();
  esp_sleep_disable_wakeup_source(ESP_SLEEP_WAKEUP_ALL);
  esp_deep_sleep_start();
}

size_t heap_used() {
  return heap_caps_get_total_size(MALLOC_CAP_8BIT) - heap_caps_get_minimum_free_size(MALLOC_CAP_8BIT);
}

}  // namespace mehr::hal

// ESP-IDF tells a panic on the console, where often nobody listens. The linker puts this in front of its handler (--wrap
// in platformio.ini), to keep what it says for the next run; the watchdogs end as panics too. It may run from flash: the
// handler's caller has seen to the cache (CONFIG_ESP_PANIC_HANDLER_IRAM is off).
extern "C" {
void __real_esp_panic_handler(panic_info_t* info);

void __wrap_esp_panic_handler(panic_info_t* info) {
  mehr::FaultSentence text;
  text << "panic: " << (info->reason ? info->reason : info->description ? info->description : "of no known cause");
  if (info->frame) {
    const XtExcFrame& frame = *static_cast<const XtExcFrame*>(info->frame);
    // The window size is in the upper two bits of a return address; code lies at 0x4....... (Xtensa ISA, CALLn).
    uint32_t lr = (static_cast<uint32_t>(frame.a0) & 0x3fffffff) | 0x40000000;
    mehr::fault_at(text, static_cast<uint32_t>(frame.pc), lr);
  }
  mehr::hal::last_words_keep(text.c_str());
  __real_esp_panic_handler(info);
}
}

#endif
