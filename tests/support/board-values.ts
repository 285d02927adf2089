/** Board values with one thing changed, for the tests of the checks. */
import { type Board, isVirtual, type RealBoard } from "../../boards/schema.ts";

/** The board, typed as one with wiring. */
export function realBoard(board: Board): RealBoard {
  if (isVirtual(board)) throw new Error(`${board.id} is virtual`);
  return board;
}

/** A copy with one field set, or removed by `undefined`; missing objects on the way are made. */
export function withField(board: Board, path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(board);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  let at = copy as Record<string, unknown>;
  for (const key of keys) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
}
