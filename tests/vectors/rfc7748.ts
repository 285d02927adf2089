/** RFC 7748 sections 5.2 and 6.1. */
import type { CallVector } from "./vector.ts";

const FUNCTION = "RFC 7748 section 5.2";
const EXCHANGE = "RFC 7748 section 6.1";

/** Scalar and u of the iterated test's first round: both the base point's u coordinate. */
const NINE = "0900000000000000000000000000000000000000000000000000000000000000";

export const ALICE = {
  secret: "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
  public: "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
} as const;
export const BOB = {
  secret: "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
  public: "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
} as const;
export const SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

export const RFC7748: readonly CallVector[] = [
  {
    source: FUNCTION,
    name: "first input",
    primitive: "X25519",
    input:
      "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4" +
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
    output: "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
  },
  {
    source: FUNCTION,
    name: "second input",
    primitive: "X25519",
    input:
      "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d" +
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
    output: "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
  },
  {
    source: FUNCTION,
    name: "1 iteration",
    primitive: "X25519",
    input: NINE + NINE,
    output: "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079",
    iterations: 1,
  },
  {
    source: EXCHANGE,
    name: "Alice's public key",
    primitive: "X25519PublicKey",
    input: ALICE.secret,
    output: ALICE.public,
  },
  {
    source: EXCHANGE,
    name: "Bob's public key",
    primitive: "X25519PublicKey",
    input: BOB.secret,
    output: BOB.public,
  },
  {
    source: EXCHANGE,
    name: "Alice's public key by the function of section 5",
    primitive: "X25519",
    input: ALICE.secret + NINE,
    output: ALICE.public,
  },
  {
    source: EXCHANGE,
    name: "shared secret, Alice's side",
    primitive: "X25519",
    input: ALICE.secret + BOB.public,
    output: SHARED,
  },
  {
    source: EXCHANGE,
    name: "shared secret, Bob's side",
    primitive: "X25519",
    input: BOB.secret + ALICE.public,
    output: SHARED,
  },
];

/**
 * A thousand scalar multiplications, apart from the others because an interpreter on a microcontroller takes minutes.
 */
export const X25519_1000_ITERATIONS: CallVector = {
  source: FUNCTION,
  name: "1,000 iterations",
  primitive: "X25519",
  input: NINE + NINE,
  output: "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51",
  iterations: 1000,
};
