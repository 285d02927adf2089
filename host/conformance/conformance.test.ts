import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { Primitive, Status } from "../core/abi.gen.ts";
import { record, recordScenario, replay } from "./replay.ts";
import { TRANSCRIPT_PATH } from "./scenario.ts";
import { CoreTarget } from "./target.ts";
import { type Entry, parseTranscript, transcriptText } from "./transcript.ts";

const root = repositoryRoot();
const text = readFileSync(join(root, TRANSCRIPT_PATH), "utf8");
let wasm: Uint8Array;
let entries: Entry[];
beforeAll(() => {
  wasm = readFileSync(join(root, "build", "core", "relay.wasm"));
  entries = parseTranscript(text);
});

describe("the conformance transcript", () => {
  it("is what V8 makes of the scenario today; `mehr generate` records it anew", async () => {
    expect(transcriptText(await recordScenario(wasm))).toBe(text);
  });

  it("survives being parsed and written", () => {
    expect(transcriptText(entries)).toBe(text);
  });

  it("reaches every status that the core's sources give", () => {
    const folder = join(root, "core-as", "assembly");
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && name !== "abi.ts")
      .map((name) => readFileSync(join(folder, name), "utf8"));
    const given = new Set(
      sources.flatMap((source) => [...source.matchAll(/\bStatus\.(\w+)/g)].map((match) => match[1])),
    );
    const seen = new Set([...text.matchAll(/^ {2}= (\d+) /gm)].map((match) => Number(match[1])));
    const core = Object.entries(Status).flatMap(([name, status]) =>
      status < Status.CoreCount && given.has(name) ? [status] : [],
    );
    // These need a host that fails in ways the replay does not: storage, and a radio that is switched off.
    const byHost = new Set<number>([Status.RecordMissing, Status.BadRecord, Status.RecordFailed, Status.TransmitOff]);
    // And these a peer that breaks the rules inside a link, or an hour of heavy traffic: unit tests, interop and fuzz have both.
    const byPeer = new Set<number>([
      Status.Duplicate,
      Status.NotIdentified,
      Status.Stale,
      Status.NoRoute,
      Status.TooBig,
      Status.BadSubtype,
      Status.BadTlv,
      Status.Refused,
      Status.AirtimeSpent,
    ]);
    expect(core.filter((status) => ![seen, byHost, byPeer].some((set) => set.has(status)))).toEqual([]);
  });

  it("has the same state hash before and after the core's cryptography, which it asks for all of", () => {
    const used = entries.flatMap((entry, i) => (entry.kind === "input" && entry.input.op === "crypto" ? [i] : []));
    const hashAt = (from: number, step: 1 | -1): readonly string[] => {
      for (let i = from; ; i += step) {
        const entry = entries[i];
        if (entry === undefined) throw new Error("no hash");
        if (entry.kind === "hash") return entry.expected;
      }
    };
    expect(hashAt(used[0] ?? 0, -1)).toEqual(hashAt(used.at(-1) ?? 0, 1));
    const ok = new Set<number>();
    for (const i of used) {
      const entry = entries[i];
      if (entry?.kind !== "input" || entry.input.op !== "crypto") continue;
      if (entry.expected.at(-1)?.startsWith("= 0 ") === true) ok.add(entry.input.primitive);
    }
    // Open has its good input where a key can make one: in host/core/crypto.test.ts.
    expect(Object.values(Primitive).filter((primitive) => !ok.has(primitive))).toEqual([Primitive.Open]);
  });

  it("replays without a difference, and the same twice", async () => {
    const first = await replay(entries, await CoreTarget.open(wasm));
    expect(first.divergence).toBeUndefined();
    expect(await replay(entries, await CoreTarget.open(wasm))).toEqual(first);
    expect(first.steps).toBeGreaterThan(400);
  });

  it("notices one changed bit in any kind of outcome", async () => {
    for (const kind of ["send", "put", "event", "out", "=", "hash"]) {
      const at = entries.findIndex(
        (entry) =>
          entry.kind !== "comment" &&
          (kind === "hash" ? entry.kind === "hash" : entry.expected.some((line) => line.startsWith(kind))),
      );
      const entry = entries[at];
      if (entry === undefined || entry.kind === "comment") throw new Error(`no ${kind} in the transcript`);
      const changed = entries.map((other, i) =>
        i === at && other.kind !== "comment"
          ? {
              ...other,
              expected: other.expected.map((line) =>
                kind === "hash" || line.startsWith(kind) ? line.replace(/.$/, (c) => (c === "0" ? "1" : "0")) : line,
              ),
            }
          : other,
      );
      const result = await replay(changed, await CoreTarget.open(wasm));
      expect(result.divergence?.line).toBe(entry.line);
    }
  });

  it("depends on every input: without one frame a later outcome differs", async () => {
    const index = entries.findIndex(
      (entry) => entry.kind === "input" && entry.input.op === "frame" && entry.line > 200,
    );
    const without = entries.filter((_, i) => i !== index);
    expect((await replay(without, await CoreTarget.open(wasm))).divergence).toBeDefined();
  });

  it.each([
    ["another first line", "mehr-transcript 1\n", "line 1"],
    ["an unknown input", "mehr-transcript 2\nshout 1\n", 'line 2: "shout" is no input'],
    ["a missing field", "mehr-transcript 2\nframe 1 0 2 3\n", "line 2: frame takes 5 fields, here are 4"],
    ["a primitive without input", "mehr-transcript 2\ncrypto 5\n", "line 2: crypto takes 2 fields, here are 1"],
    ["odd hex", "mehr-transcript 2\nentropy abc\n", "is not hex"],
    ["a time that is none", "mehr-transcript 2\ntimer -1\n", "is not a time"],
    ["an outcome first", "mehr-transcript 2\n  = 0 -\n", "before any input"],
  ])("with %s is refused with its line", (_, bad, sentence) => {
    expect(() => parseTranscript(bad)).toThrow(sentence);
  });

  it("records only what it is given", async () => {
    const inputs = parseTranscript("mehr-transcript 2\ntimer 5\nhash\n");
    const recorded = await record(inputs, await CoreTarget.open(wasm));
    expect(transcriptText(recorded)).toMatch(/^mehr-transcript 2\ntimer 5\n {2}= 16 -\nhash\n {2}[0-9a-f]{64}\n$/);
  });
});
