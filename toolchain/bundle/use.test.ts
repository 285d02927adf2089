import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  putSmall,
  SMALL_FILES,
  type SmallFile,
  sha256Text,
  smallEntries,
  smallManifest,
  tarGz,
} from "../../tests/support/bundles.ts";
import { MehrError } from "../errors.ts";
import { coreDir, ensurePlatformio, type PioPlace, pioEnvironment, pioPlace } from "../pio/environment.ts";
import { chooseSource, ensureSource } from "../pio/sources.ts";
import { installSystemPackages, missingSystemPackages } from "../pio/system.ts";
import { thisMachine } from "./check.mjs";
import { bundleManifestText, parseBundleManifest } from "./manifest.ts";
import { bundleAt, requireContent, unpackBundle, verifyParts, withBundle } from "./use.ts";

let dir: string;
let place: PioPlace;
let archive: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-bundle-"));
  place = pioPlace(join(dir, "checkout"), { MEHR_HOME: join(dir, "home") });
  mkdirSync(join(dir, "checkout/toolchain/pio"), { recursive: true });
  writeFileSync(join(dir, "checkout/toolchain/pio/requirements.txt"), "requirements");
  archive = join(dir, "b.tar.gz");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
// A bundle's Python packages go into an environment of the machine's Python.
beforeAll(async () => installSystemPackages(await missingSystemPackages("")), 300_000);

const { os, arch, node } = thisMachine();
const unpacked = (): string[] => readdirSync(join(dir, "home", "bundles"));

/** The error of a promise: its sentence and exit code. */
async function refusal(promise: Promise<unknown>): Promise<MehrError> {
  const error = await promise.then(
    () => new Error("was accepted"),
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(MehrError);
  return error as MehrError;
}

describe("a bundle as an archive", () => {
  it("is unpacked once, whole, and only what a build needs", async () => {
    writeFileSync(archive, await tarGz(smallEntries(smallManifest())));
    const steps: string[] = [];
    const bundle = await unpackBundle(place, archive, (step) => steps.push(step));
    expect(readFileSync(join(bundle.root, "bundle/python/a.whl"), "utf8")).toBe("wheel");
    expect(existsSync(join(bundle.root, "README.md"))).toBe(false);
    expect(unpacked()).toEqual([bundle.root.split("/").at(-1)]);
    expect(await unpackBundle(place, archive, (step) => steps.push(step))).toEqual(bundle);
    expect(steps).toHaveLength(1);
    // Another archive, another folder.
    writeFileSync(archive, await tarGz(smallEntries(smallManifest(SMALL_FILES, { version: "0.2.0" }))));
    expect((await unpackBundle(place, archive)).root).not.toBe(bundle.root);
  });

  it("is unpacked once when several commands ask for it, and rests of one that was killed go", async () => {
    writeFileSync(archive, await tarGz(smallEntries(smallManifest())));
    const first = await unpackBundle(place, archive);
    rmSync(first.root, { recursive: true });
    const rest = join(dir, "home", "bundles", `.${first.root.split("/").at(-1)}-dead`);
    mkdirSync(rest);
    const all = await Promise.all([1, 2, 3].map(() => unpackBundle(place, archive)));
    expect(new Set(all.map(({ root }) => root))).toEqual(new Set([first.root]));
    expect(existsSync(rest)).toBe(false);
  });

  const other = (text: string): SmallFile[] =>
    SMALL_FILES.map((file) => (file.part === "python" ? { ...file, text } : file));

  it.each([
    [
      "a file of another content",
      () => tarGz(smallEntries(smallManifest(), other("whee!"))),
      /content of bundle\/python\/a\.whl/,
    ],
    [
      "a file of another length",
      () => tarGz(smallEntries(smallManifest(), other("wheels"))),
      /content of bundle\/python\/a\.whl/,
    ],
    [
      "a file that is missing",
      () => tarGz(smallEntries(smallManifest(), SMALL_FILES.slice(0, 2))),
      /incomplete: bundle\/python\/a\.whl is missing/,
    ],
    [
      "a source that is missing",
      () => tarGz(smallEntries(smallManifest(), SMALL_FILES.slice(1))),
      /incomplete: README\.md is missing/,
    ],
    [
      "a file its manifest does not list",
      () => tarGz(smallEntries(smallManifest(SMALL_FILES.slice(0, 2)))),
      /holds bundle\/python\/a\.whl, which its manifest does not list/,
    ],
    [
      "another archive",
      () => tarGz(smallEntries(smallManifest()).slice(1)),
      /is not a bundle made by `mehr bundle`: it does not begin with/,
    ],
    ["an empty archive", () => tarGz([]), /is not a bundle .* it is empty/],
    ["no archive at all", async () => Buffer.from("hello"), /cannot be decompressed/],
    ["an empty file", async () => Buffer.alloc(0), /(cannot be decompressed|ends in the middle)/],
    ["noise inside", async () => gzipSync(Buffer.alloc(4096, 7)), /has a damaged header/],
  ] as const)("with %s is refused, and nothing of it stays", async (_, make, sentence) => {
    writeFileSync(archive, await make());
    const { message, exitCode } = await refusal(unpackBundle(place, archive));
    expect(message).toMatch(sentence);
    expect([exitCode, message.includes(archive)]).toEqual([2, true]);
    expect(unpacked()).toEqual([]);
  });

  it("cut off or with a flipped bit anywhere is refused", async () => {
    const whole = await tarGz(smallEntries(smallManifest()));
    for (let at = 0; at < whole.length; at += 41) {
      writeFileSync(archive, whole.subarray(0, at));
      expect((await refusal(unpackBundle(place, archive))).exitCode).toBe(2);
      const flipped = Buffer.from(whole);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      // The header of gzip has a time, a system and flags that no check covers.
      if (at < 10) continue;
      writeFileSync(archive, flipped);
      expect((await refusal(unpackBundle(place, archive))).exitCode).toBe(2);
    }
    expect(unpacked()).toEqual([]);
  });

  it("that would write outside is refused, whatever its manifest lists", async () => {
    const bad = [...SMALL_FILES, { path: "../../../evil", part: "python", text: "evil" } as const];
    writeFileSync(archive, await tarGz(smallEntries(smallManifest(), bad)));
    expect((await refusal(unpackBundle(place, archive))).message).toMatch(
      /holds mehr-bundle\/\.\.\/.*leads out of the folder/,
    );
    writeFileSync(archive, await tarGz(smallEntries(smallManifest(bad), bad)));
    expect((await refusal(unpackBundle(place, archive))).message).toMatch(
      /manifest\.json .* is wrong at files\.3\.path/,
    );
    expect(unpacked()).toEqual([]);
    expect(readdirSync(dir).sort()).toEqual(["b.tar.gz", "checkout", "home"]);
  });

  it.each([
    [{ os: "plan9" }, `The bundle is for plan9-${arch} and this machine is ${os}-${arch}.`],
    [{ arch: "vax" }, `The bundle is for ${os}-vax and this machine is ${os}-${arch}.`],
    [{ node: "19.1.0" }, `The bundle is for Node.js 19 and this is Node.js ${node}.`],
  ])("for another machine is refused with 3: %j", async (machine, sentence) => {
    writeFileSync(archive, await tarGz(smallEntries(smallManifest(SMALL_FILES, machine))));
    expect(await refusal(unpackBundle(place, archive))).toMatchObject({ message: sentence, exitCode: 3 });
    putSmall(place.projectDir, smallManifest(SMALL_FILES, machine));
    expect(await refusal(withBundle(place, { source: "bundle" }))).toMatchObject({ message: sentence, exitCode: 3 });
  });

  it("without room for it is refused with both numbers before anything is written", async () => {
    writeFileSync(archive, await tarGz(smallEntries(smallManifest())));
    const { message, exitCode } = await refusal(unpackBundle(place, archive, undefined, () => 5));
    expect(message).toMatch(/no room to unpack .*: it takes 1 MB, and 0 MB are free\./);
    expect([exitCode, unpacked()]).toEqual([1, []]);
  });

  it("that GNU tar packed again is still one", async () => {
    putSmall(join(dir, "again/mehr-bundle"), smallManifest());
    const names = ["bundle/manifest.json", ...SMALL_FILES.map(({ path }) => path)].map((path) => `mehr-bundle/${path}`);
    execFileSync("tar", ["-C", join(dir, "again"), "-czf", archive, ...names]);
    expect((await unpackBundle(place, archive)).manifest).toEqual(smallManifest());
  });
});

describe("an unpacked bundle", () => {
  const damage: readonly (readonly [string, (path: string) => void, RegExp])[] = [
    ["missing", (path) => rmSync(path), /bundle\/python\/a\.whl of the bundle is missing; unpack the bundle again/],
    ["shorter", (path) => writeFileSync(path, "whee"), /is damaged: it has 4 bytes instead of 5/],
    ["changed", (path) => writeFileSync(path, "whee!"), /is damaged: its content is not what was packed/],
    [
      "a link",
      (path) => {
        rmSync(path);
        symlinkSync("/etc/hostname", path);
      },
      /is not a file/,
    ],
  ];

  it.each(damage)("with a file that is %s is refused by name where the file is used", (_, spoil, sentence) => {
    putSmall(place.projectDir, smallManifest());
    const bundle = bundleAt(place.projectDir);
    if (bundle === undefined) throw new Error("no bundle");
    verifyParts(bundle, ["python", "platformio", "project"]);
    spoil(join(place.projectDir, "bundle/python/a.whl"));
    verifyParts(bundle, ["platformio", "project"]);
    const check = (): void => verifyParts(bundle, ["python"]);
    expect(check).toThrow(sentence);
    expect(check).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it("is checked before its packages are used, not after", async () => {
    putSmall(place.projectDir, smallManifest());
    const inside = await withBundle(place, { source: "auto" });
    writeFileSync(join(place.projectDir, "bundle/pio/packages/tool/run.py"), "import os\n");
    const options = { place: inside, source: "bundle", board: "qemu-m4", engine: "aot" } as const;
    expect((await refusal(ensureSource(options))).message).toMatch(
      /^bundle\/pio\/packages\/tool\/run\.py of the bundle is damaged/,
    );
    expect(existsSync(place.home)).toBe(false);
    putSmall(place.projectDir, smallManifest());
    writeFileSync(join(place.projectDir, "bundle/python/a.whl"), "whee!");
    expect((await refusal(ensurePlatformio({ place: inside }))).message).toMatch(
      /^bundle\/python\/a\.whl of the bundle is damaged/,
    );
  });

  it("is where its own builds take packages from without being asked, and others are not", async () => {
    expect(await withBundle(place, { source: "auto" })).toEqual(place);
    const { message, exitCode } = await refusal(withBundle(place, { source: "bundle" }));
    expect([exitCode, message]).toEqual([2, expect.stringContaining("--bundle FILE")]);
    putSmall(place.projectDir, smallManifest());
    const inside = await withBundle(place, { source: "auto" });
    expect(inside.bundle?.root).toBe(place.projectDir);
    expect(await chooseSource(inside, "qemu-m4")).toMatchObject({ source: "bundle" });
    expect((await withBundle(place, { source: "system" })).bundle).toBeUndefined();
    expect(coreDir(inside, "bundle")).toBe(join(place.projectDir, "bundle/pio"));
    expect(() => coreDir(place, "bundle")).toThrow();
    const env = pioEnvironment(inside, "bundle", { https_proxy: "http://proxy:3128" });
    expect([env.https_proxy, env.HTTP_PROXY]).toEqual(["http://127.0.0.1:9", "http://127.0.0.1:9"]);
    expect(pioEnvironment(inside, "system", { https_proxy: "http://proxy:3128" }).https_proxy).toBe(
      "http://proxy:3128",
    );
  });

  it("can be named by its folder, and what is no bundle is said to be none", async () => {
    putSmall(join(dir, "there"), smallManifest());
    const named = await withBundle(place, { source: "auto", bundle: join(dir, "there") });
    expect(named.bundle?.root).toBe(join(dir, "there"));
    const none = await refusal(withBundle(place, { source: "auto", bundle: join(dir, "checkout") }));
    expect(none.message).toMatch(/checkout is not a bundle: it has no bundle\/manifest\.json/);
    const absent = await refusal(withBundle(place, { source: "bundle", bundle: join(dir, "nothing") }));
    expect([absent.exitCode, absent.message]).toEqual([2, `--bundle: there is no file ${join(dir, "nothing")}.`]);
    const both = await refusal(withBundle(place, { source: "system", bundle: "x" }));
    expect(both.message).toMatch(/--bundle and --source system contradict each other/);
  });

  it("with a damaged manifest is refused with the field", async () => {
    putSmall(place.projectDir, smallManifest());
    const path = join(place.projectDir, "bundle/manifest.json");
    const good = readFileSync(path, "utf8");
    for (const [from, to, sentence] of [
      ["{", "(", /is not JSON; unpack the bundle again/],
      ['"bundle": 1', '"bundle": 2', /has layout 2, and this version knows 1/],
      ['"source": "system"', '"source": "shop"', /is wrong at source/],
      [sha256Text("wheel"), "abc", /is wrong at files\.2\.sha256/],
      ["bundle/python/a.whl", "../a.whl", /is wrong at files\.2\.path/],
      ["bundle/python/a.whl", "README.md", /is wrong at files: names a file twice/],
    ] as const) {
      writeFileSync(path, good.replace(from, to));
      const { exitCode, message } = await refusal(withBundle(place, { source: "auto" }));
      expect([exitCode, message]).toEqual([2, expect.stringMatching(sentence)]);
    }
  });
});

describe("what a bundle is for", () => {
  const bundle = (other: object) => {
    putSmall(place.projectDir, smallManifest(SMALL_FILES, other));
    const found = bundleAt(place.projectDir);
    if (found === undefined) throw new Error("no bundle");
    return found;
  };

  it("is what it was made for", () => {
    requireContent(place, bundle({}), "qemu-m4", "aot");
  });

  it.each([
    ["qemu-m4", "wasm3", {}, 2, /has qemu-m4 with engine aot, not wasm3; give --engine aot\.$/],
    ["native", "aot", {}, 3, /has what qemu-m4 needs, and nothing for native\.$/],
    ["qemu-m4", "aot", { requirements: sha256Text("others") }, 2, /other pinned packages/],
  ] as const)("%s with engine %s %j", (board, engine, other, exitCode, sentence) => {
    const check = (): void => requireContent(place, bundle(other), board, engine);
    expect(check).toThrow(sentence);
    expect(check).toThrow(expect.objectContaining({ exitCode }));
  });

  it("is said by Python's version too", async () => {
    const venv = { ...place, bundle: bundle({ python: { min: "3.1", max: "3.1" } }) };
    const { exitCode, message } = await refusal(ensurePlatformio({ place: venv }));
    expect([exitCode, message]).toEqual([
      3,
      expect.stringMatching(/^The bundle's packages are for Python 3\.1, and this machine has 3\.\d+/),
    ]);
  });
});

describe("the manifest", () => {
  it("is one line for each file, and read back as it was", () => {
    const text = bundleManifestText(smallManifest());
    expect(text.split("\n").filter((line) => line.includes('"path"'))).toHaveLength(SMALL_FILES.length);
    expect(parseBundleManifest(text)).toEqual({ manifest: smallManifest(), id: sha256Text(text) });
  });
});
