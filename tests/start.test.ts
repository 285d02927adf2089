/**
 * How a board starts and how it ends, on the firmware itself: why it started, what the last run left, which program it
 * says it runs, and that it makes no key of bytes that are not random.
 */
import { execFileSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BoardConsole } from "../host/board/console.ts";
import { Request } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import type { StartOptions } from "../host/board/virtual.ts";
import { Status } from "../host/core/abi.gen.ts";
import { decodeHealthReply, encodeHelloRequest, type HealthReply, ResetCause } from "../host/board/messages.gen.ts";
import type { BuildReport } from "../toolchain/build.ts";
import { sha256Hex } from "../toolchain/core/compile.ts";
import { view } from "../toolchain/image/read.ts";
import { BOARDS, buildImage, until, virtualBoard, withBoard } from "./support/images.ts";

const images = new Map<string, BuildReport>();
let folder: string;
beforeAll(async () => {
  for (const id of BOARDS) images.set(id, await buildImage(id));
  folder = mkdtempSync(join(tmpdir(), "mehr-start-"));
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function report(id: string): BuildReport {
  const found = images.get(id);
  if (found === undefined) throw new Error(`no image of ${id}`);
  return found;
}

function options(id: string, more: Partial<StartOptions> = {}): StartOptions {
  return {
    board: virtualBoard(id),
    image: report(id).image,
    radio: (stream) => new RadioPort({ name: id, stream }),
    ...more,
  };
}

async function health(console: BoardConsole): Promise<HealthReply> {
  const reply = await console.request(Request.Health);
  expect(reply[0]).toBe(Status.Ok);
  return decodeHealthReply(reply.subarray(1));
}

/** Options that count the starts of a board and keep what it says when it stops. */
function watched(
  id: string,
  more: Partial<StartOptions> = {},
): StartOptions & { starts: () => number; said: string[] } {
  let starts = 0;
  const said: string[] = [];
  const listener = { ready: () => starts++, fatal: (_: number, sentence: string) => said.push(sentence) };
  return { ...options(id, { listener, ...more }), starts: () => starts, said };
}

describe.each(BOARDS)("%s", (id) => {
  it("reports the hash of the program it runs, the one in its manifest", { timeout: 120_000 }, async () => {
    const { manifest, image } = report(id);
    // What objcopy made of the same program; a Linux process is its file.
    const program = id === "native" ? image : join(image, "..", "firmware.bin");
    expect(manifest.image_sha256).toBe(sha256Hex(readFileSync(program)));
    await withBoard(options(id), async ({ identity }) => expect(identity.imageSha256).toBe(manifest.image_sha256));
  });

  it("knows a reset it was asked for from power-on, and counts what it writes", { timeout: 120_000 }, async () => {
    const start = watched(id);
    await withBoard(start, async ({ console }) => {
      const first = await health(console);
      expect(first).toMatchObject({ resetCause: ResetCause.PowerOn, lastWords: "" });
      // A new board formats its storage and keeps its identity.
      expect(first.flashWrites).toBeGreaterThan(2);
      await console.simple(Request.Reboot);
      await until("the board is back", () => start.starts() === 2);
      const second = await health(console);
      expect(second).toMatchObject({ resetCause: ResetCause.Software, lastWords: "" });
      expect(second.flashWrites).toBeLessThan(first.flashWrites);
    });
  });
});

/** Where the board's program has a function, by the compiler's own tool, and that in the file. */
function place(elf: string, prefix: string, symbol: string): { address: number; offset: number } {
  const lines = execFileSync(`${prefix}nm`, [elf], { encoding: "utf8" }).split("\n");
  const line = lines.find((one) => one.endsWith(` ${symbol}`)) ?? "";
  const address = (Number.parseInt(line, 16) & ~1) >>> 0;
  const data = view(readFileSync(elf));
  for (let i = 0; i < data.getUint16(44, true); i++) {
    const at = data.getUint32(28, true) + 32 * i;
    const start = data.getUint32(at + 8, true);
    const inside = address >= start && address < start + data.getUint32(at + 16, true);
    if (data.getUint32(at, true) === 1 && inside) {
      return { address, offset: data.getUint32(at + 4, true) + address - start };
    }
  }
  throw new Error(`${basename(elf)} has no ${symbol}`);
}

describe.each([
  ["qemu-m4", "arm-none-eabi-", [0x00, 0xde], /cfsr 0x00010000/],
  ["qemu-rv32", "riscv64-unknown-elf-", [0x00, 0x00], /mcause 0x00000002, mtval 0x[0-9a-f]{8}/],
])("%s", (id, prefix, undefinedInstruction, registers) => {
  it("tells where a fault struck, at once and after the reset", { timeout: 120_000 }, async () => {
    // The first instruction of halt(): a console can bring the board there.
    const { image, manifest } = report(id);
    const { address, offset } = place(image, prefix, "_ZN4mehr3hal4haltEv");
    const broken = join(folder, `${id}.elf`);
    const bytes = readFileSync(image);
    bytes.set(undefinedInstruction, offset);
    writeFileSync(broken, bytes);
    const start = watched(id, { image: broken });
    await withBoard(start, async ({ console, identity }) => {
      expect(identity.imageSha256).toMatch(/^[0-9a-f]{64}$/);
      expect(identity.imageSha256).not.toBe(manifest.image_sha256);
      await console.simple(Request.Halt);
      await until("the fault is told", () => start.said.length > 0);
      const where = `at pc 0x${address.toString(16).padStart(8, "0")}, lr 0x`;
      expect(start.said[0]).toContain(where);
      expect(start.said[0]).toMatch(registers);
      await console.simple(Request.Reboot);
      await until("the board is back", () => start.starts() === 2);
      const { lastWords, resetCause } = await health(console);
      expect(lastWords).toContain(where);
      expect(resetCause).toBe(ResetCause.Software);
      // Told once: the next run has no fault behind it.
      await console.simple(Request.Reboot);
      await until("the board is back again", () => start.starts() === 3);
      expect((await health(console)).lastWords).toBe("");
    });
  });

  it("knows a reset from outside", { timeout: 120_000 }, async () => {
    const monitor = join(folder, `${id}.qmp`);
    const start = watched(id, { emulatorOptions: ["-qmp", `unix:${monitor},server=on,wait=off`] });
    await withBoard(start, async ({ console }) => {
      const line = createConnection(monitor);
      line.write('{"execute":"qmp_capabilities"}\n{"execute":"system_reset"}\n');
      await until("the board is back", () => start.starts() === 2);
      line.destroy();
      expect((await health(console)).resetCause).toBe(ResetCause.Pin);
    });
  });

  it("makes no key of bytes that are all the same, and says why", { timeout: 120_000 }, async () => {
    const said: number[] = [];
    const log: string[] = [];
    const listener = { fatal: (status: number) => said.push(status), log: (_: string, text: string) => log.push(text) };
    const radio: StartOptions["radio"] = (stream) =>
      new RadioPort({ name: id, stream, entropy: (bytes) => bytes.fill(0x5a) });
    await withBoard(options(id, { listener, radio }), async ({ identity }) => {
      expect(identity).toMatchObject({ status: Status.NoEntropy, nodeId: "0".repeat(32) });
      expect(said).toContain(Status.NoEntropy);
      await until("the reason is told", () => log.some((text) => text.includes("failed its health test")));
    });
  });

  it("stops using a source that goes bad", { timeout: 120_000 }, async () => {
    let good = true;
    const log: string[] = [];
    const listener = { log: (_: string, text: string) => log.push(text) };
    const radio: StartOptions["radio"] = (stream) =>
      new RadioPort({
        name: id,
        stream,
        // Five bytes in a row may well be equal, a nonce of 16 not.
        entropy: (bytes) => (good ? randomFillSync(bytes) : bytes.fill(7)),
      });
    await withBoard(options(id, { listener, radio }), async ({ console }) => {
      const hello = async (): Promise<number | undefined> =>
        (await console.request(Request.Hello, encodeHelloRequest({ versionMin: 1, versionMax: 1 })))[0];
      expect(await hello()).toBe(Status.Ok);
      good = false;
      expect(await hello()).toBe(Status.NoEntropy);
      good = true;
      expect(await hello()).toBe(Status.NoEntropy);
      await until("the reason is told", () => log.some((text) => text.includes("failed its health test")));
    });
  });
});

/** The process that has `path` among its arguments. */
function processWith(path: string): number {
  const found = readdirSync("/proc").find((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(join("/proc", pid, "cmdline"), "utf8")
        .split("\0")
        .includes(path);
    } catch {
      return false; // it has ended meanwhile
    }
  });
  if (found === undefined) throw new Error(`no process with ${path}`);
  return Number(found);
}

describe("native", () => {
  it("passes its last words on to the run after the reset", { timeout: 60_000 }, async () => {
    const flash = join(folder, "words");
    const start = watched("native", { flash });
    await withBoard(start, async ({ console }) => {
      // What the watchdog of a call that does not return sends.
      process.kill(processWith(flash), "SIGVTALRM");
      await until("the fault is told", () => start.said.length > 0);
      expect(start.said[0]).toContain("the core did not return in time");
      await console.simple(Request.Reboot);
      await until("the board is back", () => start.starts() === 2);
      expect(await health(console)).toMatchObject({
        lastWords: "the core did not return in time",
        resetCause: ResetCause.Software,
      });
      await console.simple(Request.Reboot);
      await until("the board is back again", () => start.starts() === 3);
      expect((await health(console)).lastWords).toBe("");
    });
  });

  it("reports the hash of its file, whatever that is called", { timeout: 60_000 }, async () => {
    const copy = join(folder, "another-name");
    writeFileSync(copy, Buffer.concat([readFileSync(report("native").image), Buffer.from([0])]));
    chmodSync(copy, 0o755);
    expect(existsSync(copy)).toBe(true);
    await withBoard(options("native", { image: copy }), async ({ identity }) => {
      expect(identity.imageSha256).toBe(sha256Hex(readFileSync(copy)));
    });
  });
});
