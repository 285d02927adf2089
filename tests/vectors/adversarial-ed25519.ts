/**
 * Ed25519 signatures and keys made to be refused, or to be taken by some rules and not by others, in the manner of
 * Project Wycheproof's ed25519 tests and of C2SP's CCTV. Constructed for this project with integers: B is the base
 * point, a the scalar of the seed 01 02 .. 20, T a point of order 8, k the hash of R, A and the message; one point has
 * every order, and every encoding from p up is there. The verdicts are those of the rules in
 * tests/support/reference.ts, and vectors.test.ts recomputes every one.
 */
import { type Row, rows, verify } from "./layout.ts";
import type { CallVector } from "./vector.ts";

/** An honest key and signature (R, S) of the message M, and R2 = [S2]B. */
const HONEST = {
  A: "79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664",
  R: "84831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756fbf",
  S: "f6a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed00",
  M: "6d656872",
  R2: "52b88e1782bb9e8462a94e0539aa7c65e11e5a149043e1eb40c113f4d410557d",
  S2: "3c7cd0c9ae64f30b744fd006bfadf99172e863126313638c99704f34520aed0f",
};

/** Status, A, R, S, message | name. */
const SIGNATURES = `
Ok           A R S M | control: an honest signature
BadScalar    A R e37c829745c3148d1bcdc41dfb11376af20750201e072e5354594cb5c303ed10 M | S + L
BadScalar    A R d05078f45f2627e5f169bcc0d90b167ff20750201e072e5354594cb5c303ed20 M | S + 2L
BadScalar    A R 5e483b22fe7895f5f7168a9211e74ffcf20750201e072e5354594cb5c303ed80 M | S + 8L
BadScalar    A R ec3ffe4f9ccb0306fec3576449c28979f30750201e072e5354594cb5c303ede0 M | S + 14L
BadScalar    A R edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010 M | S = L
BadScalar    A 0100000000000000000000000000000000000000000000000000000000000000 edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010 M | S = L, R the identity
BadSignature A R ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010 M | S = L - 1
BadSignature A R 0000000000000000000000000000000000000000000000000000000000000000 M | S = 0
BadScalar    A R f6a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed20 M | S with bit 253 set
BadScalar    A R f6a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed40 M | S with bit 254 set
BadScalar    A R f6a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed80 M | S with bit 255 set
BadScalar    A R ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff M | S = 2^256 - 1
BadSignature A R 0000000000000000000000000000000000000000000000000000000000000010 M | S = 2^252
BadSignature A R f72a6922ef021023916c2a28c2e186bf0df8afdfe1f8d1acaba6b34a3cfc120f M | L - S
BadSignature A 84831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756f3f f72a6922ef021023916c2a28c2e186bf0df8afdfe1f8d1acaba6b34a3cfc120f M | R negated, S negated
BadSignature A 0000000000000000000000000000000000000000000000000000000000000000 0000000000000000000000000000000000000000000000000000000000000000 M | all zero
BadSignature A 85831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756fbf S M | bit 0 of R flipped
BadSignature A 86831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756fbf S M | bit 1 of R flipped
BadSignature A 80831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756fbf S M | bit 2 of R flipped
BadSignature A 84831bdfceb652973b756ddd3b8dfd16085d2a2e7a596fa929395271d3756fbf S M | bit 127 of R flipped
BadSignature A 84831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756fff S M | bit 254 of R flipped
BadSignature A 84831bdfceb652973b756ddd3b8dfd96085d2a2e7a596fa929395271d3756f3f S M | bit 255 of R flipped
BadSignature A R f7a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed00 M | bit 0 of S flipped
BadSignature A R 76a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed00 M | bit 7 of S flipped
BadSignature A R f6a88c3a2b6002354530cd7a1c185855f30750201e072e5354594cb5c303ed00 M | bit 128 of S flipped
BadSignature A R f6a88c3a2b6002354530cd7a1c185855f20750201e072e5354594cb5c303ed08 M | bit 251 of S flipped
BadPoint     78b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664 R S M | bit 0 of the key flipped
BadPoint     7bb5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664 R S M | bit 1 of the key flipped
BadPoint     7db5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664 R S M | bit 2 of the key flipped
BadSignature 79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad0496e4 R S M | bit 255 of the key flipped
BadSignature A R S 6c656872 | bit 0 of the message flipped
BadSignature A R S 6d6568f2 | bit 31 of the message flipped
BadSignature A R S 6d6568 | message one byte shorter
BadSignature A R S 6d65687200 | message one byte longer
BadSignature bafc71bead3ac5e4b63e9c8216ee71a34aaec65722eedbca728b4e9b3ccce396 R S M | another key
BadSignature 79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad0496e4 R S M | key negated
BadScalar    A S R M | R and S exchanged
SmallOrder   0100000000000000000000000000000000000000000000000000000000000000 R2 S2 M | A of order 1, S B = R
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a R2 S2 M | A of order 8 (1 T), S B = R
SmallOrder   0000000000000000000000000000000000000000000000000000000000000080 R2 S2 M | A of order 4 (2 T), S B = R
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 R2 S2 M | A of order 8 (3 T), S B = R
SmallOrder   ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R2 S2 M | A of order 2, S B = R
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 R2 S2 M | A of order 8 (5 T), S B = R
SmallOrder   0000000000000000000000000000000000000000000000000000000000000000 R2 S2 M | A of order 4 (6 T), S B = R
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa R2 S2 M | A of order 8 (7 T), S B = R
Ok           A 0100000000000000000000000000000000000000000000000000000000000000 9f8f3d79b00a63d762857ff6d318db55eb22bf451bd72385a7ca6ffd50d8d709 M | R of order 1, S = k a
Ok           A c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a ec22a0e060312323369eb47f6d9fdfe2ac1dd2c5d208ec1faf95e32a3764930c M | R of order 8 (1 T), S = k a
Ok           A 0000000000000000000000000000000000000000000000000000000000000080 edd50f3eaf08013191a00c2a14c7094223151b1b4c360afee2b5334c2ca31f00 M | R of order 4 (2 T), S = k a
Ok           A 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 c6b18687f62bddaa36c9214b7b733846c398c7d04dc5e5e12a5ad0c3ad14160a M | R of order 8 (3 T), S = k a
Ok           A ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 390fa379e63a8f5de1bd96cdb09ac468216a165247f324edba8bdf19c2ef7c04 M | R of order 2, S = k a
Ok           A 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 e3630baae48e51c00a5ac457f966e016d2487f75af53bc5f7ca25d3e6b7f5b05 M | R of order 8 (5 T), S = k a
Ok           A 0000000000000000000000000000000000000000000000000000000000000000 442b2ae58ff5b4049f56297d6d028812cef7eb382665c1094325ccb13e10e900 M | R of order 4 (6 T), S = k a
Ok           A c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa 08a4327287e3826cea6682be2c8558429640f003b733b6bf79641760edc5e902 M | R of order 8 (7 T), S = k a
Ok           287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 f4910c97b39f63f3ab1138ae8f8ef5861fdd1bc0feda2cc1d89b8e2df4dee17e f9ff863857e55f011cae6f9b84c8696df034f9e28bf5f62e2e44f86dd44c7e0f M | A = a B + 1 T, [k]T not zero: valid with the cofactor only
Ok           34c78fab7ee01eee30835a21c795a04ed19143340e7295a589874271fbb465c7 37dd0c95a4d46eb6aa286b001927ae95fe7f5393b79ffbc46463c36cbffa6c78 4c182821e1c60a4d6d4c000114d483ff2c7027f12e210d33205b56eef5a61a0c M | A = a B + 2 T, [k]T not zero: valid with the cofactor only
Ok           c6e2cb790d0e8833a455b24cc304bf11cc0e2d0b6625c64663aa9ee64506188d 5d927e6b8fd8d498e18701d8e53ea9b2770571e9a79119382f7bd20be0b1560b f9cabb50b3ba62395d76baec1e93340b47fd3d91778138ef35816b378bd9420b M | A = a B + 3 T, [k]T not zero: valid with the cofactor only
Ok           744aa9d17019ab06bf874eed175674586fe07ac5196a41281f1c6ef452fb699b 107da4044931989983d61571af3546a5dd84cc3cbbb64a40d98825e0f433d671 7bcc85f82763a7e0b163130002e44b3373ee06bb3cffa0661ef1ff3759516704 M | A = a B + 4 T, [k]T not zero: valid with the cofactor only
Ok           c580942585a80b0d78c0c400a1a1563d9f5959cbc420c8385432cb912a6fb3ee 61d62af3060972ef58e610f683cfef11abca02882876735f63fc7500aadf75d2 e382e468e703c2e44aa52ee811c0e6ac8837c29085b4e928f1127c3e193ade02 M | A = a B + 5 T, [k]T not zero: valid with the cofactor only
Ok           b9387054811fe111cf7ca5de386a5fb12e6ebccbf18d6a5a7678bd8e044b9a38 1d57c33ae010161bc727079061bcad4177bae789ff538318705a9eab28b60809 21e2277e030df9e12bd12c6e16e6876d3025385f71423044fb8a893765f95100 M | A = a B + 6 T, [k]T not zero: valid with the cofactor only
Ok           271d3486f2f177cc5baa4db33cfb40ee33f1d2f499da39b99c556119baf9e772 8f0371cb1253ed9b24b11e7632ed906c1a34506f4850fcc60faeb4e1cfc4d08f 9d1eaffed36ef66251b2d44543aea0599cc0f24b0c5703eba993d53fc9fcbb03 M | A = a B + 7 T, [k]T not zero: valid with the cofactor only
Ok           287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 69cab45b19cc421abbfc22f5aa54cfd132db3160addd5a86b20ea279f0be8031 d953d057f74198766d8a422f2e0e07dc901f868488595f3828b8723f8a3b910d M | A = a B + T, [k]T zero: valid with and without the cofactor
Ok           A 704f9d20af48a751532139137d4b04d587a45a6070e3c28adca908510844ffcb 4348b02cb65a1d0b8a71b7883d0bc63350564ee3d8266003f6c9954ec3f60709 M | R = r B + 1 T: valid with the cofactor only
Ok           A af0ab0e782cbf310fb04800452e5221aa6ac81a53b24edb0333fe791ed6cce08 773bebfdea90ccb33ff92223c6c7c6680d76d3e40b7a9ae3fe7e98b0133e3e08 M | R = r B + 2 T: valid with the cofactor only
Ok           A c1698f1b3b378c84045693888a9ab96c5c9692b7630256e119a015572d9f2fa6 5174bced85ee571dd0cb9656a1c8479e183256e512dfd6ce54220a694c1de80f M | R = r B + 3 T: valid with the cofactor only
Ok           A 72a7356a7aa0b27cd08b933471493c83aab0afa786cac7faaaa4a0b6a4a3c696 3b15ff0e4b6df89c1d930da349df360402f6e48c6b77d94da75932aa2e1c7d0a M | R = r B + 4 T: valid with the cofactor only
Ok           A bd771fd1e4f43e66ed2b82f762b240abc7eebbb70d65bf29a855f4627c6b7a7b 5d145b87c5350877313a7091b8f7400303ca4905a4a30696f7d6905a4fffb501 M | R = r B + 5 T: valid with the cofactor only
Ok           A f21f26222ceb0d6f73a918bd9144dcee84e3c838ca0eb414d01dcd8765589601 a99c950d5301ba34ff8382d834a3646cfae9c9ee6c8b5dd41996d2f3563ffa09 M | R = r B + 6 T: valid with the cofactor only
Ok           A 3967f8080d421b718bae50df8f5e9a7447921822ece8dfa84e907269cae57c3a d10e2e51447a95ce63857b1f6a93cc06ea9a572c6c3320f93208e7315b9fbc0d M | R = r B + 7 T: valid with the cofactor only
Ok           c6e2cb790d0e8833a455b24cc304bf11cc0e2d0b6625c64663aa9ee64506188d ee7566cb2fdef0410ec334684c7f010b4a245a6c390de6305f1bc49b709aad8b d8cbeab987d4472a4183246fbe1c5667014651f01d8de84a08cda5dd15cf8c0c M | A = a B + 3 T, R = r B + 5 T that cancel
Ok           c6e2cb790d0e8833a455b24cc304bf11cc0e2d0b6625c64663aa9ee64506188d d937526dac247d843b57882f1f605285475f1ee40bf980bfcb9e95b7cd6201a6 431f7e5ee5cd510c16492c4aea25378d7cda37fd347112d3d67c54843d315108 M | A = a B + 3 T, R = r B + 5 T that do not cancel
BadSignature 287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 6c2540cf7a8e7902cd12312257f27eed4e2fd3c5f155aff6cc1aa780aef34eaa 30823fe67e98904e2162877e92c0f4adea51332307207656ad595cc4ec427c08 M | A = a B + T, S off by one
BadPoint     0200000000000000000000000000000000000000000000000000000000000000 R S M | A not on the curve (y = 2)
BadPoint     A 0200000000000000000000000000000000000000000000000000000000000000 S M | R not on the curve (y = 2)
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R2 S2 M | A: y = p, sign 0, of small order, S B = R
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R2 S2 M | A: y = p, sign 1, of small order, S B = R
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R2 S2 M | A: y = p + 1, sign 0, of small order, S B = R
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R2 S2 M | A: y = p + 1, sign 1, of small order, S B = R
BadPoint     efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 2, sign 0
BadPoint     efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 2, sign 1
BadPoint     f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 3, sign 0, on the curve mod p
BadPoint     f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 3, sign 1, on the curve mod p
BadPoint     f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 4, sign 0, on the curve mod p
BadPoint     f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 4, sign 1, on the curve mod p
BadPoint     f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 5, sign 0, on the curve mod p
BadPoint     f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 5, sign 1, on the curve mod p
BadPoint     f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 6, sign 0, on the curve mod p
BadPoint     f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 6, sign 1, on the curve mod p
BadPoint     f4ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 7, sign 0
BadPoint     f4ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 7, sign 1
BadPoint     f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 8, sign 0
BadPoint     f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 8, sign 1
BadPoint     f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 9, sign 0, on the curve mod p
BadPoint     f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 9, sign 1, on the curve mod p
BadPoint     f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 10, sign 0, on the curve mod p
BadPoint     f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 10, sign 1, on the curve mod p
BadPoint     f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 11, sign 0
BadPoint     f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 11, sign 1
BadPoint     f9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 12, sign 0
BadPoint     f9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 12, sign 1
BadPoint     faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 13, sign 0
BadPoint     faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 13, sign 1
BadPoint     fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 14, sign 0, on the curve mod p
BadPoint     fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 14, sign 1, on the curve mod p
BadPoint     fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 15, sign 0, on the curve mod p
BadPoint     fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 15, sign 1, on the curve mod p
BadPoint     fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 16, sign 0, on the curve mod p
BadPoint     fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 16, sign 1, on the curve mod p
BadPoint     feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 17, sign 0
BadPoint     feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 17, sign 1
BadPoint     ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f R S M | A: y = p + 18, sign 0, on the curve mod p
BadPoint     ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R S M | A: y = p + 18, sign 1, on the curve mod p
BadPoint     0100000000000000000000000000000000000000000000000000000000000080 R2 S2 M | A: y = 1, sign 1, of small order, S B = R
BadPoint     ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff R2 S2 M | A: y = p - 1, sign 1, of small order, S B = R
BadPoint     A edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f dfc7c44d80849fdcf35d827cf8c36aa5783c87708226631a695fd3f7e9be290f M | R: y = p, sign 0, of small order, S = k a
BadPoint     A edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 27de0d29e63402072ed4756b5b6744261651812f466b7b3860e8a9f4586c7503 M | R: y = p, sign 1, of small order, S = k a
BadPoint     A eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f 60f8220f38582c6fe79e18aaa2f9586d2285e98a3140670feaa4109ab618ca09 M | R: y = p + 1, sign 0, of small order, S = k a
BadPoint     A eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff 618f56c73f3afed8cd1279fb972928e59661f033a87fd34cd2513c9ec24e4c0d M | R: y = p + 1, sign 1, of small order, S = k a
BadPoint     A efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 2, sign 0
BadPoint     A efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 2, sign 1
BadPoint     A f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 3, sign 0, on the curve mod p
BadPoint     A f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 3, sign 1, on the curve mod p
BadPoint     A f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 4, sign 0, on the curve mod p
BadPoint     A f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 4, sign 1, on the curve mod p
BadPoint     A f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 5, sign 0, on the curve mod p
BadPoint     A f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 5, sign 1, on the curve mod p
BadPoint     A f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 6, sign 0, on the curve mod p
BadPoint     A f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 6, sign 1, on the curve mod p
BadPoint     A f4ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 7, sign 0
BadPoint     A f4ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 7, sign 1
BadPoint     A f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 8, sign 0
BadPoint     A f5ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 8, sign 1
BadPoint     A f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 9, sign 0, on the curve mod p
BadPoint     A f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 9, sign 1, on the curve mod p
BadPoint     A f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 10, sign 0, on the curve mod p
BadPoint     A f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 10, sign 1, on the curve mod p
BadPoint     A f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 11, sign 0
BadPoint     A f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 11, sign 1
BadPoint     A f9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 12, sign 0
BadPoint     A f9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 12, sign 1
BadPoint     A faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 13, sign 0
BadPoint     A faffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 13, sign 1
BadPoint     A fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 14, sign 0, on the curve mod p
BadPoint     A fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 14, sign 1, on the curve mod p
BadPoint     A fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 15, sign 0, on the curve mod p
BadPoint     A fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 15, sign 1, on the curve mod p
BadPoint     A fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 16, sign 0, on the curve mod p
BadPoint     A fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 16, sign 1, on the curve mod p
BadPoint     A feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 17, sign 0
BadPoint     A feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 17, sign 1
BadPoint     A ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f S M | R: y = p + 18, sign 0, on the curve mod p
BadPoint     A ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff S M | R: y = p + 18, sign 1, on the curve mod p
BadPoint     A 0100000000000000000000000000000000000000000000000000000000000080 1d7ce4400643a975f804c5b8054cfeb97483a33cd467bcf879d7ac1d9dc2f60e M | R: y = 1, sign 1, of small order, S = k a
BadPoint     A ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff e984eea9ad970cf18ef5a9d3243dffa64f9b87e59b8d6faaf7f083b88e85bb01 M | R: y = p - 1, sign 1, of small order, S = k a
Ok           A 7c21ecdf9e2567f60fa16ca977e16d4335c0d66fa088d250db889da9f7ff0631 9b339931e8b4855e361e21954122d65b8d7526f1bb9ca227746907c5106f520f 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b42 | control: message of 47 bytes, at the block edges of SHA-512(R, A, M)
Ok           A d94b001c8f9b841d574982771f219d9f3f583a39ea8ddf7131caf7e05a2d7f48 ec2ff179fbdc26dda7a9e2cc97867ac6ed428b9bdfc9041e071c4f486df50407 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b4249 | control: message of 48 bytes, at the block edges of SHA-512(R, A, M)
Ok           A 879d18b1239da6bfc168767baedc98d58413b7c81565b9ee5da63a9319420259 d1670e620d6933ed7ff61bc09796851bee2bcd17f2c47f79cbd01e1014cbb80c 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2 | control: message of 63 bytes, at the block edges of SHA-512(R, A, M)
Ok           A e7c8326d208784f35db9465d4b6369149d00176c6a2fd521a726020b2994e50e f2ef5a5cc5abc8bb8c081c8795dcf878910a44f17ffb72bef16fac251cba5e00 00070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9 | control: message of 64 bytes, at the block edges of SHA-512(R, A, M)
`;

/** Status, Ed25519 key, u | name. */
const POINTS = `
SmallOrder   0100000000000000000000000000000000000000000000000000000000000000 - | of order 1
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a - | of order 8 (1 T)
SmallOrder   0000000000000000000000000000000000000000000000000000000000000080 - | of order 4 (2 T)
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05 - | of order 8 (3 T)
SmallOrder   ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | of order 2
SmallOrder   26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 - | of order 8 (5 T)
SmallOrder   0000000000000000000000000000000000000000000000000000000000000000 - | of order 4 (6 T)
SmallOrder   c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa - | of order 8 (7 T)
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | y = p, sign 0
BadPoint     edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p, sign 1
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | y = p + 1, sign 0
BadPoint     eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p + 1, sign 1
BadPoint     efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | y = p + 2, sign 0
BadPoint     efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p + 2, sign 1
BadPoint     feffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p + 17, sign 1
BadPoint     ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f - | y = p + 18, sign 0
BadPoint     ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p + 18, sign 1
BadPoint     0100000000000000000000000000000000000000000000000000000000000080 - | y = 1, sign 1
BadPoint     ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff - | y = p - 1, sign 1
BadPoint     0200000000000000000000000000000000000000000000000000000000000000 - | not on the curve (y = 2)
Ok           79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad049664 4a3807d064d077181cc070989e76891d20dca5559548dc2c77c1a50273882b38 | a B
Ok           287f6bda7a57f4f2873f3bff5e5ea9c260a6a6343bdf37c7abcd346ed5904c11 7e20723e7c23e6641c7a7c2222d4ef84f94fdcb257093c197dc944aff9965b7b | a B + 1 T
Ok           34c78fab7ee01eee30835a21c795a04ed19143340e7295a589874271fbb465c7 b1c0f696018e3daf5c35acc60b5377fe7a8a54328be35b5f1bdedbb178f9ee58 | a B + 2 T
Ok           c6e2cb790d0e8833a455b24cc304bf11cc0e2d0b6625c64663aa9ee64506188d a6e2bd331f4518f0f02b448c0413092a4e917c8a3983c5b82f8d16dfc1f6ed28 | a B + 3 T
Ok           744aa9d17019ab06bf874eed175674586fe07ac5196a41281f1c6ef452fb699b 2f9a80dd674010082f5ac127f99306810c6752208a56a138c58cc8b4ab02ed33 | a B + 4 T
Ok           c580942585a80b0d78c0c400a1a1563d9f5959cbc420c8385432cb912a6fb3ee 926a46a569ca61223186407a44a96742943208428bb0c1b9d0e492df8cff6801 | a B + 5 T
Ok           b9387054811fe111cf7ca5de386a5fb12e6ebccbf18d6a5a7678bd8e044b9a38 e4604cff048b6cc57b0e0acc269e0f788079e28e8dfb1b583298fef38da89770 | a B + 6 T
Ok           271d3486f2f177cc5baa4db33cfb40ee33f1d2f499da39b99c556119baf9e772 cf390bf454336ebc74c19c76ac5f767a2de4db7d910536c74809fdf61ea49d39 | a B + 7 T
Ok           79b5562e8fe654f94078b112e8a98ba7901f853ae695bed7e0e3910bad0496e4 4a3807d064d077181cc070989e76891d20dca5559548dc2c77c1a50273882b38 | - a B
`;

const source = "adversarial Ed25519";

export const ADVERSARIAL_ED25519: readonly CallVector[] = [
  ...rows(SIGNATURES, HONEST).map(({ name, status, fields: [publicKey, r, s, message] }: Row): CallVector => ({
    source,
    name,
    primitive: "Ed25519Verify",
    input: verify(publicKey, r + s, message),
    status,
    output: "",
  })),
  ...rows(POINTS, HONEST).map(({ name, status, fields: [publicKey, output] }: Row): CallVector => ({
    source,
    name: `to X25519, ${name}`,
    primitive: "X25519FromEd25519",
    input: publicKey,
    status,
    output,
  })),
  {
    source,
    name: "a signature of 63 bytes",
    primitive: "Ed25519Verify",
    input: "00".repeat(32 + 63),
    status: "Short",
    output: "",
  },
];
