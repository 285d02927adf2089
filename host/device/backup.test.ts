/** Boxes, shares and backup files: against outside vectors, and every way they can be wrong. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type BackupFile, makeBackup, openBackup, readBackup, writeBackup } from "./backup.ts";
import { bech32Decode, bech32Encode } from "./bech32.ts";
import { BoxError, boxPublicKey, openBox, sealBox } from "./box.ts";
import type { Device } from "./device.ts";
import { joinShares, makeShares, parseShare, shareLine } from "./shares.ts";

const folder = mkdtempSync(join(tmpdir(), "mehr-backup-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill);
const PLAIN = Buffer.concat([Buffer.from("MHRB\x01", "latin1"), bytes(300, 7)]);

/** Only what makeBackup asks of a board: it seals PLAIN, as the board's box.cpp does. */
const board = {
  identify: () => Promise.resolve({ name: "roof", board: "native", nodeId: "ab".repeat(16) }),
  backup: (recipient: Uint8Array) => Promise.resolve(sealBox(recipient, PLAIN)),
} as unknown as Device;

describe("bech32m", () => {
  // The valid strings of BIP 350.
  it.each([
    "A1LQFN3A",
    "a1lqfn3a",
    "an83characterlonghumanreadablepartthatcontainsthetheexcludedcharactersbioandnumber11sg7hg6",
    "abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpzd3ryx",
    "split1checkupstagehandshakeupstreamerranterredcaperredlc445v",
    "?1v759aa",
  ])("has the checksum of %s", (text) => {
    // Whether the data are whole bytes is another matter: BIP 350's are any values of five bits.
    const spoilt = text.slice(0, -1) + (text.endsWith("q") ? "p" : "q");
    const decoded = bech32Decode(text);
    if (decoded !== undefined) expect(bech32Encode(decoded.prefix, decoded.bytes)).toBe(text.toLowerCase());
    expect(bech32Decode(spoilt)).toBeUndefined();
  });

  it("takes A1LQFN3A, split1... and abcdef1... as bytes, and refuses what BIP 350 refuses", () => {
    expect(bech32Decode("A1LQFN3A")).toEqual({ prefix: "a", bytes: new Uint8Array(0) });
    expect(bech32Decode("?1v759aa")).toEqual({ prefix: "?", bytes: new Uint8Array(0) });
    // Mixed case, no separator, checksum too short, bech32's own constant instead of bech32m's.
    for (const text of ["A1lqfn3a", "lqfn3a", "a1lqfn3", "A12UEL5L", "1qyrz8wqd2c9m", "y1b0jsk6g"])
      expect(bech32Decode(text)).toBeUndefined();
  });

  it("gives back any bytes, and finds any wrong letter", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 48 }), fc.nat(), fc.nat(31), (data, where, letter) => {
        const text = bech32Encode("mehr", data);
        expect(bech32Decode(text)).toEqual({ prefix: "mehr", bytes: Uint8Array.from(data) });
        const at = 5 + (where % (text.length - 5));
        const other = "qpzry9x8gf2tvdw0s3jn54khce6mua7l".charAt(letter);
        if (text[at] !== other) expect(bech32Decode(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
      }),
    );
  });
});

describe("a box", () => {
  it("is what noble makes of its description", () => {
    const secret = bytes(32, 3);
    const recipient = boxPublicKey(secret);
    expect(recipient).toEqual(x25519.getPublicKey(secret));
    const key = (shared: Uint8Array, ephemeral: Uint8Array): Uint8Array =>
      blake2b(Buffer.concat([Buffer.from("mehr/console-box/1\0"), shared, ephemeral, recipient]), { dkLen: 32 });
    // Theirs opens here.
    const ephemeral = bytes(32, 5);
    const theirPublic = x25519.getPublicKey(ephemeral);
    const sealed = chacha20poly1305(
      key(x25519.getSharedSecret(ephemeral, recipient), theirPublic),
      bytes(12, 0),
    ).encrypt(PLAIN);
    expect(openBox(secret, Buffer.concat([theirPublic, sealed]))).toEqual(Uint8Array.from(PLAIN));
    // Ours opens there.
    const box = sealBox(recipient, PLAIN);
    const shared = x25519.getSharedSecret(secret, box.subarray(0, 32));
    const opened = chacha20poly1305(key(shared, box.subarray(0, 32)), bytes(12, 0)).decrypt(box.subarray(32));
    expect(opened).toEqual(Uint8Array.from(PLAIN));
    expect(sealBox(recipient, PLAIN)).not.toEqual(box);
  });

  it("opens with its key alone, and not with any bit changed", () => {
    const secret = bytes(32, 3);
    const box = sealBox(boxPublicKey(secret), PLAIN);
    expect(() => openBox(bytes(32, 4), box)).toThrow(BoxError);
    fc.assert(
      fc.property(fc.nat(box.length * 8 - 1), (bit) => {
        // The top bit of an X25519 key is not looked at (RFC 7748 section 5), but it goes into the box's key.
        const spoilt = Uint8Array.from(box);
        spoilt[bit >> 3] = (spoilt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => openBox(secret, spoilt)).toThrow(BoxError);
      }),
    );
    expect(() => openBox(secret, box.subarray(0, 47))).toThrow(BoxError);
    expect(() => openBox(secret, new Uint8Array(60))).toThrow("small order");
  });
});

describe("shares", () => {
  const SET = "1a2b3c4d";
  const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7);

  it("bring the secret back, any K of them, and read as they are printed", async () => {
    const lines = (await makeShares(secret, SET, 3, 5)).map(shareLine);
    expect(lines[1]).toMatch(/^Share 2 of 5 \(any 3 restore it\), set 1a2b3c4d: mehr1[02-9ac-hj-np-z]{72}$/);
    for (const [a, b, c] of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
    ] as const) {
      const given = [lines[a], lines[b], lines[c]].map((line) => parseShare(line ?? ""));
      expect(await joinShares(given, SET)).toEqual(secret);
    }
    // As a person types it: the code alone, in capitals, in groups.
    const code = (lines[0] ?? "").split(": ")[1] ?? "";
    expect(parseShare(`  ${code.toUpperCase().replace(/(.{5})/g, "$1 ")}`)).toEqual(parseShare(lines[0] ?? ""));
  });

  it("that do not suffice, are mixed or damaged are told of", async () => {
    const shares = await makeShares(secret, SET, 3, 5);
    const [one, two] = shares.map(shareLine).map(parseShare);
    if (one === undefined || two === undefined) throw new Error("no shares");
    await expect(joinShares([one, two], SET)).rejects.toThrow(
      "3 shares of set 1a2b3c4d are needed and 2 (number 1, 2) came; give 1 more.",
    );
    await expect(joinShares([one, two, one], SET)).rejects.toThrow("and 2 (number 1, 2) came");
    await expect(joinShares([], SET)).rejects.toThrow("and none came; give 2 more");
    await expect(joinShares([one, { ...two, set: "00000000" }], SET)).rejects.toThrow(
      "Share 2 is of set 00000000, and this backup needs set 1a2b3c4d.",
    );
    const line = shareLine(one);
    expect(() => parseShare(line.slice(0, -1))).toThrow("has a wrong letter, or one too many or too few");
    expect(() => parseShare("")).toThrow('The share ""');
    for (const [k, n] of [
      [1, 3],
      [4, 3],
      [2, 17],
    ] as const)
      await expect(makeShares(secret, SET, k, n)).rejects.toThrow(`${k} of ${n} shares cannot be made`);
  });
});

describe("a backup file", () => {
  it("opens by its passphrase, by its shares, and by nothing else", { timeout: 30_000 }, async () => {
    const { file } = await makeBackup(board, { passphrase: "correct horse" });
    const path = join(folder, "roof");
    writeBackup(path, file);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["roof"]);
    expect(readBackup(path)).toEqual(file);
    expect(await openBackup(file, "correct horse")).toEqual(Uint8Array.from(PLAIN));
    await expect(openBackup(file, "correct hors")).rejects.toThrow("The passphrase is wrong");
    await expect(openBackup(file, [])).rejects.toThrow("made with a passphrase; shares do not open it");
    expect(() => writeBackup(path, file)).toThrow("exists already");
    expect(() => writeBackup(join(folder, "no", "where"), file)).toThrow("its folder does not exist");

    const { file: shared, shares } = await makeBackup(board, { threshold: 2, count: 3 });
    expect(JSON.stringify(shared)).not.toContain(shares[0]?.split(": ")[1]);
    expect(await openBackup(shared, shares.slice(0, 2))).toEqual(Uint8Array.from(PLAIN));
    await expect(openBackup(shared, shares.slice(0, 1))).rejects.toThrow("give 1 more");
    await expect(openBackup(shared, "correct horse")).rejects.toThrow("made with shares; give 2 of set");
    const { shares: others } = await makeBackup(board, { threshold: 2, count: 3 });
    await expect(openBackup(shared, [shares[0] ?? "", others[1] ?? ""])).rejects.toThrow(/Share 2 is of set/);
    await expect(makeBackup(board, { passphrase: "short" })).rejects.toThrow("too short");
  });

  it("that is damaged or made up is refused by its name", async () => {
    const { file } = await makeBackup(board, { threshold: 2, count: 2 });
    const path = join(folder, "bad");
    const text = `${JSON.stringify(file, undefined, 2)}\n`;
    const refused = (content: string): string => {
      writeFileSync(path, content);
      try {
        readBackup(path);
      } catch (error) {
        return (error as Error).message.replace(path, "FILE");
      }
      return "";
    };
    expect(refused(text)).toBe("");
    fc.assert(
      fc.property(fc.nat(text.length - 2), fc.integer({ min: 0x21, max: 0x7e }), (at, code) => {
        const other = String.fromCharCode(code);
        if (text[at] === other) return;
        // White space between fields is not part of it.
        if (/\s/.test(text[at] ?? "") && /\s/.test(other)) return;
        const said = refused(text.slice(0, at) + other + text.slice(at + 1));
        expect(said).toMatch(/^FILE (is no backup|is not a backup|is damaged|is a backup of version)/);
      }),
    );
    expect(refused("")).toBe("FILE is no backup, or is damaged: it is not JSON.");
    expect(refused("null")).toBe("FILE is not a backup of a relay.");
    expect(refused("[1]")).toBe("FILE is not a backup of a relay.");
    // A right checksum over nonsense.
    const { createHash } = await import("node:crypto");
    const forged = (change: Partial<BackupFile>): string => {
      const { checksum: _, ...content } = { ...file, ...change };
      const checksum = createHash("sha256").update(JSON.stringify(content)).digest("hex");
      return JSON.stringify({ ...content, checksum });
    };
    for (const change of [
      { recipient: "00" },
      { node_id: "zz" },
      { lock: { kind: "passphrase", kdf: "scrypt", log_n: 63, r: 8, p: 1, salt: "00".repeat(16) } },
      { lock: { kind: "none" } },
    ])
      expect(refused(forged(change as Partial<BackupFile>))).toBe(
        "FILE is no backup this mehr can read: a field is missing or wrong.",
      );
    expect(readFileSync(path, "utf8")).toContain("none");
    // The box itself changed, with everything else right.
    const { file: whole, shares } = await makeBackup(board, { threshold: 2, count: 2 });
    const box = Buffer.from(whole.box, "base64");
    box.writeUInt8(box.readUInt8(50) ^ 1, 50);
    await expect(openBackup({ ...whole, box: box.toString("base64") }, shares)).rejects.toThrow(
      "was changed after it was made",
    );
  });
});
