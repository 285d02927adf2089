/**
 * A relay whose core does not start resets itself, later each time, until it does: as a Linux process whose clock runs
 * 120 times as fast.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { RecordKey, Status } from "../host/core/abi.gen.ts";
import { decodeHealthReply, Request } from "../host/board/messages.gen.ts";
import { buildImage, until, virtualBoard, withBoard } from "./support/images.ts";
import { storeRecord } from "./support/records.ts";

const FASTER = 120;

/** Loaded before the C library: its clock, and its waiting, for boards/runtime/hal/linux. */
const CLOCK = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, time);
  if (id != CLOCK_MONOTONIC) return result;
  unsigned long long ns = (time->tv_sec * 1000000000ull + time->tv_nsec) * ${FASTER};
  time->tv_sec = ns / 1000000000ull;
  time->tv_nsec = ns % 1000000000ull;
  return result;
}
int poll(struct pollfd* fds, nfds_t n, int ms) {
  static int (*real)(struct pollfd*, nfds_t, int);
  if (!real) real = dlsym(RTLD_NEXT, "poll");
  return real(fds, n, ms > 0 ? (ms + ${FASTER} - 1) / ${FASTER} : ms);
}
`;

let folder: string;
let image: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-restart-"));
  const built = (await buildImage("native")).image;
  const library = join(folder, "clock.so");
  writeFileSync(join(folder, "clock.c"), CLOCK);
  execFileSync("gcc", ["-O1", "-Wall", "-Werror", "-shared", "-fPIC", join(folder, "clock.c"), "-o", library, "-ldl"]);
  image = join(folder, "board");
  writeFileSync(image, `#!/bin/sh\nLD_PRELOAD='${library}' exec '${built}' "$@"\n`);
  chmodSync(image, 0o755);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a board whose core does not start", () => {
  it("resets itself, and comes back once it can", { timeout: 60_000 }, async () => {
    const flash = join(folder, "flash");
    const said: { text: string; at: number }[] = [];
    let boots = 0;
    const listener = {
      ready: () => boots++,
      fatal: (status: number) => said.push({ text: `fatal ${status}`, at: performance.now() }),
      log: (_: string, text: string) => said.push({ text, at: performance.now() }),
    };
    const options = {
      board: virtualBoard("native"),
      image,
      flash,
      listener,
      radio: (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) =>
        void new RadioPort({ name: "native", stream }),
    };
    const nodeId = await withBoard(options, async ({ identity }) => {
      expect(identity.status).toBe(Status.Ok);
      return identity.nodeId;
    });
    boots = 0;
    // An identity of 31 bytes is none.
    storeRecord(flash, RecordKey.Identity, new Uint8Array(31).fill(5));
    await withBoard(options, async ({ console, identity }) => {
      const fatals = (): { at: number }[] => said.filter(({ text }) => text === `fatal ${Status.BadRecord}`);
      expect(identity.status).toBe(Status.BadRecord);
      const spoke = performance.now();
      // Asked for who it is, it waits until nobody has spoken to it for 300 s; then for 120 s.
      await until("the board has reset itself twice", () => fatals().length === 3, 20);
      const times = fatals().map(({ at }) => (at * FASTER) / 1000);
      expect(times[1]).toBeGreaterThan((spoke * FASTER) / 1000 + 285);
      expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThan(115);
      expect((times[2] ?? 0) - (times[1] ?? 0)).toBeLessThan(295);
      const words = said.map(({ text }) => text).join("\n");
      expect(words).toContain("The board resets itself in 60 s");
      expect(words).toContain("The board resets itself in 120 s");
      expect(words).toContain("The last run ended by a fault: Fault 2 in a row: The stored record");
      expect(words).toContain("The board resets itself in 240 s");
      // Its flash is mended, or was only slow to come up.
      storeRecord(flash, RecordKey.Identity, new Uint8Array(32).fill(5));
      await until("the board has booted", () => boots === 1, 20);
      const now = await console.identify();
      expect(now.status).toBe(Status.Ok);
      expect(now.nodeId).not.toBe(nodeId);
      const health = decodeHealthReply((await console.request(Request.Health)).subarray(1));
      expect(health.lastWords).toContain("Fault 3 in a row: The stored record");
    });
  });
});
