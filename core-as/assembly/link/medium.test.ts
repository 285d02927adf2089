import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, FrameFlag, Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, PacketPath, type Sent } from "../../../tests/support/packet-path.ts";

const RADIO = 0;
const BEACON = 0;
const USER = 4;
const HALF = 254;

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  core.records.clear();
  core.sendStatus = () => Status.Ok;
  core.putStatus = Status.Ok;
  core.boot({ wired: [{ bitrate: 8000 }] });
});

/** Air frame bytes in, as `boot` and `mediumReceive` see them: the status or the whole frame. */
function receive(bytes: Uint8Array, now: number, port = RADIO): number | Buffer {
  const length = core.call("mediumReceive", port, core.put(bytes), bytes.length, BigInt(now));
  if (length < 0) return length;
  const at = core.call("mediumReceived");
  return Buffer.from(core.memory.subarray(at, at + length));
}

function half(sequence: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(sequence << 4) | 1]), bytes]);
}

describe("receiving by radio", () => {
  it("passes a whole link frame on", () => {
    const frame = Buffer.alloc(254, 7);
    expect(receive(Buffer.concat([Buffer.from([0x30]), frame]), 0)).toEqual(frame);
  });

  it.each([
    ["empty", Buffer.alloc(0), Status.Short],
    ["no link frame", Buffer.from([0]), Status.Short],
    ["too long", Buffer.alloc(256), Status.Long],
    ["reserved bits", Buffer.from([0x02, 1]), Status.BadKind],
    ["a short half", half(3, Buffer.alloc(253)), Status.Short],
    ["a half that can be no first one", half(3, Buffer.alloc(254, 0x40)), Status.SplitFrame],
  ])("refuses %s", (_, bytes, status) => {
    expect(receive(bytes, 0)).toBe(-status);
  });

  it("joins two halves and forgets them", () => {
    const first = Buffer.alloc(HALF, 1);
    first[0] = 0x20;
    const second = Buffer.alloc(HALF, 2);
    expect(receive(half(5, first), 1000)).toBe(-Status.Incomplete);
    expect(receive(half(5, second), 1728)).toEqual(Buffer.concat([first, second]));
    expect(receive(half(5, second), 1800)).toBe(-Status.SplitFrame);
    expect(core.counter(Counter.FramesJoined)).toBe(1);
    expect(core.counter(Counter.HalvesLost)).toBe(0);
  });

  it("keeps its own radio still while a second half is due", () => {
    receive(half(5, Buffer.alloc(HALF)), 1000);
    expect(core.call("mediumReady", RADIO, 1727n)).toBe(0);
    expect(core.call("mediumReady", RADIO, 1800n)).toBe(1);
  });

  it("joins what belongs together under loss, interleaving and equal numbers, as the model does", () => {
    const event = fc.record({
      sender: fc.nat(3),
      lost: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, fc.constant(true)),
      sequence: fc.nat(3),
      // Two frames do not end in the same millisecond at one receiver.
      after: fc.oneof(fc.integer({ min: 1, max: 800 }), fc.integer({ min: 1, max: 6000 })),
    });
    let joined = 0;
    let mixed = 0;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        core.boot();
        const airMs = 728;
        let now = 0;
        let count = 0;
        // What each sender has under way: number of its frame and whether the first half is out.
        const sending = new Map<number, { id: number; sequence: number }>();
        let slots: { sequence: number; until: number; id: number }[] = [];
        for (const { sender, lost, sequence, after } of events) {
          now += after;
          const under = sending.get(sender);
          const frame = under ?? { id: ++count, sequence };
          if (under === undefined) sending.set(sender, frame);
          else sending.delete(sender);
          if (lost) continue;
          const part = Buffer.alloc(HALF, under === undefined ? 1 : 2);
          part[0] = under === undefined ? 0 : 0xff;
          part.writeUInt32LE(frame.id, 1);
          const result = receive(half(frame.sequence, part), now);
          slots = slots.filter(({ until }) => now < until);
          const partner = slots.find((slot) => slot.sequence === frame.sequence);
          if (partner !== undefined) {
            slots = slots.filter((slot) => slot !== partner);
            expect(result).toBeInstanceOf(Buffer);
            const whole = result as Buffer;
            expect(whole.length).toBe(508);
            expect([whole.readUInt32LE(1), whole.readUInt32LE(HALF + 1)]).toEqual([partner.id, frame.id]);
            if (partner.id === frame.id) joined++;
            else mixed++;
          } else if (under !== undefined) {
            expect(result).toBe(-Status.SplitFrame);
          } else {
            expect(result).toBe(-Status.Incomplete);
            if (slots.length === 2) slots.splice((slots[0]?.until ?? 0) <= (slots[1]?.until ?? 0) ? 0 : 1, 1);
            slots.push({ sequence: frame.sequence, until: now + 3000 + 2 * airMs, id: frame.id });
          }
        }
      }),
      { numRuns: 500 },
    );
    // The cases the property is about did come up.
    expect(joined).toBeGreaterThan(500);
    expect(mixed).toBeGreaterThan(50);
  });

  it("counts a half whose partner never came, and one that made room", () => {
    for (const sequence of [1, 2, 3]) receive(half(sequence, Buffer.alloc(HALF)), 100 * sequence);
    expect(core.counter(Counter.HalvesLost)).toBe(1);
    core.call("mediumExpire", 200n + 4456n);
    expect(core.counter(Counter.HalvesLost)).toBe(2);
    core.call("mediumExpire", 60_000n);
    expect(core.counter(Counter.HalvesLost)).toBe(3);
  });

  it("never traps, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(2), (bytes, port) => {
        const result = receive(bytes, 0, port);
        if (typeof result !== "number") expect(result.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("receiving by wire", () => {
  it("passes up to 507 bytes through", () => {
    expect(receive(Buffer.alloc(507, 3), 0, 1)).toEqual(Buffer.alloc(507, 3));
    expect(receive(Buffer.alloc(508, 3), 0, 1)).toBe(-Status.Long);
    expect(receive(Buffer.alloc(0), 0, 1)).toBe(-Status.Short);
  });
});

/** Hands `length` bytes counting up over to an interface; on the radio the first attempt is at mediumDeadline. */
function send(port: number, length: number, now: number, airClass = USER, prompt = false): Buffer {
  expect(core.call("mediumReady", port, BigInt(now))).toBe(1);
  const at = core.call("mediumBuffer", port);
  const frame = Buffer.from(Array.from({ length }, (_, i) => i & 0xff));
  core.memory.set(frame, at);
  core.call("mediumSend", port, length, airClass, prompt ? 1 : 0, BigInt(now));
  return frame;
}

function run(now = core.time("mediumDeadline")): number {
  return core.call("mediumRun", BigInt(now));
}

describe("sending by radio", () => {
  it("puts a split byte in front and stays busy until the frame is over and a pause of up to a slot", () => {
    const frame = send(RADIO, 254, 10);
    const start = core.time("mediumDeadline");
    expect(run(start - 1)).toBe(Status.Ok);
    expect(core.sent.length).toBe(0);
    expect(run(start)).toBe(Status.Ok);
    const [sent] = core.sent;
    expect(sent?.bytes.subarray(1)).toEqual(frame);
    expect((sent?.bytes[0] ?? 0xff) & 0x0f).toBe(0);
    expect(core.time("mediumDeadline")).toBe(Infinity);
    expect(core.time("mediumFreeAt", RADIO)).toBeGreaterThanOrEqual(start + 728);
    expect(core.time("mediumFreeAt", RADIO)).toBeLessThanOrEqual(start + 2 * 728);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(727);
  });

  it("begins after a pause of up to one slot, anywhere in it, and what is prompt or on a wire at once", () => {
    const pauses = Array.from({ length: 400 }, (_, i) => {
      core.boot({ duty: 1000, wired: [{ bitrate: 8000 }] });
      core.seed(i * 7919);
      send(RADIO, 254, 10);
      return core.time("mediumDeadline") - 10;
    });
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(728);
    for (let quarter = 0; quarter < 4; quarter++) {
      const within = pauses.filter((pause) => Math.min(3, Math.floor(pause / 182.25)) === quarter).length;
      expect(within).toBeGreaterThan(60);
    }
    core.boot({ wired: [{ bitrate: 8000 }] });
    send(RADIO, 21, 10, BEACON, true);
    expect(core.time("mediumDeadline")).toBe(10);
    expect(run()).toBe(Status.Ok);
    send(1, 100, 20);
    expect(core.time("mediumDeadline")).toBe(20);
  });

  it("sends a long frame in two halves with one number, the second without CAD when the first is over", () => {
    const frame = send(RADIO, 508, 10);
    const start = core.time("mediumDeadline");
    expect(run(start)).toBe(Status.Ok);
    expect(core.time("mediumDeadline")).toBe(start + 728);
    expect(run(start + 727)).toBe(Status.Ok);
    expect(core.sent.length).toBe(1);
    expect(run(start + 728)).toBe(Status.Ok);
    const [one, two] = core.sent as [Sent, Sent];
    expect([one.bytes.length, two.bytes.length, one.flags, two.flags]).toEqual([255, 255, 0, FrameFlag.Continue]);
    expect(one.bytes[0]).toBe(two.bytes[0]);
    expect((one.bytes[0] ?? 0) & 0x0f).toBe(1);
    expect(Buffer.concat([one.bytes.subarray(1), two.bytes.subarray(1)])).toEqual(frame);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(1455);
    // What goes out comes in.
    core.boot();
    expect(receive(one.bytes, 2000)).toBe(-Status.Incomplete);
    expect(receive(two.bytes, 2728)).toEqual(frame);
  });

  it("waits for a clear channel, and gives up after seven busy attempts or a minute", () => {
    core.sendStatus = () => Status.RadioBusy;
    send(RADIO, 254, 0);
    let now = 0;
    expect(core.time("mediumDeadline")).toBeLessThanOrEqual(728);
    let attempts = 0;
    while (core.time("mediumDeadline") !== Infinity) {
      now = core.time("mediumDeadline");
      expect(run(now)).toBe(Status.RadioBusy);
      attempts++;
      const wait = core.time("mediumDeadline") - now;
      if (wait !== Infinity) {
        expect(wait % 728).toBe(0);
        expect(wait).toBeLessThanOrEqual(728 * Math.min(2 ** attempts, 16));
      }
    }
    expect(attempts).toBeLessThanOrEqual(7);
    expect(now).toBeLessThanOrEqual(60_000);
    expect(core.counter(Counter.BusyDropped)).toBe(1);
    expect(core.counter(Counter.BusyDeferred)).toBe(attempts - 1);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(0);
    expect([core.call("mediumTakeDropped", RADIO), core.call("mediumTakeDropped", RADIO)]).toEqual([1, 0]);
    expect(core.call("mediumReady", RADIO, BigInt(now))).toBe(1);
  });

  it("tries a second half again while the radio still sends the first", () => {
    send(RADIO, 508, 0);
    run();
    let busy = 3;
    core.sendStatus = () => (busy-- > 0 ? Status.RadioBusy : Status.Ok);
    for (let i = 0; i < 4; i++) run();
    expect(core.sent.length).toBe(2);
    core.sendStatus = () => Status.RadioBusy;
    const now = core.time("mediumFreeAt", RADIO);
    core.sendStatus = ({ flags }) => (flags === 0 ? Status.Ok : Status.RadioBusy);
    send(RADIO, 508, now);
    for (let i = 0; i < 6; i++) run();
    expect(core.time("mediumDeadline")).toBe(Infinity);
    expect(core.counter(Counter.SendFailed)).toBe(1);
    // Of that frame only the first half was on the air.
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(2182);
  });

  it("charges a radio that failed, not one that may not send", () => {
    core.sendStatus = () => Status.TransmitOff;
    send(RADIO, 254, 0);
    expect(run()).toBe(Status.TransmitOff);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(0);
    core.sendStatus = () => Status.RadioFailed;
    send(RADIO, 254, 4000);
    expect(run()).toBe(Status.RadioFailed);
    // It may be on the air until its time is over.
    expect(core.time("mediumFreeAt", RADIO)).toBeGreaterThanOrEqual(4000 + 728 + 1000);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(727);
    expect(core.counter(Counter.SendFailed)).toBe(2);
  });

  it("refuses what the ledger does not let out, and sends nothing without a region", () => {
    core.boot({ duty: 1, wired: [] });
    let now = 0;
    for (let i = 0; i < 4; i++) {
      send(RADIO, 254, now);
      run();
      now = core.time("mediumFreeAt", RADIO);
    }
    send(RADIO, 254, now);
    expect(run()).toBe(Status.AirtimeSpent);
    expect(core.sent.length).toBe(4);
    expect(core.counter(Counter.AirtimeRefused)).toBe(1);
    expect(core.call("mediumTakeDropped", RADIO)).toBe(1);
    // It does not stay: the next frame may come, and is refused too.
    expect(core.time("mediumDeadline")).toBe(Infinity);
    now = core.time("mediumFreeAt", RADIO);
    send(RADIO, 254, now);
    expect(run()).toBe(Status.AirtimeSpent);
    const later = core.time("mediumLawfulAt", RADIO, USER, BigInt(now));
    expect(later).toBeGreaterThan(3_600_000);
    send(RADIO, 254, later);
    expect(run()).toBe(Status.Ok);
    core.boot({ transmit: false });
    expect(core.call("mediumReady", RADIO, 0n)).toBe(0);
  });

  it("leaves room for the acknowledgment of what others sent: a frame's time, and then up to another", () => {
    const starts = Array.from({ length: 200 }, (_, i) => {
      core.boot({ duty: 1000 });
      core.seed(i * 7919);
      core.call("mediumYield", 1000n);
      return core.time("mediumFreeAt", RADIO) - 1000;
    });
    expect(Math.min(...starts)).toBeGreaterThanOrEqual(728);
    expect(Math.min(...starts)).toBeLessThan(780);
    expect(Math.max(...starts)).toBeLessThanOrEqual(2 * 728);
    expect(Math.max(...starts)).toBeGreaterThan(1400);
    // What waits for its first attempt waits longer, and nothing begins sooner than it would have.
    send(RADIO, 254, 10_000);
    core.call("mediumYield", 10_000n);
    expect(core.time("mediumDeadline")).toBeGreaterThanOrEqual(10_728);
    core.call("mediumDefer", RADIO, 20_000n);
    core.call("mediumYield", 10_000n);
    expect(core.time("mediumDeadline")).toBe(20_000);
  });

  it("keeps the second half of a frame where it is, whatever others send", () => {
    send(RADIO, 508, 10);
    run();
    const second = core.time("mediumDeadline");
    core.call("mediumYield", BigInt(second - 1));
    expect(core.time("mediumDeadline")).toBe(second);
  });

  it("does not send what it could not write the reserve for", () => {
    core.putStatus = Status.RecordFailed;
    send(RADIO, 254, 0);
    const start = core.time("mediumDeadline");
    expect(run(start)).toBe(Status.RecordFailed);
    expect(core.counter(Counter.AirtimeRefused)).toBe(1);
    expect([core.sent.length, core.time("mediumDeadline")]).toEqual([0, Infinity]);
    // The flash is not asked again for a minute.
    expect(core.time("mediumFreeAt", RADIO)).toBe(start + 60_000);
  });
});

describe("sending by radio where the law asks for a pause and for listening", () => {
  const JAPAN = { dwell: 40, pauseMs: 50, lbt: { dbm: -80, ms: 5 } };
  beforeEach(() => {
    core.boot({ duty: 1000, ...JAPAN });
  });

  it("begins with a pause, and keeps one after every transmission", () => {
    core.boot({ duty: 1000, ...JAPAN }, 5000n);
    expect(core.call("mediumReady", RADIO, 5055n)).toBe(0);
    expect(core.call("mediumReady", RADIO, 5056n)).toBe(1);
    send(RADIO, 100, 6000);
    const start = core.time("mediumDeadline");
    run(start);
    // On the air after 5 ms of listening, then 50 ms of silence, and one for the clock's whole milliseconds.
    expect(Math.ceil(core.call("mediumAirtimeUs", 100) / 1000)).toBe(329);
    expect(core.time("mediumFreeAt", RADIO)).toBeGreaterThanOrEqual(start + 5 + 329 + 50 + 1);
    // Either rule alone does so too.
    for (const [rule, quiet] of [
      [{ pauseMs: 50 }, 51],
      [{ lbt: { dbm: -65, ms: 6 } }, 7],
      [{}, 0],
    ] as const) {
      core.boot({ duty: 1000, ...rule }, 5000n);
      expect(core.time("mediumFreeAt", RADIO)).toBe(5000 + quiet);
    }
  });

  it("sends the second half as a frame of its own, after the pause", () => {
    const frame = send(RADIO, 508, 100);
    const start = core.time("mediumDeadline");
    run(start);
    const second = core.time("mediumDeadline");
    expect(second).toBe(start + 728 + 56);
    run(second);
    const [one, two] = core.sent as [Sent, Sent];
    expect([one.flags, two.flags]).toEqual([0, 0]);
    expect(Buffer.concat([one.bytes.subarray(1), two.bytes.subarray(1)])).toEqual(frame);
    expect(core.time("mediumFreeAt", RADIO)).toBeGreaterThanOrEqual(second + 728 + 56);
    // A neighbour that heard the first half keeps still until the second has begun.
    core.boot({ duty: 1000, ...JAPAN });
    receive(half(5, Buffer.alloc(HALF)), 1000);
    expect(core.time("mediumFreeAt", RADIO)).toBeGreaterThanOrEqual(1000 + 728 + 56);
  });

  it.each([
    [8, 125_000],
    [12, 125_000],
    [12, 7_800],
  ])(
    "gives a second half up after five busy attempts, while its receiver would still take it: SF%i, %i Hz",
    (sf, bandwidth) => {
      for (let seed = 0; seed < 50; seed++) {
        core.boot({ duty: 1000, sf, bandwidth, pauseMs: 50, lbt: { dbm: -80, ms: 5 } });
        core.seed(seed * 7919);
        core.sendStatus = () => Status.Ok;
        send(RADIO, 508, 100);
        const halfMs = Math.ceil(core.call("mediumAirtimeUs", 254) / 1000);
        const firstEnd = core.time("mediumDeadline") + halfMs;
        run();
        core.sendStatus = () => Status.RadioBusy;
        let attempts = 0;
        let last = 0;
        while (core.time("mediumDeadline") !== Infinity) {
          last = core.time("mediumDeadline");
          run(last);
          attempts++;
          expect(attempts).toBeLessThan(10);
        }
        expect(attempts).toBe(5);
        // With all of its own listening and airtime it would end before the receiver drops the first half.
        expect(last + 255 + halfMs).toBeLessThan(firstEnd + 3000 + 2 * halfMs);
        expect(core.counter(Counter.SendFailed)).toBe(1);
        expect(core.counter(Counter.AirtimeTotalMs)).toBe(Math.floor(core.call("mediumAirtimeUs", 254) / 1000));
      }
    },
  );

  it("refuses a frame longer than the dwell limit, should the configuration ever change under it", () => {
    send(RADIO, 254, 100);
    // Byte 11 of the configuration, which boot would not have taken: 700 ms for a frame of 728.
    core.memory[core.call("block", 0) + 11] = 7;
    expect(run()).toBe(Status.AirtimeSpent);
    expect([core.sent.length, core.counter(Counter.AirtimeRefused)]).toEqual([0, 1]);
    core.memory[core.call("block", 0) + 11] = 8;
    send(RADIO, 254, core.time("mediumFreeAt", RADIO));
    expect(run()).toBe(Status.Ok);
  });
});

describe("sending by wire", () => {
  it("sends the whole frame at once and is busy for its bits", () => {
    const frame = send(1, 100, 5);
    expect(run(5)).toBe(Status.Ok);
    expect(core.sent).toEqual([{ port: 1, bytes: frame, flags: 0 }]);
    expect(core.time("mediumFreeAt", 1)).toBe(5 + 101);
    expect(core.counter(Counter.AirtimeTotalMs)).toBe(0);
    core.sendStatus = () => Status.BadInterface;
    send(1, 100, 200);
    expect(run(200)).toBe(Status.BadInterface);
    expect(core.call("mediumTakeDropped", 1)).toBe(1);
  });
});
