/** The build: the same bytes anywhere, the compiler's own words when it fails, and modules that are not ours. */
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Request } from "../host/board/protocol.ts";
import { RadioPort } from "../host/board/radio-port.ts";
import { ABI_VERSION, Status } from "../host/core/abi.gen.ts";
import { translateCore } from "../toolchain/aot/core.ts";
import { buildBoard, prepareBuild } from "../toolchain/build.ts";
import { copyCheckout } from "../toolchain/checkout.ts";
import { assembleNamed, type NamedModule, renderWasmHeader, sha256Hex } from "../toolchain/core/compile.ts";
import { MehrError } from "../toolchain/errors.ts";
import { verifyFolder } from "../toolchain/image/verify.ts";
import { manifestSchema } from "../toolchain/manifest.ts";
import { pioPlace } from "../toolchain/pio/environment.ts";
import { type PioResult, pioRun } from "../toolchain/pio/run.ts";
import { buildImage, root, type Variant, VARIANTS, virtualBoard, withBoard } from "./support/images.ts";

const interpreting = VARIANTS.filter(({ engine }) => engine === "wasm3");
const translating = VARIANTS.filter(({ engine }) => engine === "aot");

/** The manifest, which has size and hash of every file. */
async function fingerprint({ id, engine }: Variant, from: string): Promise<string> {
  const { manifestPath } = await buildImage(id, engine, from);
  return readFileSync(manifestPath, "utf8");
}

describe("building twice", () => {
  it("gives the same bytes in another directory, at another time", { timeout: 900_000 }, async () => {
    const copy = copyCheckout(root);
    try {
      for (const variant of VARIANTS) {
        const here = await fingerprint(variant, root);
        const there = await fingerprint(variant, copy.path);
        expect(there).toBe(here);
        const manifest = manifestSchema.parse(JSON.parse(here));
        expect([manifest.board, manifest.engine]).toEqual([variant.id, variant.engine]);
        expect(manifest.artifacts.length).toBeGreaterThan(0);
        const [ours, theirs] = [join(root, "dist", variant.name), join(copy.path, "dist", variant.name)];
        const names = readdirSync(ours).sort();
        expect(names).toEqual([...manifest.artifacts.map(({ path }) => path), "manifest.json"].sort());
        expect(readdirSync(theirs).sort()).toEqual(names);
        for (const name of names) {
          const bytes = readFileSync(join(theirs, name));
          expect([name, readFileSync(join(ours, name)).equals(bytes)]).toEqual([name, true]);
          const artifact = manifest.artifacts.find(({ path }) => path === name);
          if (artifact) expect([artifact.size, artifact.sha256]).toEqual([bytes.length, sha256Hex(bytes)]);
        }
        expect(verifyFolder(theirs)).toMatchObject({ problems: [], unlisted: [], signature: "absent" });
      }
      // Signing adds one file and changes none.
      const { privateKey, publicKey } = generateKeyPairSync("ed25519");
      const key = join(copy.path, "key.pem");
      writeFileSync(key, privateKey.export({ type: "pkcs8", format: "pem" }));
      const args = ["build", "qemu-m4", "--engine", "aot", "--source", "system", "--sign", key, "--json"];
      const signed = execFileSync(process.execPath, [join(copy.path, "bin/mehr.mjs"), ...args], { encoding: "utf8" });
      expect(JSON.parse(signed)).toMatchObject({ ok: true, signature: "dist/qemu-m4-aot/manifest.json.sig" });
      const folder = join(copy.path, "dist", "qemu-m4-aot");
      expect(verifyFolder(folder, { key: publicKey })).toMatchObject({ problems: [], signature: "valid" });
      const manifest = readFileSync(join(folder, "manifest.json"));
      expect(manifest.equals(readFileSync(join(root, "dist", "qemu-m4-aot", "manifest.json")))).toBe(true);
    } finally {
      copy.remove();
    }
  });
});

describe("a build by hand", () => {
  it.each(["qemu-m4", "qemu-m4-aot"])(
    "works from the committed platformio.ini: `pio run -e %s` makes its own files",
    { timeout: 300_000 },
    async (env) => {
      await buildImage("qemu-m4");
      const copy = copyCheckout(root);
      try {
        const variables = { MEHR_PREPARED: "0" };
        const result = await pioRun({ place: pioPlace(copy.path), env, source: "system", variables });
        expect(result.errors).toEqual([]);
        expect(result.ok).toBe(true);
        expect(readFileSync(join(copy.path, "build/boards/qemu-m4/board_config.h"), "utf8")).toContain('"qemu-m4"');
        const translated = existsSync(join(copy.path, "build/core/aot/relay.c"));
        expect(translated).toBe(env === "qemu-m4-aot");
      } finally {
        copy.remove();
      }
    },
  );
});

describe("the translated core", () => {
  it(
    "is compiled with flags of its own, and each object tells its functions' stack",
    { timeout: 300_000 },
    async () => {
      await buildImage("qemu-m4", "aot");
      const copy = copyCheckout(root);
      try {
        await prepareBuild(copy.path, "qemu-m4", "aot");
        const ini = join(copy.path, "platformio.ini");
        const text = readFileSync(ini, "utf8");
        writeFileSync(ini, text.replace(/^custom_core_flags =$/m, "$&\n  -D MEHR_CORE_ONLY"));
        const place = pioPlace(copy.path);
        const result = await pioRun({ place, env: "qemu-m4-aot", source: "system", verbose: true });
        expect(result.errors).toEqual([]);
        const commands = result.output.split("\n").filter((line) => / -c /.test(line));
        expect(commands.length).toBeGreaterThan(10);
        const own = commands.filter((line) => line.includes("MEHR_CORE_ONLY"));
        expect(own).toEqual([expect.stringMatching(/-O2 .*-D MEHR_CORE_ONLY -Os .*relay_core\.c$/)]);
        expect(result.output).not.toMatch(/wasm3/i);
        const usage = result.stackUsage.map((path) => readFileSync(path, "utf8")).join("");
        expect(usage).toMatch(/:relay_on_frame\t\d+\tstatic/);
        expect(usage).toMatch(/:int32_t mehr_import_frame_send\(.*\)\t\d+\tstatic/);
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
  let good: NamedModule;
  beforeAll(async () => {
    copy = copyCheckout(root);
    for (const { id, engine } of VARIANTS) good = await prepareBuild(copy.path, id, engine);
  }, 120_000);
  afterAll(() => copy.remove());

  /** The core with its sources changed by `edit`. */
  async function coreWith(edit: (name: string, text: string) => string): Promise<NamedModule> {
    let changed = false;
    const module = await assembleNamed("core-as/assembly/node.ts", (name) => {
      const file = join(root, name);
      if (!existsSync(file)) return null;
      const text = readFileSync(file, "utf8");
      const edited = edit(name, text);
      changed ||= edited !== text;
      return edited;
    });
    if (!changed) throw new Error("no source of the core was changed");
    return module;
  }

  /** The core with a text replaced in the sources whose paths match. */
  const coreReplacing = (path: RegExp, from: string, to: string): Promise<NamedModule> =>
    coreWith((name, text) => (path.test(name) ? text.replaceAll(from, to) : text));

  /** The core with `statement` at the beginning of boot(), and `functions` it may call. */
  const coreBooting = (statement: string, functions = ""): Promise<NamedModule> =>
    coreWith((name, text) =>
      name === "core-as/assembly/node.ts"
        ? `${text.replace("store<u32>(BOOTED, 0);", (found) => `${found} ${statement}`)}\n${functions}\n`
        : text,
    );

  /** Bytes as a module without names. */
  const bytes = (wasm: Uint8Array): NamedModule => ({ wasm, named: new Uint8Array(wasm), sourceMap: "" });

  /** PlatformIO's build of an image around `module`. */
  async function build(variant: Variant, module: NamedModule, variables = {}): Promise<PioResult> {
    if (variant.engine === "aot") await translateCore({ root: copy.path, core: module });
    else {
      const header = renderWasmHeader(module.wasm, sha256Hex(module.wasm));
      writeFileSync(join(copy.path, "build/core/relay_wasm.h"), header);
    }
    return pioRun({ place: pioPlace(copy.path), env: variant.name, source: "system", variables });
  }

  interface Outcome {
    readonly status: number;
    readonly sentence: string;
    readonly identified: number;
  }

  /** Builds an image around `module`, boots it, and gives what it said. */
  async function boots(variant: Variant, module: NamedModule, variables = {}): Promise<Outcome> {
    const built = await build(variant, module, variables);
    const image = built.artifacts.find((artifact) => artifact.kind === "elf")?.path;
    if (image === undefined) throw new Error(built.errors.join("\n"));
    let said = { status: -1, sentence: "" };
    const listener = { fatal: (status: number, sentence: string) => (said = { status, sentence }) };
    const options = {
      board: virtualBoard(variant.id),
      image,
      listener,
      radio: (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) =>
        new RadioPort({ name: variant.name, stream }),
    };
    return withBoard(options, async ({ console, identity }) => {
      // It has stopped the core, not itself.
      expect(await console.identify()).toMatchObject({
        engine: variant.engine,
        wasmSize: module.wasm.length,
        wasmSha256: sha256Hex(module.wasm),
      });
      await console.stats();
      expect((await console.request(Request.ReplayOpen))[0]).toBe(said.status);
      return { ...said, identified: identity.status };
    });
  }

  /** Boots it on each variant; all must stop with `status` and the same sentence. */
  async function allStop(
    on: readonly Variant[],
    module: NamedModule,
    status: number,
    sentence: RegExp,
    variables = {},
  ): Promise<void> {
    const sentences = new Set<string>();
    for (const variant of on) {
      const outcome = await boots(variant, module, variables);
      expect([variant.name, outcome.status, outcome.identified]).toEqual([variant.name, status, status]);
      expect(outcome.sentence).toMatch(sentence);
      expect(outcome.sentence).toMatch(/^[A-Z][^.]*\.( \(.+\))?$/);
      // Where it was: each build's own addresses. Only an interpreter that traps cannot say.
      const place = /(, it was)? at pc 0x[0-9a-f]{8}(, lr 0x[0-9a-f]{8})?/;
      if (variant.engine === "aot" && outcome.sentence.includes("[trap]")) expect(outcome.sentence).toMatch(place);
      sentences.add(outcome.sentence.replace(place, ""));
    }
    expect([...sentences]).toHaveLength(1);
  }

  const damaged: readonly (readonly [string, () => Uint8Array, RegExp])[] = [
    ["noise", () => Uint8Array.from({ length: 500 }, (_, i) => (i * 37) & 0xff), /./],
    ["cut off in the middle", () => good.wasm.subarray(0, good.wasm.length >> 1), /./],
    [
      // A subsection of 2^32 - 6 bytes takes a 32-bit reader back to where it was, for ever.
      "with a name section that leads backwards",
      () =>
        Buffer.concat([
          good.wasm,
          Uint8Array.of(0, 11, 4),
          Buffer.from("name"),
          Uint8Array.of(0, 0xfa, 0xff, 0xff, 0xff, 0x0f),
        ]),
      /name/,
    ],
  ];

  it.each(damaged)("%s stops a board that interprets it", { timeout: 300_000 }, async (_, make, sentence) => {
    await allStop(interpreting, bytes(make()), Status.BadModule, sentence);
  });

  const unfit: readonly (readonly [string, () => Promise<NamedModule>, number, RegExp])[] = [
    [
      "without on_timer",
      () => coreReplacing(/assembly\/node\.ts$/, "export function on_timer(", "export function on_tick("),
      Status.MissingExport,
      /on_timer/,
    ],
    [
      "with an import nobody has",
      () => coreReplacing(/^core-as\/assembly\/.*\.ts$/, "frame_send", "frame_sent"),
      Status.UnknownImport,
      /frame_sen/,
    ],
  ];

  it.each(unfit)(
    "%s stops a board that interprets it, and does not build otherwise",
    { timeout: 300_000 },
    async (_, make, status, sentence) => {
      const module = await make();
      await allStop(interpreting, module, status, sentence);
      for (const variant of translating) {
        const { ok, errors } = await build(variant, module);
        expect(ok).toBe(false);
        expect(errors.join("\n")).toMatch(sentence);
      }
    },
  );

  const stopping: readonly (readonly [string, () => Promise<NamedModule>, number, RegExp])[] = [
    [
      "of another abi_version",
      () => coreReplacing(/assembly\/abi\.ts$/, `ABI_VERSION: u32 = ${ABI_VERSION}`, "ABI_VERSION: u32 = 77"),
      Status.AbiMismatch,
      /77/,
    ],
    ["that traps at boot", () => coreBooting("unreachable();"), Status.Trap, /\[trap\] unreachable executed in boot/],
    [
      "that writes beyond its memory",
      () => coreBooting("store<u64>(0x7ffffffc, now_ms);"),
      Status.Trap,
      /\[trap\] out of bounds memory access in boot/,
    ],
    [
      "that hands out a pointer beyond its memory",
      () => coreReplacing(/assembly\/node\.ts$/, "event(Event.Booted, NODE_ID,", "event(Event.Booted, 0xfffffff0,"),
      Status.Trap,
      /\[trap\] out of bounds memory access in boot/,
    ],
    [
      "that divides by zero",
      () => coreBooting("store<u32>(BOOTED, 1 / load<u32>(BOOTED));"),
      Status.Trap,
      /\[trap\] integer divide by zero in boot/,
    ],
    [
      // Not a loop in disguise: the result is turned after the call comes back.
      "that calls itself without end",
      () =>
        coreBooting(
          "store<u32>(BOOTED, deeper(<u32>now_ms));",
          "function deeper(n: u32): u32 { return n == 0xffffffff ? 0 : rotl<u32>(deeper(n + 1), 7) ^ load<u8>(n & 1023); }",
        ),
      Status.Trap,
      /\[trap\] stack overflow in boot/,
    ],
  ];

  it.each(stopping)(
    "%s stops the board with a code and a sentence, the same under every engine",
    { timeout: 600_000 },
    async (_, make, status, sentence) => {
      await allStop(VARIANTS, await make(), status, sentence);
    },
  );

  it("that never returns is stopped by the watchdog", { timeout: 600_000 }, async () => {
    const module = await coreBooting("while (load<u32>(BOOTED) == 0) {}");
    const variables = { PLATFORMIO_BUILD_FLAGS: "-D MEHR_CALL_SECONDS=2" };
    await allStop(VARIANTS, module, Status.Trap, /the core did not return in time/, variables);
  });
});
