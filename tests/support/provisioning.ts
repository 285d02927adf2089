/** What tests provision virtual boards with. */
import { encodeBootConfig } from "../../boards/config.ts";
import type { VirtualBoard } from "../../boards/index.ts";
import { regionalConfig } from "../../boards/regions/config.ts";
import { findRegion } from "../../boards/regions/index.ts";
import type { ProvisionDraft } from "../../host/device/device.ts";
import { PIN_LOG_N, pinKey } from "../../host/device/pin.ts";

export interface Wish {
  readonly name: string;
  readonly region?: string;
  /** Conducted, dBm. */
  readonly powerDbm?: number;
  readonly pin?: string;
  /** Addresses in hex. */
  readonly trusted?: readonly string[];
}

/** A draft for a board; the PIN's key is made here, as every host makes it. */
export async function draftFor(board: VirtualBoard, wish: Wish): Promise<ProvisionDraft> {
  const region = findRegion(wish.region ?? "eu868");
  const salt = new Uint8Array(16).fill(wish.pin === undefined ? 0 : 0x5a);
  return {
    record: {
      version: 1,
      flags: 0,
      antennaGainTenths: 21,
      region: region.id,
      name: wish.name,
      config: encodeBootConfig(regionalConfig(board, region, { powerDbm: wish.powerDbm })),
      pinLogN: wish.pin === undefined ? 0 : PIN_LOG_N,
      pinSalt: salt,
      pinKey: wish.pin === undefined ? new Uint8Array(32) : await pinKey(wish.pin, salt, PIN_LOG_N),
      provisionedMs: 1_700_000_000_000n,
    },
    trusted: (wish.trusted ?? []).map((address) => ({ nodeId: Uint8Array.from(Buffer.from(address, "hex")) })),
  };
}

/** What a board says it has when it has this: the PIN's key never comes back. */
export function asRead(draft: ProvisionDraft): ProvisionDraft {
  return { ...draft, record: { ...draft.record, pinKey: new Uint8Array(32) } };
}
