/** How the commands of `mehr device` reach a board: the port, the PIN, and a line to it while the work lasts. */
import { MehrError } from "../../../toolchain/errors.ts";
import { Device, type DeviceOptions } from "../../device/device.ts";
import { listPorts, openPort, portText } from "../../serial/ports.ts";
import { pinOf, type Pins, readPins } from "../../fleet/pins.ts";
import type { Io } from "../outcome.ts";
import { askSecret, canAsk } from "./ask.ts";

export interface DeviceFlags {
  readonly port?: string;
  readonly pin?: string;
  readonly pinFile?: string;
}

/** The port given, or the only one there is. Throws MehrError (2). */
export async function choosePort(given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const ports = await listPorts();
  const [only] = ports;
  if (only === undefined) {
    throw new MehrError(
      2,
      "This machine has no serial port: plug the board in with a cable that carries data, or give --port.",
    );
  }
  if (ports.length > 1) {
    throw new MehrError(2, `There are several ports: ${ports.map(portText).join(" and ")}; give one with --port.`);
  }
  return only.path;
}

/**
 * The PIN by --pin, --pin-file or MEHR_PIN; else what asks for it if it is wanted and somebody is there. A file with the PINs
 * of a fleet is given back as it is: whose is wanted is known when the board has said its name.
 */
export function pinSource(flags: DeviceFlags, env = process.env): DeviceOptions["pin"] | Pins {
  if (flags.pin !== undefined && flags.pinFile !== undefined) {
    throw new MehrError(2, "--pin and --pin-file were both given; give one.");
  }
  if (flags.pin !== undefined) return flags.pin;
  if (flags.pinFile !== undefined) {
    const pins = readPins(flags.pinFile);
    return "all" in pins ? pins.all : pins;
  }
  if (env.MEHR_PIN !== undefined && env.MEHR_PIN !== "") return env.MEHR_PIN;
  return canAsk() ? () => askSecret("PIN: ", "give --pin-file, or MEHR_PIN in the environment") : undefined;
}

/** Opens the board, does the work, and lets go of the port whatever happens. */
export async function withDevice<T>(
  io: Io,
  flags: DeviceFlags,
  work: (device: Device, port: string) => Promise<T>,
  options: DeviceOptions = {},
): Promise<T> {
  const source = pinSource(flags);
  const pin = typeof source === "object" ? undefined : source;
  const path = await choosePort(flags.port);
  const port = await openPort(path);
  let damaged = "";
  try {
    const device = await Device.open(port, {
      name: `The board on ${path}`,
      ...(pin === undefined ? {} : { pin }),
      ...options,
      listener: {
        ...options.listener,
        frameError: (sentence) => {
          // The first of them; a bad line has many.
          if (damaged === "") io.progress(`Note: ${sentence}`);
          damaged = sentence;
          options.listener?.frameError?.(sentence);
        },
      },
    });
    if (typeof source === "object") device.usePin(await pinFrom(source, device, flags.pinFile ?? ""));
    return await work(device, path);
  } finally {
    await port.close();
  }
}

/** The PIN of the board that is there, by the name it says. Throws MehrError (2) if the file has none for it. */
async function pinFrom(pins: Pins, device: Device, path: string): Promise<string | undefined> {
  const { name, lock } = await device.identify();
  const pin = pinOf(pins, name);
  if (pin !== undefined || lock === "open") return pin;
  throw new MehrError(
    2,
    `The PIN file ${path} has no PIN for ${JSON.stringify(name)}; add a line with it, or give --pin.`,
  );
}
