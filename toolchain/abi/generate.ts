/** The generated files of the boundary, and whether they are up to date. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MehrError } from "../errors.ts";
import { ABI_AOT_HEADER, ABI_BINDING, ABI_HEADER, ABI_LOCK, ABI_SOURCE, ABI_WASM3_HEADER } from "./files.ts";
import { renderAbiHeader, renderAotHeader, renderWasm3Header } from "./c-header.ts";
import { type AbiModel, readAbi } from "./model.ts";
import { renderNodeBinding } from "./node-binding.ts";

/** Fingerprint of everything a host or a module could notice: names, numbers and types, but no comments. */
export function abiFingerprint(model: AbiModel): string {
  const surface = {
    constants: model.constants.map((constant) => [constant.name, constant.value]),
    enums: model.enums.map((e) => [e.name, e.members.map((member) => [member.name, member.value])]),
    imports: model.imports.map((fn) => [fn.name, fn.parameters.map((p) => p.type), fn.returns]),
    exports: model.exports.map((fn) => [fn.name, fn.parameters.map((p) => p.type), fn.returns]),
  };
  return createHash("sha256").update(JSON.stringify(surface)).digest("hex");
}

/** Text of every generated file by its path in the checkout. */
export function renderAbi(model: AbiModel): Map<string, string> {
  return new Map([
    [ABI_HEADER, renderAbiHeader(model)],
    [ABI_WASM3_HEADER, renderWasm3Header(model)],
    [ABI_AOT_HEADER, renderAotHeader(model)],
    [ABI_BINDING, renderNodeBinding(model)],
    [ABI_LOCK, `abi_version ${model.version}\nfingerprint ${abiFingerprint(model)}\n`],
  ]);
}

/**
 * Reads abi.ts in the checkout at `root`. Throws MehrError (exit 1) if the boundary differs from the locked one while
 * ABI_VERSION does not, since a board in the field would take the new module for the old one, or if the lock is damaged.
 */
export function readLockedAbi(root: string): AbiModel {
  const model = readAbi(join(root, ABI_SOURCE));
  const lock = existsSync(join(root, ABI_LOCK)) ? readFileSync(join(root, ABI_LOCK), "utf8") : "";
  const [, version, fingerprint] = /^abi_version (\d+)\nfingerprint ([0-9a-f]{64})\n$/.exec(lock) ?? [];
  if (version === undefined) {
    throw new MehrError(1, `${ABI_LOCK} is missing or damaged; get it back from git, then run \`mehr generate\`.`);
  }
  if (Number(version) === model.version && fingerprint !== abiFingerprint(model)) {
    throw new MehrError(
      1,
      `${ABI_SOURCE}: the boundary changed but ABI_VERSION is still ${model.version}; raise it, then run \`mehr generate\`.`,
    );
  }
  return model;
}

/** Generated files of the checkout at `root` that are missing or differ from what abi.ts says now. */
export function staleAbiFiles(root: string): string[] {
  return [...renderAbi(readAbi(join(root, ABI_SOURCE)))]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
    .map(([path]) => path);
}
