import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { repositoryRoot } from "../paths.ts";
import { runProcess, withLock } from "./process.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-process-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("a lock", () => {
  it("is held by one at a time, and gone afterwards", async () => {
    const path = join(folder, "lock");
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 20));
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withLock(path, work)));
    expect([most, existsSync(path)]).toEqual([1, false]);
  });

  it("is released when the work fails", async () => {
    const path = join(folder, "lock");
    await expect(withLock(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(existsSync(path)).toBe(false);
  });

  it("of a dead process is taken over, one of a living one is waited for with a remark and a limit", async () => {
    const path = join(folder, "lock");
    const dead = spawn("true");
    await new Promise((resolve) => dead.once("exit", resolve));
    writeFileSync(path, String(dead.pid));
    expect(await withLock(path, () => Promise.resolve(7))).toBe(7);
    writeFileSync(path, "1");
    const owners: (number | undefined)[] = [];
    await expect(
      withLock(path, () => Promise.resolve(7), { waitMs: 300, onWait: (owner) => owners.push(owner) }),
    ).rejects.toThrow(/held by process 1 for too long/);
    expect(owners).toEqual([1]);
    expect(readFileSync(path, "utf8")).toBe("1");
  });

  it("of a dead process goes to one of many processes that see it dead", { timeout: 60_000 }, async () => {
    const path = join(folder, "lock");
    const log = join(folder, "log");
    const script = join(folder, "contend.mjs");
    const { build } = await import("esbuild");
    const source = `
      import { appendFileSync } from "node:fs";
      import { withLock } from ${JSON.stringify(join(repositoryRoot(), "toolchain/pio/process.ts"))};
      await withLock(${JSON.stringify(path)}, async () => {
        appendFileSync(${JSON.stringify(log)}, "in\\n");
        await new Promise((resolve) => setTimeout(resolve, 30));
        appendFileSync(${JSON.stringify(log)}, "out\\n");
      });`;
    await build({
      stdin: { contents: source, resolveDir: folder },
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: script,
    });
    for (let round = 0; round < 5; round++) {
      writeFileSync(path, "4194303");
      const runs = Array.from({ length: 6 }, () => runProcess(process.execPath, [script]));
      for (const { code, stderr } of await Promise.all(runs)) expect([code, stderr]).toEqual([0, ""]);
    }
    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines.length).toBe(60);
    lines.forEach((line, i) => expect(line).toBe(i % 2 === 0 ? "in" : "out"));
  });
});
