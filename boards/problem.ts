import { nearestNames } from "./nearest.ts";

/** One thing wrong with a board value. `came` and `fix` are clauses; `problemSentence` joins them. */
export interface BoardProblem {
  /** The board's file, relative to the project: "boards/rak4631.ts". */
  readonly file: string;
  /** Path of the field inside the value: "radio.pins.busy". */
  readonly field: string;
  readonly came: string;
  readonly fix: string;
}

/** "boards/rak4631.ts: radio.pins.busy: P1.10 is ..., but ...; give each its own pin." */
export function problemSentence(problem: BoardProblem): string {
  return `${problem.file}: ${problem.field}: ${problem.came}; ${problem.fix}.`;
}

/**
 * A board value that must not be built. `problems` holds everything found, not only the first; the message has one
 * sentence per line. Exit code 2: the board file is the input, and it is wrong.
 */
export class BoardError extends Error {
  readonly exitCode = 2;
  readonly hint: string | undefined = undefined;
  readonly problems: readonly BoardProblem[];

  constructor(problems: readonly BoardProblem[]) {
    super(problems.map(problemSentence).join("\n"));
    this.name = "BoardError";
    this.problems = problems;
  }
}

/** A board id nobody has. `nearest` holds the ids it may have meant, best first; exit code 2. */
export class UnknownBoardError extends Error {
  readonly exitCode = 2;
  readonly hint: string | undefined = undefined;
  readonly id: string;
  readonly nearest: readonly string[];

  constructor(id: string, known: readonly string[]) {
    const nearest = nearestNames(id, known);
    const rest =
      nearest.length > 0 ? `did you mean ${nearest.join(" or ")}?` : `the boards are ${[...known].sort().join(", ")}.`;
    super(`There is no board "${id}"; ${rest}`);
    this.name = "UnknownBoardError";
    this.id = id;
    this.nearest = nearest;
  }
}
