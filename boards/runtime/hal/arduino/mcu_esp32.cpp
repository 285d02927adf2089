// ESP32 family under the Arduino core (ESP-IDF 4.4): clock, entropy, record flash, endings.
#include "arduino_hal.h"

#if defined(ARDUINO_ARCH_ESP32)

#include <bootloader_random.h>
#include <esp_heap_caps.h>
#include <esp_partition.h>
#include <esp_sleep.h>
#include <esp_system.h>
#include <esp_timer.h>

namespace mehr::hal {

namespace {

constexpr size_t kPageSize = 4096;  // the erase unit of SPI NOR flash
constexpr size_t kPages = 2;
// A table of one's own gives records a data partition named `mehr`. The Arduino core's tables have one for a file
// system, which a relay has no use for: there the first two sectors are ours.
const char* const kLabels[] = {"mehr", "spiffs"};

const esp_partition_t* s_records;

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
// Bluetooth nor the ADC is in use; who adds battery sensing must not sample during a call to this.
Code entropy(uint8_t* out, size_t length) {
  Lock lock;
  bootloader_random_enable();
  esp_fill_random(out, length);
  bootloader_random_disable();
  return Code::kOk;
}

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
  return code_of(esp_partition_write(s_records, offset, bytes, length));
}

Code flash_erase(size_t page) {
  if (page >= flash_page_count()) return Code::kRange;
  Lock lock;
  return code_of(esp_partition_erase_range(s_records, page * kPageSize, kPageSize));
}

void reset() {
  console_drain();
  esp_restart();
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

#endif
