import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Pty } from "../../tests/support/pty.ts";
import { findPython } from "../../toolchain/pio/environment.ts";
import { denied, listPorts, openPort, type Port, portText } from "./ports.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-ports-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Resolves with the next bytes, once there are `length` of them. */
function bytesFrom(stream: NodeJS.ReadableStream, length: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const take = (bytes: Buffer): void => {
      text += bytes.toString("latin1");
      if (text.length < length) return;
      stream.off("data", take);
      resolve(text);
    };
    stream.on("data", take);
  });
}

describe("the list of ports", () => {
  /** A sysfs with a USB board, a USB bridge, an old UART with and without a chip, a console and a pty master. */
  function sysfs(name: string): { sys: string; dev: string } {
    const sys = join(dir, name, "sys");
    const dev = join(dir, name, "dev");
    mkdirSync(dev, { recursive: true });
    const tty = (port: string, device?: string, files: Record<string, string> = {}): void => {
      const folder = join(sys, "class", "tty", port);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(dev, port), "");
      if (device !== undefined) {
        mkdirSync(join(sys, device), { recursive: true });
        symlinkSync(join(sys, device), join(folder, "device"));
      }
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), `${text}\n`);
    };
    const usb = (folder: string, files: Record<string, string>): void => {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(sys, folder, file), `${text}\n`);
    };
    tty("ttyACM10", "devices/pci0/usb1/1-1/1-1.4/1-1.4:1.0");
    usb("devices/pci0/usb1/1-1/1-1.4", {
      idVendor: "239a",
      idProduct: "8029",
      serial: "5A3F",
      manufacturer: "RAKwireless",
      product: "WisCore RAK4631",
    });
    tty("ttyUSB2", "devices/pci0/usb1/1-2/1-2:1.0/ttyUSB2");
    usb("devices/pci0/usb1/1-2", { idVendor: "10c4", idProduct: "ea60" });
    tty("ttyS0", "devices/pnp0", { type: "4" });
    tty("ttyS1", "devices/platform/serial8250", { type: "0" });
    tty("tty1");
    tty("ttyACM9", "devices/pci0/usb1/1-1/1-1.3/1-1.3:1.0");
    rmSync(join(dev, "ttyACM9"));
    tty("ttyACM2", "devices/pci0/usb1/1-1/1-1.2/1-1.2:1.0");
    usb("devices/pci0/usb1/1-1/1-1.2", { idVendor: "303a", idProduct: "1001", product: "USB JTAG/serial debug unit" });
    return { sys, dev };
  }

  it("has what sysfs says of each port with hardware behind it, in order", async () => {
    const { sys, dev } = sysfs("many");
    const ports = await listPorts(sys, dev);
    expect(ports).toEqual([
      {
        path: join(dev, "ttyACM2"),
        vid: 0x303a,
        pid: 0x1001,
        product: "USB JTAG/serial debug unit",
        location: "1-1.2",
      },
      {
        path: join(dev, "ttyACM10"),
        vid: 0x239a,
        pid: 0x8029,
        serialNumber: "5A3F",
        manufacturer: "RAKwireless",
        product: "WisCore RAK4631",
        location: "1-1.4",
      },
      { path: join(dev, "ttyS0") },
      { path: join(dev, "ttyUSB2"), vid: 0x10c4, pid: 0xea60, location: "1-2" },
    ]);
    expect(ports.map((port) => portText(port).slice(dev.length + 1))).toEqual([
      "ttyACM2 (303A:1001 USB JTAG/serial debug unit)",
      "ttyACM10 (239A:8029 RAKwireless WisCore RAK4631, serial 5A3F)",
      "ttyS0",
      "ttyUSB2 (10C4:EA60)",
    ]);
  });

  it("is empty on a machine without any", async () => {
    expect(await listPorts(join(dir, "nothing"), join(dir, "nothing"))).toEqual([]);
  });
});

describe("a port", () => {
  const open: { close(): Promise<void> }[] = [];
  const ptys: Pty[] = [];
  afterEach(async () => {
    for (const port of open.splice(0)) await port.close();
    for (const pty of ptys.splice(0)) await pty.unplug();
  });
  async function line(): Promise<Pty> {
    const pty = await Pty.open();
    ptys.push(pty);
    return pty;
  }
  async function opened(path: string, baudRate?: number): Promise<Port> {
    const port = await openPort(path, baudRate === undefined ? {} : { baudRate });
    open.push(port);
    return port;
  }

  it("carries every byte both ways, through a link too, and sets its speed", async () => {
    const pty = await line();
    const linked = join(dir, "n1");
    symlinkSync(pty.path, linked);
    const port = await opened(linked, 57_600);
    const all = Buffer.from(Array.from({ length: 4096 }, (_, i) => i & 0xff));
    const out = bytesFrom(pty, all.length);
    port.write(all);
    expect(await out).toBe(all.toString("latin1"));
    const back = bytesFrom(port, all.length);
    pty.write(all);
    expect(await back).toBe(all.toString("latin1"));
    expect(pty.speeds).toContain(57_600);
  });

  it("sends what was written before it closes, and can be opened again at once", async () => {
    const pty = await line();
    for (let i = 0; i < 5; i++) {
      const port = await opened(pty.path);
      const out = bytesFrom(pty, 3000);
      port.write("x".repeat(3000));
      await port.close();
      expect(port.destroyed).toBe(true);
      await port.close();
      expect(await out).toBe("x".repeat(3000));
    }
  });

  it("says that it is in use, and by whom", async () => {
    const pty = await line();
    const first = await opened(pty.path);
    await expect(openPort(pty.path)).rejects.toMatchObject({ exitCode: 1, message: /is in use by / });
    await first.close();

    const python = (await findPython())?.command ?? "python3";
    const hold = `import fcntl, os, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(fd, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)`;
    const child = spawn(python, ["-c", hold, pty.path], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(child.stdout, "data");
      await expect(openPort(pty.path)).rejects.toMatchObject({
        exitCode: 1,
        message: expect.stringMatching(new RegExp(`in use by .*\\(process ${child.pid}\\).*; close it`)),
      });
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("ends with a sentence when the board is unplugged, and a write after that does not hang", async () => {
    const pty = await line();
    const port = await opened(pty.path);
    const error = once(port, "error");
    port.resume();
    await pty.unplug();
    expect(((await error) as [Error])[0]).toMatchObject({
      exitCode: 1,
      message: `${pty.path} went away: the board was unplugged or reset.`,
    });
    expect(port.destroyed).toBe(true);
    await new Promise((resolve) => port.write("more", resolve));
    await port.close();
  });

  it("may be a Unix socket", async () => {
    const path = join(dir, "console");
    const server = createServer();
    server.listen(path);
    await once(server, "listening");
    const connected = once(server, "connection") as Promise<[Socket]>;
    const port = await opened(path);
    const [far] = await connected;
    far.write("hello");
    expect(await bytesFrom(port, 5)).toBe("hello");
    port.write("and back");
    expect(await bytesFrom(far, 8)).toBe("and back");
    expect(port.path).toBe(path);
    far.destroy();
    await once(port, "close");
    server.close();
    await once(server, "close");
  });

  it("that is none is refused with what there is", async () => {
    await expect(openPort(join(dir, "ttyACM7"))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^There is no port .*ttyACM7; (this machine has none|there (is|are) \/dev\/)/),
    });
    await expect(openPort(dir)).rejects.toMatchObject({ exitCode: 2, message: /is a folder and not a serial port/ });
    const file = join(dir, "file");
    writeFileSync(file, "");
    await expect(openPort(file)).rejects.toMatchObject({ exitCode: 2, message: /is a file and not a serial port/ });
    await expect(openPort("/dev/null")).rejects.toMatchObject({ exitCode: 2, message: /\/dev\/null is not a serial/ });
    const dead = join(dir, "dead");
    const server = createServer();
    server.listen(dead);
    await once(server, "listening");
    // A socket whose program was killed stays behind.
    const left = join(dir, "left");
    symlinkSync(dead, left);
    server.close();
    await once(server, "close");
    await expect(openPort(left)).rejects.toMatchObject({ exitCode: 2, message: /no port/ });
  });

  it("that this user may not open is refused with what lets them", () => {
    const groups: [string, number][] = [
      ["root", 0],
      ["dialout", 20],
    ];
    expect(denied("/dev/ttyACM0", { gid: 20, mode: 0o20660 }, groups)).toMatchObject({
      exitCode: 3,
      message: expect.stringMatching(/may not open \/dev\/ttyACM0: it belongs to the group dialout\.$/),
      hint: expect.stringMatching(/^sudo usermod -aG dialout \$USER /),
    });
    for (const stat of [{ gid: 0, mode: 0o20660 }, { gid: 20, mode: 0o20600 }, undefined]) {
      expect(denied("/dev/ttyACM0", stat, groups)).toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/a udev rule changes that\.$/),
        hint: expect.stringMatching(/SUBSYSTEM=="tty".*TAG\+="uaccess".*60-mehr\.rules/),
      });
    }
  });
});
