/** The file formats: literal bytes from their documents, what is written is what is read, and any bytes at all. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elf32 } from "../../tests/support/elf.ts";
import { espImage, otaSelect, partitionTable } from "../../tests/support/esp.ts";
import { boot2Problem, crc32Mpeg2, vectorsProblem } from "./cortex-m.ts";
import { crc16, readDfuPackage, writeDfuPackage } from "./dfu.ts";
import { readElf } from "./elf.ts";
import { mergedProblem, mergeEspFlash } from "./esp-flash.ts";
import { readEspImage } from "./esp-image.ts";
import { otaData, readOtaData, readPartitions } from "./esp-partitions.ts";
import { readIntelHex, writeIntelHex } from "./intel-hex.ts";
import type { Read } from "./read.ts";
import { endOf, flattened, joined, sameContent, type Segment } from "./segments.ts";
import { isWholeSectors, readUf2, writeUf2 } from "./uf2.ts";
import { readZip, writeZip } from "./zip.ts";

const text = (value: string): Uint8Array => Buffer.from(value, "latin1");

function problemOf(result: Read<unknown>): string {
  if (result.ok) throw new Error("it was read");
  return result.problem;
}

function valueOf<T>(result: Read<T>): T {
  if (!result.ok) throw new Error(result.problem);
  return result.value;
}

/** Segments that do not touch, anywhere in a megabyte of flash. */
const anySegments = (least = 0): fc.Arbitrary<Segment[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: 70_000 }), fc.uint8Array({ minLength: 1, maxLength: 700 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((pieces) => {
      let at = least;
      return pieces.map(([gap, bytes]) => {
        const segment = { address: at + gap, bytes };
        at = endOf(segment);
        return segment;
      });
    });

const plain = (segments: readonly Segment[]): [number, string][] =>
  segments.map(({ address, bytes }) => [address, Buffer.from(bytes).toString("hex")]);

describe("Intel HEX", () => {
  it("reads and writes the records of Intel's specification", () => {
    // Intel, Hexadecimal Object File Format Specification, revision A: records of types 04, 00 and 01.
    const file = ":020000040002F8\n:10600000000102030405060708090A0B0C0D0E0F18\n:00000001FF\n";
    const bytes = Uint8Array.from({ length: 16 }, (_, i) => i);
    expect(writeIntelHex([{ address: 0x26000, bytes }])).toBe(file);
    expect(plain(valueOf(readIntelHex(text(file))))).toEqual([[0x26000, Buffer.from(bytes).toString("hex")]]);
  });

  it("ends a line where the 16 bits of its address do", () => {
    const lines = writeIntelHex([{ address: 0x1_fff8, bytes: new Uint8Array(20) }]).split("\n");
    expect(lines.map((line) => line.slice(0, 9))).toEqual([
      ":02000004",
      ":08FFF800",
      ":02000004",
      ":0C000000",
      ":00000001",
      "",
    ]);
  });

  it.each([
    [":0300300002337A1E\n:00000001FF\n", [[0x30, "02337a"]]],
    // Type 02: the base is 16 times 0x1200; type 05: an entry, which puts nothing into the flash.
    [":020000021200EA\r\n:0100000041BE\r\n:04000005000000CD2A\r\n:00000001FF\r\n", [[0x12000, "41"]]],
  ])("reads %j", (file, segments) => {
    expect(plain(valueOf(readIntelHex(text(file))))).toEqual(segments);
  });

  it.each([
    [":0300300002337A1F\n:00000001FF\n", "the checksum of line 1 is wrong"],
    [":0300300002337A1E\n", "it has no end record, so it may be cut off"],
    [":00000001FF\n:0300300002337A1E\n", "line 2 comes after the end record"],
    [":0300300002337A1E\n:0100310", "line 2 is no record of Intel HEX"],
    [":0400300002337A1D\n:00000001FF\n", "line 1 says 4 data bytes and has 3"],
    [":0300300002337A1E\n:01003100418D\n:00000001FF\n", "it has two contents for address 0x31"],
    [":00000006FA\n:00000001FF\n", "line 1 has the unknown record type 0x06 or a wrong length"],
    [":00000001FF\n", "it holds no bytes for the flash"],
    ["MZ", "line 1 is no record of Intel HEX"],
  ])("refuses %j", (file, problem) => {
    expect(problemOf(readIntelHex(text(file)))).toBe(problem);
  });

  it("gives back what was written, and no damaged byte goes unseen", () => {
    fc.assert(
      fc.property(anySegments(), fc.nat(), fc.integer({ min: 1, max: 255 }), (segments, where, change) => {
        const file = Buffer.from(writeIntelHex(segments));
        expect(plain(valueOf(readIntelHex(file)))).toEqual(plain(segments));
        file[where % file.length] = (file[where % file.length] ?? 0) ^ change;
        const damaged = readIntelHex(file);
        // Case and line ends carry nothing.
        expect(!damaged.ok || sameContent(damaged.value, segments)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe("UF2", () => {
  it("writes the block of Microsoft's specification", () => {
    const file = Buffer.from(writeUf2([{ address: 0x26010, bytes: text("Mehr") }], 0xada52840));
    expect(file.length).toBe(512);
    expect(file.subarray(0, 32).toString("hex")).toBe(
      "5546320a57515d9e00200000006002000001000000000000010000004028a5ad",
    );
    expect(file.subarray(32, 52).toString("hex")).toBe(`${"ff".repeat(16)}4d656872`);
    expect(file.subarray(288, 508).equals(Buffer.alloc(220))).toBe(true);
    expect(file.subarray(508).toString("hex")).toBe("306fb10a");
  });

  it("fills sectors where the chip erases them by number", () => {
    const segments = [
      { address: 0x1000_0000, bytes: text("boot") },
      { address: 0x1000_2f00, bytes: text("far") },
    ];
    const whole = valueOf(readUf2(writeUf2(segments, 0xe48bff56, 4096)));
    expect(plain(whole.segments).map(([address, bytes]) => [address, bytes.length / 2])).toEqual([
      [0x1000_0000, 4096],
      [0x1000_2000, 4096],
    ]);
    expect(isWholeSectors(whole)).toBe(true);
    expect(isWholeSectors(valueOf(readUf2(writeUf2(segments, 0xe48bff56))))).toBe(false);
  });

  it("gives back what was written, in whole pages", () => {
    fc.assert(
      fc.property(anySegments(), fc.constantFrom(256, 4096), (segments, unit) => {
        const uf2 = valueOf(readUf2(writeUf2(segments, 7, unit)));
        expect(uf2.family).toBe(7);
        expect(sameContent(uf2.segments, segments)).toBe(true);
        expect(uf2.segments.every((s) => s.address % unit === 0 && s.bytes.length % unit === 0)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  const two = writeUf2([{ address: 0, bytes: new Uint8Array(300) }], 7);
  it.each<[string, (file: Buffer) => Buffer, string]>([
    ["a cut file", (file) => file.subarray(0, 600), "its 600 bytes are not blocks of 512"],
    ["nothing", (file) => file.subarray(0, 0), "its 0 bytes are not blocks of 512"],
    ["another magic", (file) => (file.writeUInt32LE(1, 512), file), "block 1 is no UF2 block"],
    ["another magic at the end", (file) => (file.writeUInt32LE(1, 508), file), "block 0 is no UF2 block"],
    ["another family", (file) => (file.writeUInt32LE(8, 540), file), "block 1 is for family 0x8 and the first for 0x7"],
    ["no family", (file) => (file.writeUInt32LE(0, 8), file), "block 0 names no family"],
    ["not for flash", (file) => (file.writeUInt32LE(0x2001, 8), file), "block 0 is not for the flash"],
    ["a missing block", (file) => file.subarray(0, 512), "block 0 of 1 calls itself 0 of 2"],
    ["a long block", (file) => (file.writeUInt32LE(477, 16), file), "block 0 says it has 477 bytes"],
    ["a block twice", (file) => (file.writeUInt32LE(0, 524), file), "block 1 goes back to 0x0"],
  ])("refuses %s", (_, change, problem) => {
    expect(problemOf(readUf2(change(Buffer.from(two))))).toBe(problem);
  });
});

describe("ZIP and DFU packages", () => {
  it("keeps files as they are, and sees every damaged byte of them", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.nat(),
        (a, b, at) => {
          const file = Buffer.from(
            writeZip([
              { name: "a", bytes: a },
              { name: "b.bin", bytes: b },
            ]),
          );
          const entries = valueOf(readZip(file)).map(({ name, bytes }) => [name, Buffer.from(bytes).toString("hex")]);
          expect(entries).toEqual([
            ["a", Buffer.from(a).toString("hex")],
            ["b.bin", Buffer.from(b).toString("hex")],
          ]);
          const start = 30 + 1 + a.length + 30 + 5;
          file[start + (at % b.length)] = (file[start + (at % b.length)] ?? 0) ^ 1;
          expect(problemOf(readZip(file))).toBe("the checksum of its file b.bin is wrong");
        },
      ),
      { numRuns: 60 },
    );
  });

  it("has the check value of CRC-16/IBM-3740", () => {
    expect(crc16(text("123456789"))).toBe(0x29b1);
  });

  it("says of a package what adafruit-nrfutil wrote into it", () => {
    const application = Uint8Array.from({ length: 64 }, (_, i) => i);
    const file = writeDfuPackage(application, 0x00b6);
    expect(valueOf(readDfuPackage(file))).toEqual({
      application: Buffer.from(application),
      deviceType: 0x52,
      softdevices: [0xb6],
    });
    const packet = valueOf(readZip(file)).find(({ name }) => name === "firmware.dat")?.bytes ?? new Uint8Array();
    // Device type, revision, version, one SoftDevice, its id, CRC-16.
    expect(Buffer.from(packet).toString("hex").slice(0, 24)).toBe("5200ffffffffffff0100b600");
  });

  const files = valueOf(readZip(writeDfuPackage(new Uint8Array(8), 0xb6)));
  const withFile = (name: string, bytes: Uint8Array): Uint8Array =>
    writeZip(files.map((entry) => (entry.name === name ? { name, bytes } : entry)));
  it.each<[string, Uint8Array, string]>([
    ["other content", withFile("firmware.bin", text("12345678")), "the CRC-16 of firmware.bin in it is 0x"],
    ["half a word", withFile("firmware.bin", text("123456")), "firmware.bin in it is not whole words"],
    ["a short packet", withFile("firmware.dat", text("12")), "its init packet has 2 bytes"],
    ["no manifest", writeZip(files.slice(1)), "it is no DFU package: it has no manifest.json"],
    ["another manifest", withFile("manifest.json", text("{}")), "its manifest.json is not that of an application"],
    ["a missing file", writeZip(files.slice(0, 2)), "it lacks firmware.bin or firmware.dat"],
    [
      "two descriptions",
      withFile("firmware.dat", Buffer.from("5200ffffffffffff01002301e0bf", "hex")),
      "say different things",
    ],
    ["no ZIP", text("PK"), "it is not a ZIP file, or it is cut off"],
    ["a file twice", writeZip([...files, ...files]), "it has two files manifest.json"],
  ])("refuses %s", (_, file, problem) => {
    expect(problemOf(readDfuPackage(file))).toContain(problem);
  });
});

describe("ELF", () => {
  const section = (address: number, bytes: Uint8Array, flags = 2) => ({ name: ".x", address, bytes, flags });

  it("gives allocated bytes by their stored address", () => {
    const elf = valueOf(readElf(elf32(40, 0x26001, [section(0x26000, text("code")), section(0x26004, text("data"))])));
    expect([elf.machine, elf.entry, plain(elf.segments)]).toEqual([40, 0x26001, [[0x26000, "636f646564617461"]]]);
  });

  it("takes no bytes of the file that no allocated section has, though a segment does", () => {
    const file = Buffer.from(elf32(40, 0, [section(0x26100, text("code"))]));
    // The segment begins with the file's first byte, as the GNU linker lays it out when it finds room below.
    const [offset, size] = [file.readUInt32LE(52 + 4), file.readUInt32LE(52 + 16)];
    file.writeUInt32LE(0, 52 + 4);
    file.writeUInt32LE(0x26100 - offset, 52 + 12);
    file.writeUInt32LE(size + offset, 52 + 16);
    expect(plain(valueOf(readElf(file)).segments)).toEqual([[0x26100, "636f6465"]]);
    // A section for the debugger alone is in no flash.
    expect(problemOf(readElf(elf32(40, 0, [section(0, text("debug"), 0)])))).toBe("it holds no bytes for the flash");
  });

  it.each<[string, (file: Buffer) => Buffer, string]>([
    ["another file", () => Buffer.from("MZ"), "it is not an ELF file"],
    ["a cut one", (file) => file.subarray(0, 30), "it ends inside the ELF header"],
    ["a 64-bit one", (file) => ((file[4] = 2), file), "it is not a 32-bit little-endian ELF file"],
    ["an object file", (file) => (file.writeUInt16LE(1, 16), file), "it is an ELF file of type 1, not an executable"],
    ["far headers", (file) => (file.writeUInt32LE(1e6, 28), file), "its program headers are not inside it"],
    ["many headers", (file) => (file.writeUInt16LE(65535, 48), file), "its section headers are not inside it"],
    ["a long segment", (file) => (file.writeUInt32LE(1e6, 52 + 16), file), "a segment is not inside it"],
  ])("refuses %s", (_, change, problem) => {
    expect(problemOf(readElf(change(Buffer.from(elf32(40, 0, [section(0x100, text("x"))])))))).toBe(problem);
  });
});

describe("images of Espressif's chips", () => {
  const image = (hash = true): Buffer =>
    Buffer.from(
      espImage({ chipId: 9, flashBytes: 1 << 23, entry: 7, segments: [[0x4037_8000, text("program!")]], hash }),
    );

  it("reads what the format's description says", () => {
    const value = { chipId: 9, flashSize: 1 << 23, flashMode: "dio", entry: 7, segments: 1 };
    expect([valueOf(readEspImage(image())), valueOf(readEspImage(image(false)))]).toEqual([value, value]);
  });

  it("sees a change of any byte of an image with a hash", () => {
    const file = image();
    for (let i = 0; i < file.length; i++) {
      const damaged = Buffer.from(file);
      damaged[i] = (damaged[i] ?? 0) ^ 0x10;
      expect([i, readEspImage(damaged).ok]).toEqual([i, false]);
    }
  });

  it.each<[string, (file: Buffer) => Uint8Array, RegExp]>([
    ["another file", () => Buffer.alloc(64), /^it begins with 0x00 and an image with 0xe9$/],
    ["a header alone", (file) => file.subarray(0, 23), /^it ends inside the header of an image$/],
    ["a cut one", (file) => file.subarray(0, 36), /^it ends inside segment 0$/],
    ["a longer one", (file) => Buffer.concat([file, Buffer.alloc(3)]), /^3 bytes follow its end$/],
    ["other data", (file) => ((file[33] = 1), file), /^its checksum is 0x.. and its data's 0x..$/],
    ["another hash", (file) => ((file[file.length - 1] = 1), file), /^the SHA-256 at its end is not/],
    ["no segments", (file) => ((file[1] = 0), file), /^its header says 0 segments/],
    ["another mode", (file) => ((file[2] = 9), file), /^its header has the unknown flash mode 9$/],
  ])("refuses %s", (_, change, problem) => {
    expect(problemOf(readEspImage(change(image())))).toMatch(problem);
  });

  const rows = [
    ["nvs", 1, 2, 0x9000, 0x5000],
    ["otadata", 1, 0, 0xe000, 0x2000],
  ] as const;
  it("reads a partition table, and one whose MD5 is wrong it does not", () => {
    const table = Buffer.from(partitionTable(rows));
    const partitions = valueOf(readPartitions(table));
    expect(partitions.map(({ label, offset, size }) => [label, offset, size])).toEqual([
      ["nvs", 0x9000, 0x5000],
      ["otadata", 0xe000, 0x2000],
    ]);
    expect(otaData(partitions)?.offset).toBe(0xe000);
    table[4] = 1;
    expect(problemOf(readPartitions(table))).toBe("the MD5 of its partition table is wrong");
    expect(problemOf(readPartitions(table.subarray(0, 32)))).toBe("it is no partition table: it has no end");
    expect(problemOf(readPartitions(Buffer.alloc(64)))).toBe("it has no partition at byte 0");
    expect(problemOf(readPartitions(Buffer.alloc(64, 0xff)))).toBe("it names no partition");
  });

  it("knows the checksum of the Arduino core's boot_app0.bin", () => {
    const file = Buffer.from(otaSelect(1));
    expect(file.readUInt32LE(28)).toBe(0x4743989a);
    expect(valueOf(readOtaData(file))).toEqual({ sequence: 1 });
    file[28] = 0;
    expect(problemOf(readOtaData(file))).toBe("it starts no application");
    expect(problemOf(readOtaData(file.subarray(1)))).toBe("it has 8191 bytes and two sectors have 8192");
  });

  it("merges parts with erased flash between them, from 0x0 on", () => {
    const parts = [
      { address: 0x1000, bytes: text("boot") },
      { address: 0x1008, bytes: text("app") },
    ];
    const merged = Buffer.from(valueOf(mergeEspFlash(parts)));
    expect(merged.subarray(0, 0x1000).equals(Buffer.alloc(0x1000, 0xff))).toBe(true);
    expect(merged.subarray(0x1000).toString("hex")).toBe("626f6f74ffffffff617070");
    expect(mergedProblem(merged, parts)).toBeUndefined();
    merged[0x1005] = 0;
    expect(mergedProblem(merged, parts)).toBe("it differs from the parts at 0x1005");
    expect(problemOf(mergeEspFlash([...parts, { address: 0x1003, bytes: text("x") }]))).toBe(
      "two parts lie on each other: it has two contents for address 0x1003",
    );
  });
});

describe("what a Cortex-M starts from", () => {
  const ram = [0x2000_0000, 0x2004_0000] as const;
  const table = (stack: number, reset: number): Segment[] => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32LE(stack, 0);
    bytes.writeUInt32LE(reset, 4);
    return [{ address: 0x26000, bytes }];
  };

  it.each([
    [0x2004_0000, 0x26021, undefined],
    [0x2004_0004, 0x26021, "its stack would begin at 0x20040004, outside the RAM from 0x20000000 to 0x20040000"],
    [0xffff_ffff, 0x26021, "its stack would begin at 0xffffffff"],
    [0x2000_0000, 0x26021, "its stack would begin at 0x20000000"],
    [0x2004_0000, 0x26020, "its reset handler 0x26020 is no address of Thumb code"],
    [0x2004_0000, 0x27021, "it has no code at its reset handler 0x27021"],
  ])("judges a stack at %i and a reset handler at %i", (stack, reset, problem) => {
    const said = vectorsProblem(table(stack, reset), 0x26000, ram);
    if (problem === undefined) expect(said).toBeUndefined();
    else expect(said).toContain(problem);
  });

  it("needs a table at all", () => {
    expect(vectorsProblem(table(0, 0), 0x27000, ram)).toBe("it has no vector table at 0x27000");
  });

  it("has the check value of CRC-32/MPEG-2, and wants it behind the first 252 bytes", () => {
    expect(crc32Mpeg2(text("123456789"))).toBe(0x0376e6e7);
    const bytes = Buffer.alloc(256, 3);
    bytes.writeUInt32LE(crc32Mpeg2(bytes.subarray(0, 252)), 252);
    expect(boot2Problem([{ address: 0, bytes }], 0)).toBeUndefined();
    bytes[9] = 4;
    expect(boot2Problem([{ address: 0, bytes }], 0)).toMatch(
      /^the checksum of its second-stage boot is 0x[0-9a-f]{8} /,
    );
    expect(boot2Problem([{ address: 0, bytes: bytes.subarray(1) }], 0)).toBe("it has no second-stage boot at 0x0");
  });
});

describe("segments", () => {
  it("refuse two contents for an address and addresses past the end", () => {
    const one = (address: number, length: number): Segment => ({ address, bytes: new Uint8Array(length) });
    expect(problemOf(joined([one(0, 4), one(3, 4)]))).toBe("it has two contents for address 0x3");
    expect(problemOf(joined([one(0xffff_fffe, 4)]))).toContain("it reaches past the 32-bit address space");
    expect(problemOf(flattened([one(0, 1), one(0x8000_0000, 1)]))).toContain("apart, from 0x0 to 0x80000001");
    expect(plain(valueOf(joined([one(4, 1), one(0, 4), one(9, 0)])))).toEqual([[0, "0000000000"]]);
    expect(valueOf(flattened([one(0, 1), one(5, 1)], 4)).bytes).toEqual(
      Uint8Array.of(0, 255, 255, 255, 255, 0, 255, 255),
    );
  });
});

describe("every reader", () => {
  const readers: Record<string, (bytes: Uint8Array) => Read<unknown>> = {
    readElf,
    readIntelHex,
    readUf2,
    readZip,
    readDfuPackage,
    readEspImage,
    readPartitions,
    readOtaData,
  };
  const seeds: Uint8Array[] = [
    elf32(40, 0, [{ name: ".x", address: 0x26000, bytes: new Uint8Array(40), flags: 2 }]),
    Buffer.from(writeIntelHex([{ address: 0x1_fff0, bytes: new Uint8Array(40) }])),
    writeUf2([{ address: 0, bytes: new Uint8Array(300) }], 7),
    writeDfuPackage(new Uint8Array(16), 1),
    espImage({ chipId: 0, flashBytes: 1 << 22, entry: 0, segments: [[0, new Uint8Array(16)]] }),
    partitionTable([["a", 0, 0, 0, 1]]),
    otaSelect(1),
  ];

  /** Good files with bytes changed, cut or added: deep inside a reader where noise would not get. */
  const damaged = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
      fc.option(fc.nat(), { nil: undefined }),
    )
    .map(([seed, changes, cut]) => {
      const file = Buffer.from(seed);
      for (const [where, byte] of changes) file[where % file.length] = byte;
      return cut === undefined ? file : file.subarray(0, cut % (file.length + 1));
    });

  it.each(Object.entries(readers))("%s takes any bytes", (_, reader) => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), damaged), (bytes) => {
        const result = reader(bytes);
        expect(result.ok || /^[a-zA-Z].{5,}[^.\n]$/.test(result.problem)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});
