/** `mehr verify` and `mehr build --sign` as a user meets them, with openssl on the other side. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { manifestOf, writeImage } from "../toolchain/build.ts";
import { makeImage } from "../toolchain/image/make.ts";
import { readSigningKey } from "../toolchain/image/signature.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { ensureDebian } from "./support/debian.ts";
import { cortexElf } from "./support/elf.ts";
import { rak } from "./support/layouts.ts";

const core = { abi_version: 1, size: 1, sha256: "0".repeat(64), code: 1, data: 0, memory: 1 };

let dir: string;
let folder: string;
const at = (name: string): string => join(dir, name);
const openssl = (...args: string[]): string => execFileSync("openssl", args, { cwd: dir, encoding: "utf8" });

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "mehr-sign-"));
  await ensureDebian("openssl");
  openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem");
  openssl("pkey", "-in", "key.pem", "-pubout", "-out", "pub.pem");
  openssl("genpkey", "-algorithm", "ed25519", "-out", "other.pem");
  openssl("pkey", "-in", "other.pem", "-pubout", "-out", "other-pub.pem");
  openssl("genpkey", "-algorithm", "x25519", "-out", "x25519.pem");
  folder = at("rak4631");
  sign();
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function sign(): void {
  const files = makeImage(rak, new Map([["elf", cortexElf(0x26000, 4001)]]));
  const manifest = manifestOf({ board: rak, engine: "aot", version: "1.2.3", region: "eu868", core, files });
  writeImage(folder, manifest, files, readSigningKey(at("key.pem")));
}

function mehr(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repositoryRoot(), "bin/mehr.mjs"), ...args], {
    encoding: "utf8",
  });
  return { code: status, stdout, stderr };
}

describe("a signed image", () => {
  it("passes here and with openssl", () => {
    const args = ["-pubin", "-inkey", "pub.pem", "-sigfile", join(folder, "manifest.json.sig")];
    expect(openssl("pkeyutl", "-verify", ...args, "-rawin", "-in", join(folder, "manifest.json"))).toContain(
      "Signature Verified Successfully",
    );
    const { code, stdout } = mehr("verify", folder, "--key", at("pub.pem"), "--board", "rak4631");
    expect(code).toBe(0);
    expect(stdout).toContain(
      "is good: Mehr on RAK4631 WisBlock Core 1.2.3, board rak4631, beside S140 6.1.1, region eu868",
    );
    expect(stdout).toContain("The manifest is signed with the given key.");
  });

  it("that openssl signed passes too", () => {
    const signature = join(folder, "manifest.json.sig");
    const manifest = join(folder, "manifest.json");
    openssl("pkeyutl", "-sign", "-inkey", "other.pem", "-rawin", "-in", manifest, "-out", signature);
    expect(mehr("verify", folder, "--key", at("other-pub.pem")).code).toBe(0);
    const { code, stderr } = mehr("verify", folder, "--key", at("pub.pem"));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^mehr: .* is not this key's signature of manifest\.json: /),
    ]);
    sign();
  });

  it("tells everything in one object, and exits with 1 for a bad image", () => {
    const good = mehr("verify", folder, "--json", "--softdevice", "S140 6.1.1");
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      ok: true,
      board: "rak4631",
      softdevice: "S140 6.1.1",
      signature: "unchecked",
      problems: [],
      unlisted: [],
    });
    appendFileSync(join(folder, "firmware.hex"), "x");
    const bad = mehr("verify", folder, "--json", "--softdevice", "S140 7.3.0");
    sign();
    expect([bad.code, bad.stderr]).toEqual([1, ""]);
    const { ok, problems, error } = JSON.parse(bad.stdout) as {
      ok: boolean;
      problems: string[];
      error: { exit_code: number; message: string };
    };
    expect([ok, problems.length, error.exit_code]).toEqual([false, 2, 1]);
    expect(problems[0]).toContain("is for S140 6.1.1 (application at 0x26000) and the board has S140 7.3.0");
    expect(problems[1]).toMatch(/firmware\.hex has \d+ bytes and its manifest says \d+; do not flash it/);
  });

  it.each<[string, () => string[], string]>([
    [
      "a folder that is none",
      () => [at("nowhere")],
      "has no manifest.json: name a folder that `mehr build` has written",
    ],
    ["a key that is not there", () => [folder, "--key", at("none.pem")], "cannot be read: ENOENT."],
    ["a private key", () => [folder, "--key", at("key.pem")], "holds no public key in PEM without a password."],
    ["a board there is none of", () => [folder, "--board", "rak"], 'There is no board "rak"'],
    ["a SoftDevice that is none", () => [folder, "--softdevice", "six"], '"six" is no SoftDevice'],
    ["no folder", () => [], "missing required argument 'folder'"],
  ])("exits with 2 for %s", (_, args, sentence) => {
    const { code, stderr } = mehr("verify", ...args());
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  it("is not built with a key that cannot sign, which is told before the build", () => {
    writeFileSync(at("noise.pem"), "noise");
    const other = "holds a key for x25519 and manifests are signed with Ed25519.";
    for (const [key, sentence] of [
      ["noise.pem", "holds no private key in PEM without a password."],
      ["pub.pem", "holds no private key in PEM without a password."],
      ["x25519.pem", other],
      ["none.pem", "cannot be read: ENOENT."],
    ] as const) {
      const { code, stderr } = mehr("build", "native", "--sign", at(key), "--source", "system");
      expect([key, code, stderr]).toEqual([key, 2, expect.stringContaining(sentence)]);
    }
  });
});
