/** What provisioning needs of a device, apart from how it is reached. */
import type { Identity } from "../board/protocol.ts";
import type { ProvisionRecord } from "../device/messages.gen.ts";
import type { Provisioning } from "./record.ts";

export interface Connection {
  identify(): Promise<Identity>;
  /** Its public key (32 bytes) and the address made from it (16), once it has signed a fresh challenge with it. */
  prove(): Promise<{ readonly publicKey: Uint8Array; readonly nodeId: Uint8Array }>;
  /** What it has stored now; "none", or "damaged". */
  read(): Promise<Provisioning | "none" | "damaged">;
  /** Whether guarded requests need a PIN at the moment. */
  locked(): Promise<boolean>;
  /** The PIN from here on; undefined: none. Whether it is the right one shows at the next guarded request. */
  usePin(pin: string | undefined): void;
  /** A guarded request that changes nothing: forgets a draft. Throws if it is refused. */
  abort(): Promise<void>;
  /** The SHA-256 of the draft as it arrived. */
  draft(record: ProvisionRecord, trusted: readonly Uint8Array[]): Promise<Uint8Array>;
  /** Words programmed and pages erased for it. */
  commit(sha256: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

/** Opens a device. `name` is for messages. */
export type Connect = (path: string, name: string) => Promise<Connection>;
