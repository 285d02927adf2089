import { MehrError } from "../../toolchain/errors.ts";

/** One thing wrong with a fleet file. `came` and `fix` are clauses; `problemSentence` joins them. */
export interface FleetProblem {
  /** The file as the user named it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** Path of the field inside the file: "devices[2].power"; empty for the file as a whole. */
  readonly field: string;
  readonly came: string;
  readonly fix: string;
}

/** "fleet.yaml:7: devices[1].sf: it is 13; write a whole number from 5 to 12." */
export function problemSentence({ file, line, field, came, fix }: FleetProblem): string {
  return `${file}:${line}: ${field === "" ? "" : `${field}: `}${came}; ${fix}${fix.startsWith("did you mean") ? "?" : "."}`;
}

/** A fleet file that must not be used: everything found, one sentence per line. Exit code 2. */
export class FleetError extends MehrError {
  readonly problems: readonly FleetProblem[];

  constructor(problems: readonly FleetProblem[]) {
    super(2, problems.map(problemSentence).join("\n"));
    this.name = "FleetError";
    this.problems = problems;
  }
}
