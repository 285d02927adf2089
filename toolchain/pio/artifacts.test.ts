import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { buildDir, coreDir, type PioPlace } from "./environment.ts";
import { findArtifacts } from "./run.ts";

let place: PioPlace;
beforeEach(() => {
  const dir = mkdtempSync(join(tmpdir(), "mehr-artifacts-"));
  place = { projectDir: dir, home: join(dir, ".mehr") };
});
afterEach(() => rmSync(place.projectDir, { recursive: true, force: true }));

function put(...path: string[]): string {
  const file = join(...path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "");
  return file;
}

describe("the files of a build", () => {
  it("have boot_app0.bin from the Arduino core where a partition table asks for it", () => {
    const build = buildDir(place, "registry");
    const package_ = join(coreDir(place, "registry"), "packages", "framework-arduinoespressif32");
    const shipped = put(package_, "tools", "partitions", "boot_app0.bin");
    put(build, "rak4631", "firmware.elf");
    expect(findArtifacts(place, "rak4631", "registry").map(({ kind }) => kind)).toEqual(["elf"]);
    put(build, "heltec-v3", "firmware.elf");
    put(build, "heltec-v3", "partitions.bin");
    expect(findArtifacts(place, "heltec-v3", "registry").at(-1)).toEqual({ kind: "boot-app0", path: shipped });
    const own = put(build, "heltec-v3", "boot_app0.bin");
    const found = findArtifacts(place, "heltec-v3", "registry").filter(({ kind }) => kind === "boot-app0");
    expect(found).toEqual([{ kind: "boot-app0", path: own }]);
    expect(findArtifacts(place, "absent", "registry")).toEqual([]);
  });
});
