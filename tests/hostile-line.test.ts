/**
 * The device client and the real firmware over a line that loses, repeats, garbles and cuts up bytes, with a second program
 * on it, and pulled out in the middle: no hang, nothing done twice, a sentence that says what is so.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { BoardConsole } from "../host/board/console.ts";
import { Command } from "../host/core/abi.gen.ts";
import { Device } from "../host/device/device.ts";
import { DeviceFailure } from "../host/device/failure.ts";
import { encodeHelloRequest, Request } from "../host/board/messages.gen.ts";
import { sendText } from "../host/device/text.ts";
import { type Bench, draftFor, openBench } from "./support/devices.ts";
import { HostileLine, type Hostility } from "./support/hostile-line.ts";
import { buildImage, root, until } from "./support/images.ts";

let image: string;
let wasm: Uint8Array;
let bench: Bench;
beforeAll(async () => {
  image = (await buildImage("native")).image;
  wasm = readFileSync(join(root, "build/core/relay.wasm"));
}, 600_000);
afterEach(() => bench.stop());

/** Waits for a reply so long and sends again, as the client does with more patience. */
const TRY_MS = 120;

async function onBadLine(hostility: Hostility): Promise<{ line: HostileLine; clean: Device; stream: Duplex }> {
  bench = await openBench(image, wasm);
  const { board, device } = await bench.start("board");
  const line = new HostileLine(board.stream, hostility);
  return { line, clean: device, stream: line.plug() };
}

/** How often something failed of which it is not known whether it was done, and how often it was done. */
interface Tally {
  done: number;
  doubt: number;
  refused: number;
}

async function tally(count: number, work: (index: number) => Promise<unknown>): Promise<Tally> {
  const result: Tally = { done: 0, doubt: 0, refused: 0 };
  for (let i = 0; i < count; i++) {
    try {
      await work(i);
      result.done++;
    } catch (error) {
      if (!(error instanceof DeviceFailure)) throw error;
      expect(error.message).toMatch(/^board .*[.?]$/s);
      result[error.inDoubt ? "doubt" : "refused"]++;
    }
  }
  return result;
}

/** How many texts the board has sent to itself: what was really done. Asked so that no session ends by it. */
async function opened(clean: Device): Promise<number> {
  return (await clean.status()).counters.MessagesOpened;
}

describe("a line that", () => {
  it.each<[string, Hostility]>([
    ["loses bytes", { seed: 1, drop: 0.002 }],
    ["turns bits", { seed: 2, flip: 0.003 }],
    ["repeats pieces", { seed: 3, duplicate: 0.1, split: 80 }],
    ["cuts everything up", { seed: 4, split: 3 }],
    ["does all of it", { seed: 5, drop: 0.001, flip: 0.001, duplicate: 0.02, split: 60 }],
  ])("%s has nothing done twice", { timeout: 60_000 }, async (_, hostility) => {
    const { line, clean, stream } = await onBadLine(hostility);
    const device = await Device.open(stream, { name: "board", tryMs: TRY_MS });
    const own = (await clean.status()).nodeId;
    let before = 0;
    const result = await tally(30, async (i) => {
      try {
        await sendText(device, own, `message ${i}`);
        expect(await opened(clean)).toBe(before + 1);
      } finally {
        const now = await opened(clean);
        expect(now - before).toBeLessThanOrEqual(1);
        before = now;
      }
    });
    expect(before).toBeGreaterThanOrEqual(result.done);
    expect(before).toBeLessThanOrEqual(result.done + result.doubt);
    expect(result.done).toBeGreaterThan(20);
    if (hostility.drop !== undefined || hostility.flip !== undefined) expect(device.damagedFrames).toBeGreaterThan(0);
    // The same client goes on once the line is good.
    line.heal();
    await sendText(device, own, "after");
    expect(await opened(clean)).toBe(before + 1);
  });

  it("spoils a provisioning leaves the old or the new one, whole", { timeout: 60_000 }, async () => {
    const { clean, stream } = await onBadLine({ seed: 6, drop: 0.001, flip: 0.001, duplicate: 0.02, split: 90 });
    const device = await Device.open(stream, { name: "board", tryMs: 300 });
    let stored = "";
    let done = 0;
    for (let i = 0; i < 8; i++) {
      const name = `roof ${i}`;
      const draft = await draftFor(name);
      const failed = await device.provision(draft).then(
        () => undefined,
        (error: unknown) => error,
      );
      const now = (await clean.provisionRead())?.record.name ?? "";
      if (failed === undefined) {
        done++;
        expect(now).toBe(name);
      } else {
        expect(failed).toBeInstanceOf(DeviceFailure);
        expect([stored, name]).toContain(now);
      }
      stored = now;
    }
    expect(done).toBeGreaterThan(4);
  });
});

describe("a second program on the line", () => {
  it("that says Hello and asks all the time makes the client begin again, and nothing is done twice", async () => {
    const { line, clean, stream } = await onBadLine({ seed: 7 });
    const device = await Device.open(stream, { name: "board", tryMs: TRY_MS });
    const other = new BoardConsole("other", line.plug());
    const hello = encodeHelloRequest({ versionMin: 1, versionMax: 1 });
    const timer = setInterval(() => {
      other.request(Request.Hello, hello, 1000).catch(() => {});
      other.write(Uint8Array.of(1, 2, 3, 0xff));
    }, 7);
    const own = (await clean.status()).nodeId;
    const result = await tally(20, (i) => sendText(device, own, `message ${i}`));
    clearInterval(timer);
    const done = await opened(clean);
    expect(done).toBeGreaterThanOrEqual(result.done);
    expect(done).toBeLessThanOrEqual(result.done + result.doubt);
    expect(result.done).toBeGreaterThan(0);
  });

  it("that ends the session while a reply is lost leaves a doubt, and not a second time", async () => {
    const { line, clean, stream } = await onBadLine({ seed: 12 });
    const device = await Device.open(stream, { name: "board", tryMs: 400 });
    const own = (await clean.status()).nodeId;
    const push = stream.push.bind(stream);
    stream.push = () => true;
    const failed = sendText(device, own, "once").catch((error: unknown) => error);
    await until("it is done", async () => (await opened(clean)) === 1);
    const other = new BoardConsole("other", line.plug());
    await other.request(Request.Hello, encodeHelloRequest({ versionMin: 1, versionMax: 1 }));
    stream.push = push;
    expect(await failed).toMatchObject({
      inDoubt: true,
      message:
        "board ended the session in the middle of Command. It may have been carried out; look before doing it again.",
    });
    expect(await opened(clean)).toBe(1);
    // Nothing of it stays: the next one goes through.
    await sendText(device, own, "twice");
    expect(await opened(clean)).toBe(2);
  });

  it("that ends every session is named", async () => {
    const { line, stream } = await onBadLine({ seed: 8 });
    const device = await Device.open(stream, { name: "board", tryMs: TRY_MS });
    const other = new BoardConsole("other", line.plug());
    const hello = encodeHelloRequest({ versionMin: 1, versionMax: 1 });
    await other.request(Request.Hello, hello);
    // Behind each Hello of ours comes one of its own.
    const write = stream.write.bind(stream);
    stream.write = ((bytes: Buffer) => {
      write(bytes);
      if (bytes.length < 20) other.request(Request.Hello, hello, 1000).catch(() => {});
      return true;
    }) as typeof stream.write;
    const failed = await device.setLogLevel(2).catch((error: unknown) => error);
    expect((failed as Error | undefined)?.message).toBe(
      "board ends every session at once: another program is talking to it; close that one.",
    );
  });

  it("that writes noise is suspected when no answer comes", async () => {
    const { stream } = await onBadLine({ seed: 9, flip: 0.2 });
    const failed = await Device.open(stream, { name: "board", tryMs: 100 }).catch((error: unknown) => error);
    expect((failed as Error).message).toMatch(
      /^board does not answer \(Hello, 0\.5 s\)\. \d+ frames came damaged: a bad cable, or another program that talks on this line\.$/,
    );
  });
});

describe("a board that", () => {
  it("is unplugged says what is so, at once, and is as it was or provisioned", { timeout: 60_000 }, async () => {
    const { line, clean } = await onBadLine({ seed: 10 });
    const draft = await draftFor("roof");
    for (const after of [1, 2, 3, 4]) {
      const stream = line.plug();
      const device = await Device.open(stream, { name: "board" });
      // Pulled as so many requests have gone out.
      let written = 0;
      const write = stream.write.bind(stream);
      stream.write = ((bytes: Buffer) => {
        const result = write(bytes);
        if (++written === after) setTimeout(() => line.unplug(stream), 1);
        return result;
      }) as typeof stream.write;
      const began = Date.now();
      const failed = await device
        .provision({ ...draft, record: { ...draft.record, name: `roof ${after}` } })
        .catch((e: unknown) => e);
      if (failed !== undefined && typeof failed !== "number") {
        expect(failed).toBeInstanceOf(DeviceFailure);
        expect((failed as DeviceFailure).message).toMatch(/went away: the board was unplugged or reset.*\./);
        expect((failed as DeviceFailure).gone).toBe(true);
      }
      expect(Date.now() - began).toBeLessThan(2000);
      const name = (await clean.provisionRead())?.record.name ?? "";
      expect(name).toMatch(/^(|roof [1-4])$/);
    }
  });

  it("stops answering is told of within its tries", async () => {
    const { stream } = await onBadLine({ seed: 11 });
    const device = await Device.open(stream, { name: "board", tryMs: 60 });
    await device.halt();
    const failed = await device.command(Command.Announce).catch((error: unknown) => error);
    expect((failed as Error).message).toBe(
      "board does not answer (Command, 0.3 s). It may have been carried out; look before doing it again.",
    );
    expect((failed as DeviceFailure).inDoubt).toBe(true);
  });
});
