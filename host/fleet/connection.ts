/** What provisioning needs of a device, apart from how it is reached. */
import type { Identity } from "../board/protocol.ts";
import type { ProvisionDraft } from "../device/device.ts";
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
  /**
   * Drafts and commits it, once, whatever the line loses; `pin` is the one it has then. Words programmed and pages erased
   * for it, if the answer that says so came through.
   */
  provision(draft: ProvisionDraft, pin: string | undefined): Promise<number | undefined>;
  close(): Promise<void>;
}

/** Opens a device. `name` is for messages. */
export type Connect = (path: string, name: string) => Promise<Connection>;
