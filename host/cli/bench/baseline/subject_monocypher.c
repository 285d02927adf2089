// Monocypher's primitives. Its Ed25519 is put together from its own parts as its optional monocypher-ed25519.c does it
// (RFC 8032 sections 5.1.6 and 5.1.7); the package it comes in lacks that file, so SHA-512 is libsodium's.
#include <string.h>

#include "mehr_abi.h"
#include "monocypher.h"
#include "sodium/crypto_hash_sha512.h"
#include "subject.h"

static uint8_t s_out[MEHR_OUT_SIZE];

void subject_start(void) {}

typedef struct {
  const uint8_t *bytes;
  size_t length;
} Piece;

// SHA-512 of the pieces, modulo the order of the group.
static void hash_reduced(uint8_t scalar[32], const Piece *pieces, int count) {
  uint8_t digest[64];
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  for (int i = 0; i < count; i++) crypto_hash_sha512_update(&state, pieces[i].bytes, pieces[i].length);
  crypto_hash_sha512_final(&state, digest);
  crypto_eddsa_reduce(scalar, digest);
}

static int32_t verify(const uint8_t *public_key, const uint8_t *signature, const uint8_t *message, size_t length) {
  uint8_t hash[32];
  Piece pieces[] = {{signature, 32}, {public_key, 32}, {message, length}};
  hash_reduced(hash, pieces, 3);
  return crypto_eddsa_check_equation(signature, public_key, hash) == 0 ? 0 : SUBJECT_REFUSES;
}

static void sign(uint8_t *signature, const uint8_t *seed, const uint8_t *message, size_t length) {
  const uint8_t *public_key = seed + 32;
  uint8_t secret[64], nonce[32], hash[32];
  crypto_hash_sha512(secret, seed, 32);
  crypto_eddsa_trim_scalar(secret, secret);
  Piece first[] = {{secret + 32, 32}, {message, length}};
  hash_reduced(nonce, first, 2);
  crypto_eddsa_scalarbase(signature, nonce);
  Piece second[] = {{signature, 32}, {public_key, 32}, {message, length}};
  hash_reduced(hash, second, 3);
  crypto_eddsa_mul_add(signature + 32, hash, secret, nonce);
  crypto_wipe(secret, sizeof secret);
  crypto_wipe(nonce, sizeof nonce);
}

int32_t subject_run(uint32_t primitive, const uint8_t *in, size_t length, const uint8_t **out) {
  *out = s_out;
  switch (primitive) {
    case MEHR_PRIMITIVE_ED25519_VERIFY:
      return verify(in, in + 32, in + 96, length - 96);
    case MEHR_PRIMITIVE_ED25519_SIGN:
      sign(s_out, in, in + 64, length - 64);
      return 64;
    case MEHR_PRIMITIVE_X25519:
      crypto_x25519(s_out, in, in + 32);
      return 32;
    case MEHR_PRIMITIVE_X25519_PUBLIC_KEY:
      crypto_x25519_public_key(s_out, in);
      return 32;
    case MEHR_PRIMITIVE_BLAKE2B:
      crypto_blake2b(s_out, in[0], in + 1, length - 1);
      return in[0];
    case MEHR_PRIMITIVE_SEAL: {
      // The first message of its IETF stream is RFC 8439's.
      size_t aad = in[44] | (size_t)in[45] << 8;
      size_t size = length - 46 - aad;
      crypto_aead_ctx stream;
      crypto_aead_init_ietf(&stream, in, in + 32);
      crypto_aead_write(&stream, s_out, s_out + size, in + 46, aad, in + 46 + aad, size);
      return (int32_t)size + 16;
    }
    default:
      return SUBJECT_HAS_NONE;
  }
}
