/**
 * ChaCha20-Poly1305 boxes that must not open, in the manner of Project Wycheproof's chacha20_poly1305 tests, and boxes
 * and messages that take Poly1305 to its edges. Constructed for this project: where a tag or an accumulator (RFC 8439
 * section 2.5) is special, the one block of ciphertext was solved for. vectors.test.ts recomputes every one.
 */
import { aead, rows } from "./layout.ts";
import type { CallVector } from "./vector.ts";

/** An honest box: key, nonce, associated data, ciphertext, tag, plaintext. */
const HONEST = {
  K: "80858a8f94999ea3a8adb2b7bcc1c6cbd0d5dadfe4e9eef3f8fd02070c11161b",
  N: "0102030405060708090a0b0c",
  D: "6173736f6369617465642064617461",
  C: "24f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e23478",
  T: "51d29d8bcd44ef0c7a3add632bcb834b",
  P: "7477656e74792d6e696e65206279746573206f6620706c61696e74657874",
};

/** Status, key, nonce, associated data, ciphertext, tag, plaintext | name. */
const BOXES = `
Ok           K N D C T P | control: an honest box
BadTag       K N D C 50d29d8bcd44ef0c7a3add632bcb834b - | bit 0 of the tag flipped
BadTag       K N D C d1d29d8bcd44ef0c7a3add632bcb834b - | bit 7 of the tag flipped
BadTag       K N D C 51d39d8bcd44ef0c7a3add632bcb834b - | bit 8 of the tag flipped
BadTag       K N D C 51d29d0bcd44ef0c7a3add632bcb834b - | bit 31 of the tag flipped
BadTag       K N D C 51d29d8bcc44ef0c7a3add632bcb834b - | bit 32 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef8c7a3add632bcb834b - | bit 63 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef0c7b3add632bcb834b - | bit 64 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef0c7a3adde32bcb834b - | bit 95 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef0c7a3add632acb834b - | bit 96 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef0c7a3add632bcb034b - | bit 119 of the tag flipped
BadTag       K N D C 51d29d8bcd44ef0c7a3add632bcb83cb - | bit 127 of the tag flipped
BadTag       K N D C 59d29d8bcd44ef0c723add632bcb834b - | two bits of the tag flipped, one in each half
BadTag       K N D C ae2d627432bb10f385c5229cd4347cb4 - | tag all bits flipped
BadTag       K N D C 00000000000000000000000000000000 - | tag zero
BadTag       K N D C ffffffffffffffffffffffffffffffff - | tag all ones
BadTag       K N D C 4b83cb2b63dd3a7a0cef44cd8b9dd251 - | tag with its bytes reversed
BadTag       K N D 25f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e23478 T - | bit 0 of the ciphertext flipped
BadTag       K N D 24f600b095a0a9f48b9f14078785520bfc3a1d6a7816c43908f829e23478 T - | bit 127 of the ciphertext flipped
BadTag       K N D 24f600b095a0a9f48b9f14078785528bfd3a1d6a7816c43908f829e23478 T - | bit 128 of the ciphertext flipped
BadTag       K N D 24f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e234f8 T - | bit 239 of the ciphertext flipped
BadTag       K N 6073736f6369617465642064617461 C T - | bit 0 of the associated data flipped
BadTag       K N 6173736f63696174656420646174e1 C T - | bit 119 of the associated data flipped
BadTag       K 0002030405060708090a0b0c D C T - | bit 0 of the nonce flipped
BadTag       K 0102030405060708090a0b8c D C T - | bit 95 of the nonce flipped
BadTag       80858a8f94999ea3a8adb2b7bcc1c6cbd0d5dadfe4e9eef3f8fd02070c11169b N D C T - | bit 255 of the key flipped
BadTag       K N D 24f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e2 T - | ciphertext one byte shorter
BadTag       K N D 24f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e2347800 T - | ciphertext with a zero byte more
BadTag       K N 6173736f636961746564206461746100 C T - | associated data with a zero byte more
BadTag       K N 6173736f63696174656420646174 6124f600b095a0a9f48b9f14078785528bfc3a1d6a7816c43908f829e23478 T - | last byte of the associated data moved to the ciphertext
BadTag       K N - C T - | no associated data
Ok           K N - - 0a31b538e0c2edbfe8395343a1ac6818 - | control: nothing sealed
BadTag       K N - - 00000000000000000000000000000000 - | nothing sealed, tag zero
Ok           K N 00 50 b436c902b3f1fe16bf0a8f095391816a 00 | control: length 1, and the associated data too
Ok           K N 00070e151c232a31383f464d545b62 50866bcbfdfaaeabdace376ab1a744 8cc3f2c2997259866214ce354a3ceb9d 00070e151c232a31383f464d545b62 | control: length 15, and the associated data too
Ok           K N 00070e151c232a31383f464d545b6269 50866bcbfdfaaeabdace376ab1a74487 ea3e6053292f614e2252661806865652 00070e151c232a31383f464d545b6269 | control: length 16, and the associated data too
Ok           K N 00070e151c232a31383f464d545b626970 50866bcbfdfaaeabdace376ab1a74487ff fecabb8024c5c2cffc0816f6245f02c6 00070e151c232a31383f464d545b626970 | control: length 17, and the associated data too
Ok           K N 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2 50866bcbfdfaaeabdace376ab1a74487ff6d0c89d4f532f9c939eb3a88c78a040d696e05c9b092b746d4e6f665f8b932d0961c5a47ee0c22e009ea0c20ca10 4556043047c28bde0316edba9f441add 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2 | control: length 63, and the associated data too
Ok           K N 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9 50866bcbfdfaaeabdace376ab1a74487ff6d0c89d4f532f9c939eb3a88c78a040d696e05c9b092b746d4e6f665f8b932d0961c5a47ee0c22e009ea0c20ca10ac a37df8b4d6a0a6ad0d2d9f1e659d6d1e 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9 | control: length 64, and the associated data too
Ok           K N 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0 50866bcbfdfaaeabdace376ab1a74487ff6d0c89d4f532f9c939eb3a88c78a040d696e05c9b092b746d4e6f665f8b932d0961c5a47ee0c22e009ea0c20ca10acbd a9d20b3e3df86cf0ff85a82f6e9a603f 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0 | control: length 65, and the associated data too
Ok           K 010000007268656d00000000 - 984120313b147bbcc839ebd0da91acce 00000000000000000000000000000000 929ea81bcc0d8f88884d2d8d2a8baa09 | Poly1305 with tag 0
Ok           K 000000007268656d00000000 - 93cdb233b59c24ecf27d93cea47aa372 ffffffffffffffffffffffffffffffff 4385886ea0ca5ee95ed0c01d44a89053 | Poly1305 with tag all ones
Ok           K 000000007268656d00000000 - 53a5a8f7fb2d28573a30f24fa58e646c 00000000000000000000000000000080 83ed92aaee7b5252969da19c455c574d | Poly1305 with tag 2^127
Ok           K 000000007268656d00000000 - 6c3ca2a8505cad2d8ea9627f2e88ca25 01000000000000000000000000000000 bc7498f5450ad728220431acce5af904 | Poly1305 with tag 1
Ok           K 030000007268656d00000000 - 463c2e5ed4def09a64955826f296dcb5 114dd6b5cdea5b74f1752fd6b29289d5 e1d77900781f195e4b49cc59cafe7ed3 | Poly1305 with accumulator 0
Ok           K 010000007268656d00000000 - 2ff4a83c65237ebab7bd6baf2075aeca 15c064b7991dd5bdd69b9837a459046e 252b2016923a8a8ef7c9adf2d06fa80d | Poly1305 with accumulator 1
Ok           K 000000007268656d00000000 - ec56f24035e68be74959a6b81f7c0ce3 1b3e9fa25f49068407b19742d89113aa 3c1ec81d20b0f1e2e5f4f56bffae3fc2 | Poly1305 with accumulator p - 1
Ok           K 000000007268656d00000000 - 9e34d12a6c659d6a80b0441a33975a49 1a3e9fa25f49068407b19742d89113aa 4e7ceb777933e76f2c1d17c9d3456968 | Poly1305 with accumulator p - 2
Ok           K 010000007268656d00000000 - 078d4e956dc1608f23349829d3944532 13c064b7991dd5bdd69b9837a459046e 0d52c6bf9ad894bb63405e74238e43f5 | Poly1305 with accumulator 2^128 - 1
Ok           K 000000007268656d00000000 - 1ee4bcb2f987a4400f15021d34bfdc3c 213e9fa25f49068407b19742d89113aa ceac86efecd1de45a3b851ced46def1d | Poly1305 with accumulator 2^128
Ok           K 080000007268656d00000000 - bdeeedf69d7f7f679fe5b7e6c5105823 61a9082530a58799ec62829fa135e043 f8bfe0d5d0b9831674e1a64c31a4280a | Poly1305 with accumulator 2^129
Ok           K 010000007268656d00000000 - 5744bfa23327f5e6a2cdc19bfe3d0d11 0ec064b7991dd5bdd69b9837a458046e 5d9b3788c43e01d2e2b907c60e270bd6 | Poly1305 with accumulator 2^130 - 2^104 - 6
Ok           K 000000007268656d00000000 - 65d0f27bbe6ae40b4d139adec2028695 203e9fa65f49068407b19742d89113aa b598c826ab3c9e0ee1bec90d22d0b5b4 | Poly1305 with accumulator 2^26 - 1
`;

const HALVES = { ones: "ff".repeat(16), zero: "00".repeat(16) };

/** Status, r, s, message, tag | name. */
const MESSAGES = `
Ok           ones ones - ones | r and s all ones, message of ones of length 0
Ok           ones ones ff 23feffef23f8ffef23f8ffef23f8ffef | r and s all ones, message of ones of length 1
Ok           ones ones ffffffffffffffffffffffffffffff fbff27e6030028e6030028e6030028ee | r and s all ones, message of ones of length 15
Ok           ones ones ones fbffff17faffff17faffff17faffff17 | r and s all ones, message of ones of length 16
Ok           ones ones ffffffffffffffffffffffffffffffffff 7cfe7ff768f81f2763f8bf565df85f86 | r and s all ones, message of ones of length 17
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 5400a8ed4800481d4300e84c3d008884 | r and s all ones, message of ones of length 31
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 5400801f3f00204f3900c07e330060ae | r and s all ones, message of ones of length 32
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 86fa6a437bf4ec24a274504dc37495bc | r and s all ones, message of ones of length 33
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 5efc92395bfc141b827c7843a37cbdba | r and s all ones, message of ones of length 47
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 5efc6a6b51fcec4c787c5075997c95e4 | r and s all ones, message of ones of length 48
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff b80de303eb57a8afe6a0efbcf1db7e89 | r and s all ones, message of ones of length 49
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 900f0bfaca5fd0a5c6a817b3d1e3a687 | r and s all ones, message of ones of length 63
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 900fe32bc15fa8d7bca8efe4c7e37eb1 | r and s all ones, message of ones of length 64
Ok           ones ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff e4d8b131f296fa0723796121694ffa18 | r and s all ones, message of ones of length 65
Ok           zero ones ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff ones | r zero, s all ones
Ok           000000f0030000f0030000f0030000f0 zero ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff zero | bits of r that clamping clears
Ok           01000000000000000000000000000000 zero fbffffffffffffffffffffffffffffff0000000000000000000000000000000000000000000000000000000000000000 zero | r = 1, blocks that sum to p
Ok           01000000000000000000000000000000 zero ones ones | r = 1, blocks of ones: 1
Ok           01000000000000000000000000000000 zero ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 03000000000000000000000000000000 | r = 1, blocks of ones: 2
Ok           01000000000000000000000000000000 zero ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 02000000000000000000000000000000 | r = 1, blocks of ones: 3
Ok           01000000000000000000000000000000 zero ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 06000000000000000000000000000000 | r = 1, blocks of ones: 4
Ok           01000000000000000000000000000000 zero ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 05000000000000000000000000000000 | r = 1, blocks of ones: 5
`;

const source = "adversarial ChaCha20-Poly1305";

export const ADVERSARIAL_AEAD: readonly CallVector[] = [
  ...rows(BOXES, HONEST).map(({ name, status, fields: [key, nonce, aad, ciphertext, tag, output] }): CallVector => ({
    source,
    name,
    primitive: "Open",
    input: aead(key, nonce, aad, ciphertext + tag),
    status,
    output,
  })),
  ...rows(MESSAGES, HALVES).map(({ name, status, fields: [r, s, message, output] }): CallVector => ({
    source,
    name: `Poly1305, ${name}`,
    primitive: "Poly1305",
    input: r + s + message,
    status,
    output,
  })),
];
