/** RFC 7693 appendix A (BLAKE2b) and the examples NIST publishes for FIPS 180-4 (SHA-512). */
import { ascii, blake2b, hex } from "./layout.ts";
import type { CallVector } from "./vector.ts";

const NIST = "FIPS 180-4, NIST example values for SHA-512";

export const HASHES: readonly CallVector[] = [
  {
    source: "RFC 7693 appendix A",
    name: "BLAKE2b-512 of abc",
    primitive: "Blake2b",
    input: blake2b(64, ascii("abc")),
    output: hex(
      "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1",
      "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
    ),
  },
  {
    source: NIST,
    name: "one block",
    primitive: "Sha512",
    input: ascii("abc"),
    output: hex(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a",
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ),
  },
  {
    source: NIST,
    name: "two blocks",
    primitive: "Sha512",
    input: ascii(
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
    ),
    output: hex(
      "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018",
      "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
    ),
  },
];
