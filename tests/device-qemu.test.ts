/**
 * What an owner does with boards, end to end: the real firmware in QEMU, its UART as a pseudo-terminal, and the project's
 * own commands and client on the other side of it. The tests are one story and build on each other.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultEngine } from "../boards/engine.ts";
import { Status } from "../host/core/abi.gen.ts";
import { makeBackup, openBackup, readBackup, restoreBackup, writeBackup } from "../host/device/backup.ts";
import { Device, type DeviceOptions } from "../host/device/device.ts";
import { DeviceFailure } from "../host/device/failure.ts";
import { LogLevel, ResetCause, ResetLevel } from "../host/board/messages.gen.ts";
import { sendText, textMessage } from "../host/device/text.ts";
import { waitForNeighbours } from "../host/monitor/wait.ts";
import { type Exposed, startExposed } from "../host/run/exposed.ts";
import { openPort } from "../host/serial/ports.ts";
import { runMehr } from "./support/cli.ts";
import { buildImage, until, virtualBoard } from "./support/images.ts";

const board = virtualBoard("qemu-m4");
const NAMES = ["north", "south"] as const;
const PINS = { north: "2580", south: "1357 9246" } as const;
const MINUTES = 60_000;

let folder: string;
let exposed: Exposed | undefined;
const failures: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-device-"));
  const { image, wasm } = await buildImage(board.id, defaultEngine(board));
  exposed = await startExposed({
    ...{ board, images: [image], names: NAMES, folder: join(folder, "ports"), wasm },
    failed: (sentence) => failures.push(sentence),
  });
  const pins = NAMES.map((name) => `${name}: ${PINS[name]}\n`).join("");
  writeFileSync(join(folder, "pins"), pins, { mode: 0o600 });
  const devices = NAMES.map((name) => `  - name: ${name}\n    port: ${portOf(name)}\n`).join("");
  writeFileSync(
    join(folder, "fleet.yaml"),
    `defaults:\n  board: ${board.id}\n  region: eu868\n  trusted: all\n  pin_file: pins\ndevices:\n${devices}`,
  );
}, 900_000);
afterAll(async () => {
  await exposed?.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(failures).toEqual([]);
});

function portOf(name: string): string {
  return join(folder, "ports", name);
}

/** Opens a board's port, talks to it, and closes the port whatever happens. */
async function withDevice<T>(name: string, options: DeviceOptions, use: (device: Device) => Promise<T>): Promise<T> {
  const port = await openPort(portOf(name));
  try {
    return await use(await Device.open(port, { name, ...options }));
  } finally {
    await port.close();
  }
}

const withPin = <T>(name: keyof typeof PINS, use: (device: Device) => Promise<T>): Promise<T> =>
  withDevice(name, { pin: PINS[name] }, use);

/** The status with which a board refuses. */
async function refusal(work: Promise<unknown>): Promise<DeviceFailure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DeviceFailure);
  return error as DeviceFailure;
}

interface Provisioned {
  readonly ok: boolean;
  readonly devices: readonly { name: string; destination: string; result: string; flash_writes: number | null }[];
}

const addresses = new Map<string, string>();

describe("boards in QEMU, over their pseudo-terminals", () => {
  it("are provisioned by one command, and left alone by the next", { timeout: 6 * MINUTES }, async () => {
    const first = await runMehr(["provision", "fleet.yaml", "--json"], { cwd: folder });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    const { ok, devices } = JSON.parse(first.stdout) as Provisioned;
    expect([ok, devices.map(({ name, result }) => [name, result])]).toEqual([
      true,
      NAMES.map((name) => [name, "provisioned"]),
    ]);
    for (const { name, destination, flash_writes } of devices) {
      addresses.set(name, destination);
      expect(flash_writes).toBeGreaterThan(0);
    }
    expect(new Set(addresses.values()).size).toBe(2);

    const second = await runMehr(["provision", "fleet.yaml", "--json"], { cwd: folder });
    expect((JSON.parse(second.stdout) as Provisioned).devices.map(({ result }) => result)).toEqual([
      "unchanged",
      "unchanged",
    ]);
    const proofs = await withPin("north", async (device) => {
      const { record, trusted } = (await device.provisionRead()) ?? expect.fail("nothing is stored");
      expect([record.name, record.region, record.pinKey]).toEqual(["north", "eu868", new Uint8Array(32)]);
      expect(trusted.map(({ nodeId }) => Buffer.from(nodeId).toString("hex"))).toEqual([addresses.get("south")]);
      return device.prove();
    });
    expect(Buffer.from(proofs.nodeId).toString("hex")).toBe(addresses.get("north"));
  });

  it("are locked by their PIN, and look at none for a while after wrong ones", { timeout: 3 * MINUTES }, async () => {
    // Reading is everybody's, changing is not.
    await withDevice("north", {}, async (device) => {
      expect((await device.identify()).name).toBe("north");
      expect((await device.health()).uptimeMs).toBeGreaterThan(0n);
      expect((await refusal(device.setLogLevel(LogLevel.Debug))).status).toBe(Status.Locked);
    });
    // Somebody has shown the PIN since the board started: two wrong ones are free, the third costs a second.
    for (const count of [1, 2, 3]) {
      await withDevice("north", { pin: "0000" }, async (device) => {
        const wrong = await refusal(device.setLogLevel(LogLevel.Debug));
        expect([count, wrong.status, (wrong.waitMs ?? 0) > 0]).toEqual([count, Status.WrongPin, count === 3]);
        expect(wrong.message).toContain("PIN");
      });
    }
    // Even the right one is not looked at now; the client waits as long as the board says.
    await withPin("north", async (device) => {
      expect((await device.hello()).pinLogN).toBe(15);
      await until("the board takes its PIN again", async () => {
        device.usePin(PINS.north);
        return device.setLogLevel(LogLevel.Info).then(
          () => true,
          (error: unknown) => {
            expect((error as DeviceFailure).status).toBe(Status.PinWait);
            return false;
          },
        );
      });
    });
    // A session of its own: the one above may have begun while the wait was on.
    await withDevice("north", {}, async (device) => expect((await device.hello()).waitMs).toBe(0));
  });

  it("keep a time and a log level until they start again, and say why they did", { timeout: 3 * MINUTES }, async () => {
    await withPin("south", async (device) => {
      await device.setTime();
      await device.setLogLevel(LogLevel.Debug);
      const before = await device.health();
      expect(Math.abs(Number(before.unixMs) - Date.now())).toBeLessThan(30_000);
      expect(before.logLevel).toBe(LogLevel.Debug);
      expect(before.recordsUsed).toBeGreaterThan(0);
      await device.reboot();
      const after = await device.health();
      expect([after.unixMs, after.logLevel, after.resetCause]).toEqual([0n, LogLevel.Info, ResetCause.Software]);
      expect(after.uptimeMs).toBeLessThan(before.uptimeMs + 60_000n);
      const { nodeId, name, status } = await device.identify();
      expect([nodeId, name, status]).toEqual([addresses.get("south"), "south", 0]);
      // It is as locked as before.
      expect((await device.hello()).pinLogN).toBe(15);
    });
  });

  it("hear each other, and carry a message both ways", { timeout: 10 * MINUTES }, async () => {
    const [north, south] = await Promise.all(NAMES.map((name) => openPort(portOf(name))));
    if (north === undefined || south === undefined) throw new Error("no port");
    try {
      const devices = {
        north: await Device.open(north, { name: "north", pin: PINS.north }),
        south: await Device.open(south, { name: "south", pin: PINS.south }),
      };
      const directions = [
        ["north", "south"],
        ["south", "north"],
      ] as const;
      for (const [from, to] of directions) {
        const [heard] = await waitForNeighbours(devices[from], 1, 4 * MINUTES);
        expect(Buffer.from(heard?.nodeId ?? []).toString("hex")).toBe(addresses.get(to));
      }
      for (const [from, to] of directions) {
        const destination = Uint8Array.from(Buffer.from(addresses.get(to) ?? "", "hex"));
        const text = `From ${from}: grüß dich`;
        const { latest } = await devices[to].inbox();
        // Nobody acknowledges: what finds no way yet, or collides, is sent again.
        await until(
          `${to} has the message of ${from}`,
          async () => {
            const sent = await sendText(devices[from], destination, text).catch((error: unknown) => {
              const { status } = error as DeviceFailure;
              if (status !== Status.NoRoute && status !== Status.NoKey) throw error;
              return undefined;
            });
            if (sent === undefined) {
              // Ways spread with announces; the next would come by itself, minutes later.
              await devices[to].announce().catch(() => {});
              await new Promise((resolve) => setTimeout(resolve, 1000));
              return false;
            }
            for (let looks = 0; looks < 10; looks++) {
              const { messages } = await devices[to].inbox(latest);
              if (messages.some((message) => textMessage(message).text === text)) return true;
              await new Promise((resolve) => setTimeout(resolve, 1000));
            }
            return false;
          },
          240,
        );
      }
    } finally {
      await north.close();
      await south.close();
    }
  });

  it(
    "come back under their address from a backup, after they have forgotten it",
    { timeout: 4 * MINUTES },
    async () => {
      const path = join(folder, "north.backup");
      const passphrase = "correct horse battery";
      const before = await withPin("north", async (device) => {
        const { file } = await makeBackup(device, { passphrase });
        writeBackup(path, file);
        return device.provisionRead();
      });
      await withPin("north", (device) => device.factoryReset(ResetLevel.ForgetIdentity));
      await withDevice("north", {}, async (device) => {
        const fresh = await device.identify();
        expect([fresh.status, fresh.provisioned, fresh.name]).toEqual([0, false, ""]);
        expect(fresh.nodeId).not.toBe(addresses.get("north"));
        expect(await device.provisionRead()).toBeUndefined();
        expect((await device.hello()).pinLogN).toBe(0);

        const backup = readBackup(path);
        await expect(openBackup(backup, "wrong horse battery")).rejects.toMatchObject({ exitCode: 2 });
        const { nodeId } = await restoreBackup(device, await openBackup(backup, passphrase));
        expect(nodeId).toBe(addresses.get("north"));
      });
      await withPin("north", async (device) => {
        expect(await device.provisionRead()).toEqual(before);
        expect(Buffer.from((await device.prove()).nodeId).toString("hex")).toBe(addresses.get("north"));
        // Locked by the PIN it had.
        await device.setLogLevel(LogLevel.Info);
      });
      expect((await runMehr(["provision", "fleet.yaml", "--json", "--dry-run"], { cwd: folder })).stdout).toContain(
        '"result":"unchanged"',
      );
    },
  );

  it("keep their identity over a factory reset that is to keep it", { timeout: 3 * MINUTES }, async () => {
    await withPin("south", (device) => device.factoryReset(ResetLevel.KeepIdentity));
    await withDevice("south", {}, async (device) => {
      const { nodeId, provisioned } = await device.identify();
      expect([nodeId, provisioned]).toEqual([addresses.get("south"), false]);
    });
  });

  it("are deployed by one command, and what is done is not done twice", { timeout: 10 * MINUTES }, async () => {
    const args = ["deploy", board.id, "--port", portOf("south"), "--fleet", "fleet.yaml", "--name", "south"];
    const more = ["--neighbours", "1", "--timeout", "300", "--skip", "build", "--json"];
    const deploy = async (): Promise<{ code: number | null; results: string[]; proofs: string[] }> => {
      const { code, stdout } = await runMehr([...args, ...more], { cwd: folder });
      const { steps } = JSON.parse(stdout) as { steps: { step: string; result: string; proof: string }[] };
      expect(steps.map(({ step }) => step)).toEqual(["build", "flash", "provision", "watch"]);
      return { code, results: steps.map(({ result }) => result), proofs: steps.map(({ proof }) => proof) };
    };
    const first = await deploy();
    expect([first.code, first.results]).toEqual([0, ["skipped", "skipped", "done", "done"]]);
    expect(first.proofs[2]).toContain(addresses.get("south"));
    expect(first.proofs[3]).toContain(addresses.get("north")?.slice(0, 8));
    expect((await deploy()).results).toEqual(["skipped", "skipped", "unchanged", "done"]);
  });
});
