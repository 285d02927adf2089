import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cobsDecode, cobsEncode, encodeFrame, type Frame, FrameError, FrameReader, PAYLOAD_MAX } from "./frame.ts";

function read(bytes: Uint8Array): { frames: Frame[]; errors: FrameError[] } {
  const frames: Frame[] = [];
  const errors: FrameError[] = [];
  const reader = new FrameReader(
    (frame) => frames.push(frame),
    (error) => errors.push(error),
  );
  reader.push(bytes);
  return { frames, errors };
}

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  id: fc.integer({ min: 0, max: 255 }),
  payload: fc.uint8Array({ maxLength: PAYLOAD_MAX, size: "max" }),
});

describe("COBS", () => {
  // The examples of the Wikipedia article on COBS, without the final delimiter.
  it.each([
    ["00", "0101"],
    ["0000", "010101"],
    ["001100", "01021101"],
    ["11220033", "0311220233"],
    ["11223344", "0511223344"],
    ["11000000", "0211010101"],
  ])("encodes %s as %s", (plain, encoded) => {
    expect(Buffer.from(cobsEncode(Buffer.from(plain, "hex"))).toString("hex")).toBe(encoded);
    expect(Buffer.from(cobsDecode(Buffer.from(encoded, "hex")) ?? []).toString("hex")).toBe(plain);
  });

  it("puts a code byte after 254 bytes without a zero", () => {
    const run = Uint8Array.from({ length: 255 }, (_, i) => (i % 255) + 1);
    const encoded = cobsEncode(run.subarray(0, 254));
    expect([encoded[0], encoded[254], encoded.length]).toEqual([0xff, 254, 256]);
    expect(cobsEncode(run).slice(-2)).toEqual(Uint8Array.of(2, 255));
  });

  it("gives back any input and never writes a zero", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1100, size: "max" }), (input) => {
        const encoded = cobsEncode(input);
        expect(encoded.includes(0)).toBe(false);
        expect(cobsDecode(encoded)).toEqual(input);
      }),
    );
  });
});

describe("frames", () => {
  it("are these literal bytes", () => {
    // CRC-32 of 00 01 07 02 00 61 62, computed with Python's zlib.
    const bytes = encodeFrame({ type: 1, id: 7, payload: Buffer.from("ab") });
    expect(Buffer.from(bytes).toString("hex")).toBe("0104010702076162d242439100");
  });

  it("begin with 01, whatever they carry", () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        expect(encodeFrame(frame)[0]).toBe(1);
      }),
    );
  });

  it("arrive whole however the bytes are cut up", () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 4 }), fc.integer({ min: 1, max: 300 }), (frames, step) => {
        const got: Frame[] = [];
        const reader = new FrameReader((frame) => got.push(frame));
        const wire = Buffer.concat(frames.map(encodeFrame));
        for (let i = 0; i < wire.length; i += step) reader.push(wire.subarray(i, i + step));
        expect(got).toEqual(frames);
      }),
      { numRuns: 50 },
    );
  });

  it("that are damaged in any one byte never pass, and the next one does", () => {
    const good = encodeFrame({ type: 9, id: 1, payload: Buffer.from("after") });
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, position, flip) => {
        const wire = Buffer.from(encodeFrame(frame));
        const at = position % (wire.length - 1);
        wire.writeUInt8(wire.readUInt8(at) ^ flip, at);
        const { frames, errors } = read(Buffer.concat([wire, good]));
        expect(frames.length).toBe(1);
        expect(Buffer.from(frames[0]?.payload ?? []).toString()).toBe("after");
        expect(errors.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it("with one fault each are told apart", () => {
    const raw = (...bytes: number[]): Uint8Array => Buffer.concat([cobsEncode(Uint8Array.from(bytes)), Buffer.of(0)]);
    expect(read(Buffer.of(5, 1, 1, 0)).errors).toEqual([FrameError.Cobs]);
    expect(read(raw(0, 1, 2, 0)).errors).toEqual([FrameError.Short]);
    expect(read(raw(1, 1, 2, 0, 0, 9, 9, 9, 9)).errors).toEqual([FrameError.Version]);
    expect(read(raw(0, 1, 2, 1, 0, 9, 9, 9, 9)).errors).toEqual([FrameError.Length]);
    expect(read(raw(0, 1, 2, 0, 0, 9, 9, 9, 9)).errors).toEqual([FrameError.Crc]);
    expect(read(Buffer.concat([Buffer.alloc(100_000, 7), Buffer.of(0)])).errors).toEqual([FrameError.Long]);
    expect(read(Buffer.of(0, 0, 0))).toEqual({ frames: [], errors: [] });
  });

  it("refuse payloads and fields that do not fit", () => {
    expect(() => encodeFrame({ type: 1, id: 1, payload: new Uint8Array(PAYLOAD_MAX + 1) })).toThrow(
      `${PAYLOAD_MAX + 1} bytes`,
    );
    expect(() => encodeFrame({ type: 256, id: 1, payload: new Uint8Array(0) })).toThrow(RangeError);
  });

  it("survive noise: any bytes leave the reader able to read the next frame", () => {
    const good = encodeFrame({ type: 3, id: 3, payload: Buffer.of(1, 2, 3) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000, size: "max" }), (noise) => {
        const { frames } = read(Buffer.concat([noise, Buffer.of(0), good]));
        expect(frames.at(-1)?.payload).toEqual(Uint8Array.of(1, 2, 3));
      }),
      { numRuns: 200 },
    );
  });
});
