/**
 * What takes part in a simulation: a real core in this process, a board in QEMU, an attacker, or a rival protocol.
 *
 * A station answers at once wherever it can; only one that lives elsewhere (a board) returns promises, and the loop
 * then waits for that station alone.
 */

/** Interface number of the radio; 1 to 3 are wired. */
export const RADIO_PORT = 0;

/** What a station can do to the world. */
export interface Air {
  /** Virtual milliseconds, whole or with a fraction. */
  readonly now: () => number;
  /**
   * Transmits on a port: 0 the radio, an air frame of 1-255 bytes; 1-3 a whole link frame over a wire. `flags` are
   * FrameFlag bits of the ABI. A Status: Ok, RadioBusy (the channel is taken, or the radio still sends), RadioFailed,
   * TransmitOff, BadInterface. The bytes are copied before it returns.
   */
  send(port: number, frame: Uint8Array, flags: number): number;
  /** Fills `bytes` from this station's own seeded stream. */
  entropy(bytes: Uint8Array): void;
}

/** Where a message goes: whatever the kind of station uses. */
export type Address = Uint8Array | number;

/** What became of the request to send a message. */
export interface SendResult {
  /** A Status: Ok, or why it was not taken (NoRoute, QueueFull, NoKey). */
  readonly status: number;
}

/** Told of a message for the application of this station; the bytes are the listener's to keep. */
export type MessageListener = (data: Uint8Array) => void;

export interface Station {
  readonly name: string;
  /** Power-on, also again after a power cut. */
  start(): void | Promise<void>;
  /** A frame arrived. `frame` is valid during the call only. rssi in dBm, snr in quarter dB; both 0 on a wire. */
  receive(port: number, frame: Uint8Array, rssiDbm: number, snrQdb: number): void | Promise<void>;
  /** The deadline has come. */
  timer(): void | Promise<void>;
  /** When `timer` wants to be called, in virtual ms; undefined if never. Read after every call. */
  deadline(): number | undefined;
  /** The application sends a message end to end. */
  send(to: Address, data: Uint8Array, qos: number): SendResult | Promise<SendResult>;
  readonly onMessage: (listener: MessageListener) => void;
}
