/**
 * Checks an unpacked bundle with nothing but Node.js: is it for this machine, and is every file as it was packed? Runs
 * first in the bundle's `setup`, when nothing else of the bundle may be trusted yet, and inside the commands.
 */
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The bundle's list of itself, relative to its root. */
export const MANIFEST_PATH = "bundle/manifest.json";

/** Why this machine cannot use the bundle, in a sentence; undefined if it can. */
export function machineProblem(manifest, machine) {
  const { os, arch, node } = manifest;
  if (os !== machine.os || arch !== machine.arch) {
    return `The bundle is for ${os}-${arch} and this machine is ${machine.os}-${machine.arch}.`;
  }
  if (node.split(".")[0] !== machine.node.split(".")[0]) {
    return `The bundle is for Node.js ${node.split(".")[0]} and this is Node.js ${machine.node}.`;
  }
  return undefined;
}

/** This machine, for `machineProblem`. */
export function thisMachine() {
  return { os: process.platform, arch: process.arch, node: process.versions.node };
}

/** What is wrong with the first file of `files` that is not as it was packed, as a clause behind its path. */
export function fileProblem(root, files) {
  for (const file of files) {
    const clause = clauseOf(join(root, ...file.path.split("/")), file);
    if (clause !== undefined) return { file, clause };
  }
  return undefined;
}

function clauseOf(path, file) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return "is missing";
  if (file.link !== undefined) {
    return found.isSymbolicLink() && readlinkSync(path) === file.link ? undefined : "is not the link it was";
  }
  if (!found.isFile()) return "is not a file";
  if (found.size !== file.size) return `is damaged: it has ${found.size} bytes instead of ${file.size}`;
  return sha256(path) === file.sha256 ? undefined : "is damaged: its content is not what was packed";
}

function sha256(path) {
  const hash = createHash("sha256");
  const buffer = new Uint8Array(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

function main() {
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const end = (code, sentence, hint) => {
    process.stderr.write(`setup: ${sentence}\n${hint === undefined ? "" : `Try: ${hint}\n`}`);
    process.exit(code);
  };
  let manifest;
  try {
    manifest = JSON.parse(readFileSync(join(root, MANIFEST_PATH), "utf8"));
  } catch {
    end(2, `${MANIFEST_PATH} is missing or damaged; unpack the bundle again.`);
  }
  const machine = machineProblem(manifest, thisMachine());
  if (machine !== undefined) end(3, machine, "mehr bundle   (on a connected machine of this kind)");
  const found = fileProblem(root, manifest.files);
  if (found === undefined) return;
  const edited =
    found.file.part === "project" && !found.clause.includes("missing")
      ? "; if it was edited on purpose, run ./mehr setup --source bundle instead"
      : "; unpack the bundle again, or copy it again if that does not help";
  end(2, `${found.file.path} ${found.clause}${edited}.`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) main();
