// Boxes: what leaves the board sealed to somebody's X25519 key, and comes back (docs/console.md, Boxes). And the board's
// proof of who it is. All with the core's own primitives.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr::box {

/// Ephemeral public key 32, tag 16.
constexpr size_t kOverhead = 48;
/// Key 32, nonce 12, length of the associated data u16: what Seal and Open take before the text.
constexpr size_t kSealHead = 46;
/// A box's plaintext is at most as long as what Seal gives in one piece.
constexpr size_t kPlainMax = MEHR_OUT_SIZE - 16;

/// Seals `length` bytes that lie at `work` + kSealHead. The box is then at `work`, kOverhead bytes longer, and nothing of
/// the plaintext is left. SmallOrder: the recipient is no key. NoEntropy, Long.
/// `work` holds at least kSealHead + kOverhead + length bytes.
enum mehr_status seal(const uint8_t recipient[32], uint8_t* work, size_t capacity, size_t length);

/// Opens a box with a secret scalar. The plaintext is then at `work` + kSealHead. BadBox.
enum mehr_status open(const uint8_t secret[32], const uint8_t* box, size_t box_length, uint8_t* work, size_t capacity,
                      size_t& length);

/// Makes a key pair from fresh random bytes. NoEntropy.
enum mehr_status make_key(uint8_t secret[32], uint8_t public_key[32]);

/// Ed25519 over "mehr/console/1" 00, challenge, node_id with the identity in flash. RecordMissing, BadRecord, FlashFailed.
enum mehr_status prove(const uint8_t challenge[32], const uint8_t node_id[16], uint8_t public_key[32],
                       uint8_t signature[64]);

}  // namespace mehr::box
