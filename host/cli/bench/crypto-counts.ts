/** What is counted of the core's cryptography on a chip: the same calls, in order, for every engine and library. */
import { MehrError } from "../../../toolchain/errors.ts";
import { Primitive, STATUS_SENTENCES, Status } from "../../core/abi.gen.ts";
import { Crypto, primitiveInput, type PrimitiveRunner } from "../../core/crypto.ts";
import { SeededRandom } from "../../radio/random.ts";
import { type BoardEngine, type Goal, median } from "./measure.ts";

/** Keys, messages and alphas of what does not take the same time for all of them; the median counts. */
const VARIANTS = 5;

/** One call. */
export interface Step {
  readonly primitive: Primitive;
  readonly input: Uint8Array;
  /** What the core gives under V8, and everything else must give too. */
  readonly out: Uint8Array;
}

/** What an engine is held to on a Cortex-M4. */
export interface EngineGoal {
  readonly goal: Goal;
  readonly stretch?: Goal;
}

export interface Count {
  readonly name: string;
  /** For each variant, the calls that make up one operation. */
  readonly variants: readonly (readonly Step[])[];
  readonly goals: Readonly<Partial<Record<BoardEngine, EngineGoal>>>;
}

const EMPTY = new Uint8Array(0);

const atMost = (millions: number): Goal => ({ value_at_most: Math.round(millions * 1e6) });
const wasm3 = (goal: number, stretch?: number): Count["goals"] => ({
  wasm3: { goal: atMost(goal), ...(stretch === undefined ? {} : { stretch: atMost(stretch) }) },
});

/** The operations, with what `core` makes of them. */
export async function counts(core: PrimitiveRunner): Promise<Count[]> {
  const crypto = new Crypto(core);
  const random = new SeededRandom(4);
  const kibibyte = random.bytes(1024);
  const step = async (primitive: Primitive, input: Uint8Array): Promise<Step> => {
    const { status, out } = await core.crypto(primitive, input);
    if (status !== Status.Ok) throw new MehrError(1, `Primitive ${primitive} under V8: ${STATUS_SENTENCES[status]}`);
    return { primitive, input, out };
  };
  const one = async (primitive: Primitive, input: Uint8Array): Promise<Step[][]> => [[await step(primitive, input)]];

  const verify: Step[][] = [];
  const gamma: Step[][] = [];
  const prove: Step[][] = [];
  const check: Step[][] = [];
  for (let i = 0; i < VARIANTS; i++) {
    const [seed, message, alpha] = [random.bytes(32), random.bytes(100), random.bytes(32)];
    const publicKey = await crypto.ed25519PublicKey(seed);
    const signature = await crypto.ed25519Sign(seed, publicKey, message);
    verify.push([await step(Primitive.Ed25519Verify, primitiveInput.ed25519Verify(publicKey, signature, message))]);
    const input = primitiveInput.vrf(seed, publicKey, alpha);
    gamma.push([await step(Primitive.VrfGamma, input)]);
    prove.push([await step(Primitive.VrfProve, input)]);
    const { proof } = await crypto.vrfProve(seed, publicKey, alpha);
    check.push([await step(Primitive.VrfVerify, primitiveInput.vrfVerify(publicKey, proof, alpha))]);
  }
  const seed = random.bytes(32);
  const publicKey = await crypto.ed25519PublicKey(seed);
  const seal = primitiveInput.aead(random.bytes(32), random.bytes(12), EMPTY, random.bytes(484));
  const signed = primitiveInput.ed25519Sign(seed, publicKey, random.bytes(100));
  const shared = primitiveInput.x25519(random.bytes(32), await crypto.x25519PublicKey(random.bytes(32)));
  const blake3 = [
    await step(Primitive.Blake3Begin, EMPTY),
    await step(Primitive.Blake3Update, kibibyte),
    await step(Primitive.Blake3End, EMPTY),
  ];
  return [
    {
      name: "Ed25519 verify, 100 B",
      variants: verify,
      goals: { ...wasm3(17, 14), AOT: { goal: atMost(2.2) } },
    },
    {
      name: "Ed25519 sign, 100 B",
      variants: await one(Primitive.Ed25519Sign, signed),
      goals: { ...wasm3(8, 7), AOT: { goal: atMost(0.9) } },
    },
    {
      name: "X25519",
      variants: await one(Primitive.X25519, shared),
      goals: { ...wasm3(16, 14), AOT: { goal: atMost(1.6) } },
    },
    { name: "X25519 public key", variants: await one(Primitive.X25519PublicKey, random.bytes(32)), goals: {} },
    { name: "SHA-512, 1 KiB", variants: await one(Primitive.Sha512, kibibyte), goals: wasm3(1.1) },
    { name: "ChaCha20-Poly1305 seal, 484 B", variants: await one(Primitive.Seal, seal), goals: wasm3(0.29) },
    {
      name: "BLAKE2b-512, 1 KiB",
      variants: await one(Primitive.Blake2b, primitiveInput.blake2b(kibibyte, 64)),
      goals: {},
    },
    { name: "BLAKE3, 1 KiB", variants: [blake3], goals: {} },
    { name: "VRF Gamma and output", variants: gamma, goals: {} },
    { name: "VRF prove", variants: prove, goals: {} },
    { name: "VRF verify", variants: check, goals: {} },
  ];
}

/** The median over the variants of one operation, given what each call took. */
export function ofVariants(count: Count, took: (step: Step) => number): number {
  return Math.round(median(count.variants.map((steps) => steps.reduce((sum, step) => sum + took(step), 0))));
}
