/** `mehr verify`: whether an image may be flashed. */
import { readVerifyingKey } from "../../toolchain/image/signature.ts";
import { type Verification, verifyFolder } from "../../toolchain/image/verify.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export interface VerifyFlags {
  readonly folder: string;
  /** Path of the builder's public key. */
  readonly key?: string;
  readonly board?: string;
  readonly softdevice?: string;
}

export async function verify(io: Io, flags: VerifyFlags): Promise<number> {
  const { folder, board, softdevice } = flags;
  const result = verifyFolder(folder, {
    ...(flags.key === undefined ? {} : { key: readVerifyingKey(flags.key) }),
    ...(board === undefined ? {} : { board }),
    ...(softdevice === undefined ? {} : { softdevice }),
  });
  const { manifest, signature, problems, unlisted } = result;
  const ok = problems.length === 0;
  io.result({
    ok,
    folder,
    board: manifest?.board ?? null,
    version: manifest?.version ?? null,
    region: manifest?.region ?? null,
    softdevice: manifest?.softdevice?.name ?? null,
    signature,
    artifacts: manifest?.artifacts ?? [],
    unlisted,
    problems,
    ...(ok ? {} : { error: { exit_code: 1, message: problems.join("\n") } }),
  });
  if (!ok) {
    if (!io.json) process.stderr.write(problems.map((problem) => `mehr: ${problem}\n`).join(""));
    return 1;
  }
  print(io, folder, result);
  return 0;
}

const SIGNATURE: Record<Verification["signature"], string> = {
  valid: "signed with the given key",
  absent: "not signed",
  unchecked: "signed; give --key to check with whose key",
  refused: "signed with another key",
};

function print(io: Io, folder: string, { manifest, signature, unlisted }: Verification): void {
  if (manifest === undefined) return;
  const beside = manifest.softdevice === null ? "" : `, beside ${manifest.softdevice.name}`;
  const region = manifest.region === null ? "listens only" : `region ${manifest.region}`;
  io.print(`${folder} is good: ${manifest.name} ${manifest.version}, board ${manifest.board}${beside}, ${region}`);
  const rows = manifest.artifacts.map(({ path, kind, offset, size, sha256 }) => [
    path,
    kind,
    offset === null ? "-" : `0x${offset.toString(16)}`,
    String(size),
    `${sha256.slice(0, 16)}...`,
  ]);
  io.print(table(["file", "kind", "offset", "bytes", "sha256"], rows));
  io.print(`The manifest is ${SIGNATURE[signature]}.`);
  if (unlisted.length > 0) io.print(`Not part of the image, and not checked: ${unlisted.join(", ")}`);
}
