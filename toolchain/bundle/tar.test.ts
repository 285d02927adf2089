import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { installSystemPackages, missingSystemPackages } from "../pio/system.ts";
import { readTar, TAR_TIME, TarError, type TarItem, type TarSource, unsafeLink, unsafePath, writeTar } from "./tar.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-tar-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));
// Python packs what our own writer would not.
beforeAll(async () => installSystemPackages(await missingSystemPackages("")), 300_000);

type Given = Omit<TarItem, "size"> & { readonly content: Uint8Array };

function source({ content, ...item }: Given): TarSource {
  return { ...item, size: item.link === undefined ? content.length : 0, read: () => (item.link ? [] : [content]) };
}

async function archive(entries: readonly Given[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeTar(entries.map(source))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What an archive holds, read in chunks of `step` bytes. */
async function contents(bytes: Uint8Array, step = 1000): Promise<Given[]> {
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  };
  const found: Given[] = [];
  await readTar(chunks(), async ({ size, ...item }, body) => {
    const parts: Uint8Array[] = [];
    for await (const part of body) parts.push(part);
    const content = Buffer.concat(parts);
    expect(content.length).toBe(size);
    found.push({ ...item, content });
  });
  return found;
}

const file = (path: string, content = ""): Given => ({ path, executable: false, content: Buffer.from(content) });
const LONG = `${"folder/".repeat(30)}${"n".repeat(90)}`;
const VERY_LONG = `${"p".repeat(200)}/${"q".repeat(120)}`;

describe("an archive", () => {
  const part = fc.stringMatching(/^[a-zA-Z0-9_. äß-]{1,60}$/).filter((text) => !/^\.{1,2}$/.test(text));
  const path = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
  const entry = fc.record({ path, executable: fc.boolean(), content: fc.uint8Array({ maxLength: 1500 }) });

  it("gives back what was put in, in whatever pieces it is read", async () => {
    const entries = fc.uniqueArray(entry, { selector: (one) => one.path, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 3000 }), async (given, step) => {
        const found = await contents(await archive(given), step);
        expect(found.map((one) => ({ ...one, content: [...one.content] }))).toEqual(
          given.map((one) => ({ ...one, content: [...one.content] })),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("is read by the system's tar: names of any length, modes, links, one time and owner", async () => {
    const given: Given[] = [
      file("a.txt", "hello"),
      { ...file("run", "#!/bin/sh\n"), executable: true },
      file(LONG, "long"),
      file(VERY_LONG, "very long"),
      file("ünïcode/ß.txt", "umlauts"),
      { path: "lib/link", executable: false, content: new Uint8Array(0), link: "../a.txt" },
      { path: "lib/far", executable: false, content: new Uint8Array(0), link: `x/${"y".repeat(150)}` },
    ];
    const name = join(dir, "a.tar");
    writeFileSync(name, await archive(given));
    const out = join(dir, "out");
    mkdirSync(out);
    execFileSync("tar", ["xf", name, "-C", out]);
    for (const { path, content, link } of given) {
      if (link !== undefined) expect(readlinkSync(join(out, path))).toBe(link);
      else expect(readFileSync(join(out, path))).toEqual(Buffer.from(content));
    }
    expect([statSync(join(out, "run")).mode & 0o777, statSync(join(out, "a.txt")).mode & 0o111]).toEqual([0o755, 0]);
    expect(statSync(join(out, "a.txt")).mtimeMs).toBe(TAR_TIME * 1000);
    const list = execFileSync("tar", ["--numeric-owner", "-tvf", name], { encoding: "utf8" });
    for (const line of list.trim().split("\n")) expect(line).toMatch(/^\S+ 0\/0 /);
    expect(await contents(readFileSync(name))).toEqual(
      given.map((one) => ({ ...one, content: Buffer.from(one.content) })),
    );
  });

  it.each(["ustar", "pax"])("of the system's tar in format %s is read", async (format) => {
    mkdirSync(join(dir, "in", "deep", "er"), { recursive: true });
    writeFileSync(join(dir, "in", "deep", "er", "file"), "content");
    const name = join(dir, "b.tar");
    execFileSync("tar", [`--format=${format}`, "-C", dir, "-cf", name, "in"]);
    expect(await contents(readFileSync(name))).toEqual([file("in/deep/er/file", "content")]);
  });

  it("cut off anywhere is refused, and so is one with a damaged header", async () => {
    const bytes = await archive([file("a", "x".repeat(700)), file(VERY_LONG, "y")]);
    for (let end = 0; end < bytes.length - 512; end += 97) {
      await expect(contents(bytes.subarray(0, end))).rejects.toThrow(TarError);
    }
    for (const at of [0, 100, 124, 150, 156, 345]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await expect(contents(damaged)).rejects.toThrow("damaged header");
    }
  });

  it("whose file changed while it was written is refused", async () => {
    const grown: TarSource = { path: "log", executable: false, size: 3, read: () => [Buffer.from("four")] };
    const write = async (): Promise<void> => {
      for await (const _ of writeTar([grown]));
    };
    await expect(write()).rejects.toThrow("log changed while it was read");
  });
});

/** An archive made by Python's tarfile, which writes any name: members are [name, type, link]. */
function foreign(members: readonly (readonly [string, string, string?])[]): Buffer {
  const name = join(dir, "foreign.tar");
  const script = [
    "import io, json, sys, tarfile",
    "t = tarfile.open(sys.argv[1], 'w', format=tarfile.PAX_FORMAT)",
    "for name, kind, link in json.loads(sys.argv[2]):",
    "    i = tarfile.TarInfo(name); i.type = getattr(tarfile, kind); i.linkname = link or ''",
    "    i.size = 4 if kind == 'REGTYPE' else 0",
    "    t.addfile(i, io.BytesIO(b'evil') if i.size else None)",
    "t.close()",
  ].join("\n");
  execFileSync("python3", ["-c", script, name, JSON.stringify(members.map(([a, b, c]) => [a, b, c ?? null]))]);
  return readFileSync(name);
}

describe("an archive that would write outside is refused before it does", () => {
  it.each([
    ["a parent folder", [["../evil", "REGTYPE"]], /leads out of the folder/],
    ["a parent folder further in", [["a/../../evil", "REGTYPE"]], /leads out of the folder/],
    ["an absolute path", [["/tmp/evil", "REGTYPE"]], /is an absolute path/],
    ["a drive of Windows", [["C:evil", "REGTYPE"]], /colon/],
    ["a backslash", [["..\\evil", "REGTYPE"]], /backslash/],
    ["a long path in a pax header", [[`${"x/".repeat(150)}../../evil`, "REGTYPE"]], /leads out of the folder/],
    ["an absolute link", [["a", "SYMTYPE", "/etc"]], /links to a place outside/],
    ["a link to a parent folder", [["a/b", "SYMTYPE", "../../etc"]], /links to a place outside/],
    [
      "a file through a link",
      [
        ["a", "SYMTYPE", "b"],
        ["a/evil", "REGTYPE"],
      ],
      /through a link/,
    ],
    [
      "a file in place of a link",
      [
        ["a", "SYMTYPE", "b"],
        ["a", "REGTYPE"],
      ],
      /through a link/,
    ],
    [
      "a file twice",
      [
        ["a", "REGTYPE"],
        ["a", "REGTYPE"],
      ],
      /is there twice/,
    ],
    ["a hard link", [["a", "LNKTYPE", "/etc/passwd"]], /neither a file nor a symbolic link/],
    ["a device", [["a", "CHRTYPE"]], /neither a file nor a symbolic link/],
    ["a folder outside", [["../evil", "DIRTYPE"]], /leads out of the folder/],
  ] as const)("%s", async (_, members, sentence) => {
    const taken: string[] = [];
    const bytes = foreign(members);
    const read = readTar(
      (async function* () {
        yield bytes;
      })(),
      async ({ path }) => {
        taken.push(path);
      },
    );
    await expect(read).rejects.toThrow(sentence);
    await expect(read).rejects.toBeInstanceOf(TarError);
    // Nothing but the entries in front of the bad one was handed on.
    expect(taken.length).toBe(members.length - 1);
    expect(readdirSync(dir)).toEqual(["foreign.tar"]);
    expect(existsSync("/tmp/evil")).toBe(false);
  });

  it("by two rules: paths stay below, and links stay below wherever they lie", () => {
    const part = fc.constantFrom("a", "b", "..", ".", "");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.array(part, { maxLength: 6 }), (path, target) => {
        const [at, to] = [path.join("/"), target.join("/")];
        if (unsafePath(at) !== undefined) return;
        // What the system would make of it, from a root deep enough to see it leave.
        const resolved = new URL(to, `file:///root/${at}`).pathname;
        if (unsafeLink(at, to) === undefined) expect(resolved.startsWith("/root/")).toBe(true);
      }),
    );
  });
});
