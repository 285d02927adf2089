/** The build: the same bytes anywhere, the compiler's own words when it fails, and modules that are not ours. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { ABI_VERSION, Status } from "../host/core/abi.gen.ts";
import { buildBoard, prepareBuild } from "../toolchain/build.ts";
import { copyCheckout } from "../toolchain/checkout.ts";
import { assemble, renderWasmHeader, sha256Hex } from "../toolchain/core/compile.ts";
import { MehrError } from "../toolchain/errors.ts";
import { manifestSchema } from "../toolchain/manifest.ts";
import { pioPlace } from "../toolchain/pio/environment.ts";
import { pioRun } from "../toolchain/pio/run.ts";
import { buildImage, root, virtualBoard, withBoard } from "./support/images.ts";

const BOARDS = ["native", "qemu-m4", "qemu-rv32"];

/** Name, size and hash of every artifact, and the manifest's own text. */
async function fingerprint(board: string, from: string): Promise<string> {
  const { manifestPath } = await buildImage(board, from);
  return readFileSync(manifestPath, "utf8");
}

describe("building twice", () => {
  it("gives the same bytes in another directory, at another time", { timeout: 900_000 }, async () => {
    const copy = copyCheckout(root);
    try {
      for (const board of BOARDS) {
        const here = await fingerprint(board, root);
        const there = await fingerprint(board, copy.path);
        expect(there).toBe(here);
        const manifest = manifestSchema.parse(JSON.parse(here));
        expect(manifest.artifacts.length).toBeGreaterThan(0);
        for (const artifact of manifest.artifacts) {
          const bytes = readFileSync(join(copy.path, "dist", board, artifact.path));
          expect([artifact.size, artifact.sha256]).toEqual([bytes.length, sha256Hex(bytes)]);
        }
      }
    } finally {
      copy.remove();
    }
  });
});

describe("a build by hand", () => {
  it(
    "works from the committed platformio.ini: `pio run -e qemu-m4` makes its own headers",
    {
      timeout: 300_000,
    },
    async () => {
      await buildImage("qemu-m4");
      const copy = copyCheckout(root);
      try {
        const variables = { MEHR_PREPARED: "0" };
        const result = await pioRun({ place: pioPlace(copy.path), env: "qemu-m4", source: "system", variables });
        expect(result.errors).toEqual([]);
        expect(result.ok).toBe(true);
        expect(readFileSync(join(copy.path, "build/boards/qemu-m4/board_config.h"), "utf8")).toContain('"qemu-m4"');
      } finally {
        copy.remove();
      }
    },
  );
});

describe("a build that fails", () => {
  let copy: ReturnType<typeof copyCheckout>;
  beforeAll(() => {
    copy = copyCheckout(root);
  });
  afterAll(() => copy.remove());

  const failing = async (board: string): Promise<MehrError> => {
    const error = await buildBoard({ root: copy.path, board, source: "system" }).then(
      () => undefined,
      (e: unknown) => e,
    );
    if (!(error instanceof MehrError)) throw new Error(`expected a MehrError, got ${error}`);
    return error;
  };

  it("shows the C++ compiler's own error with file and line", { timeout: 300_000 }, async () => {
    const file = join(copy.path, "boards/runtime/src/main.cpp");
    const text = readFileSync(file, "utf8");
    const line = text.split("\n").length;
    writeFileSync(file, `${text}int broken() { return nonsense; }\n`);
    const error = await failing("qemu-m4");
    writeFileSync(file, text);
    expect(error.exitCode).toBe(1);
    expect(error.message).toMatch(new RegExp(`main\\.cpp:${line}:\\d+: error: .*nonsense`));
    expect(error.message).not.toMatch(/scons|Traceback/i);
  });

  it("shows the linker's own error when the image does not fit the board's memory", { timeout: 300_000 }, async () => {
    const file = join(copy.path, "boards/runtime/hal/mps2_an386/link.ld");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(/LENGTH = 1M/, "LENGTH = 32K"));
    const error = await failing("qemu-m4");
    writeFileSync(file, text);
    expect(error.exitCode).toBe(1);
    expect(error.message).toMatch(/region .?FLASH.? overflowed/);
  });

  it("shows AssemblyScript's own error with file and line", { timeout: 120_000 }, async () => {
    const file = join(copy.path, "core-as/assembly/net/seen.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, `${text}export function broken(): u32 { return nonsense; }\nexport const used = broken();\n`);
    const error = await failing("qemu-m4");
    writeFileSync(file, text);
    expect(error.exitCode).toBe(1);
    expect(error.message).toMatch(/nonsense/);
    expect(error.message).toMatch(/core-as\/assembly\/net\/seen\.ts\(\d+,\d+\)/);
  });

  it("refuses a changed boundary that nobody gave a new version", { timeout: 120_000 }, async () => {
    const file = join(copy.path, "core-as/assembly/abi.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("TransmitOff = 26", "TransmitOff = 60"));
    const error = await failing("qemu-m4");
    writeFileSync(file, text);
    expect(error.message).toContain(`the boundary changed but ABI_VERSION is still ${ABI_VERSION}; raise it`);
  });
});

describe("a boundary with a new version", () => {
  it("does not build until everything rendered from it follows", { timeout: 120_000 }, async () => {
    const copy = copyCheckout(root);
    try {
      const file = join(copy.path, "core-as/assembly/abi.ts");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.replace(/ABI_VERSION: u32 = \d+/, "ABI_VERSION: u32 = 4000"));
      await expect(prepareBuild(copy.path, "qemu-m4")).rejects.toThrow(
        /mehr_abi\.h.*abi\.gen\.ts.*run `mehr generate`/,
      );
    } finally {
      copy.remove();
    }
  });
});

describe("a module that is not ours", () => {
  let copy: ReturnType<typeof copyCheckout>;
  let good: Uint8Array;
  beforeAll(async () => {
    copy = copyCheckout(root);
    good = (await prepareBuild(copy.path, "qemu-m4")).wasm;
    await prepareBuild(copy.path, "qemu-rv32");
    await prepareBuild(copy.path, "native");
  }, 120_000);
  afterAll(() => copy.remove());

  /** The core with one of its sources changed. */
  async function coreWith(path: RegExp, from: string, to: string): Promise<Uint8Array> {
    let changed = false;
    const wasm = await assemble("core-as/assembly/node.ts", (name) => {
      const file = join(root, name);
      if (!existsSync(file)) return null;
      const text = readFileSync(file, "utf8");
      if (!path.test(name)) return text;
      changed ||= text.includes(from);
      return text.replaceAll(from, to);
    });
    if (!changed) throw new Error(`no file ${path} contains ${from}`);
    return wasm;
  }

  /** Builds an image around `wasm`, boots it, and gives what it said. */
  async function boots(
    board: string,
    wasm: Uint8Array,
  ): Promise<{ status: number; sentence: string; identified: number }> {
    writeFileSync(join(copy.path, "build/core/relay_wasm.h"), renderWasmHeader(wasm, sha256Hex(wasm)));
    const built = await pioRun({
      place: pioPlace(copy.path),
      env: board,
      source: "system",
    });
    const image = built.artifacts.find((artifact) => artifact.kind === "elf")?.path;
    if (image === undefined) throw new Error(built.errors.join("\n"));
    let said = { status: -1, sentence: "" };
    const listener = { fatal: (status: number, sentence: string) => (said = { status, sentence }) };
    const options = {
      board: virtualBoard(board),
      image,
      listener,
      radio: (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) => new RadioPort({ name: board, stream }),
    };
    return withBoard(options, async ({ console, identity }) => {
      // It has stopped the core, not itself.
      expect((await console.identify()).wasmSha256).toBe(sha256Hex(wasm));
      await console.stats();
      return { ...said, identified: identity.status };
    });
  }

  const cases: readonly (readonly [string, () => Promise<Uint8Array> | Uint8Array, number, RegExp])[] = [
    ["noise", () => Uint8Array.from({ length: 500 }, (_, i) => (i * 37) & 0xff), Status.BadModule, /./],
    ["cut off in the middle", () => good.subarray(0, good.length >> 1), Status.BadModule, /./],
    [
      // A subsection of 2^32 - 6 bytes takes a 32-bit reader back to where it was, for ever.
      "with a name section that leads backwards",
      () =>
        Buffer.concat([
          good,
          Uint8Array.of(0, 11, 4),
          Buffer.from("name"),
          Uint8Array.of(0, 0xfa, 0xff, 0xff, 0xff, 0x0f),
        ]),
      Status.BadModule,
      /name/,
    ],
    [
      "of another abi_version",
      () => coreWith(/assembly\/abi\.ts$/, `ABI_VERSION: u32 = ${ABI_VERSION}`, "ABI_VERSION: u32 = 77"),
      Status.AbiMismatch,
      /77/,
    ],
    [
      "without on_timer",
      () => coreWith(/assembly\/node\.ts$/, "export function on_timer(", "export function on_tick("),
      Status.MissingExport,
      /on_timer/,
    ],
    [
      "with an import nobody has",
      () => coreWith(/^core-as\/assembly\/(abi|net\/beaconing)\.ts$/, "frame_send", "frame_sent"),
      Status.UnknownImport,
      /frame_sen/,
    ],
    [
      "that traps at boot",
      () => coreWith(/assembly\/node\.ts$/, "store<u32>(BOOTED, 0);", "store<u32>(BOOTED, 0); unreachable();"),
      Status.Trap,
      /./,
    ],
    [
      "that hands out a pointer beyond its memory",
      () => coreWith(/assembly\/node\.ts$/, "event(Event.Booted, NODE_ID,", "event(Event.Booted, 0xfffffff0,"),
      Status.Trap,
      /./,
    ],
  ];

  it.each(cases)(
    "%s stops the board with a code and a sentence",
    { timeout: 300_000 },
    async (_, make, status, sentence) => {
      const wasm = await make();
      for (const board of BOARDS) {
        const outcome = await boots(board, wasm);
        expect([board, outcome.status, outcome.identified]).toEqual([board, status, status]);
        expect(outcome.sentence).toMatch(sentence);
        expect(outcome.sentence).toMatch(/^[A-Z][^.]*\.( \(.+\))?$/);
      }
    },
  );
});
