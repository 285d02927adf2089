/* Rendered from core-as/assembly/abi.ts by `mehr generate`; edit that file instead. */
#ifndef MEHR_ABI_AOT_H
#define MEHR_ABI_AOT_H

#include "aot/relay.h"
#include "mehr_abi.h"
#include "mehr_aot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The module the translation was made from; defined in the file of the translation. */
extern const uint32_t MEHR_AOT_WASM_SIZE;
extern const uint8_t MEHR_AOT_WASM_SHA256[32];

/* What the shell's functions get as their `host`; set before the core is called. */
static void* mehr_aot_host;

/* `length` bytes at `offset` of the core's linear memory; ends in a trap if they do not lie inside. */
static inline uint8_t* mehr_aot_bytes(uint32_t offset, uint32_t length) {
  uint32_t size = 0;
  uint8_t* const memory = relay_memory(&size);
  if (length > size || offset > size - length) mehr_aot_trap(MEHR_AOT_TRAP_MEMORY);
  return memory + offset;
}

uint32_t relay_import_abi_entropy(uint32_t pointer, uint32_t length) {
  return (uint32_t)mehr_import_entropy(mehr_aot_host, mehr_aot_bytes(pointer, length), length);
}

uint32_t relay_import_abi_frame_send(uint32_t port, uint32_t pointer, uint32_t length, uint32_t flags) {
  return (uint32_t)mehr_import_frame_send(mehr_aot_host, port, mehr_aot_bytes(pointer, length), length, flags);
}

uint32_t relay_import_abi_record_put(uint32_t key, uint32_t pointer, uint32_t length) {
  return (uint32_t)mehr_import_record_put(mehr_aot_host, key, mehr_aot_bytes(pointer, length), length);
}

uint32_t relay_import_abi_record_get(uint32_t key, uint32_t pointer, uint32_t length) {
  return (uint32_t)mehr_import_record_get(mehr_aot_host, key, mehr_aot_bytes(pointer, length), length);
}

uint32_t relay_import_abi_record_delete(uint32_t key) {
  return (uint32_t)mehr_import_record_delete(mehr_aot_host, key);
}

void relay_import_abi_event(uint32_t kind, uint32_t pointer, uint32_t length) {
  mehr_import_event(mehr_aot_host, kind, mehr_aot_bytes(pointer, length), length);
}

/* Calls an export with its parameters in `arguments`, each the bits of its value, and returns those of its result. */
static inline uint64_t mehr_aot_call(enum mehr_export which, const uint64_t* arguments) {
  (void)arguments;
  switch (which) {
    case MEHR_EXPORT_ABI_VERSION:
      return relay_abi_version();
    case MEHR_EXPORT_BUFFER:
      return relay_buffer((uint32_t)arguments[0]);
    case MEHR_EXPORT_MEMORY_USED:
      return relay_memory_used();
    case MEHR_EXPORT_BOOT:
      return relay_boot(arguments[0], (uint32_t)arguments[1]);
    case MEHR_EXPORT_ON_FRAME:
      return relay_on_frame(arguments[0], (uint32_t)arguments[1], (uint32_t)arguments[2], (uint32_t)arguments[3], (uint32_t)arguments[4]);
    case MEHR_EXPORT_ON_TIMER:
      return relay_on_timer(arguments[0]);
    case MEHR_EXPORT_ON_COMMAND:
      return relay_on_command(arguments[0], (uint32_t)arguments[1]);
    case MEHR_EXPORT_CRYPTO:
      return relay_crypto((uint32_t)arguments[0], (uint32_t)arguments[1]);
    case MEHR_EXPORT_DEADLINE:
      return relay_deadline();
    case MEHR_EXPORT_STATE_HASH:
      return relay_state_hash();
    case MEHR_EXPORT_AIRTIME_US:
      return relay_airtime_us((uint32_t)arguments[0], (uint32_t)arguments[1], (uint32_t)arguments[2], (uint32_t)arguments[3], (uint32_t)arguments[4], (uint32_t)arguments[5]);
    default:
      return 0;
  }
}

#ifdef __cplusplus
}
#endif

#endif
