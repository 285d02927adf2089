/** What one board is to be, from flags and, at a terminal, from questions. */
import { MehrError } from "../../toolchain/errors.ts";
import { findRegion, transmittingRegions } from "../../boards/regions/index.ts";
import { connectDevice } from "../fleet/connect-device.ts";
import type { FleetDevice } from "../fleet/file.ts";
import { FleetLock } from "../fleet/lock-file.ts";
import { isAddress, nameProblem } from "../fleet/schema.ts";
import { NO_REGION, resolve, type Settings } from "../fleet/settings.ts";
import { listPorts, type PortInfo, portText } from "../serial/ports.ts";
import type { Asker } from "./ask.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface OneFlags {
  readonly name?: string;
  readonly port?: string;
  readonly usb?: string;
  readonly board?: string;
  readonly region?: string;
  /** Hz */
  readonly frequency?: number;
  /** Hz */
  readonly bandwidth?: number;
  readonly sf?: number;
  readonly preamble?: number;
  readonly power?: number;
  /** dBi */
  readonly antennaGain?: number;
  readonly price?: bigint;
  readonly costTier?: number;
  /** Names of devices of fleet.lock, addresses, or all devices of fleet.lock. */
  readonly trust: readonly string[];
}

/** A name a person would not mind: the board and the end of its address. */
function defaultName(board: string, destination: string): string {
  return `${board}-${destination.slice(-4)}`.slice(-32);
}

/**
 * The device that flags and answers describe.
 *
 * @throws MehrError (2) naming the flags that are missing where nobody can be asked, or what is wrong with one
 */
export async function oneDevice(
  io: Io,
  flags: OneFlags,
  lockPath: string,
  asker: Asker | undefined,
): Promise<FleetDevice> {
  if (flags.port !== undefined && flags.usb !== undefined) {
    throw new MehrError(2, "--port and --usb both say which board it is; leave one of them out.");
  }
  const lock = FleetLock.read(lockPath);
  if (flags.name !== undefined) requireName(flags.name);
  const trusted = flags.trust.flatMap((peer) => peerOf(peer, lock, flags.name));
  // A region that nobody has is told before a port is opened.
  if (flags.region !== undefined && flags.region !== NO_REGION) findRegion(flags.region);
  const port = flags.usb === undefined ? (flags.port ?? (await choosePort(asker))) : await usbPort(flags.usb);
  if (asker === undefined) {
    const missing = [
      ...(flags.name === undefined ? ["--name"] : []),
      ...(flags.region === undefined ? ["--region (or --region none, to only listen)"] : []),
    ];
    if (missing.length > 0) {
      const what = `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`;
      throw new MehrError(2, `${what}, and nobody can be asked here; add them, or give a fleet file.`);
    }
  }
  const { board, destination } = await whoIsThere(port);
  if (asker !== undefined) io.progress(`- ${port} is a ${board}, ${destination}`);
  const known = lock.devices.find((device) => device.destination === destination)?.name;
  const name =
    flags.name ??
    (await asker?.ask("name", known ?? defaultName(board, destination), (text) => {
      const wrong = nameProblem(text);
      return wrong === undefined ? undefined : `${wrong.came}; ${wrong.fix}`;
    })) ??
    "";
  const region = flags.region ?? (asker === undefined ? NO_REGION : await askRegion(asker, lock));
  const settings: Settings & { board: string } = {
    board: flags.board ?? board,
    region,
    frequency: flags.frequency === undefined ? undefined : flags.frequency / 1e6,
    bandwidth: flags.bandwidth === undefined ? undefined : flags.bandwidth / 1000,
    sf: flags.sf,
    preamble: flags.preamble,
    power: flags.power,
    antenna_gain: flags.antennaGain,
    price: flags.price,
    cost_tier: flags.costTier,
  };
  const resolved = resolve(settings);
  if (!("config" in resolved)) {
    const flag = (field: string): string => `--${field.replaceAll("_", "-")}`;
    throw new MehrError(2, resolved.map(({ field, sentence }) => `${flag(field)}: ${sentence}`).join("\n"));
  }
  if (asker !== undefined) io.progress(`- ${name}: ${resolved.summary}`);
  return { name, find: { port }, settings, resolved, trusted: [...new Set(trusted)] };
}

function requireName(name: string): void {
  const wrong = nameProblem(name);
  if (wrong !== undefined) throw new MehrError(2, `--name: ${wrong.came}; ${wrong.fix}.`);
}

/** Addresses that a --trust means. */
function peerOf(peer: string, lock: FleetLock, own: string | undefined): string[] {
  if (peer === "all") return lock.devices.filter(({ name }) => name !== own).map(({ destination }) => destination);
  const entry = lock.byName(peer);
  if (entry !== undefined) return [entry.destination];
  if (isAddress(peer)) return [peer.toLowerCase()];
  const names = lock.devices.map(({ name }) => name);
  const there = names.length === 0 ? `${lock.path} has none yet` : `those of ${lock.path} are ${names.join(", ")}`;
  throw new MehrError(2, `--trust ${peer} is no device and no address of 32 hexadecimal digits; ${there}.`);
}

async function choosePort(asker: Asker | undefined): Promise<string> {
  const ports = await listPorts();
  const [first, second] = ports;
  if (first === undefined) {
    throw new MehrError(
      2,
      "This machine has no serial port: plug the board in with a cable that carries data, or give --port.",
    );
  }
  if (second === undefined) return first.path;
  if (asker === undefined) {
    throw new MehrError(2, `--port is missing and there are ${ports.map(portText).join(" and ")}; name one.`);
  }
  const rows = ports.map((port, index) => [String(index + 1), portText(port)]);
  process.stderr.write(`${table(["", "port"], rows)}\n`);
  const answer = await asker.ask("port (its number or its path)", undefined, (text) =>
    numbered(text, ports) === undefined ? `there is no ${text === "" ? "port without a name" : text}` : undefined,
  );
  return numbered(answer, ports) ?? answer;
}

/** A port by its place in the list or by its path. */
function numbered(text: string, ports: readonly PortInfo[]): string | undefined {
  if (/^\d+$/.test(text)) return ports[Number(text) - 1]?.path;
  return text.startsWith("/") || /^COM\d+$/i.test(text) ? text : undefined;
}

async function usbPort(usb: string): Promise<string> {
  const ports = await listPorts();
  const [found, second] = ports.filter(({ serialNumber }) => serialNumber === usb);
  if (found !== undefined && second === undefined) return found.path;
  const there = ports.length === 0 ? "this machine has no ports" : `there are ${ports.map(portText).join(" and ")}`;
  const count = found === undefined ? "No USB device has" : "Several USB devices have";
  throw new MehrError(2, `${count} the serial number ${usb}; ${there}; give --port.`);
}

async function whoIsThere(port: string): Promise<{ board: string; destination: string }> {
  const connection = await connectDevice(port, port);
  try {
    const { board, nodeId } = await connection.identify();
    return { board, destination: nodeId };
  } finally {
    await connection.close();
  }
}

/** The region of the relay provisioned last is likely, and nothing else is: law is not to be guessed. */
async function askRegion(asker: Asker, lock: FleetLock): Promise<string> {
  const latest = [...lock.devices].sort((a, b) => (a.provisioned_at < b.provisioned_at ? 1 : -1))[0];
  const fallback = latest === undefined ? undefined : latest.region === "" ? NO_REGION : latest.region;
  return asker.ask("region (its id, or none to only listen)", fallback, (text) => {
    if (text === NO_REGION) return undefined;
    if (text === "") {
      const ids = transmittingRegions().map(({ id }) => id);
      return `the regions are ${ids.join(", ")}`;
    }
    try {
      findRegion(text);
      return undefined;
    } catch (error) {
      return (error as Error).message.replace(/\.$/, "");
    }
  });
}
