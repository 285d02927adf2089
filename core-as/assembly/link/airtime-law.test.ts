/**
 * The law against the ledger and the medium, whatever happens to the node: reboots of unknown length, a record store that
 * refuses or fails half-way, another configuration after a reboot, a radio that is busy or fails. The judge is an oracle
 * over what was on the air, which knows nothing of the node.
 */
import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, PacketPath, type Setup } from "../../../tests/support/packet-path.ts";
import { runs } from "../../../tests/support/runs.ts";

const HOUR_US = 3_600_000_000;
const UNLIMITED = 1000;

/** One transmission in real time, microseconds, and the law it was made under. */
interface OnAir {
  readonly start: number;
  readonly end: number;
  readonly setup: Setup;
}

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  core.records.clear();
  core.putStatus = Status.Ok;
  core.putKeeps = false;
});

/** Everything a regulator could object to. Windows end with a transmission: those are the fullest (airtime.test.ts). */
function violations(air: readonly OnAir[]): string[] {
  const found: string[] = [];
  let from = 0;
  for (const [i, { start, end, setup }] of air.entries()) {
    const { duty = 100, dwell = 0, pauseMs = 0 } = setup;
    while ((air[from]?.end ?? Infinity) <= end - HOUR_US) from++;
    let sum = 0;
    for (let k = from; k <= i; k++) {
      const one = air[k] as OnAir;
      sum += one.end - Math.max(one.start, end - HOUR_US);
    }
    if (duty !== UNLIMITED && sum > duty * 3_600_000) found.push(`duty: ${sum} us in the hour before ${end}`);
    if (dwell !== 0 && end - start > dwell * 100_000) found.push(`dwell: ${end - start} us`);
    const before = air[i - 1]?.end ?? -Infinity;
    if (start - before < pauseMs * 1000) found.push(`pause: ${start - before} us before ${start}`);
  }
  return found;
}

/** Lawful settings of very different slowness and law; each its own sub-band, as far as the node is concerned. */
const SETUPS: readonly Setup[] = [
  { sf: 8, duty: 1 },
  { sf: 7, duty: 10, pauseMs: 50, dwell: 40, lbt: { dbm: -80, ms: 5 } },
  { sf: 12, duty: 10 },
  { sf: 11, duty: 100, bandwidth: 62_500 },
  { sf: 9, duty: 100, pauseMs: 255, lbt: { dbm: -65, ms: 255 } },
  { sf: 7, bandwidth: 250_000, duty: UNLIMITED, dwell: 4, pauseMs: 1 },
];

interface Step {
  readonly kind: "send" | "reboot" | "store";
  readonly waitMs: number;
  readonly times: number;
  readonly length: number;
  readonly airClass: number;
  readonly clock: number;
  readonly setup: number;
  /** How the record store behaves from here on: well, refusing, or failing after it has written. */
  readonly store: number;
  /** What the radio answers, one after the other. */
  readonly radio: readonly number[];
  /** Part of its listening that the radio really needs, percent, and microseconds of a ms the clock does not show. */
  readonly late: number;
  readonly fraction: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constant("send" as const) },
    { weight: 2, arbitrary: fc.constant("reboot" as const) },
    { weight: 1, arbitrary: fc.constant("store" as const) },
  ),
  waitMs: fc.oneof(
    { weight: 10, arbitrary: fc.nat(2000) },
    { weight: 10, arbitrary: fc.nat(20) },
    fc.nat(240_000),
    fc.nat(4_000_000),
  ),
  times: fc.oneof(fc.constant(1), fc.nat(60)),
  length: fc.constantFrom(21, 254, 508),
  airClass: fc.nat(4),
  clock: fc.nat(10_000_000),
  setup: fc.nat(2 * SETUPS.length),
  store: fc.nat(2),
  radio: fc.array(fc.constantFrom(Status.Ok, Status.Ok, Status.RadioBusy, Status.RadioFailed), { maxLength: 4 }),
  late: fc.nat(100),
  fraction: fc.nat(999),
});

/** What a schedule puts on the air: the ledger, the medium, and a host that does as it is told. */
function run(first: number, steps: readonly Step[]): OnAir[] {
  core.records.clear();
  core.putStatus = Status.Ok;
  core.putKeeps = false;
  let setup = SETUPS[first % SETUPS.length] as Setup;
  core.boot(setup);
  const air: OnAir[] = [];
  // Real time in microseconds, and the node's clock in ms, which counts from `bootClock` at `bootedUs`.
  let trueUs = 0;
  let bootedUs = 0;
  let bootClock = 0;
  const now = (): number => bootClock + Math.floor((trueUs - bootedUs) / 1000);
  const at = (clock: number): number => Math.max(trueUs, bootedUs + (clock - bootClock) * 1000);
  let busyUntil = 0;
  for (const { kind, waitMs, times, length, airClass, clock, ...one } of steps) {
    trueUs += waitMs * 1000 + one.fraction;
    if (kind === "store") {
      core.putStatus = one.store === 0 ? Status.Ok : Status.RecordFailed;
      core.putKeeps = one.store === 2;
    } else if (kind === "reboot") {
      // The power goes in the middle of whatever is on the air. The same configuration comes back, or another.
      const last = air.at(-1);
      if (last !== undefined && last.end > trueUs) air[air.length - 1] = { ...last, end: trueUs };
      setup = SETUPS[one.setup] ?? setup;
      bootedUs = trueUs;
      bootClock = clock;
      busyUntil = 0;
      core.boot(setup, BigInt(clock));
    } else {
      const answers = [...one.radio];
      core.sendStatus = ({ bytes }) => {
        // A radio cannot begin while it sends: it is busy then, whatever the test had in mind.
        const start = trueUs + (one.late * (setup.lbt?.ms ?? 0) * 1000) / 100;
        const answer = start < busyUntil ? Status.RadioBusy : (answers.shift() ?? Status.Ok);
        if (answer !== Status.RadioBusy) {
          const end = start + core.call("mediumAirtimeUs", bytes.length - 1);
          air.push({ start, end, setup });
          busyUntil = end;
        }
        return answer;
      };
      for (let i = 0; i < times; i++) {
        trueUs = at(core.time("mediumFreeAt", 0));
        const us = BigInt(core.call("mediumAirtimeUs", length));
        // What egress asks; the medium asks again, so every third time it is not asked first.
        if (i % 3 !== 2 && core.time("airtimeNext", airClass, us, BigInt(now())) !== now()) break;
        core.memory.fill(i, core.call("mediumBuffer", 0), core.call("mediumBuffer", 0) + length);
        core.call("mediumSend", 0, length, airClass, (i + 1) & 1, BigInt(now()));
        for (let next = core.time("mediumDeadline"); next !== Infinity; next = core.time("mediumDeadline")) {
          trueUs = at(next);
          const before = core.time("mediumDeadline");
          core.call("mediumRun", BigInt(now()));
          // Whatever waits waits for a time that comes: seconds for a channel, never for the hour to end.
          const after = core.time("mediumDeadline");
          if (after !== Infinity) expect(after - before).toBeLessThan(200_000);
          if (after !== Infinity) expect(after).toBeGreaterThan(before);
        }
      }
    }
  }
  return air;
}

describe("the law", () => {
  it("holds in any window and for any transmission, whatever the schedule, the reboots, the store and the configuration", () => {
    let frames = 0;
    fc.assert(
      fc.property(fc.nat(SETUPS.length - 1), fc.array(step, { minLength: 20, maxLength: 120 }), (first, steps) => {
        const air = run(first, steps);
        frames += air.length;
        expect(violations(air)).toEqual([]);
      }),
      { numRuns: runs(150, 20_000) },
    );
    expect(frames).toBeGreaterThan(5000);
  });

  it("is not broken by a record that a failed write has lowered", () => {
    const us = 100_000n;
    /** Seconds it lets out at once. */
    const burst = (nowMs: number): number => {
      let sent = 0;
      for (; core.time("airtimeNext", 4, us, BigInt(nowMs)) === nowMs; sent++) {
        if (core.call("airtimeReserve", BigInt(nowMs)) === 0) break;
        core.call("airtimeAdd", 4, us, BigInt(nowMs));
      }
      return sent / 10;
    };
    core.boot({ sf: 7, duty: 10 }, 1000n);
    expect(burst(1000)).toBe(36);
    core.putStatus = Status.RecordFailed;
    core.putKeeps = true;
    expect(core.call("airtimeReserve", 7_200_000n)).toBe(1);
    expect(core.airtimeRecordMs()).toBe(9000);
    core.putKeeps = false;
    const before = burst(7_200_000);
    core.putStatus = Status.Ok;
    core.boot({ sf: 7, duty: 10 }, 0n);
    expect(before + burst(0)).toBeLessThanOrEqual(36);
    expect(before).toBeGreaterThan(8);
  });

  it("is not broken by a duty cycle that grows, shrinks or appears between two boots", () => {
    const us = 100_000n;
    /** Sends as much as it lets out at once. */
    const burst = (nowMs: number): number => {
      let sent = 0;
      for (; sent < 100_000; sent++) {
        if (core.time("airtimeNext", 4, us, BigInt(nowMs)) !== nowMs) break;
        if (core.call("airtimeReserve", BigInt(nowMs)) === 0) break;
        core.call("airtimeAdd", 4, us, BigInt(nowMs));
      }
      return sent / 10;
    };
    const life = (...duties: readonly number[]): number[] => {
      core.records.clear();
      return duties.map((duty) => {
        core.boot({ sf: 7, duty }, 1000n);
        return burst(1000);
      });
    };
    // Seconds each boot lets out in the same minute; together never more than the law of the last.
    expect(life(10, 100)).toEqual([36, 324]);
    expect(life(100, 10)).toEqual([360, 0]);
    expect(life(10, 100, 100, 10)).toEqual([36, 324, 0, 0]);
    const [, later = 0] = life(UNLIMITED, 10);
    expect(later).toBe(0);
    // A record of 36 s is less than one of today's eighths of 45 s: it must be written before anything is sent.
    core.records.clear();
    core.boot({ sf: 7, duty: 10 }, 1000n);
    burst(1000);
    core.boot({ sf: 7, duty: 100 }, 1000n);
    core.call("airtimeReserve", 1000n);
    expect(core.airtimeRecordMs()).toBe(45_000);
  });
});

describe("wear of the record", () => {
  it("stays within 18 writes in any hour, whatever is sent", () => {
    const load = fc.record({
      waitMs: fc.oneof(fc.nat(2000), fc.nat(600_000), fc.constant(440_000)),
      times: fc.nat(80),
      length: fc.constantFrom(21, 254, 508),
    });
    let worst = 0;
    fc.assert(
      fc.property(fc.nat(SETUPS.length - 1), fc.array(load, { minLength: 50, maxLength: 300 }), (first, loads) => {
        core.records.clear();
        core.putStatus = Status.Ok;
        core.boot(SETUPS[first]);
        let now = 0;
        const writes: number[] = [];
        for (const { waitMs, times, length } of loads) {
          now += waitMs;
          const us = BigInt(core.call("mediumAirtimeUs", length));
          for (let i = 0; i < times; i++) {
            const before = core.puts;
            if (core.time("airtimeNext", 4, us, BigInt(now)) !== now) break;
            core.call("airtimeReserve", BigInt(now));
            if (core.puts !== before) writes.push(now);
            core.call("airtimeAdd", 4, us, BigInt(now));
            now += Math.ceil(Number(us) / 1000);
          }
        }
        for (const [i, from] of writes.entries()) {
          const hour = writes.slice(i).filter((t) => t < from + 3_600_000).length;
          worst = Math.max(worst, hour);
          expect(hour).toBeLessThanOrEqual(18);
        }
      }),
      { numRuns: runs(150, 20_000) },
    );
    expect(worst).toBeGreaterThan(8);
  });

  it("is not caused by a channel that lets nothing out", () => {
    core.records.clear();
    core.boot({ sf: 12, duty: 10 });
    const before = core.puts;
    // Alternately a largest frame and a beacon, neither of which ever gets a clear channel.
    for (let i = 0; i < 1000; i++) core.call("airtimeReserve", BigInt(i * 60_000));
    expect(core.puts - before).toBe(1);
  });
});
