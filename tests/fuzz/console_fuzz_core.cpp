// What stands for core and engine while the console is fuzzed: the same calls and the same rules at the boundary, with a
// hash where there would be a curve. Frames and commands say what it is to do, a trap included.
#include "console_fuzz.h"

#include <assert.h>
#include <string.h>

#include "bytes.h"
#include "core.h"
#include "engine.h"
#include "sha256.h"
#include "wipe.h"

using namespace mehr;

static struct {
  const CoreHost* host;
  bool loaded, booted;
  uint8_t in[MEHR_IN_SIZE], out[MEHR_OUT_SIZE];
} g_core;

void fuzz_core_reset() { memset(&g_core, 0, sizeof g_core); }

namespace mehr::engine {
const Kind kKind = Kind::kAot;
Core core() { return {36000, {1, 2, 3}}; }
void unload() { fuzz_core_reset(); }
void forget() { fuzz_core_reset(); }
const char* detail() { return "words of the engine, \x01 and an end"; }
Stats stats() { return {}; }
}  // namespace mehr::engine

namespace mehr::core {

static Outputs s_outputs;
Outputs& outputs() { return s_outputs; }

enum mehr_status start(const CoreHost& host) {
  assert(!g_core.loaded);
  g_core.loaded = true;
  g_core.host = &host;
  return MEHR_STATUS_OK;
}
void stop() { engine::unload(); }

enum mehr_status boot(uint64_t, const uint8_t* config, size_t length) {
  assert(g_core.loaded);
  if (length < 32 || config[0] != 3) return MEHR_STATUS_BAD_CONFIG;
  uint8_t seed[32], address[32];
  int32_t got = g_core.host->record_get(MEHR_RECORD_KEY_IDENTITY, seed, sizeof seed);
  if (got < 0) {
    if (g_core.host->entropy(seed, sizeof seed) != MEHR_STATUS_OK) return MEHR_STATUS_NO_ENTROPY;
    if (g_core.host->record_put(MEHR_RECORD_KEY_IDENTITY, seed, sizeof seed) != MEHR_STATUS_OK) {
      return MEHR_STATUS_RECORD_FAILED;
    }
  }
  sha256(seed, sizeof seed, address);
  g_core.booted = true;
  g_core.host->event(MEHR_EVENT_BOOTED, address, 16);
  return MEHR_STATUS_OK;
}

enum mehr_status on_frame(uint64_t, uint32_t, const uint8_t* frame, size_t length, int16_t, int16_t) {
  assert(g_core.loaded);
  if (length < 20) return MEHR_STATUS_SHORT;
  if (frame[0] == 0xee) return MEHR_STATUS_TRAP;
  uint8_t kind = frame[0] % 3 == 0 ? MEHR_EVENT_PACKET : MEHR_EVENT_MESSAGE;
  g_core.host->event(kind, frame + 1, static_cast<uint32_t>(length - 1));
  return MEHR_STATUS_OK;
}
enum mehr_status on_timer(uint64_t) { return MEHR_STATUS_OK; }
enum mehr_status on_command(uint64_t, const uint8_t* command, size_t length) {
  assert(g_core.loaded);
  if (!g_core.booted) return MEHR_STATUS_NOT_BOOTED;
  if (length == 0 || length > MEHR_IN_SIZE) return MEHR_STATUS_BAD_COMMAND;
  if (command[0] == MEHR_COMMAND_TRUST && length >= 17) {
    g_core.host->record_put(MEHR_RECORD_KEY_TRUSTED, command + 1, 16);
  }
  if (command[0] > 30) return MEHR_STATUS_BAD_COMMAND;
  g_core.host->event(MEHR_EVENT_REPLY, command, static_cast<uint32_t>(length));
  return MEHR_STATUS_OK;
}
enum mehr_status deadline(uint64_t& at_ms) {
  at_ms = UINT64_MAX;
  return MEHR_STATUS_OK;
}
enum mehr_status state_hash(uint8_t hash[32]) {
  memset(hash, 5, 32);
  return MEHR_STATUS_OK;
}

// Lengths as in abi.ts, a replay may give any; a shared secret must be the same from both sides, so a public key is its secret.
enum mehr_status crypto(uint32_t primitive, const uint8_t* input, size_t length, const uint8_t*& out,
                        size_t& out_length) {
  assert(g_core.loaded && length <= MEHR_IN_SIZE);
  memmove(g_core.in, input, length);
  out = g_core.out;
  const uint8_t* in = g_core.in;
  switch (primitive) {
    case MEHR_PRIMITIVE_BLAKE2B:
      if (length < 1 || in[0] != 32) return MEHR_STATUS_BAD_FIELD;
      sha256(in, length, g_core.out);
      out_length = 32;
      return MEHR_STATUS_OK;
    case MEHR_PRIMITIVE_X25519:
      if (length != 64) return MEHR_STATUS_SHORT;
      if (in[32] == 0) return MEHR_STATUS_SMALL_ORDER;
      for (int i = 0; i < 32; i++) g_core.out[i] = in[i] ^ in[32 + i];
      out_length = 32;
      return MEHR_STATUS_OK;
    case MEHR_PRIMITIVE_X25519_PUBLIC_KEY:
    case MEHR_PRIMITIVE_ED25519_PUBLIC_KEY:
      if (length != 32) return MEHR_STATUS_SHORT;
      memcpy(g_core.out, in, 32);
      out_length = 32;
      return MEHR_STATUS_OK;
    case MEHR_PRIMITIVE_ED25519_SIGN:
      if (length < 64) return MEHR_STATUS_SHORT;
      memset(g_core.out, 9, 64);
      out_length = 64;
      return MEHR_STATUS_OK;
    case MEHR_PRIMITIVE_SEAL:
      if (length < 46 || length - 46 + 16 > MEHR_OUT_SIZE) return MEHR_STATUS_SHORT;
      out_length = length - 46 + 16;
      for (size_t i = 46; i < length; i++) g_core.out[i - 46] = in[i] ^ in[0];
      memset(g_core.out + length - 46, in[1], 16);
      return MEHR_STATUS_OK;
    case MEHR_PRIMITIVE_OPEN:
      if (length < 62) return MEHR_STATUS_SHORT;
      if (in[length - 1] != in[1]) return MEHR_STATUS_BAD_TAG;
      out_length = length - 62;
      for (size_t i = 0; i < out_length; i++) g_core.out[i] = in[46 + i] ^ in[0];
      return MEHR_STATUS_OK;
    default:
      return MEHR_STATUS_BAD_FIELD;
  }
}

void wipe() {
  assert(g_core.loaded);
  mehr::wipe(g_core.in, sizeof g_core.in);
  mehr::wipe(g_core.out, sizeof g_core.out);
}

}  // namespace mehr::core
