/** Virtual boards whose consoles others open: `mehr run --expose`, what it puts into the folder, and what it leaves. */
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Device } from "../host/device/device.ts";
import { openPort } from "../host/serial/ports.ts";
import { type Exposed, startExposed } from "../host/run/exposed.ts";
import { type Running, startMehr } from "./support/cli.ts";
import { buildImage, until, virtualBoard } from "./support/images.ts";

const native = virtualBoard("native");
let image: string;
let wasm: Uint8Array;
let folder: string;
beforeAll(async () => {
  ({ image, wasm } = await buildImage("native"));
}, 600_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-exposed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function addressBehind(path: string): Promise<string> {
  const port = await openPort(path);
  try {
    return (await (await Device.open(port)).identify()).nodeId;
  } finally {
    await port.close();
  }
}

/** `mehr run native --expose`, once it has printed its ports. */
async function running(...more: readonly string[]): Promise<Running> {
  const run = startMehr(["run", "native", "--count", "2", "--expose", join(folder, "ports"), ...more]);
  await until("the ports are printed", () => run.stdout().includes("native-2\n") || run.child.exitCode !== null, 240);
  return run;
}

describe("mehr run --expose", () => {
  it(
    "prints the ports, answers behind them, and takes them away when it is interrupted",
    { timeout: 600_000 },
    async () => {
      const keep = ["--keep", join(folder, "flash")];
      const paths = ["native-1", "native-2"].map((name) => join(folder, "ports", name));
      const addresses: string[][] = [];
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const run = await running(...keep);
        expect(run.stdout().trim().split("\n").slice(-2)).toEqual(paths);
        expect(paths.map((path) => readlinkSync(path).startsWith("/dev/"))).toEqual([true, true]);
        addresses.push(await Promise.all(paths.map(addressBehind)));
        run.child.kill(signal);
        expect((await run.ended).code).toBe(0);
        expect(readdirSync(join(folder, "ports"))).toEqual([]);
      }
      // Power-on with memory: two relays, and the same two.
      expect(addresses[1]).toEqual(addresses[0]);
      expect(new Set(addresses[0]).size).toBe(2);
    },
  );

  it(
    "leaves the ports of a run that goes on alone, and replaces those of one that was killed",
    { timeout: 600_000 },
    async () => {
      const first = await running();
      const second = await running();
      expect((await second.ended).code).toBe(2);
      expect(second.stderr()).toContain(`process ${first.child.pid} runs`);
      first.child.kill("SIGKILL");
      await first.ended;
      expect(readdirSync(join(folder, "ports"))).toContain("native-1");
      const third = await running();
      expect(await addressBehind(join(folder, "ports", "native-1"))).toMatch(/^[0-9a-f]{32}$/);
      third.child.kill("SIGINT");
      expect((await third.ended).code).toBe(0);
    },
  );
});

describe("a folder of ports", () => {
  const start = (): Promise<Exposed> => startExposed({ board: native, images: [image], names: ["one"], folder, wasm });

  it.each<[string, (path: string) => void]>([
    ["a file", (path) => writeFileSync(path, "mine")],
    ["a folder", (path) => mkdirSync(path)],
    ["a link to a file", (path) => symlinkSync("elsewhere", path)],
    ["a link of somebody's to a device that is there", (path) => symlinkSync("/dev/null", path)],
  ])("is refused when %s has a board's name", async (_, make) => {
    make(join(folder, "one"));
    const before = lstatSync(join(folder, "one")).ino;
    await expect(start()).rejects.toMatchObject({ exitCode: 2 });
    expect(lstatSync(join(folder, "one")).ino).toBe(before);
  });

  it("may have a link to a terminal that is gone", async () => {
    symlinkSync("/dev/pts/999999", join(folder, "one"));
    const exposed = await start();
    try {
      expect(await addressBehind(join(folder, "one"))).toMatch(/^[0-9a-f]{32}$/);
    } finally {
      await exposed.stop();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it("keeps the port of a board that starts again", { timeout: 120_000 }, async () => {
    const exposed = await start();
    try {
      const port = await openPort(join(folder, "one"));
      const device = await Device.open(port);
      const { nodeId } = await device.identify();
      await device.reboot();
      expect((await device.identify()).nodeId).toBe(nodeId);
      await port.close();
      expect(await addressBehind(join(folder, "one"))).toBe(nodeId);
    } finally {
      await exposed.stop();
    }
  });

  it("is no place for record flash of a board in QEMU, and no name leads out of it", async () => {
    const keep = join(folder, "flash");
    const options = { images: [image], folder, wasm };
    const emulated = startExposed({ ...options, board: virtualBoard("qemu-m4"), names: ["one"], keep });
    await expect(emulated).rejects.toMatchObject({ exitCode: 2 });
    for (const name of ["../one", "", ".one", "a/b"]) {
      await expect(startExposed({ ...options, board: native, names: [name] })).rejects.toMatchObject({ exitCode: 2 });
    }
  });
});
