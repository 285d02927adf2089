// Of ESP-IDF 4.4: what its panic handler is given. XtExcFrame is the part of it the HAL reads.
#pragma once
typedef struct {
  const char* reason;
  const char* description;
  const void* frame;
} panic_info_t;
