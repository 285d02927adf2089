// libsodium's primitives under their own names, as a program that has its keys ready would call them.
#include <stdlib.h>

#include "mehr_abi.h"
#include "sodium/core.h"
#include "sodium/crypto_aead_chacha20poly1305.h"
#include "sodium/crypto_generichash_blake2b.h"
#include "sodium/crypto_hash_sha512.h"
#include "sodium/crypto_scalarmult_curve25519.h"
#include "sodium/crypto_sign_ed25519.h"
#include "subject.h"

static uint8_t s_out[MEHR_OUT_SIZE];

void subject_start(void) {}

// Its own is in a file that starts the whole library.
void sodium_misuse(void) { abort(); }

static int32_t ended(int result, int32_t size) { return result == 0 ? size : SUBJECT_REFUSES; }

int32_t subject_run(uint32_t primitive, const uint8_t *in, size_t length, const uint8_t **out) {
  *out = s_out;
  switch (primitive) {
    case MEHR_PRIMITIVE_ED25519_VERIFY:
      return ended(crypto_sign_ed25519_verify_detached(in + 32, in + 96, length - 96, in), 0);
    case MEHR_PRIMITIVE_ED25519_SIGN:
      // Its secret key is seed and public key, one behind the other as they are in `In`.
      return ended(crypto_sign_ed25519_detached(s_out, NULL, in + 64, length - 64, in), 64);
    case MEHR_PRIMITIVE_X25519:
      return ended(crypto_scalarmult_curve25519(s_out, in, in + 32), 32);
    case MEHR_PRIMITIVE_X25519_PUBLIC_KEY:
      return ended(crypto_scalarmult_curve25519_base(s_out, in), 32);
    case MEHR_PRIMITIVE_SHA512:
      return ended(crypto_hash_sha512(s_out, in, length), 64);
    case MEHR_PRIMITIVE_BLAKE2B:
      return ended(crypto_generichash_blake2b(s_out, in[0], in + 1, length - 1, NULL, 0), in[0]);
    case MEHR_PRIMITIVE_SEAL: {
      size_t aad = in[44] | (size_t)in[45] << 8;
      const uint8_t *text = in + 46 + aad;
      size_t size = length - 46 - aad;
      return ended(crypto_aead_chacha20poly1305_ietf_encrypt(s_out, NULL, text, size, in + 46, aad, NULL, in + 32, in),
                   (int32_t)size + 16);
    }
    default:
      return SUBJECT_HAS_NONE;
  }
}
