/** Devices that no firmware of ours can play: broken, lying and copied ones. The rest is in tests/provision.test.ts. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { encodeBootConfig, decodeBootConfig } from "../../boards/config.ts";
import type { Identity } from "../board/protocol.ts";
import { ABI_VERSION, Status } from "../core/abi.gen.ts";
import { addressOf } from "../device/address.ts";
import type { ProvisionDraft } from "../device/device.ts";
import type { Connection } from "./connection.ts";
import { parseFleet } from "./file.ts";
import { FleetLock } from "./lock-file.ts";
import { type FleetOptions, type FleetResult, provisionFleet } from "./provision.ts";
import type { Provisioning } from "./record.ts";
import { publicKeyOf } from "./weak-keys.ts";

/** A device in memory, and how it misbehaves. */
class Toy implements Connection {
  readonly key: Uint8Array;
  stored: Provisioning | "none" | "damaged" = "none";
  provisionings = 0;
  closed = 0;
  readonly #faults: Partial<Faults>;

  constructor(seed: Uint8Array, faults: Partial<Faults> = {}) {
    this.key = Uint8Array.from(Buffer.from(publicKeyOf(seed), "hex"));
    this.#faults = faults;
  }

  get address(): string {
    return Buffer.from(addressOf(this.key)).toString("hex");
  }

  async identify(): Promise<Identity> {
    const nothing = { engine: "wasm3", wasmSize: 1, wasmSha256: "00".repeat(32), imageSha256: undefined } as const;
    const state = {
      provisioned: this.stored !== "none",
      lock: "open",
      board: "native",
      runtime: "t",
      name: "",
    } as const;
    return {
      status: 0,
      abiVersion: ABI_VERSION,
      ...nothing,
      ...state,
      nodeId: this.address,
      ...this.#faults.identity?.(this),
    };
  }
  async prove(): Promise<{ publicKey: Uint8Array; nodeId: Uint8Array }> {
    return { publicKey: this.key, nodeId: addressOf(this.key) };
  }
  async read(): Promise<Provisioning | "none" | "damaged"> {
    return this.#faults.read?.(this.stored) ?? this.stored;
  }
  async locked(): Promise<boolean> {
    return false;
  }
  usePin(): void {}
  async abort(): Promise<void> {}
  async provision({ record, trusted }: ProvisionDraft): Promise<number> {
    this.provisionings++;
    await this.#faults.provision?.();
    const peers = trusted.map(({ nodeId }) => Buffer.from(nodeId).toString("hex"));
    this.stored = { record: { ...record, pinKey: new Uint8Array(32) }, trusted: peers };
    return 12;
  }
  async close(): Promise<void> {
    this.closed++;
  }
}

interface Faults {
  identity: (toy: Toy) => Partial<Identity>;
  read: (stored: Toy["stored"]) => Toy["stored"] | undefined;
  provision: () => Promise<void>;
}

/** 32 bytes that are no weak seed. */
const seed = (n: number): Buffer => Buffer.alloc(32, "a seed of a test").fill(n, 31);

let folder: string;
let lockPath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-toys-"));
  lockPath = join(folder, "fleet.lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A run over toys, named and plugged in as a, b, c ... */
async function run(
  toys: readonly Toy[],
  more: Partial<FleetOptions> = {},
  settings = "trusted: all",
): Promise<FleetResult> {
  const names = toys.map((_, index) => String.fromCharCode(97 + index));
  const yaml = `defaults: { board: native, region: eu868, ${settings} }\ndevices:\n${names.map((name) => `  - { name: ${name}, port: ${name} }\n`).join("")}`;
  const result = await provisionFleet({
    devices: parseFleet(yaml, "f"),
    lockPath,
    dist: join(folder, "dist"),
    connect: async (path) => toys[names.indexOf(path)] as Toy,
    ...more,
  });
  for (const toy of toys) expect(toy.closed).toBeGreaterThan(0);
  return result;
}

const outcomes = ({ devices }: FleetResult): string[] => devices.map(({ outcome }) => outcome);

/** One device with a fault beside a good one: the good one is done, and the fault is told. */
async function fault(faults: Partial<Faults>, from = seed(1)): Promise<{ detail: string; toy: Toy }> {
  const toy = new Toy(from, faults);
  const result = await run([toy, new Toy(seed(2))], {}, "trusted: []");
  expect([result.ok, outcomes(result)]).toEqual([false, ["failed", "provisioned"]]);
  expect(FleetLock.read(lockPath).devices.map(({ name }) => name)).toEqual(["b"]);
  return { detail: result.devices[0]?.detail ?? "", toy };
}

it("a device whose key anybody can know is refused before anything is written into it", async () => {
  const { detail, toy } = await fault({}, Buffer.alloc(32, 7));
  expect(detail).toMatch(
    /^a presents the key [0-9a-f]{64}, which is known to be weak: its private key is made from one byte over and over; /,
  );
  expect(toy.provisionings).toBe(0);
});

it.each<[string, Partial<Identity>, RegExp]>([
  [
    "another address than its key has",
    { nodeId: "ab".repeat(16) },
    /^a says it is (ab){16} and has the key of [0-9a-f]{32}; do not use this board\.$/,
  ],
  [
    "an older ABI",
    { abiVersion: ABI_VERSION - 1 },
    /^a runs a core with ABI \d+ and this mehr speaks ABI \d+: flash it anew \(mehr flash native\)\.$/,
  ],
  ["a newer ABI", { abiVersion: ABI_VERSION + 1 }, /: update this mehr\.$/],
  [
    "a core that does not run",
    { status: Status.NoEntropy },
    /^a does not run its core, so it has no identity: [A-Z].*\.$/,
  ],
])("a device with %s is refused", async (_what, identity, sentence) => {
  const { detail, toy } = await fault({ identity: () => identity });
  expect(detail).toMatch(sentence);
  expect(toy.provisionings).toBe(0);
});

it("a device that stores something else than it was given is told by field, and does not get into fleet.lock", async () => {
  const { detail } = await fault({
    read: (stored) => {
      if (typeof stored === "string") return undefined;
      const config = encodeBootConfig({ ...decodeBootConfig(stored.record.config), powerDbm: 22 });
      return { record: { ...stored.record, name: "A", config }, trusted: ["ab".repeat(16)] };
    },
  });
  expect(detail).toBe(
    `a has stored something else than it was given: name is A and not a; powerDbm is 22 and not 14; trusted is ${"ab".repeat(16)} and not empty; run it again.`,
  );
});

it.each(["none", "damaged"] as const)("a device that has %s stored after it was provisioned is told", async (state) => {
  const { detail } = await fault({ read: () => state });
  expect(detail).toMatch(/^a said it was provisioned and has (nothing stored|a damaged record); run it again, /);
});

it("a device whose address changes while it is provisioned is told", async () => {
  const { detail } = await fault({
    identity: ({ provisionings }) => (provisionings > 0 ? { nodeId: "ab".repeat(16) } : {}),
  });
  expect(detail).toBe("a has changed its address while it was provisioned; do not use this board.");
});

it("a damaged record is provisioned over", async () => {
  const toy = new Toy(seed(1));
  toy.stored = "damaged";
  expect(outcomes(await run([toy]))).toEqual(["provisioned"]);
});

it("peers are the addresses of the others, those of fleet.lock where they do not answer", async () => {
  const toys = [new Toy(seed(1)), new Toy(seed(2)), new Toy(seed(3))];
  await run(toys);
  const addresses = toys.map(({ address }) => address);
  for (const toy of toys) {
    expect(typeof toy.stored === "string" ? [] : [...toy.stored.trusted].sort()).toEqual(
      addresses.filter((one) => one !== toy.address).sort(),
    );
  }
  const silent = new Toy(seed(3), { provision: () => Promise.reject(new Error("c does not answer.")) });
  const again = await run([toys[0] as Toy, toys[1] as Toy, silent]);
  expect(outcomes(again)).toEqual(["unchanged", "unchanged", "failed"]);
});

it("no more devices are worked on at a time than was said", async () => {
  let [now, most] = [0, 0];
  const provision = async (): Promise<void> => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
  };
  const toys = Array.from({ length: 9 }, (_, i) => new Toy(seed(i), { provision }));
  expect((await run(toys, { jobs: 3 })).ok).toBe(true);
  expect(most).toBe(3);
});

it("an interruption lets the device at work finish and begins no other", async () => {
  const interrupted = new AbortController();
  const toys = [new Toy(seed(1), { provision: async () => interrupted.abort() }), new Toy(seed(2))];
  const result = await run(toys, { jobs: 1, signal: interrupted.signal });
  expect([result.ok, outcomes(result)]).toEqual([false, ["provisioned", "not reached"]]);
  expect(toys.map(({ provisionings }) => provisionings)).toEqual([1, 0]);
});

it("a device that was provisioned before fleet.lock could say so gets there with its own date", async () => {
  const toy = new Toy(seed(1));
  await run([toy]);
  const date = FleetLock.read(lockPath).byName("a")?.provisioned_at;
  rmSync(lockPath);
  const result = await run([toy]);
  expect([outcomes(result), toy.provisionings]).toEqual([["unchanged"], 1]);
  // The device counts in milliseconds, and was told before it answered.
  const difference = Date.parse(date ?? "") - Date.parse(FleetLock.read(lockPath).byName("a")?.provisioned_at ?? "");
  expect(Math.abs(difference)).toBeLessThan(2000);
});

it("a dry run changes neither device nor disk", async () => {
  const toy = new Toy(seed(1));
  const result = await run([toy], { dryRun: true });
  expect([outcomes(result), result.ok, toy.provisionings]).toEqual([["would be provisioned"], true, 0]);
  expect(FleetLock.read(lockPath).devices).toEqual([]);
});

it("devices are found by the serial numbers of their USB devices", async () => {
  const toys = [new Toy(seed(1)), new Toy(seed(2))];
  const yaml =
    'defaults: { board: native }\ndevices:\n  - { name: x, usb: "77" }\n  - { name: y, usb: "88" }\n  - { name: z, usb: "99" }\n';
  const opened: string[] = [];
  const { devices } = await provisionFleet({
    devices: parseFleet(yaml, "f"),
    lockPath,
    dist: folder,
    connect: async (path) => {
      opened.push(path);
      return toys[opened.length - 1] as Toy;
    },
    ports: async () => [
      { path: "/dev/p0", serialNumber: "88" },
      { path: "/dev/p1", serialNumber: "99" },
      { path: "/dev/p2", serialNumber: "99" },
      { path: "/dev/p3", serialNumber: "77" },
    ],
  });
  expect(opened).toEqual(["/dev/p3", "/dev/p0"]);
  expect(devices.map(({ outcome, port }) => [outcome, port])).toEqual([
    ["provisioned", "/dev/p3"],
    ["provisioned", "/dev/p0"],
    ["failed", undefined],
  ]);
  expect(devices[2]?.detail).toMatch(
    /^z may be any of several devices with the serial number 99: .*; name its port\.$/,
  );
  expect(FleetLock.read(lockPath).byName("x")).toMatchObject({ port: "/dev/p3", usb: "77" });
});
