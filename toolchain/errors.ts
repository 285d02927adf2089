/**
 * A failure the user is meant to read: one sentence with what came and what to do, and the exit code it stands for.
 *
 * Exit codes (design section 8): 1 the work failed, 2 wrong usage or bad input, 3 something is missing on this
 * machine and `hint` is the command that installs it.
 */
export class MehrError extends Error {
  readonly exitCode: 1 | 2 | 3;
  readonly hint: string | undefined;

  constructor(exitCode: 1 | 2 | 3, sentence: string, hint?: string) {
    super(sentence);
    this.name = "MehrError";
    this.exitCode = exitCode;
    this.hint = hint;
  }
}
