import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EIGHT, HEALTH, id, IDENTITY, link, neighbour, route, status } from "../../tests/support/monitor.ts";
import { Event } from "../core/abi.gen.ts";
import { type Input, initialState, reduce, type State, summary } from "./state.ts";
import { width } from "./text.ts";
import { view } from "./view.ts";

type Untimed<T> = T extends unknown ? Omit<T, "at"> : never;

/** A state after inputs, a second apart. */
function after(inputs: readonly Untimed<Input>[], names = new Map<string, string>()): State {
  let state = initialState("/dev/ttyACM0", EIGHT, names);
  for (const [i, input] of inputs.entries()) state = reduce(state, { ...input, at: EIGHT + i * 1000 } as Input);
  return state;
}

const NAMES = new Map([["bb".repeat(16), "roof-south"]]);
const LAW = { region: "eu868", band: "P", channel: "869.525 MHz SF8", transmits: true };
const FULL: readonly Untimed<Input>[] = [
  { kind: "open" },
  { kind: "identity", identity: IDENTITY },
  { kind: "health", health: HEALTH },
  { kind: "law", law: LAW },
  { kind: "status", status: status({ BeaconsSent: 4, FramesHeard: 10 }) },
  { kind: "neighbours", neighbours: [neighbour(0xbb), neighbour(0xcc, { rssiDbm: -121, snrQdb: -30, state: 2 })] },
  { kind: "links", links: [link(0xbb)] },
  { kind: "routes", routes: [route(0xdd, 0xbb, 2), route(0xbb, 0xbb, 0)] },
  { kind: "event", event: Event.NeighbourDown, bytes: id(0xcc) },
  { kind: "tick" },
  { kind: "tick" },
  { kind: "tick" },
  { kind: "tick" },
  { kind: "tick" },
  { kind: "status", status: status({ BeaconsSent: 5, FramesHeard: 15, AirtimeRefused: 2 }) },
];

const screen = (text: string): string[] => text.replace(/^\n/, "").replace(/\n *$/, "").split("\n");

describe("view", () => {
  it("shows a board with neighbours, links, routes and counters", () => {
    expect(view(after(FULL, NAMES), { columns: 96, rows: 26 })).toEqual(
      screen(`
roof-north  rak4631  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
wasm3, core 3d920018  image 201192e8  firmware 0.1.0  locked
up 2 h 5 min  started by power on  battery 4012 mV  log info

airtime   ▍░░░░░░░░░ 12.3 of 360 s in the hour  eu868 sub-band P 869.525 MHz SF8
channel   █▏░░░░░░░░ 11.2 % busy

neighbours 1 of 2 up      RSSI dBm      SNR dB         silent    link
  roof-south (bbbbbbbb)     -97 ██▉░░░    5.25 █████░  21 s      up 3 min, 100 %, trusted
  cccccccc                 -121 ▊░░░░░   -7.50 ██▌░░░  DOWN      none
routes 2
  roof-south (bbbbbbbb)   directly, 300 ms
  dddddddd                by roof-south (bbbbbbbb), 2 hops, 900 ms

beacons sent 5 (6.0/min)        beacons heard 0                 frames heard 15 (30/min)
frames refused 0                packets sent 0                  packets passed on 0
packets for this relay 0        ! refused by the law 2 (12/min)

08:00:01 This is: roof-north, rak4631, aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, firmware 0.1.0, wasm3,
         image 201192e8.
08:00:05 Hears roof-south (bbbbbbbb).
08:00:08 ! Has not heard cccccccc for 3 minutes.



q quit  p pause  l log level  ? help`),
    );
  });

  it("says that nothing is known yet", () => {
    expect(view(after([]), { columns: 60, rows: 7 })).toEqual(
      screen(`
mehr monitor  /dev/ttyACM0  connecting to /dev/ttyACM0

airtime   not known yet

neighbours  not known yet

q quit  p pause  l log level  ? help`),
    );
  });

  it("says that the port is gone and since when, and keeps the newest lines on a small screen", () => {
    const inputs: Untimed<Input>[] = [
      ...FULL.slice(0, 3),
      { kind: "log", level: "error", text: "The flash did not take what was written to it." },
      { kind: "lost", why: "/dev/ttyACM0 went away: the board was unplugged or reset." },
      { kind: "tick" },
    ];
    expect(view(after(inputs), { columns: 64, rows: 8 })).toEqual(
      screen(`
roof-north  rak4631  GONE for 1 s, waiting for /dev/ttyACM0  aa…
wasm3, core 3d920018  image 201192e8  firmware 0.1.0  locked
up 2 h 5 min  started by power on  battery 4012 mV  log info
08:00:03 ERROR The flash did not take what was written to it.
08:00:04 ! /dev/ttyACM0 went away: the board was unplugged or
         reset. Waiting for /dev/ttyACM0.

q quit  p pause  l log level  ? help`),
    );
  });

  it("shows why the core does not run, and dots for a PIN that is typed", () => {
    const inputs: Untimed<Input>[] = [
      ...FULL.slice(0, 3),
      { kind: "fatal", sentence: "The module trapped. (unreachable in on_frame.)" },
      { kind: "prompt", prompt: { label: "PIN of the board:", typed: 4 } },
    ];
    const lines = view(after(inputs), { columns: 70, rows: 12 });
    expect(lines[3]).toBe("THE CORE DOES NOT RUN: The module trapped. (unreachable in on_frame.)");
    expect(lines.at(-1)).toBe("PIN of the board: ••••");
  });

  it("never throws and never runs over the terminal, whatever comes in which order", () => {
    fc.assert(
      fc.property(
        fc.array(input(), { maxLength: 30 }),
        fc.record({ columns: fc.integer({ min: 0, max: 130 }), rows: fc.integer({ min: 0, max: 45 }) }),
        (inputs, size) => {
          const state = after(inputs, new Map([["bb".repeat(16), "\x1b]0;owned\x07屋根"]]));
          const lines = view(state, size);
          expect(lines.length).toBeLessThanOrEqual(size.rows);
          for (const line of lines) {
            expect(width(line)).toBeLessThanOrEqual(size.columns);
            expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
          }
          JSON.stringify(summary(state));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("reduce", () => {
  it("forgets what was heard when the board starts again, and counts it once", () => {
    const state = after([...FULL, { kind: "identity", identity: IDENTITY, ready: true }]);
    expect([state.neighbours, state.links, state.routes, state.status]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    const again = reduce(state, { kind: "health", at: state.now, health: { ...HEALTH, uptimeMs: 10n } });
    expect(again.reboots).toBe(1);
  });

  it("notices a start whose Ready was lost by the uptime", () => {
    const state = after([...FULL, { kind: "health", health: { ...HEALTH, uptimeMs: 10n } }]);
    expect([state.reboots, state.neighbours]).toEqual([1, undefined]);
  });

  it("tells last words once", () => {
    const words = { ...HEALTH, lastWords: "CPU fault: BusFault at pc 0x00001234, lr 0x00001200" };
    const state = after([
      { kind: "health", health: words },
      { kind: "health", health: words },
    ]);
    expect(state.lines.map(({ text }) => text)).toEqual([
      "The run before this one ended with: CPU fault: BusFault at pc 0x00001234, lr 0x00001200",
    ]);
  });

  it("keeps a bounded number of lines", () => {
    const state = after(
      Array.from({ length: 700 }, (_, i) => ({ kind: "log" as const, level: "info" as const, text: `${i}` })),
    );
    expect([state.lines.length, state.lines.at(-1)?.text]).toEqual([500, "699"]);
  });
});

/** Any input, with hostile text wherever a board or the air could put some. */
function input(): fc.Arbitrary<Untimed<Input>> {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom(
      "\x1b[2J\x1b[H",
      "\x1b]0;title\x07",
      "\u202eabc",
      "屋根の中継器".repeat(9),
      "e\u0301\u0301\u0301\u0301",
      "👩‍👩‍👧‍👦🇩🇪",
    ),
    fc.string({ maxLength: 300 }),
  );
  const u8 = fc.nat(255);
  const level = fc.constantFrom("error" as const, "warn" as const, "info" as const, "debug" as const);
  const identity = fc
    .record({ name: text, board: text, runtime: text, lock: fc.constantFrom("open", "locked", "held") })
    .map((more) => ({ ...IDENTITY, ...more }) as typeof IDENTITY);
  const some = fc.record({
    rssiDbm: fc.integer({ min: -32768, max: 32767 }),
    snrQdb: fc.integer({ min: -32768, max: 32767 }),
    silentForMs: fc.nat(4e9),
    state: u8,
    port: u8,
  });
  return fc.oneof(
    fc.constantFrom<Untimed<Input>>(
      { kind: "open" },
      { kind: "connecting" },
      { kind: "pause" },
      { kind: "help" },
      { kind: "tick" },
    ),
    text.map((why) => ({ kind: "lost" as const, why })),
    fc.tuple(identity, fc.boolean()).map(([one, ready]) => ({ kind: "identity" as const, identity: one, ready })),
    fc
      .tuple(u8, fc.uint8Array({ maxLength: 90 }))
      .map(([event, bytes]) => ({ kind: "event" as const, event: event % 20, bytes })),
    fc.tuple(level, text).map(([l, t]) => ({ kind: "log" as const, level: l, text: t })),
    text.map((sentence) => ({ kind: "fatal" as const, sentence })),
    text.map((t) => ({ kind: "text" as const, text: t })),
    text.map((t) => ({ kind: "frame-error" as const, text: t })),
    fc
      .record({ uptimeMs: fc.bigInt(0n, 2n ** 64n - 1n), lastWords: text, batteryMv: fc.nat(65535) })
      .map((more) => ({ kind: "health" as const, health: { ...HEALTH, ...more } })),
    fc
      .record({
        utilisationPermille: fc.nat(2 ** 32 - 1),
        airtimeUsedMs: fc.nat(2 ** 32 - 1),
        airtimeAllowedMs: fc.nat(2 ** 32 - 1),
      })
      .map((more) => ({
        kind: "status" as const,
        status: { ...status({ FramesHeard: more.airtimeUsedMs }), ...more },
      })),
    fc
      .array(some, { maxLength: 40 })
      .map((all) => ({ kind: "neighbours" as const, neighbours: all.map((more, i) => neighbour(i, more)) })),
    fc.array(u8, { maxLength: 20 }).map((all) => ({
      kind: "links" as const,
      links: all.map((byte) => link(byte, { reliability: byte, suspect: byte })),
    })),
    fc
      .array(u8, { maxLength: 20 })
      .map((all) => ({ kind: "routes" as const, routes: all.map((byte) => route(byte, byte & 3, byte)) })),
    fc
      .record({ region: text, band: text, channel: text, transmits: fc.boolean() })
      .map((law) => ({ kind: "law" as const, law })),
    fc.record({ path: text, bytes: fc.nat(), problem: text }).map((file) => ({ kind: "log-file" as const, file })),
  );
}
