import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { IDENTITY } from "../../tests/support/monitor.ts";
import { compileCore, sha256Hex } from "../../toolchain/core/compile.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { SymbolTable } from "../../toolchain/symbols/elf-symbols.ts";
import { functionNames } from "../../toolchain/symbols/wasm-names.ts";
import { decodeCrash, looksLikeCrash } from "./crash.ts";
import { findImage, type Meanings, meaningsOf } from "./images.ts";
import { LooseText } from "./loose-text.ts";

/** A Cortex-M image with three functions and no file, so that no tool finds lines in it. */
const M4: Meanings = {
  imageSha256: "ab".repeat(32),
  image: {
    folder: "dist/x",
    elf: "/nonexistent/firmware.elf",
    machine: 40,
    symbols: new SymbolTable([
      { name: "mehr::relay::fatal", address: 0x1000, size: 0x40 },
      { name: "mehr::relay::resume", address: 0x1040, size: 0x80 },
      { name: "field25519_feMul", address: 0x2000, size: 0x10, file: "relay_core.c" },
    ]),
  },
  functions: new Map([[12, "core-as/assembly/net/routes/routesReport"]]),
};
/** The same as an ESP32's: Xtensa has no Thumb bit. */
const ESP: Meanings = {
  ...M4,
  image: {
    folder: "dist/y",
    elf: "/nonexistent",
    machine: 94,
    symbols: new SymbolTable([{ name: "mehr::relay::run", address: 0x400d1200, size: 0x100 }]),
  },
};

describe("decodeCrash", () => {
  it("names functions, and a return address by the call before it", async () => {
    const text = "CPU fault: BusFault at pc 0x00001012, lr 0x00001041, cfsr 0x00008200, address 0x40000000";
    expect(await decodeCrash(text, M4)).toEqual([
      "cfsr 0x00008200: the bus refused a read or write (PRECISERR); BFAR holds the address (BFARVALID).",
      "pc 0x00001012: at mehr::relay::fatal+0x12.",
      // 0x1040 is the first byte of the next function: the call was fatal's last instruction.
      "lr 0x00001041: called from mehr::relay::fatal+0x40.",
    ]);
  });

  it("takes the Thumb bit off, knows EXC_RETURN, and says when an address is in no function", async () => {
    expect(await decodeCrash("fault at pc 0x00002005, lr 0xfffffff9", M4)).toEqual([
      "pc 0x00002005: at field25519_feMul+0x4 (relay_core.c).",
      "lr 0xfffffff9: in an exception handler.",
    ]);
    expect(await decodeCrash("fault at pc 0x00001fff, lr 0x00001051", M4)).toEqual([
      "pc 0x00001fff: in no function of the image.",
      "lr 0x00001051: called from mehr::relay::resume+0x10.",
    ]);
  });

  it("takes a trap's pc for the return address that it is", async () => {
    // 0x1040 is behind fatal, whose last instruction is the call that does not come back.
    expect(await decodeCrash("[trap] unreachable executed in on_frame at pc 0x00001041", M4)).toEqual([
      "pc 0x00001041: at mehr::relay::fatal+0x40.",
    ]);
    expect(await decodeCrash("fault at pc 0x400d1200, lr 0x800d1210", ESP)).toEqual([
      "pc 0x400d1200: at mehr::relay::run+0x0.",
      "lr 0x800d1210: called from mehr::relay::run+0x10.",
    ]);
  });

  it("says once that it does not know the image", async () => {
    const text = "fault at pc 0x00002004, lr 0x00001041, mcause 0x00000005";
    expect(await decodeCrash(text, { ...M4, image: undefined })).toEqual([
      "mcause 0x00000005: a read where there is no memory.",
      "The image this board runs (sha256 abababababababab…) is not in dist/, so the addresses stay addresses: put the folder it was flashed from there.",
    ]);
    expect((await decodeCrash(text, undefined)).at(-1)).toMatch(/cannot tell which image it runs/);
  });

  it("knows the registers of each chip", async () => {
    const cause = async (text: string): Promise<string | undefined> => (await decodeCrash(text, M4))[0];
    expect(await cause("cfsr 0x02000000")).toBe("cfsr 0x02000000: a division by zero (DIVBYZERO).");
    expect(await cause("cfsr 0x00010000")).toBe("cfsr 0x00010000: an undefined instruction (UNDEFINSTR).");
    expect(await cause("hfsr 0x40000000")).toBe("hfsr 0x40000000: a fault whose own handler could not run (FORCED).");
    expect(await cause("mcause 0x00000002")).toBe("mcause 0x00000002: an illegal instruction.");
    expect(await cause("EXCCAUSE: 0x0000001c")).toBe("exccause 0x0000001c: a read where reading is not allowed.");
  });

  it("reads what ESP-IDF prints outside frames, behind a frame that was cut off", async () => {
    const lines: string[] = [];
    const loose = new LooseText((line) => lines.push(line));
    loose.push(Uint8Array.of(1, 0xe1, 1, 9, 9, 9));
    const panic = [
      "Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.",
      "",
      "Core  1 register dump:",
      "PC      : 0x400d1234  PS      : 0x00060730  A0      : 0x800d1270  A1      : 0x3ffb2170",
      "EXCVADDR: 0x00000000  LBEG    : 0x4000c2e0  EXCCAUSE: 0x0000001c",
      "",
      "Backtrace: 0x400d1234:0x3ffb2170 0x400d1278:0x3ffb2190 0x40081111:0x3ffb21b0 |<-CORRUPTED",
      "",
      "Rebooting...",
    ];
    for (const byte of Buffer.from(panic.join("\r\n"))) loose.push(Uint8Array.of(byte));
    loose.push(Uint8Array.of(0));
    expect(lines).toEqual(panic.filter((line) => line !== ""));
    const said = [];
    for (const line of lines) said.push(...(looksLikeCrash(line) ? await decodeCrash(line, ESP) : []));
    expect(said).toEqual([
      "LoadProhibited on core 1: a read where reading is not allowed, often through a null pointer.",
      "pc 0x400d1234: at mehr::relay::run+0x34.",
      "exccause 0x0000001c: a read where reading is not allowed.",
      "#0 0x400d1234: at mehr::relay::run+0x34.",
      "#1 0x400d1278: at mehr::relay::run+0x78.",
      "#2 0x40081111: in no function of the image.",
    ]);
  });

  it("names wasm functions by the core the board tells, one that was compiled here", async () => {
    const root = repositoryRoot();
    const { named, sha256 } = await compileCore({ root });
    const meanings = meaningsOf(root, { imageSha256: undefined, wasmSha256: sha256 });
    const [index] = [...functionNames(named)].find(([, name]) => name.endsWith("/routesReport")) ?? [];
    // V8 reads the same section on its own: an index that traps there has this name in its stack trace.
    expect(await decodeCrash(`[trap] unreachable in wasm function ${index}`, meanings)).toEqual([
      `wasm function ${index}: routesReport (core-as/assembly/net/routes.ts).`,
    ]);
    expect(await decodeCrash("wasm-function[99999]", meanings)).toEqual([
      "wasm function 99999: the core has no function of that number.",
    ]);
    const other = meaningsOf(root, { imageSha256: undefined, wasmSha256: "12".repeat(32) });
    expect((await decodeCrash("wasm function 7", other))[0]).toMatch(/not compiled here/);
  });

  it("has nothing to say about most sentences, and never fails", async () => {
    expect(looksLikeCrash("Has not heard cccccccc for 3 minutes.")).toBe(false);
    const piece = fc.constantFrom(
      "pc 0x",
      "00001000",
      " lr ",
      "0xffffffff",
      "Backtrace: ",
      "0x400d1234:0x3ffb2170 ",
      "cfsr 0x",
      "wasm function ",
      "9",
      "\x1b",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (parts) => {
        for (const line of await decodeCrash(parts.join(""), M4)) expect(line).toMatch(/\.$/);
      }),
    );
  });
});

describe("findImage", () => {
  const root = mkdtempSync(join(tmpdir(), "mehr-images-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  /** The head of an ELF32 file without sections. */
  const elf = Buffer.alloc(52);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1]);
  elf.writeUInt16LE(40, 18);
  const folder = (name: string, manifest: string): void => {
    mkdirSync(join(root, "dist", name), { recursive: true });
    writeFileSync(join(root, "dist", name, "firmware.elf"), elf);
    writeFileSync(join(root, "dist", name, "manifest.json"), manifest);
  };

  it("takes the one whose manifest has the hash the board tells, and passes over what it cannot read", () => {
    folder("a", "not json");
    folder("b", JSON.stringify({ image_sha256: "cd".repeat(32), artifacts: null }));
    folder("c", JSON.stringify({ artifacts: [null, { sha256: sha256Hex(elf) }] }));
    expect(findImage(root, "cd".repeat(32))?.folder).toBe("dist/b");
    expect(findImage(root, sha256Hex(elf))).toMatchObject({ folder: "dist/c", machine: 40 });
    expect(findImage(root, IDENTITY.imageSha256 ?? "")).toBeUndefined();
    expect(findImage(join(root, "nothing"), "cd".repeat(32))).toBeUndefined();
  });
});
