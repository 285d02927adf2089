/** The firmware on its boards: on the air, under noise on both lines, over a reboot, and when it cannot run. */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ENGINES } from "../boards/engine.ts";
import { Metric, Request } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import type { StartOptions } from "../host/board/virtual.ts";
import { beaconFrame } from "../host/conformance/scenario.ts";
import { Command, Event, Status } from "../host/core/abi.gen.ts";
import type { TraceEntry } from "../host/radio/channel.ts";
import { SeededRandom } from "../host/radio/random.ts";
import { fleetNames, startFleet } from "../host/run/fleet.ts";
import { Meeting } from "../host/run/meeting.ts";
import { cobsEncode, encodeFrame, FRAME_ERROR_SENTENCES, FrameError } from "../host/serial/frame.ts";
import { compileCore } from "../toolchain/core/compile.ts";
import {
  BOARDS,
  buildImage,
  root,
  until,
  type Variant,
  VARIANTS,
  variants,
  virtualBoard,
  withBoard,
} from "./support/images.ts";

const images = new Map<string, string>();
beforeAll(async () => {
  for (const { id, engine, name } of VARIANTS) images.set(name, (await buildImage(id, engine)).image);
}, 900_000);

/** Options that start a board alone, its radio port served; `stream` gives the port's line. */
function alone(
  { id, name }: Variant,
  more: Partial<StartOptions> = {},
): StartOptions & { port: () => RadioPort; line: () => Socket } {
  let port: RadioPort | undefined;
  let line: Socket | undefined;
  return {
    board: virtualBoard(id),
    image: images.get(name) ?? "",
    radio: (stream) => {
      line = stream;
      port = new RadioPort({ name, stream });
    },
    ...more,
    port: () => port as RadioPort,
    line: () => line as Socket,
  };
}

/** True; throws what a relay said when it stopped: waiting for it would say less. */
function alive(failures: readonly string[]): boolean {
  if (failures[0] !== undefined) throw new Error(failures[0]);
  return true;
}

/** One example of every fault a receiver must tell apart, by its number. */
function faults(unknownType: number): Map<FrameError, Uint8Array> {
  const end = Uint8Array.of(0);
  return new Map<FrameError, Uint8Array>([
    [FrameError.Cobs, Uint8Array.of(1, 200, 1, 1, 0)],
    [FrameError.Short, Buffer.concat([cobsEncode(Uint8Array.of(0, 1, 2, 0)), end])],
    [FrameError.Long, Buffer.concat([cobsEncode(new Uint8Array(5000).fill(9).fill(0, 0, 1)), end])],
    [FrameError.Version, Buffer.concat([cobsEncode(Uint8Array.of(0xff, 1, 2, 0, 0, 9, 9, 9, 9)), end])],
    [FrameError.Length, Buffer.concat([cobsEncode(Uint8Array.of(0, 1, 2, 7, 0, 9, 9, 9, 9)), end])],
    [FrameError.Crc, Buffer.concat([cobsEncode(Uint8Array.of(0, 1, 2, 0, 0, 9, 9, 9, 9)), end])],
    [FrameError.Type, encodeFrame({ type: unknownType, id: 1, payload: new Uint8Array(0) })],
  ]);
}

describe.each(BOARDS)("%s", (id) => {
  it(
    "meets one with the other engine and a relay in this process on the air, in spite of lost frames",
    {
      timeout: 300_000,
    },
    async () => {
      const names = fleetNames({ board: virtualBoard(id), boards: 2, nodes: 1 });
      const meeting = new Meeting(names);
      const trace: TraceEntry[] = [];
      const failures: string[] = [];
      const { wasm } = await compileCore({ root });
      const fleet = await startFleet({
        board: virtualBoard(id),
        images: variants(id).map(({ name }) => images.get(name) ?? ""),
        boards: 2,
        wasm,
        nodes: 1,
        loss: 0.2,
        seed: 5,
        event: (name, event, bytes) => meeting.event(name, event, bytes),
        failed: (sentence) => failures.push(sentence),
        trace: (entry) => trace.push(entry),
      });
      try {
        for (const board of fleet.boards) meeting.introduce(board.name, board.identity.nodeId);
        await until("all have heard each other", () => alive(failures) && meeting.complete(), 200);
      } finally {
        await fleet.stop();
      }
      expect(failures).toEqual([]);
      // Only beacons and frames of links were on the air, each its airtime long, beacons under their sender's address.
      const airtimeMs = new Map([
        [22, 123.392],
        [255, 727.552],
      ]);
      for (const { from, frame, startMs, endMs } of trace) {
        expect(endMs - startMs).toBeCloseTo(airtimeMs.get(frame.length) ?? 0, 3);
        if (frame.length === 22) expect(Buffer.from(frame).toString("hex", 2, 18)).toBe(meeting.idOf(from));
      }
      expect(new Set(trace.filter(({ frame }) => frame.length === 22).map(({ from }) => from))).toEqual(new Set(names));
      expect(new Set(fleet.boards.map((board) => board.identity.nodeId)).size).toBe(2);
      expect(fleet.boards.map((board) => board.identity.engine)).toEqual(ENGINES);
    },
  );
});

describe.each(BOARDS)("%s", (id) => {
  it(
    "exchanges packets of two air frames with a relay in this process, under both engines",
    { timeout: 600_000 },
    async () => {
      const context = 0xf7;
      const ids = new Map<string, string>();
      const routes = new Map<string, Set<string>>();
      const messages: string[] = [];
      const trace: TraceEntry[] = [];
      const failures: string[] = [];
      const { wasm } = await compileCore({ root });
      const hex = (bytes: Uint8Array, from = 0, to = bytes.length): string =>
        Buffer.from(bytes.subarray(from, to)).toString("hex");
      const fleet = await startFleet({
        board: virtualBoard(id),
        images: variants(id).map(({ name }) => images.get(name) ?? ""),
        boards: 2,
        wasm,
        nodes: 1,
        loss: 0,
        seed: 6,
        event: (name, event, bytes) => {
          if (event === Event.Booted) ids.set(name, hex(bytes));
          if (event === Event.RouteFound)
            routes.set(name, (routes.get(name) ?? new Set<string>()).add(hex(bytes, 0, 16)));
          if (event === Event.Message) messages.push(`${name} ${hex(bytes)}`);
        },
        failed: (sentence) => failures.push(sentence),
        trace: (entry) => trace.push(entry),
      });
      try {
        const [node] = fleet.nodes;
        if (node === undefined) throw new Error("no relay in this process");
        for (const board of fleet.boards) ids.set(board.name, board.identity.nodeId);
        for (const board of fleet.boards) {
          const send = async (
            from: string,
            to: string,
            run: (command: Uint8Array) => Promise<number>,
          ): Promise<void> => {
            const body = Uint8Array.of(context, 1, ...randomBytes(400));
            const address = Buffer.from(ids.get(to) ?? "", "hex");
            await until(
              `${from} has a route to ${to}`,
              () => alive(failures) && routes.get(from)?.has(ids.get(to) ?? "") === true,
              200,
            );
            // Nobody acknowledges: what collided is sent again.
            for (let attempt = 0; ; attempt++) {
              expect(await run(Uint8Array.of(Command.Send, 0x40, 0, ...address, ...body))).toBe(Status.Ok);
              const arrived = (): boolean => messages.includes(`${to} ${ids.get(to)}${hex(body)}`);
              try {
                await until(`a message from ${from} to ${to}`, arrived, 20);
                return;
              } catch (error) {
                if (attempt === 4) throw error;
              }
            }
          };
          await send(board.name, node.name, async (command) => (await board.console.command(command)).status);
          await send(node.name, board.name, async (command) => node.command(command));
        }
      } finally {
        await fleet.stop();
      }
      expect(failures).toEqual([]);
      // The halves of a link frame share a nibble and the split flag; the second comes right behind the first.
      for (const { name } of [...fleet.boards, ...fleet.nodes]) {
        const halves = trace.filter(({ from, frame }) => from === name && ((frame[0] ?? 0) & 1) === 1);
        expect(halves.length).toBeGreaterThanOrEqual(2);
        const gaps = halves.flatMap(({ startMs, frame }, i) => {
          const first = halves[i - 1];
          return i % 2 === 1 && first?.frame[0] === frame[0] ? [startMs - (first?.endMs ?? 0)] : [];
        });
        expect(gaps.length).toBe(Math.floor(halves.length / 2));
        expect(Math.max(...gaps)).toBeLessThan(500);
      }
    },
  );
});

describe.each(VARIANTS)("$name", (variant) => {
  const { id } = variant;

  it(
    "counts and reports every kind of bad frame on both lines, and loses no good one",
    {
      timeout: 300_000,
    },
    async () => {
      const reports: string[] = [];
      const options = alone(variant, { listener: { frameError: (text) => reports.push(text) } });
      await withBoard(options, async ({ console }) => {
        const before = await console.stats();
        let good = 0;
        for (const [error, bytes] of faults(0x7e)) {
          for (let i = 0; i < 3; i++) {
            console.write(bytes);
            options.line().write(bytes);
            options.port().receive({ rssiDbm: -80, snrQdb: 40, frame: beaconFrame(new Uint8Array(16).fill(i + 1)) });
            good++;
          }
          await until(`three of error ${error} are counted on both lines`, async () => {
            const stats = await console.stats();
            const grown = (metric: number): bigint => (stats.get(metric) ?? 0n) - (before.get(metric) ?? 0n);
            return grown(Metric.ConsoleErrors + error) === 3n && grown(Metric.RadioErrors + error) === 3n;
          });
        }
        const after = await console.stats();
        const grown = (metric: number): number => Number((after.get(metric) ?? 0n) - (before.get(metric) ?? 0n));
        expect(grown(Metric.FramesReceived) + grown(Metric.ReceiveQueueDrops)).toBe(good);
        expect(grown(Metric.ReceiveQueueDrops)).toBe(0);
        for (const error of Object.values(FrameError)) {
          expect([error, grown(Metric.ConsoleErrors + error), grown(Metric.RadioErrors + error)]).toEqual([
            error,
            3,
            3,
          ]);
        }
        // Reports of one kind are put together, at most one batch in 100 ms.
        const sentences = Object.values(FRAME_ERROR_SENTENCES);
        for (const port of ["console", "radio port"]) {
          await until(`every fault on the ${port} is reported`, () =>
            sentences.every((sentence) => reports.some((text) => text.includes(port) && text.includes(sentence))),
          );
        }
      });
    },
  );

  it(
    "answers after 50 KB of noise on each line, and after a frame cut off in the middle",
    {
      timeout: 300_000,
    },
    async () => {
      const options = alone(variant);
      await withBoard(options, async ({ console, identity }) => {
        const random = new SeededRandom(3);
        for (let i = 0; i < 12; i++) {
          console.write(random.bytes(4096));
          options.line().write(random.bytes(4096));
        }
        const half = encodeFrame({ type: Request.Identify, id: 9, payload: new Uint8Array(0) }).subarray(0, 5);
        console.write(half);
        options.line().write(half);
        console.write(Uint8Array.of(0));
        options.line().write(Uint8Array.of(0));
        expect((await console.identify()).nodeId).toBe(identity.nodeId);
        options.port().receive({ rssiDbm: -80, snrQdb: 40, frame: beaconFrame(new Uint8Array(16).fill(77)) });
        await until("the beacon after the noise is in the table", async () => {
          const { outputs } = await console.command(Uint8Array.of(Command.Neighbours));
          const reply = outputs.find((output) => output.kind === "event" && output.event === Event.Reply);
          return reply?.kind === "event" && Buffer.from(reply.bytes).includes(Buffer.alloc(16, 77));
        });
      });
    },
  );

  it("tells a person at the port what it is", { timeout: 120_000 }, async () => {
    let text = "";
    const options = alone(variant);
    await withBoard(options, async ({ console }) => {
      console.onText((line) => {
        text += line;
      });
      console.write(Buffer.from("hello?\r\n"));
      await until("an answer in text", () => text.includes(id) && text.includes("\r\n"));
      expect(text).toMatch(/framed binary/);
      expect((await console.identify()).status).toBe(Status.Ok);
    });
  });

  it("refuses malformed requests with a status", { timeout: 120_000 }, async () => {
    await withBoard(alone(variant), async ({ console }) => {
      expect((await console.request(Request.ReplayStep, new Uint8Array(9)))[0]).toBe(Status.ReplayClosed);
      expect((await console.request(Request.ReplayClose))[0]).toBe(Status.ReplayClosed);
      expect((await console.command(Uint8Array.of(200))).status).toBe(Status.BadCommand);
      await console.simple(Request.ReplayOpen);
      expect((await console.request(Request.ReplayStep, new Uint8Array(3)))[0]).toBe(Status.BadRequest);
      expect((await console.request(Request.ReplayStep, new Uint8Array(9).fill(99)))[0]).toBe(Status.BadRequest);
      expect((await console.request(Request.ReplayStep, Uint8Array.of(6, ...new Uint8Array(8))))[0]).toBe(
        Status.BadRequest,
      );
      const tooMuch = Buffer.concat([Uint8Array.of(4), new Uint8Array(8), new Uint8Array(257)]);
      expect((await console.request(Request.ReplayStep, tooMuch))[0]).toBe(Status.ReplayEntropy);
      await console.simple(Request.ReplayClose);
    });
  });

  it("keeps its address over a reboot", { timeout: 120_000 }, async () => {
    let boots = 0;
    const options = alone(variant, { listener: { ready: () => boots++ } });
    await withBoard(options, async ({ console, identity }) => {
      await console.simple(Request.Reboot);
      await until("the board is back", () => boots === 2);
      expect((await console.identify()).nodeId).toBe(identity.nodeId);
    });
  });
});

// The Linux process has the system's generator; the boards in QEMU have the one behind their radio port.
describe.each(variants("qemu-m4", "qemu-rv32"))("$name", (variant) => {
  it("says so, and does not hang, when its random number generator is silent", { timeout: 120_000 }, async () => {
    const said: number[] = [];
    const listener = { fatal: (status: number) => said.push(status) };
    await withBoard({ ...alone(variant, { listener }), radio: () => {} }, async ({ identity, console }) => {
      expect(identity.status).toBe(Status.NoEntropy);
      expect(said).toContain(Status.NoEntropy);
      expect((await console.command(Uint8Array.of(Command.Status))).status).toBe(Status.NoEntropy);
    });
  });
});

describe.each(variants("native"))("$name", (variant) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "mehr-flash-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("keeps its address in its flash file when the process is killed", { timeout: 120_000 }, async () => {
    const flash = join(folder, "flash");
    const first = await withBoard(alone(variant, { flash }), async (board) => board.identity.nodeId);
    const second = await withBoard(alone(variant, { flash }), async (board) => board.identity.nodeId);
    expect(second).toBe(first);
  });
});

it("gives every board another address", { timeout: 120_000 }, async () => {
  const seen = new Set<string>();
  const boards = [...VARIANTS, ...VARIANTS];
  for (const variant of boards) seen.add(await withBoard(alone(variant), async (board) => board.identity.nodeId));
  expect(seen.size).toBe(boards.length);
});
