import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Channel, type Outcome, type Phy, type Reception, type Station } from "./channel.ts";
import { VirtualClock } from "./clock.ts";

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 18,
  powerDbm: 14,
  syncWord: 0x12,
};

class Listener implements Station {
  readonly heard: Reception[] = [];
  tuned: Phy | undefined = PHY;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  phy(): Phy | undefined {
    return this.tuned;
  }
  receive(reception: Reception): void {
    this.heard.push(reception);
  }
}

/** A channel on which a frame of n bytes takes n ms. */
function setup(loss = 0, seed = 1) {
  const clock = new VirtualClock();
  const outcomes: string[] = [];
  const channel = new Channel({
    clock,
    seed,
    loss,
    airtimeUs: (_, length) => length * 1000,
    trace: (entry) => {
      for (const { to, outcome } of entry.outcomes) outcomes.push(`${entry.from}>${to} ${outcome}`);
    },
  });
  const stations = ["a", "b", "c"].map((name) => new Listener(name));
  for (const station of stations) channel.join(station);
  const [a, b, c] = stations as [Listener, Listener, Listener];
  return { clock, channel, outcomes, a, b, c };
}

describe("channel", () => {
  it("delivers a frame to everyone else when its airtime has passed", () => {
    const { clock, channel, a, b, c } = setup();
    let done = false;
    expect(channel.send(a, PHY, Uint8Array.of(1, 2, 3), () => (done = true))).toBe(true);
    clock.run(2.9);
    expect([b.heard.length, done]).toEqual([0, false]);
    clock.run(3);
    expect([a.heard.length, b.heard.length, c.heard.length, done]).toEqual([0, 1, 1, true]);
    expect(b.heard[0]).toEqual({ rssiDbm: -80, snrQdb: 40, frame: Uint8Array.of(1, 2, 3) });
  });

  it("destroys overlapping frames, and those only", () => {
    const { clock, channel, outcomes, a, b, c } = setup();
    channel.send(a, PHY, new Uint8Array(10), () => {});
    clock.run(9.5);
    channel.send(b, PHY, new Uint8Array(10), () => {});
    clock.run(19.5);
    channel.send(c, PHY, new Uint8Array(5), () => {});
    clock.run(30);
    expect(outcomes).toEqual(["a>b deaf", "a>c collided", "b>a deaf", "b>c collided", "c>a received", "c>b received"]);
  });

  it("keeps other spreading factors, frequencies and sync words apart", () => {
    const { clock, channel, outcomes, a, b, c } = setup();
    c.tuned = { ...PHY, syncWord: 0x2b };
    channel.send(a, PHY, new Uint8Array(10), () => {});
    channel.send(b, { ...PHY, spreadingFactor: 9 }, new Uint8Array(10), () => {});
    clock.run(20);
    // b sends on another factor, so it is deaf to a; c listens for another network.
    expect(outcomes).toEqual(["a>b deaf", "a>c off", "b>a off", "b>c off"]);
    c.tuned = undefined;
    channel.send(a, PHY, new Uint8Array(1), () => {});
    clock.run(30);
    expect(outcomes.slice(4)).toEqual(["a>b received", "a>c off"]);
  });

  it("is busy to others during a transmission, and refuses a second one from the same radio", () => {
    const { clock, channel, a, b } = setup();
    channel.send(a, PHY, new Uint8Array(10), () => {});
    expect([channel.busy(b, PHY), channel.busy(a, PHY), channel.sending(a)]).toEqual([true, false, true]);
    expect(channel.busy(b, { ...PHY, spreadingFactor: 9 })).toBe(false);
    expect(channel.send(a, PHY, new Uint8Array(1), () => {})).toBe(false);
    clock.run(10);
    expect([channel.busy(b, PHY), channel.sending(a)]).toEqual([false, false]);
  });

  it("starts a frame handed over within 2 ms of the end of the own last one when that ends", () => {
    const { clock, channel, outcomes, a, b, c } = setup();
    channel.send(a, PHY, new Uint8Array(10), () => {});
    clock.run(7.9);
    expect(channel.send(a, PHY, new Uint8Array(5), () => {})).toBe(false);
    clock.run(8);
    let done = 0;
    expect(channel.send(a, PHY, new Uint8Array(5), () => (done = clock.now()))).toBe(true);
    // One waits already, so the next one is early by more than 2 ms.
    expect(channel.send(a, PHY, new Uint8Array(5), () => {})).toBe(false);
    expect(channel.busy(b, PHY)).toBe(true);
    clock.run(12);
    expect([channel.busy(b, PHY), channel.sending(a)]).toEqual([true, true]);
    clock.run(30);
    expect([done, b.heard.length, c.heard.length]).toEqual([15, 2, 2]);
    expect(outcomes.every((line) => line.endsWith("received"))).toBe(true);
  });

  it("refuses what has no airtime", () => {
    const clock = new VirtualClock();
    const channel = new Channel({ clock, seed: 1, airtimeUs: () => 0 });
    expect(channel.send(new Listener("a"), PHY, new Uint8Array(1), () => {})).toBe(false);
  });

  it("loses frames at the given rate, the same ones for the same seed", () => {
    const run = (seed: number): string => {
      const { clock, channel, outcomes, a } = setup(0.3, seed);
      for (let i = 0; i < 1000; i++) {
        channel.send(a, PHY, Uint8Array.of(i & 255), () => {});
        clock.run(i + 1);
      }
      return outcomes.map((line) => (line.endsWith("lost") ? "-" : "+")).join("");
    };
    const once = run(7);
    expect(run(7)).toBe(once);
    expect(run(8)).not.toBe(once);
    // 2,000 draws at 0.3: five standard deviations are 102.
    const lost = [...once].filter((mark) => mark === "-").length;
    expect(Math.abs(lost - 600)).toBeLessThan(102);
  });

  it("gives each listener exactly one outcome, and 'received' only without overlap, for any schedule", () => {
    const schedule = fc.array(
      fc.record({
        at: fc.integer({ min: 0, max: 200 }),
        who: fc.integer({ min: 0, max: 2 }),
        size: fc.integer({ min: 1, max: 20 }),
      }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(schedule, (entries) => {
        const clock = new VirtualClock();
        const sent: { who: number; start: number; end: number; outcomes: Map<string, Outcome> }[] = [];
        const channel = new Channel({
          clock,
          seed: 1,
          airtimeUs: (_, length) => length * 1000,
          trace: (t) =>
            sent.push({
              who: Number(t.from),
              start: t.startMs,
              end: t.endMs,
              outcomes: new Map(t.outcomes.map((o) => [o.to, o.outcome])),
            }),
        });
        const stations = ["0", "1", "2"].map((name) => new Listener(name));
        for (const station of stations) channel.join(station);
        for (const { at, who, size } of entries) {
          clock.at(at, () => {
            channel.send(stations[who] as Station, PHY, new Uint8Array(size), () => {});
          });
        }
        clock.run(1000);
        for (const one of sent) {
          const overlapping = sent.filter((other) => other !== one && other.start < one.end && other.end > one.start);
          for (let to = 0; to < 3; to++) {
            if (to === one.who) continue;
            const expected = overlapping.some((other) => other.who === to)
              ? "deaf"
              : overlapping.length > 0
                ? "collided"
                : "received";
            expect(one.outcomes.get(String(to))).toBe(expected);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
