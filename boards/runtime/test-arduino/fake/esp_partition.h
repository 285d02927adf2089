#pragma once
#include <stddef.h>
#include <stdint.h>
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_FAIL -1
#define ESP_ERR_TIMEOUT 0x107
#define ESP_ERR_FLASH_OP_TIMEOUT 0x6002
#define ESP_PARTITION_TYPE_DATA 1
#define ESP_PARTITION_SUBTYPE_ANY 0xff
struct esp_partition_t {
  uint32_t size;
  bool encrypted;
};
const esp_partition_t* esp_partition_find_first(int type, int subtype, const char* label);
esp_err_t esp_partition_read(const esp_partition_t* partition, size_t offset, void* out, size_t length);
esp_err_t esp_partition_write(const esp_partition_t* partition, size_t offset, const void* bytes, size_t length);
esp_err_t esp_partition_get_sha256(const esp_partition_t* partition, uint8_t* sha256);
esp_err_t esp_partition_erase_range(const esp_partition_t* partition, size_t offset, size_t length);
