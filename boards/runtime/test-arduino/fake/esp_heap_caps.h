#pragma once
#include <stddef.h>
#define MALLOC_CAP_8BIT 4
size_t heap_caps_get_total_size(uint32_t caps);
size_t heap_caps_get_minimum_free_size(uint32_t caps);
