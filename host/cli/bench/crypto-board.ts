/**
 * Instructions of the core's primitives under wasm3 on a Cortex-M4, counted in QEMU through the replay of its console.
 */
import type { VirtualBoard } from "../../../boards/index.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { InstructionMeter } from "../../board/meter.ts";
import { Metric } from "../../board/protocol.ts";
import { RadioPort } from "../../board/radio-port.ts";
import { VirtualBoardProcess } from "../../board/virtual.ts";
import { BoardTarget } from "../../conformance/target.ts";
import { Primitive, STATUS_SENTENCES, Status } from "../../core/abi.gen.ts";
import { Crypto, primitiveInput } from "../../core/crypto.ts";
import { SeededRandom } from "../../radio/random.ts";
import { type Goal, judged, limited, median, type Result } from "./measure.ts";

const ENGINE = "wasm3 on Cortex-M4";
/** Keys, messages and alphas of what does not take the same time for all of them; the median counts. */
const VARIANTS = 5;

type Step = readonly [Primitive, Uint8Array];

interface Count {
  readonly name: string;
  /** For each variant, the calls that make up one operation. */
  readonly variants: readonly (readonly Step[])[];
  readonly goal?: Goal;
  readonly stretch?: Goal;
}

const atMost = (millions: number): Goal => ({ value_at_most: Math.round(millions * 1e6) });
const EMPTY = new Uint8Array(0);

/** What is counted. Signatures and proofs to verify are made on the board. */
async function counts(crypto: Crypto): Promise<Count[]> {
  const random = new SeededRandom(4);
  const kibibyte = random.bytes(1024);
  const verify: Step[][] = [];
  const gamma: Step[][] = [];
  const prove: Step[][] = [];
  const check: Step[][] = [];
  for (let i = 0; i < VARIANTS; i++) {
    const [seed, message, alpha] = [random.bytes(32), random.bytes(100), random.bytes(32)];
    const publicKey = await crypto.ed25519PublicKey(seed);
    const signature = await crypto.ed25519Sign(seed, publicKey, message);
    verify.push([[Primitive.Ed25519Verify, primitiveInput.ed25519Verify(publicKey, signature, message)]]);
    const input = primitiveInput.vrf(seed, publicKey, alpha);
    gamma.push([[Primitive.VrfGamma, input]]);
    prove.push([[Primitive.VrfProve, input]]);
    const { proof } = await crypto.vrfProve(seed, publicKey, alpha);
    check.push([[Primitive.VrfVerify, primitiveInput.vrfVerify(publicKey, proof, alpha)]]);
  }
  const seed = random.bytes(32);
  const publicKey = await crypto.ed25519PublicKey(seed);
  const one = (primitive: Primitive, input: Uint8Array): Step[][] => [[[primitive, input]]];
  const seal = primitiveInput.aead(random.bytes(32), random.bytes(12), EMPTY, random.bytes(484));
  return [
    { name: "Ed25519 verify, 100 B", variants: verify, goal: atMost(17), stretch: atMost(14) },
    {
      name: "Ed25519 sign, 100 B",
      variants: one(Primitive.Ed25519Sign, primitiveInput.ed25519Sign(seed, publicKey, random.bytes(100))),
      goal: atMost(8),
      stretch: atMost(7),
    },
    {
      name: "X25519",
      variants: one(
        Primitive.X25519,
        primitiveInput.x25519(random.bytes(32), await crypto.x25519PublicKey(random.bytes(32))),
      ),
      goal: atMost(16),
      stretch: atMost(14),
    },
    { name: "X25519 public key", variants: one(Primitive.X25519PublicKey, random.bytes(32)) },
    { name: "SHA-512, 1 KiB", variants: one(Primitive.Sha512, kibibyte), goal: atMost(1.1) },
    { name: "ChaCha20-Poly1305 seal, 484 B", variants: one(Primitive.Seal, seal), goal: atMost(0.29) },
    { name: "BLAKE2b-512, 1 KiB", variants: one(Primitive.Blake2b, primitiveInput.blake2b(kibibyte, 64)) },
    {
      name: "BLAKE3, 1 KiB",
      variants: [
        [
          [Primitive.Blake3Begin, EMPTY],
          [Primitive.Blake3Update, kibibyte],
          [Primitive.Blake3End, EMPTY],
        ],
      ],
    },
    { name: "VRF Gamma and output", variants: gamma },
    { name: "VRF prove", variants: prove },
    { name: "VRF verify", variants: check },
  ];
}

/** Starts the image, counts, and stops it. `progress` is told what is being counted. */
export async function countOnBoard(
  board: VirtualBoard,
  image: string,
  progress: (what: string) => void,
): Promise<Result[]> {
  const running = await VirtualBoardProcess.start({
    board,
    image,
    icount: true,
    radio: (stream) => new RadioPort({ name: board.id, stream }),
  });
  try {
    const target = await BoardTarget.open(running.console);
    const meter = await InstructionMeter.open(running.console);
    const results: Result[] = [];
    for (const { name, variants, goal, stretch } of await counts(new Crypto(target))) {
      progress(name);
      const totals: number[] = [];
      // Once beforehand: wasm3 patches a place that calls a function when it comes by for the first time.
      for (const [primitive, input] of variants[0] ?? []) await target.crypto(primitive, input);
      for (const steps of variants) {
        let total = 0;
        for (const [primitive, input] of steps) {
          const { status } = await target.crypto(primitive, input);
          if (status !== Status.Ok) throw new MehrError(1, `${name} on ${board.id}: ${STATUS_SENTENCES[status]}`);
          total += await meter.lastStep();
        }
        totals.push(total);
      }
      const row = { name, value: Math.round(median(totals)), unit: "instructions", engine: ENGINE };
      results.push(judged(row, goal, stretch));
    }
    const stackUsed = await meter.metric(Metric.WasmStackUsed);
    const stack = limited("wasm stack high-water", { used: stackUsed, max: await meter.metric(Metric.WasmStack) });
    return [...withLottery(results), { ...stack, engine: ENGINE }];
  } finally {
    await running.stop();
  }
}

/** A relay does the VRF for every paid packet and X25519 for every link: the one may cost 1.8 times the other. */
function withLottery(results: readonly Result[]): Result[] {
  const x25519 = results.find((result) => result.name === "X25519")?.value ?? Number.NaN;
  return results.map((result) =>
    result.name === "VRF Gamma and output"
      ? judged({ ...result, baseline: x25519, ratio: result.value / x25519, against: "X25519" }, { ratio_at_most: 1.8 })
      : result,
  );
}

/** Bytes of RAM that the translation of `image`'s core takes. */
export async function metacodeOf(board: VirtualBoard, image: string): Promise<number> {
  const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) =>
    new RadioPort({ name: board.id, stream });
  const running = await VirtualBoardProcess.start({ board, image, radio });
  try {
    const metacode = (await running.console.stats()).get(Metric.Metacode);
    if (metacode === undefined) throw new Error("the board does not tell Metric.Metacode");
    return Number(metacode);
  } finally {
    await running.stop();
  }
}
