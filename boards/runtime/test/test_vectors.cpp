// Published vectors: CRC-32 check value (Rocksoft model catalogue, CRC-32/ISO-HDLC), SHA-256 (FIPS 180-4 examples,
// NIST CSRC "Examples with Intermediate Values").
#include <string.h>

#include "check.h"
#include "crc32.h"
#include "sha256.h"

static bool sha_is(const void* bytes, size_t length, const char* hex) {
  uint8_t digest[32];
  char text[65];
  mehr::sha256(bytes, length, digest);
  for (int i = 0; i < 32; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
  return strcmp(text, hex) == 0;
}

void test_vectors() {
  CHECK(mehr::crc32(0, "123456789", 9) == 0xcbf43926);
  CHECK(mehr::crc32(0, "", 0) == 0);
  CHECK(mehr::crc32(mehr::crc32(0, "12345", 5), "6789", 4) == 0xcbf43926);

  CHECK(sha_is("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  CHECK(sha_is("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  const char* two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  CHECK(sha_is(two, 56, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"));
  const char* four =
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
  CHECK(sha_is(four, 112, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"));

  // A million times "a", fed in uneven pieces.
  mehr::Sha256 hash;
  char a[1009];
  memset(a, 'a', sizeof a);
  size_t left = 1000000;
  while (left > 0) {
    size_t n = left < sizeof a ? left : sizeof a;
    hash.update(a, n);
    left -= n;
  }
  uint8_t digest[32];
  hash.finish(digest);
  const uint8_t million[8] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92};
  CHECK(memcmp(digest, million, sizeof million) == 0);
}
