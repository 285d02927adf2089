/** Short end-to-end messages of text, through any relay that knows the way. */
import { Command, Event, Status } from "../core/abi.gen.ts";
import { ADDRESS_SIZE, addressOf } from "./address.ts";
import type { Device } from "./device.ts";
import { DeviceFailure } from "./failure.ts";
import type { InboxMessage } from "../board/messages.gen.ts";
import { MehrError } from "../../toolchain/errors.ts";

/** Identity, names, social, apps: the family of messages that apps make for themselves. */
export const TEXT_CONTEXT = 0xf7;
/** Plain text. The protocol uses 01 to 18 of this family; 54 is "T", and is ours (docs/console.md, Text messages). */
export const TEXT_SUB_TYPE = 0x54;
/** Bytes of UTF-8 that a board's inbox keeps whole. */
export const TEXT_MAX = 200;

/** P1, Balanced: what messages travel with. */
const QOS_MESSAGE = 0x40;
/** SendFlag.Key */
const FLAG_KEY = 1;

export interface TextMessage {
  /** Rises by one with each message the board got since it started. */
  readonly sequence: number;
  /** Unix ms; undefined if the board does not know the time. */
  readonly unixMs: number | undefined;
  /** ms since the board started. */
  readonly receivedMs: number;
  /** Of the frame that brought it; undefined if it came over a cable, or from the node itself. */
  readonly rssiDbm: number | undefined;
  readonly snrDb: number | undefined;
  /** Which destination of this node it was for, 16 bytes. */
  readonly destination: Uint8Array;
  /** undefined if it is no text of ours: another context or sub-type, or no UTF-8. */
  readonly text: string | undefined;
  readonly context: number;
  readonly subType: number;
  readonly data: Uint8Array;
  /** True if the board kept its beginning only. */
  readonly truncated: boolean;
}

const NO_SENDING: Readonly<Record<number, string>> = {
  [Status.NoRoute]: "knows no way there yet; routes spread with announces, every few minutes",
  [Status.NoKey]: "does not know the destination's public key yet; give it, or wait for its announce",
  [Status.WrongKey]: "was given a public key that is not this destination's",
  [Status.QueueFull]: "has too many messages waiting; try again in a minute",
  [Status.TransmitOff]: "does not transmit: it has no region whose law allows it; provision it with one",
  [Status.AirtimeSpent]: "has used its hour's airtime; try again later",
};

/**
 * Sends text to a destination: its address, 16 bytes, or its Ed25519 public key, 32 bytes, from which the address follows.
 * Gives the first 8 bytes of the packet's hash. It is under way then, not delivered. Throws MehrError (2) for text that is
 * empty or longer than TEXT_MAX bytes, DeviceFailure if the board cannot send it.
 */
export async function sendText(
  device: Device,
  destination: Uint8Array,
  text: string,
  publicKey?: Uint8Array,
): Promise<Uint8Array> {
  const data = Buffer.from(text, "utf8");
  if (data.length === 0) throw new MehrError(2, "The message is empty; give some text.");
  if (data.length > TEXT_MAX) {
    throw new MehrError(
      2,
      `The message has ${data.length} bytes of UTF-8; a relay keeps ${TEXT_MAX} of one. Shorten it.`,
    );
  }
  if (publicKey !== undefined && Buffer.compare(addressOf(publicKey), destination) !== 0) {
    throw new MehrError(2, "The public key is not the one the destination's address was made from.");
  }
  if (destination.length !== ADDRESS_SIZE) throw new RangeError(`destination has ${destination.length} bytes, not 16`);
  const body = Buffer.concat([
    Uint8Array.of(QOS_MESSAGE, publicKey === undefined ? 0 : FLAG_KEY),
    destination,
    publicKey ?? new Uint8Array(0),
    Uint8Array.of(TEXT_CONTEXT, TEXT_SUB_TYPE),
    data,
  ]);
  try {
    return (await device.command(Command.Send, body)).reply;
  } catch (error) {
    const why = error instanceof DeviceFailure ? NO_SENDING[error.status ?? -1] : undefined;
    if (!(error instanceof DeviceFailure) || why === undefined) throw error;
    throw new DeviceFailure(`${device.name} ${why}.`, {
      ...(error.status === undefined ? {} : { status: error.status }),
    });
  }
}

/** A message of the inbox as text. */
export function textMessage(message: InboxMessage): TextMessage {
  const { sequence, destination, context, subType, data } = message;
  return {
    sequence,
    unixMs: message.unixMs === 0n ? undefined : Number(message.unixMs),
    receivedMs: Number(message.receivedMs),
    rssiDbm: message.rssiDbm,
    snrDb: message.snrQdb === undefined ? undefined : message.snrQdb / 4,
    destination,
    text: context === TEXT_CONTEXT && subType === TEXT_SUB_TYPE ? textIn(data, message.truncated === 1) : undefined,
    context,
    subType,
    data,
    truncated: message.truncated === 1,
  };
}

function textIn(data: Uint8Array, cut: boolean): string | undefined {
  try {
    // A cut may fall inside a character: with `stream` its half is left out.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data, { stream: cut });
  } catch {
    return undefined;
  }
}

/**
 * What has come for a board, read from its inbox: each message once, in order, across its restarts. A board keeps the newest
 * few; `lost` counts those that made room before they were read.
 */
export class Receiver {
  /** Messages that were gone before they were read. */
  lost = 0;
  readonly #device: Device;
  #after: number;

  /** `after`: the sequence of the last message that is known; 0 for none. */
  constructor(device: Device, after = 0) {
    this.#device = device;
    this.#after = after;
  }

  /** The sequence of the last message read. */
  get after(): number {
    return this.#after;
  }

  /** Messages that were not read before. */
  async read(): Promise<TextMessage[]> {
    const found: TextMessage[] = [];
    for (;;) {
      const { latest, messages } = await this.#device.inbox(this.#after);
      if (latest < this.#after) {
        // It has started again and counts from 1.
        this.#after = 0;
        continue;
      }
      for (const message of messages) {
        this.lost += Math.max(0, message.sequence - this.#after - 1);
        this.#after = message.sequence;
        found.push(textMessage(message));
      }
      if (messages.length === 0) {
        this.lost += latest - this.#after;
        this.#after = latest;
      }
      if (this.#after >= latest) return found;
    }
  }

  /**
   * Calls `take` with each message as it comes, until `signal` says to stop or `take` returns false. Looks when the board
   * says that one came, and each `everyMs`, since that may be lost.
   */
  async follow(
    take: (message: TextMessage) => boolean,
    { signal, everyMs = 5000 }: { signal?: AbortSignal; everyMs?: number } = {},
  ): Promise<void> {
    while (signal?.aborted !== true) {
      const { result: event, cancel } = this.#device.waitFor((kind) => kind === Event.Message || undefined, everyMs);
      signal?.addEventListener("abort", cancel, { once: true });
      try {
        for (const message of await this.read()) if (!take(message)) return;
        await event;
      } finally {
        cancel();
        signal?.removeEventListener("abort", cancel);
      }
    }
  }
}
