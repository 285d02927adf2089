/** What is refused: files that are not for the board when an image is made, and anything wrong when it is verified. */
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UnknownBoardError, type RealBoard } from "../../boards/index.ts";
import { cortexElf, elf32 } from "../../tests/support/elf.ts";
import { boardPartitions, espBuild, espImage, otaSelect } from "../../tests/support/esp.ts";
import { ESP32, ESPRESSIF, heltec, NORDIC, PICO, rak, RP2040, S140_V7 } from "../../tests/support/layouts.ts";
import { collect, manifestOf, writeImage } from "../build.ts";
import { sha256Hex } from "../core/compile.ts";
import { MehrError } from "../errors.ts";
import { type Manifest, manifestText, parseManifest } from "../manifest.ts";
import { artifactsIn } from "../pio/run.ts";
import { crc32Mpeg2 } from "./cortex-m.ts";
import { writeDfuPackage } from "./dfu.ts";
import { replaceFolder } from "./folder.ts";
import { FILES, type Kind, makeImage } from "./make.ts";
import { programSha256 } from "./program-hash.ts";
import { verifyFolder, type VerifyOptions } from "./verify.ts";

const CORE = { abi_version: 1, size: 1, sha256: "0".repeat(64), code: 1, data: 0, memory: 1 };

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mehr-verify-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function boot2(): Uint8Array {
  const bytes = Buffer.alloc(256, 0x11);
  bytes.writeUInt32LE(crc32Mpeg2(bytes.subarray(0, 252)), 252);
  return bytes;
}

/** What PlatformIO leaves for a board, by file name. */
function left(board: RealBoard, size = 3001): Map<string, Uint8Array> {
  if (board.mcu === "esp32" || board.mcu === "esp32s3") return espBuild(board, size);
  const start = board.flash.app.offset;
  return new Map([["firmware.elf", cortexElf(start, size, board.mcu === "rp2040" ? boot2() : undefined)]]);
}

function built(files: ReadonlyMap<string, Uint8Array>): Map<Kind, Uint8Array> {
  const kinds = Object.entries(FILES) as [Kind, string][];
  return new Map(
    kinds.flatMap(([kind, name]) => (files.has(name) ? [[kind, files.get(name) ?? new Uint8Array()]] : [])),
  );
}

/** A good image of a board in a folder of its own. */
function image(board: RealBoard, options: { size?: number; key?: Parameters<typeof writeImage>[3] } = {}): string {
  const folder = join(dir, board.id);
  const files = makeImage(board, built(left(board, options.size)));
  const manifest = manifestOf({ board, engine: "aot", version: "1.2.3", region: null, core: CORE, files });
  writeImage(folder, manifest, files, options.key);
  return folder;
}

function problems(folder: string, options: VerifyOptions = {}): string {
  return verifyFolder(folder, options).problems.join("\n").replaceAll(dir, "");
}

/** Changes the manifest in a folder. */
function edit(folder: string, change: (manifest: Manifest) => void): void {
  const path = join(folder, "manifest.json");
  const manifest = parseManifest(readFileSync(path, "utf8"));
  if (manifest === undefined) throw new Error("no manifest");
  change(manifest);
  writeFileSync(path, manifestText(manifest));
}

/** Replaces a file of the image and what the manifest says of it: somebody made a wrong image on purpose. */
function swap(folder: string, kind: Kind, bytes: Uint8Array): void {
  writeFileSync(join(folder, FILES[kind]), bytes);
  edit(folder, ({ artifacts }) => {
    const artifact = artifacts.find((one) => one.kind === kind);
    if (artifact === undefined) throw new Error(`no ${kind}`);
    Object.assign(artifact, { size: bytes.length, sha256: sha256Hex(bytes) });
  });
}

describe("making an image", () => {
  it.each([...NORDIC, ...PICO, ...ESPRESSIF].map((board) => [board.id, board] as const))(
    "gives what the flashers of %s take, from a folder as PlatformIO leaves it",
    (_, board) => {
      const pio = join(dir, "build");
      mkdirSync(pio);
      for (const [name, bytes] of left(board)) writeFileSync(join(pio, name), bytes);
      const files = collect(board, artifactsIn(pio));
      const kinds = files.map(({ kind }) => kind);
      if (board.mcu === "nrf52840") expect(kinds).toEqual(["elf", "hex", "uf2", "dfu-zip"]);
      else if (board.mcu === "rp2040") expect(kinds).toEqual(["elf", "uf2"]);
      else expect(kinds).toEqual(["elf", "merged", "bootloader", "partitions", "boot-app0", "bin"]);
      const folder = image(board);
      expect(problems(folder)).toBe("");
      const { manifest } = verifyFolder(folder);
      expect(manifest?.board).toBe(board.id);
      expect(manifest?.usb).toEqual(board.usb);
      expect(manifest?.uf2?.boardId ?? undefined).toBe(board.uf2?.boardId);
    },
  );

  const change = (board: RealBoard, name: string, bytes: Uint8Array): Map<Kind, Uint8Array> =>
    built(new Map([...left(board), [name, bytes]]));
  const esp = (options: Partial<Parameters<typeof espImage>[0]> = {}): Uint8Array =>
    espImage({
      chipId: 9,
      flashBytes: 0x80_0000,
      entry: 0x4037_8000,
      segments: [[0x4037_8000, new Uint8Array(8)]],
      ...options,
    });

  it.each<[string, RealBoard, Map<Kind, Uint8Array>, string]>([
    [
      "a program linked for another SoftDevice",
      S140_V7,
      built(left(rak)),
      "firmware.elf: it begins at 0x26000, where the application beside S140 6.1.1 lies, and " +
        "boards/layout-s140-v7.ts says S140 7.3.0 with the application at 0x27000: it would flash without an error and " +
        "never start; build it for S140 7.3.0.",
    ],
    [
      "a program linked elsewhere",
      rak,
      change(rak, "firmware.elf", cortexElf(0x1000, 500)),
      "firmware.elf: it begins at 0x1000 and boards/rak4631.ts says the application is at 0x26000; build it again.",
    ],
    [
      "a program that is too long",
      rak,
      change(rak, "firmware.elf", cortexElf(0x26000, 0xc7001)),
      "firmware.elf: it ends at 0xed001, 1 bytes past 0xed000, where boards/rak4631.ts ends the application; make it smaller.",
    ],
    [
      "a program without a vector table",
      rak,
      change(
        rak,
        "firmware.elf",
        elf32(40, 0, [{ name: ".t", address: 0x26000, bytes: new Uint8Array(64), flags: 6 }]),
      ),
      "firmware.elf: its stack would begin at 0x0, outside the RAM from 0x20000000 to 0x20040000: a nRF52840 would not " +
        "start it; build it again.",
    ],
    [
      "a program of another processor",
      rak,
      change(rak, "firmware.elf", left(heltec).get("firmware.elf") ?? new Uint8Array()),
      "firmware.elf: it is for xtensa and a nRF52840 is none; build it again.",
    ],
    [
      "an RP2040's without its second-stage boot",
      RP2040,
      change(RP2040, "firmware.elf", cortexElf(0x1000_0000, 800, new Uint8Array(256))),
      "firmware.elf: the checksum of its second-stage boot is 0x00000000 and should be",
    ],
    [
      "an image for another chip",
      heltec,
      change(heltec, "firmware.bin", left(ESP32).get("firmware.bin") ?? new Uint8Array()),
      "firmware.bin: it is for ESP32 and boards/heltec-v3.ts says ESP32-S3; build it again.",
    ],
    [
      "a bootloader for another chip",
      ESP32,
      change(ESP32, "bootloader.bin", esp({ chipId: 5 })),
      "bootloader.bin: it is for ESP32-C3 and boards/layout-esp32.ts says ESP32; build it again.",
    ],
    [
      "an image for a larger flash",
      heltec,
      change(heltec, "firmware.bin", esp({ flashBytes: 0x100_0000 })),
      "firmware.bin: it is made for 0x1000000 bytes of flash and boards/heltec-v3.ts says 0x800000; build it again.",
    ],
    [
      "a bootloader for a flash smaller than the partition table",
      heltec,
      change(heltec, "bootloader.bin", esp({ flashBytes: 0x40_0000 })),
      "partitions.bin: it ends at 0x670000 and bootloader.bin is made for 0x400000 bytes of flash; build it again.",
    ],
    [
      "a partition table for another application",
      heltec,
      change(heltec, "partitions.bin", boardPartitions(ESP32)),
      "partitions.bin: it boots app0 at 0x10000 with 0x140000 bytes and boards/heltec-v3.ts says 0x10000 with 0x330000; " +
        "build it again.",
    ],
    [
      "otadata that starts the second slot",
      heltec,
      change(heltec, "boot_app0.bin", otaSelect(2)),
      "partitions.bin: it boots app1 at 0x340000 with 0x330000 bytes and boards/heltec-v3.ts says 0x10000",
    ],
    [
      "a bootloader that reaches into the partition table",
      ESP32,
      change(
        ESP32,
        "bootloader.bin",
        esp({ chipId: 0, flashBytes: 0x40_0000, segments: [[0, new Uint8Array(0x7000)]] }),
      ),
      "bootloader.bin: it has 28752 bytes and 28672 are before the partition table; build it again.",
    ],
    [
      "an application larger than its partition",
      ESP32,
      change(
        ESP32,
        "firmware.bin",
        esp({ chipId: 0, flashBytes: 0x40_0000, segments: [[0, new Uint8Array(0x14_0000)]] }),
      ),
      "firmware.bin: it has 1310800 bytes and its partition 1310720; build it again.",
    ],
    [
      "an application of another ELF file",
      heltec,
      change(heltec, "firmware.bin", esp({ entry: 0x4037_9000 })),
      "firmware.bin: it starts at 0x40379000 and firmware.elf at 0x40378000, so it is not made from it; build it again.",
    ],
    [
      "an absent boot_app0.bin",
      heltec,
      new Map([...built(left(heltec))].filter(([kind]) => kind !== "boot-app0")),
      "the package framework-arduinoespressif32 has no boot_app0.bin for heltec-v3; run `mehr build heltec-v3 --verbose`",
    ],
    [
      "a damaged ELF file",
      rak,
      change(rak, "firmware.elf", new Uint8Array(9)),
      "firmware.elf: it is not an ELF file; build it again.",
    ],
  ])("refuses %s", (_, board, files, sentence) => {
    let error: unknown;
    try {
      makeImage(board, files);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(MehrError);
    expect(error).toMatchObject({ exitCode: 1 });
    expect((error as MehrError).message).toContain(sentence);
  });
});

describe("verifying an image", () => {
  const AGAIN = "do not flash it, build it again or get it again.";

  it("says what a file is and what it should be", () => {
    const folder = image(rak);
    const path = join(folder, "firmware.uf2");
    const file = readFileSync(path);
    const before = sha256Hex(file);
    file[40] = (file[40] ?? 0) ^ 1;
    writeFileSync(path, file);
    expect(problems(folder)).toBe(
      `/rak4631/firmware.uf2 has sha256 ${sha256Hex(file)} and its manifest says ${before}; ${AGAIN}`,
    );
  });

  it("sees an extra byte, a missing file, and a link in place of one", () => {
    const folder = image(rak);
    const size = readFileSync(join(folder, "firmware.hex")).length;
    appendFileSync(join(folder, "firmware.hex"), "\n");
    rmSync(join(folder, "firmware.zip"));
    renameSync(join(folder, "firmware.uf2"), join(dir, "elsewhere"));
    symlinkSync(join(dir, "elsewhere"), join(folder, "firmware.uf2"));
    expect(problems(folder).split("\n")).toEqual([
      `/rak4631/firmware.hex has ${size + 1} bytes and its manifest says ${size}; ${AGAIN}`,
      `/rak4631/firmware.uf2 is not a file of its own; ${AGAIN}`,
      `/rak4631/firmware.zip is missing; ${AGAIN}`,
    ]);
  });

  it.each(["../firmware.elf", "/etc/passwd", "a/b", "..", "C:x", "a\\b", ".hidden", ""])(
    "refuses a manifest that names %j",
    (path) => {
      const folder = image(rak);
      edit(folder, ({ artifacts }) => Object.assign(artifacts[1] ?? {}, { path }));
      expect(problems(folder)).toBe(
        `/rak4631/manifest.json: artifacts.1.path: ${JSON.stringify(path)} is not the name of a file beside the ` +
          `manifest; do not flash it, build it again or get it again.`,
      );
    },
  );

  it("tells the file, both SoftDevices and the way out", () => {
    expect(problems(image(rak), { softdevice: "S140 version 7.3.0" })).toBe(
      "/rak4631/manifest.json is for S140 6.1.1 (application at 0x26000) and the board has S140 7.3.0: it would flash " +
        "without an error and never start; build for a board with S140 7.3.0, or update the board's bootloader to S140 6.1.1.",
    );
    expect(problems(image(rak), { softdevice: "S140 6.1.1", board: "rak4631" })).toBe("");
    expect(problems(image(heltec), { softdevice: "S140 6.1.1" })).toContain("which runs no SoftDevice");
    expect(() => verifyFolder(image(rak), { softdevice: "nRF" })).toThrow(
      new MehrError(
        2,
        '"nRF" is no SoftDevice: write it as INFO_UF2.TXT on the board\'s drive does, such as "S140 6.1.1".',
      ),
    );
  });

  it("is for the board that is asked for, and as its value says", () => {
    const folder = image(rak);
    expect(problems(folder, { board: "heltec-v3" })).toBe(
      "/rak4631/manifest.json is for board rak4631 and not for heltec-v3; build it with `mehr build heltec-v3`.",
    );
    expect(() => verifyFolder(folder, { board: "rak" })).toThrow(UnknownBoardError);
    edit(folder, (manifest) => Object.assign(manifest.uf2 ?? {}, { boardId: "Other" }));
    expect(problems(folder, { board: "rak4631" })).toBe(
      "/rak4631/manifest.json: uf2.boardId is Other and boards/rak4631.ts says WisBlock-RAK4631-Board; build it again.",
    );
  });

  it("names the program that a board will report, and no other", () => {
    const folder = image(rak);
    const other = "ab".repeat(32);
    const { manifest } = verifyFolder(folder);
    edit(folder, (one) => Object.assign(one, { image_sha256: other }));
    expect(problems(folder)).toBe(
      `/rak4631/manifest.json: image_sha256 is ${other} and that of the program is ${manifest?.image_sha256 ?? ""}.`,
    );
    edit(folder, (one) => Object.assign(one, { image_sha256: null }));
    expect(problems(folder)).toMatch(/image_sha256 is unknown and that of the program is [0-9a-f]{64}/);
  });

  it("is known by the hash of the whole file where an ESP32's application carries none", () => {
    const files = makeImage(heltec, built(left(heltec)));
    const app = Buffer.from(files.find(({ kind }) => kind === "bin")?.bytes ?? []);
    const of = (bin: Uint8Array): string | null =>
      programSha256("esp32s3", (kind) => (kind === "bin" ? bin : undefined));
    expect(of(app)).toBe(app.subarray(-32).toString("hex"));
    const bare = Buffer.from(app.subarray(0, -32));
    bare[23] = 0;
    expect(of(bare)).toBe(sha256Hex(bare));
    expect([of(app.subarray(1)), programSha256("esp32", () => undefined)]).toEqual([null, null]);
  });

  it("knows manifests of other versions, and texts that are none", () => {
    const folder = image(rak);
    const path = join(folder, "manifest.json");
    const say = (text: string): string => (writeFileSync(path, text), problems(folder));
    expect(say('{"manifest": 1, "board": "rak4631"}')).toBe(
      "/rak4631/manifest.json has version 1 and this mehr reads version 3; build the image again with `mehr build`.",
    );
    expect(say('{"manifest": 4}')).toBe(
      "/rak4631/manifest.json has version 4 and this mehr reads version 3; update this checkout.",
    );
    const none = "/rak4631/manifest.json is not the manifest of an image; build the image again with `mehr build`.";
    expect([say("{"), say("[]"), say("null"), say('{"name": "esp-web-tools", "builds": []}')]).toEqual(
      Array(4).fill(none),
    );
    rmSync(path);
    expect(() => verifyFolder(folder)).toThrow(/has no manifest\.json: name a folder that `mehr build` has written/);
    expect(() => verifyFolder(join(dir, "nowhere"))).toThrow(MehrError);
  });

  it.each<[string, RealBoard, Kind, (file: Buffer) => Uint8Array, string]>([
    [
      "a DFU package for another SoftDevice",
      rak,
      "dfu-zip",
      () => writeDfuPackage(new Uint8Array(4), 0x0123),
      "firmware.zip: it asks for SoftDevice 0x0123 and its manifest says S140 6.1.1, 0x00b6.",
    ],
    [
      "UF2 for another family",
      rak,
      "uf2",
      (file) => {
        for (let at = 28; at < file.length; at += 512) file.writeUInt32LE(0xd663823c, at);
        return file;
      },
      "firmware.uf2: it is for UF2 family 0xd663823c and its manifest says 0xada52840.",
    ],
    [
      "another program in one of the files",
      rak,
      "uf2",
      (file) => ((file[40] = (file[40] ?? 0) ^ 1), file),
      "firmware.uf2: it holds another program than firmware.elf.",
    ],
    [
      "text instead of a hex file",
      rak,
      "hex",
      () => Buffer.from("hello"),
      "firmware.hex: line 1 is no record of Intel HEX.",
    ],
    [
      "another part in the merged file",
      heltec,
      "merged",
      (file) => ((file[0x1_0100] = 0), file),
      "merged.bin: it differs from the parts at 0x10100.",
    ],
    [
      "parts of sectors for an RP2040",
      RP2040,
      "uf2",
      (file) => {
        const cut = file.subarray(0, file.length - 512);
        for (let at = 24; at < cut.length; at += 512) cut.writeUInt32LE(cut.length / 512, at);
        return cut;
      },
      "firmware.uf2: it has parts of sectors, which an RP2040 writes wrong (RP2040-E14).",
    ],
    [
      "an ELF file of another program",
      heltec,
      "elf",
      (file) => (file.writeUInt32LE(1, 24), file),
      "firmware.elf: it holds another program than firmware.bin.",
    ],
  ])("refuses %s though its hash is right", (_, board, kind, change, sentence) => {
    const folder = image(board);
    swap(folder, kind, change(readFileSync(join(folder, FILES[kind]))));
    expect(problems(folder)).toBe(`/${board.id}/${sentence}`);
  });

  it("holds esp-web-tools' part of the manifest against the rest", () => {
    const folder = image(heltec);
    const { manifest } = verifyFolder(folder);
    expect(manifest?.builds).toEqual([
      {
        chipFamily: "ESP32-S3",
        parts: [
          { path: "bootloader.bin", offset: 0 },
          { path: "partitions.bin", offset: 0x8000 },
          { path: "boot_app0.bin", offset: 0xe000 },
          { path: "firmware.bin", offset: 0x10000 },
        ],
      },
    ]);
    edit(folder, ({ builds }) => Object.assign(builds[0]?.parts[0] ?? {}, { offset: 0x1000 }));
    expect(problems(folder)).toBe("/heltec-v3/manifest.json: builds puts bootloader.bin at 0x1000 and it is at 0x0.");
    edit(folder, ({ builds, artifacts }) => {
      Object.assign(builds[0]?.parts[0] ?? {}, { offset: 0x1000 });
      Object.assign(artifacts.find(({ kind }) => kind === "bootloader") ?? {}, { offset: 0x1000 });
    });
    expect(problems(folder)).toBe("/heltec-v3/manifest.json: it puts bootloader.bin at 0x1000 and it belongs at 0x0.");
  });

  it("lists what is not part of the image without refusing it", () => {
    const folder = image(rak);
    writeFileSync(join(folder, "old.uf2"), "");
    expect(verifyFolder(folder)).toMatchObject({ problems: [], unlisted: ["old.uf2"] });
  });
});

describe("the signature", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const key = createPublicKey(privateKey);
  const other = generateKeyPairSync("ed25519").publicKey;

  it("is this key's over the manifest as it is", () => {
    const folder = image(rak, { key: privateKey });
    expect(readFileSync(join(folder, "manifest.json.sig")).length).toBe(64);
    expect(verifyFolder(folder, { key })).toMatchObject({ signature: "valid", problems: [] });
    expect(verifyFolder(folder)).toMatchObject({ signature: "unchecked", problems: [] });
    const refused =
      "/rak4631/manifest.json.sig is not this key's signature of manifest.json: the manifest was changed, or another key " +
      "signed it; do not flash it, build it again or get it again.";
    expect(problems(folder, { key: other })).toBe(refused);
    appendFileSync(join(folder, "manifest.json"), " ");
    expect(problems(folder, { key })).toBe(refused);
    expect(problems(folder)).toBe("");
  });

  it("may not be absent, short or long when a key is given", () => {
    const folder = image(rak, { key: privateKey });
    const path = join(folder, "manifest.json.sig");
    const signature = readFileSync(path);
    for (const wrong of [signature.subarray(1), Buffer.concat([signature, signature]), Buffer.alloc(0)]) {
      writeFileSync(path, wrong);
      expect(verifyFolder(folder, { key }).signature).toBe("refused");
    }
    rmSync(path);
    expect(problems(folder, { key })).toBe(
      "/rak4631 is not signed: it has no manifest.json.sig; build it with --sign, or get the one that is signed.",
    );
  });

  it("goes when an image is built without it", () => {
    const folder = image(rak, { key: privateKey });
    image(rak);
    expect(verifyFolder(folder).signature).toBe("absent");
  });
});

describe("replacing a folder", () => {
  const set = (text: string): { name: string; bytes: Buffer }[] =>
    ["a", "b", "c"].map((name) => ({ name, bytes: Buffer.from(name + text) }));
  const content = (folder: string): string | undefined =>
    existsSync(folder)
      ? readdirSync(folder)
          .sort()
          .map((name) => readFileSync(join(folder, name), "utf8"))
          .join()
      : undefined;

  it("leaves the old files if the new ones are refused, and nothing beside them", () => {
    const folder = join(dir, "x");
    expect(replaceFolder(folder, set("1"))).toBe(true);
    expect(replaceFolder(folder, set("1"))).toBe(false);
    const refuse = (): void => {
      throw new Error("no");
    };
    expect(() => replaceFolder(folder, set("2"), refuse)).toThrow("no");
    expect([content(folder), readdirSync(dir)]).toEqual(["a1,b1,c1", ["x"]]);
    writeFileSync(join(folder, "d"), "stray");
    expect(replaceFolder(folder, set("1"))).toBe(true);
    expect(content(folder)).toBe("a1,b1,c1");
  });

  it("has the old set or the new one wherever a build is cut, and goes on from there", () => {
    const folder = join(dir, "x");
    const [next, old] = [join(dir, ".x.next"), join(dir, ".x.old")];
    const states: [string, () => void, string | undefined][] = [
      [
        "while the new files are written",
        () => {
          mkdirSync(next);
          writeFileSync(join(next, "a"), "half");
        },
        "a1,b1,c1",
      ],
      [
        "between the two renames",
        () => {
          mkdirSync(next);
          renameSync(folder, old);
        },
        undefined,
      ],
      [
        "before the old files are gone",
        () => {
          renameSync(folder, old);
          replaceFolder(folder, set("2"));
          mkdirSync(old);
        },
        "a2,b2,c2",
      ],
    ];
    for (const [, cut, seen] of states) {
      replaceFolder(folder, set("1"));
      cut();
      expect(content(folder)).toBe(seen);
      replaceFolder(folder, set("3"), () => expect(content(folder)).toBe(seen ?? "a1,b1,c1"));
      expect([content(folder), readdirSync(dir)]).toEqual(["a3,b3,c3", ["x"]]);
    }
  });
});
