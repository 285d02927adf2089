/** `mehr monitor` on boards that run: the screen, restarts, ports that go and come back, faults with their names. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Device } from "../host/device/device.ts";
import { decodeCrash } from "../host/monitor/crash.ts";
import { meaningsOf } from "../host/monitor/images.ts";
import { Monitor } from "../host/monitor/monitor.ts";
import { waitForNeighbours } from "../host/monitor/wait.ts";
import { Watch } from "../host/monitor/watch.ts";
import { type Exposed, startExposed } from "../host/run/exposed.ts";
import { openPort } from "../host/serial/ports.ts";
import type { BuildReport } from "../toolchain/build.ts";
import { readSymbols } from "../toolchain/symbols/elf-symbols.ts";
import { Gdb, REGISTER } from "./support/gdb.ts";
import { buildImage, root, until, virtualBoard } from "./support/images.ts";
import { shortened } from "./support/names.ts";
import { Screen } from "./support/screen.ts";

const folder = mkdtempSync(join(tmpdir(), "mehr-monitor-"));
const exposed: Exposed[] = [];
let native: BuildReport;

beforeAll(async () => {
  native = await buildImage("native");
}, 600_000);
afterEach(async () => {
  await Promise.all(exposed.splice(0).map((one) => one.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Boards of an image with their consoles in the folder, and relays in this process on the same air. */
async function start(
  id: string,
  report: BuildReport,
  names: string[],
  nodes: string[] = [],
  gdb?: string,
): Promise<Exposed> {
  const one = await startExposed({
    ...{ board: virtualBoard(id), images: [report.image], wasm: report.wasm, folder, names, nodes },
    ...(id === "native" ? { keep: folder } : {}),
    ...(gdb === undefined
      ? {}
      : { emulatorOptions: () => ["-chardev", `socket,path=${gdb},server=on,wait=off,id=gdb`, "-gdb", "chardev:gdb"] }),
  });
  exposed.push(one);
  return one;
}

const mehr = (...args: string[]): string[] => [process.execPath, join(root, "bin", "mehr.mjs"), "monitor", ...args];

describe("on a terminal", () => {
  it(
    "shows a board and its neighbours, takes keys, follows the size, and gives the terminal back",
    { timeout: 120_000 },
    async () => {
      await start("native", native, ["roof"], ["node"]);
      const log = join(folder, "roof.log");
      const screen = await Screen.run({ rows: 30, columns: 100 }, mehr("--port", join(folder, "roof"), "--log", log));
      try {
        const shows = (pattern: RegExp) => (): boolean => screen.lines().some((line) => pattern.test(line));
        await until("the neighbour is on the screen", shows(/^neighbours 1 of 1 up/), 90);
        expect(screen.lines()[0]).toMatch(/^\(not provisioned\) {2}native {2}[0-9a-f]{32}$/);
        expect(screen.lines().at(-1)).toMatch(/^q quit {2}p pause {2}l log level {2}\? help {3}log .*roof\.log \d/);
        screen.press("?");
        await until("the help", shows(/^ {2}q, Ctrl-C {2}quit/), 10);
        screen.press("?l");
        await until("another log level", shows(/log debug$/), 20);
        screen.resize(10, 40);
        await until("the smaller screen", () => screen.lines().length === 10, 10);
        expect(Math.max(...screen.lines().map((line) => [...line].length))).toBeLessThanOrEqual(40);
        screen.press("q");
        expect(await screen.ended).toEqual({ code: 0, sane: true });
        expect(screen.written).toContain("\x1b[?1049h");
        expect(screen.written).toMatch(/\x1b\[\?7h\x1b\[\?25h\x1b\[\?1049l\n@end/);
        expect(readFileSync(log, "utf8")).toMatch(
          /^\d{4}-\d\d-\d\dT[0-9:.]{12}Z info {2}(This is|Has started): not provisioned, native, /m,
        );
      } finally {
        screen.kill();
      }
    },
  );

  it.each([
    ["SIGTERM", (screen: Screen) => screen.signal("SIGTERM"), 0],
    ["Ctrl-C", (screen: Screen) => screen.press("\x03"), 0],
  ])("gives it back at %s", { timeout: 60_000 }, async (_, stop, code) => {
    await start("native", native, ["roof"]);
    const screen = await Screen.run({ rows: 24, columns: 80 }, mehr("--port", join(folder, "roof")));
    try {
      await until("the screen", () => screen.lines().length === 24, 30);
      stop(screen);
      expect(await screen.ended).toEqual({ code, sane: true });
      expect(screen.written).toMatch(/\x1b\[\?1049l\n@end/);
    } finally {
      screen.kill();
    }
  });
});

describe("without one", () => {
  const run = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise((resolve) => {
      const [program = "", ...rest] = mehr(...args);
      const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
      let [out, err] = ["", ""];
      child.stdout.on("data", (bytes: Buffer) => (out += bytes.toString()));
      child.stderr.on("data", (bytes: Buffer) => (err += bytes.toString()));
      child.once("close", (code) => resolve({ code, out, err }));
    });

  it(
    "prints lines with times, or one object, and tells by its exit code whether neighbours came",
    { timeout: 120_000 },
    async () => {
      await start("native", native, ["one"], ["node"]);
      const port = join(folder, "one");
      const lines = await run("--port", port, "--until-neighbours", "1", "--seconds", "90");
      expect([lines.code, lines.err]).toEqual([0, ""]);
      for (const line of lines.out.trim().split("\n"))
        expect(line).toMatch(/^\d{4}-\d\d-\d\dT[0-9:.]{12}Z (info|warn|debug|error) +\S/);
      expect(lines.out).toMatch(/info {2}Hears [0-9a-f]{8}/);
      const json = await run("--port", port, "--seconds", "2", "--json");
      expect(JSON.parse(json.out)).toMatchObject({
        ok: true,
        connected: true,
        board: { id: "native", lock: "open" },
        fatal: null,
      });
      const late = await run("--port", port, "--until-neighbours", "9", "--seconds", "2");
      expect(late.code).toBe(1);
      expect(late.err).toMatch(/^mehr: Within 2 s the board has heard 1 of 9 neighbours: see that the others run/);
    },
  );

  it("refuses what makes no sense", async () => {
    expect(await run("--port", "/dev/null", "--json")).toMatchObject({
      code: 2,
      out: expect.stringContaining("give --seconds N") as string,
    });
    expect(await run("--port", join(folder, "nothing"))).toMatchObject({
      code: 2,
      err: expect.stringContaining("There is no port") as string,
    });
  });
});

describe("a board that comes and goes", () => {
  it("is watched through a restart and through its port going away", { timeout: 120_000 }, async () => {
    const first = await start("native", native, ["shed"], ["node"]);
    const board = new Monitor({
      ...{ root, path: join(folder, "shed"), names: new Map<string, string>(), clock: Date.now, log: undefined },
      ...{ changed: () => {}, line: () => {} },
    });
    let device: Device | undefined;
    const watch = new Watch({
      path: join(folder, "shed"),
      open: (path) => openPort(path),
      attach: (port, listener) => (device = Device.attach(port, { listener })),
      sink: board.take,
      clock: Date.now,
      pollMs: 200,
    });
    const running = watch.run();
    try {
      await until("it hears the relay", () => board.neighboursUp === 1, 60);
      const { nodeId } = board.state.identity ?? {};
      await device?.reboot();
      await until("its start is seen", () => board.state.reboots === 1 && board.state.status !== undefined, 30);
      expect(board.state.health?.value.resetCause).toBe(3);
      expect(await waitForNeighbours(device as Device, 1, 60_000)).toHaveLength(1);
      await expect(waitForNeighbours(device as Device, 2, 100)).rejects.toThrow(
        /^Within 0 s The board has heard 1 of 2 neighbours/,
      );
      await first.stop();
      await until("its port is gone", () => board.state.connection.kind === "lost", 20);
      await start("native", native, ["shed"]);
      await until(
        "its port is back",
        () => board.state.connection.kind === "open" && board.state.status !== undefined,
        30,
      );
      expect(board.state.identity?.nodeId).toBe(nodeId);
      expect(board.state.lines.map(({ text }) => text)).toContain(`${join(folder, "shed")} is back.`);
    } finally {
      watch.stop();
      await running;
    }
  });
});

describe("a fault", () => {
  it("is looked up in a symbol table that binutils reads the same way", { timeout: 300_000 }, async () => {
    const { image } = await buildImage("qemu-m4");
    const bytes = readFileSync(image);
    const symbols = readSymbols(bytes);
    if (!symbols.ok) throw new Error(symbols.problem);
    const said = spawnSync("arm-none-eabi-readelf", ["-sW", image], { encoding: "utf8", maxBuffer: 1 << 26 }).stdout;
    // Num: Value Size Type Bind Vis Ndx Name; bit 0 of Value is the Thumb bit.
    const rows = [...said.matchAll(/^ *\d+: ([0-9a-f]{8}) +(\d+) FUNC +\w+ +\w+ +\d+ (\S+)$/gm)].map(
      ([, value = "", size = "", name = ""]) => ({ address: parseInt(value, 16) & ~1, size: Number(size), name }),
    );
    expect(rows.length).toBeGreaterThan(300);
    const filtered = spawnSync("arm-none-eabi-c++filt", ["-p"], {
      input: rows.map(({ name }) => name).join("\n"),
      encoding: "utf8",
    });
    const names = filtered.stdout.trim().split("\n").map(shortened);
    const key = (one: { address: number; size: number; name: string }): string =>
      `${one.address} ${one.size} ${one.name}`;
    // Clones of the compiler are told without their suffix, which c++filt leaves on names of C.
    const theirs = rows.map((row, i) =>
      key({ ...row, name: (names[i] ?? "").replace(/\.(part|constprop|isra|cold)\.?\d*/g, "") }),
    );
    expect(symbols.value.functions.map(key).sort()).toEqual(theirs.sort());
    // And any damaged file is refused or read, and nothing is thrown.
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(60), (at, value, head) => {
        const damaged = Uint8Array.from(bytes);
        damaged[at] = value;
        damaged[head] = value;
        const read = readSymbols(damaged);
        if (read.ok) read.value.find(at);
      }),
      { numRuns: 30 },
    );
  });

  it(
    "is told with the names of its functions, from the ELF file of the image the board says it runs",
    { timeout: 300_000 },
    async () => {
      const report = await buildImage("qemu-m4");
      const gdbPath = join(folder, "gdb");
      await start("qemu-m4", report, ["m4"], [], gdbPath);
      const board = new Monitor({
        ...{ root, path: join(folder, "m4"), names: new Map<string, string>(), clock: Date.now, log: undefined },
        ...{ changed: () => {}, line: () => {} },
      });
      const watch = new Watch({
        path: join(folder, "m4"),
        open: (path) => openPort(path),
        attach: (port, listener) => Device.attach(port, { listener }),
        sink: board.take,
        clock: Date.now,
      });
      const running = watch.run();
      try {
        await until("the board runs", () => board.state.status !== undefined, 60);
        const { identity } = board.state;
        if (identity === undefined) throw new Error("no identity");
        const meanings = meaningsOf(root, identity);
        expect(meanings.image?.folder).toBe("dist/qemu-m4");
        const gdb = await Gdb.open(gdbPath);
        const [pc, lr] = [await gdb.read(REGISTER.pc), await gdb.read(REGISTER.lr)];
        // Where it was stopped is real code of the image, called from real code.
        const hex = (value: number): string => `0x${value.toString(16).padStart(8, "0")}`;
        const real = await decodeCrash(`CPU fault: BusFault at pc ${hex(pc)}, lr ${hex(lr)}`, meanings);
        expect(real[0]).toMatch(/^pc 0x[0-9a-f]{8}: at [A-Za-z_:()]+\+0x[0-9a-f]+( \(.*\))?\.$/);
        // Now to where there is no memory.
        await gdb.write(REGISTER.pc, 0x5000_0000);
        await gdb.detach();
        await until("the fault is told", () => board.state.fatal !== undefined, 30);
        expect(board.state.fatal).toMatch(/CPU fault/);
        await board.settled();
        const said = board.state.lines.map(({ text }) => text);
        expect(said.some((text) => /^The core does not run: .*CPU fault/.test(text))).toBe(true);
        expect(said).toContain("pc 0x50000000: in no function of the image.");
        expect(
          said.some((text) => /^lr 0x[0-9a-f]{8}: (called from [A-Za-z_:()]+\+0x|in an exception handler)/.test(text)),
        ).toBe(true);
      } finally {
        watch.stop();
        await running;
      }
    },
  );
});
