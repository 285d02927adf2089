import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EIGHT } from "../../tests/support/monitor.ts";
import { encodeFrame } from "../serial/frame.ts";
import { LogFile } from "./log-file.ts";
import { LooseText } from "./loose-text.ts";
import { fleetNames } from "./names.ts";
import { writeFileSync } from "node:fs";

const folder = mkdtempSync(join(tmpdir(), "mehr-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the log file", () => {
  it("appends one line each, for its owner alone", () => {
    const path = join(folder, "roof.log");
    for (const text of ["Hears roof-south.", "two\nlines \x1b[2J\u202e"]) {
      const log = new LogFile(path);
      log.write(EIGHT + 120, "info", text);
      expect(log.bytes).toBe(statSync(path).size);
      log.close();
    }
    expect(readFileSync(path, "utf8")).toBe(
      "2026-11-23T08:00:00.120Z info  Hears roof-south.\n2026-11-23T08:00:00.120Z info  two\\x0alines \\x1b[2J\\u{202e}\n",
    );
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.runIf(existsSync("/dev/full"))("survives a full disk, and says so", () => {
    const log = new LogFile("/dev/full");
    log.write(EIGHT, "info", "lost");
    log.write(EIGHT, "info", "lost, too");
    expect(log.problem).toBe("/dev/full is not written any more: the disk is full; 2 lines are lost so far.");
    log.close();
  });

  it("refuses a path that is no file, in a sentence", () => {
    expect(() => new LogFile(folder)).toThrow(
      /--log .*: the file cannot be written: it is a folder; name another one\./,
    );
    expect(() => new LogFile(join(folder, "no", "x"))).toThrow(/its folder does not exist/);
  });
});

describe("text outside frames", () => {
  const take = (...chunks: Uint8Array[]): { lines: string[]; noise: number[] } => {
    const [lines, noise]: [string[], number[]] = [[], []];
    const loose = new LooseText(
      (line) => lines.push(line),
      (bytes) => noise.push(bytes.length),
    );
    for (const chunk of chunks) loose.push(chunk);
    loose.idle(6000);
    return { lines, noise };
  };
  const frame = encodeFrame({ type: 0xe1, id: 0, payload: Buffer.from("\x02a sentence inside a frame\n") });

  it("is told from frames, and from noise", () => {
    const text = Buffer.from("\r\nrst:0xc (SW_CPU_RESET),boot:0x13\r\n\x1b[0;31mE (12) flash: bad\x1b[0m\r\n\0");
    const noise = Uint8Array.of(7, 8, 9, 200, 201, 0);
    expect(take(frame, text, noise, frame)).toEqual({
      lines: ["rst:0xc (SW_CPU_RESET),boot:0x13", "E (12) flash: bad"],
      noise: [5],
    });
  });

  it("waits for the rest of a frame, and for nothing else", () => {
    const lines: string[] = [];
    const loose = new LooseText((line) => lines.push(line));
    loose.push(frame.subarray(0, 20));
    loose.idle(1000);
    loose.push(frame.subarray(20));
    expect(lines).toEqual([]);
    loose.push(Buffer.from("Rebooting..."));
    loose.idle(400);
    expect(lines).toEqual(["Rebooting..."]);
  });

  it("keeps a line that never ends to some size", () => {
    expect(take(new Uint8Array(40_000).fill(97)).lines.map((line) => line.length)).toEqual([16_384, 16_384, 7232]);
  });
});

it("takes names from a fleet.lock, wherever it has its list", () => {
  const path = join(folder, "fleet.lock");
  const address = "ab".repeat(16);
  writeFileSync(
    path,
    JSON.stringify({ version: 1, devices: [{ name: "roof", destination: address.toUpperCase() }, { name: "x" }] }),
  );
  expect([...fleetNames(path)]).toEqual([[address, "roof"]]);
  writeFileSync(path, JSON.stringify({ devices: { roof: { destination: address } } }));
  expect([...fleetNames(path)]).toEqual([[address, "roof"]]);
  expect(() => fleetNames(join(folder, "none"))).toThrow(/there is no such file/);
});
