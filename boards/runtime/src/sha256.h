// SHA-256 (FIPS 180-4 section 6.2): the board hashes the wasm bytes it really runs and says so in IDENTIFY.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

class Sha256 {
 public:
  Sha256();
  void update(const void* bytes, size_t length);
  /// Writes the 32-byte digest; the object is spent afterwards.
  void finish(uint8_t digest[32]);

 private:
  void block(const uint8_t* bytes);
  uint32_t state_[8];
  uint64_t length_;
  uint8_t buffer_[64];
  size_t held_;
};

/// Digest of one whole buffer.
void sha256(const void* bytes, size_t length, uint8_t digest[32]);

}  // namespace mehr
