/** What a host knows of each request beside its layout: its name for a person, its patience, what is sure when it fails. */
import { REQUEST_NAMES, Request } from "../board/messages.gen.ts";

export interface RequestTraits {
  /** How long to wait for a reply before it is sent again. */
  readonly tryMs: number;
  /** True if doing it twice is the same as doing it once, so that it may be done again in a new session. */
  readonly again: boolean;
  /** What is so when it is not known whether the board did it. */
  readonly doubt?: string;
}

/** What a board takes from a request to its reply is milliseconds, unless it computes or writes. */
const TRY_MS = 2000;

const TRAITS: Readonly<Record<number, Partial<RequestTraits>>> = {
  // The calibration loop takes a while on a slow emulator.
  [Request.Stats]: { tryMs: 30_000, again: true },
  // A signature takes half a second under wasm3.
  [Request.Prove]: { tryMs: 5000, again: true },
  [Request.Identify]: { again: true },
  [Request.Hello]: { again: true },
  [Request.Health]: { again: true },
  [Request.Inbox]: { again: true },
  [Request.SetTime]: { again: true },
  [Request.SetLogLevel]: { again: true },
  [Request.ProvisionRead]: { again: true },
  [Request.ProvisionAbort]: { again: true, doubt: "What is stored has not changed." },
  [Request.ProvisionDraft]: { again: true, doubt: "What is stored has not changed." },
  [Request.ProvisionCommit]: {
    tryMs: 10_000,
    doubt: "Its provisioning is the old or the new one, whole: read it again (`mehr device identify`).",
  },
  [Request.Backup]: { tryMs: 8000, again: true },
  // Each one makes another key and forgets the one before.
  [Request.RestoreKey]: { tryMs: 5000, again: true },
  [Request.Restore]: {
    tryMs: 15_000,
    doubt: "It has what it had or what the backup holds, whole: `mehr device identify` tells which.",
  },
  [Request.ResetToken]: { again: true },
  [Request.FactoryReset]: {
    tryMs: 8000,
    doubt: "It is as it was, or reset: `mehr device identify` tells which.",
  },
  [Request.Reboot]: { doubt: "It may have started again." },
  [Request.Command]: { doubt: "It may have been carried out; look before doing it again." },
};

export function traitsOf(request: number): RequestTraits {
  return { tryMs: TRY_MS, again: false, ...TRAITS[request] };
}

/** "ProvisionCommit", as in docs/console.md. */
export function requestName(request: number): string {
  return REQUEST_NAMES[request] ?? `request ${request}`;
}
