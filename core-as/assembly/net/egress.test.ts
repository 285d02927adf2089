import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Counter, Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, packet, PacketPath, type Setup } from "../../../tests/support/packet-path.ts";

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);
beforeEach(() => {
  boot();
});

function boot(setup: Setup = {}): void {
  core.records.clear();
  core.sendStatus = () => Status.Ok;
  core.putStatus = Status.Ok;
  core.boot({ duty: 1000, ...setup });
  const wired = setup.wired?.length ?? 0;
  for (let i = 0; i < 8; i++) core.link(i, { port: i < 4 ? 0 : Math.min(wired, 1), bitrate: i < 4 ? 2800 : 100_000 });
  // The stand-ins of outbox and gossip.
  core.memory.fill(0, core.call("block", 4), core.call("block", 4) + 4);
  core.memory.fill(0, core.call("block", 5), core.call("block", 5) + 4);
}

/** Frames that the outbox (4) or gossip (5) has for interface 0. */
function offer(block: number, frames: number, port = 0): void {
  core.memory[core.call("block", block) + port] = frames;
}

function add(
  linkOut: number,
  linkIn: number,
  priority: number,
  trafficClass: number,
  now: number,
  length = 100,
): number {
  const at = core.put(packet(linkOut, length));
  return core.call("queueAdd", at, length, priority << 6, linkOut, linkIn, trafficClass, at + 2, BigInt(now));
}

/** One frame as it went out. */
interface Out {
  readonly now: number;
  readonly port: number;
  readonly kind: "beacon" | "link" | "gossip" | "packet";
  readonly bytes: Buffer;
}

/** The next hop acknowledges a packet as soon as the radio has sent its frame: link, qos, packet. */
function acknowledge(): void {
  for (const { port, bytes, flags } of core.sent) {
    if (port !== 0 || flags !== 0 || (bytes[3] ?? 0) !== 0x10) continue;
    // What add gives for a hash is the packet's bytes from 2 on.
    core.call("queueAcknowledged", bytes[1] ?? 0, core.put(bytes.subarray(5, 13), 4096), 1n);
  }
}

/**
 * Runs the node's timer from `from` to `until` as the host does, `each` before every call: what went out. Fails if the
 * node asks for the same moment again and again without doing anything.
 */
function run(from: number, until: number, each: (now: number) => void = () => {}): Out[] {
  const out: Out[] = [];
  let now = from;
  let still = 0;
  for (;;) {
    each(now);
    const before = core.sent.length;
    core.call("queueExpire", BigInt(now));
    core.call("forwardAdvance", BigInt(now));
    core.call("egressRun", BigInt(now));
    expect(core.sent.length - before).toBeLessThanOrEqual(1);
    for (const { port, bytes, flags } of core.sent.slice(before)) {
      const frame = Buffer.from(port === 0 ? bytes.subarray(1) : bytes);
      if (flags !== 0) continue;
      const kind = frame[0] === 0x80 ? "beacon" : frame[0] === 0xaa ? "link" : frame[0] === 0xbb ? "gossip" : "packet";
      out.push({ now, port, kind, bytes: frame });
    }
    const next = Math.max(now, core.time("egressDeadline", BigInt(now)));
    still = next === now && core.sent.length === before ? still + 1 : 0;
    expect(still).toBeLessThan(3);
    if (next > until) return out;
    now = next;
  }
}

describe("egress", () => {
  it("sends nothing but beacons when nothing waits: 200 times their airtime apart on the radio, 10 s on a wire", () => {
    boot({ wired: [{ bitrate: 100_000 }] });
    const out = run(1000, 601_000);
    const times = (port: number): number[] => out.filter((o) => o.port === port).map((o) => o.now);
    expect(out.every((o) => o.kind === "beacon" && o.bytes.length === 21)).toBe(true);
    expect(core.counter(Counter.BeaconsSent)).toBe(out.length);
    for (const [port, interval] of [
      [0, 24_600],
      [1, 10_000],
    ] as const) {
      const gaps = times(port).map((t, i, all) => t - (all[i - 1] ?? t));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(1.1 * interval + 2);
      expect(Math.min(...gaps.slice(1))).toBeGreaterThanOrEqual(0.9 * interval);
      expect(times(port).length).toBeGreaterThan(600_000 / (1.1 * interval) - 1);
    }
  });

  it("puts link setup first, then gossip and packets 10 : 90", () => {
    core.call("beaconingPlan", 0, 1000n);
    offer(4, 2);
    const out = run(1000, 3_601_000, (now) => {
      acknowledge();
      core.sent.length = 0;
      offer(5, 1);
      while (add(0, 1, 1, 1, now, 484) === Number(Status.Ok));
    });
    const kinds = out.filter((o) => o.kind !== "beacon").map((o) => o.kind);
    expect(kinds.slice(0, 2)).toEqual(["link", "link"]);
    const bytes = (kind: string): number => out.filter((o) => o.kind === kind).length * (kind === "gossip" ? 254 : 508);
    const share = bytes("gossip") / (bytes("gossip") + bytes("packet"));
    expect(share).toBeGreaterThan(0.095);
    expect(share).toBeLessThan(0.105);
  });

  it("sends an acknowledgment at once, before the links' own frames, which wait for up to a slot", () => {
    const pauses: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      boot();
      core.seed(seed * 7919);
      core.call("beaconingPlan", 0, 1000n);
      offer(4, 1);
      core.call("controlAcknowledge", 2, core.put(Buffer.alloc(8, 9)));
      const out = run(1000, 5000);
      expect(out.map((o) => o.kind)).toEqual(["packet", "link"]);
      expect(out[0]?.now).toBe(1000);
      const over = 1000 + 728;
      pauses.push((out[1]?.now ?? 0) - over);
    }
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(0);
    expect(new Set(pauses).size).toBeGreaterThan(10);
  });

  it("lets gossip have what packets leave", () => {
    offer(5, 5);
    expect(run(1000, 20_000).filter((o) => o.kind === "gossip").length).toBe(5);
  });

  it("sends short messages to neighbours as link frames of their own", () => {
    core.call("controlSend", 2, 7, core.put(Buffer.alloc(16, 9)), 16);
    const [frame] = run(1000, 2000).filter((o) => o.kind === "packet");
    // The stand-in's link frame: link, qos, packet.
    expect(frame?.bytes.subarray(0, 2)).toEqual(Buffer.from([2, 0x40]));
    expect(frame?.bytes.subarray(2, 38)).toEqual(
      Buffer.concat([Buffer.from([0, 0]), Buffer.alloc(16, 0xc2), Buffer.from([0xf1, 7]), Buffer.alloc(16, 9)]),
    );
    expect(core.counter(Counter.AirtimeLinkMs)).toBe(727);
  });

  it("counts forwarded, free and unfunded packets", () => {
    add(0, 1, 1, 1, 1000);
    add(0, 2, 1, 2, 1000);
    add(0, 3, 1, 0, 1000);
    add(0, 255, 1, 1, 1000);
    run(1000, 10_000, acknowledge);
    expect(core.counter(Counter.PacketsForwarded)).toBe(3);
    expect(core.counter(Counter.PacketsFree)).toBe(1);
    expect(core.counter(Counter.AirtimeUnfundedMs)).toBe(727);
  });

  it("keeps packets in the queue while the hour's airtime is spent, and no beacons take the room they wait for", () => {
    boot({ duty: 1 });
    // Of 3.6 s, 2.4 s are spent: no room for 1.5 s. Beacons of 0.12 s would fit, but stop where they are in the way.
    core.call("airtimeAdd", 4, 2_400_000n, 0n);
    add(0, 1, 3, 1, 1000, 484);
    expect(run(1000, 100_000)).toEqual([]);
    // It is not sealed yet, so that what matters more can still overtake it.
    expect(core.call("queueFill")).toBe(62);
    expect(core.counter(Counter.AirtimeDeferred)).toBeGreaterThan(0);
    const later = run(100_000, 4_000_000, acknowledge);
    expect(later.filter((o) => o.kind === "packet").length).toBe(1);
  });

  it.each([1, 10])("lets neither packets nor beacons wait for ever for the other's airtime: %i per mille", (duty) => {
    boot({ duty });
    const hours = 4;
    const out = run(1000, hours * 3_600_000, (now) => {
      for (let n = 0; n < 2; n++) add(0, 1, 1, 1, now, 484);
      acknowledge();
      core.sent.length = 0;
    });
    for (const kind of ["beacon", "packet"]) {
      const times = [0, ...out.filter((o) => o.kind === kind).map(({ now }) => now), hours * 3_600_000];
      const gaps = times.slice(1).map((now, i) => now - (times[i] ?? 0));
      expect(Math.max(...gaps) / 60_000, kind).toBeLessThan(90);
    }
  });

  it("lets gossip that has waited too long have what packets leave of the last fifth", () => {
    boot({ duty: 10 });
    // Of 36 s, 30 are spent.
    core.call("airtimeAdd", 4, 30_000_000n, 0n);
    offer(5, 1);
    expect(run(1000, 30_000)).toEqual([]);
    core.memory[core.call("block", 5) + 3] = 1;
    expect(run(30_000, 60_000).map(({ kind }) => kind)).toContain("gossip");
  });

  it("signals the neighbour whose packet the channel had no room for", () => {
    core.sendStatus = ({ bytes }) => (bytes[1] === 0 ? Status.RadioBusy : Status.Ok);
    add(0, 1, 1, 1, 1000);
    // Until the first time is given up; the packet is to go out again.
    const out = run(1000, 61_000, acknowledge);
    expect(core.counter(Counter.BusyDropped)).toBeGreaterThanOrEqual(1);
    const signal = out.find((o) => o.kind === "packet");
    expect(signal?.bytes.subarray(0, 2)).toEqual(Buffer.from([1, 0x40]));
    expect([...(signal?.bytes.subarray(20, 23) ?? [])]).toEqual([0xf1, 1, 0x50]);
  });

  it("keeps within the law under any load, and never asks to be called for nothing", () => {
    const load = fc.record({
      after: fc.nat(60_000),
      what: fc.constantFrom("packet", "gossip", "link", "control", "throttle", "busy", "fail", "record"),
      link: fc.nat(7),
      priority: fc.nat(3),
      trafficClass: fc.nat(2),
      size: fc.constantFrom(67, 484),
      n: fc.integer({ min: 1, max: 40 }),
    });
    const setups = fc.record({
      modem: fc.constantFrom(
        ...[1, 10, 100, 1000].flatMap((duty) => (duty === 1 ? [7, 8, 9] : [7, 8, 12]).map((sf) => ({ duty, sf }))),
      ),
      wired: fc.constantFrom([], [{ bitrate: 100 }], [{ bitrate: 1_000_000_000 }]),
    });
    fc.assert(
      fc.property(setups, fc.array(load, { maxLength: 60 }), ({ modem, wired }, loads) => {
        const setup = { ...modem, wired };
        boot(setup);
        let now = 0;
        const heard: { start: number; us: number }[] = [];
        let clock = 0;
        let radio: number = Status.Ok;
        core.sendStatus = ({ port, bytes }) => {
          if (port === 0 && radio === Number(Status.Ok)) {
            // The air frame's own time: the medium tells it for a link frame one byte shorter.
            heard.push({ start: clock * 1000, us: core.call("mediumAirtimeUs", bytes.length - 1) });
          }
          return port === 0 ? radio : Status.Ok;
        };
        for (const { after, what, link, priority, trafficClass, size, n } of loads) {
          if (what === "packet")
            for (let i = 0; i < n; i++) add(link, (link + i) % 8, priority, trafficClass, now, size);
          else if (what === "gossip") offer(5, n, link & 1);
          else if (what === "link") offer(4, n, link & 1);
          else if (what === "control") core.call("controlSend", link, 7, core.put(Buffer.alloc(16, n)), 16);
          else if (what === "throttle") core.call("throttleHeard", link, n % 3, after, BigInt(now));
          else if (what === "busy") radio = radio === Number(Status.Ok) ? Status.RadioBusy : Status.Ok;
          else if (what === "fail") radio = radio === Number(Status.Ok) ? Status.RadioFailed : Status.Ok;
          else core.putStatus = core.putStatus === Number(Status.Ok) ? Status.RecordFailed : Status.Ok;
          run(now, now + after, (t) => {
            clock = t;
          });
          now += after;
        }
        for (const { start, us } of heard) {
          const to = start + us;
          const sum = heard.reduce(
            (total, h) => total + Math.max(0, Math.min(h.start + h.us, to) - Math.max(h.start, to - 3_600_000_000)),
            0,
          );
          if (setup.duty < 1000) expect(sum).toBeLessThanOrEqual(setup.duty * 3_600_000);
        }
      }),
      { numRuns: 150 },
    );
  });
});
