#include "modules.h"

#include <stddef.h>

#include "peer.h"
#include "stop.h"
#include "subject.h"

namespace power_cut {

static Host* s_subject;
static Host* s_peer;

static uint8_t* inside(uint8_t* (*memory)(uint32_t*), uint32_t offset, uint32_t length) {
  uint32_t size = 0;
  uint8_t* base = memory(&size);
  if (length > size || offset > size - length) stop("the core gave %u bytes at %u of %u", length, offset, size);
  return base + offset;
}

}  // namespace power_cut

// An import that the core does not use has no declaration in its header.
#define IMPORTS(name)                                                                                               \
  extern "C" {                                                                                                      \
  uint32_t name##_import_abi_entropy(uint32_t p, uint32_t n) {                                                      \
    return static_cast<uint32_t>(s_##name->entropy(inside(name##_memory, p, n), n));                                \
  }                                                                                                                 \
  uint32_t name##_import_abi_frame_send(uint32_t port, uint32_t p, uint32_t n, uint32_t flags) {                    \
    return static_cast<uint32_t>(s_##name->frame_send(port, inside(name##_memory, p, n), n, flags));                \
  }                                                                                                                 \
  uint32_t name##_import_abi_record_put(uint32_t key, uint32_t p, uint32_t n) {                                     \
    return static_cast<uint32_t>(s_##name->record_put(key, inside(name##_memory, p, n), n));                        \
  }                                                                                                                 \
  uint32_t name##_import_abi_record_get(uint32_t key, uint32_t p, uint32_t n) {                                     \
    return static_cast<uint32_t>(s_##name->record_get(key, inside(name##_memory, p, n), n));                        \
  }                                                                                                                 \
  uint32_t name##_import_abi_record_delete(uint32_t key) {                                                          \
    return static_cast<uint32_t>(s_##name->record_delete(key));                                                     \
  }                                                                                                                 \
  void name##_import_abi_event(uint32_t kind, uint32_t p, uint32_t n) {                                             \
    s_##name->event(kind, inside(name##_memory, p, n), n);                                                          \
  }                                                                                                                 \
  }

#define MODULE(name)                                                                                          \
  {s_##name,        name##_instantiate, name##_memory,     name##_buffer,   name##_boot,                      \
   name##_on_frame, name##_on_timer,    name##_on_command, name##_deadline, name##_airtime_us}

namespace power_cut {

IMPORTS(subject)
IMPORTS(peer)

const Module kSubject = MODULE(subject);
const Module kPeer = MODULE(peer);

}  // namespace power_cut

// No input, and no flash, may make the core trap.
void mehr_aot_trap(enum mehr_aot_trap trap) { power_cut::stop("the core trapped: %s", mehr_aot_trap_text(trap)); }
size_t mehr_aot_stack_left() { return 1u << 20; }
