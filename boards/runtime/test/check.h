// The whole test framework: CHECK counts, prints the first failures with their place, and main() prints one verdict.
#pragma once
#include <stdint.h>
#include <stdio.h>

extern unsigned g_passed, g_failed;

#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (condition) {                                                                      \
      g_passed++;                                                                         \
    } else if (++g_failed <= 20) {                                                        \
      printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);                    \
    }                                                                                     \
  } while (0)

/// xorshift64* (Vigna 2016): seeded, so a failure can be run again.
struct Random {
  uint64_t state;
  uint32_t next() {
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return static_cast<uint32_t>((state * 0x2545f4914f6cdd1dull) >> 32);
  }
  uint32_t below(uint32_t n) { return next() % n; }
};

void test_vectors();
void test_frames();
void test_outputs();
void test_records();
void test_record_reads();
void test_record_sets();
void test_restart();
void test_ram_records();
void test_wasm_check();
void test_entropy_health();
void test_lockout();
void test_kept();
void test_hmac();
void test_inbox();
void test_pin_guard();
