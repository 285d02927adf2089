#if defined(ARDUINO_NRF52_ADAFRUIT)
#include <Arduino.h>
#include <SPI.h>
#include <nrf.h>
#include <sys/mman.h>

uint32_t SystemCoreClock = 64000000;
static NRF_SPIM_Type s_spim2;
NRF_SPIM_Type* const NRF_SPIM2 = &s_spim2;

// Where the heap begins and ends, for heap_used().
extern "C" {
unsigned char __HeapBase[16];
extern const uint8_t __flash_arduino_start[];
void* _sbrk(int) { return __HeapBase + 8; }
}

namespace fake {

namespace {

// The last page is there to be found untouched.
constexpr uintptr_t kFlashStart = 0xf0000, kFlashEnd = 0xf5000;
// Of RAM what the SoftDevice would have, and the beginning of the application's.
constexpr uintptr_t kRamStart = 0x20000000, kRamEnd = 0x20008000;
uint32_t s_nvmc_mode;
eAnalogReference s_reference;
int s_bits;

struct Flash {
  Flash() {
    void* at = mmap(reinterpret_cast<void*>(kFlashStart), kFlashEnd - kFlashStart, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != reinterpret_cast<void*>(kFlashStart)) wrong("the flash could not be mapped");
    else memset(at, 0xff, kFlashEnd - kFlashStart);
    map(kRamStart, kRamEnd);
    map(reinterpret_cast<uintptr_t>(__flash_arduino_start), reinterpret_cast<uintptr_t>(__flash_arduino_start) + 0x2000);
  }
  static void map(uintptr_t start, uintptr_t end) {
    void* at = mmap(reinterpret_cast<void*>(start), end - start, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != reinterpret_cast<void*>(start)) wrong("memory could not be mapped");
  }
} s_flash;

void erase_page(uint32_t address) {
  if (s_nvmc_mode != NVMC_CONFIG_WEN_Een) wrong("a page was erased without WEN = Een");
  if (address % 4096 != 0 || address < 0xf2000 || address >= 0xf4000) wrong("the page at 0x%x was erased", address);
  else memset(reinterpret_cast<void*>(static_cast<uintptr_t>(address)), 0xff, 4096);
  advance(85000);
}

void start_dog(uint32_t) {
  if (wdt.RREN != 1) wrong("the watchdog has no reload register");
  world.dog_running = true;
  world.dog_period_us = (static_cast<uint64_t>(wdt.CRV) + 1) * 1000000 / 32768;
  world.dog_fed_us = now_us();
}

uint32_t nothing() { return 0; }
void ignored(uint32_t) {}

}  // namespace

Scb scb;
Rng rng = {0,
           {[] { return advance(120), 1u; }, ignored},
           {nothing, [](uint32_t) { log("noise on"); }},
           {nothing, [](uint32_t) { log("noise off"); }},
           {[] { return static_cast<uint32_t>(world.noise()); }, ignored}};
Nvmc nvmc = {{[] { return advance(41), 1u; }, ignored},
             {[] { return s_nvmc_mode; }, [](uint32_t value) { s_nvmc_mode = value; world.flash_busy = value != 0; }},
             {nothing, erase_page}};
Power power = {{nothing, [](uint32_t) { log("system off"); }}};
Wdt wdt = {0, 0, 0, {nothing, start_dog}, {{nothing, [](uint32_t value) {
             if (value == WDT_RR_RR_Reload) world.dog_fed_us = now_us();
           }}}};
Dwt dwt = {{[] { return advance(1), static_cast<uint32_t>(now_us() * 64); }, ignored}};

}  // namespace fake

uint32_t readResetReason() { return fake::world.reset_reason; }

void analogReference(eAnalogReference mode) { fake::s_reference = mode; }
void analogReadResolution(int bits) { fake::s_bits = bits; }
void analogSampleTime(uint8_t) {}

uint32_t analogRead(uint32_t pin) {
  fake::world.pins[static_cast<int>(pin)].touched = true;
  double full = fake::s_reference == AR_INTERNAL_3_0   ? 3000
                : fake::s_reference == AR_INTERNAL_2_4 ? 2400
                : fake::s_reference == AR_INTERNAL_1_8 ? 1800
                                                       : 3600;
  double steps = static_cast<double>(1 << fake::s_bits);
  return static_cast<uint32_t>(std::fmin(fake::world.analog_mv(static_cast<int>(pin)) / full * steps, steps - 1));
}
#endif
