// The protocol core as the shell calls it: bytes go into the In buffer, a Status comes back. Which host it talks to
// (the live relay or a replay) is chosen when it starts.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"
#include "outputs.h"

namespace mehr {

/// Interface 0. A board has no other.
constexpr uint32_t kRadioPort = 0;

/// What the core's imports do. A table of functions rather than virtual ones: those need the C++ support library.
/// Results as in mehr_abi.h.
struct CoreHost {
  int32_t (*entropy)(uint8_t* out, uint32_t length);
  int32_t (*frame_send)(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags);
  int32_t (*record_put)(uint32_t key, const uint8_t* bytes, uint32_t length);
  int32_t (*record_get)(uint32_t key, uint8_t* out, uint32_t capacity);
  int32_t (*record_delete)(uint32_t key);
  void (*event)(uint32_t kind, const uint8_t* bytes, uint32_t length);
};

namespace core {

/// Loads a fresh instance. On failure the engine's detail() says more.
enum mehr_status start(const CoreHost& host);
void stop();

// Each call returns the core's own Status, or an engine Status (100 and up) after which the instance is spent.
enum mehr_status boot(uint64_t now_ms, const uint8_t* config, size_t length);
enum mehr_status on_frame(uint64_t now_ms, uint32_t port, const uint8_t* frame, size_t length, int16_t rssi_dbm,
                          int16_t snr_qdb);
enum mehr_status on_timer(uint64_t now_ms);
enum mehr_status on_command(uint64_t now_ms, const uint8_t* command, size_t length);
enum mehr_status deadline(uint64_t& at_ms);
enum mehr_status state_hash(uint8_t hash[32]);
/// Runs a primitive (MEHR_PRIMITIVE_...). The result at `out` lies in linear memory: it lasts until the next call.
enum mehr_status crypto(uint32_t primitive, const uint8_t* input, size_t length, const uint8_t*& out,
                        size_t& out_length);

/// Overwrites the In and Out buffers, where the inputs and the result of a primitive lie until then.
void wipe();

/// What the core did, collected by the host it talks to. There is one instance at a time, so there is one list.
Outputs& outputs();

/// True for a Status that means the instance cannot be used any more.
inline bool broken(enum mehr_status status) {
  return status >= MEHR_STATUS_ENGINE_MEMORY && status <= MEHR_STATUS_TRAP;
}

}  // namespace core
}  // namespace mehr
