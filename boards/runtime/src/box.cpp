#include "box.h"

#include <string.h>

#include "hal.h"
#include "primitives.h"
#include "provision.h"
#include "relay.h"
#include "wipe.h"

namespace mehr::box {

static_assert(provision::kBackupMax <= kPlainMax, "a backup is sealed in one piece");

// BLAKE2b-256 over this with its closing zero, the shared secret, the ephemeral key and the recipient's: another use of
// the same two keys gives another key, and a box does not open as somebody else's.
static constexpr char kBoxDomain[] = "mehr/console-box/1";
static constexpr char kProveDomain[] = "mehr/console/1";

/// The box's key, from our secret and their public half. `work` is where Seal and Open want it: key, nonce 12 zeros (the
/// key is used once), no associated data.
static enum mehr_status derive(Primitives& primitives, const uint8_t secret[32], const uint8_t theirs[32],
                               const uint8_t ephemeral[32], const uint8_t recipient[32], uint8_t work[kSealHead]) {
  Secret<64> pair;
  memcpy(pair.bytes, secret, 32);
  memcpy(pair.bytes + 32, theirs, 32);
  Secret<1 + sizeof kBoxDomain + 96> hashed;
  uint8_t* p = hashed.bytes;
  *p++ = 32;  // bytes of the digest
  memcpy(p, kBoxDomain, sizeof kBoxDomain);
  p += sizeof kBoxDomain;
  enum mehr_status status = primitives.run(MEHR_PRIMITIVE_X25519, pair.bytes, sizeof pair.bytes, p, 32);
  if (status != MEHR_STATUS_OK) return status;
  memcpy(p + 32, ephemeral, 32);
  memcpy(p + 64, recipient, 32);
  memset(work, 0, kSealHead);
  return primitives.run(MEHR_PRIMITIVE_BLAKE2B, hashed.bytes, sizeof hashed.bytes, work, 32);
}

static enum mehr_status make_pair(Primitives& primitives, uint8_t secret[32], uint8_t public_key[32]) {
  if (hal::entropy(secret, 32) != hal::Code::kOk) return MEHR_STATUS_NO_ENTROPY;
  return primitives.run(MEHR_PRIMITIVE_X25519_PUBLIC_KEY, secret, 32, public_key, 32);
}

enum mehr_status make_key(uint8_t secret[32], uint8_t public_key[32]) {
  Primitives primitives;
  return make_pair(primitives, secret, public_key);
}

enum mehr_status seal(const uint8_t recipient[32], uint8_t* work, size_t capacity, size_t length) {
  if (length > kPlainMax || capacity < kSealHead + kOverhead + length) return MEHR_STATUS_LONG;
  Secret<32> secret;
  uint8_t ephemeral[32];
  Primitives primitives;
  enum mehr_status status = make_pair(primitives, secret.bytes, ephemeral);
  if (status == MEHR_STATUS_OK) status = derive(primitives, secret.bytes, recipient, ephemeral, recipient, work);
  // The result is copied out of the core's memory after the input was copied in: over its own input it may go.
  if (status == MEHR_STATUS_OK) {
    status = primitives.run(MEHR_PRIMITIVE_SEAL, work, kSealHead + length, work + kSealHead, length + 16);
  }
  if (status != MEHR_STATUS_OK) {
    wipe(work, capacity);
    return status;
  }
  wipe(work, kSealHead);
  memcpy(work, ephemeral, 32);
  memmove(work + 32, work + kSealHead, length + 16);
  return MEHR_STATUS_OK;
}

enum mehr_status open(const uint8_t secret[32], const uint8_t* box, size_t box_length, uint8_t* work, size_t capacity,
                      size_t& length) {
  length = 0;
  if (box_length < kOverhead || box_length - kOverhead > kPlainMax) return MEHR_STATUS_BAD_BOX;
  size_t sealed = box_length - 32;
  if (capacity < kSealHead + sealed) return MEHR_STATUS_LONG;
  uint8_t own[32];
  Primitives primitives;
  enum mehr_status status = primitives.run(MEHR_PRIMITIVE_X25519_PUBLIC_KEY, secret, 32, own, 32);
  if (status == MEHR_STATUS_OK) status = derive(primitives, secret, box, box, own, work);
  if (status == MEHR_STATUS_OK) {
    memcpy(work + kSealHead, box + 32, sealed);
    status = primitives.run(MEHR_PRIMITIVE_OPEN, work, kSealHead + sealed, work + kSealHead, sealed - 16);
  }
  wipe(work, kSealHead);
  if (status == MEHR_STATUS_BAD_TAG || status == MEHR_STATUS_SMALL_ORDER) return MEHR_STATUS_BAD_BOX;
  if (status == MEHR_STATUS_OK) length = sealed - 16;
  return status;
}

enum mehr_status prove(const uint8_t challenge[32], const uint8_t node_id[16], uint8_t public_key[32],
                       uint8_t signature[64]) {
  // Seed, its public key, and the message: as Ed25519Sign takes them.
  Secret<64 + sizeof kProveDomain + 48> input;
  size_t length = 0;
  RecordResult result = relay::records().get(MEHR_RECORD_KEY_IDENTITY, input.bytes, 32, length);
  if (result == RecordResult::kMissing) return MEHR_STATUS_RECORD_MISSING;
  if (result != RecordResult::kOk) return MEHR_STATUS_FLASH_FAILED;
  if (length != 32) return MEHR_STATUS_BAD_RECORD;
  uint8_t* message = input.bytes + 64;
  memcpy(message, kProveDomain, sizeof kProveDomain);
  memcpy(message + sizeof kProveDomain, challenge, 32);
  memcpy(message + sizeof kProveDomain + 32, node_id, 16);
  Primitives primitives;
  enum mehr_status status =
      primitives.run(MEHR_PRIMITIVE_ED25519_PUBLIC_KEY, input.bytes, 32, input.bytes + 32, 32);
  if (status != MEHR_STATUS_OK) return status;
  memcpy(public_key, input.bytes + 32, 32);
  return primitives.run(MEHR_PRIMITIVE_ED25519_SIGN, input.bytes, sizeof input.bytes, signature, 64);
}

}  // namespace mehr::box
