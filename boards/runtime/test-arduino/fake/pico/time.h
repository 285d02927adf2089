#pragma once
#include <stdint.h>
uint64_t time_us_64();
void busy_wait_us(uint64_t us);
