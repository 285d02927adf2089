import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bootConfig } from "../../boards/config.ts";
import { findBoard } from "../../boards/index.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { Command, FrameFlag, Status } from "../core/abi.gen.ts";
import { Channel, type TraceEntry } from "../radio/channel.ts";
import { VirtualClock } from "../radio/clock.ts";
import { SeededRandom } from "../radio/random.ts";
import { phyOf, RelayNode } from "./node.ts";

const RADIO = 0;
const FRAME_MS = 100;

/** A relay beside a station that can make the channel busy; every frame takes 100 ms. */
async function setup() {
  const clock = new VirtualClock();
  const trace: TraceEntry[] = [];
  const channel = new Channel({
    clock,
    seed: 1,
    airtimeUs: () => FRAME_MS * 1000,
    trace: (entry) => trace.push(entry),
  });
  const config = bootConfig(findBoard("native"));
  const random = new SeededRandom(1);
  const notes: string[] = [];
  const node = await RelayNode.start({
    name: "node",
    wasm: readFileSync(join(repositoryRoot(), "build", "core", "relay.wasm")),
    config,
    clock,
    channel,
    entropy: (bytes) => bytes.set(random.bytes(bytes.length)),
    event: () => {},
    failed: (error) => {
      throw error;
    },
    note: (sentence) => notes.push(sentence),
  });
  const other = { name: "other", phy: () => phyOf(config), receive: () => {} };
  channel.join(other);
  const shout = (): boolean => channel.send(other, phyOf(config), new Uint8Array(20), () => {});
  return { clock, node, trace, shout, notes };
}

test("a relay has the radio and no other interface", async () => {
  const { node, trace, clock } = await setup();
  expect(node.frame_send(1, new Uint8Array(20), 0)).toBe(Status.BadInterface);
  expect(node.frame_send(RADIO, new Uint8Array(20), 0)).toBe(Status.Ok);
  node.stop();
  clock.run(FRAME_MS);
  expect(trace.length).toBe(1);
});

test("a frame waits for a free channel, the second half of one does not", async () => {
  const { node, shout } = await setup();
  shout();
  expect(node.frame_send(RADIO, new Uint8Array(255), 0)).toBe(Status.RadioBusy);
  expect(node.frame_send(RADIO, new Uint8Array(255), FrameFlag.Continue)).toBe(Status.Ok);
  node.stop();
});

test("the second half goes out behind the first, also when it is handed over 2 ms early", async () => {
  const { node, clock, trace } = await setup();
  expect(node.frame_send(RADIO, new Uint8Array(255).fill(1), 0)).toBe(Status.Ok);
  clock.run(FRAME_MS - 3);
  expect(node.frame_send(RADIO, new Uint8Array(255).fill(2), FrameFlag.Continue)).toBe(Status.RadioBusy);
  clock.run(FRAME_MS - 2);
  expect(node.frame_send(RADIO, new Uint8Array(255).fill(2), FrameFlag.Continue)).toBe(Status.Ok);
  node.stop();
  clock.run(10 * FRAME_MS);
  expect(trace.map(({ startMs, endMs, frame }) => [startMs, endMs, frame[0]])).toEqual([
    [0, FRAME_MS, 1],
    [FRAME_MS, 2 * FRAME_MS, 2],
  ]);
});

test("a clock that runs backwards is told of once, and the relay goes on when it has caught up", async () => {
  const { node, clock, notes } = await setup();
  const status = (): Status => node.command(Uint8Array.of(Command.Status));
  clock.run(20_000);
  expect(status()).toBe(Status.Ok);
  const { now } = clock;
  clock.now = () => now.call(clock) - 5000;
  for (let i = 0; i < 50; i++) {
    expect(status()).toBe(Status.ClockBackwards);
    node.receive({ frame: new Uint8Array(22), rssiDbm: -80, snrQdb: 40 });
  }
  expect(notes).toEqual(["node: the clock ran backwards; the core refuses every call until it has caught up."]);
  clock.now = () => now.call(clock);
  expect(status()).toBe(Status.Ok);
  node.stop();
});
