#include <string.h>

#include "board_config.h"
#include "bytes.h"
#include "console.h"
#include "core.h"
#include "engine.h"
#include "hal.h"
#include "lock.h"
#include "provision.h"
#include "relay.h"
#include "replay.h"
#include "requests.h"

#ifndef MEHR_RUNTIME_VERSION
#define MEHR_RUNTIME_VERSION "0.1.0"
#endif

namespace mehr::console {

static_assert(sizeof MEHR_BOARD_ID - 1 <= 40 && sizeof MEHR_RUNTIME_VERSION - 1 <= 20,
              "board id and runtime version fit in their fields of Identity");

static engine::Core s_core;
static uint8_t s_image[32];

void identity_init() {
  s_core = engine::core();
  if (!hal::image_sha256(s_image)) memset(s_image, 0, sizeof s_image);
}

size_t identity(uint8_t* out, size_t capacity) {
  msg::Identity m;
  m.abi_version = MEHR_ABI_VERSION;
  m.engine = static_cast<msg::Engine>(engine::kKind);
  m.wasm_size = s_core.size;
  m.wasm_sha256 = s_core.sha256;
  m.node_id = relay::node_id();
  m.image_sha256 = s_image;
  m.provisioned = provision::provisioned() ? 1 : 0;
  m.lock = lock::state();
  m.board = msg::text_of(MEHR_BOARD_ID, 40);
  m.runtime = msg::text_of(MEHR_RUNTIME_VERSION, 20);
  m.name = provision::record().name;
  return msg::emit(out, capacity, m);
}

void identify(const Request& request, enum mehr_status status) {
  msg::IdentifyRequest message;
  if (status == MEHR_STATUS_OK) {
    bool sound = msg::parse(request.payload, request.length, message);
    status = sound ? relay::fatal_status() : MEHR_STATUS_BAD_REQUEST;
  }
  uint8_t bytes[msg::kIdentityMax];
  size_t length = identity(bytes, sizeof bytes);
  reply(request, status, bytes, length);
}

void command(const Request& request) {
  if (relay::mode() == relay::Mode::kFatal) return refuse(request, relay::fatal_status());
  if (relay::mode() != relay::Mode::kLive) return refuse(request, MEHR_STATUS_NOT_BOOTED);
  enum mehr_status status = relay::command(request.payload, request.length);
  if (status == MEHR_STATUS_OK && core::outputs().overflowed()) status = MEHR_STATUS_REPLY_TOO_LONG;
  reply(request, status, core::outputs().data(), core::outputs().size());
  // A call for a command does what is due as any other does: those events are for everybody.
  relay::send_events();
}

void stats(const Request& request) {
  msg::StatsRequest message;
  if (!take(request, message)) return;
  uint8_t p[48 * 9];
  size_t n = 0;
  auto add = [&p, &n](uint8_t metric, uint64_t value) {
    if (n + 9 > sizeof p) return;
    p[n] = metric;
    store_u64(p + n + 1, value);
    n += 9;
  };
  const RelayCounters& counters = relay::counters();
  engine::Stats engine = engine::stats();
  add(kMetricBootTicks, counters.boot_ticks);
  add(kMetricLastFrameTicks, counters.last_frame_ticks);
  add(kMetricTickHz, hal::tick_hz());
  add(kMetricLinearMemoryBytes, engine.linear_memory_bytes);
  add(kMetricMetacodeBytes, engine.metacode_bytes);
  add(kMetricWasmStackBytes, engine.stack_bytes);
  add(kMetricWasmStackUsed, engine.stack_used);
  add(kMetricCStackBytes, hal::stack_size());
  add(kMetricCStackUsed, hal::stack_used());
  add(kMetricHeapUsed, hal::heap_used());
  uint64_t before = hal::ticks();
  calibration_loop();
  add(kMetricCalibrationTicks, hal::ticks() - before);
  const hal::RadioStats& radio = hal::radio_stats();
  for (uint8_t error = 1; error < kFrameErrorCount; error++) {
    add(static_cast<uint8_t>(kMetricConsoleErrors + error - 1), frame_errors(error));
    add(static_cast<uint8_t>(kMetricRadioErrors + error - 1), radio.rx_errors[error]);
  }
  add(kMetricFramesRx, counters.frames_rx);
  add(kMetricFramesTx, counters.frames_tx);
  add(kMetricTxBusy, counters.tx_busy);
  add(kMetricUptimeMs, hal::now_ms());
  add(kMetricRecordsUsedBytes, relay::records_used());
  add(kMetricRadioRxQueueDrops, radio.queue_drops);
  add(kMetricRadioTimeouts, radio.timeouts);
  add(kMetricConsoleFramesLost, frames_lost());
  add(kMetricLastReplayTicks, replay::last_ticks());
  add(kMetricBatteryMillivolts, hal::battery_mv());
  add(kMetricResting, hal::resting() ? 1 : 0);
  reply(request, relay::fatal_status(), p, n);
}

void reboot(const Request& request) {
  msg::RebootRequest message;
  if (!take(request, message)) return;
  reply(request, MEHR_STATUS_OK);
  hal::reset();
}

void halt(const Request& request) {
  msg::HaltRequest message;
  if (!take(request, message)) return;
  reply(request, MEHR_STATUS_OK);
  hal::halt();
}

static void replay_step(const Request& request) {
  uint64_t deadline;
  enum mehr_status status = replay::step(request.payload, request.length, deadline);
  uint8_t head[8];
  store_u64(head, deadline);
  reply(request, status, head, sizeof head, core::outputs().data(), core::outputs().size());
}

void replay(const Request& request) {
  // The three others have no payload.
  if (request.type != msg::kReplayStep && request.length != 0) return refuse(request, MEHR_STATUS_BAD_REQUEST);
  if (relay::mode() == relay::Mode::kFatal) return refuse(request, relay::fatal_status());
  if (request.type == msg::kReplayStep) return replay_step(request);
  if (request.type == msg::kReplayOpen) return reply(request, replay::open());
  if (request.type == msg::kReplayClose) return reply(request, replay::close());
  uint8_t hash[32] = {};
  enum mehr_status status = replay::hash(hash);
  reply(request, status, hash, sizeof hash);
}

}  // namespace mehr::console
