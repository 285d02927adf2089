import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repositoryRoot } from "../paths.ts";
import { areFlashersReady, ESPTOOL_VERSION, NRFUTIL_VERSION, requireFlashers } from "./install.ts";

const folder = join(repositoryRoot(), "toolchain", "flashers");

it("names the versions that are pinned", () => {
  const pinned = readFileSync(join(folder, "requirements.txt"), "utf8");
  expect(pinned).toMatch(new RegExp(`^esptool==${ESPTOOL_VERSION} `, "m"));
  expect(pinned).toMatch(new RegExp(`^adafruit-nrfutil==${NRFUTIL_VERSION} `, "m"));
});

it("pins every file by its hash", () => {
  for (const name of ["requirements.txt", "requirements-build.txt"]) {
    const packages = readFileSync(join(folder, name), "utf8").replaceAll("\\\n", "").split("\n");
    for (const line of packages.filter((one) => /^[a-z]/i.test(one)))
      expect(line).toMatch(/==.*--hash=sha256:[0-9a-f]{64}/);
  }
});

it("says how to get them where they are not", () => {
  const place = { projectDir: repositoryRoot(), home: join(folder, "no-such-home") };
  expect(areFlashersReady(place)).toBe(false);
  expect(() => requireFlashers(place, "esptool")).toThrow(
    expect.objectContaining({
      exitCode: 3,
      hint: "mehr setup --flashers",
      message: expect.stringMatching(/^This board is flashed by esptool/),
    }),
  );
});
