import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bar, cell, cut, duration, plain, width } from "./text.ts";

const ANY = fc.string({ unit: "binary", maxLength: 60 });

describe("plain", () => {
  it.each([
    ["\x1b[2J\x1b[1;1H", "�[2J�[1;1H"],
    ["\x1b]0;owned\x07", "�]0;owned�"],
    ["\x9b31m", "�31m"],
    ["a\u202eb", "a�b"],
    ["a\u200bb\u2066c", "a�b�c"],
    ["one\r\ntwo\tthree", "one two three"],
    ["e\u0301\u0301\u0301\u0301", "e\u0301\u0301"],
    ["\ud800", "�"],
    ["Dach Süd 屋根", "Dach Süd 屋根"],
  ])("%j", (text, harmless) => {
    expect(plain(text)).toBe(harmless);
  });

  it("lets no control and no format character through, whatever comes, and leaves harmless text alone", () => {
    fc.assert(
      fc.property(ANY, (text) => {
        const harmless = plain(text);
        expect(harmless).toMatch(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u);
        expect(plain(harmless)).toBe(harmless);
      }),
    );
  });
});

describe("width", () => {
  it("counts no character as narrower than Unicode's East Asian Width does", (context) => {
    // Python's unicodedata, an independent copy of UAX #11.
    const program =
      "import unicodedata as u\nprint(''.join('2' if u.east_asian_width(chr(c)) in 'WF' and u.category(chr(c))[0] not in 'MC' else '.' for c in range(0x40000)))";
    const { status, stdout } = spawnSync("python3", ["-c", program], { encoding: "utf8", maxBuffer: 1 << 20 });
    if (status !== 0) return context.skip();
    const narrow: string[] = [];
    for (let code = 0; code < 0x40000; code++) {
      if (stdout[code] !== "2" || (code >= 0xd800 && code < 0xe000)) continue;
      const character = String.fromCodePoint(code);
      // Unassigned ones never reach the screen.
      if (plain(character) === character && width(character) !== 2) narrow.push(code.toString(16));
    }
    expect(narrow).toEqual([]);
  });

  it("is what a cell has, and what cut keeps to", () => {
    fc.assert(
      fc.property(ANY, fc.integer({ min: 0, max: 50 }), (text, columns) => {
        const harmless = plain(text);
        expect(width(cut(harmless, columns))).toBeLessThanOrEqual(columns);
        expect(width(cell(harmless, columns))).toBe(columns);
      }),
    );
  });
});

it("bars show something for anything, and never more than all", () => {
  expect([bar(0, 4), bar(0.001, 4), bar(0.5, 4), bar(1, 4), bar(7, 4), bar(NaN, 4)]).toEqual([
    ...["░░░░", "▏░░░", "██░░", "████", "████", "░░░░"],
  ]);
});

it.each([
  [0, "0 s"],
  [99_999, "99 s"],
  [100_000, "1 min"],
  [7_500_000, "2 h 5 min"],
  [400_000_000, "4 d 15 h"],
])("%i ms are %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
