/**
 * Proofs of ECVRF-EDWARDS25519-SHA512-TAI made to be refused, and a few whose points have a small-order part that the
 * equations of RFC 9381 section 5.3 do not see. Constructed for this project with the seed 01 02 .. 20 (scalar a); T is
 * a point of order 8. The verdicts are those of tests/support/ecvrf-reference.ts; vectors.test.ts recomputes every one.
 */
import { rows } from "./layout.ts";
import type { CallVector } from "./vector.ts";

/** An honest proof: key, Gamma, c, s, alpha, beta. */
const HONEST = {
  Y: "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664",
  G: "d036cd312cf4924044731c3fcfbd75ea916d6a0d3f28871af9c3bf4c136b6e7f",
  c: "b24b216e1d6b423f173a11737dea77d6",
  s: "dc81531fa61595e267738b39e39b9ea4f0255931fe8f894c58de33b111aed50f",
  a: "7061636b65742068617368206f66207468697274792d74776f20627974657321",
  b:
    "0f7d0e7e010c382fe8638be5252341948e0baded7c928f58a5f87fbce2290566" +
    "09528ec15e3bd81cae409e3f6b4a4735e92e67a831b7f53a5d4d498c80a3e0a3",
};

/** Status, key, Gamma, c, s, alpha, beta | name. */
const PROOFS = `
Ok           Y G c s a b | control: an honest proof
Ok           Y G d91b5fb55fa4373e7b5916384f6d11a6 38c6b2b8ae752f32eb7b8b12b20b33fa5ca651d64e4c529f1edec8eebab4fb05 a b | control: honest but for another nonce
BadProof     Y G b34b216e1d6b423f173a11737dea77d6 s a - | bit 0 of c flipped
BadProof     Y G b24b216e1d6b423f163a11737dea77d6 s a - | bit 64 of c flipped
BadProof     Y G b24b216e1d6b423f173a11737dea7756 s a - | bit 127 of c flipped
BadProof     Y G 00000000000000000000000000000000 s a - | c zero
BadProof     Y G ffffffffffffffffffffffffffffffff s a - | c all ones
BadProof     Y G c dd81531fa61595e267738b39e39b9ea4f0255931fe8f894c58de33b111aed50f a - | bit 0 of s flipped
BadProof     Y G c dc81531fa61595e267738b39e39b9ea4f1255931fe8f894c58de33b111aed50f a - | bit 128 of s flipped
BadProof     Y G c dc81531fa61595e267738b39e39b9ea4f0255931fe8f894c58de33b111aed507 a - | bit 251 of s flipped
BadScalar    Y G c c955497cc078a73a3e1083dcc1957db9f0255931fe8f894c58de33b111aed51f a - | s + L
BadScalar    Y G c 44210207792e28a31a5a4851d86a964bf1255931fe8f894c58de33b111aed58f a - | s + 8 L
BadScalar    Y G c edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010 a - | s = L
BadProof     Y G c ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010 a - | s = L - 1
BadProof     Y G c 0000000000000000000000000000000000000000000000000000000000000000 a - | s = 0
BadScalar    Y G c ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff a - | s = 2^256 - 1
BadPoint     Y edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f c s a - | Gamma: y = p, sign 0
BadPoint     Y edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff c s a - | Gamma: y = p, sign 1
BadPoint     Y eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f c s a - | Gamma: y = p + 1, sign 0
BadPoint     Y eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff c s a - | Gamma: y = p + 1, sign 1
BadPoint     Y efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f c s a - | Gamma: y = p + 2, sign 0
BadPoint     Y f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f c s a - | Gamma: y = p + 3, sign 0
BadPoint     Y ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff c s a - | Gamma: y = p + 18, sign 1
BadPoint     Y 0100000000000000000000000000000000000000000000000000000000000080 c s a - | Gamma: y = 1, sign 1
BadPoint     Y ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff c s a - | Gamma: y = p - 1, sign 1
BadPoint     Y 0200000000000000000000000000000000000000000000000000000000000000 c s a - | Gamma not on the curve (y = 2)
BadProof     Y 0100000000000000000000000000000000000000000000000000000000000000 c s a - | Gamma of order 1
BadProof     Y c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a c s a - | Gamma of order 8 (1 T)
BadProof     Y 0000000000000000000000000000000000000000000000000000000000000080 c s a - | Gamma of order 4 (2 T)
BadProof     Y 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 c s a - | Gamma of order 8 (3 T)
BadProof     Y ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f c s a - | Gamma of order 2
BadProof     Y 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 c s a - | Gamma of order 8 (5 T)
BadProof     Y 0000000000000000000000000000000000000000000000000000000000000000 c s a - | Gamma of order 4 (6 T)
BadProof     Y c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa c s a - | Gamma of order 8 (7 T)
BadProof     Y d036cd312cf4924044731c3fcfbd75ea916d6a0d3f28871af9c3bf4c136b6eff c s a - | Gamma negated
BadProof     Y ff41f9332e6c6f1a1b0d34b6afc2c2f13a39190fb893c502530014cc2cfb3a6a c s a - | Gamma + T, the rest as it was
Ok           Y ff41f9332e6c6f1a1b0d34b6afc2c2f13a39190fb893c502530014cc2cfb3a6a 50064beecdeba8125047f7b28abdfffa c9b9e081cb89a5d183207440ccb3a6738e06acb48f39dd42176cbd0e6ff2c90a a b | Gamma + 1 T with c divisible by 8: the section's equations hold, beta is the same
Ok           Y 1dc932ced30b6dbfbb8ce3c030428a156e9295f2c0d778e5063c40b3ec949180 80ae6bb09f485f377180b08244e78735 4a7808b9dcd07e2bb398b2558fda3714ba0fd3425f8fe97c45aa9fc7e7d4df0e a b | Gamma + 4 T with c divisible by 2: the section's equations hold, beta is the same
Ok           Y 826f998c2665a8eb45fa0e8d3962d218685871da3556ee5f47c9aa0a0d9fa7ed 08fc24fd236b730838c4075f7043c1e3 37d838a88b786bed5b0b45b7142373313224a6f879da4af38f539ea0a3bbe40b a b | Gamma + 2 T with c divisible by 4: the section's equations hold, beta is the same
BadProof     Y ff41f9332e6c6f1a1b0d34b6afc2c2f13a39190fb893c502530014cc2cfb3a6a 1967a8fa75abfe02e707faa4664be6c4 851667d757d26a2ad04429161d463a4ef4c256038c69446e154bb6a04afaa701 a - | Gamma + T with its own c, not divisible by 8
BadProof     Y G c s 7161636b65742068617368206f66207468697274792d74776f20627974657321 - | alpha one bit off
BadProof     Y G c s 7061636b65742068617368206f66207468697274792d74776f206279746573 - | alpha one byte shorter
BadProof     Y G c s - - | alpha empty
BadProof     bafc71bead3ac5e4b63e9c8216ee71a34aaec65722eedbca728b4e9b3ccce396 G c s a - | another key
BadProof     79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad0496e4 G c s a - | key negated
SmallOrder   0100000000000000000000000000000000000000000000000000000000000000 G c s a - | key of order 1
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a G c s a - | key of order 8 (1 T)
SmallOrder   0000000000000000000000000000000000000000000000000000000000000080 G c s a - | key of order 4 (2 T)
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 G c s a - | key of order 8 (3 T)
SmallOrder   ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f G c s a - | key of order 2
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 G c s a - | key of order 8 (5 T)
SmallOrder   0000000000000000000000000000000000000000000000000000000000000000 G c s a - | key of order 4 (6 T)
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa G c s a - | key of order 8 (7 T)
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f G c s a - | key: y = p, sign 0
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff G c s a - | key: y = p, sign 1
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f G c s a - | key: y = p + 1, sign 0
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff G c s a - | key: y = p + 1, sign 1
BadPoint     efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f G c s a - | key: y = p + 2, sign 0
BadPoint     0100000000000000000000000000000000000000000000000000000000000080 G c s a - | key: y = 1, sign 1
BadPoint     ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff G c s a - | key: y = p - 1, sign 1
BadPoint     0200000000000000000000000000000000000000000000000000000000000000 G c s a - | key not on the curve (y = 2)
Ok           287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 671a192363c813bcf99c63b76311628993b743bdb15a69da6159c071828d2170 d0935621c5b0b166ca8ffd7dd01f9e73 e273694693f663d65f94577de360e429eb95c12b77637d6889f12991259e3a0f a dad5386a018ec2aa15929e66dffda9bcab02ba6328a9765aa43de115ea08f0b75f75a575fbe3bc9f793497aa5ee25405a463d14e7095e72b650f56ca86e4f9e8 | key a B + T with c divisible by 8: the section's equations hold
BadProof     287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 671a192363c813bcf99c63b76311628993b743bdb15a69da6159c071828d2170 2d99af7fda59e69af8c8cf5fbf40b094 966df03370a0a0251c597e76219f0c43762d709ca94ac0171ee385618f7ad900 a - | key a B + T with c not divisible by 8
BadProof     Y 0000000000000000000000000000000000000000000000000000000000000000 00000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 a - | all zero
`;

/** Status, alpha, Gamma, beta | name, with the seed and the key above. */
const GAMMAS = `
Ok           0300 ecab07988dd682df872ea6bb236c6f4747752401bd4085e59366717b18bdad86 daf4d8db1b25f8b72a09ef9b5b1c2328d84e0f84790f388829a43a7affa478b99202a60db281d2aebc066b4c99340a7f592e84aa2175d925f5083d91de6e27cb | hashing to the curve takes 1 try
Ok           0400 4d3ba23ab60b5e66c49e0b341b3dc0a7f8b276830f9717d468b52ae8f87129ec 045731e4a39d5f78e5a22dd276db5e318c52c1684a00f993ff5d30c983bb153500f6fcd92a6820edb35d0ca764a7ba52c3961c7103cf484b610d4aaef6d7b5ec | hashing to the curve takes 2 tries
Ok           0200 5b46d3c46b72b2a6c3fd82459a0082cf0210125f9cc07676152c7c465e1d018f 758180fd9769b925c9baadf8efd45ae1c4b7b75e1159905882b14057ab404146ffd264bb167f7ea78cee33e5505f16e05180699617f2ab9b47b8a0c4fa9586c7 | hashing to the curve takes 3 tries
Ok           0000 4164c4c3a3aa7969c5ab7ae0692d7f444cb249117646e58bc309df8870031988 1da1f40e0e0486a37bf6b58913b1dcd172c370c89395fdb855d29dab6a25ffb57aba8aab20c62e0f66152917f1415b45c2d241d8de6cfa809d53599f255fa6b1 | hashing to the curve takes 4 tries
Ok           1700 779217e8fc7039cf67dfaacabd57c83add0e0e6294157608f932269f3b553c12 9e45b3507f111f70d8f08b1924cb8012772b649c04724fd802379827324cfb471f96b9e2c678698f3ad9303a4e965776ee94ee8d829e54f25a683043305f3e02 | hashing to the curve takes 7 tries
Ok           810e 60834d448b1b3c9935015a14473b8c72f5238e352a04f1878eb369d1274cba45 df4f7765f8073e5ed69705b9a5550ab336285ad92e15fccc7b300c4db4abebcba7acd9861f85feda35a9c4ccedd354afa76e3dbd0f842639e4651152ee3ff267 | hashing to the curve takes 11 tries
Ok           c80b ade0ef6730fe1b1872aacfb34ea05f5378102a8c94586ebf05f18cf200c18fc8 8f7ba325e1236600911eac2a6ee65eb4cb8c5aff87ff2f457df29f0363c613131746b1bde863c0311813ec94954cf33204f18114677a4eda0edebf592651300e | hashing to the curve takes 15 tries
`;

const SEED = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

const source = "adversarial ECVRF";

export const ADVERSARIAL_VRF: readonly CallVector[] = [
  ...rows(PROOFS, HONEST).map(({ name, status, fields: [publicKey, gamma, c, s, alpha, output] }): CallVector => ({
    source,
    name,
    primitive: "VrfVerify",
    input: publicKey + gamma + c + s + alpha,
    status,
    output,
  })),
  ...rows(GAMMAS, HONEST).map(({ name, status, fields: [alpha, gamma, beta] }): CallVector => ({
    source,
    name,
    primitive: "VrfGamma",
    input: SEED + HONEST.Y + alpha,
    status,
    output: gamma + beta,
  })),
  {
    source,
    name: "a proof of 79 bytes",
    primitive: "VrfVerify",
    input: "00".repeat(32 + 79),
    status: "Short",
    output: "",
  },
];
