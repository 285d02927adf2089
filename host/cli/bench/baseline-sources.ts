/**
 * What the core's native code is measured against: the core through wabt's wasm2c, and C libraries. None of their
 * sources is part of this project; Debian and the Python package index have them.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { VirtualBoard } from "../../../boards/index.ts";
import { MehrError } from "../../../toolchain/errors.ts";
import { repositoryRoot, writeIfChanged } from "../../../toolchain/paths.ts";
import { allOnPath, type OnStep, type PioPlace } from "../../../toolchain/pio/environment.ts";
import { fetchPinned, type PinnedFile, sha256Of, unpack } from "../../../toolchain/pio/packages.ts";
import { runProcess } from "../../../toolchain/pio/process.ts";
import {
  installCommand,
  installSystemPackages,
  type MissingPackage,
  missingSystemPackages,
} from "../../../toolchain/pio/system.ts";

/** Something that can be counted on a chip, as C to compile. */
export interface Subject {
  /** Its name in a result. */
  readonly name: string;
  /** C files, absolute; one of them implements baseline/subject.h. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
  /** C names that stay in the image although the harness calls none of them. */
  readonly keep?: readonly string[];
  /** Set if it is the core: what its flash is can be compared with what the core takes otherwise. */
  readonly core?: boolean;
}

/** libsodium 1.0.20 lies unchanged in the source distribution of its Python binding. */
const LIBSODIUM: PinnedFile = {
  requirement: "pynacl==1.6.2",
  file: "pynacl-1.6.2.tar.gz",
  sha256: "018494d6d696ae03c7e656e5e74cdfd8ea1326962cc401bcf018f1ed8436811c",
  kind: "sdist",
};

/** So does Monocypher 4.0.3, without its optional files. */
const MONOCYPHER: PinnedFile = {
  requirement: "pymonocypher==4.0.3.4",
  file: "pymonocypher-4.0.3.4.tar.gz",
  sha256: "5e56e3d3eb770a53e0b9f6274146663c11a11f3d0de5cd48e3be0428d1b07a4a",
  kind: "sdist",
};

/** The files of libsodium behind the primitives that are counted; the linker leaves out what nothing calls. */
const SODIUM_SOURCES = [
  "crypto_aead/chacha20poly1305/aead_chacha20poly1305.c",
  "crypto_core/ed25519/ref10/ed25519_ref10.c",
  "crypto_generichash/blake2b/ref/blake2b-compress-ref.c",
  "crypto_generichash/blake2b/ref/blake2b-ref.c",
  "crypto_generichash/blake2b/ref/generichash_blake2b.c",
  "crypto_hash/sha512/cp/hash_sha512_cp.c",
  "crypto_onetimeauth/poly1305/donna/poly1305_donna.c",
  "crypto_onetimeauth/poly1305/onetimeauth_poly1305.c",
  "crypto_scalarmult/curve25519/ref10/x25519_ref10.c",
  "crypto_scalarmult/curve25519/scalarmult_curve25519.c",
  "crypto_sign/ed25519/ref10/open.c",
  "crypto_sign/ed25519/ref10/sign.c",
  "crypto_stream/chacha20/ref/chacha20_ref.c",
  "crypto_stream/chacha20/stream_chacha20.c",
  "crypto_verify/verify.c",
  "sodium/utils.c",
];

/** A file of the harness. */
const own = (name: string): string => join(repositoryRoot(), "host", "cli", "bench", "baseline", name);

const WASM2C: MissingPackage = { debian: "wabt", what: "wasm2c" };
/** The wabt whose names and runtime baseline/subject_wasm2c.c knows; others name things differently. */
const WABT_VERSION = "1.0.32";

/** One comparison that cannot be made here: why, and the command that mends it. */
export interface LeftOut {
  readonly why: string;
  readonly fix?: string;
}

/** The command that gets all that is compared with. */
export const SETUP_COMMAND = "mehr bench crypto --setup";

/** What is missing to compile for these boards outside PlatformIO, whose own packages may be another compiler. */
async function missingCompilers(boards: readonly VirtualBoard[]): Promise<MissingPackage[]> {
  return (await Promise.all(boards.map(({ id }) => missingSystemPackages(id, "run")))).flat();
}

/**
 * Installs wasm2c and the compilers, and fetches the libraries. Throws MehrError (3) with the command if that takes
 * another user than this, or if the package index does not answer.
 */
export async function setUpBaselines(place: PioPlace, boards: readonly VirtualBoard[], onStep: OnStep): Promise<void> {
  const missing = await missingCompilers(boards);
  if (allOnPath("wasm2c").length === 0) missing.push(WASM2C);
  await installSystemPackages(missing, onStep);
  for (const pin of [LIBSODIUM, MONOCYPHER]) await fetchPinned(place, pin, onStep);
}

/** All there is to compare with on these boards, and what has to be left out. `folder` is for what wasm2c writes. */
export async function findSubjects(
  place: PioPlace,
  boards: readonly VirtualBoard[],
  wasm: string,
  folder: string,
): Promise<{ subjects: Subject[]; leftOut: LeftOut[] }> {
  const compilers = await missingCompilers(boards);
  if (compilers.length > 0) {
    const what = [...new Set(compilers.map((item) => item.what))].join(", ");
    return {
      subjects: [],
      leftOut: [{ why: `wasm2c and C libraries: missing ${what}`, fix: installCommand(compilers) }],
    };
  }
  const found = [await wasm2cSubjects(wasm, folder), await librarySubjects(place)];
  return {
    subjects: found.flatMap((one) => ("why" in one ? [] : one)),
    leftOut: found.flatMap((one) => ("why" in one ? [one] : [])),
  };
}

/** The C libraries, from what has been fetched. */
export async function librarySubjects(place: PioPlace): Promise<Subject[] | LeftOut> {
  const archive = (pin: PinnedFile): string => join(place.home, "downloads", pin.file);
  const fetched = (pin: PinnedFile): boolean => existsSync(archive(pin)) && sha256Of(archive(pin)) === pin.sha256;
  if (!fetched(LIBSODIUM) || !fetched(MONOCYPHER)) {
    return { why: "Monocypher and libsodium: not fetched", fix: SETUP_COMMAND };
  }
  const folder = join(place.home, "bench");
  const take = async (pin: PinnedFile, inside: string, to: string): Promise<string> => {
    const target = join(folder, pin.file.replace(/\.tar\.gz$/, ""), to);
    const whole = `${pin.file.replace(/\.tar\.gz$/, "")}/${inside}`;
    if (!existsSync(target)) await unpack(place, archive(pin), whole, target);
    return target;
  };
  const sodium = await take(LIBSODIUM, "src/libsodium/src/libsodium/", "sodium");
  // Its configure script renders this file; the one for another compiler says the same.
  await take(LIBSODIUM, "src/libsodium/builds/msvc/version.h", "sodium/include/sodium/version.h");
  const monocypher = await take(MONOCYPHER, "monocypher.c", "monocypher/monocypher.c");
  await take(MONOCYPHER, "monocypher.h", "monocypher/monocypher.h");
  const sodiumFlags = [
    `-I${join(sodium, "include")}`,
    `-I${join(sodium, "include", "sodium")}`,
    // What its configure script finds out about these chips.
    "-DCONFIGURED=1",
    "-DSODIUM_STATIC=1",
    "-DNATIVE_LITTLE_ENDIAN=1",
    "-DHAVE_WEAK_SYMBOLS=1",
    // A failed assertion would print, which takes a file system.
    "-DNDEBUG",
  ];
  return [
    {
      name: "Monocypher",
      sources: [
        own("subject_monocypher.c"),
        monocypher,
        join(sodium, "crypto_hash/sha512/cp/hash_sha512_cp.c"),
        join(sodium, "sodium/utils.c"),
      ],
      flags: [`-I${dirname(monocypher)}`, ...sodiumFlags],
    },
    {
      name: "libsodium",
      sources: [own("subject_libsodium.c"), ...SODIUM_SOURCES.map((name) => join(sodium, name))],
      flags: sodiumFlags,
    },
  ];
}

/** `wasm` through wasm2c, written to `folder`: with the checks it has by default, and without. */
export async function wasm2cSubjects(wasm: string, folder: string): Promise<Subject[] | LeftOut> {
  const [program] = allOnPath("wasm2c");
  if (program === undefined) return { why: "wasm2c: not installed", fix: installCommand([WASM2C]) };
  const version = (await runProcess(program, ["--version"])).stdout.trim();
  if (version !== WABT_VERSION) {
    return { why: `wasm2c: version ${version || "unknown"} is here, ${WABT_VERSION} is what the benchmark knows` };
  }
  const runtime = join(dirname(dirname(realpathSync(program))), "include", "wasm-rt.h");
  if (!existsSync(runtime)) return { why: `wasm2c: its ${runtime} is missing`, fix: installCommand([WASM2C]) };

  mkdirSync(folder, { recursive: true });
  copyFileSync(runtime, join(folder, "wasm-rt.h"));
  const source = join(folder, "relay.c");
  const made = await runProcess(program, ["-n", "relay", "-o", source, wasm]);
  if (made.code !== 0) throw new MehrError(1, `wasm2c refuses ${wasm}: ${made.stderr.trim() || made.spawnError}`);
  const imports = join(folder, "imports.c");
  const header = readFileSync(join(folder, "relay.h"), "utf8");
  writeIfChanged(imports, importStubs(header));
  const keep = exportNames(header);
  const subject = { sources: [own("subject_wasm2c.c"), source, imports], keep, core: true };
  const flags = [`-I${folder}`, "-DNDEBUG"];
  return [
    { ...subject, name: "wasm2c", flags },
    {
      ...subject,
      name: "wasm2c, unchecked",
      // To wasm2c this says that hardware guards the memory and the stack, and that the program sees to the rest.
      flags: [...flags, "-DWASM_RT_MEMCHECK_SIGNAL_HANDLER=1", "-DWASM_RT_SKIP_SIGNAL_RECOVERY=1"],
    },
  ];
}

/** Definitions of the imports that wasm2c's header declares; a primitive calls none. */
export function importStubs(header: string): string {
  const stubs = [...header.matchAll(/^\/\* import: .*\*\/\n(.+);$/gm)].map(
    (match) => `${match[1]} { __builtin_trap(); }`,
  );
  return ['#include "relay.h"', ...stubs, ""].join("\n");
}

/** C names of the exports that wasm2c's header declares. */
export function exportNames(header: string): string[] {
  return [...header.matchAll(/^\/\* export: .*\*\/\n.*?(\w+)\(/gm)].flatMap((match) => match[1] ?? []);
}
