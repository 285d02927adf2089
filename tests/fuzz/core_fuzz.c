// Coverage-guided fuzzing of the whole core: libFuzzer drives the C made of it (tests/support/core-fuzz.ts), with
// sanitizers, and every branch of the core is a branch it sees.
//
// An input is a list of steps: kind u8, length u8, that many bytes (times 2 for packets). What must hold: no trap, no
// sanitizer report, and a frame or packet that is refused leaves what the node knows as it was.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "mehr_aot.h"

enum step { kFrame, kPacket, kCommand, kTime, kWired, kAnnounce, kBox, kSteps };

#define OK 0
#define RECORD_MISSING 21
#define RECORD_FAILED 23
#define INCOMPLETE 49
#define RECORDS 12
#define RECORD_BYTES 256
#define STEPS_MAX 64
#define kStatusCommand 1

static uint64_t s_random;
static struct {
  uint32_t key, length;
  uint8_t bytes[RECORD_BYTES];
} s_records[RECORDS];

_Noreturn void mehr_aot_trap(enum mehr_aot_trap trap) {
  fprintf(stderr, "%s\n", mehr_aot_trap_text(trap));
  abort();
}

size_t mehr_aot_stack_left(void) { return 1u << 20; }

static uint8_t *memory_at(uint32_t pointer, uint32_t length) {
  uint32_t bytes;
  uint8_t *memory = fuzz_memory(&bytes);
  if (pointer > bytes || length > bytes - pointer) abort();
  return memory + pointer;
}

uint32_t fuzz_import_abi_entropy(uint32_t pointer, uint32_t length) {
  uint8_t *p = memory_at(pointer, length);
  for (uint32_t i = 0; i < length; i++) {
    s_random ^= s_random << 13, s_random ^= s_random >> 7, s_random ^= s_random << 17;
    p[i] = (uint8_t)(s_random >> 24);
  }
  return OK;
}

uint32_t fuzz_import_abi_frame_send(uint32_t port, uint32_t pointer, uint32_t length, uint32_t flags) {
  memory_at(pointer, length);
  if (length == 0 || length > 1600 || flags > 1 || port > 3 || (port == 0 && length > 255)) abort();
  return OK;
}

static int find_record(uint32_t key) {
  for (int i = 0; i < RECORDS; i++) {
    if (s_records[i].key == key) return i;
  }
  return -1;
}

uint32_t fuzz_import_abi_record_put(uint32_t key, uint32_t pointer, uint32_t length) {
  const uint8_t *p = memory_at(pointer, length);
  int at = find_record(key);
  if (at < 0) at = find_record(0);
  if (at < 0 || length > RECORD_BYTES) return RECORD_FAILED;
  s_records[at].key = key;
  s_records[at].length = length;
  memcpy(s_records[at].bytes, p, length);
  return OK;
}

uint32_t fuzz_import_abi_record_get(uint32_t key, uint32_t pointer, uint32_t length) {
  uint8_t *p = memory_at(pointer, length);
  int at = find_record(key);
  if (at < 0) return (uint32_t)-RECORD_MISSING;
  memcpy(p, s_records[at].bytes, length < s_records[at].length ? length : s_records[at].length);
  return s_records[at].length;
}

uint32_t fuzz_import_abi_record_delete(uint32_t key) {
  int at = find_record(key);
  if (at >= 0) s_records[at].key = 0;
  return OK;
}

void fuzz_import_abi_event(uint32_t kind, uint32_t pointer, uint32_t length) {
  memory_at(pointer, length);
  if (kind == 0 || length > 2048) abort();
}

static uint8_t s_booted[1 << 16];
static uint32_t s_booted_bytes;

// A node that is up, has three links (two on the radio, one wired), trusts one of the peers and has a route to a
// destination behind each: made once, put back for every input.
static void set_up(void) {
  uint8_t *memory = fuzz_memory(&s_booted_bytes);
  static const uint8_t config[] = {3,    1, 1, 0, 0, 8,    5, 14, 18, 0, 0x12, 0, 0xc8, 0xc3, 0xd3, 0x33, 0x48, 0xe8,
                                   1,    0, 0, 0, 0, 0,    100, 0, 1, 0, 0,    0, 0, 0, 0x40, 0x42, 0x0f, 0, 0xe4, 1, 0, 0};
  s_random = 0x9e3779b97f4a7c15u;
  fuzz_instantiate();
  memory = fuzz_memory(&s_booted_bytes);
  memcpy(memory + fuzz_buffer(0), config, sizeof config);
  if (fuzz_boot(1000, sizeof config) != OK || fuzz_prepare(1000) != OK) abort();
  if (s_booted_bytes > sizeof s_booted) abort();
  memcpy(s_booted, memory, s_booted_bytes);
}

static void digest(uint8_t out[32]) {
  fuzz_digest();
  memcpy(out, memory_at(fuzz_buffer(1), 32), 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int ready;
  if (!ready) {
    memset(s_records, 0, sizeof s_records);
    set_up();
    ready = 1;
  }
  uint32_t bytes;
  memcpy(fuzz_memory(&bytes), s_booted, s_booted_bytes);
  s_random = 88172645463325252u;
  uint64_t now = 2000;
  uint8_t before[32], after[32];
  for (int steps = 0; size >= 2 && steps < STEPS_MAX; steps++) {
    uint32_t kind = data[0] % kSteps, link = data[0] / kSteps % 3;
    size_t length = data[1];
    if (kind == kPacket || kind == kAnnounce || kind == kBox || kind == kWired) length *= 2;
    data += 2, size -= 2;
    if (length > size) length = size;
    if (kind == kTime) {
      for (size_t i = 0; i < length && i < 8; i++) {
        now += (uint64_t)data[i] << (i < 4 ? 4 : 12);
        fuzz_on_timer(now);
      }
    } else {
      // What the time alone brings about comes first, by a command that changes nothing else.
      *memory_at(fuzz_buffer(0), 1) = kStatusCommand;
      fuzz_on_command(now, 1);
      memcpy(memory_at(fuzz_buffer(0), 1536), data, length);
      digest(before);
      uint32_t status = OK;
      switch (kind) {
        case kFrame: status = fuzz_on_frame(now, 0, (uint32_t)length, (uint32_t)-80, 40); break;
        case kWired: status = fuzz_on_frame(now, 1, (uint32_t)length, 0, 0); break;
        case kPacket: status = fuzz_packet(link, (uint32_t)length, now); break;
        case kAnnounce: status = fuzz_announce(link, (uint32_t)length, now); break;
        case kBox: status = fuzz_box(link, (uint32_t)length, now); break;
        case kCommand: status = fuzz_on_command(now, (uint32_t)length); break;
      }
      digest(after);
      if (status != OK && status != INCOMPLETE && memcmp(before, after, sizeof before) != 0) {
        fprintf(stderr, "step %d, kind %u: refused with %u, and yet something changed\n", steps, kind, status);
        abort();
      }
      now += 7;
      if (fuzz_deadline() <= now) fuzz_on_timer(now);
    }
    data += length, size -= length;
  }
  fuzz_deadline();
  return 0;
}
