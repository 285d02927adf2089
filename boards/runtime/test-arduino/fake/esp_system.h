#pragma once
#include <stddef.h>
#include "esp_partition.h"
void esp_fill_random(void* out, size_t length);
[[noreturn]] void esp_restart();
