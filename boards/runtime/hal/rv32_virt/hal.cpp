// QEMU riscv32 virt: 16550 UARTs (National PC16550D data sheet, register table), CLINT timer, PLIC (RISC-V PLIC
// specification 1.0), SiFive test finisher. Addresses: QEMU hw/riscv/virt.c.
#include "hal.h"

#include "bare/kept.h"
#include "bare/line.h"
#include "bare/memory.h"
#include "pci.h"
#include "virtual/radio_uart.h"
#include "virtual/raw_entropy.h"
#include "virtual/ring.h"

namespace mehr::hal {

namespace {

constexpr uintptr_t kClint = 0x02000000, kPlic = 0x0c000000, kUart0 = 0x10000000, kFinisher = 0x00100000;
constexpr uint32_t kUart0Irq = 10;
constexpr uint32_t kTickHz = 10000000;  // mtime runs at 10 MHz
constexpr uint32_t kMieTimer = 1u << 7, kMieExternal = 1u << 11, kMstatusMie = 1u << 3;

volatile uint32_t& word_at(uintptr_t address) { return *reinterpret_cast<volatile uint32_t*>(address); }

// 16550: byte registers, one apart. 0 data, 1 interrupt enable, 2 FIFO control, 3 line control, 4 modem control,
// 5 line status (bit 0 data ready, bit 5 transmitter empty).
struct Uart {
  uintptr_t base;
  volatile uint8_t& reg(unsigned n) const { return *reinterpret_cast<volatile uint8_t*>(base + n); }
};

Uart s_uart0 = {kUart0};
Uart s_uart1 = {0};
uint32_t s_uart1_irq;
Ring<2048> s_console, s_radio;

#define CSR_CLEAR_MIE(old) \
  __asm volatile(".option push\n.option arch, +zicsr\ncsrrci %0, mstatus, 8\n.option pop" : "=r"(old) : : "memory")
#define CSR_SET_MSTATUS(bits) \
  __asm volatile(".option push\n.option arch, +zicsr\ncsrs mstatus, %0\n.option pop" : : "r"(bits) : "memory")
#define CSR_SET_MIE(bits) \
  __asm volatile(".option push\n.option arch, +zicsr\ncsrs mie, %0\n.option pop" : : "r"(bits) : "memory")
#define CSR_CLEAR_ALL_MIE() \
  __asm volatile(".option push\n.option arch, +zicsr\ncsrw mie, zero\n.option pop" : : : "memory")

uint32_t lock() {
  uint32_t old;
  CSR_CLEAR_MIE(old);
  return old & kMstatusMie;
}
void unlock(uint32_t was) { CSR_SET_MSTATUS(was); }

// Called with interrupts off or from the handler. A full ring leaves bytes in the UART and masks its interrupt, which
// is a level and would otherwise never end; reading lifts the mask again.
template <typename Queue>
void receive(const Uart& uart, Queue& ring) {
  while ((uart.reg(5) & 1) && !ring.full()) ring.put(uart.reg(0));
  uart.reg(1) = ring.full() ? 0 : 1;
}

template <typename Queue>
size_t read(const Uart& uart, Queue& ring, uint8_t* out, size_t capacity) {
  return read_line(ring, out, capacity, [&uart, &ring] {
    uint32_t state = lock();
    receive(uart, ring);
    unlock(state);
  });
}

Code write(const Uart& uart, bool& stalled, const uint8_t* bytes, size_t length) {
  auto ready = [&uart] { return (uart.reg(5) & 0x20) != 0; };
  return write_line(stalled, bytes, length, ready, [&uart](uint8_t byte) { uart.reg(0) = byte; });
}

void start_uart(const Uart& uart, uint32_t irq) {
  uart.reg(3) = 0x03;  // 8 data bits, no parity, 1 stop bit
  uart.reg(2) = 0x07;  // FIFOs on and empty
  uart.reg(4) = 0x0b;  // DTR, RTS, OUT2 (gates the interrupt on PC hardware)
  uart.reg(1) = 0x01;  // interrupt when data has arrived
  word_at(kPlic + 4 * irq) = 1;  // priority above the threshold
  volatile uint32_t& enable = word_at(kPlic + 0x2000 + 4 * (irq / 32));
  enable = enable | 1u << (irq % 32);
}

// One comparator serves two: the end of a sleep and the next second of the watchdog.
uint64_t s_wake_at = UINT64_MAX, s_watch_at = UINT64_MAX;
uint32_t s_watch_left;

void set_alarm() {
  uint64_t at = s_wake_at < s_watch_at ? s_wake_at : s_watch_at;
  // High word first to all ones, so that no half-written value lies in the past (Privileged Architecture 3.2.1).
  word_at(kClint + 0x4004) = 0xffffffff;
  word_at(kClint + 0x4000) = static_cast<uint32_t>(at);
  word_at(kClint + 0x4004) = static_cast<uint32_t>(at >> 32);
}

}  // namespace

extern "C" bool handle_interrupt(uint32_t cause) {
  if (cause == 7) {  // machine timer; a sleep's alarm has done its work by waking the CPU
    uint64_t now = ticks();
    if (now >= s_wake_at) s_wake_at = UINT64_MAX;
    bool expired = false;
    if (now >= s_watch_at) {
      expired = --s_watch_left == 0;
      s_watch_at = expired ? UINT64_MAX : now + kTickHz;
    }
    set_alarm();
    return expired;
  }
  if (cause != 11) return false;
  volatile uint32_t& claim = word_at(kPlic + 0x200004);
  while (uint32_t irq = claim) {
    if (irq == kUart0Irq) receive(s_uart0, s_console);
    if (irq == s_uart1_irq) receive(s_uart1, s_radio);
    claim = irq;
  }
  return false;
}

void watchdog(uint32_t seconds) {
  uint32_t state = lock();
  s_watch_left = seconds;
  s_watch_at = seconds > 0 ? ticks() + kTickHz : UINT64_MAX;
  set_alarm();
  unlock(state);
}

Code init(int, char**) {
  kept_init();
  record_flash_init();
  set_alarm();
  start_uart(s_uart0, kUart0Irq);
  PciSerial serial = find_pci_serial();
  if (serial.registers != 0) {
    s_uart1.base = serial.registers;
    s_uart1_irq = serial.irq;
    start_uart(s_uart1, s_uart1_irq);
  }
  word_at(kPlic + 0x200000) = 0;  // threshold: let every priority through
  CSR_SET_MIE(kMieTimer | kMieExternal);
  unlock(kMstatusMie);
  return Code::kOk;
}

uint64_t ticks() {
  for (;;) {
    uint32_t high = word_at(kClint + 0xbffc);
    uint32_t low = word_at(kClint + 0xbff8);
    if (word_at(kClint + 0xbffc) == high) return static_cast<uint64_t>(high) << 32 | low;
  }
}

uint32_t tick_hz() { return kTickHz; }

uint64_t now_ms() {
  // mtime counts on through a reset; milliseconds count from this boot.
  static uint64_t start;
  uint64_t now = ticks();
  if (start == 0) start = now;
  return (now - start) / (kTickHz / 1000);
}

Code raw_entropy(uint8_t* out, size_t length) { return virtual_entropy(out, length); }

size_t console_read(uint8_t* out, size_t capacity) { return read(s_uart0, s_console, out, capacity); }
Code console_write(const uint8_t* bytes, size_t length) {
  static bool stalled;
  return write(s_uart0, stalled, bytes, length);
}

// Without the PCI device the board still talks on its console; the radio then answers nothing and times out.
size_t radio_uart_read(uint8_t* out, size_t capacity) {
  return s_uart1.base ? read(s_uart1, s_radio, out, capacity) : 0;
}
Code radio_uart_write(const uint8_t* bytes, size_t length) {
  static bool stalled;
  return s_uart1.base ? write(s_uart1, stalled, bytes, length) : Code::kIo;
}

void sleep_until(uint64_t deadline_ms) {
  constexpr uint64_t kLongest = 60000;  // the caller looks at the clock again anyway
  uint64_t now = now_ms();
  uint64_t radio_ms = virtual_radio_deadline();
  if (radio_ms < deadline_ms) deadline_ms = radio_ms;
  if (now >= deadline_ms) return;
  uint64_t left = deadline_ms - now;
  if (left > kLongest) left = kLongest;
  // WFI wakes on a pending interrupt even while they are masked (Privileged Architecture 3.3.3), so a byte that comes
  // between the last look and WFI is not slept over.
  uint32_t state = lock();
  if (s_console.empty() && s_radio.empty()) {
    s_wake_at = ticks() + left * (kTickHz / 1000);
    set_alarm();
    __asm volatile("wfi" : : : "memory");
    s_wake_at = UINT64_MAX;
    set_alarm();
  }
  unlock(state);
}

void reset() {
  kept_reset_asked();
  word_at(kFinisher) = 0x7777;
  for (;;) {
  }
}

void halt() {
  CSR_CLEAR_ALL_MIE();
  word_at(kFinisher) = 0x5555;
  for (;;) __asm volatile("wfi");
}

}  // namespace mehr::hal
