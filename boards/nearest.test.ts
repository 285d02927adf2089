import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestNames } from "./nearest.ts";

const BOARDS = ["heltec-v3", "native", "qemu-m4", "qemu-rv32", "rak4631"];

test.each([
  ["", "abc", 3],
  ["abc", "abc", 0],
  ["kitten", "sitting", 3],
  ["rak4613", "rak4631", 1], // neighbours swapped
  ["ca", "abc", 3], // the restricted distance: no edit inside a swapped pair
])("%s and %s are %i edits apart", (a, b, edits) => {
  expect(editDistance(a, b)).toBe(edits);
});

test("the distance is a symmetric one that is zero for equal words only", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
      const edits = editDistance(a, b);
      expect(editDistance(b, a)).toBe(edits);
      expect(edits === 0).toBe(a === b);
      expect(edits).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      expect(edits).toBeLessThanOrEqual(Math.max(a.length, b.length));
    }),
  );
});

test.each([
  ["rak4613", ["rak4631"]],
  ["RAK_4631", ["rak4631"]],
  ["rak", ["rak4631"]],
  ["heltec", ["heltec-v3"]],
  ["heltec-v4", ["heltec-v3"]],
  ["qemu", ["qemu-m4", "qemu-rv32"]],
  ["qemu-m3", ["qemu-m4"]],
  ["nativ", ["native"]],
  ["t-beam", []],
  ["", []],
])("%j means %j", (wrong, names) => {
  expect(nearestNames(wrong, BOARDS)).toEqual(names);
});

test("dashes do not matter to a part of a name", () => {
  const boards = ["tbeam-sx1262", "tbeam-sx1276", "t-echo", "t3s3-sx1262"];
  expect(nearestNames("t-beam", boards)).toEqual(["tbeam-sx1262", "tbeam-sx1276"]);
  expect(nearestNames("TEcho", boards)).toEqual(["t-echo"]);
  expect(nearestNames("t3-s3", boards)).toEqual(["t3s3-sx1262"]);
});
