import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sha256Of } from "../pio/packages.ts";
import {
  debianRelease,
  fetchDebs,
  installScript,
  packagesIndex,
  parsePrintUris,
  parseShow,
  repositoryName,
} from "./debian.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-debian-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

// As apt 2.6 prints them: with a checksum or, for the security archive, without.
const URIS = `Reading package lists...
After this operation, 921 MB of additional disk space will be used.
'http://deb.example/pool/main/g/glibc/libc6_2.36-9%2bdeb12u14_amd64.deb' libc6_2.36-9+deb12u14_amd64.deb 2759320 MD5Sum:8d98f0c882f269aaee8437bcfe89346e
'http://deb.example/pool/z/zlib1g_1.2.13.dfsg-1_amd64.deb' zlib1g_1%3a1.2.13.dfsg-1_amd64.deb 86684 MD5Sum:ec42cc09e926444a817ddd913057af67
'http://deb.example/security/python3.11_3.11.2-6%2bdeb12u9_amd64.deb' python3.11_3.11.2-6+deb12u9_amd64.deb 573364 
`;

const SHOW = `Package: zlib1g
Version: 1:1.2.13.dfsg-1
Architecture: amd64
Depends: libc6 (>= 2.14)
Filename: pool/main/z/zlib/zlib1g_1.2.13.dfsg-1_amd64.deb
Size: 86684
SHA256: ${"ab".repeat(32)}

Package: other
Version: 2
SHA256: nonsense

`;

describe("apt's answers", () => {
  it("give names, versions and files of what is to be fetched", () => {
    expect(parsePrintUris(URIS)).toEqual([
      { name: "libc6", version: "2.36-9+deb12u14", file: "libc6_2.36-9+deb12u14_amd64.deb", size: 2759320 },
      { name: "zlib1g", version: "1:1.2.13.dfsg-1", file: "zlib1g_1%3a1.2.13.dfsg-1_amd64.deb", size: 86684 },
      { name: "python3.11", version: "3.11.2-6+deb12u9", file: "python3.11_3.11.2-6+deb12u9_amd64.deb", size: 573364 },
    ]);
    expect(parsePrintUris("E: Unable to locate package gcc\n")).toEqual([]);
  });

  it("give the sha256 of each", () => {
    expect([...parseShow(SHOW)].map(([name, { sha256 }]) => [name, sha256])).toEqual([
      ["zlib1g=1:1.2.13.dfsg-1", "ab".repeat(32)],
    ]);
  });

  it("become a repository in one folder, whose files have no epoch in their name", () => {
    const [, zlib] = parsePrintUris(URIS);
    const shown = parseShow(SHOW).get("zlib1g=1:1.2.13.dfsg-1");
    if (zlib === undefined || shown === undefined) throw new Error("no zlib1g");
    const item = { ...zlib, ...shown };
    expect(repositoryName(item)).toBe("zlib1g_1.2.13.dfsg-1_amd64.deb");
    expect(packagesIndex([item, item])).toContain("Filename: ./zlib1g_1.2.13.dfsg-1_amd64.deb\nSize: 86684\n");
    expect(packagesIndex([item, item]).split("\n\n")).toHaveLength(2);
  });
});

it("knows its release, and that there is none elsewhere", () => {
  const path = join(dir, "os-release");
  writeFileSync(path, 'PRETTY_NAME="x"\nVERSION_ID="12"\nID=debian\n');
  if (debianRelease() !== undefined) expect(debianRelease(path)).toBe("debian 12");
  expect(debianRelease(join(dir, "nothing"))).toBeUndefined();
});

it("writes a script the shell accepts", () => {
  const path = join(dir, "install");
  writeFileSync(path, installScript(["gcc-arm-none-eabi", "python3"]));
  execFileSync("sh", ["-n", path]);
  expect(readFileSync(path, "utf8")).toMatch(/ install gcc-arm-none-eabi python3$/m);
});

// Debian's mirror is where the tests get their compilers from, too.
it.runIf(debianRelease() !== undefined)("fetches a package from Debian by its hash", { timeout: 120_000 }, async () => {
  const packages = await fetchDebs(["media-types"], dir);
  expect(packages.map(({ name }) => name)).toEqual(["media-types"]);
  for (const { file, sha256 } of packages) expect(sha256Of(join(dir, file))).toBe(sha256);
  expect(readdirSync(dir)).toEqual(packages.map(({ file }) => file));
});

describe("with an apt that", () => {
  const DEB = "one_1.0_all.deb";
  const bin = (): string => join(dir, "bin");
  const store = (): string => join(dir, "store");
  const calls = (): string[] => readFileSync(join(dir, "calls"), "utf8").trim().split("\n");

  /** Programs of this name that note how they were called; `script` is the shell's. */
  const pretend = (script: string): void => {
    mkdirSync(bin());
    for (const name of ["apt-get", "apt-cache"]) {
      writeFileSync(
        join(bin(), name),
        `#!/bin/sh\necho "${name} $*" >> "${dir}/calls"\ncase "${name} $*" in\n${script}\nesac\n`,
        { mode: 0o755 },
      );
    }
    vi.stubEnv("PATH", `${bin()}:${process.env.PATH}`);
  };
  afterEach(() => vi.unstubAllEnvs());

  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const knows = (text: string): string => `
  *--print-uris*) echo "'http://x/${DEB}' ${DEB} 4 SHA256:0" ;;
  apt-cache*) printf 'Package: one\\nVersion: 1.0\\nSHA256: ${hash("good")}\\n' ;;
  *download*) printf '${text}' > ${DEB} ;;`;

  it("has everything is asked to fetch it once, and again when the file is damaged", async () => {
    pretend(knows("good"));
    expect(await fetchDebs(["one"], store())).toMatchObject([{ name: "one", version: "1.0", file: DEB, size: 4 }]);
    expect(calls().filter((call) => call.includes("download"))).toEqual([expect.stringMatching(/ download one=1\.0$/)]);
    await fetchDebs(["one"], store());
    expect(calls().filter((call) => call.includes("download"))).toHaveLength(1);
    writeFileSync(join(store(), DEB), "evil");
    await fetchDebs(["one"], store());
    expect(readFileSync(join(store(), DEB), "utf8")).toBe("good");
  });

  it("gives another file than its lists name is tried with new lists, and then refused", async () => {
    pretend(knows("evil"));
    await expect(fetchDebs(["one"], store())).rejects.toMatchObject({
      exitCode: 3,
      message: `Could not get the Debian packages one: ${DEB} is not the file of Debian's package lists`,
      hint: expect.stringContaining("--without-compilers"),
    });
    expect(calls().some((call) => /Dir::State::Lists=\S+ .*update$/.test(call))).toBe(true);
    expect(readdirSync(store())).toEqual([]);
  });

  it("has no lists gets lists of our own", async () => {
    pretend(`*--print-uris*State::Lists*|*State::Lists*--print-uris*) echo "'http://x/${DEB}' ${DEB} 4 " ;;
  *--print-uris*) echo "E: Unable to locate package one" >&2; exit 100 ;;${knows("good")}`);
    expect(await fetchDebs(["one"], store())).toHaveLength(1);
    expect(readdirSync(store())).toEqual([DEB]);
  });

  it("fails is quoted", async () => {
    pretend('*) echo "E: The mirror is gone" >&2; exit 100 ;;');
    await expect(fetchDebs(["one"], store())).rejects.toThrow("packages one: The mirror is gone");
  });
});
