// HMAC-SHA-256 against the test cases of RFC 4231 section 4.
#include <string.h>

#include "check.h"
#include "hmac_sha256.h"
#include "wipe.h"

using namespace mehr;

static bool gives(const char* key, size_t key_length, const char* data, size_t length, const char* hex) {
  // In two pieces, so that the seam is tested too.
  HmacSha256 hmac(reinterpret_cast<const uint8_t*>(key), key_length);
  hmac.update(data, length / 3);
  hmac.update(data + length / 3, length - length / 3);
  uint8_t mac[32];
  hmac.finish(mac);
  char text[65];
  for (int i = 0; i < 32; i++) snprintf(text + 2 * i, 3, "%02x", mac[i]);
  return strcmp(text, hex) == 0;
}

void test_hmac() {
  char key[131], data[50];
  memset(key, 0x0b, sizeof key);
  CHECK(gives(key, 20, "Hi There", 8, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  CHECK(gives("Jefe", 4, "what do ya want for nothing?", 28,
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  memset(key, 0xaa, sizeof key);
  memset(data, 0xdd, sizeof data);
  CHECK(gives(key, 20, data, 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"));
  for (int i = 0; i < 25; i++) key[i] = static_cast<char>(i + 1);
  memset(data, 0xcd, sizeof data);
  CHECK(gives(key, 25, data, 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"));
  memset(key, 0xaa, sizeof key);
  const char* longer = "Test Using Larger Than Block-Size Key - Hash Key First";
  CHECK(gives(key, 131, longer, strlen(longer), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));

  // The comparison that decides about proofs: every single bit counts.
  uint8_t a[16] = {}, b[16] = {};
  CHECK(same_bytes(a, b, sizeof a));
  for (int bit = 0; bit < 128; bit++) {
    b[bit / 8] = static_cast<uint8_t>(1 << (bit % 8));
    CHECK(!same_bytes(a, b, sizeof a));
    b[bit / 8] = 0;
  }
  {
    Secret<32> secret;
    memset(secret.bytes, 0x55, sizeof secret.bytes);
    wipe(secret.bytes, 31);
    CHECK(secret.bytes[30] == 0 && secret.bytes[31] == 0x55);
  }
}
