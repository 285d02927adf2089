// QEMU mps2-an386 (Cortex-M4): CMSDK APB UARTs and timers. Registers from the Cortex-M System Design Kit Technical
// Reference Manual, ARM DDI 0479: UART table 4-11, timer table 4-7; addresses from Arm AN386 table 3-1.
#include "hal.h"

#include "bare/kept.h"
#include "bare/line.h"
#include "bare/memory.h"
#include "virtual/radio_uart.h"
#include "virtual/raw_entropy.h"
#include "virtual/ring.h"

namespace mehr::hal {

namespace {

struct Uart {
  volatile uint32_t data;
  volatile uint32_t state;     // bit 0 TX full, 1 RX full
  volatile uint32_t ctrl;      // bit 0 TX enable, 1 RX enable, 2 TX interrupt, 3 RX interrupt
  volatile uint32_t intclear;  // bit 0 TX, 1 RX; write 1 to clear
  volatile uint32_t bauddiv;
};
struct Timer {
  volatile uint32_t ctrl;  // bit 0 enable, 3 interrupt enable
  volatile uint32_t value;
  volatile uint32_t reload;
  volatile uint32_t intclear;
};

Uart& uart0() { return *reinterpret_cast<Uart*>(0x40004000); }
Uart& uart1() { return *reinterpret_cast<Uart*>(0x40005000); }
Timer& clock_timer() { return *reinterpret_cast<Timer*>(0x40000000); }
Timer& alarm_timer() { return *reinterpret_cast<Timer*>(0x40001000); }

constexpr uint32_t kTickHz = 25000000;
constexpr uint32_t kTxFull = 1, kRxFull = 2, kTxEnable = 1, kRxEnable = 2, kRxInterrupt = 8;
constexpr uint32_t kTimerEnable = 1, kTimerInterrupt = 8;
constexpr uint32_t kIrqUart0Rx = 0, kIrqUart1Rx = 2, kIrqTimer0 = 8, kIrqTimer1 = 9;

Ring<2048> s_console, s_radio;
volatile uint32_t s_wraps;

uint32_t lock() {
  uint32_t primask;
  __asm volatile("mrs %0, primask\n cpsid i" : "=r"(primask) : : "memory");
  return primask;
}
void unlock(uint32_t primask) { __asm volatile("msr primask, %0" : : "r"(primask) : "memory"); }

// Called with interrupts off or from the handler. A full ring leaves the byte in the UART, which holds the sender.
template <typename Queue>
void receive(Uart& uart, Queue& ring) {
  uart.intclear = 2;
  while ((uart.state & kRxFull) && !ring.full()) ring.put(static_cast<uint8_t>(uart.data));
}

template <typename Queue>
size_t read(Uart& uart, Queue& ring, uint8_t* out, size_t capacity) {
  return read_line(ring, out, capacity, [&uart, &ring] {
    uint32_t state = lock();
    receive(uart, ring);
    unlock(state);
  });
}

Code write(Uart& uart, bool& stalled, const uint8_t* bytes, size_t length) {
  auto ready = [&uart] { return (uart.state & kTxFull) == 0; };
  return write_line(stalled, bytes, length, ready, [&uart](uint8_t byte) { uart.data = byte; });
}

void enable_irq(uint32_t irq) { reinterpret_cast<volatile uint32_t*>(0xe000e100)[irq / 32] = 1u << (irq % 32); }

void start_uart(Uart& uart) {
  uart.bauddiv = 16;  // the smallest the hardware accepts; QEMU only checks that it is valid
  uart.ctrl = kTxEnable | kRxEnable | kRxInterrupt;
}

void count_wrap() {
  if (clock_timer().intclear & 1) {
    clock_timer().intclear = 1;
    s_wraps = s_wraps + 1;
  }
}

}  // namespace

extern "C" void Uart0_Handler() { receive(uart0(), s_console); }
extern "C" void Uart1_Handler() { receive(uart1(), s_radio); }
extern "C" void Timer0_Handler() { count_wrap(); }
extern "C" void Timer1_Handler() {
  alarm_timer().ctrl = 0;
  alarm_timer().intclear = 1;
}

// The watchdog counts SysTick periods of half a second (ARMv7-M B3.3: CSR, RVR, CVR; 24 bits) and leaves through the
// fault path of startup.cpp.
static volatile uint32_t s_watch_left;
extern "C" {
volatile bool g_watchdog_expired;
void Fault_Handler();
void SysTick_Handler() {
  if (s_watch_left > 0) s_watch_left = s_watch_left - 1;
  if (s_watch_left > 0) return;
  watchdog(0);
  g_watchdog_expired = true;
  Fault_Handler();
}
}

void watchdog(uint32_t seconds) {
  volatile uint32_t* systick = reinterpret_cast<volatile uint32_t*>(0xe000e010);
  systick[0] = 0;
  s_watch_left = 2 * seconds;
  if (seconds == 0) return;
  systick[1] = kTickHz / 2 - 1;
  systick[2] = 0;
  systick[0] = 7;  // processor clock, interrupt, on
}

Code init(int, char**) {
  kept_init();
  record_flash_init();
  clock_timer().ctrl = 0;
  clock_timer().reload = 0xffffffff;
  clock_timer().value = 0xffffffff;
  clock_timer().ctrl = kTimerEnable | kTimerInterrupt;
  start_uart(uart0());
  start_uart(uart1());
  enable_irq(kIrqUart0Rx);
  enable_irq(kIrqUart1Rx);
  enable_irq(kIrqTimer0);
  enable_irq(kIrqTimer1);
  return Code::kOk;
}

uint64_t ticks() {
  // The timer counts down and wraps every 172 s; a wrap not yet served by its interrupt is counted here.
  uint32_t state = lock();
  uint32_t value = clock_timer().value;
  if (clock_timer().intclear & 1) {
    count_wrap();
    value = clock_timer().value;
  }
  uint64_t result = static_cast<uint64_t>(s_wraps) << 32 | (0xffffffff - value);
  unlock(state);
  return result;
}

uint32_t tick_hz() { return kTickHz; }
uint64_t now_ms() { return ticks() / (kTickHz / 1000); }

Code raw_entropy(uint8_t* out, size_t length) { return virtual_entropy(out, length); }

size_t console_read(uint8_t* out, size_t capacity) { return read(uart0(), s_console, out, capacity); }
Code console_write(const uint8_t* bytes, size_t length) {
  static bool stalled;
  return write(uart0(), stalled, bytes, length);
}
size_t radio_uart_read(uint8_t* out, size_t capacity) { return read(uart1(), s_radio, out, capacity); }
Code radio_uart_write(const uint8_t* bytes, size_t length) {
  static bool stalled;
  return write(uart1(), stalled, bytes, length);
}

void sleep_until(uint64_t deadline_ms) {
  constexpr uint64_t kLongest = 60000;  // well inside one 32-bit alarm; the caller looks at the clock again anyway
  uint64_t now = now_ms();
  uint64_t radio_ms = virtual_radio_deadline();
  if (radio_ms < deadline_ms) deadline_ms = radio_ms;
  if (now >= deadline_ms) return;
  uint64_t left = deadline_ms - now;
  if (left > kLongest) left = kLongest;
  // Interrupts stay off between the last look and WFI, which wakes on a pending one regardless (B1.5.19); so a byte
  // that comes in between is not slept over.
  uint32_t state = lock();
  if (s_console.empty() && s_radio.empty()) {
    alarm_timer().ctrl = 0;
    alarm_timer().intclear = 1;
    alarm_timer().reload = static_cast<uint32_t>(left) * (kTickHz / 1000);
    alarm_timer().value = static_cast<uint32_t>(left) * (kTickHz / 1000);
    alarm_timer().ctrl = kTimerEnable | kTimerInterrupt;
    __asm volatile("dsb\n wfi" : : : "memory");
    alarm_timer().ctrl = 0;
  }
  unlock(state);
}

void reset() {
  kept_reset_asked();
  // AIRCR: key 0x05FA, SYSRESETREQ (B3.2.6).
  __asm volatile("dsb" : : : "memory");
  *reinterpret_cast<volatile uint32_t*>(0xe000ed0c) = 0x05fa0004;
  for (;;) {
  }
}

void halt() {
  __asm volatile("cpsid i");
  // Disabled interrupts still wake WFI, so each is also switched off at the NVIC.
  reinterpret_cast<volatile uint32_t*>(0xe000e180)[0] = 0xffffffff;
  for (;;) __asm volatile("wfi");
}

}  // namespace mehr::hal
