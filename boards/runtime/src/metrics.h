// Metric ids of the STATS reply, each followed by a u64. Ids are never reused; a reader skips those it does not know.
#pragma once
#include <stdint.h>

namespace mehr {

enum Metric : uint8_t {
  kMetricBootTicks = 1,       // engine load, translation and the core's boot() of the last (re)start, without waits
  kMetricLastFrameTicks = 2,  // ticks spent in the last on_frame, without waits for peripherals
  kMetricTickHz = 3,
  kMetricLinearMemoryBytes = 4,
  kMetricMetacodeBytes = 5,   // 5 to 7 are 0 under an engine that has no such thing: translated C runs from flash and
  kMetricWasmStackBytes = 6,  // keeps its values on the C stack
  kMetricWasmStackUsed = 7,
  kMetricCStackBytes = 8,
  kMetricCStackUsed = 9,
  kMetricHeapUsed = 10,
  kMetricCalibrationTicks = 11,  // calibration_loop()
  kMetricConsoleErrors = 16,     // 16..22: FrameError 1..7 on the console
  kMetricRadioErrors = 24,       // 24..30: FrameError 1..7 on the radio link
  kMetricFramesRx = 32,
  kMetricFramesTx = 33,
  kMetricTxBusy = 34,
  kMetricUptimeMs = 35,
  kMetricRecordsUsedBytes = 36,
  kMetricRadioRxQueueDrops = 37,
  kMetricRadioTimeouts = 38,      // requests the radio port left unanswered
  kMetricConsoleFramesLost = 39,  // frames to the host dropped because it did not read
  kMetricLastReplayTicks = 40,    // the core's part of the last replay step, without the console's
  kMetricBatteryMillivolts = 41,  // 41 and 42 are 0 on a board without a battery, or whose battery cannot be measured
  kMetricResting = 42,            // 1 while the battery is too low for the radio
};

/// Counters the relay keeps; they stop at 2^32 - 1.
struct RelayCounters {
  uint64_t boot_ticks;
  uint64_t last_frame_ticks;
  uint32_t frames_rx;
  uint32_t frames_tx;
  uint32_t tx_busy;
};

inline void saturating_increment(uint32_t& counter) {
  if (counter != UINT32_MAX) counter++;
}

/// A loop of exactly 1,000,000 rounds of 2 instructions: what a tick is worth in instructions on this machine
/// (under QEMU -icount shift=0 one instruction is 1 ns).
inline void calibration_loop() {
  uint32_t n = 1000000;
#if defined(__arm__)
  __asm volatile(".syntax unified\n.p2align 2\n1: subs %0, #1\n bne 1b" : "+l"(n) : : "cc");
#elif defined(__riscv)
  __asm volatile(".p2align 2\n1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(n));
#elif defined(__x86_64__)
  __asm volatile("1: decl %0\n jnz 1b" : "+r"(n) : : "cc");
#elif defined(__aarch64__)
  __asm volatile("1: subs %w0, %w0, #1\n b.ne 1b" : "+r"(n) : : "cc");
#elif defined(__XTENSA__)
  __asm volatile(".p2align 2\n1: addi %0, %0, -1\n bnez %0, 1b" : "+r"(n));
#else
#error "calibration_loop: write the two-instruction loop for this architecture in boards/runtime/src/metrics.h"
#endif
}

}  // namespace mehr
