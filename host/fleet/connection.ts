/** What provisioning needs of a device, apart from how it is reached. */
import type { Identity, ProvisionRecord } from "../device/messages.gen.ts";
import type { Provisioning } from "./record.ts";

export interface Connection {
  /** Who it is, and the status of its core: Ok, or why it does not run. */
  identify(): Promise<{ readonly status: number; readonly identity: Identity }>;
  /** Signs a challenge of 32 bytes. */
  prove(challenge: Uint8Array): Promise<{ readonly publicKey: Uint8Array; readonly signature: Uint8Array }>;
  /** What it has stored now; "none", or "damaged". */
  read(): Promise<Provisioning | "none" | "damaged">;
  /** Begins a session with this PIN; undefined: without one. Whether it is the right one shows at the next guarded request. */
  authorise(pin: string | undefined): Promise<void>;
  /** A guarded request that changes nothing: forgets a draft. Throws if it is refused. */
  abort(): Promise<void>;
  /** The SHA-256 of the draft as it arrived. */
  draft(record: ProvisionRecord, trusted: readonly Uint8Array[]): Promise<Uint8Array>;
  /** Words programmed and pages erased for it. */
  commit(sha256: Uint8Array): Promise<number>;
  /** Whether guarded requests need a PIN at the moment. */
  locked(): boolean;
  close(): Promise<void>;
}

/** Opens a device. `name` is for messages. */
export type Connect = (path: string, name: string) => Promise<Connection>;
