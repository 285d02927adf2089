#include "inbox.h"

#include <string.h>

#include "bytes.h"
#include "wipe.h"

namespace mehr::inbox {

static uint8_t s_bytes[kBytes];
static size_t s_used;
static size_t s_count;
static uint32_t s_latest;

static size_t size_of(size_t offset) { return kHeader + s_bytes[offset + kHeader - 1]; }

static void drop_oldest() {
  size_t size = size_of(0);
  memmove(s_bytes, s_bytes + size, s_used - size);
  s_used -= size;
  s_count--;
}

void keep(uint64_t received_ms, uint64_t unix_ms, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t destination[16],
          uint8_t context, uint8_t sub_type, const uint8_t* data, size_t length) {
  size_t kept = length > kDataMax ? kDataMax : length;
  while (s_used + kHeader + kept > kBytes) drop_oldest();
  uint8_t* p = s_bytes + s_used;
  store_u32(p, ++s_latest);
  store_u64(p + 4, received_ms);
  store_u64(p + 12, unix_ms);
  store_u16(p + 20, static_cast<uint16_t>(rssi_dbm));
  store_u16(p + 22, static_cast<uint16_t>(snr_qdb));
  memcpy(p + 24, destination, 16);
  p[40] = context;
  p[41] = sub_type;
  p[42] = length > kept ? 1 : 0;
  p[43] = static_cast<uint8_t>(kept);
  if (kept > 0) memcpy(p + kHeader, data, kept);
  s_used += kHeader + kept;
  s_count++;
}

uint32_t latest() { return s_latest; }
size_t count() { return s_count; }

size_t list(uint32_t after, size_t most, const uint8_t*& bytes, size_t& length) {
  size_t offset = 0;
  while (offset < s_used && load_u32(s_bytes + offset) <= after) offset += size_of(offset);
  bytes = s_bytes + offset;
  size_t n = 0;
  size_t end = offset;
  while (end < s_used && n < most) end += size_of(end), n++;
  length = end - offset;
  return n;
}

void clear() {
  wipe(s_bytes, sizeof s_bytes);
  s_used = s_count = 0;
}

}  // namespace mehr::inbox
