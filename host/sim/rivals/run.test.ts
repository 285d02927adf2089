import { describe, expect, it } from "vitest";
import { Status } from "../../core/abi.gen.ts";
import type { Phy } from "../../radio/channel.ts";
import { HOUR_MS, LAWS, type Law } from "../law.ts";
import { TOWN } from "../propagation.ts";
import { summarise } from "../report/result.ts";
import { type Place, type PlannedText, RIVALS, type RivalNetwork, runRival } from "./run.ts";
import { SourceRoutingStation } from "./source-routing.ts";

const PHY: Phy = {
  frequencyHz: 869_525_000,
  bandwidthHz: 125_000,
  spreadingFactor: 8,
  codingRate: 5,
  preamble: 18,
  powerDbm: 14,
  syncWord: 0x12,
};

/** AN1200.13, explicit header and CRC, for spreading factors from 7 on. */
function airtimeUs({ spreadingFactor: sf, codingRate, preamble, bandwidthHz }: Phy, length: number): number {
  const groups = Math.ceil(Math.max(8 * length - 4 * sf + 44, 0) / (4 * sf));
  const symbols = preamble + 4.25 + 8 + groups * codingRate;
  return Math.ceil((symbols * 2 ** sf * 1e6) / bandwidthHz);
}

/** Without shadowing, at 14 dBm and SF8, nodes hear each other up to 1.66 km. */
const STEP_M = 1200;

function line(count: number): Place[] {
  return Array.from({ length: count }, (_, i) => ({ name: `n${i}`, x: i * STEP_M, y: 0 }));
}

interface Sent {
  readonly from: number;
  readonly at: number;
  readonly frame: Uint8Array;
}

function run(network: RivalNetwork, places: readonly Place[], texts: readonly PlannedText[], seed = 1) {
  const sent: Sent[] = [];
  const result = runRival({
    ...{ scenario: "test", network, seed, durationMs: HOUR_MS, places, texts, phy: PHY, airtimeUs },
    propagation: { ...TOWN, shadowingDb: 0 },
    law: LAWS.eu868 as Law,
    observer: {
      transmission: (from, _phy, at, _us, frame) => sent.push({ from, at, frame: frame.slice() }),
    },
  });
  return { result, sent };
}

const text = (from: number, to: number, atMs = 1000, bytes = 100): PlannedText => ({ from, to, atMs, bytes });

/** Of the Data message behind Meshtastic's header. */
const TEXT_PORT = 1;
const ROUTING_PORT = 5;

describe("flooding", () => {
  const port = ({ frame }: Sent): number | undefined => frame[17];
  const texts = (sent: readonly Sent[]): Sent[] => sent.filter((one) => port(one) === TEXT_PORT);
  const acks = (sent: readonly Sent[]): Sent[] => sent.filter((one) => port(one) === ROUTING_PORT);

  it("sends a text once by each relay on its way, and the ack back", () => {
    const { result, sent } = run("flooding", line(3), [text(0, 2)]);
    expect(result.messages[0]).toMatchObject({ duplicates: 0, hadPath: true });
    expect(result.messages[0]?.deliveredMs).toBeGreaterThan(1000);
    expect(result.messages[0]?.confirmedMs).toBeGreaterThan(result.messages[0]?.deliveredMs ?? 0);
    expect(texts(sent).map(({ from }) => from)).toEqual([0, 1]);
    expect(
      acks(sent)
        .map(({ from }) => from)
        .slice(0, 2),
    ).toEqual([2, 1]);
  });

  it("has frames as long as the firmware's", () => {
    const { sent } = run("flooding", line(2), [
      text(0, 1, 1000, 20),
      text(0, 1, 60_000, 127),
      text(0, 1, 120_000, 128),
    ]);
    // Header 16, port 2, tag and length 2 or 3, bit field 2, public-key overhead 12; an ack names the packet in 5.
    expect([...new Set(texts(sent).map(({ frame }) => frame.length))]).toEqual([20 + 34, 127 + 34, 128 + 35]);
    expect(new Set(acks(sent).map(({ frame }) => frame.length))).toEqual(new Set([16 + 2 + 4 + 5 + 2]));
  });

  it("reaches four hops with a limit of 3, eight with 7, and no further", () => {
    const targets = [3, 4, 5, 8, 9];
    const reached = (network: RivalNetwork): number[] => {
      const plan = targets.map((to, i) => text(0, to, 1000 + i * 120_000));
      return run(network, line(10), plan).result.messages.flatMap(({ to, deliveredMs }) =>
        deliveredMs === undefined ? [] : [to],
      );
    };
    expect(reached("flooding")).toEqual([3, 4]);
    expect(reached("flooding-7")).toEqual([3, 4, 5, 8]);
  });

  it("lets one of two relays in the same place be silent when it hears the other", () => {
    const places = [...line(3), { name: "twin", x: STEP_M, y: 30 }];
    let single = 0;
    for (let seed = 1; seed <= 10; seed++) {
      const { sent } = run("flooding", places, [text(0, 2)], seed);
      const relays = texts(sent).filter(({ from }) => from === 1 || from === 3);
      if (relays.length === 1) single++;
    }
    // Both may draw the same slot; then they collide.
    expect(single).toBeGreaterThanOrEqual(8);
  });

  it("lets the relay that hears it worst go first", () => {
    // Between the far relay and the recipient there is a hop; the near relay would not reach it.
    const places = [
      { name: "from", x: 0, y: 0 },
      { name: "near", x: 200, y: 0 },
      { name: "far", x: 1500, y: 0 },
      { name: "to", x: 3000, y: 0 },
    ];
    let far = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { sent } = run("flooding", places, [text(0, 3)], seed);
      if (texts(sent)[1]?.from === 2) far++;
    }
    expect(far).toBeGreaterThanOrEqual(16);
  });

  it("takes a relay it hears for an ack, and repeats nothing", () => {
    // The recipient is out of the hop limit's reach, so no other ack will ever come.
    const { result, sent } = run("flooding", line(7), [text(0, 6)]);
    expect(texts(sent).filter(({ from }) => from === 0)).toHaveLength(1);
    expect(result.nodes[0]?.counters["implicit acks"]).toBe(1);
    expect(result.messages[0]?.confirmedMs).toBeUndefined();
  });

  it("sends three times to nobody and gives up", () => {
    const { result, sent } = run("flooding", [...line(1), { name: "away", x: 50_000, y: 0 }], [text(0, 1)]);
    expect(texts(sent)).toHaveLength(3);
    expect(result.nodes[0]?.counters["gave up"]).toBe(1);
    expect(result.messages[0]?.deliveredMs).toBeUndefined();
    expect(result.messages[0]?.hadPath).toBe(false);
    const gaps = texts(sent).map(({ at }, i, all) => at - (all[i - 1]?.at ?? at));
    // 4.5 s of processing and the airtimes of packet and ack lie between.
    for (const gap of gaps.slice(1)) expect(gap).toBeGreaterThan(4500);
  });
});

describe("source routing", () => {
  const TEXT = 2;
  const type = ({ frame }: Sent): number => ((frame[0] ?? 0) >> 2) & 15;
  const isDirect = ({ frame }: Sent): boolean => ((frame[0] ?? 0) & 3) === 2;
  const texts = (sent: readonly Sent[], from: number, to: number): Sent[] =>
    sent.filter((one) => type(one) === TEXT && one.at >= from && one.at < to);

  it("floods the first message, and sends the next by the path it learnt", () => {
    // A side arm hears everything the second node sends, and is on no way.
    const places = [...line(4), { name: "side", x: STEP_M, y: STEP_M }];
    const { result, sent } = run("source-routing", places, [text(0, 3), text(0, 3, 120_000), text(3, 0, 240_000)]);
    expect(result.messages.map(({ deliveredMs }) => deliveredMs !== undefined)).toEqual([true, true, true]);
    expect(result.messages.map(({ confirmedMs }) => confirmedMs !== undefined)).toEqual([true, true, true]);
    const first = texts(sent, 0, 100_000);
    expect(first.some(isDirect)).toBe(false);
    expect(new Set(first.map(({ from }) => from))).toEqual(new Set([0, 1, 2, 4]));
    for (const [start, way] of [
      [120_000, [0, 1, 2]],
      [240_000, [3, 2, 1]],
    ] as const) {
      const later = texts(sent, start, start + 100_000);
      expect(later.every(isDirect)).toBe(true);
      expect(later.map(({ from }) => from)).toEqual(way);
    }
  });

  it("has frames as long as the firmware's", () => {
    const { sent } = run("source-routing", line(2), [
      text(0, 1, 1000, 27),
      text(0, 1, 60_000, 28),
      text(1, 0, 90_000, 4),
    ]);
    const flooded = texts(sent, 0, 50_000)[0];
    // Header 1, path length 1, two hashes, MAC 2, and 5 bytes before the text in whole blocks of 16.
    expect(flooded?.frame.length).toBe(2 + 4 + 32);
    expect(texts(sent, 50_000, 80_000)[0]?.frame.length).toBe(2 + 4 + 48);
    expect(texts(sent, 80_000, 200_000)[0]?.frame.length).toBe(2 + 4 + 16);
    const acks = sent.filter((one) => type(one) === 3);
    expect(new Set(acks.map(({ frame }) => frame.length))).toEqual(new Set([2 + 6]));
    const returned = sent.filter((one) => type(one) === 8 && !isDirect(one) && one.from === 1);
    expect(returned[0]?.frame.length).toBe(2 + 4 + 16);
  });

  it("lets the recipient of a flood answer by the path the sender gives it", () => {
    const { sent } = run("source-routing", line(4), [text(0, 3), text(3, 0, 120_000)]);
    const answer = texts(sent, 120_000, 220_000);
    expect(answer.every(isDirect)).toBe(true);
    expect(answer.map(({ from }) => from)).toEqual([3, 2, 1]);
  });

  it("tries a path three times, then forgets it and floods", () => {
    const heard: Uint8Array[] = [];
    let now = 0;
    const make = (address: number, send: (frame: Uint8Array) => void): SourceRoutingStation =>
      new SourceRoutingStation({
        ...{ name: `n${address}`, address, symbolMs: 2.048, hourLimitMs: 360_000 },
        airtimeMs: (length) => length,
        air: {
          now: () => now,
          send: (_port, frame) => {
            send(frame.slice());
            return Status.Ok;
          },
          entropy: (bytes) => bytes.fill(77),
        },
      });
    let inReach = true;
    const sender = make(1, (frame) => {
      heard.push(frame);
      if (inReach) recipient.receive(0, frame);
    });
    const recipient = make(2, (frame) => sender.receive(0, frame));
    const runTo = (end: number): void => {
      for (;;) {
        const [a = Infinity, b = Infinity] = [sender.deadline(), recipient.deadline()];
        if (Math.min(a, b) > end) break;
        now = Math.max(now, Math.min(a, b));
        if (a <= b) sender.timer();
        else recipient.timer();
      }
      now = end;
    };
    sender.send(2, new Uint8Array(20));
    runTo(20_000);
    heard.length = 0;
    inReach = false;
    sender.send(2, new Uint8Array(20));
    runTo(60_000);
    const routes = heard.filter((frame) => (frame[0] ?? 0) >> 2 === TEXT).map((frame) => (frame[0] ?? 0) & 3);
    expect(routes).toEqual([2, 2, 2, 1]);
    expect(sender.counters["gave up"]).toBe(1);
  });

  it("delivers texts as they were, of every length of the padding", () => {
    const plan = Array.from({ length: 40 }, (_, i) => text(0, 2, 1000 + i * 60_000, 10 + i));
    const { result } = run("source-routing", line(3), plan);
    expect(result.messages.every(({ confirmedMs }) => confirmedMs !== undefined)).toBe(true);
  });

  it("sends four times to nobody, all of them floods while it knows no path", () => {
    const { result, sent } = run("source-routing", [...line(1), { name: "away", x: 50_000, y: 0 }], [text(0, 1)]);
    expect(texts(sent, 0, HOUR_MS)).toHaveLength(4);
    expect(sent.some(isDirect)).toBe(false);
    expect(result.nodes[0]?.counters["gave up"]).toBe(1);
  });
});

describe("any rival", () => {
  const crowd = Array.from({ length: 12 }, (_, i) => ({ name: `n${i}`, x: 150 * i, y: (i % 3) * 200 }));

  it.each(RIVALS)("%s gives the same result for the same seed, and another for another", (network) => {
    const plan = Array.from({ length: 30 }, (_, i) => text(i % 12, (i * 5 + 3) % 12, 1000 + i * 20_000));
    const of = (seed: number) => ({
      ...run(
        network,
        crowd,
        plan.filter(({ from, to }) => from !== to),
        seed,
      ).result,
      wallSeconds: 0,
    });
    expect(of(3)).toEqual(of(3));
    expect(of(3).messages).not.toEqual(of(4).messages);
  });

  it.each(RIVALS)("%s keeps the law under any load", (network) => {
    // Few enough that the law stops them before the channel is full.
    const plan = Array.from({ length: 1800 }, (_, i) => text(i % 5, (i + 1 + (i % 4)) % 5, 1000 + i * 1500, 160));
    const { result } = run(network, crowd.slice(0, 5), plan);
    expect(result.law.violations).toEqual([]);
    const busiest = Math.max(...result.nodes.map(({ dutyPermille }) => dutyPermille));
    // They do come to the limit, so that it was put to the test.
    expect(busiest).toBeGreaterThan(90);
    expect(busiest).toBeLessThanOrEqual(100);
    const held = result.nodes.some(({ counters }) => Object.keys(counters).some((name) => name.includes("duty cycle")));
    expect(held).toBe(true);
  });

  it.each(RIVALS)("%s accounts for every millisecond that was on the air", (network) => {
    const { result, sent } = run(network, line(4), [text(0, 3), text(3, 0, 30_000)]);
    const preamble = network === "source-routing" ? 32 : 16;
    const ms = sent.reduce((sum, { frame }) => sum + airtimeUs({ ...PHY, preamble }, frame.length) / 1000, 0);
    expect(summarise(result).airtimeMs).toBeCloseTo(ms, 3);
    expect(result.air.frames).toBe(sent.length);
  });
});
