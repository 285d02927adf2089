/** A board that did not do what it was asked, in a sentence. */
import { MehrError } from "../../toolchain/errors.ts";
import { STATUS_SENTENCES } from "../core/abi.gen.ts";

export interface FailureDetails {
  /** What the board answered; undefined if it did not answer. */
  readonly status?: number;
  /** How long it looks at no PIN. */
  readonly waitMs?: number;
  /** True if it is not known whether the board did it. */
  readonly inDoubt?: boolean;
  /** True if the line to the board is gone. */
  readonly gone?: boolean;
  /** What followed the status in the reply. */
  readonly body?: Uint8Array;
}

export class DeviceFailure extends MehrError {
  readonly status: number | undefined;
  readonly waitMs: number | undefined;
  readonly inDoubt: boolean;
  readonly gone: boolean;
  readonly body: Uint8Array | undefined;

  constructor(sentence: string, details: FailureDetails = {}) {
    super(1, sentence);
    this.name = "DeviceFailure";
    this.status = details.status;
    this.waitMs = details.waitMs;
    this.inDoubt = details.inDoubt ?? false;
    this.gone = details.gone ?? false;
    this.body = details.body;
  }
}

/** The sentence of a status, without its full stop, to go behind a colon. */
export function statusText(status: number): string {
  const sentence = STATUS_SENTENCES[status] ?? `an unknown status ${status}.`;
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

/** "8 s", "3 min": a wait as a person counts it, rounded up. */
export function waitText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
