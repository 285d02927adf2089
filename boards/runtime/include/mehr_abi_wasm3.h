/* Rendered from core-as/assembly/abi.ts by `mehr generate`; edit that file instead. */
#ifndef MEHR_ABI_WASM3_H
#define MEHR_ABI_WASM3_H

#include "mehr_abi.h"
#include "wasm3.h"

/* True if `length` bytes at `offset` lie inside the module's linear memory. */
static inline bool mehr_wasm3_inside(IM3Runtime runtime, uint32_t offset, uint32_t length) {
  const uint32_t size = m3_GetMemorySize(runtime);
  return length <= size && offset <= size - length;
}

static m3ApiRawFunction(mehr_wasm3_entropy) {
  m3ApiReturnType(int32_t)
  m3ApiGetArg(uint32_t, pointer)
  m3ApiGetArg(uint32_t, length)
  if (!mehr_wasm3_inside(runtime, pointer, length)) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);
  m3ApiReturn(mehr_import_entropy(_ctx->userdata, (uint8_t*)_mem + pointer, length));
}

static m3ApiRawFunction(mehr_wasm3_frame_send) {
  m3ApiReturnType(int32_t)
  m3ApiGetArg(uint32_t, port)
  m3ApiGetArg(uint32_t, pointer)
  m3ApiGetArg(uint32_t, length)
  m3ApiGetArg(uint32_t, flags)
  if (!mehr_wasm3_inside(runtime, pointer, length)) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);
  m3ApiReturn(mehr_import_frame_send(_ctx->userdata, port, (uint8_t*)_mem + pointer, length, flags));
}

static m3ApiRawFunction(mehr_wasm3_record_put) {
  m3ApiReturnType(int32_t)
  m3ApiGetArg(uint32_t, key)
  m3ApiGetArg(uint32_t, pointer)
  m3ApiGetArg(uint32_t, length)
  if (!mehr_wasm3_inside(runtime, pointer, length)) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);
  m3ApiReturn(mehr_import_record_put(_ctx->userdata, key, (uint8_t*)_mem + pointer, length));
}

static m3ApiRawFunction(mehr_wasm3_record_get) {
  m3ApiReturnType(int32_t)
  m3ApiGetArg(uint32_t, key)
  m3ApiGetArg(uint32_t, pointer)
  m3ApiGetArg(uint32_t, length)
  if (!mehr_wasm3_inside(runtime, pointer, length)) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);
  m3ApiReturn(mehr_import_record_get(_ctx->userdata, key, (uint8_t*)_mem + pointer, length));
}

static m3ApiRawFunction(mehr_wasm3_record_delete) {
  m3ApiReturnType(int32_t)
  m3ApiGetArg(uint32_t, key)
  (void)runtime;
  (void)_mem;
  m3ApiReturn(mehr_import_record_delete(_ctx->userdata, key));
}

static m3ApiRawFunction(mehr_wasm3_event) {
  m3ApiGetArg(uint32_t, kind)
  m3ApiGetArg(uint32_t, pointer)
  m3ApiGetArg(uint32_t, length)
  if (!mehr_wasm3_inside(runtime, pointer, length)) m3ApiTrap(m3Err_trapOutOfBoundsMemoryAccess);
  mehr_import_event(_ctx->userdata, kind, (uint8_t*)_mem + pointer, length);
  m3ApiSuccess();
}

/* Link with m3_LinkRawFunctionEx; the last argument of that call is the `host` the shell's functions get. */
struct mehr_wasm3_import { const char* name; const char* signature; M3RawCall call; };

#define MEHR_WASM3_IMPORT_MODULE "abi"
#define MEHR_WASM3_IMPORT_COUNT 6

static const struct mehr_wasm3_import mehr_wasm3_imports[MEHR_WASM3_IMPORT_COUNT] = {
  {"entropy", "i(ii)", mehr_wasm3_entropy},
  {"frame_send", "i(iiii)", mehr_wasm3_frame_send},
  {"record_put", "i(iii)", mehr_wasm3_record_put},
  {"record_get", "i(iii)", mehr_wasm3_record_get},
  {"record_delete", "i(i)", mehr_wasm3_record_delete},
  {"event", "v(iii)", mehr_wasm3_event},
};

#endif
