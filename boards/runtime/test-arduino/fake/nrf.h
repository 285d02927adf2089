// Registers of the nRF52840 the HAL uses, by their names in Nordic's MDK. Those that do something when touched are
// objects.
#pragma once
#include "fake.h"

#define RNG_CONFIG_DERCEN_Enabled 1ul
#define RNG_CONFIG_DERCEN_Pos 0ul
#define NVMC_CONFIG_WEN_Ren 0ul
#define NVMC_CONFIG_WEN_Wen 1ul
#define NVMC_CONFIG_WEN_Een 2ul
#define NVMC_READY_READY_Ready 1ul
#define POWER_SYSTEMOFF_SYSTEMOFF_Enter 1ul
#define POWER_RESETREAS_RESETPIN_Msk 0x1ul
#define POWER_RESETREAS_DOG_Msk 0x2ul
#define POWER_RESETREAS_SREQ_Msk 0x4ul
#define POWER_RESETREAS_LOCKUP_Msk 0x8ul
#define POWER_RESETREAS_OFF_Msk 0x10000ul
#define POWER_RESETREAS_LPCOMP_Msk 0x20000ul
#define POWER_RESETREAS_NFC_Msk 0x80000ul
#define POWER_RESETREAS_VBUS_Msk 0x100000ul
#define WDT_CONFIG_SLEEP_Run 1ul
#define WDT_CONFIG_SLEEP_Pos 0ul
#define WDT_CONFIG_HALT_Pause 0ul
#define WDT_CONFIG_HALT_Pos 3ul
#define WDT_RREN_RR0_Enabled 1ul
#define WDT_RREN_RR0_Pos 0ul
#define WDT_RR_RR_Reload 0x6E524635ul

namespace fake {

/// A register with a meaning: `written` is told what the program puts in, `read` says what it sees.
class Register {
 public:
  Register(uint32_t (*read)(), void (*written)(uint32_t)) : read_(read), written_(written) {}
  operator uint32_t() const { return read_(); }
  Register& operator=(uint32_t value) {
    written_(value);
    return *this;
  }
  Register& operator|=(uint32_t value) { return *this = read_() | value; }

 private:
  uint32_t (*read_)();
  void (*written_)(uint32_t);
};

struct Rng {
  uint32_t CONFIG;
  Register EVENTS_VALRDY, TASKS_START, TASKS_STOP, VALUE;
};
struct Nvmc {
  Register READY, CONFIG, ERASEPAGE;
};
struct Power {
  Register SYSTEMOFF;
};
struct Wdt {
  uint32_t CONFIG, CRV, RREN;
  Register TASKS_START, RR[1];
};
struct Dwt {
  Register CYCCNT;
};
/// System control block of the Cortex-M4.
struct Scb {
  uint32_t CFSR, MMFAR, BFAR;
};
extern Scb scb;
extern Rng rng;
extern Nvmc nvmc;
extern Power power;
extern Wdt wdt;
extern Dwt dwt;

}  // namespace fake
#define NRF_RNG (&fake::rng)
#define NRF_NVMC (&fake::nvmc)
#define NRF_POWER (&fake::power)
#define NRF_WDT (&fake::wdt)
#define DWT (&fake::dwt)
#define SCB (&fake::scb)

extern uint32_t SystemCoreClock;
inline void __ISB() {}
inline void __DSB() {}
inline void __WFE() { fake::end(fake::End::halted); }
[[noreturn]] inline void NVIC_SystemReset() { fake::end(fake::End::reset); }
inline void dwt_enable() {}
