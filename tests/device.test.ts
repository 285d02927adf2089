/** The device client against the real firmware: native boards on one radio channel. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Status } from "../host/core/abi.gen.ts";
import { makeBackup, openBackup, restoreBackup } from "../host/device/backup.ts";
import { addressOf } from "../host/device/address.ts";
import { DeviceFailure } from "../host/device/failure.ts";
import { LogLevel, ProvisionField, ResetCause, ResetLevel } from "../host/board/messages.gen.ts";
import { ping, waitUntilHeard } from "../host/device/ping.ts";
import { Receiver, sendText } from "../host/device/text.ts";
import { type Bench, draftFor, openBench } from "./support/devices.ts";
import { buildImage, root, until } from "./support/images.ts";

let image: string;
let bench: Bench;
let folder: string;
beforeAll(async () => {
  image = (await buildImage("native")).image;
  folder = mkdtempSync(join(tmpdir(), "mehr-device-"));
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => bench.stop());

const open = async (): Promise<Bench> =>
  (bench = await openBench(image, readFileSync(join(root, "build/core/relay.wasm"))));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const failure = async (work: Promise<unknown>): Promise<DeviceFailure> => {
  const error: unknown = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DeviceFailure)) throw error;
  return error;
};

describe("a native board", () => {
  it("says who it is and how it is, and proves it", async () => {
    const { device } = await (await open()).start("a");
    const hello = await device.hello();
    expect(hello).toMatchObject({ version: 1, payloadMax: 1550, lock: 0, pinLogN: 0, waitMs: 0 });
    const identity = await device.identify();
    expect(identity).toMatchObject({
      status: 0,
      abiVersion: 5,
      board: "native",
      provisioned: false,
      lock: "open",
      name: "",
    });
    expect(await device.health()).toMatchObject({
      resetCause: ResetCause.PowerOn,
      unixMs: 0n,
      inboxCount: 0,
      lastWords: "",
    });
    const proof = await device.prove();
    expect(hex(proof.nodeId)).toBe(identity.nodeId);
    const [own] = await device.destinations();
    expect(hex(own?.publicKey ?? new Uint8Array())).toBe(hex(proof.publicKey));
    const status = await device.status();
    expect(hex(status.nodeId)).toBe(identity.nodeId);
    expect(status).toMatchObject({ abiVersion: 5, airtimeAllowedMs: 360_000, zero: 0 });
    expect((await device.stats()).get(35)).toBeGreaterThan(0n);
    expect(await device.neighbours()).toEqual([]);
    expect(await device.links()).toEqual([]);
    expect(await device.routes()).toEqual([]);
    expect(await device.provisionRead()).toBeUndefined();
    await device.setTime(1_800_000_000_000n);
    const { unixMs } = await device.health();
    expect(Number(unixMs - 1_800_000_000_000n)).toBeLessThan(5000);
    await device.setLogLevel(LogLevel.Debug);
    expect((await device.health()).logLevel).toBe(LogLevel.Debug);
  });

  it("is provisioned, locked, opened by its PIN, backed up, reset and restored", { timeout: 60_000 }, async () => {
    await open();
    const { device } = await bench.start("a", { flash: join(folder, "a.flash") });
    const peer = new Uint8Array(16).fill(9);
    const draft = await draftFor("roof", "2468", [peer]);
    expect(await device.provision(draft, "2468")).toBeGreaterThan(0);
    const identity = await device.identify();
    expect(identity).toMatchObject({ provisioned: true, lock: "locked", name: "roof" });
    expect((await device.trusted()).map(hex)).toEqual([hex(peer)]);

    // Without the PIN: nothing changes, and reading goes on.
    device.usePin(undefined);
    expect((await failure(device.setTime())).message).toBe(
      "a is locked: give its PIN, or hold its button for three seconds and try again.",
    );
    expect((await device.status()).abiVersion).toBe(5);
    device.usePin("1111");
    expect((await failure(device.setTime())).message).toMatch(/^a does not take this PIN/);
    device.usePin("2468");
    await device.setTime();

    // Backups: to a passphrase, and to shares.
    const { file } = await makeBackup(device, { passphrase: "correct horse" });
    expect(file).toMatchObject({ name: "roof", board: "native", node_id: identity.nodeId });
    const { file: shared, shares } = await makeBackup(device, { threshold: 2, count: 3 });

    await device.reboot();
    expect((await device.health()).resetCause).toBe(ResetCause.Software);
    expect((await device.identify()).nodeId).toBe(identity.nodeId);

    // It forgets who it was.
    await device.factoryReset(ResetLevel.ForgetIdentity);
    const other = await device.identify();
    expect(other).toMatchObject({ provisioned: false, lock: "open", name: "" });
    expect(other.nodeId).not.toBe(identity.nodeId);

    // Another board becomes the one that was.
    const { device: second } = await bench.start("b");
    const plain = await openBackup(file, "correct horse");
    expect(await openBackup(shared, shares.slice(1))).toEqual(plain);
    const restored = await restoreBackup(second, plain);
    expect(restored.nodeId).toBe(identity.nodeId);
    second.usePin("2468");
    expect(await second.identify()).toMatchObject({ nodeId: identity.nodeId, name: "roof", lock: "locked" });
    await second.setTime();
    expect(hex((await second.prove()).nodeId)).toBe(identity.nodeId);
  });

  it("refuses a draft by the name of its field, and keeps what it had", async () => {
    const { device } = await (await open()).start("a");
    const good = await draftFor("roof");
    const bad = { ...good, record: { ...good.record, config: good.record.config.slice(1) } };
    const refused = await failure(device.provision(bad));
    expect(refused.message).toBe("a refuses the config of its provisioning; what was stored stays.");
    expect([...(refused.body ?? [])]).toEqual([ProvisionField.Config]);
    expect(await device.provisionRead()).toBeUndefined();
    expect((await failure(device.provisionCommit(new Uint8Array(32)))).status).toBe(Status.NoDraft);
  });

  it("sends text to another one, and is pinged", { timeout: 60_000 }, async () => {
    await open();
    const { device: a } = await bench.start("a");
    const { device: b } = await bench.start("b");
    const [{ publicKey, nodeId }, { nodeId: ours }] = [await b.prove(), await a.prove()];
    expect(addressOf(publicKey)).toEqual(nodeId);
    expect(await waitUntilHeard(a, nodeId, 20_000)).toBeDefined();
    await until("there is a link", async () => (await a.links()).length > 0);
    const receiver = new Receiver(b);
    expect(await receiver.read()).toEqual([]);
    await until("it is sent", () =>
      sendText(a, nodeId, "Grüße vom Dach", publicKey).then(
        () => true,
        (error: unknown) => {
          if (error instanceof DeviceFailure && error.status === Status.NoRoute) return false;
          throw error;
        },
      ),
    );
    let got: unknown;
    await receiver.follow((message) => {
      got = message;
      return false;
    });
    expect(got).toMatchObject({ sequence: 1, text: "Grüße vom Dach", truncated: false, unixMs: undefined });
    expect((got as { rssiDbm: number }).rssiDbm).toBeLessThan(0);
    expect(await receiver.read()).toEqual([]);
    await b.reboot();
    expect(await receiver.read()).toEqual([]);
    const result = await ping(a, nodeId, { other: b });
    expect(result.by).toBe("link");
    expect(result.roundTripMs).toBeGreaterThan(0);
    expect(result.here?.rssiDbm).toBeLessThan(0);
    expect(hex(ours)).not.toBe(hex(nodeId));
  });

  it("is pinged by a probe over a link that is fast enough", { timeout: 60_000 }, async () => {
    await open();
    const settings = { spreadingFactor: 7, bandwidthHz: 500_000 };
    const { device: a } = await bench.start("a", { settings });
    const { device: b } = await bench.start("b", { settings });
    for (const device of [a, b]) await device.provision(await draftFor(device.name, undefined, [], settings));
    const { nodeId } = await b.status();
    await until("there is a link", async () => (await a.links()).length > 0);
    await until("there is a route", async () => (await a.routes()).length > 0);
    const result = await ping(a, nodeId, { other: b });
    expect(result.by).toBe("probe");
    expect(result.roundTripMs).toBeGreaterThan(0);
    expect(result.answer?.rssiDbm).toBeLessThan(0);
    expect(result.here?.rssiDbm).toBeLessThan(0);
    expect(result.bps).toBeGreaterThan(1000);
    // The protocol's minute is not over: what the link measured.
    expect((await ping(a, nodeId)).by).toBe("link");
  });
});
