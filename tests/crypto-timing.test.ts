/**
 * What handles secrets takes the same time for every secret: instructions of the core on the emulated Cortex-M4, under
 * each engine, counted to one tick of 40 instructions. Translated to C the core goes through an optimising compiler
 * once more, which may make a branch out of what had none; this is where that would show.
 *
 * Everything public is held fixed. That includes the public key given to Ed25519Sign and to the VRF, which the core
 * takes as it is: what comes out belongs to no key pair, and which instructions run is the same as if it did. In the
 * VRF the number of tries of hash-to-curve depends on public key and alpha alone, both public, so it is fixed with
 * them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InstructionMeter } from "../host/board/meter.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { VirtualBoardProcess } from "../host/board/virtual.ts";
import { BoardTarget } from "../host/conformance/target.ts";
import { Primitive, Status } from "../host/core/abi.gen.ts";
import { Crypto, primitiveInput } from "../host/core/crypto.ts";
import { buildImage, variants, virtualBoard } from "./support/images.ts";
import {
  MESSAGE,
  NONCE,
  NOTHING,
  type Public,
  random,
  SECRETIVE,
  secrets,
  TEXT,
  wrongTags,
} from "./support/secret-inputs.ts";

describe.each(variants("qemu-m4"))("$engine", ({ id, engine }) => {
  let board: VirtualBoardProcess;
  let target: BoardTarget;
  let meter: InstructionMeter;
  let crypto: Crypto;
  let known: Public;
  let box: Uint8Array;
  beforeAll(async () => {
    const { image } = await buildImage(id, engine);
    board = await VirtualBoardProcess.start({
      board: virtualBoard(id),
      image,
      icount: true,
      radio: (stream) => new RadioPort({ name: id, stream }),
    });
    target = await BoardTarget.open(board.console);
    meter = await InstructionMeter.open(board.console);
    crypto = new Crypto(target);
    const publicKey = await crypto.ed25519PublicKey(random.bytes(32));
    known = { publicKey, u: await crypto.x25519PublicKey(random.bytes(32)) };
    box = await crypto.seal(new Uint8Array(32), NONCE, NOTHING, TEXT);
  }, 900_000);
  afterAll(() => board?.stop());

  async function ticks(primitive: Primitive, input: Uint8Array, status: Status = Status.Ok): Promise<number> {
    expect((await target.crypto(primitive, input)).status).toBe(status);
    return meter.lastStepTicks();
  }

  /**
   * Expects the same count for all inputs; where a count falls between two ticks, one of them is a tick more. The first
   * call does not count: wasm3 patches a place that calls a function when it comes by for the first time.
   */
  async function expectEqualTime(primitive: Primitive, inputs: readonly Uint8Array[], status?: Status): Promise<void> {
    await target.crypto(primitive, inputs[0] ?? NOTHING);
    const counts: number[] = [];
    for (const input of inputs) counts.push(await ticks(primitive, input, status));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(Math.max(...counts) - Math.min(...counts), `ticks: ${counts.join(", ")}`).toBeLessThanOrEqual(1);
  }

  it.each(SECRETIVE)("%s takes as long whatever the secret is", { timeout: 600_000 }, async (name, input) => {
    const inputs = secrets(32).map((secret) => input(secret, known));
    await expectEqualTime(Primitive[name], inputs);
  });

  it("keyed BLAKE3 takes as long whatever key and message are", { timeout: 120_000 }, async () => {
    const stream = async (key: Uint8Array, message: Uint8Array): Promise<number[]> => [
      await ticks(Primitive.Blake3Begin, key),
      await ticks(Primitive.Blake3Update, message),
      await ticks(Primitive.Blake3End, NOTHING),
    ];
    const inputs = secrets(200);
    await stream(inputs[0]?.subarray(0, 32) ?? NOTHING, inputs[0] ?? NOTHING);
    const counts: number[][] = [];
    for (const input of inputs) counts.push(await stream(input.subarray(0, 32), input));
    for (const step of [0, 1, 2]) {
      const taken = counts.map((count) => count[step] ?? 0);
      expect(Math.max(...taken) - Math.min(...taken), `ticks: ${taken.join(", ")}`).toBeLessThanOrEqual(1);
    }
    expect(counts[0]?.[1]).toBeGreaterThan(100);
  });

  it("Seal takes as long whatever the plaintext is", { timeout: 120_000 }, async () => {
    const key = random.bytes(32);
    const inputs = secrets(TEXT.length).map((plaintext) => primitiveInput.aead(key, NONCE, MESSAGE, plaintext));
    await expectEqualTime(Primitive.Seal, inputs);
  });

  it("Open takes as long whatever the key is, and wherever the tag is wrong", { timeout: 120_000 }, async () => {
    const byKey = secrets(32).slice(1);
    await expectEqualTime(
      Primitive.Open,
      byKey.map((key) => primitiveInput.aead(key, NONCE, NOTHING, box)),
      Status.BadTag,
    );
    const zero = new Uint8Array(32);
    const byTag = wrongTags(box).map((wrong) => primitiveInput.aead(zero, NONCE, NOTHING, wrong));
    await expectEqualTime(Primitive.Open, byTag, Status.BadTag);
  });

  it("which the meter could tell: one byte more of plaintext shows, one more block shows more", async () => {
    const at = (length: number): Promise<number> =>
      ticks(Primitive.Seal, primitiveInput.aead(random.bytes(32), NONCE, NOTHING, new Uint8Array(length)));
    await at(449);
    const [whole, byte, block] = [await at(448), await at(449), await at(512)];
    expect(byte - whole).toBeGreaterThan(1);
    expect(block - whole).toBeGreaterThan(byte - whole);
    expect(Math.abs((await at(448)) - whole)).toBeLessThanOrEqual(1);
  });
});
