/**
 * A bundle as its users meet it: made on this machine, unpacked where nothing of this project is, used with the network
 * off. The compilers are this machine's own: the Debian packages of a bundle are checked by their hash in
 * toolchain/bundle/debian.test.ts, and installing them needs a machine that has none (docs/bundle.md).
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pioPlace, venvPython } from "../toolchain/pio/environment.ts";
import { buildImage, root } from "./support/images.ts";

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let dir: string;
/** Where the bundle was unpacked. */
let there: string;
let archive: string;
let made: { readonly sha256: string; readonly size: number; readonly parts: { part: string; files: number }[] };

const VERSION = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
/** Whether this process may make a network of its own, which then has nothing in it. */
const namespaces = spawnSync("unshare", ["-n", "true"]).status === 0;
/** And mount a file system of its own. */
const mounts = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", tmpdir()]).status === 0;
const CLOSED = "http://127.0.0.1:9";

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Outcome {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 300_000 });
  return { code: status, stdout, stderr };
}

/** The project's own command line, on this machine as it is. */
function mehr(...args: string[]): Outcome {
  return run(process.execPath, [join(root, "bin/mehr.mjs"), ...args], root, process.env);
}

/** A command with an empty home and no network; `home` is where MEHR_HOME lies. */
function offline(home: string, cwd: string, command: string, ...args: string[]): Outcome {
  const env = {
    PATH: process.env.PATH,
    HOME: join(dir, "empty"),
    MEHR_HOME: home,
    ...(namespaces ? {} : { http_proxy: CLOSED, https_proxy: CLOSED, HTTPS_PROXY: CLOSED, no_proxy: "" }),
  };
  return namespaces ? run("unshare", ["-n", command, ...args], cwd, env) : run(command, args, cwd, env);
}

/** The files of an image, by name. */
function image(checkout: string): Record<string, string> {
  const folder = join(checkout, "dist/qemu-m4-aot");
  const { artifacts } = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as {
    artifacts: { path: string; sha256: string }[];
  };
  return Object.fromEntries(artifacts.map(({ path, sha256 }) => [path, sha256]));
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr bundle-"));
  mkdirSync(join(dir, "empty"));
  archive = join(dir, "b.tar.gz");
  // Installs the machine's compilers where that is allowed, and is what the bundle's image is compared with.
  await buildImage("qemu-m4", "aot");
  const options = ["--engine", "aot", "--source", "system", "--without-compilers", "--without-node"];
  const { code, stdout, stderr } = mehr("bundle", "qemu-m4", ...options, "--output", archive, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  made = JSON.parse(stdout) as typeof made;
  // The system's own tar: what a user has.
  execFileSync("tar", ["xf", archive, "-C", dir]);
  there = join(dir, `mehr-bundle-${VERSION}-${process.platform}-${process.arch}`);
}, 900_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }), 60_000);

describe("a bundle", () => {
  it("is what `mehr bundle --json` says it is", () => {
    expect(made.parts.map(({ part }) => part)).toEqual(["project", "launcher", "node-modules", "python", "platformio"]);
    expect(execFileSync("sha256sum", [archive], { encoding: "utf8" }).slice(0, 64)).toBe(made.sha256);
    for (const name of [".git", ".mehr", ".pio", "build", "dist"]) expect(existsSync(join(there, name))).toBe(false);
    // No path of this machine is in it.
    const text = readFileSync(join(there, "bundle/manifest.json"), "utf8");
    expect(text).not.toContain(root);
  });

  it("is used where there is no network", { timeout: 60_000 }, async () => {
    const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    // This process is reached from here, and from the bundle's network (or through its proxy) it is not.
    const script = `import urllib.request; urllib.request.urlopen("http://127.0.0.1:${port}", timeout=5)`;
    const python = venvPython(pioPlace(root));
    const { code, stderr } = offline(join(dir, "home"), dir, python, "-c", script);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Network is unreachable|Connection refused/);
    server.close();
  });

  it("gives the same image there, byte for byte, as the checkout it was made from", { timeout: 300_000 }, () => {
    const home = join(dir, "home");
    const setup = offline(home, there, "./setup");
    expect(setup.stderr).not.toMatch(/package index/);
    expect(setup).toMatchObject({ code: 0, stdout: expect.stringContaining("qemu-m4: ready to be built") });
    const build = offline(home, there, "./mehr", "build", "qemu-m4", "--engine", "aot", "--source", "bundle");
    expect(build).toMatchObject({ code: 0, stdout: expect.stringContaining("packages from this bundle") });
    expect(image(there)).toEqual(image(root));
    expect(Object.keys(image(there))).toContain("firmware.elf");
    const doctor = JSON.parse(offline(home, there, "./mehr", "doctor", "--json").stdout) as {
      checks: { what: string; found: string }[];
    };
    expect(doctor.checks.find(({ what }) => what === "bundle")?.found).toBe(
      `${VERSION} for qemu-m4, packages from system, whole`,
    );
  });

  it(
    "is unpacked by a checkout that is given its archive, and has all the checkout needs",
    { timeout: 300_000 },
    () => {
      const home = join(dir, "home2");
      const { code, stdout } = offline(home, root, process.execPath, "bin/mehr.mjs", "setup", "--bundle", archive);
      expect([code, stdout]).toEqual([0, expect.stringContaining(`packages from ${archive}, without a network`)]);
      expect(existsSync(join(home, "venv/mehr-stamp.json"))).toBe(true);
    },
  );

  it("is refused with the file's name by ./setup when a file is damaged or missing", { timeout: 120_000 }, () => {
    const spoil = (path: string, sentence: RegExp): void => {
      const file = join(there, path);
      const bytes = readFileSync(file);
      const changed = Buffer.from(bytes);
      changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(file, changed);
      expect(offline(join(dir, "home"), there, "./setup")).toMatchObject({
        code: 2,
        stdout: "",
        stderr: expect.stringMatching(sentence),
      });
      writeFileSync(file, bytes);
    };
    spoil("bundle/pio/packages/tool-scons/scons.py", /^setup: bundle\/pio\/packages\/tool-scons\/scons\.py is damaged/);
    spoil("node_modules/esbuild/lib/main.js", /^setup: node_modules\/esbuild\/lib\/main\.js is damaged/);
    spoil("boards/qemu-m4.ts", /^setup: boards\/qemu-m4\.ts is damaged: .*; if it was edited on purpose, run/);
    const file = join(there, "node_modules/zod/package.json");
    renameSync(file, `${file}.away`);
    expect(offline(join(dir, "home"), there, "./setup").stderr).toMatch(
      /^setup: node_modules\/zod\/package\.json is missing; unpack the bundle again/,
    );
    renameSync(`${file}.away`, file);
  });

  it("is refused by ./setup and ./mehr on another machine and with another Node.js", { timeout: 120_000 }, () => {
    const path = join(there, "bundle/manifest.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(`"arch": "${process.arch}"`, '"arch": "vax"'));
    const wrong = { code: 3, stderr: expect.stringContaining(`-vax and this machine is ${process.platform}-`) };
    expect(offline(join(dir, "home"), there, "./setup")).toMatchObject(wrong);
    expect(offline(join(dir, "home"), there, "./mehr", "build", "qemu-m4", "--engine", "aot")).toMatchObject(wrong);
    writeFileSync(path, text);
    const old = join(dir, "old");
    mkdirSync(old);
    writeFileSync(join(old, "node"), "#!/bin/sh\necho 12\n", { mode: 0o755 });
    const { code, stderr } = run("/bin/sh", ["./setup"], there, { PATH: `${old}:/usr/bin:/bin`, HOME: dir });
    const major = process.versions.node.split(".")[0];
    expect([code, stderr]).toEqual([
      3,
      `setup: Node.js ${major} is neither on this machine's PATH nor in the bundle for this kind of machine.\n`,
    ]);
  });
});

describe("mehr bundle", () => {
  it.each([
    [["bundle", "qemu"], 2, /no board "qemu"; did you mean/],
    [["bundle", "qemu-m4", "--engine", "jit"], 2, /no engine "jit"/],
    [["bundle", "rak4631", "--engine", "wasm3"], 2, /rak4631 cannot be built with engine wasm3/],
    [["bundle", "rak4631", "--source", "system"], 3, /rak4631 cannot be built from this machine's own packages/],
    [["bundle", "qemu-m4", "--output", "docs"], 2, /--output: docs is a folder; name a file/],
    [["build", "qemu-m4", "--source", "bundle"], 2, /is not an unpacked bundle; name the archive with --bundle FILE/],
    [["build", "qemu-m4", "--bundle", "nothing.tar.gz"], 2, /--bundle: there is no file .*nothing\.tar\.gz/],
    [["build", "qemu-m4", "--bundle", "README.md"], 2, /README\.md is damaged: it cannot be decompressed/],
  ] as const)("%j ends with %i and a sentence", { timeout: 120_000 }, (args, code, sentence) => {
    const outcome = mehr(...args);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringMatching(sentence)]);
    expect(outcome.stderr).not.toMatch(/^\s+at /m);
  });

  it("says that PlatformIO's registry does not answer", { timeout: 120_000 }, () => {
    const env = { ...process.env, https_proxy: CLOSED, HTTPS_PROXY: CLOSED, no_proxy: "", NO_PROXY: "" };
    const args = [join(root, "bin/mehr.mjs"), "bundle", "rak4631", "--source", "registry", "--without-compilers"];
    const { code, stderr } = run(process.execPath, args, root, env);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^mehr: PlatformIO's registry does not answer/m)]);
  });

  it.runIf(mounts)("on a full disk says so and leaves no part of the archive", { timeout: 120_000 }, () => {
    const small = join(dir, "small disk");
    mkdirSync(small);
    const command = [
      `mount -t tmpfs -o size=64k none "${small}"`,
      `"${process.execPath}" "${join(root, "bin/mehr.mjs")}" bundle native --engine aot --source system --without-compilers --without-node --output "${join(small, "b.tar.gz")}"`,
      "code=$?",
      `ls -A "${small}"`,
      "exit $code",
    ].join("\n");
    const { code, stdout, stderr } = run("unshare", ["-m", "sh", "-c", command], root, process.env);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^mehr: There is no room for .*b\.tar\.gz: the disk is full/m);
  });
});
