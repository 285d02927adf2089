#pragma once
#include <stddef.h>
#include <stdint.h>
#define MALLOC_CAP_8BIT 4
#define MALLOC_CAP_INTERNAL 2048
void* heap_caps_aligned_alloc(size_t alignment, size_t size, uint32_t caps);
size_t heap_caps_get_total_size(uint32_t caps);
size_t heap_caps_get_minimum_free_size(uint32_t caps);
