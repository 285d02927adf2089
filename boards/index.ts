/** Every board of the project. A new one is its file: values.ts, which imports them all, is made from this folder. */
import { type BoardEntry, checkAgainst, checkBoards } from "./check/set.ts";
import { checkBoard } from "./check.ts";
import { type Engine, variantName } from "./engine.ts";
import { BoardError, type BoardProblem, UnknownBoardError } from "./problem.ts";
import { type Board, isVirtual } from "./schema.ts";
import { checkShape } from "./shape.ts";
import { VALUES } from "./values.ts";

/** The file a board's value lives in, relative to the project. */
export function boardFile(id: string): string {
  return `boards/${id}.ts`;
}

/** Ids of all boards, in alphabetical order; cheap, nothing is checked. */
export function boardIds(): string[] {
  return [...VALUES.keys()].sort();
}

/** Everything wrong with a value registered under `id`: shape, sense, and an id that is not its file's name. */
export function registeredProblems(id: string, value: unknown): readonly BoardProblem[] {
  const file = boardFile(id);
  const { board, problems } = checkBoard(value, file);
  if (board === undefined || board.id === id) return problems;
  return [{ file, field: "id", came: `it is "${board.id}"`, fix: `write "${id}", the name of the file` }, ...problems];
}

/** Every board but `id`, as far as its shape is right; what is wrong with one of them is not this one's problem. */
export function otherBoards(id: string): BoardEntry[] {
  return boardIds().flatMap((other) => {
    if (other === id) return [];
    const file = boardFile(other);
    const { board } = checkShape(VALUES.get(other), file);
    return board === undefined ? [] : [{ file, board }];
  });
}

/** Answers of `problemsOf`: values do not change while we run. */
const found = new Map<string, readonly BoardProblem[]>();

/** What is wrong with a board of the project, by itself and beside the others. */
function problemsOf(id: string, value: Board): readonly BoardProblem[] {
  const own = registeredProblems(id, value);
  return own.length > 0 ? own : checkAgainst({ file: boardFile(id), board: value }, otherBoards(id));
}

/**
 * The board of that id, checked.
 *
 * @throws UnknownBoardError when there is none (names the nearest ids)
 * @throws BoardError when its value is wrong (one sentence per problem)
 */
export function findBoard(id: string): Board {
  const value = VALUES.get(id);
  if (value === undefined) throw new UnknownBoardError(id, boardIds());
  const problems = found.get(id) ?? problemsOf(id, value);
  found.set(id, problems);
  if (problems.length > 0) throw new BoardError(problems);
  return value;
}

/**
 * All boards, checked, in alphabetical order of their ids.
 *
 * @throws BoardError with the problems of every wrong board
 */
export function allBoards(): Board[] {
  const boards = boardIds().flatMap((id) => VALUES.get(id) ?? []);
  const own = boardIds().flatMap((id) => registeredProblems(id, VALUES.get(id)));
  const entries = boards.map((board) => ({ file: boardFile(board.id), board }));
  const problems = own.length > 0 ? own : checkBoards(entries);
  if (problems.length > 0) throw new BoardError(problems);
  return boards;
}

/** The board and the engine whose `variantName` this is; undefined if no board has such a variant. Nothing is checked. */
export function parseVariant(name: string): { readonly board: string; readonly engine: Engine } | undefined {
  for (const board of VALUES.values()) {
    const engine = board.engines.find((one) => variantName(board, one) === name);
    if (engine !== undefined) return { board: board.id, engine };
  }
  return undefined;
}

/**
 * One line of `mehr boards --json` (design section 8). `verified` is null until something was proved; the first of
 * `engine` is the default.
 */
export interface BoardSummary {
  readonly id: string;
  readonly mcu: string;
  readonly radio: string;
  readonly flash: readonly string[];
  readonly engine: readonly string[];
  readonly verified: "built" | "emulated" | "hardware" | null;
}

export function boardSummary(board: Board): BoardSummary {
  return {
    id: board.id,
    mcu: board.mcu,
    radio: isVirtual(board) ? "virtual" : board.radio.chip,
    flash: isVirtual(board) ? [] : board.flashing,
    engine: board.engines,
    verified: board.verified ?? null,
  };
}

export { type BoardEntry, checkAgainst, checkBoards } from "./check/set.ts";
export { checkBoard, checkSense } from "./check.ts";
export { type MemoryLimits, memoryLimits } from "./memory.ts";
export { BoardError, type BoardProblem, problemSentence, UnknownBoardError } from "./problem.ts";
export { type Board, defineBoard, isVirtual, type RealBoard, type VirtualBoard } from "./schema.ts";
