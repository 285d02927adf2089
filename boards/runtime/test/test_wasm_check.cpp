// The look over a module before wasm3 gets it. Each module lies in memory of exactly its size, so AddressSanitizer
// sees a read past its end.
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "wasm_check.h"

using namespace mehr;

static constexpr uint32_t kLimit = 65536;

static const char* check(const uint8_t* bytes, size_t size) {
  uint8_t* copy = static_cast<uint8_t*>(malloc(size ? size : 1));
  memcpy(copy, bytes, size);
  const char* problem = wasm_check(copy, static_cast<uint32_t>(size), kLimit);
  free(copy);
  return problem;
}

#define PREAMBLE 0x00, 'a', 's', 'm', 1, 0, 0, 0

// type, function, memory, code (one body: no locals, end), data (one byte at 16), then `name` with two subsections and
// another custom section.
static const uint8_t kModule[] = {
    PREAMBLE,
    1,  4,  1, 0x60, 0, 0,
    3,  2,  1, 0,
    5,  3,  1, 0, 1,
    10, 4,  1, 2, 0, 0x0b,
    11, 7,  1, 0, 0x41, 16, 0x0b, 1, 0xaa,
    0,  14, 4, 'n', 'a', 'm', 'e', 0, 2, 1, 'm', 1, 3, 1, 0, 0,
    0,  3,  1, 'x', 0xff,
};
static constexpr size_t kAfterCode = 8 + 6 + 4 + 5 + 6;
static constexpr size_t kAfterData = kAfterCode + 9, kAfterName = kAfterData + 16;

static void truncations() {
  CHECK(check(kModule, sizeof kModule) == nullptr);
  unsigned bad = 0;
  for (size_t size = 0; size < sizeof kModule; size++) {
    // A module may end after any section that follows the code.
    bool whole = size == kAfterCode || size == kAfterData || size == kAfterName;
    if ((check(kModule, size) == nullptr) != whole) bad++;
  }
  CHECK(bad == 0);
}

static void damages() {
  // One byte changed, every place and every value: any verdict will do, no read beyond the end, no endless loop.
  unsigned accepted = 0, refused = 0;
  for (size_t at = 0; at < sizeof kModule; at++) {
    uint8_t bytes[sizeof kModule];
    memcpy(bytes, kModule, sizeof bytes);
    for (unsigned value = 0; value < 256; value++) {
      bytes[at] = static_cast<uint8_t>(value);
      (check(bytes, sizeof bytes) ? refused : accepted)++;
    }
  }
  CHECK(accepted > 0 && refused > 0);
}

static void custom_sections() {
  const uint8_t minimal[] = {PREAMBLE, 10, 1, 0};
  CHECK(check(minimal, sizeof minimal) == nullptr);
  // A subsection of 2^32 - 6 bytes takes wasm3 six bytes back on a 32-bit machine, to the same subsection for ever.
  const uint8_t wrap[] = {PREAMBLE, 0, 11, 4, 'n', 'a', 'm', 'e', 2, 0xfa, 0xff, 0xff, 0xff, 0x0f, 10, 1, 0};
  CHECK(check(wrap, sizeof wrap) != nullptr);
  const uint8_t one_over[] = {PREAMBLE, 0, 8, 4, 'n', 'a', 'm', 'e', 2, 2, 0, 10, 1, 0};
  CHECK(check(one_over, sizeof one_over) != nullptr);
  const uint8_t kind_only[] = {PREAMBLE, 0, 6, 4, 'n', 'a', 'm', 'e', 2, 10, 1, 0};
  CHECK(check(kind_only, sizeof kind_only) != nullptr);
  const uint8_t long_name[] = {PREAMBLE, 0, 2, 4, 'n', 10, 1, 0};
  CHECK(check(long_name, sizeof long_name) != nullptr);
  const uint8_t no_name[] = {PREAMBLE, 0, 0, 10, 1, 0};
  CHECK(check(no_name, sizeof no_name) != nullptr);
  // Only `name` has subsections; what is in any other custom section is its own affair.
  const uint8_t other[] = {PREAMBLE, 0, 11, 4, 'n', 'o', 't', 'e', 2, 0xfa, 0xff, 0xff, 0xff, 0x0f, 10, 1, 0};
  CHECK(check(other, sizeof other) == nullptr);
}

void test_wasm_check() {
  truncations();
  damages();
  custom_sections();
}
