import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keepGeneratedPins, parsePins, pinOf, pinProblem, readableByOthers, readPins } from "./pins.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mehr-pins-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a file of PINs", () => {
  it("has one for all, or one for each name, as they are written", () => {
    expect(parsePins("0123\n", "f")).toEqual({ all: "0123" });
    const pins = parsePins('# mine\nroof: 00017\n"Dach: Süd": "geheim !"\n', "f");
    expect([pinOf(pins, "roof"), pinOf(pins, "Dach: Süd"), pinOf(pins, "x")]).toEqual(["00017", "geheim !", undefined]);
  });

  it.each<[string, string, string]>([
    ["nothing", "", "The PIN file f has no PIN; write one PIN alone, or a line `name: PIN` for each device."],
    ["a list", "- 1234", "The PIN file f has no PIN; "],
    ["a short PIN", "123", "The PIN file f: the PIN: it has 3 characters; use 4 to 64."],
    ["a name without one", "roof:", 'The PIN file f: the PIN of "roof": it has 0 characters; use 4 to 64.'],
    ["a name twice", "a: 1234\na: 5678", "The PIN file f cannot be read; "],
    ["a list as a PIN", "a: [1234]", 'The PIN file f: the PIN of "a": '],
  ])("with %s is refused, without a word of its content", (_what, text, sentence) => {
    expect(() => parsePins(text, "f")).toThrow(sentence);
    expect(() => parsePins(text, "f")).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => parsePins(text, "f")).not.toThrow(/1234|5678/);
  });

  it("that is missing says what to do", () => {
    expect(() => readPins(join(folder, "none"))).toThrow(
      /none is not there; write the PIN into it, and chmod 600 it\.$/,
    );
  });

  it("is made for its owner alone, and keeps the PINs it has", () => {
    const path = join(folder, "fleet.pins");
    const first = keepGeneratedPins(path, ["a", "yes", "1.0"]);
    expect([...first.keys()]).toEqual(["a", "yes", "1.0"]);
    for (const pin of first.values()) expect(pin).toMatch(/^\d{8}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path, "utf8");
    expect(keepGeneratedPins(path, ["a"])).toEqual(first);
    expect(readFileSync(path, "utf8")).toBe(before);
    const second = keepGeneratedPins(path, ["b", "a"]);
    expect([second.get("a"), second.size]).toEqual([first.get("a"), 4]);
    expect(readPins(path)).toEqual({ byName: second });
  });

  it("of one PIN for all is not made to hold others", () => {
    const path = join(folder, "one.pins");
    writeFileSync(path, "123456");
    expect(() => keepGeneratedPins(path, ["a"])).toThrow(/holds one PIN for all/);
    chmodSync(path, 0o640);
    expect(readableByOthers(path)).toBe(true);
    chmodSync(path, 0o600);
    expect(readableByOthers(path)).toBe(false);
  });

  it("takes no PIN that could not be typed again", () => {
    expect(pinProblem("1234")).toBeUndefined();
    expect(pinProblem("ü".repeat(64))).toBeUndefined();
    for (const pin of ["", "123", "1".repeat(65), "12\t34", " 1234", "1234 "]) expect(pinProblem(pin)).toBeDefined();
  });
});
