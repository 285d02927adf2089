/**
 * Which serial ports there are and what is behind them.
 *
 * On Linux this reads sysfs itself: serialport's own list asks `udevadm`, which containers and small systems lack. A tty
 * of the kernel has a `device` link when hardware is behind it; above it, the first directory with an `idVendor` is the
 * USB device (Linux, Documentation/ABI/stable/sysfs-bus-usb). Nothing is opened here.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface PortInfo {
  /** What to give `openPort`: "/dev/ttyACM0", "COM3". */
  readonly path: string;
  /** USB ids, if it is a USB device. */
  readonly vid?: number;
  readonly pid?: number;
  readonly serialNumber?: string;
  readonly manufacturer?: string;
  /** What the USB device calls itself. */
  readonly product?: string;
  /** The USB socket it is in, such as "1-1.4": the same after a board came back as something else. */
  readonly location?: string;
}

/** Every serial port with hardware behind it, in the order people read. `sysfs` and `dev` are for tests. */
export async function listPorts(sysfs = "/sys", dev = "/dev"): Promise<PortInfo[]> {
  const ports = process.platform === "linux" || sysfs !== "/sys" ? linuxPorts(sysfs, dev) : await otherPorts();
  return ports.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));
}

function linuxPorts(sysfs: string, dev: string): PortInfo[] {
  const folder = join(sysfs, "class", "tty");
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name): PortInfo[] => {
    const path = join(dev, name);
    const tty = join(folder, name);
    let device: string;
    try {
      device = realpathSync(join(tty, "device"));
    } catch {
      // A console or a pseudo-terminal.
      return [];
    }
    // The driver of old UARTs makes /dev/ttyS0 and up whether there is a chip or not; type 0 is "none found".
    if (read(join(tty, "type")) === "0" || !existsSync(path)) return [];
    const usb = usbDevice(device, sysfs);
    return [{ path, ...(usb === undefined ? {} : usbFacts(usb)) }];
  });
}

/** The directory of the USB device this is an interface of. */
function usbDevice(device: string, sysfs: string): string | undefined {
  for (let at = device; at.length > sysfs.length && at !== dirname(at); at = dirname(at)) {
    if (existsSync(join(at, "idVendor"))) return at;
  }
  return undefined;
}

function usbFacts(folder: string): Omit<PortInfo, "path"> {
  const text = (name: string): string | undefined => read(join(folder, name)) || undefined;
  const id = (name: string): number | undefined => {
    const digits = text(name);
    return digits !== undefined && /^[0-9a-f]{4}$/i.test(digits) ? parseInt(digits, 16) : undefined;
  };
  return facts({
    vid: id("idVendor"),
    pid: id("idProduct"),
    serialNumber: text("serial"),
    manufacturer: text("manufacturer"),
    product: text("product"),
    location: folder.slice(folder.lastIndexOf("/") + 1),
  });
}

/** The file's text without what surrounds it; undefined if it cannot be read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}

type Facts = { readonly [K in keyof Omit<PortInfo, "path">]: PortInfo[K] | undefined };

/** Without the fields that are not known. */
function facts(all: Facts): Omit<PortInfo, "path"> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

async function otherPorts(): Promise<PortInfo[]> {
  const { SerialPort } = await import("serialport");
  return (await SerialPort.list()).map((port) => {
    const id = (text: string | undefined): number | undefined => (text ? parseInt(text, 16) : undefined);
    return {
      // On macOS a tty.* waits for a carrier no board has; its cu.* does not.
      path: process.platform === "darwin" ? port.path.replace(/^\/dev\/tty\./, "/dev/cu.") : port.path,
      ...facts({
        vid: id(port.vendorId),
        pid: id(port.productId),
        serialNumber: port.serialNumber,
        manufacturer: port.manufacturer,
        product: undefined,
        location: port.locationId,
      }),
    };
  });
}

/** "/dev/ttyACM0 (239A:8029 RAKwireless WisCore, serial 5A3F)" */
export function portText(port: PortInfo): string {
  const hex4 = (value: number): string => value.toString(16).toUpperCase().padStart(4, "0");
  const ids = port.vid === undefined || port.pid === undefined ? [] : [`${hex4(port.vid)}:${hex4(port.pid)}`];
  const names = [port.manufacturer, port.product].filter((name) => name !== undefined);
  const serial = port.serialNumber === undefined ? "" : `, serial ${port.serialNumber}`;
  const what = [...ids, ...names].join(" ");
  return what === "" ? port.path : `${port.path} (${what}${serial})`;
}
