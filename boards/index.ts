/** Every board of the project. A new one is its file and two lines here: the import and its entry. */
import { checkBoard } from "./check.ts";
import { type Engine, variantName } from "./engine.ts";
import heltecV3 from "./heltec-v3.ts";
import native from "./native.ts";
import { BoardError, type BoardProblem, UnknownBoardError } from "./problem.ts";
import qemuM4 from "./qemu-m4.ts";
import qemuRv32 from "./qemu-rv32.ts";
import rak4631 from "./rak4631.ts";
import { type Board, isVirtual } from "./schema.ts";

const VALUES: ReadonlyMap<string, Board> = new Map([
  ["heltec-v3", heltecV3],
  ["native", native],
  ["qemu-m4", qemuM4],
  ["qemu-rv32", qemuRv32],
  ["rak4631", rak4631],
]);

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

/**
 * The board of that id, checked.
 *
 * @throws UnknownBoardError when there is none (names the nearest ids)
 * @throws BoardError when its value is wrong (one sentence per problem)
 */
export function findBoard(id: string): Board {
  const value = VALUES.get(id);
  if (value === undefined) throw new UnknownBoardError(id, boardIds());
  const problems = registeredProblems(id, value);
  if (problems.length > 0) throw new BoardError(problems);
  return value;
}

/**
 * All boards, checked, in alphabetical order of their ids.
 *
 * @throws BoardError with the problems of every wrong board
 */
export function allBoards(): Board[] {
  const problems = boardIds().flatMap((id) => registeredProblems(id, VALUES.get(id)));
  if (problems.length > 0) throw new BoardError(problems);
  return boardIds().flatMap((id) => VALUES.get(id) ?? []);
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

export { checkBoard, checkSense } from "./check.ts";
export { type MemoryLimits, memoryLimits } from "./memory.ts";
export { BoardError, type BoardProblem, problemSentence, UnknownBoardError } from "./problem.ts";
export { type Board, defineBoard, isVirtual, type RealBoard, type VirtualBoard } from "./schema.ts";
