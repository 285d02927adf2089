import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type BootConfig, bootConfig, decodeBootConfig, encodeBootConfig } from "../../../boards/config.ts";
import qemuM4 from "../../../boards/qemu-m4.ts";
import { Status } from "../../../host/core/abi.gen.ts";
import { LOAD_TIMEOUT_MS, PacketPath } from "../../../tests/support/packet-path.ts";

let core: PacketPath;
beforeAll(async () => {
  core = await PacketPath.load();
}, LOAD_TIMEOUT_MS);

const load = (bytes: Uint8Array): Status => core.call("configLoad", core.put(bytes), bytes.length);
const GOOD = bootConfig(qemuM4);
const loadConfig = (change: Partial<BootConfig>): Status => load(encodeBootConfig({ ...GOOD, ...change }));
/** Microseconds of the longest air frame, as the ledger counts it. */
const longestUs = (): number => core.call("mediumAirtimeUs", 254);

describe("the boot configuration", () => {
  it("refuses a dwell limit shorter than the longest air frame, and takes one that is not", () => {
    // SF8, 125 kHz, preamble 18: 727.552 ms.
    expect(loadConfig({})).toBe(Status.Ok);
    expect(longestUs()).toBe(727_552);
    expect(loadConfig({ dwellMs: 700 })).toBe(Status.ConfigUnlawful);
    expect(loadConfig({ dwellMs: 800 })).toBe(Status.Ok);
    expect(loadConfig({ dwellMs: 100 })).toBe(Status.ConfigUnlawful);
    expect(loadConfig({ spreadingFactor: 7, preambleSymbols: 18, dwellMs: 400 })).toBe(Status.ConfigUnlawful);
    expect(loadConfig({ spreadingFactor: 7, preambleSymbols: 8, dwellMs: 400 })).toBe(Status.Ok);
    expect(longestUs()).toBe(399_616);
  });

  it("refuses a duty whose four fifths are shorter than the largest link frame", () => {
    const sf12 = { spreadingFactor: 12, preambleSymbols: 8 };
    expect(loadConfig({ ...sf12, dutyPermille: 10 })).toBe(Status.Ok);
    // 2 x 9019.392 ms do not fit 0.8 x 3.6 s, nor 0.8 x 6 x 3.6 s; 0.8 x 7 x 3.6 s holds them.
    expect(loadConfig({ ...sf12, dutyPermille: 1 })).toBe(Status.ConfigUnlawful);
    expect(loadConfig({ ...sf12, dutyPermille: 6 })).toBe(Status.ConfigUnlawful);
    expect(loadConfig({ ...sf12, dutyPermille: 7 })).toBe(Status.Ok);
  });

  it("asks neither of a node that does not transmit by radio, and keeps what it had when it refuses", () => {
    const never = { spreadingFactor: 12, dutyPermille: 1, dwellMs: 400 };
    expect(loadConfig({ ...never, transmitAllowed: false })).toBe(Status.Ok);
    expect(loadConfig({ ...never, radio: false })).toBe(Status.Ok);
    expect(loadConfig({ spreadingFactor: 9 })).toBe(Status.Ok);
    const before = longestUs();
    expect(loadConfig(never)).toBe(Status.ConfigUnlawful);
    expect(longestUs()).toBe(before);
  });

  it("takes and refuses the same bytes as the host, one changed at a time", () => {
    const wired = [{ bitrateBps: 115_200, mtu: 484 }];
    const lbt = { lbtThresholdDbm: -80, lbtMs: 5, pauseMs: 50, dwellMs: 4000 };
    const bases = [{}, { wired }, lbt, { ...lbt, wired, radio: false }].map((c) => encodeBootConfig({ ...GOOD, ...c }));
    fc.assert(
      fc.property(fc.constantFrom(...bases), fc.nat(39), fc.nat(255), (base, at, value) => {
        const bytes = base.slice();
        bytes[at % bytes.length] = value;
        // Which bandwidths exist is the core's to say, how short a preamble the chip takes the host's.
        const lax = [8, 16, 17, 18, 19].includes(at % bytes.length);
        const status = load(bytes);
        expect([Status.Ok, Status.BadConfig, Status.ConfigUnlawful]).toContain(status);
        let known = true;
        try {
          decodeBootConfig(bytes);
        } catch {
          known = false;
        }
        if (!lax) expect(status !== Number(Status.BadConfig)).toBe(known);
      }),
      { numRuns: 2000 },
    );
  });
});
