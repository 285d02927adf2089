import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameFlag, Status } from "../core/abi.gen.ts";
import type { Phy } from "../radio/channel.ts";
import { LoraChannel, type RadioSite } from "./lora-channel.ts";
import { linear, lossCentiDb, noiseCentiDbm, type Propagation } from "./propagation.ts";
import { EventQueue } from "./queue.ts";

/** Loss is a straight line here: 100 dB at 1 km, 20 dB for each factor of ten, no shadows. Noise floor -117.03 dBm. */
const FLAT: Propagation = { exponent: 2, referenceLossDb: 100, referenceM: 1000, shadowingDb: 0, noiseFigureDb: 6 };

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 18,
  powerDbm: 14,
  syncWord: 0x12,
};

/** 18 + 4.25 symbols of 2.048 ms. */
const PREAMBLE_MS = 22.25 * 2.048;

interface Heard {
  readonly at: number;
  readonly to: number;
  readonly from: number;
  readonly rssi: number;
  readonly snr: number;
}

/** Stations on a line, metres from the origin; a frame's first byte names its sender, 1 ms of airtime a byte. */
function line(
  places: readonly number[],
  phys: readonly Partial<Phy>[] = [],
  propagation = FLAT,
  lbts: readonly RadioSite["lbt"][] = [],
) {
  const queue = new EventQueue();
  const channel = new LoraChannel({ queue, airtimeUs: (_, length) => length * 1000, propagation, seed: 1 });
  const heard: Heard[] = [];
  for (const [to, x] of places.entries()) {
    channel.add({
      x,
      y: 0,
      phy: { ...PHY, ...phys[to] },
      lbt: lbts[to],
      receive: (frame, rssi, snr) => heard.push({ at: queue.now, to, from: frame[0] as number, rssi, snr }),
    });
  }
  channel.connect();
  /** Sends at a time; the status can be read after the run. */
  const send = (at: number, from: number, ms = 100, flags: number = FrameFlag.Continue) => {
    const outcome = { status: -1 };
    const frame = new Uint8Array(ms).fill(from);
    queue.at(at, 5, { fire: () => void (outcome.status = channel.send(from, frame, flags)) });
    return outcome;
  };
  const pairs = (): string[] => heard.map(({ from, to }) => `${from}>${to}`);
  return { queue, channel, heard, send, pairs };
}

/** Distance at which a station with 14 dBm arrives at this SNR. */
function metresFor(snrDb: number): number {
  return 1000 * 10 ** ((14 - 100 + 117.03 - snrDb) / 20);
}

describe("listening before talking", () => {
  // 1 km away 14 dBm arrive at -86 dBm, 100 m away at -66.
  const JAPAN = { thresholdDbm: -80, ms: 5 };
  const near = [0, 100] as const;
  const far = [0, 1000] as const;

  it.each([
    ["a strong one that CAD does not know", near, { spreadingFactor: 11 }, 50, Status.RadioBusy],
    ["another channel", near, { frequencyHz: PHY.frequencyHz + 2 * PHY.bandwidthHz }, 50, Status.Ok],
    ["half a channel away", near, { frequencyHz: PHY.frequencyHz + PHY.bandwidthHz / 2 }, 50, Status.RadioBusy],
    ["a weak one of another spreading factor", far, { spreadingFactor: 11 }, 50, Status.Ok],
    ["one that ended 4 ms ago", near, { spreadingFactor: 11 }, 104, Status.RadioBusy],
    ["one that ended 6 ms ago", near, { spreadingFactor: 11 }, 106, Status.Ok],
  ])("hears %s", (_, places, other, at, status) => {
    const { queue, send } = line(places, [{}, other], FLAT, [JAPAN]);
    send(0, 1, 100);
    const outcome = send(at, 0, 20);
    queue.run(1000);
    expect(outcome.status).toBe(status);
  });

  it("adds up what is on the air, leaves out its own, and binds nobody else", () => {
    const { queue, channel, send } = line(
      [0, 650, 650, 650],
      [{}, { spreadingFactor: 7 }, { spreadingFactor: 9 }],
      FLAT,
      [{ thresholdDbm: -80, ms: 5 }],
    );
    // -82.3 dBm each: one is below the threshold, two are above it.
    const own = send(0, 0, 20);
    send(30, 1, 100);
    const one = send(50, 0, 20);
    send(60, 2, 100);
    const two = send(80, 0, 20);
    const unbound = send(80, 3, 20);
    queue.run(1000);
    expect(channel.levelDbm(1, 0)).toBeCloseTo(-82.3, 0);
    expect([own, one, two, unbound].map(({ status }) => status)).toEqual([
      Status.Ok,
      Status.Ok,
      Status.RadioBusy,
      Status.Ok,
    ]);
  });
});

describe("the channel", () => {
  it("delivers at the end of the airtime, with the level and SNR of the distance", () => {
    const { queue, heard, send } = line([0, 1000]);
    send(10, 0, 100);
    queue.run(1000);
    // 14 dBm - 100 dB; the modem reports no more than 12 dB.
    expect(heard).toEqual([{ at: 110, to: 1, from: 0, rssi: -86, snr: 48 }]);
  });

  it.each([
    [7, -7.5],
    [8, -10],
    [9, -12.5],
    [10, -15],
    [11, -17.5],
    [12, -20],
  ])("decodes SF%i down to %f dB and no further", (sf, threshold) => {
    const phy = { spreadingFactor: sf };
    const { queue, heard, send, channel } = line(
      [0, metresFor(threshold + 0.05), -metresFor(threshold - 0.05)],
      [phy, phy, phy],
    );
    expect([...channel.audible(0)]).toEqual([1]);
    send(0, 0);
    queue.run(1000);
    expect(heard.map(({ to, snr }) => [to, snr / 4])).toEqual([[1, threshold]]);
  });

  it("lets nobody hear who is sending, nor the sender itself", () => {
    const { queue, pairs, send, channel } = line([0, 100, 200]);
    send(0, 0, 100);
    send(99, 1, 100);
    queue.run(1000);
    // 1 began to send before 0 had ended; 2 was locked on 0, which 1 destroyed.
    expect(pairs()).toEqual([]);
    expect(channel.counts).toEqual({ transmissions: 2, received: 0, collided: 1, deaf: 2, missed: 1 });
  });

  it("keeps both frames when one begins exactly where the other ends", () => {
    const { queue, pairs, send } = line([0, 100, 200]);
    send(0, 0, 100);
    send(100, 1, 100);
    queue.run(1000);
    expect(pairs()).toEqual(["0>1", "0>2", "1>0", "1>2"]);
  });

  it.each([
    ["6 dB stronger and first: it survives", 1000, 2000, 0, 10, ["0>1"]],
    ["5.9 dB stronger and first: both are lost", 1000, 1970, 0, 10, []],
    ["6 dB stronger, later, within the preamble: it takes the receiver over", 1000, 2000, PREAMBLE_MS - 1, 0, ["0>1"]],
    ["6 dB stronger, later, after the preamble: both are lost", 1000, 2000, PREAMBLE_MS + 1, 0, []],
    ["weaker, within the preamble: both are lost", 1000, 1970, 10, 0, []],
  ])("capture: %s", (_, near, far, firstAt, otherAt, expected) => {
    // 0 and 2 are too far apart to hear each other's frames, which changes nothing for 1 in the middle.
    const { queue, pairs, send } = line([-near, 0, far]);
    send(firstAt, 0, 200);
    send(otherAt, 2, 200);
    queue.run(1000);
    expect(pairs().filter((pair) => pair.endsWith(">1"))).toEqual(expected);
  });

  it("adds interferers up: each 7 dB below, two of them together are too much", () => {
    const d = 1000 * 10 ** (7 / 20);
    const one = line([-1000, 0, d, d]);
    one.send(0, 0);
    one.send(1, 2);
    one.queue.run(500);
    expect(one.pairs().filter((pair) => pair.endsWith(">1"))).toEqual(["0>1"]);
    const two = line([-1000, 0, d, d]);
    two.send(0, 0);
    two.send(1, 2);
    two.send(2, 3);
    two.queue.run(500);
    expect(two.pairs().filter((pair) => pair.endsWith(">1"))).toEqual([]);
  });

  it("other spreading factors disturb only when stronger by their rejection, other frequencies never", () => {
    // SF8 bears an SF9 that is 11 dB stronger, not one of 12 dB.
    for (const [db, expected] of [
      [10.9, ["0>1"]],
      [11.2, []],
    ] as const) {
      const { queue, pairs, send } = line([-1000, 0, 1000 / 10 ** (db / 20)], [{}, {}, { spreadingFactor: 9 }]);
      send(0, 0);
      send(1, 2);
      queue.run(500);
      expect(pairs()).toEqual(expected);
    }
    const { queue, pairs, send } = line([-1000, 0, 1], [{}, {}, { frequencyHz: 868_300_000 }]);
    send(0, 0);
    send(1, 2);
    queue.run(500);
    expect(pairs()).toEqual(["0>1"]);
  });

  it("hears nothing with another sync word, though it is on the air all the same", () => {
    const { queue, pairs, send, channel } = line([0, 100, 200], [{}, { syncWord: 0x2b }, {}]);
    send(0, 0);
    const refused = send(50, 1, 100, 0);
    queue.run(500);
    expect(pairs()).toEqual(["0>2"]);
    expect(refused.status).toBe(Status.RadioBusy);
    expect(channel.counts.missed).toBe(1);
  });

  it("CAD is blind for two symbols, sees what is decodable until it ends, and not what is too weak", () => {
    const { queue, channel, send } = line([0, 1000, metresFor(-11)]);
    send(100, 0, 100);
    const seen: [number, boolean, boolean][] = [];
    for (const at of [99, 101, 104.0, 104.2, 199.9, 200]) {
      queue.at(at, 1, { fire: () => void seen.push([at, channel.busy(1), channel.busy(2)]) });
    }
    queue.run(1000);
    expect(seen).toEqual([
      [99, false, false],
      [101, false, false],
      [104.0, false, false],
      // 2 symbols of 2.048 ms.
      [104.2, true, false],
      [199.9, true, false],
      [200, false, false],
    ]);
  });

  it("a second half goes out without CAD right behind the first, handed over up to 1 ms early", () => {
    const { queue, heard, send } = line([0, 100]);
    send(0, 0, 50, 0);
    const early = send(49.5, 0, 30);
    const busy = send(60, 0, 10);
    queue.run(1000);
    expect([early.status, busy.status]).toEqual([Status.Ok, Status.RadioBusy]);
    expect(heard.map(({ at }) => at)).toEqual([50, 80]);
    const late = line([0, 100]);
    late.send(0, 0, 50, 0);
    const tooEarly = late.send(48, 0, 30);
    late.queue.run(1000);
    expect(tooEarly.status).toBe(Status.RadioBusy);
  });

  it("a power cut ends a transmission and whatever was being received", () => {
    const { queue, pairs, send, channel } = line([0, 100, 200]);
    const cuts: number[] = [];
    channel.observe({ transmission: () => {}, cut: (_, __, now) => void cuts.push(now) });
    send(0, 0, 100);
    queue.at(40, 5, { fire: () => channel.power(0, false) });
    const off = send(41, 0, 10);
    send(200, 1, 100);
    queue.at(250, 5, { fire: () => channel.power(2, false) });
    queue.run(1000);
    expect([pairs(), cuts, channel.airtimeUs[0], off.status]).toEqual([[], [40], 40_000, Status.RadioFailed]);
  });

  it("tells how long the channel was taken at each station: by its own frames and those in reach, overlaps once", () => {
    // The last one hears nobody.
    const { queue, channel, send } = line([0, 1000, 2000, 1e9]);
    send(0, 0, 100);
    send(50, 1, 100);
    send(120, 2, 10);
    send(300, 1, 40);
    send(310, 3, 5);
    queue.run(1000);
    expect([...channel.takenMs]).toEqual([190, 190, 190, 5]);
    expect([...channel.airtimeUs]).toEqual([100_000, 140_000, 10_000, 5000]);
  });

  it("cuts pairs off from each other and joins them again", () => {
    const { queue, pairs, send, channel } = line([0, 100, 200]);
    channel.repartition((a, b) => (a === 0) !== (b === 0));
    send(0, 0, 10);
    send(20, 2, 10);
    queue.at(30, 9, { fire: () => channel.repartition(() => false) });
    send(40, 0, 10);
    queue.run(1000);
    expect(pairs()).toEqual(["2>1", "0>1", "0>2"]);
  });

  it("no listener ever gets two frames that overlap in time, and none while it sends", () => {
    const entry = fc.record({
      at: fc.integer({ min: 0, max: 2000 }),
      who: fc.nat(5),
      ms: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.integer(), (entries, seed) => {
        const places = [0, 800, 1900, 3100, 5000, 9000];
        const { queue, channel, heard, send } = line(places, [], {
          ...FLAT,
          exponent: 4,
          shadowingDb: seed % 2 === 0 ? 0 : 6,
        });
        const sent: { from: number; start: number; end: number }[] = [];
        channel.observe({
          transmission: (from, _, start, us) => void sent.push({ from, start, end: start + us / 1000 }),
        });
        for (const { at, who, ms } of entries) send(at, who, ms);
        queue.run(10_000);
        for (const one of heard) {
          const length = sent.find(({ from, end }) => from === one.from && end === one.at);
          expect(length).toBeDefined();
          const { start, end } = length as { start: number; end: number };
          expect(sent.some((own) => own.from === one.to && own.start < end && own.end > start)).toBe(false);
          const others = heard.filter((other) => other !== one && other.to === one.to);
          for (const other of others) {
            const span = sent.find(({ from, end: at }) => from === other.from && at === other.at);
            expect((span?.start ?? 0) >= end || (span?.end ?? 0) <= start).toBe(true);
          }
        }
        const { received, collided, deaf, missed } = channel.counts;
        const reach = sent.reduce((sum, { from }) => sum + channel.audible(from).length, 0);
        expect(received).toBe(heard.length);
        expect(received + collided + deaf + missed).toBe(reach);
      }),
      { numRuns: 200 },
    );
  });
});

describe("propagation", () => {
  it("is symmetric, depends on the pair alone, and follows the law of distance", () => {
    const town: Propagation = { ...FLAT, exponent: 3.5, shadowingDb: 6 };
    expect(lossCentiDb(town, 7, 3, 9, 500)).toBe(lossCentiDb(town, 7, 9, 3, 500));
    expect(lossCentiDb(town, 7, 3, 9, 500)).not.toBe(lossCentiDb(town, 8, 3, 9, 500));
    expect(lossCentiDb(town, 7, 3, 9, 5000) - lossCentiDb(town, 7, 3, 9, 500)).toBe(3500);
    const spread = Array.from({ length: 4000 }, (_, i) => lossCentiDb(town, 1, i, i + 5000, 1000) / 100 - 100);
    const mean = spread.reduce((a, b) => a + b) / spread.length;
    const sigma = Math.sqrt(spread.reduce((sum, x) => sum + (x - mean) ** 2, 0) / spread.length);
    expect(Math.abs(mean)).toBeLessThan(0.3);
    expect(sigma).toBeCloseTo(6, 0);
  });

  it("turns hundredths of a dB into powers", () => {
    for (const centiDb of [-15_000, -11_703, -1000, -1, 0, 1, 999, 1000, 2700]) {
      expect(linear(centiDb) / 10 ** (centiDb / 1000)).toBeCloseTo(1, 11);
    }
    expect(noiseCentiDbm(125_000, 6)).toBe(-11_703);
  });
});
