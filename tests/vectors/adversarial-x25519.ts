/**
 * X25519 at the edges, in the manner of Project Wycheproof's x25519 tests: u of small order in every encoding, u from p
 * up (taken mod p), bit 255 (ignored), u on the twist, and scalars whose bits clamping changes (RFC 7748 section 5).
 * Constructed for this project; vectors.test.ts recomputes every one.
 */
import { rows } from "./layout.ts";
import type { CallVector } from "./vector.ts";

/** A scalar, and the u coordinate of the base point. */
const NAMES = { k: "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f", B: `09${"00".repeat(31)}` };

/** Status, scalar, u, result | name. */
const CASES = `
SmallOrder   k 0000000000000000000000000000000000000000000000000000000000000000 - | u = 0
SmallOrder   k 0000000000000000000000000000000000000000000000000000000000000080 - | u = 0, bit 255 set
SmallOrder   k 0100000000000000000000000000000000000000000000000000000000000000 - | u = 1
SmallOrder   k 0100000000000000000000000000000000000000000000000000000000000080 - | u = 1, bit 255 set
SmallOrder   k ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | u = p - 1
SmallOrder   k ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | u = p - 1, bit 255 set
SmallOrder   k e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800 - | u = of order 8
SmallOrder   k e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880 - | u = of order 8, bit 255 set
SmallOrder   k 5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157 - | u = of order 8, the other
SmallOrder   k 5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7 - | u = of order 8, the other, bit 255 set
SmallOrder   k edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | u = p
SmallOrder   k edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | u = p, bit 255 set
SmallOrder   k eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | u = p + 1
SmallOrder   k eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | u = p + 1, bit 255 set
SmallOrder   0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 - | u = 0, scalar 0
SmallOrder   ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | u = p - 1, scalar all ones
Ok           k efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f d1891bbb7e583e187845e90db46739cd936e826bd807b0bfffbb5c7c51954c33 | u = p + 2, taken as 2
Ok           k f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 73859ae4af68e3b0e150c0887ceb377653142f0551b40133b1dd9c80b973f247 | u = p + 3, taken as 3
Ok           k f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f b99db0bfbb60bf8700dfa8ba52c907f8ad6cdd99452b1a6f433f58e9f9c5093a | u = p + 4, taken as 4
Ok           k f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f b3f46a1b9c67adf8226a0ff1f99e454989356f818043ec1ba825c01807fab70e | u = p + 5, taken as 5
Ok           k f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f a7c06dace21dd4ca6a9231bf6d7cf8839aad31e7f580e298851ec585fbe22c09 | u = p + 6, taken as 6
Ok           k f4ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 7b3b6eb1007135cd1f3e8a197e31085e8ae555f14cc236f6cfc97277b69b971c | u = p + 7, taken as 7
Ok           k f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 83e22aff543805cb1fde8d3d5f97d41390638c577bc72e33fbe537bfd590582c | u = p + 8, taken as 8
Ok           k f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a | u = p + 9, taken as 9
Ok           k f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 0ef0d7e952a580cbbcf43c74d46adfb6c6e9a5da918cc7bc2f6bdbf82bc1e71e | u = p + 10, taken as 10
Ok           k f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 0be085cc3b1954bd7beed2bd5c74e547799f26105515bfafe7b328a16974c92c | u = p + 11, taken as 11
Ok           k f9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 32865d7ea7ca38b9739fccb8be1615799dafad3560b6c70147b499656fb0f042 | u = p + 12, taken as 12
Ok           k faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 6f880c391b02a6945c92f343b5b99b119e02146a6d8332be5dc557f1026ea073 | u = p + 13, taken as 13
Ok           k fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 713cb51122c5d48602032c64bcf4cc6598c06786d81dae6d658a796685dfb57f | u = p + 14, taken as 14
Ok           k fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 217edf765eaf8cfcb2d9ca337d361455ddb3744f216ae7c12525fecca5ac1413 | u = p + 15, taken as 15
Ok           k fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 132e94389822f3f883efd95122a9673e880e3b1f9446c2e50655f152f7c51054 | u = p + 16, taken as 16
Ok           k feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 3e30b3502286d57e44bc8eaec23f2896d294ab032f9e7481c26f9f6bdca4a419 | u = p + 17, taken as 17
Ok           k ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f df960fc50e435c5401ab364bf9c8bd2f0ddb917e52f47a78f8b2f16cd1ba7b1e | u = p + 18, taken as 18
Ok           k efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff d1891bbb7e583e187845e90db46739cd936e826bd807b0bfffbb5c7c51954c33 | u = p + 2, bit 255 set
Ok           k ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff df960fc50e435c5401ab364bf9c8bd2f0ddb917e52f47a78f8b2f16cd1ba7b1e | u = p + 18, bit 255 set
Ok           k 0200000000000000000000000000000000000000000000000000000000000000 d1891bbb7e583e187845e90db46739cd936e826bd807b0bfffbb5c7c51954c33 | u = 2, on the twist
Ok           k 0300000000000000000000000000000000000000000000000000000000000000 73859ae4af68e3b0e150c0887ceb377653142f0551b40133b1dd9c80b973f247 | u = 3, on the twist
Ok           k 0400000000000000000000000000000000000000000000000000000000000000 b99db0bfbb60bf8700dfa8ba52c907f8ad6cdd99452b1a6f433f58e9f9c5093a | u = 4, on the curve
Ok           k 0500000000000000000000000000000000000000000000000000000000000000 b3f46a1b9c67adf8226a0ff1f99e454989356f818043ec1ba825c01807fab70e | u = 5, on the twist
Ok           k 0600000000000000000000000000000000000000000000000000000000000000 a7c06dace21dd4ca6a9231bf6d7cf8839aad31e7f580e298851ec585fbe22c09 | u = 6, on the curve
Ok           k 0700000000000000000000000000000000000000000000000000000000000000 7b3b6eb1007135cd1f3e8a197e31085e8ae555f14cc236f6cfc97277b69b971c | u = 7, on the curve
Ok           k B 79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a | u = 9, on the curve
Ok           k 1000000000000000000000000000000000000000000000000000000000000000 132e94389822f3f883efd95122a9673e880e3b1f9446c2e50655f152f7c51054 | u = 16, on the curve
Ok           k 0900000000000000000000000000000000000000000000000000000000000080 79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89af85a51a | u = 9, bit 255 set
Ok           k ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 44be062f0763035196599f586b8978a241b1e0d5a7740d06b6e9c56bd9fe5670 | u = p - 2, on the curve
Ok           k eaffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f a44df85c2e8ff3ad6d242ddb1a89b80d187bfe159c6fad1e98067a30815e114f | u = p - 3, on the twist
Ok           k 0000000000000000000000000000000000000000000000000000000000000040 bf1481edb99bb0bec6c29da7a8b336a2b759b86f82a7bf4ba96f296582477445 | u = 2^254, on the curve
Ok           k fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffff7f 79fb5162048ca168ddf68abdcf5c83d70cb84961209784ffcdeccf2e8b285e66 | u = 2^255 - 2^224 - 1, on the curve
Ok           k 0000000000000000000000000000000001000000000000000000000000000000 d3d8ca5f35db89dd7b3ed0356469a7bcf206b531464bb6a682b19fe5d48a4578 | u = 2^128, on the curve
Ok           k ffffffffffffffffffffffffffffffff00000000000000000000000000000000 0b3d6b60c12ae429ccd21347cd7e2913186b980efdf315cb9fd181f8b8497f5f | u = 2^128 - 1, on the curve
Ok           0000000000000000000000000000000000000000000000000000000000000000 B 2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74 | scalar 0
Ok           ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff B 847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22 | scalar all ones
Ok           0000000000000000000000000000000000000000000000000000000000000040 B 2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74 | scalar 2^254, which clamping leaves
Ok           0700000000000000000000000000000000000000000000000000000000000000 B 2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74 | scalar 7, cleared by clamping
Ok           0700000000000000000000000000000000000000000000000000000000000080 B 2fe57da347cd62431528daac5fbb290730fff684afc4cfc2ed90995f58cb3b74 | scalar 2^255 and 7 more, cleared by clamping
Ok           f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f B 847c0d2c375234f365e660955187a3735a0f7613d1609d3a6a4d8c53aeaa5a22 | scalar 2^255 - 8, the greatest
Ok           b04fd773698c49605973de8b7ae77b5300000000000000000000000000000040 B ef130055e485ee0f232a5dcddf0518fe5f315ba174d0d1e77d9d68e0b798ce79 | scalar next below 4 L
Ok           88f7c22d9e526e1006adcdd137db397d00000000000000000000000000000060 B 3145798cfa0bfef9284c494036c7fe850608bbe6e5ddf1f834bf9ec9cd4c9526 | scalar next below 6 L
`;

export const ADVERSARIAL_X25519: readonly CallVector[] = rows(CASES, NAMES).map(
  ({ name, status, fields: [scalar, u, output] }): CallVector => ({
    source: "adversarial X25519",
    name,
    primitive: "X25519",
    input: scalar + u,
    status,
    output,
  }),
);
