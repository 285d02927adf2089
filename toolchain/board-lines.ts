/** How long the values of the boards are, for `mehr bench build`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { allBoards, boardFile, isVirtual } from "../boards/index.ts";

export interface BoardLines {
  readonly board: string;
  /** Lines of its file, with imports and comments. */
  readonly lines: number;
  readonly virtual: boolean;
}

/** Lines of every board's file, in alphabetical order of their ids. Throws BoardError for a board that is wrong. */
export function boardLines(root: string): BoardLines[] {
  return allBoards().map((board) => ({
    board: board.id,
    lines: readFileSync(join(root, boardFile(board.id)), "utf8")
      .trimEnd()
      .split("\n").length,
    virtual: isVirtual(board),
  }));
}
