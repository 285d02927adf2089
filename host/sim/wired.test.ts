import { expect, it } from "vitest";
import { Status } from "../core/abi.gen.ts";
import { EventQueue } from "./queue.ts";
import { Wire, type WireEnd } from "./wired.ts";

const A: WireEnd = { station: 0, port: 1 };
const B: WireEnd = { station: 1, port: 2 };

function wire(options: { loss?: number } = {}) {
  const queue = new EventQueue();
  const arrived: [number, number, number, number][] = [];
  const one = new Wire({ a: A, b: B, rateBps: 8000, delayMs: 5, loss: options.loss ?? 0 }, queue, 1, 0, (to, frame) =>
    arrived.push([queue.now, to.station, to.port, frame[0] as number]),
  );
  return { queue, arrived, wire: one };
}

it("delivers in order after the bits and the delay, both ways at once", () => {
  const { queue, arrived, wire: one } = wire();
  // 8000 bit/s are a byte a millisecond.
  expect(one.send(0, new Uint8Array(100).fill(1))).toBe(Status.Ok);
  one.send(0, new Uint8Array(10).fill(2));
  one.send(1, new Uint8Array(20).fill(3));
  queue.run(1000);
  expect(arrived).toEqual([
    [25, 0, 1, 3],
    [105, 1, 2, 1],
    [115, 1, 2, 2],
  ]);
});

it("loses what is in it when it is cut, what does not fit its queue, and its share of the rest", () => {
  const cut = wire();
  cut.wire.send(0, new Uint8Array(100));
  cut.queue.at(50, 0, { fire: () => void (cut.wire.up = false) });
  cut.queue.at(200, 0, { fire: () => void cut.wire.send(0, new Uint8Array(1)) });
  cut.queue.run(1000);
  expect([cut.arrived, cut.wire.lost]).toEqual([[], 2]);
  const full = wire();
  for (let i = 0; i < 100; i++) full.wire.send(0, Uint8Array.of(i));
  full.queue.run(10_000);
  expect([full.arrived.length, full.wire.lost]).toEqual([64, 36]);
  const lossy = wire({ loss: 0.25 });
  for (let i = 0; i < 1000; i++) {
    lossy.wire.send(1, Uint8Array.of(i));
    lossy.queue.run(i * 100);
  }
  lossy.queue.run(1e6);
  expect(lossy.wire.lost / 1000).toBeCloseTo(0.25, 1);
  expect(lossy.arrived.length).toBe(1000 - lossy.wire.lost);
});
