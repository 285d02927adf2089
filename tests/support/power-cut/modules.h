// relay.wasm translated to C (toolchain/aot), twice in this program: two instances, each with a host of its own.
#pragma once
#include <stdint.h>

namespace power_cut {

/// What the core's imports do (core-as/assembly/abi.ts); pointers have been checked against linear memory.
class Host {
 public:
  virtual int32_t entropy(uint8_t* out, uint32_t length) = 0;
  virtual int32_t frame_send(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags) = 0;
  virtual int32_t record_put(uint32_t key, const uint8_t* bytes, uint32_t length) = 0;
  virtual int32_t record_get(uint32_t key, uint8_t* out, uint32_t capacity) = 0;
  virtual int32_t record_delete(uint32_t key) = 0;
  virtual void event(uint32_t kind, const uint8_t* bytes, uint32_t length) = 0;

 protected:
  ~Host() = default;
};

/// One instance: its exports, and where its host is set.
struct Module {
  Host*& host;
  void (*instantiate)();
  uint8_t* (*memory)(uint32_t* bytes);
  uint32_t (*buffer)(uint32_t id);
  uint32_t (*boot)(uint64_t now_ms, uint32_t length);
  uint32_t (*on_frame)(uint64_t now_ms, uint32_t port, uint32_t length, uint32_t rssi_dbm, uint32_t snr_qdb);
  uint32_t (*on_timer)(uint64_t now_ms);
  uint32_t (*on_command)(uint64_t now_ms, uint32_t length);
  uint64_t (*deadline)();
  uint64_t (*airtime_us)(uint32_t sf, uint32_t bandwidth_hz, uint32_t coding_rate, uint32_t preamble, uint32_t length,
                         uint32_t flags);
};

extern const Module kSubject, kPeer;

}  // namespace power_cut
