#include "hmac_sha256.h"

#include <string.h>

#include "wipe.h"

namespace mehr {

HmacSha256::HmacSha256(const uint8_t* key, size_t length) : pad_{} {
  if (length > sizeof pad_) {
    sha256(key, length, pad_);
  } else if (length > 0) {
    memcpy(pad_, key, length);
  }
  for (uint8_t& byte : pad_) byte ^= 0x36;
  inner_.update(pad_, sizeof pad_);
  for (uint8_t& byte : pad_) byte ^= 0x36 ^ 0x5c;
}

HmacSha256::~HmacSha256() {
  wipe(&inner_, sizeof inner_);
  wipe(pad_, sizeof pad_);
}

void HmacSha256::finish(uint8_t mac[32]) {
  inner_.finish(mac);
  Sha256 outer;
  outer.update(pad_, sizeof pad_);
  outer.update(mac, 32);
  outer.finish(mac);
  wipe(&outer, sizeof outer);
}

}  // namespace mehr
