/** Native boards on one radio channel, each with a device client at its console. */
import { type BootConfig, bootConfig, encodeBootConfig } from "../../boards/config.ts";
import { Channel } from "../../host/radio/channel.ts";
import { RealClock } from "../../host/radio/clock.ts";
import { RadioPort } from "../../host/board/radio-port.ts";
import { VirtualBoardProcess } from "../../host/board/virtual.ts";
import { Device, type DeviceOptions, type ProvisionDraft } from "../../host/device/device.ts";
import { NO_PIN_KEY, PIN_SALT_SIZE, pinKey } from "../../host/device/pin.ts";
import { phyOf } from "../../host/node/node.ts";
import { airtimeOf } from "../../host/run/fleet.ts";
import { virtualBoard } from "./images.ts";

export const NATIVE = virtualBoard("native");

/** A draft for a virtual board. A PIN's key is made with the least work there is: the tests make many. */
export async function draftFor(
  name: string,
  pin?: string,
  trusted: readonly Uint8Array[] = [],
  settings: Partial<BootConfig> = {},
): Promise<ProvisionDraft> {
  const salt = new Uint8Array(PIN_SALT_SIZE).fill(pin === undefined ? 0 : 7);
  const pinLogN = pin === undefined ? 0 : TEST_LOG_N;
  return {
    record: {
      version: 1,
      flags: 0,
      antennaGainTenths: 21,
      region: "eu868",
      name,
      config: encodeBootConfig({ ...bootConfig(NATIVE), ...settings }),
      pinLogN,
      pinSalt: salt,
      pinKey: pin === undefined ? NO_PIN_KEY : await pinKey(pin, salt, pinLogN),
      provisionedMs: 1_700_000_000_000n,
    },
    trusted: trusted.map((nodeId) => ({ nodeId })),
  };
}
/** The least a board takes. */
const TEST_LOG_N = 14;

export interface Bench {
  /** Starts a board; `flash` is a file that keeps its records, `settings` what its radio port listens with. */
  start(
    name: string,
    options?: DeviceOptions & { flash?: string; settings?: Partial<BootConfig> },
  ): Promise<{ board: VirtualBoardProcess; device: Device }>;
  stop(): Promise<void>;
}

export async function openBench(image: string, wasm: Uint8Array): Promise<Bench> {
  const channel = new Channel({ clock: new RealClock(), airtimeUs: await airtimeOf(wasm), seed: 1, loss: 0 });
  const boards: VirtualBoardProcess[] = [];
  return {
    start: async (name, { flash, settings, ...options } = {}) => {
      const board = await VirtualBoardProcess.start({
        board: NATIVE,
        image,
        name,
        radio: (stream) => new RadioPort({ name, stream, channel }).tune(phyOf({ ...bootConfig(NATIVE), ...settings })),
        ...(flash === undefined ? {} : { flash }),
      });
      boards.push(board);
      return { board, device: await Device.open(board.stream, { name, ...options }) };
    },
    stop: async () => {
      await Promise.all(boards.map((board) => board.stop()));
    },
  };
}
