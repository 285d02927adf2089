#include "scripted_core.h"

#include <string.h>

#include "../../engine/instance.h"
#include "fake.h"

namespace fake {

Core core;

static void* s_host;
static uint8_t s_memory[4096];
constexpr uint32_t kIn = 16, kOut = kIn + MEHR_IN_SIZE;
static_assert(kOut + MEHR_OUT_SIZE <= sizeof s_memory);

int32_t frame_send(const std::string& frame, uint32_t flags) {
  std::string copy = frame;
  return mehr_import_frame_send(s_host, 0, reinterpret_cast<uint8_t*>(copy.data()),
                                static_cast<uint32_t>(copy.size()), flags);
}
int32_t entropy(std::string& out, uint32_t length) {
  out.assign(length, 0);
  return mehr_import_entropy(s_host, reinterpret_cast<uint8_t*>(out.data()), length);
}
int32_t record_put(uint32_t key, const std::string& value) {
  std::string copy = value;
  return mehr_import_record_put(s_host, key, reinterpret_cast<uint8_t*>(copy.data()), static_cast<uint32_t>(copy.size()));
}
int32_t record_get(uint32_t key, std::string& value) {
  value.assign(1024, 0);
  int32_t n = mehr_import_record_get(s_host, key, reinterpret_cast<uint8_t*>(value.data()), 1024);
  if (n >= 0) value.resize(static_cast<size_t>(n));
  return n;
}

}  // namespace fake

namespace mehr::engine {

const Kind kKind = Kind::kAot;
static bool s_loaded;

Core core() { return {}; }
enum mehr_status load(void* host) {
  fake::s_host = host;
  s_loaded = true;
  return MEHR_STATUS_OK;
}
void unload() { s_loaded = false; }
void forget() { s_loaded = false; }
void* handle() { return nullptr; }
uint8_t* memory(uint32_t offset, uint32_t length) {
  return s_loaded && offset + length <= sizeof fake::s_memory ? fake::s_memory + offset : nullptr;
}
const char* detail() { return ""; }
Stats stats() { return {}; }

}  // namespace mehr::engine

uint32_t mehr_engine_call(void*, enum mehr_export which, const uint64_t* arguments, uint64_t* result) {
  if (!mehr::engine::s_loaded) return MEHR_STATUS_NOT_BOOTED;
  mehr::engine::Watched watched;
  *result = 0;
  switch (which) {
    case MEHR_EXPORT_BUFFER:
      *result = arguments[0] == MEHR_BUFFER_IN ? fake::kIn : fake::kOut;
      break;
    case MEHR_EXPORT_BOOT: {
      fake::core.boots++;
      fake::log("core boot");
      std::string seed;
      if (fake::entropy(seed, 32) != MEHR_STATUS_OK) *result = MEHR_STATUS_NO_ENTROPY;
      break;
    }
    case MEHR_EXPORT_ON_FRAME:
      fake::core.frames.emplace_back(reinterpret_cast<char*>(fake::s_memory + fake::kIn), arguments[2]);
      fake::core.on_frame();
      break;
    case MEHR_EXPORT_ON_TIMER:
      fake::core.timers++;
      fake::core.deadline_ms = UINT64_MAX;
      fake::core.on_timer();
      break;
    case MEHR_EXPORT_DEADLINE:
      *result = fake::core.deadline_ms;
      break;
    default:
      break;
  }
  return MEHR_STATUS_OK;
}
