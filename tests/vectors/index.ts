/** All test vectors of the core's cryptography; every engine runs them through the core's `crypto` export. */
import { ADVERSARIAL_AEAD } from "./adversarial-aead.ts";
import { ADVERSARIAL_ED25519 } from "./adversarial-ed25519.ts";
import { ADVERSARIAL_VRF } from "./adversarial-vrf.ts";
import { ADVERSARIAL_X25519 } from "./adversarial-x25519.ts";
import { BLAKE3 } from "./blake3.ts";
import { HASHES } from "./hashes.ts";
import { MEHR } from "./mehr.ts";
import { RFC7748, X25519_1000_ITERATIONS } from "./rfc7748.ts";
import { RFC8032 } from "./rfc8032.ts";
import { RFC8439 } from "./rfc8439.ts";
import { RFC9381 } from "./rfc9381.ts";
import { TAMING_EDDSAS } from "./taming-eddsas.ts";
import type { Vector } from "./vector.ts";

/** Published by someone else, or worked out in the protocol's text. */
export const PUBLISHED: readonly Vector[] = [
  ...RFC8032,
  ...RFC7748,
  X25519_1000_ITERATIONS,
  ...RFC8439,
  ...HASHES,
  ...RFC9381,
  ...BLAKE3,
  ...MEHR,
  ...TAMING_EDDSAS,
];

/** Made for this project to be refused, or to sit on an edge. */
export const ADVERSARIAL: readonly Vector[] = [
  ...ADVERSARIAL_ED25519,
  ...ADVERSARIAL_X25519,
  ...ADVERSARIAL_AEAD,
  ...ADVERSARIAL_VRF,
];

export const VECTORS: readonly Vector[] = [...PUBLISHED, ...ADVERSARIAL];
