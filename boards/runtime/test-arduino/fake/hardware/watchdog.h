#pragma once
#include <stdint.h>
#define WATCHDOG_CTRL_ENABLE_BITS 0x40000000u
namespace fake {
struct WatchdogHw {
  uint32_t ctrl;
};
extern WatchdogHw watchdog;
}  // namespace fake
#define watchdog_hw (&fake::watchdog)
void watchdog_enable(uint32_t ms, bool pause_on_debug);
void watchdog_update();
[[noreturn]] void watchdog_reboot(uint32_t pc, uint32_t sp, uint32_t ms);
bool watchdog_caused_reboot();
bool watchdog_enable_caused_reboot();
void hw_clear_bits(uint32_t* at, uint32_t bits);
void __wfi();
