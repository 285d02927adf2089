/** `mehr device` as a person or a script calls it, on the pseudo-terminal of a native board. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { Device } from "../host/device/device.ts";
import { openPort } from "../host/serial/ports.ts";
import { draftFor } from "./support/devices.ts";
import { buildImage, root, until } from "./support/images.ts";

let folder: string;
let port: string;
let server: Server;
let board: ChildProcess;
beforeAll(async () => {
  const { image } = await buildImage("native");
  folder = mkdtempSync(join(tmpdir(), "mehr-device-cli-"));
  port = join(folder, "roof");
  server = createServer((stream) => void new RadioPort({ name: "roof", stream }));
  await new Promise<void>((resolve) => server.listen(join(folder, "radio"), resolve));
  const args = ["--console", `pty:${port}`, "--radio", join(folder, "radio"), "--flash", join(folder, "flash")];
  board = spawn(image, args, { stdio: "ignore" });
  await until("it has a console", () => existsSync(port));
}, 600_000);
afterAll(() => {
  board.kill("SIGKILL");
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly json: Record<string, unknown>;
}

function mehr(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const command = [join(root, "bin", "mehr.mjs"), "device", ...args];
    execFile(process.execPath, command, { env: { ...process.env, ...env } }, (error, out, err) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : 1;
      let json: Record<string, unknown> = {};
      if (args.includes("--json")) json = JSON.parse(out) as Record<string, unknown>;
      resolve({ code, out, err, json });
    });
  });
}
const ask = (name: string, ...args: string[]): Promise<Outcome> => mehr([name, ...args, "--port", port]);

describe("mehr device", () => {
  it("goes from an unprovisioned board to a backup and back", { timeout: 120_000 }, async () => {
    const who = await ask("identify", "--json");
    expect(who.json).toMatchObject({
      ok: true,
      board: "native",
      name: "",
      provisioned: false,
      lock: "open",
      proven: true,
    });
    expect((await ask("status")).out).toMatch(/started by power on\n.*\n?.*records \d+ of \d+ bytes/s);
    expect((await ask("lock", "--json")).json).toMatchObject({ lock: "open", pin: false, wait_ms: 0 });
    expect((await ask("time", "--json")).json).toMatchObject({ ok: true, was_off_by_ms: null });
    expect((await ask("receive")).out).toBe("No messages.\n");

    const stream = await openPort(port);
    await (await Device.open(stream)).provision(await draftFor("roof", "2468"));
    await stream.close();

    // Locked: a script without the PIN is told how to give it.
    const refused = await ask("reboot");
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^mehr: The board on .*roof is locked: give its PIN, or hold its button/);
    // As `mehr provision` writes them: whose is whose is known by the name the board says.
    writeFileSync(join(folder, "pin"), '# PINs of relays.\n"hill": "1357"\n"roof": "2468"\n');
    const pin = ["--pin-file", join(folder, "pin")];
    expect((await ask("reboot", ...pin)).out).toBe("It has started again.\n");

    const file = join(folder, "roof.mehr-backup");
    writeFileSync(join(folder, "pass"), "correct horse\n");
    const pass = ["--passphrase-file", join(folder, "pass")];
    const made = await ask("backup", file, ...pass, ...pin, "--json");
    expect(made.json).toMatchObject({ ok: true, name: "roof", shares: [] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await ask("backup", file, ...pass, ...pin);
    expect([again.code, again.err]).toEqual([2, `mehr: ${file} exists already; give another name, or move it away.\n`]);
    const shared = await ask("backup", join(folder, "shared"), "--shares", "2/3", ...pin);
    expect(shared.out.match(/^Share \d of 3 \(any 2 restore it\), set [0-9a-f]{8}: mehr1[0-9a-z]+$/gm)?.length).toBe(3);

    // A reset asks for the name.
    const wrong = await ask("reset", "--yes", "cellar", ...pin);
    expect([wrong.code, wrong.err]).toEqual([2, 'mehr: "cellar" is not "roof"; nothing was done.\n']);
    const nobody = await ask("reset", ...pin);
    expect([nobody.code, nobody.err]).toEqual([
      2,
      'mehr: There is no terminal to ask at: give --yes "roof" to confirm.\n',
    ]);
    const reset = await ask("reset", "--forget-identity", "--yes", "roof", "--json", ...pin);
    expect(reset.json).toMatchObject({ ok: true, name: "roof", address_before: who.json.address });
    expect(reset.json.address).not.toBe(who.json.address);

    // Wrong passphrase: told before the board is touched. Then by the right one, by shares.
    writeFileSync(join(folder, "pass"), "wrong horse!\n");
    const closed = await ask("restore", file, ...pass);
    expect([closed.code, closed.err]).toEqual([
      2,
      `mehr: The passphrase is wrong: the backup of ${String(who.json.address)} stays closed.\n`,
    ]);
    writeFileSync(
      join(folder, "shares"),
      shared.out
        .split("\n")
        .filter((line) => line.startsWith("Share"))
        .slice(1)
        .join("\n"),
    );
    const restored = await ask("restore", join(folder, "shared"), "--shares-file", join(folder, "shares"), "--json");
    expect(restored.json).toMatchObject({ ok: true, address: who.json.address, name: "roof" });
    expect((await ask("identify", "--json")).json).toMatchObject({
      address: who.json.address,
      name: "roof",
      lock: "locked",
    });
  });

  it("says what is wrong with what was given", { timeout: 60_000 }, async () => {
    writeFileSync(join(folder, "strangers.pins"), '# PINs of relays.\n"hill": "1357"\n');
    for (const [args, code, sentence] of [
      [["status", "--port", join(folder, "nowhere")], 2, /^mehr: There is no port .*nowhere;/],
      [["send", "12", "hello", "--port", port], 2, /neither an address \(32 hex digits\) nor a public key \(64\)\.$/m],
      [["ping", "--port", port], 2, /Nobody to ping/],
      [["backup", join(folder, "x"), "--shares", "5", "--port", port], 2, /--shares 5 is not K\/N/],
      [
        ["backup", join(folder, "x"), "--shares", "1/3", "--port", port, "--pin", "2468"],
        2,
        /1 of 3 shares cannot be made/,
      ],
      [["restore", join(folder, "none"), "--port", port], 2, /There is no file/],
      [["restore", join(folder, "pass"), "--port", port], 2, /is no backup, or is damaged: it is not JSON/],
      [["log", "--level", "loud", "--port", port], 2, /Allowed choices are error, warn, info, debug/],
      [
        ["time", "--port", port, "--pin-file", join(folder, "strangers.pins")],
        2,
        /has no PIN for "roof"; add a line with it/,
      ],
      [["time", "--port", port, "--pin", "9999"], 1, /^mehr: The board on .* does not take this PIN/],
    ] as const) {
      const { code: came, err } = await mehr(args);
      expect([args[0], came]).toEqual([args[0], code]);
      expect(err).toMatch(sentence);
    }
    // Damage and other files.
    const file = join(folder, "roof.mehr-backup");
    const text = readFileSync(file, "utf8");
    chmodSync(file, 0o600);
    writeFileSync(file, text.replace(/"box": "..../, '"box": "AAAA'));
    expect((await ask("restore", file)).err).toBe(`mehr: ${file} is damaged: its checksum does not fit.\n`);
    writeFileSync(file, text.replace('"version": 1', '"version": 2'));
    expect((await ask("restore", file)).err).toContain("is a backup of version 2; this mehr reads version 1.");
  });

  it("tells of a port with something else behind it", { timeout: 60_000 }, async () => {
    const path = join(folder, "else");
    const other = createServer((stream) => stream.on("data", () => stream.write("login: ")));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    const { code, err } = await mehr(["identify", "--port", path]);
    other.close();
    expect(code).toBe(1);
    expect(err).toMatch(/does not answer \(Hello, 10 s\)\. Is it a Mehr relay, and on this port\?$/m);
  });
});
