/**
 * Coverage-guided fuzzing of the console as a board has it (tests/fuzz/console_fuzz.cpp says what must hold). An input that
 * fails is left in build/fuzz; the program takes it as its argument, and with MEHR_TRACE=1 tells what happens in it.
 * MEHR_NIGHTLY=1 runs two hundred times as many inputs.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Command } from "../host/core/abi.gen.ts";
import { Request } from "../host/board/messages.gen.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { runProcess } from "../toolchain/pio/process.ts";
import { buildConsoleFuzzer } from "./support/console-fuzz.ts";
import { ensureDebian } from "./support/debian.ts";

const NIGHTLY = process.env.MEHR_NIGHTLY === "1";
const RUNS = NIGHTLY ? 1_000_000 : 5_000;
const root = repositoryRoot();

let program: string;
beforeAll(async () => {
  await ensureDebian("clang");
  program = await buildConsoleFuzzer();
}, 300_000);

// What can happen to the board, as play() of the driver reads it. 128 and up as `how`: a payload that gets somewhere.
const ask = (type: number, how = 0x80): number[] => [1, type, how];
const authorised = (type: number, how = 0x80, twice = false): number[] => [4, type, how, twice ? 2 : 0];
const wrong = (type: number): number[] => [6, type, 0x80, 0, 1, 1];
const wait = (log2Ms: number): number[] => [7, log2Ms];
const frame = (first: number, length: number): number[] => [8, length, ...new Array<number>(length).fill(first)];
const button = (down: boolean): number[] => [down ? 9 + 12 * 4 : 9];
const restart = (powerOn: boolean): number[] => [11, powerOn ? 1 : 0];

const hello = ask(Request.Hello);
const provisioned = [...hello, ...authorised(Request.ProvisionDraft), ...authorised(Request.ProvisionCommit)];
const locked = [
  ...hello,
  ...authorised(Request.ProvisionDraft, 0x82),
  ...authorised(Request.ProvisionCommit, 0x80, true),
];

const SEEDS: readonly (readonly number[])[] = [
  [...locked, ...ask(Request.Inbox), ...wrong(Request.Inbox), ...wrong(Request.Inbox), ...wait(20), ...hello],
  [...locked, ...frame(1, 60), ...ask(Request.Inbox), ...authorised(Request.Inbox, 0x80, true)],
  [...locked, ...restart(false), ...hello, ...wrong(4), ...wrong(4), ...wait(22), ...authorised(Request.Backup)],
  [...locked, ...restart(true), ...ask(Request.ResetToken, 0x81), ...ask(Request.FactoryReset, 0x81), ...hello],
  [...locked, ...ask(Request.ResetToken), ...authorised(Request.FactoryReset)],
  [...locked, ...button(true), ...ask(Request.Inbox), ...button(false), ...wait(16), ...ask(Request.Inbox)],
  [...provisioned, ...ask(Request.RestoreKey, 0), ...ask(Request.Backup, 0xff), ...ask(Request.Restore)],
  [
    ...locked,
    ...hello,
    ...authorised(Request.RestoreKey, 0),
    ...authorised(Request.Backup, 0xff),
    ...authorised(Request.Restore),
  ],
  [
    ...hello,
    ...authorised(Request.ReplayOpen, 0),
    ...ask(Request.ReplayStep, 11),
    ...authorised(Request.ReplayClose, 0),
  ],
  [...hello, 1, Request.Command, 17, Command.Trust, ...new Array<number>(16).fill(9), ...frame(0xee, 30)],
  [
    ...frame(0xee, 30),
    ...ask(Request.Prove),
    ...ask(Request.Backup),
    ...ask(Request.Stats, 0),
    ...ask(Request.Identify, 0),
  ],
  [10, 0, ...provisioned, 10, 1, ...ask(Request.ProvisionRead, 0), ...ask(Request.Health, 0)],
  [
    0,
    20,
    ...Buffer.from("who is there?\r\n"),
    0,
    1,
    6,
    0,
    0,
    ...ask(Request.SetTime),
    ...ask(Request.SetLogLevel, 0x83),
  ],
];

describe("the console", () => {
  it(
    `stands ${RUNS} inputs of a fuzzer that sees every branch`,
    { timeout: NIGHTLY ? 7_200_000 : 300_000 },
    async () => {
      const corpus = mkdtempSync(join(tmpdir(), "mehr-fuzz-"));
      try {
        for (const [i, seed] of SEEDS.entries()) writeFileSync(join(corpus, `seed-${i}`), Uint8Array.from(seed));
        const artifacts = `${join(root, "build", "fuzz")}/`;
        const limits = [`-runs=${RUNS}`, "-seed=1", "-max_len=600", "-timeout=20", `-artifact_prefix=${artifacts}`];
        const run = await runProcess(program, [...limits, corpus], { cwd: root });
        expect(run.code, run.stderr.slice(-4000)).toBe(0);
        expect(run.stderr).toMatch(/Done \d+ runs/);
        // It found its way: inputs that reach something new are kept.
        expect(readdirSync(corpus).length).toBeGreaterThan(3 * SEEDS.length);
      } finally {
        rmSync(corpus, { recursive: true, force: true });
      }
    },
  );
});
