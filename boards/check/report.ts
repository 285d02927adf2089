/** What the checks of this folder share: how one is written and how it says what it found. */
import type { Mcu } from "../mcu.ts";
import type { RealBoard } from "../schema.ts";

/** `field` is the path inside the value; `came` and `fix` are clauses, as in BoardProblem. */
export type Report = (field: string, came: string, fix: string) => void;

/** Looks at a value of the right shape and reports everything wrong with its subject. */
export type RealCheck = (board: RealBoard, mcu: Mcu, report: Report) => void;

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
