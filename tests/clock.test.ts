/** A board whose clock jumps back: the core refuses every call until it has caught up, and the board says so once. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Request } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { beaconFrame } from "../host/conformance/scenario.ts";
import { Command, Status } from "../host/core/abi.gen.ts";
import { buildImage, until, variants, virtualBoard, withBoard } from "./support/images.ts";

const VARIANTS = variants("native");
const images = new Map<string, string>();
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mehr-clock-"));
  for (const { id, engine, name } of VARIANTS) images.set(name, (await buildImage(id, engine)).image);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** In front of the board's program: its clock is 100 s ahead while a file is there. */
const AHEAD = `
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec* time) {
  long result = syscall(SYS_clock_gettime, id, time);
  if (result == 0 && id == CLOCK_MONOTONIC && access(FILE_AHEAD, F_OK) == 0) time->tv_sec += 100;
  return (int)result;
}
`;

describe.each(VARIANTS)("$name", ({ id, name }) => {
  it(
    "refuses calls while its clock is behind, says so once for each start, and goes on",
    { timeout: 120_000 },
    async () => {
      const ahead = join(folder, `${name}.ahead`);
      const library = join(folder, `${name}.so`);
      const program = join(folder, name);
      execFileSync("gcc", ["-shared", "-fPIC", `-DFILE_AHEAD="${ahead}"`, "-x", "c", "-", "-o", library], {
        input: AHEAD,
      });
      writeFileSync(program, `#!/bin/sh\nLD_PRELOAD='${library}' exec '${images.get(name) ?? ""}' "$@"\n`);
      chmodSync(program, 0o755);
      const logs: string[] = [];
      let boots = 0;
      let port: RadioPort | undefined;
      const options = {
        board: virtualBoard(id),
        image: program,
        radio: (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) => {
          port = new RadioPort({ name, stream });
        },
        listener: {
          log: (level: string, text: string) => logs.push(`${level}: ${text}`),
          ready: () => boots++,
        },
      };
      await withBoard(options, async ({ console }) => {
        const status = async (): Promise<number> => (await console.command(Uint8Array.of(Command.Status))).status;
        const told = "warn: The board's clock ran backwards; the core refuses every call until it has caught up.";
        const jump = async (): Promise<void> => {
          writeFileSync(ahead, "");
          expect(await status()).toBe(Status.Ok);
          rmSync(ahead);
          for (let i = 0; i < 20; i++) {
            port?.receive({ rssiDbm: -80, snrQdb: 40, frame: beaconFrame(new Uint8Array(16).fill(i + 1)) });
            expect(await status()).toBe(Status.ClockBackwards);
          }
        };
        expect(await status()).toBe(Status.Ok);
        expect(logs).toEqual([]);
        await jump();
        expect(logs).toEqual([told]);
        await jump();
        expect(logs).toEqual([told]);
        // A new start has a clock of its own, and says it again.
        await console.simple(Request.Reboot);
        await until("the board is back", () => boots === 2);
        expect(await status()).toBe(Status.Ok);
        await jump();
        expect(logs).toEqual([told, told]);
      });
    },
  );
});
