#include "core.h"

#include <string.h>

#include "engine.h"
#include "wipe.h"

namespace mehr::core {

static uint32_t s_in, s_out;  // addresses in linear memory, asked once per instance
static Outputs s_outputs;

Outputs& outputs() { return s_outputs; }

static enum mehr_status status_of(uint32_t engine_status, int32_t core_status) {
  return static_cast<enum mehr_status>(engine_status != MEHR_STATUS_OK ? engine_status
                                                                       : static_cast<uint32_t>(core_status));
}

// The core says where its buffers are; whether they lie inside memory is checked at each use.
static bool fill(const uint8_t* bytes, size_t length) {
  if (length > MEHR_IN_SIZE) return false;
  uint8_t* in = engine::memory(s_in, static_cast<uint32_t>(length));
  if (!in) return false;
  if (length > 0) memcpy(in, bytes, length);
  return true;
}

enum mehr_status start(const CoreHost& host) {
  enum mehr_status status = engine::load(const_cast<void*>(static_cast<const void*>(&host)));
  if (status != MEHR_STATUS_OK) return status;
  uint32_t result = mehr_core_buffer(engine::handle(), &s_in, MEHR_BUFFER_IN);
  if (result == MEHR_STATUS_OK) result = mehr_core_buffer(engine::handle(), &s_out, MEHR_BUFFER_OUT);
  if (result != MEHR_STATUS_OK) return static_cast<enum mehr_status>(result);
  bool inside = s_in != 0 && s_out != 0 && engine::memory(s_in, MEHR_IN_SIZE) && engine::memory(s_out, MEHR_OUT_SIZE);
  return inside ? MEHR_STATUS_OK : MEHR_STATUS_BAD_MODULE;
}

void stop() { engine::unload(); }

// In each of these the call is a statement of its own: as one argument next to `result` it might be evaluated second.
enum mehr_status boot(uint64_t now_ms, const uint8_t* config, size_t length) {
  if (!fill(config, length)) return MEHR_STATUS_LONG;
  int32_t result = 0;
  uint32_t call = mehr_core_boot(engine::handle(), &result, now_ms, static_cast<uint32_t>(length));
  return status_of(call, result);
}

enum mehr_status on_frame(uint64_t now_ms, uint32_t port, const uint8_t* frame, size_t length, int16_t rssi_dbm,
                          int16_t snr_qdb) {
  if (!fill(frame, length)) return MEHR_STATUS_LONG;
  int32_t result = 0;
  uint32_t call =
      mehr_core_on_frame(engine::handle(), &result, now_ms, port, static_cast<uint32_t>(length), rssi_dbm, snr_qdb);
  return status_of(call, result);
}

enum mehr_status on_timer(uint64_t now_ms) {
  int32_t result = 0;
  uint32_t call = mehr_core_on_timer(engine::handle(), &result, now_ms);
  return status_of(call, result);
}

enum mehr_status on_command(uint64_t now_ms, const uint8_t* command, size_t length) {
  if (!fill(command, length)) return MEHR_STATUS_LONG;
  int32_t result = 0;
  uint32_t call = mehr_core_on_command(engine::handle(), &result, now_ms, static_cast<uint32_t>(length));
  return status_of(call, result);
}

enum mehr_status deadline(uint64_t& at_ms) {
  return static_cast<enum mehr_status>(mehr_core_deadline(engine::handle(), &at_ms));
}

enum mehr_status state_hash(uint8_t hash[32]) {
  int32_t result = 0;
  uint32_t call = mehr_core_state_hash(engine::handle(), &result);
  enum mehr_status status = status_of(call, result);
  if (status != MEHR_STATUS_OK) return status;
  const uint8_t* out = engine::memory(s_out, 32);
  if (!out) return MEHR_STATUS_BAD_MODULE;
  memcpy(hash, out, 32);
  return MEHR_STATUS_OK;
}

enum mehr_status crypto(uint32_t primitive, const uint8_t* input, size_t length, const uint8_t*& out,
                        size_t& out_length) {
  out = nullptr;
  out_length = 0;
  if (!fill(input, length)) return MEHR_STATUS_LONG;
  int32_t result = 0;
  uint32_t call = mehr_core_crypto(engine::handle(), &result, primitive, static_cast<uint32_t>(length));
  if (call != MEHR_STATUS_OK) return static_cast<enum mehr_status>(call);
  if (result < 0) return static_cast<enum mehr_status>(0u - static_cast<uint32_t>(result));
  uint32_t size = static_cast<uint32_t>(result);
  out = size <= MEHR_OUT_SIZE ? engine::memory(s_out, size) : nullptr;
  if (!out) return MEHR_STATUS_BAD_MODULE;
  out_length = size;
  return MEHR_STATUS_OK;
}

void wipe() {
  if (uint8_t* in = engine::memory(s_in, MEHR_IN_SIZE)) mehr::wipe(in, MEHR_IN_SIZE);
  if (uint8_t* out = engine::memory(s_out, MEHR_OUT_SIZE)) mehr::wipe(out, MEHR_OUT_SIZE);
}

}  // namespace mehr::core

// The imports (mehr_abi.h). Pointers have been checked against linear memory on the engine's side.

static const mehr::CoreHost& host_of(void* host) { return *static_cast<const mehr::CoreHost*>(host); }

int32_t mehr_import_entropy(void* host, uint8_t* pointer, uint32_t length) {
  return host_of(host).entropy(pointer, length);
}
int32_t mehr_import_frame_send(void* host, uint32_t port, uint8_t* pointer, uint32_t length, uint32_t flags) {
  return host_of(host).frame_send(port, pointer, length, flags);
}
int32_t mehr_import_record_put(void* host, uint32_t key, uint8_t* pointer, uint32_t length) {
  return host_of(host).record_put(key, pointer, length);
}
int32_t mehr_import_record_get(void* host, uint32_t key, uint8_t* pointer, uint32_t length) {
  return host_of(host).record_get(key, pointer, length);
}
int32_t mehr_import_record_delete(void* host, uint32_t key) { return host_of(host).record_delete(key); }
void mehr_import_event(void* host, uint32_t kind, uint8_t* pointer, uint32_t length) {
  host_of(host).event(kind, pointer, length);
}
