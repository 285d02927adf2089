import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HEALTH, IDENTITY, neighbour, status } from "../../tests/support/monitor.ts";
import type { ConsoleListener } from "../board/console.ts";
import { DeviceFailure } from "../device/failure.ts";
import type { Port } from "../serial/ports.ts";
import { MehrError } from "../../toolchain/errors.ts";
import { Keys } from "./keys.ts";
import type { Input } from "./state.ts";
import { waitForNeighbours } from "./wait.ts";
import { Watch, type WatchedBoard } from "./watch.ts";

afterEach(() => vi.useRealTimers());

/** A watch over a board that answers from a script; time is the test's. */
function watched(answers: Partial<WatchedBoard> = {}) {
  vi.useFakeTimers();
  const asked: string[] = [];
  const inputs: Input[] = [];
  const ports: PassThrough[] = [];
  let listener: ConsoleListener = {};
  const answer =
    <T>(name: string, value: T) =>
    () => {
      asked.push(name);
      return Promise.resolve(value);
    };
  const board: WatchedBoard = {
    identify: answer("identify", IDENTITY),
    health: answer("health", HEALTH),
    provisionRead: answer("provisionRead", undefined),
    status: answer("status", status()),
    neighbours: answer("neighbours", [neighbour(1)]),
    links: answer("links", []),
    routes: answer("routes", []),
    setLogLevel: answer("setLogLevel", undefined),
    ...answers,
  };
  let there = true;
  const watch = new Watch({
    path: "/dev/ttyACM0",
    open: () => {
      if (!there) return Promise.reject(new MehrError(2, "There is no port /dev/ttyACM0."));
      const port = new PassThrough();
      ports.push(port);
      return Promise.resolve(
        Object.assign(port, {
          path: "/dev/ttyACM0",
          close: () => Promise.resolve(void port.destroy()),
        }) as unknown as Port,
      );
    },
    attach: (_, heard) => {
      listener = heard;
      return board;
    },
    sink: (input) => inputs.push(input),
    clock: () => 0,
  });
  const running = watch.run();
  return {
    ...{ watch, running, asked, inputs, ports, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) },
    listener: () => listener,
    unplug: () => {
      there = false;
      ports.at(-1)?.destroy();
    },
    plug: () => (there = true),
    kinds: () => inputs.map(({ kind }) => kind),
  };
}

const rounds = (asked: readonly string[]): number => asked.filter((name) => name === "status").length;

describe("a watch", () => {
  it("asks every two seconds, routes now and then, and nothing that a locked board refuses", async () => {
    const { watch, running, asked, pass } = watched();
    await pass(10_100);
    expect(rounds(asked)).toBe(6);
    expect(asked.filter((name) => name === "routes")).toHaveLength(2);
    expect(asked.filter((name) => name === "provisionRead")).toHaveLength(1);
    expect(asked).not.toContain("setLogLevel");
    watch.stop();
    await running;
  });

  it("asks everything anew when the board has started", async () => {
    const { watch, running, asked, pass, listener } = watched();
    await pass(2100);
    asked.length = 0;
    listener().ready?.(IDENTITY);
    await pass(1);
    expect(asked).toEqual(["identify", "health", "provisionRead", "status", "neighbours", "links", "routes"]);
    watch.stop();
    await running;
  });

  it("leaves a board alone whose core has ended, so that it can start again", async () => {
    const { watch, running, asked, pass, listener } = watched({
      identify: () => {
        asked.push("identify");
        return Promise.resolve({ ...IDENTITY, status: 105 });
      },
    });
    await pass(300_000);
    expect(asked).toEqual(["identify", "health", "provisionRead"]);
    listener().ready?.(IDENTITY);
    await pass(1);
    expect(asked).toHaveLength(6);
    watch.stop();
    await running;
  });

  it("waits for a port that went away, and goes on when it is back", async () => {
    const { watch, running, asked, pass, unplug, plug, kinds } = watched();
    await pass(100);
    unplug();
    await pass(5000);
    expect(kinds().at(-1)).toBe("tick");
    expect(kinds()).toContain("lost");
    asked.length = 0;
    plug();
    await pass(1100);
    expect(rounds(asked)).toBe(1);
    watch.stop();
    await running;
  });

  it("tells a board that does not answer once, and that it is back", async () => {
    let silent = true;
    const { watch, running, pass, inputs } = watched({
      identify: () =>
        silent ? Promise.reject(new DeviceFailure("The board does not answer.")) : Promise.resolve(IDENTITY),
    });
    await pass(9000);
    expect(inputs.filter(({ kind }) => kind === "lost")).toHaveLength(1);
    silent = false;
    await pass(2100);
    expect(inputs.filter(({ kind }) => kind === "open")).toHaveLength(2);
    watch.stop();
    await running;
  });

  it("hears text that no frame carries, and bytes that are none", async () => {
    const { watch, running, pass, ports, inputs } = watched();
    await pass(100);
    ports[0]?.write("Rebooting...\r\n");
    await pass(900);
    ports[0]?.write(Uint8Array.of(200, 201, 0));
    await pass(100);
    expect(inputs.flatMap((input) => (input.kind === "text" || input.kind === "noise" ? [input.text] : []))).toEqual([
      "Rebooting...",
      "2 bytes: c8c9",
    ]);
    watch.stop();
    await running;
  });

  it("ends with the sentence of a port that cannot be opened at first", async () => {
    const { watch, running } = watched();
    watch.stop();
    await running;
    const never = new Watch({
      ...{
        path: "/dev/x",
        open: () => Promise.reject(new MehrError(3, "no permission")),
        clock: () => 0,
        sink: () => {},
      },
      attach: () => {
        throw new Error("not opened");
      },
    });
    await expect(never.run()).rejects.toThrow("no permission");
  });
});

describe("waiting for neighbours", () => {
  it("gives those that are up, or says how many came", async () => {
    vi.useFakeTimers();
    let calls = 0;
    const device = {
      name: "roof",
      neighbours: () => Promise.resolve([neighbour(1), neighbour(2, { state: ++calls < 4 ? 2 : 1 })]),
    };
    const heard: number[] = [];
    const both = waitForNeighbours(device, 2, 60_000, { heard: (all) => heard.push(all.length) });
    await vi.advanceTimersByTimeAsync(4000);
    expect((await both).map(({ nodeId }) => nodeId[0])).toEqual([1, 2]);
    expect(heard).toEqual([1, 2]);
    const three = waitForNeighbours(device, 3, 5000).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(6000);
    expect(String(await three)).toMatch(/Within 5 s roof has heard 2 of 3 neighbours: see that the others run/);
  });
});

describe("keys", () => {
  const typed = (): { keys: Keys; done: string[]; seen: Partial<Input>[] } => {
    const done: string[] = [];
    const seen: Partial<Input>[] = [];
    const nextLogLevel = (): Promise<void> => Promise.resolve(void done.push("level"));
    return {
      keys: new Keys({ quit: () => done.push("quit"), take: (input) => seen.push(input), nextLogLevel }),
      done,
      seen,
    };
  };

  it("do what the help says, and nothing for arrows", async () => {
    const { keys, done, seen } = typed();
    for (const key of ["\x1b[A", "p", "?", "l", "x", "q", "\x03"]) keys.press(key);
    await Promise.resolve();
    expect(done).toEqual(["level", "quit", "quit"]);
    expect(seen.map(({ kind }) => kind)).toEqual(["pause", "help"]);
  });

  it("take a PIN that is never shown", async () => {
    const { keys, done, seen } = typed();
    const pin = keys.ask("PIN of the board:");
    keys.press("qp1\x7f24\r");
    expect(await pin).toBe("qp24");
    expect(done).toEqual([]);
    expect(JSON.stringify(seen)).not.toMatch(/qp|24/);
    const none = keys.ask("PIN of the board:");
    keys.press("12");
    keys.press("\x1b");
    expect(await none).toBeUndefined();
  });
});
