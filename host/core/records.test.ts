import { expect, test } from "vitest";
import { Status } from "./abi.gen.ts";
import { MemoryRecords } from "./records.ts";

const { Ok, RecordFailed, RecordMissing } = Status;

function valueOf(records: MemoryRecords, key: number): string {
  const into = new Uint8Array(256);
  const length = records.get(key, into);
  return length < 0 ? "missing" : Buffer.from(into.subarray(0, length)).toString("hex");
}

test("a value is replaced, and gone once deleted", () => {
  const records = new MemoryRecords({ records: 2, bytes: 4 });
  expect(records.put(1, Uint8Array.of(1, 2))).toBe(Ok);
  expect(records.put(1, Uint8Array.of(3))).toBe(Ok);
  expect(valueOf(records, 1)).toBe("03");
  expect(records.get(1, new Uint8Array(0))).toBe(1);
  expect([records.delete(1), records.delete(1)]).toEqual([Ok, Ok]);
  expect(records.get(1, new Uint8Array(4))).toBe(-RecordMissing);
});

test("what does not fit is refused and leaves the old value", () => {
  const records = new MemoryRecords({ records: 3, bytes: 4, total: 8 });
  expect(records.put(1, new Uint8Array(5))).toBe(RecordFailed);
  expect(records.put(0xffff, Uint8Array.of(1))).toBe(RecordFailed);
  for (const key of [1, 2]) expect(records.put(key, new Uint8Array(4).fill(key))).toBe(Ok);
  expect(records.put(3, Uint8Array.of(3))).toBe(RecordFailed);
  expect(records.put(3, new Uint8Array(0))).toBe(Ok);
  expect(records.put(4, new Uint8Array(0))).toBe(RecordFailed);
  // A value makes room for its own successor.
  expect(records.put(2, new Uint8Array(4).fill(9))).toBe(Ok);
  expect(records.put(2, new Uint8Array(5))).toBe(RecordFailed);
  expect([valueOf(records, 1), valueOf(records, 2), valueOf(records, 3)]).toEqual(["01010101", "09090909", ""]);
});
