import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sha256Text } from "../../tests/support/bundles.ts";
import { MehrError } from "../errors.ts";
import { PLATFORMIO_VERSION, type PioPlace, pioPlace } from "../pio/environment.ts";
import { ensureSource } from "../pio/sources.ts";
import { coreDirectory, nodeItself, npmPackages, projectFiles } from "./collect.ts";
import { type MadeBundle, type MakeOptions, makeBundle, writeError } from "./make.ts";
import { readTar } from "./tar.ts";
import { unpackBundle, withBundle } from "./use.ts";

let dir: string;
let place: PioPlace;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-make-"));
  place = pioPlace(join(dir, "checkout"), { MEHR_HOME: join(dir, "home") });
  put({
    "checkout/package.json": '{"name":"mehr"}',
    "checkout/package-lock.json": JSON.stringify(LOCK),
    "checkout/toolchain/pio/requirements.txt": "requirements",
    "checkout/boards/rak4631.ts": "board",
    "checkout/node_modules/zod/package.json": '{"version":"4.0.0"}',
    "checkout/node_modules/zod/index.js": "zod",
    "checkout/node_modules/zod/index.d.ts": "types",
    "checkout/node_modules/zod/node_modules/own/package.json": '{"version":"1.0.0"}',
    "checkout/node_modules/esbuild/package.json": '{"version":"0.1.0"}',
    "checkout/node_modules/esbuild/bin/esbuild": "a script, or a program",
    "checkout/node_modules/vitest/package.json": '{"version":"1.0.0"}',
  });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const LOCK = {
  packages: {
    "": {},
    "node_modules/zod": { version: "4.0.0" },
    "node_modules/zod/node_modules/own": { version: "1.0.0" },
    "node_modules/esbuild": { version: "0.1.0", dev: true },
    "node_modules/@esbuild/plan9": { version: "0.1.0", dev: true, optional: true },
    "node_modules/vitest": { version: "1.0.0", dev: true },
  },
};

function put(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

const paths = (items: readonly { readonly path: string }[]): string[] => items.map(({ path }) => path);

describe("the files of a bundle", () => {
  it("are those git tracks, as they are now, and what git does not know is named", async () => {
    const git = (...args: string[]) => execFileSync("git", ["-C", place.projectDir, ...args], { stdio: "pipe" });
    put({ "checkout/.gitignore": "node_modules/\n", "checkout/gone.txt": "x", "checkout/key.pem": "secret" });
    git("init", "-q");
    git("add", ".gitignore", "package.json", "gone.txt", "boards");
    git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t");
    rmSync(join(place.projectDir, "gone.txt"));
    put({ "checkout/package.json": '{"name":"mehr","version":"9"}' });
    const project = await projectFiles(place.projectDir);
    expect(paths(project.items)).toEqual([".gitignore", "boards/rak4631.ts", "package.json"]);
    expect(project.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(project.modified).toBe(true);
    expect(project.untracked).toEqual(["key.pem", "package-lock.json", "toolchain/pio/requirements.txt"]);
  });

  it("without git are the known rooms of a checkout", async () => {
    put({ "checkout/key.pem": "secret", "checkout/build/x": "x", "checkout/bundle/manifest.json": "{}" });
    const project = await projectFiles(place.projectDir);
    expect(paths(project.items)).toEqual([
      "boards/rak4631.ts",
      "package-lock.json",
      "package.json",
      "toolchain/pio/requirements.txt",
    ]);
    expect([project.commit, project.untracked]).toEqual([null, []]);
  });

  it("of npm are those commands load, in the versions of the lock", () => {
    expect(paths(npmPackages(place.projectDir))).toEqual([
      "node_modules/esbuild/package.json",
      "node_modules/zod/index.js",
      "node_modules/zod/package.json",
      "node_modules/zod/node_modules/own/package.json",
    ]);
    put({ "checkout/node_modules/zod/package.json": '{"version":"4.0.1"}' });
    expect(() => npmPackages(place.projectDir)).toThrow(
      "node_modules/zod is 4.0.1, and package-lock.json names 4.0.0.",
    );
    rmSync(join(place.projectDir, "node_modules/zod"), { recursive: true });
    expect(() => npmPackages(place.projectDir)).toThrow(
      expect.objectContaining({ exitCode: 3, hint: "npm ci", message: expect.stringContaining("is not installed") }),
    );
  });

  it("of a core directory are packages, platforms and the builds' libraries, and nothing of this machine", () => {
    put({
      "core/packages/tool/.piopm": "{}",
      "core/packages/tool/run.py": "",
      "core/packages/tool/__pycache__/run.pyc": "",
      "core/packages/.tool-x1/half": "",
      "core/packages/toolchain-gccarmnoneeabi/package.json": "",
      "core/platforms/nordic/platform.py": "",
      "core/platforms/nordic/.git/HEAD": "",
      "core/platforms/virtual.pio-link": "/home/someone",
      "core/libdeps/rak4631-x/Lib/library.json": "",
      "core/libdeps/rak4631/Lib/library.json": "",
      "core/libdeps/rak4631/integrity.dat": "",
      "core/.cache/x": "",
      "core/appstate.json": "",
    });
    symlinkSync("run.py", join(dir, "core/packages/tool/link.py"));
    const items = coreDirectory(join(dir, "core"), ["rak4631"], ["toolchain-gccarmnoneeabi"]);
    expect(paths(items)).toEqual([
      "bundle/pio/packages/tool/.piopm",
      "bundle/pio/packages/tool/link.py",
      "bundle/pio/packages/tool/run.py",
      "bundle/pio/platforms/nordic/platform.py",
      "bundle/pio/libdeps/rak4631/Lib/library.json",
    ]);
    expect(items[1]?.from).toEqual({ link: "run.py" });
    symlinkSync("/usr/bin/gcc", join(dir, "core/packages/tool/gcc"));
    expect(() => coreDirectory(join(dir, "core"), [], [])).toThrow(/tool\/gcc cannot go into a bundle: it links to/);
  });

  it("of Node.js are none if the program does not stand alone", () => {
    put({ "n/bin/node": "small", "n/LICENSE": "free" });
    expect(nodeItself(join(dir, "n/bin/node"))).toEqual([]);
  });
});

/**
 * A Python environment that stands for PlatformIO where its registry answers: it gives the answers of the commands a
 * bundle is made with, and puts packages where PlatformIO would.
 */
function pretendPlatformio(): void {
  const requirements = sha256Text("requirements");
  put({
    "home/venv/mehr-stamp.json": `${JSON.stringify({ platformio: PLATFORMIO_VERSION, requirements })}\n`,
    "home/venv/bin/python": `#!/bin/sh
echo "$*" | tr '\\n' ' ' >> "${dir}/calls"; echo >> "${dir}/calls"
core=$PLATFORMIO_CORE_DIR
case "$*" in
  *sys.version_info*) echo 3.12 ;;
  *registry*|*requests*) exit 0 ;;
  *"pip"*download*)
    while [ "$1" != --dest ]; do shift; done
    echo wheel > "$2/platformio-6.2.0-py3-none-any.whl" ;;
  *"pkg install --global"*)
    mkdir -p "$core/packages/tool-scons" && echo scons > "$core/packages/tool-scons/.piopm" ;;
  *"pkg install"*)
    mkdir -p "$core/packages/toolchain-gccarmnoneeabi/bin" "$core/platforms/nordicnrf52" "$core/.cache"
    echo gcc > "$core/packages/toolchain-gccarmnoneeabi/bin/gcc"
    chmod +x "$core/packages/toolchain-gccarmnoneeabi/bin/gcc"
    ln -sf gcc "$core/packages/toolchain-gccarmnoneeabi/bin/cc"
    echo cache > "$core/.cache/x"
    mkdir -p "$PLATFORMIO_LIBDEPS_DIR/rak4631/RadioLib" && echo lib > "$PLATFORMIO_LIBDEPS_DIR/rak4631/RadioLib/library.json"
    if [ -e "${dir}/fail" ]; then echo "Error: Could not find the package"; exit 1; fi ;;
esac
`,
  });
  chmodSync(join(dir, "home/venv/bin/python"), 0o755);
}

function make(other: Partial<MakeOptions> = {}): Promise<MadeBundle> {
  return makeBundle({
    place,
    version: "0.1.0",
    builds: [{ board: "rak4631", engine: "aot" }],
    source: "registry",
    output: join(dir, "out/b.tar.gz"),
    compilers: false,
    node: false,
    ...other,
  });
}

describe("a bundle from PlatformIO's registry", () => {
  it("has what `pio pkg install` of the boards installs, and is used in place", async () => {
    pretendPlatformio();
    const made = await make();
    const calls = readFileSync(join(dir, "calls"), "utf8").split("\n");
    expect(calls.filter((call) => call.includes("pkg install"))).toEqual([
      expect.stringMatching(
        /-m platformio pkg install --global --skip-dependencies --tool platformio\/tool-scons@4\.\d+\.0/,
      ),
      expect.stringMatching(/-m platformio pkg install --project-dir \S+checkout --environment rak4631 $/),
    ]);
    const platformio = made.manifest.files.filter(({ part }) => part === "platformio");
    expect(platformio.map(({ path, link }) => link ?? path)).toEqual([
      "bundle/pio/libdeps/rak4631/RadioLib/library.json",
      "bundle/pio/packages/tool-scons/.piopm",
      "gcc",
      "bundle/pio/packages/toolchain-gccarmnoneeabi/bin/gcc",
    ]);
    expect(made.manifest).toMatchObject({ source: "registry", python: { min: "3.11", max: null }, debian: null });
    expect(readdirSync(join(dir, "out"))).toEqual(["b.tar.gz"]);

    const user = pioPlace(place.projectDir, { MEHR_HOME: join(dir, "elsewhere") });
    const bundle = await unpackBundle(user, made.output);
    const gcc = join(bundle.root, "bundle/pio/packages/toolchain-gccarmnoneeabi/bin/cc");
    expect(readFileSync(gcc, "utf8")).toBe("gcc\n");
    execFileSync("test", ["-x", gcc]);
    // Its compilers are its own: nothing of the machine's is linked in.
    const ready = await withBundle({ ...place, bundle }, { source: "auto", bundle: made.output });
    await ensureSource({ place: ready, source: "bundle", board: "rak4631", engine: "aot" });
    expect(existsSync(join(bundle.root, "bundle/pio/mehr-system.json"))).toBe(false);
  });

  it("is the same bytes again, whatever the times of its files", async () => {
    pretendPlatformio();
    const first = await make();
    utimesSync(join(place.projectDir, "package.json"), 1, 1);
    utimesSync(join(place.projectDir, "node_modules/zod/index.js"), 5e8, 5e8);
    chmodSync(join(place.projectDir, "package.json"), 0o600);
    const again = await make({ output: join(dir, "other/name.tar.gz") });
    expect(again.sha256).toBe(first.sha256);
    expect(readFileSync(again.output).equals(readFileSync(first.output))).toBe(true);
    put({ "checkout/package.json": '{"name":"mehr" }' });
    expect((await make()).sha256).not.toBe(first.sha256);
  });

  it("lists every file of the archive with its hash, in order", async () => {
    pretendPlatformio();
    const { output, manifest } = await make();
    const found: unknown[] = [];
    const bytes = gunzipSync(readFileSync(output));
    await readTar(
      (async function* () {
        yield bytes;
      })(),
      async ({ path, link }, body) => {
        const parts: Uint8Array[] = [];
        for await (const part of body) parts.push(part);
        found.push([path.replace(/^[^/]+\//, ""), link ?? sha256Text(Buffer.concat(parts).toString())]);
      },
    );
    expect(found.slice(1)).toEqual(manifest.files.map((file) => [file.path, file.link ?? file.sha256]));
    expect(paths(manifest.files)).toEqual([...paths(manifest.files)].sort());
  });

  it("is not made when PlatformIO cannot install, with its reason", async () => {
    pretendPlatformio();
    put({ fail: "" });
    await expect(make()).rejects.toMatchObject({
      exitCode: 3,
      message: "PlatformIO could not install what rak4631 needs: Error: Could not find the package",
    });
    expect(existsSync(join(dir, "out"))).toBe(false);
  });

  it("is not made while a board's file is unknown to git, which the others import too", async () => {
    pretendPlatformio();
    execFileSync("git", ["-C", place.projectDir, "init", "-q"]);
    await expect(make()).rejects.toMatchObject({ exitCode: 2, hint: "git add boards/rak4631.ts" });
  });
});

describe("an archive that cannot be written", () => {
  it("where a file is in the way is refused by --output, and leaves nothing", async () => {
    pretendPlatformio();
    put({ out: "a file" });
    await expect(make()).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/^--output: .*out\/b\.tar\.gz/),
    });
    mkdirSync(join(dir, "folder/b.tar.gz"), { recursive: true });
    await expect(make({ output: join(dir, "folder/b.tar.gz") })).rejects.toMatchObject({ exitCode: 2 });
    expect(readdirSync(join(dir, "folder"))).toEqual(["b.tar.gz"]);
  });

  it("for a full disk is told in a sentence", () => {
    const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC" });
    expect(writeError(full, "/x/b.tar.gz")).toEqual(
      new MehrError(1, "There is no room for /x/b.tar.gz: the disk is full; name another place with --output."),
    );
  });
});
