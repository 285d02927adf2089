/** `mehr provision` against the real firmware: native boards, whose consoles are pseudo-terminals, on one simulated air. */
import { type ChildProcess, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  watch,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { decodeBootConfig } from "../boards/config.ts";
import { Device } from "../host/device/device.ts";
import { parseFleet } from "../host/fleet/file.ts";
import { FleetLock } from "../host/fleet/lock-file.ts";
import { readPins } from "../host/fleet/pins.ts";
import { type FleetOptions, type FleetResult, provisionFleet } from "../host/fleet/provision.ts";
import { type Exposed, startExposed } from "../host/run/exposed.ts";
import { openPort } from "../host/serial/ports.ts";
import type { BuildReport } from "../toolchain/build.ts";
import { findPython } from "../toolchain/pio/environment.ts";
import { buildImage, root, until, virtualBoard } from "./support/images.ts";

let report: BuildReport;
beforeAll(async () => {
  report = await buildImage("native");
}, 600_000);

let folder: string;
let running: Exposed[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-fleet-"));
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()));
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

const port = (name: string): string => join(folder, "ports", name);
const flash = (name: string): string => join(folder, "flash", `${name}.flash`);
const file = (name: string): string => join(folder, name);

/** Resolves as soon as a file of the folder is there: what comes after it may take no longer than a look at a clock. */
function appears(path: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(folder, () => look());
    const look = (): void => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    };
    look();
  });
}

/** Turns boards on; they remember what they were, by name. */
async function turnOn(...names: string[]): Promise<Exposed> {
  mkdirSync(join(folder, "flash"), { recursive: true });
  const exposed = await startExposed({
    board: virtualBoard("native"),
    images: [report.image],
    names,
    folder: join(folder, "ports"),
    keep: join(folder, "flash"),
    wasm: report.wasm,
  });
  running.push(exposed);
  return exposed;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the command line; `text` is what it has said so far. */
function start(
  args: readonly string[],
  program = process.execPath,
): { child: ChildProcess; ended: Promise<Ended>; text: () => string } {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], cwd: folder });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
  return { child, ended, text: () => stdout + stderr };
}

const MEHR = join(root, "bin/mehr.mjs");

async function mehr(...args: string[]): Promise<Ended> {
  const { child, ended } = start([MEHR, ...args]);
  child.stdin?.end();
  return ended;
}

interface Answer {
  readonly ok: boolean;
  readonly devices: readonly { name: string; result: string; destination: string | null; detail: string | null }[];
  readonly error?: { message: string; exit_code: number };
}

async function mehrJson(...args: string[]): Promise<Answer & { code: number | null }> {
  const { code, stdout } = await mehr(...args, "--json");
  return { ...(JSON.parse(stdout) as Answer), code };
}

function fleet(
  lines: readonly string[],
  defaults = "{ board: native, region: eu868, trusted: all, pin: none }",
): string {
  const text = `defaults: ${defaults}\ndevices:\n${lines.map((line) => `  - { ${line} }\n`).join("")}`;
  writeFileSync(file("fleet.yaml"), text);
  return text;
}

/** The fleet file through the function, as other programs of this project use it. */
function run(options: Partial<FleetOptions> = {}): Promise<FleetResult> {
  const devices = parseFleet(readFileSync(file("fleet.yaml"), "utf8"), file("fleet.yaml"));
  const dist = join(root, "dist");
  return provisionFleet({ devices, lockPath: file("fleet.lock"), dist, ...options });
}

const outcomes = (result: FleetResult): string[] => result.devices.map(({ outcome }) => outcome);

/** What a board says about itself. */
async function ask<T>(name: string, question: (device: Device) => Promise<T>, pin?: string): Promise<T> {
  const stream = await openPort(port(name));
  try {
    return await question(await Device.open(stream, { name, ...(pin === undefined ? {} : { pin }) }));
  } finally {
    await stream.close();
  }
}

describe("three boards", () => {
  it("become relays with one command, and stay as they are with the next", async () => {
    await turnOn("a", "b", "c");
    fleet(
      [
        "name: roof-north, port: ports/a",
        "name: roof-south, port: ports/b, price: 7",
        "name: tower, port: ports/c, power: 10, antenna_gain: 5.8, trusted: [roof-north]",
      ],
      "{ board: native, region: eu868, trusted: all, pin: generate }",
    );
    const dry = await mehrJson("provision", "--dry-run");
    expect([dry.code, dry.ok, dry.devices.map(({ result }) => result)]).toEqual([
      0,
      true,
      Array(3).fill("would be provisioned"),
    ]);
    expect([existsSync(file("fleet.lock")), existsSync(file("fleet.pins"))]).toEqual([false, false]);

    const { code, stdout, stderr } = await mehr("provision", "--labels", "labels.pdf");
    expect([code, stderr]).toEqual([0, expect.stringContaining("roof-north: is provisioned")]);
    expect(stdout).toMatch(/^name +board +port +destination +result$/m);
    expect(
      stdout.match(/^(roof-north|roof-south|tower) +native +ports\/[abc] +[0-9a-f]{32} +provisioned$/gm),
    ).toHaveLength(3);
    expect(readFileSync(file("labels.pdf"), "latin1").slice(0, 8)).toBe("%PDF-1.4");

    // The boards, asked by another program.
    const lock = FleetLock.read(file("fleet.lock"));
    const pins = readPins(file("fleet.pins"));
    const address = (name: string): string => lock.byName(name)?.destination ?? "";
    const boards = [
      ["a", "roof-north"],
      ["b", "roof-south"],
      ["c", "tower"],
    ] as const;
    const [north, south, tower] = await Promise.all(
      boards.map(([board, name]) =>
        ask(board, async (device) => {
          const { nodeId, imageSha256, lock: state } = await device.identify();
          expect([nodeId, imageSha256, state]).toEqual([address(name), lock.byName(name)?.image_sha256, "locked"]);
          expect(Buffer.from((await device.prove()).publicKey).toString("hex")).toBe(lock.byName(name)?.public_key);
          const stored = await device.provisionRead();
          expect([stored?.record.name, stored?.record.region, stored?.record.pinLogN]).toEqual([name, "eu868", 15]);
          // The core relays for those, not only the record says so.
          const trusted = (await device.trusted()).map((peer) => Buffer.from(peer).toString("hex"));
          return {
            stored,
            trusted: trusted.sort(),
            config: decodeBootConfig(stored?.record.config ?? new Uint8Array(0)),
          };
        }),
      ),
    );
    expect(north?.trusted).toEqual([address("roof-south"), address("tower")].sort());
    expect(tower?.trusted).toEqual([address("roof-north")]);
    expect([north?.config.priceMicroMhrPerKib, south?.config.priceMicroMhrPerKib]).toEqual([0, 7]);
    expect([tower?.config.powerDbm, tower?.stored?.record.antennaGainTenths]).toEqual([10, 58]);
    // Its PIN opens it, and no other.
    const pin = (pins as { byName: Map<string, string> }).byName.get("tower");
    await ask("c", (device) => device.provisionAbort(), pin);
    await expect(ask("c", (device) => device.provisionAbort(), "0000")).rejects.toThrow(/c does not take this PIN/);

    const text = readFileSync(file("fleet.lock"), "utf8");
    const again = await mehrJson("provision");
    expect([again.code, again.devices.map(({ result }) => result)]).toEqual([0, Array(3).fill("unchanged")]);
    expect(readFileSync(file("fleet.lock"), "utf8")).toBe(text);

    // What changes in the file changes on its board alone.
    writeFileSync(file("fleet.yaml"), readFileSync(file("fleet.yaml"), "utf8").replace("price: 7", "price: 8"));
    expect((await mehrJson("provision")).devices.map(({ result }) => result)).toEqual([
      "unchanged",
      "provisioned",
      "unchanged",
    ]);

    const labels = await mehrJson("labels", "--out", "one.svg", "--only", "tower");
    expect([labels.code, labels.ok]).toEqual([0, true]);
    expect(readFileSync(file("one.svg"), "utf8")).toContain(">tower<");
  }, 120_000);

  it("of which one is unplugged in the middle: the others are done, and the next run does the rest", async () => {
    const boards = await turnOn("a", "b", "c");
    fleet(["name: roof-north, port: ports/a", "name: roof-south, port: ports/b", "name: tower, port: ports/c"]);
    const names = ["roof-north", "roof-south", "tower"];
    const unplug = boards.boards[1];
    let gone: Promise<void> | undefined;
    const first = await run({
      progress: (name, text) => {
        if (name === "roof-south" && text === "is being provisioned") gone ??= unplug?.stop();
      },
    });
    await gone;
    expect([first.ok, outcomes(first)]).toEqual([false, ["provisioned", "failed", "provisioned"]]);
    expect(first.devices[1]?.detail).toMatch(/b went away: the board was unplugged or reset/);
    const lock = FleetLock.read(file("fleet.lock"));
    expect(lock.devices.map(({ name }) => name)).toEqual(["roof-north", "tower"]);
    await turnOn("b");
    const second = await run();
    expect([second.ok, outcomes(second)]).toEqual([true, ["unchanged", "provisioned", "unchanged"]]);
    expect(FleetLock.read(file("fleet.lock")).devices.map(({ name }) => name)).toEqual(names);
  }, 60_000);

  it("of which one is not there yet: the others do not trust it, say so, and do when it is", async () => {
    await turnOn("a", "c");
    fleet([
      "name: roof-north, port: ports/a",
      "name: roof-south, port: ports/b",
      "name: tower, port: ports/c, trusted: []",
    ]);
    const first = await mehrJson("provision");
    expect([first.code, first.devices.map(({ result }) => result)]).toEqual([
      1,
      ["provisioned", "failed", "provisioned"],
    ]);
    expect(first.devices[0]?.detail).toBe(
      "it does not trust roof-south yet, whose address nobody knows; run this again when it is there",
    );
    expect(first.devices[1]?.detail).toMatch(/^There is no port ports\/b; /);
    await turnOn("b");
    const second = await mehrJson("provision");
    expect([second.code, second.devices.map(({ result }) => result)]).toEqual([
      0,
      ["provisioned", "provisioned", "unchanged"],
    ]);
    const trusted = await ask("a", (device) => device.trusted());
    expect(trusted.length).toBe(2);
  }, 60_000);

  it("killed in the middle are finished by the next run", async () => {
    await turnOn("a", "b", "c");
    fleet(["name: n1, port: ports/a", "name: n2, port: ports/b", "name: n3, port: ports/c"]);
    const { child, ended, text } = start([MEHR, "provision", "--jobs", "1"]);
    await until("the first device is provisioned", () => text().includes("is provisioned"));
    child.kill("SIGKILL");
    await ended;
    expect(FleetLock.read(file("fleet.lock")).devices.length).toBeGreaterThan(0);
    const { code, devices } = await mehrJson("provision");
    expect([code, devices[0]?.result]).toEqual([0, "unchanged"]);
    expect(FleetLock.read(file("fleet.lock")).devices.length).toBe(3);
  }, 60_000);

  it("interrupted: the device at work is finished, the others are not reached", async () => {
    await turnOn("a", "b", "c");
    fleet(["name: n1, port: ports/a", "name: n2, port: ports/b", "name: n3, port: ports/c"]);
    const { child, ended, text } = start([MEHR, "provision", "--jobs", "1", "--json"]);
    // With --json nothing is told on the way: the file says when it has begun.
    await appears(file("fleet.lock"));
    child.kill("SIGINT");
    const { code } = await ended;
    const { devices } = JSON.parse(text()) as Answer;
    expect([code, devices[0]?.result, devices[2]?.result]).toEqual([1, "provisioned", "not reached"]);
  }, 60_000);
});

describe("refused, with both sides named", () => {
  it("is a device of another board", async () => {
    await turnOn("a", "b");
    fleet(["name: n1, port: ports/a, board: qemu-m4", "name: n2, port: ports/b, trusted: []"]);
    const { code, devices } = await mehrJson("provision");
    expect([code, devices.map(({ result }) => result)]).toEqual([1, ["failed", "provisioned"]]);
    expect(devices[0]?.detail).toBe(
      "n1 is to be a qemu-m4, and behind ports/a is a native: correct the board or the port, or flash the right image.",
    );
    expect(await ask("a", async (device) => (await device.identify()).provisioned)).toBe(false);
  }, 60_000);

  it("are two boards with one identity, in one run or in two", async () => {
    const first = await turnOn("a");
    await ask("a", (device) => device.prove());
    await first.stop();
    copyFileSync(flash("a"), flash("b"));
    await turnOn("a", "b");
    fleet(["name: n1, port: ports/a", "name: n2, port: ports/b"]);
    const both = await run();
    expect(outcomes(both)).toEqual(["failed", "failed"]);
    expect(both.devices[0]?.detail).toMatch(
      /^n1 \(.*ports\/a\) and n2 \(.*ports\/b\) present the same identity [0-9a-f]{32}: one was copied from the other; /,
    );
    expect(existsSync(file("fleet.lock"))).toBe(false);
    expect(outcomes(await run({ only: ["n1"] }))).toEqual(["provisioned"]);
    const second = await run({ only: ["n2"] });
    expect(outcomes(second)).toEqual(["failed"]);
    expect(second.devices[0]?.detail).toMatch(
      /^n2 \(native\) presents the identity of n1 \(native\) in .*fleet\.lock: two boards must never share one; /,
    );
  }, 60_000);

  it("is another board under a known name, unless it is to take its place", async () => {
    await turnOn("a", "b");
    fleet(["name: n1, port: ports/a"]);
    expect((await run()).ok).toBe(true);
    fleet(["name: n1, port: ports/b"]);
    const { devices } = await run();
    expect(devices[0]?.detail).toMatch(
      /^n1 is [0-9a-f]{32} in .*fleet\.lock and this board is [0-9a-f]{32}: is it another board\? .*add --replace "n1"\.$/,
    );
    const { code } = await mehr("provision", "--replace", "n1");
    expect(code).toBe(0);
  }, 60_000);

  it("is a board that runs another image than dist/ holds, unless that is meant", async () => {
    await turnOn("a");
    fleet(["name: n1, port: ports/a"]);
    const dist = file("dist");
    mkdirSync(join(dist, "native"), { recursive: true });
    const manifest = readFileSync(join(root, "dist/native/manifest.json"), "utf8");
    const { image_sha256: built } = JSON.parse(manifest) as { image_sha256: string };
    writeFileSync(join(dist, "native/manifest.json"), manifest.replaceAll(built, "0".repeat(63) + "1"));
    const refused = await run({ dist });
    expect(refused.devices[0]?.detail).toBe(
      `n1: it runs the image ${built.slice(0, 12)}... and ${dist}/native holds 000000000000...: flash it (mehr flash native), or add --any-image if that is meant.`,
    );
    expect((await run({ dist, anyImage: true })).ok).toBe(true);
  }, 60_000);

  it("are a port that is no board's, one that is missing and one named twice", async () => {
    await turnOn("a");
    writeFileSync(file("text"), "");
    fleet([
      "name: n1, port: ports/a",
      `name: n2, port: ${port("a")}`,
      "name: n3, port: text",
      "name: n4, port: none",
      'name: n5, usb: "00ff"',
    ]);
    const { devices } = await mehrJson("provision");
    expect(devices.map(({ result }) => result)).toEqual(["provisioned", ...Array<string>(4).fill("failed")]);
    expect(devices[1]?.detail).toBe(
      `n2 (${port("a")}) and n1 (ports/a) are the same port; name a port of its own for each.`,
    );
    expect(devices[2]?.detail).toMatch(/^text is a file and not a serial port; /);
    expect(devices[3]?.detail).toMatch(/^There is no port none; /);
    expect(devices[4]?.detail).toMatch(/^n5 is not plugged in: no USB device with the serial number 00ff is found; /);
  }, 60_000);
});

describe("a PIN", () => {
  it("is changed with the old one, and not with a wrong one", async () => {
    await turnOn("a");
    fleet(["name: n1, port: ports/a, pin_file: pin"], "{ board: native, region: eu868 }");
    writeFileSync(file("pin"), "first pin", { mode: 0o600 });
    expect((await mehrJson("provision")).code).toBe(0);
    writeFileSync(file("pin"), "second pin");
    const refused = await mehrJson("provision");
    expect([refused.code, refused.devices[0]?.detail]).toEqual([1, "n1 does not take this PIN."]);
    writeFileSync(file("old"), "first pin", { mode: 0o600 });
    const changed = await mehrJson("provision", "--old-pin-file", "old");
    expect([changed.code, changed.devices[0]?.result]).toEqual([0, "provisioned"]);
    await ask("a", (device) => device.provisionAbort(), "second pin");
    expect((await mehrJson("provision")).devices[0]?.result).toBe("unchanged");
    // And taken away.
    const open = await mehrJson("provision", "--pin", "none", "--old-pin-file", "pin");
    expect([open.code, await ask("a", async (device) => (await device.identify()).lock)]).toEqual([0, "open"]);
  }, 60_000);

  it("that nobody can be asked for is a sentence", async () => {
    await turnOn("a");
    fleet(["name: n1, port: ports/a"], "{ board: native, region: eu868 }");
    const { code, stderr } = await mehr("provision");
    expect([code, stderr]).toEqual([
      2,
      "mehr: Nobody can be asked for a PIN here; give --pin-file FILE, --pin generate (kept in a file beside fleet.lock), or --pin none.\n",
    ]);
  }, 60_000);
});

describe("one board", () => {
  it("is provisioned from flags, and the next trusts it by name", async () => {
    await turnOn("a", "b");
    const flags = ["provision", "--region", "eu868", "--sf", "9", "--pin", "none"];
    expect((await mehrJson(...flags, "--name", "first", "--port", "ports/a", "--price", "5")).code).toBe(0);
    expect((await mehrJson(...flags, "--name", "second", "--port", "ports/b", "--trust", "first")).code).toBe(0);
    const lock = FleetLock.read(file("fleet.lock"));
    expect(await ask("b", (device) => device.trusted())).toEqual([
      Uint8Array.from(Buffer.from(lock.byName("first")?.destination ?? "", "hex")),
    ]);
    const stored = await ask("a", (device) => device.provisionRead());
    expect(decodeBootConfig(stored?.record.config ?? new Uint8Array(0))).toMatchObject({
      spreadingFactor: 9,
      priceMicroMhrPerKib: 5,
    });
  }, 60_000);

  it.each<[string, string[], RegExp]>([
    [
      "no name and no region",
      ["--port", "ports/a"],
      /^mehr: --name and --region \(or --region none, to only listen\) are missing, and nobody can be asked here; /,
    ],
    [
      "no region",
      ["--port", "ports/a", "--name", "n"],
      /^mehr: --region \(or --region none, to only listen\) is missing, /,
    ],
    ["a region nobody has", ["--port", "ports/a", "--name", "n", "--region", "eu86"], /did you mean eu868\?/],
    [
      "a power the region refuses",
      ["--port", "ports/a", "--name", "n", "--region", "eu868", "--frequency", "868.3", "--power", "20"],
      /^mehr: --power: eu868: 20 dBm /,
    ],
    [
      "a name too long",
      ["--port", "ports/a", "--name", "n".repeat(33), "--region", "eu868"],
      /^mehr: --name: "n+" is 33 bytes long; /,
    ],
    [
      "a peer nobody has",
      ["--port", "ports/a", "--name", "n", "--region", "eu868", "--trust", "x"],
      /^mehr: --trust x is no device and no address of 32 hexadecimal digits; fleet\.lock has none yet\.$/m,
    ],
    [
      "a port and a file",
      ["fleet.yaml", "--port", "ports/a"],
      /^mehr: --port is for one board, and fleet\.yaml says it for each; /,
    ],
    ["a file that is not there", ["village.yaml"], /^mehr: village\.yaml is not there; /],
    ["labels of a format nobody knows", ["--labels", "x.png"], /^mehr: x\.png is neither an \.svg nor a \.pdf file; /],
    ["a price of a fraction", ["--price", "1.5"], /whole number of micro-MHR from 0 to 4294967295/],
  ])(
    "with %s is exit code 2 and a sentence",
    async (_what, args, sentence) => {
      if (args.includes("--power")) await turnOn("a");
      const { code, stdout, stderr } = await mehr("provision", "--pin", "none", ...args);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(sentence);
    },
    60_000,
  );

  it("is provisioned by questions at a terminal, which do not show the PIN", async () => {
    await turnOn("a");
    const python = await findPython();
    // The command line on a terminal of its own, whose other side is our pipes.
    const bridge = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    const args = ["-c", bridge, process.execPath, MEHR, "provision", "--port", "ports/a"];
    const { child, ended, text } = start(args, python?.command);
    let from = 0;
    const reply = async (question: string, answer: string): Promise<void> => {
      await until(question, () => text().indexOf(question, from) >= 0, 20);
      from = text().length;
      child.stdin?.write(`${answer}\r`);
    };
    await reply("name [native-", "mein dach");
    await reply("region (its id, or none to only listen): ", "eu86");
    await reply("did you mean eu868", "eu868");
    await reply("PIN of mein dach (empty: none): ", "12");
    await reply("use 4 to 64", "271828");
    await reply("the same again: ", "271829");
    await reply("PIN of mein dach (empty: none): ", "271828");
    await reply("the same again: ", "271828");
    const { code, stdout } = await ended;
    expect(stdout).toMatch(/mein dach +native +ports\/a +[0-9a-f]{32} +provisioned/);
    expect([code, stdout.includes("27182")]).toEqual([0, false]);
    await ask("a", (device) => device.provisionAbort(), "271828");
  }, 60_000);
});

it("twenty boards are provisioned with one command within a minute", async () => {
  const names = Array.from({ length: 20 }, (_, i) => `n${i + 1}`);
  await turnOn(...names);
  fleet(
    names.map((name) => `name: ${name}, port: ports/${name}`),
    "{ board: native, region: eu868, trusted: all, pin: generate }",
  );
  const started = performance.now();
  const { code, devices } = await mehrJson("provision", "--labels", "labels.svg");
  const seconds = (performance.now() - started) / 1000;
  console.log(`20 native boards, one command: ${seconds.toFixed(1)} s`);
  expect([code, devices.filter(({ result }) => result === "provisioned").length]).toEqual([0, 20]);
  expect(seconds).toBeLessThan(60);
  expect(new Set(FleetLock.read(file("fleet.lock")).devices.map(({ public_key }) => public_key)).size).toBe(20);
  expect((statSync(file("fleet.pins")).mode & 0o777).toString(8)).toBe("600");
}, 180_000);

afterAll(() => expect(running).toEqual([]));
