#include "bare/memory.h"

#include <stddef.h>
#include <string.h>

#include "hal.h"

// ---- stack -----------------------------------------------------------------------------------------------------

// Startup code fills the stack with this word before the first C++ instruction; see startup of each board.
static constexpr uint32_t kPaint = 0xc5c5c5c5;

namespace mehr::hal {

size_t stack_size() { return static_cast<size_t>(__stack_top - __stack_bottom) * sizeof(uint32_t); }

size_t stack_used() {
  const volatile uint32_t* word = __stack_bottom;
  while (word < __stack_top && *word == kPaint) word++;
  return static_cast<size_t>(__stack_top - const_cast<const uint32_t*>(word)) * sizeof(uint32_t);
}

size_t stack_left() {
  uintptr_t here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return here - reinterpret_cast<uintptr_t>(__stack_bottom);
}

}  // namespace mehr::hal

// ---- heap ------------------------------------------------------------------------------------------------------

static uint8_t* s_break = nullptr;
static uint8_t* s_highest = nullptr;

static void* grow_heap(ptrdiff_t by) {
  if (!s_break) s_break = s_highest = __heap_start;
  bool fits = by >= 0 ? by <= __heap_end - s_break : -by <= s_break - __heap_start;
  if (!fits) return reinterpret_cast<void*>(-1);
  uint8_t* before = s_break;
  s_break += by;
  if (s_break > s_highest) s_highest = s_break;
  return before;
}

// newlib's malloc asks _sbrk, picolibc's asks sbrk.
extern "C" void* _sbrk(ptrdiff_t by) { return grow_heap(by); }
extern "C" void* sbrk(ptrdiff_t by) { return grow_heap(by); }

namespace mehr::hal {

size_t heap_used() { return s_highest ? static_cast<size_t>(s_highest - __heap_start) : 0; }

// ---- record flash ----------------------------------------------------------------------------------------------

// An emulated board has no flash that QEMU keeps, so the record pages are RAM that a warm reset leaves alone: link.ld
// puts .noinit outside every load segment, hence neither startup code nor QEMU's loader writes it. REBOOT therefore
// keeps the node's identity; ending the QEMU process is taking the flash chip out.
static constexpr size_t kPageSize = 4096;  // as on the nRF52840 (PS 4.3)
static constexpr size_t kPages = 2;
__attribute__((section(".noinit"), aligned(8))) static uint8_t s_flash[kPages * kPageSize];

void record_flash_init() {
  // Fresh RAM is all zeros under QEMU, which NOR flash is not after production. Zeros are never valid records either,
  // so the store would format them; erasing only saves it a read.
  bool blank = true;
  for (size_t i = 0; i < sizeof s_flash && blank; i++) blank = s_flash[i] == 0;
  if (blank) memset(s_flash, 0xff, sizeof s_flash);
}

static uint32_t s_flash_writes;

uint32_t flash_writes() { return s_flash_writes; }

size_t flash_page_size() { return kPageSize; }
size_t flash_page_count() { return kPages; }

static bool inside(size_t offset, size_t length) {
  return length <= sizeof s_flash && offset <= sizeof s_flash - length;
}

Code flash_read(size_t offset, void* out, size_t length) {
  if (!inside(offset, length)) return Code::kRange;
  memcpy(out, s_flash + offset, length);
  return Code::kOk;
}

Code flash_program(size_t offset, const void* bytes, size_t length) {
  if (!inside(offset, length) || offset % 4 != 0 || length % 4 != 0) return Code::kRange;
  const uint8_t* p = static_cast<const uint8_t*>(bytes);
  s_flash_writes += static_cast<uint32_t>(length / 4);
  for (size_t i = 0; i < length; i++) s_flash[offset + i] &= p[i];  // NOR: programming can only clear bits
  return Code::kOk;
}

Code flash_erase(size_t page) {
  if (page >= kPages) return Code::kRange;
  s_flash_writes++;
  memset(s_flash + page * kPageSize, 0xff, kPageSize);
  return Code::kOk;
}

}  // namespace mehr::hal
