#pragma once
#include <stdint.h>
#define NRF_SUCCESS 0u
inline uint32_t sd_softdevice_is_enabled(uint8_t* enabled) {
  *enabled = 0;
  return NRF_SUCCESS;
}
