// Native tests of the parts of the runtime that need no hardware. Build and run from the repository root:
//   g++ -std=c++17 -O1 -g -Wall -Wextra -Werror -fno-exceptions -fno-rtti -fsanitize=address,undefined
//     -Iboards/runtime/src -Iboards/runtime/engine/wasm3 boards/runtime/test/*.cpp boards/runtime/src/frame.cpp
//     boards/runtime/src/crc32.cpp boards/runtime/src/sha256.cpp boards/runtime/src/records.cpp
//     boards/runtime/src/ram_records.cpp boards/runtime/src/entropy_health.cpp boards/runtime/src/hmac_sha256.cpp
//     boards/runtime/src/inbox.cpp boards/runtime/src/last_words.cpp boards/runtime/engine/wasm3/wasm_check.cpp
//     -o build/runtime-test && build/runtime-test
// The last line is `N passed, N failed`; the exit code is 0 when nothing failed.
#include "check.h"

unsigned g_passed, g_failed;

int main() {
  test_vectors();
  test_frames();
  test_outputs();
  test_records();
  test_record_reads();
  test_record_sets();
  test_restart();
  test_ram_records();
  test_wasm_check();
  test_entropy_health();
  test_lockout();
  test_kept();
  test_hmac();
  test_inbox();
  test_pin_guard();
  printf("%u passed, %u failed\n", g_passed, g_failed);
  return g_failed ? 1 : 0;
}
