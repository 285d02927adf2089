// Overwrites what was secret. Through a volatile pointer, so that the compiler cannot leave out a write to memory that
// nobody reads afterwards.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

inline void wipe(void* bytes, size_t length) {
  volatile uint8_t* p = static_cast<volatile uint8_t*>(bytes);
  while (length-- > 0) *p++ = 0;
}

/// True when both are the same; takes as long whatever they hold.
inline bool same_bytes(const uint8_t* a, const uint8_t* b, size_t length) {
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < length; i++) difference = static_cast<uint8_t>(difference | (a[i] ^ b[i]));
  return difference == 0;
}

/// A secret in RAM that is gone with its scope.
template <size_t Length>
struct Secret {
  uint8_t bytes[Length] = {};
  Secret() = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret() { wipe(bytes, sizeof bytes); }
};

}  // namespace mehr
