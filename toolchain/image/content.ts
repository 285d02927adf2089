/** Whether the files of an image are what they are named, are for the board in the manifest, and hold one program. */
import { MCUS } from "../../boards/mcu.ts";
import type { Artifact, Manifest } from "../manifest.ts";
import { DFU_DEVICE_TYPE, readDfuPackage } from "./dfu.ts";
import { type ElfHead, readElf, readElfHead } from "./elf.ts";
import { mergedProblem } from "./esp-flash.ts";
import { type EspParts, readEspSet } from "./esp-set.ts";
import { readIntelHex } from "./intel-hex.ts";
import { programSha256 } from "./program-hash.ts";
import { bad, good, hex, type Read } from "./read.ts";
import { sameContent, type Segment } from "./segments.ts";
import { isMcu, machineProblem, manifestTarget, programProblem, type Target } from "./target.ts";
import { isWholeSectors, readUf2 } from "./uf2.ts";

/** A clause about a file. */
export interface ContentProblem {
  readonly file: string;
  readonly problem: string;
}

type Files = ReadonlyMap<Artifact, Uint8Array>;

export function contentProblems(manifest: Manifest, files: Files): ContentProblem[] {
  const target = manifestTarget(manifest);
  const { mcu } = manifest;
  const problems = [
    ...buildsProblems(manifest),
    ...hashProblems(manifest, files),
    ...(target === undefined ? knownProblems(manifest) : []),
  ];
  // A program of the host is an ELF file of the host's: there is nothing to flash.
  if (!isMcu(mcu) || mcu === "host") return problems;
  if (target !== undefined && MCUS[mcu].espBootloader !== undefined) {
    return [...problems, ...espProblems(manifest, files, target, MCUS[mcu].espBootloader)];
  }
  let first: { readonly file: string; readonly segments: readonly Segment[] } | undefined;
  for (const [artifact, bytes] of files) {
    const file = artifact.path;
    const content = readProgram(artifact, bytes, manifest, target, first?.segments[0]?.address ?? 0);
    if (!content.ok) {
      problems.push({ file, problem: content.problem });
      continue;
    }
    const problem = target === undefined ? undefined : programProblem(target, content.value);
    if (problem !== undefined) problems.push({ file, problem });
    if (first !== undefined && !sameContent(first.segments, content.value)) {
      problems.push({ file, problem: `it holds another program than ${first.file}` });
    }
    first ??= { file, segments: content.value };
  }
  return problems;
}

/** What one file puts where, if it is for this board; `start` is where a file without addresses begins. */
function readProgram(
  artifact: Artifact,
  bytes: Uint8Array,
  manifest: Manifest,
  target: Target | undefined,
  start: number,
): Read<readonly Segment[]> {
  switch (artifact.kind) {
    case "elf":
      return map(elfHead(bytes, manifest), () => map(readElf(bytes), (elf) => good(elf.segments)));
    case "hex":
      return readIntelHex(bytes);
    case "bin":
      return good([{ address: artifact.offset ?? start, bytes }]);
    case "uf2":
      return map(readUf2(bytes), (uf2) => {
        const family = target?.uf2?.family;
        if (uf2.family !== family) {
          const says = family === undefined ? "names no family" : `says ${hex(family)}`;
          return bad(`it is for UF2 family ${hex(uf2.family)} and its manifest ${says}`);
        }
        const whole = manifest.mcu !== "rp2040" || isWholeSectors(uf2);
        return whole ? good(uf2.segments) : bad("it has parts of sectors, which an RP2040 writes wrong (RP2040-E14)");
      });
    case "dfu-zip":
      return map(readDfuPackage(bytes), (dfu) => {
        const { softdevice } = manifest;
        if (softdevice === null || target === undefined) return bad("its manifest names no SoftDevice it is for");
        if (dfu.deviceType !== DFU_DEVICE_TYPE) return bad(`it is for device type ${hex(dfu.deviceType, 4)}`);
        if (dfu.softdevices.join() !== String(softdevice.fwid)) {
          const ids = dfu.softdevices.map((id) => hex(id, 4)).join(", ");
          return bad(
            `it asks for SoftDevice ${ids} and its manifest says ${softdevice.name}, ${hex(softdevice.fwid, 4)}`,
          );
        }
        return good([{ address: target.app.offset, bytes: dfu.application }]);
      });
    default:
      return bad(`a file of kind ${artifact.kind} is not for a ${manifest.mcu}`);
  }
}

function elfHead(bytes: Uint8Array, { mcu }: Manifest): Read<ElfHead> {
  return map(readElfHead(bytes), (elf) => {
    const problem = isMcu(mcu) ? machineProblem(elf, mcu) : undefined;
    return problem === undefined ? good(elf) : bad(problem);
  });
}

function map<T, U>(read: Read<T>, next: (value: T) => Read<U>): Read<U> {
  return read.ok ? next(read.value) : read;
}

const PARTS: readonly (readonly [keyof EspParts, Artifact["kind"]])[] = [
  ["bootloader", "bootloader"],
  ["partitions", "partitions"],
  ["bootApp0", "boot-app0"],
  ["app", "bin"],
];

function espProblems(manifest: Manifest, files: Files, target: Target, bootloaderOffset: number): ContentProblem[] {
  const of = (kind: Artifact["kind"]): [Artifact, Uint8Array] | undefined =>
    [...files].find(([artifact]) => artifact.kind === kind);
  const parts: Partial<Record<keyof EspParts, Uint8Array>> = {};
  for (const [name, kind] of PARTS) {
    const found = of(kind);
    if (found === undefined) return [{ file: "manifest.json", problem: `it names no file of kind ${kind}` }];
    parts[name] = found[1];
  }
  const whole = parts as EspParts;
  const set = readEspSet(whole, target, bootloaderOffset);
  if (!set.ok) {
    const kind = PARTS.find(([name]) => name === set.part)?.[1] ?? "bin";
    return [{ file: of(kind)?.[0].path ?? "manifest.json", problem: set.problem }];
  }
  const problems: ContentProblem[] = [];
  for (const [name, kind] of PARTS) {
    const [artifact] = of(kind) ?? [];
    const should = set.value.offsets[name];
    if (artifact !== undefined && artifact.offset !== should) {
      const is = artifact.offset === null ? "nowhere" : `at ${hex(artifact.offset)}`;
      problems.push({
        file: "manifest.json",
        problem: `it puts ${artifact.path} ${is} and it belongs at ${hex(should)}`,
      });
    }
  }
  const merged = of("merged");
  if (merged !== undefined) {
    const [artifact, bytes] = merged;
    const segments = PARTS.map(([name]) => ({ address: set.value.offsets[name], bytes: whole[name] }));
    const problem = artifact.offset === 0 ? mergedProblem(bytes, segments) : "its manifest does not put it at 0x0";
    if (problem !== undefined) problems.push({ file: artifact.path, problem });
  }
  const elf = of("elf");
  if (elf !== undefined) {
    const [artifact, bytes] = elf;
    const read = elfHead(bytes, manifest);
    if (!read.ok) problems.push({ file: artifact.path, problem: read.problem });
    else if (read.value.entry !== set.value.app.entry) {
      problems.push({ file: artifact.path, problem: "it holds another program than firmware.bin" });
    }
  }
  return problems;
}

/** What esp-web-tools would write must be files of this image at their own places. */
function buildsProblems(manifest: Manifest): ContentProblem[] {
  const problems: ContentProblem[] = [];
  for (const { parts } of manifest.builds) {
    for (const { path, offset } of parts) {
      const artifact = manifest.artifacts.find((one) => one.path === path);
      if (artifact?.offset === offset) continue;
      const is =
        artifact === undefined
          ? "no file of the image"
          : `at ${artifact.offset === null ? "none" : hex(artifact.offset)}`;
      problems.push({ file: "manifest.json", problem: `builds puts ${path} at ${hex(offset)} and it is ${is}` });
    }
  }
  return problems;
}

/** A board proves by this hash that it runs the image, so it must be that of the program in these files. */
function hashProblems(manifest: Manifest, files: Files): ContentProblem[] {
  const of = (kind: Artifact["kind"]): Uint8Array | undefined =>
    [...files].find(([artifact]) => artifact.kind === kind)?.[1];
  const is = programSha256(manifest.mcu, of);
  if (manifest.image_sha256 === is) return [];
  const says = manifest.image_sha256 ?? "unknown";
  return [{ file: "manifest.json", problem: `image_sha256 is ${says} and that of the program is ${is ?? "unknown"}` }];
}

/** A manifest with an application must be for a chip this reader knows: otherwise nothing in it was checked. */
function knownProblems(manifest: Manifest): ContentProblem[] {
  if (isMcu(manifest.mcu)) return [];
  return [
    { file: "manifest.json", problem: `its mcu "${manifest.mcu}" is none this mehr knows; update this checkout` },
  ];
}
