/** The generated sides of the console's messages: up to date, alike to the byte, and safe from any bytes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProtocolError } from "../../host/board/codec.ts";
import * as messages from "../../host/board/messages.gen.ts";
import { type Case, codecOf, compileCppSide, type CppSide, valueOf } from "../../tests/support/console-messages.ts";
import { repositoryRoot } from "../paths.ts";
import { CONSOLE_HEADER, CONSOLE_REPORTS, staleConsoleFiles } from "./generate.ts";
import { consoleMessages, reportMessages, structSize } from "./model.ts";
import { NOTICES, REQUESTS } from "./schema.ts";

const root = repositoryRoot();
const MESSAGES = consoleMessages();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Byte strings for each message, by whatever seed. docs/console.md says what a long run was. */
const FUZZ_RUNS = Number(process.env.MEHR_FUZZ_RUNS ?? 300);

let cpp: CppSide;
beforeAll(async () => {
  cpp = await compileCppSide();
}, 300_000);
afterAll(() => cpp?.remove());

/** What TypeScript makes of bytes: the same again, or nothing. */
function typescript({ message, bytes }: Case): Uint8Array | undefined {
  const { decode, encode } = codecOf(MESSAGES[message]?.name ?? "");
  try {
    return encode(decode(bytes));
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

describe("the generated files", () => {
  it("are committed as schema.ts says now", () => {
    expect(staleConsoleFiles(root)).toEqual([]);
  });

  it("have every id and who may ask", () => {
    const header = readFileSync(join(root, CONSOLE_HEADER), "utf8");
    for (const [name, { id }] of [...Object.entries(REQUESTS), ...Object.entries(NOTICES)])
      expect(header).toContain(`constexpr uint8_t k${name} = 0x${id.toString(16).padStart(2, "0")};`);
    for (const { id, access } of Object.values(REQUESTS)) expect(messages.GUARDED.has(id)).toBe(access === "guarded");
  });

  it("give the core the offsets that hosts read at", () => {
    const offsets = readFileSync(join(root, CONSOLE_REPORTS), "utf8");
    // Digits of the report before there was a schema (docs of the core's commands).
    expect(offsets).toContain("export const NEIGHBOUR_REPORT_RSSI_DBM: usize = 20;");
    expect(offsets).toContain("export const LINK_REPORT_CLOCK_OFFSET_MS: usize = 40;");
    expect(offsets).toContain("export const ROUTE_REPORT_PATHS: usize = 39;");
    expect(offsets).toContain("export const PROBE_EVENT_BPS: usize = 26;");
    expect(offsets).toContain("export const STATUS_REPORT_SIZE: u32 = 55;");
  });
});

describe("messages are these literal bytes", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["HelloRequest", { versionMin: 1, versionMax: 3 }, "01 03"],
    [
      "HelloReply",
      {
        version: 1,
        payloadMax: 1550,
        nonce: new Uint8Array(16).fill(0xaa),
        lock: messages.LockState.Locked,
        pinLogN: 15,
        pinSalt: new Uint8Array(16).fill(0xbb),
        waitMs: 8000,
      },
      `01 0e06 ${"aa".repeat(16)} 01 0f ${"bb".repeat(16)} 401f0000`,
    ],
    [
      "AuthorisedRequest",
      { counter: 258, mac: new Uint8Array(16).fill(1), request: 0x0c, body: Uint8Array.of(1, 2, 3) },
      `02010000 ${"01".repeat(16)} 0c 010203`,
    ],
    ["EventNotice", { kind: 13, rssiDbm: -91, snrQdb: -30, bytes: Uint8Array.of(9) }, "0d a5ff e2ff 09"],
    ["EventNotice", { kind: 6, rssiDbm: undefined, snrQdb: undefined, bytes: new Uint8Array(0) }, "06 0080 0080"],
    ["LogNotice", { level: messages.LogLevel.Warn, text: "Grüße" }, "01 4772c3bcc39f65"],
    ["FrameErrorNotice", { port: 0, reason: 6, count: 70_000 }, "00 06 70110100"],
    [
      "ProvisionRecord",
      {
        version: 1,
        flags: 0,
        antennaGainTenths: -5,
        region: "eu868",
        name: "Dach",
        config: Uint8Array.of(3, 1),
        pinLogN: 0,
        pinSalt: new Uint8Array(16),
        pinKey: new Uint8Array(32),
        provisionedMs: 0x0102030405060708n,
      },
      `01 00 fbff 05 6575383638 04 44616368 02 0301 00 ${"00".repeat(48)} 0807060504030201`,
    ],
    ["StatsReply", { metrics: [{ metric: 3, value: 1_000_000n }] }, "03 40420f0000000000"],
    ["IdentifyRequest", {}, ""],
  ])("%s", (name, message, literal) => {
    const codec = codecOf(name);
    expect(hex(codec.encode(message))).toBe(hex(bytes(literal)));
    expect(codec.decode(bytes(literal))).toEqual(message);
    const index = MESSAGES.findIndex((each) => each.name === name);
    expect(cpp.run([{ message: index, bytes: bytes(literal) }])).toEqual([bytes(literal)]);
  });
});

describe("what is refused is named", () => {
  it.each<[string, string, string]>([
    ["HelloRequest", "01", "HelloRequest.versionMax needs 1 bytes, 0 are left"],
    ["HelloRequest", "010101", "HelloRequest: behind its end are 1 bytes"],
    ["SetLogLevelRequest", "04", "SetLogLevelRequest.level is 4, it must be 0 to 3"],
    ["FrameErrorNotice", "000000000000", "FrameErrorNotice.reason is 0, it must be 1 to 7"],
    ["LogNotice", "00c3", "LogNotice.text is not UTF-8"],
    ["LogNotice", "000a", "LogNotice.text has a control character"],
    ["LogNotice", "00c285", "LogNotice.text has a control character"],
    ["LogNotice", "00eda080", "LogNotice.text is not UTF-8"],
    ["StatsReply", "0100", "StatsReply.metrics[0].value needs 8 bytes, 1 are left"],
  ])("%s %s", (name, literal, sentence) => {
    expect(() => codecOf(name).decode(bytes(literal))).toThrow(sentence);
    const index = MESSAGES.findIndex((each) => each.name === name);
    expect(cpp.run([{ message: index, bytes: bytes(literal) }])).toEqual([undefined]);
  });

  it("also a list with an element too many", () => {
    const index = MESSAGES.findIndex((each) => each.name === "StatsReply");
    const most = new Uint8Array(60 * 9);
    expect(cpp.run([{ message: index, bytes: most }])).toEqual([most]);
    expect(messages.decodeStatsReply(most).metrics.length).toBe(60);
    const more = new Uint8Array(61 * 9);
    expect(cpp.run([{ message: index, bytes: more }])).toEqual([undefined]);
    expect(() => messages.decodeStatsReply(more)).toThrow("StatsReply.metrics has more than 60 elements");
    const values = Array.from({ length: 61 }, () => ({ metric: 1, value: 1n }));
    expect(() => messages.encodeStatsReply({ metrics: values })).toThrow("metrics has 61 elements");
  });

  it("also where it is written", () => {
    expect(() => messages.encodeSetTimeRequest({ unixMs: -1n })).toThrow("SetTimeRequest.unixMs is -1");
    expect(() => messages.encodeLogNotice({ level: 0, text: "\ud800" })).toThrow("half a surrogate pair");
    expect(() => messages.encodeBackupRequest({ recipient: new Uint8Array(31) })).toThrow("it must have 32");
    expect(() => messages.encodeHelloRequest({ versionMin: 0.5, versionMax: 1 })).toThrow("versionMin is 0.5");
    expect(() => messages.encodeEventNotice({ kind: 1, rssiDbm: -32768, snrQdb: 0, bytes: new Uint8Array(0) })).toThrow(
      "rssiDbm is -32768",
    );
  });
});

describe("TypeScript and C++", () => {
  it("give back any value, to the byte", { timeout: 120_000 }, () => {
    const cases: Case[] = [];
    MESSAGES.forEach((struct, message) => {
      const [least, most] = structSize(struct);
      const codec = codecOf(struct.name);
      fc.assert(
        fc.property(valueOf(struct), (value) => {
          const encoded = codec.encode(value);
          expect(encoded.length).toBeGreaterThanOrEqual(least);
          expect(encoded.length).toBeLessThanOrEqual(most);
          expect(codec.decode(encoded)).toEqual(value);
          cases.push({ message, bytes: encoded });
        }),
        { numRuns: 40 },
      );
    });
    expect(cpp.run(cases)).toEqual(cases.map((each) => each.bytes));
  });

  it("take and refuse the same of any bytes", { timeout: 120_000 + 200 * FUZZ_RUNS }, () => {
    const cases: Case[] = [];
    MESSAGES.forEach((struct, message) => {
      const codec = codecOf(struct.name);
      const [, most] = structSize(struct);
      // Any bytes; and a message with bytes changed, cut off or put behind it: those come further.
      const wild = fc.uint8Array({ maxLength: Math.min(1550, most + 2) });
      const nearly = fc
        .tuple(
          valueOf(struct),
          fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
          fc.integer({ min: -2, max: 2 }),
        )
        .map(([value, changes, longer]) => {
          const encoded = Buffer.from(codec.encode(value));
          for (const [at, byte] of changes) if (encoded.length > 0) encoded[at % encoded.length] = byte;
          const end = Math.max(0, encoded.length + longer);
          return Uint8Array.from(Buffer.concat([encoded, new Uint8Array(2)]).subarray(0, end));
        });
      for (const sample of fc.sample(fc.oneof(wild, nearly, nearly), FUZZ_RUNS)) cases.push({ message, bytes: sample });
    });
    const theirs = cpp.run(cases);
    const ours = cases.map(typescript);
    const at = cases.findIndex(
      (_, i) => hex(theirs[i] ?? Uint8Array.of()) !== hex(ours[i] ?? Uint8Array.of()) || !theirs[i] !== !ours[i],
    );
    expect(
      at < 0 ? undefined : [MESSAGES[cases[at]?.message ?? 0]?.name, hex(cases[at]?.bytes ?? Uint8Array.of())],
    ).toBe(undefined);
    // What is taken is taken whole: emitting gives the very bytes that came.
    ours.forEach((again, i) => {
      if (again !== undefined) expect(hex(again)).toBe(hex(cases[i]?.bytes ?? Uint8Array.of()));
    });
    expect(ours.filter((again) => again !== undefined).length).toBeGreaterThan(cases.length / 20);
  });

  it("reports of the core, too, are given back, and any bytes are taken or refused", () => {
    for (const struct of reportMessages()) {
      const codec = codecOf(struct.name);
      fc.assert(
        fc.property(valueOf(struct), fc.uint8Array({ maxLength: 80 }), (value, noise) => {
          expect(codec.decode(codec.encode(value))).toEqual(value);
          try {
            codec.decode(noise);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        }),
      );
    }
  });
});
