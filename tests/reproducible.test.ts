/** What keeps folders and clock out of a real board's image: toolchain/pio/prepare.py, with stand-ins for its compilers. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repositoryRoot } from "../toolchain/paths.ts";
import { allOnPath, findPython } from "../toolchain/pio/environment.ts";
import { ensureArmCompiler } from "./support/firmware.ts";

/** PlatformIO's environment as far as the script uses it. */
const HARNESS = `
import json, os, sys
script, project, package, platform = sys.argv[1:]
class Platform:
    name = platform
    packages = {"toolchain": {}, "absent": {}}
    def get_package_dir(self, name): return package if name == "toolchain" else None
class Env(dict):
    def PioPlatform(self): return Platform()
    def IsCleanTarget(self): return False
    def AddBuildMiddleware(self, *_): pass
    def subst(self, text):
        return text.replace("$PROJECT_CORE_DIR", project + "/.mehr/core").replace("$PROJECT_PACKAGES_DIR", package) \\
            .replace("$PROJECT_LIBDEPS_DIR", project + "/.pio/libdeps").replace("$BUILD_DIR", project + "/.pio/build/x") \\
            .replace("$PROJECT_DIR", project)
    def Append(self, **flags):
        for name, values in flags.items(): self.setdefault(name, []).extend(values)
env = Env(PIOENV="x", ENV={})
os.environ["MEHR_PREPARED"] = "1"
exec(compile(open(script).read(), script, "exec"), {"Import": lambda *_: None, "env": env})
print(json.dumps(env))
`;

interface Settings {
  readonly CCFLAGS?: readonly string[];
  readonly LINKFLAGS?: readonly string[];
  readonly ENV: Readonly<Record<string, string>>;
}

let dir: string;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-reproducible-"));
  await ensureArmCompiler();
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A toolchain package with this program as its compiler. */
function toolchain(name: string, compiler: string): string {
  const folder = join(dir, name);
  mkdirSync(join(folder, "bin"), { recursive: true });
  symlinkSync(compiler, join(folder, "bin", "arm-none-eabi-gcc"));
  return folder;
}

async function settings(project: string, packages: string, platform = "nordicnrf52"): Promise<Settings> {
  const python = await findPython();
  const script = join(repositoryRoot(), "toolchain", "pio", "prepare.py");
  const args = ["-c", HARNESS, script, project, packages, platform];
  return JSON.parse(execFileSync(python?.command ?? "python3", args, { encoding: "utf8" })) as Settings;
}

describe("a real board's build", () => {
  it("gives the same object file in two folders at two times", async () => {
    const gcc = allOnPath("arm-none-eabi-gcc")[0] ?? "";
    const packages = toolchain("gcc", gcc);
    const objects: Buffer[] = [];
    const plain: Buffer[] = [];
    for (const name of ["one", "a longer name for two"]) {
      const project = join(dir, name);
      mkdirSync(project);
      const file = join(project, "x.c");
      writeFileSync(file, 'const char *const where = __FILE__ " " __DATE__ " " __TIME__;\n');
      const { CCFLAGS = [], LINKFLAGS, ENV } = await settings(project, packages);
      expect(LINKFLAGS).toEqual(["-Wl,--build-id=none"]);
      const compile = (flags: readonly string[], env: NodeJS.ProcessEnv): Buffer => {
        execFileSync(gcc, ["-g", "-c", ...flags, file, "-o", join(project, "x.o")], {
          env: { ...process.env, ...env },
        });
        return readFileSync(join(project, "x.o"));
      };
      objects.push(compile(CCFLAGS, ENV));
      plain.push(compile([], {}));
    }
    expect(objects[0]?.equals(objects[1] ?? Buffer.alloc(0))).toBe(true);
    expect(objects[0]?.includes("./x.c Jan  1 1980 00:00:00")).toBe(true);
    expect(objects[0]?.includes(dir)).toBe(false);
    // The folders do matter without the flags.
    expect(plain[0]?.equals(plain[1] ?? Buffer.alloc(0))).toBe(false);
  });

  it("maps what a compiler before GCC 8 can, and leaves the virtual boards' platform alone", async () => {
    const old = join(dir, "old-gcc");
    writeFileSync(old, '#!/bin/sh\ncase "$*" in *-ffile-prefix-map*) exit 1;; esac\n', { mode: 0o755 });
    const packages = toolchain("old", old);
    const project = join(dir, "p");
    const { CCFLAGS = [] } = await settings(project, packages);
    expect(CCFLAGS).toContain(`-fdebug-prefix-map=${project}=.`);
    expect(CCFLAGS.every((flag) => flag.startsWith("-fdebug-prefix-map="))).toBe(true);
    // The longest last: of several that match, GCC takes the last.
    const lengths = CCFLAGS.map((flag) => flag.split("=")[1]?.length ?? 0);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(await settings(project, packages, "virtual")).toEqual({ PIOENV: "x", ENV: {} });
  });
});
