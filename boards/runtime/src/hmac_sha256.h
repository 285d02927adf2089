// HMAC-SHA-256 (RFC 2104, FIPS 198-1): what proves over the console that a request comes from who has the PIN.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "sha256.h"

namespace mehr {

class HmacSha256 {
 public:
  /// A key of any length; one longer than a block of 64 bytes is hashed first (RFC 2104 section 2).
  HmacSha256(const uint8_t* key, size_t length);
  /// Wipes what was made from the key.
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;

  void update(const void* bytes, size_t length) { inner_.update(bytes, length); }
  /// Writes the 32-byte code; the object is spent afterwards.
  void finish(uint8_t mac[32]);

 private:
  Sha256 inner_;
  uint8_t pad_[64];  // the key, filled up with zeros, XOR 0x5c
};

}  // namespace mehr
