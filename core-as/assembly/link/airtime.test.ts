import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, PacketPath } from "../../../tests/support/packet-path.ts";

/** Of AirtimeClass. */
const BEACON = 0;
const LINK = 1;
const UNFUNDED = 3;
const USER = 4;

const HOUR_US = 3_600_000_000;
const DURATION_US = 200_000_000_000;

/** One transmission as a receiver with a stop watch sees it: real time in microseconds. */
interface Heard {
  readonly start: number;
  readonly us: number;
}

/**
 * The regulator: the largest airtime in any window of an hour. A window's sum is greatest for one that ends with a
 * transmission (moved on to the end of the one it cuts, it gains a microsecond for each it may lose; moved back to the
 * last end, it only gains), so these are all there are to look at.
 */
function worstHourUs(heard: readonly Heard[]): number {
  let worst = 0;
  for (const last of heard) {
    const end = last.start + last.us;
    let sum = 0;
    for (const { start, us } of heard) sum += Math.max(0, Math.min(start + us, end) - Math.max(start, end - HOUR_US));
    worst = Math.max(worst, sum);
  }
  return worst;
}

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  core.putStatus = Status.Ok;
});

interface Step {
  readonly kind: "send" | "reboot" | "fail";
  readonly waitMs: number;
  readonly airClass: number;
  readonly length: number;
  readonly delayUs: number;
  readonly clock: number;
  /** The same is asked for so often, one after the other. */
  readonly times: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { weight: 30, arbitrary: fc.constant("send" as const) },
    fc.constantFrom("reboot" as const, "fail" as const),
  ),
  // Mostly bursts, some long silences: 0 to 70 minutes.
  waitMs: fc.oneof({ weight: 20, arbitrary: fc.nat(3000) }, fc.nat(240_000), fc.nat(4_200_000)),
  airClass: fc.nat(4),
  length: fc.constantFrom(21, 254, 508),
  // A host that starts a frame up to two seconds after it was told to.
  delayUs: fc.oneof(fc.constant(0), fc.nat(2_000_000)),
  clock: fc.nat(10_000_000),
  times: fc.oneof(fc.constant(1), fc.nat(100)),
});

/** Runs a schedule on a fresh node: what was on the air. */
function run(setup: { sf: number; duty: number; bandwidth?: number }, steps: readonly Step[]): Heard[] {
  core.records.clear();
  core.putStatus = Status.Ok;
  core.boot(setup);
  const heard: Heard[] = [];
  let trueUs = 0;
  // The node's clock counts from its boot, in whole milliseconds, and starts anywhere.
  let bootedUs = 0;
  let clockMs = 0;
  for (const { kind, waitMs, airClass, length, delayUs, clock, times } of steps) {
    trueUs += waitMs * 1000;
    if (trueUs > DURATION_US) break;
    if (kind === "reboot") {
      bootedUs = trueUs;
      clockMs = clock;
      core.putStatus = Status.Ok;
      core.call("airtimeLoad", BigInt(clock));
    } else if (kind === "fail") {
      core.putStatus = core.putStatus === Number(Status.Ok) ? Status.RecordFailed : Status.Ok;
    } else {
      const us = BigInt(core.call("mediumAirtimeUs", length));
      for (let i = 0; i < times; i++) {
        const now = BigInt(clockMs + Math.floor((trueUs - bootedUs) / 1000));
        if (core.time("airtimeNext", airClass, us, now) !== Number(now)) break;
        if (core.call("airtimeReserve", now) === 0) break;
        core.call("airtimeAdd", airClass, us, now);
        heard.push({ start: trueUs + delayUs, us: Number(us) });
        trueUs += delayUs + Number(us);
      }
    }
  }
  return heard;
}

describe("the airtime ledger", () => {
  // At one per mille nothing slower than SF9 is lawful.
  const setups = fc
    .record({ sf: fc.integer({ min: 7, max: 12 }), duty: fc.constantFrom(1, 10, 10, 100) })
    .map(({ sf, duty }) => ({ sf: duty === 1 ? Math.min(sf, 9) : sf, duty }));

  it("keeps every window of 3600 s within the allowance, to the microsecond, whatever is asked and however it reboots", () => {
    fc.assert(
      fc.property(setups, fc.array(step, { minLength: 50, maxLength: 400 }), (setup, steps) => {
        expect(worstHourUs(run(setup, steps))).toBeLessThanOrEqual(setup.duty * 3_600_000);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    [12, 10, 125_000],
    [8, 10, 125_000],
    [8, 1, 125_000],
    [11, 100, 7_800],
  ])("uses nearly all of it when asked all the time: SF%i, %i per mille, %i Hz", (sf, duty, bandwidth) => {
    core.records.clear();
    core.boot({ sf, duty, bandwidth });
    const us = core.call("mediumAirtimeUs", 254);
    const heard: Heard[] = [];
    let now = 0;
    while (now < 12 * 3_600_000) {
      const next = core.time("airtimeNext", USER, BigInt(us), BigInt(now));
      expect(next).toBeGreaterThanOrEqual(now);
      if (next > now) {
        // The time it gives is the first at which it says yes.
        if (next > now + 1) expect(core.time("airtimeNext", USER, BigInt(us), BigInt(next - 1))).toBe(next);
        now = next;
        continue;
      }
      expect(core.call("airtimeReserve", BigInt(now))).toBe(1);
      core.call("airtimeAdd", USER, BigInt(us), BigInt(now));
      heard.push({ start: now * 1000, us });
      now += Math.ceil(us / 1000);
    }
    const allowance = duty * 3_600_000;
    expect(worstHourUs(heard)).toBeLessThanOrEqual(allowance);
    const used = heard.reduce((sum, { us }) => sum + us, 0);
    expect(used / 12).toBeGreaterThan(Math.min(0.95 * allowance, allowance - us));
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(Math.floor(used / 1000));
  });

  it("keeps a fifth of the allowance for packets and link setup", () => {
    core.records.clear();
    core.boot({ sf: 8, duty: 10 });
    const us = core.call("mediumAirtimeUs", 254);
    let sent = 0;
    while (core.time("airtimeNext", BEACON, BigInt(us), 1000n) === 1000) {
      core.call("airtimeAdd", BEACON, BigInt(us), 1000n);
      sent += us;
    }
    expect(sent).toBeGreaterThan(0.8 * 36_000_000 - us);
    expect(sent).toBeLessThanOrEqual(0.8 * 36_000_000);
    expect(core.time("airtimeNext", USER, BigInt(us), 1000n)).toBe(1000);
    expect(core.time("airtimeNext", LINK, BigInt(us), 1000n)).toBe(1000);
    expect(core.counter(Counter.AirtimeBeaconMs)).toBe(Math.floor(sent / 1000));
  });

  it("gives unfunded packets at most a tenth of the allowance, and nearly that", () => {
    for (const duty of [100, 1000]) {
      core.records.clear();
      core.boot({ sf: 7, duty });
      const us = core.call("mediumAirtimeUs", 508);
      const heard: Heard[] = [];
      let now = 0;
      while (now < 6 * 3_600_000) {
        const next = core.time("airtimeNext", UNFUNDED, BigInt(us), BigInt(now));
        if (next === now) {
          core.call("airtimeAdd", UNFUNDED, BigInt(us), BigInt(now));
          heard.push({ start: now * 1000, us });
          now += Math.ceil(us / 1000);
        } else now = next;
      }
      const tenth = duty * 360_000;
      expect(worstHourUs(heard)).toBeLessThanOrEqual(tenth);
      expect(heard.length * us).toBeGreaterThan(0.88 * 6 * tenth);
    }
  });

  it("writes the record before the use passes an eighth, and not again while use stays level", () => {
    core.records.clear();
    core.boot({ sf: 8, duty: 10 });
    const eighth = 4_500_000;
    const us = core.call("mediumAirtimeUs", 508);
    let used = 0;
    for (let i = 0; i < 20; i++) {
      expect(core.call("airtimeReserve", 5000n)).toBe(1);
      core.call("airtimeAdd", USER, BigInt(us), 5000n);
      // 508 bytes are the largest frame.
      used += us;
      expect(core.airtimeRecordMs()).toBe(Math.ceil(used / eighth) * 4500);
    }
    // Two quiet hours later it falls, so that a reboot does not cost what was used long ago.
    expect(core.call("airtimeReserve", 8_000_000n)).toBe(1);
    expect(core.airtimeRecordMs()).toBe(2 * 4500);
    // A steady quarter of the allowance for a day: the record is written a few times in the first hours.
    core.records.clear();
    core.boot({ sf: 8, duty: 10 });
    let writes = 0;
    let last: number | undefined;
    for (let now = 0; now < 24 * 3_600_000; now += 582_600) {
      expect(core.call("airtimeReserve", BigInt(now))).toBe(1);
      core.call("airtimeAdd", USER, BigInt(us), BigInt(now));
      if (core.airtimeRecordMs() !== last) writes++;
      last = core.airtimeRecordMs();
    }
    expect(writes).toBeLessThanOrEqual(4);
  });

  it("takes an unreadable record for a spent hour, and a missing one for a new node", () => {
    const us = BigInt(core.call("mediumAirtimeUs", 254));
    core.records.clear();
    core.boot({ sf: 8, duty: 10 }, 7000n);
    expect(core.time("airtimeNext", USER, us, 7000n)).toBe(7000);
    core.records.set(5, Buffer.alloc(3));
    core.boot({ sf: 8, duty: 10 }, 7000n);
    expect(core.time("airtimeNext", USER, us, 7000n)).toBeGreaterThan(7000 + 3_600_000);
  });

  it("does not transmit what the record cannot be raised for", () => {
    core.records.clear();
    core.boot({ sf: 8, duty: 10 });
    core.putStatus = Status.RecordFailed;
    expect(core.call("airtimeReserve", 0n)).toBe(0);
    expect(core.counter(Counter.RecordsFailed)).toBe(1);
    core.putStatus = Status.Ok;
    expect(core.call("airtimeReserve", 0n)).toBe(1);
  });
});
