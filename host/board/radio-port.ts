/** The air, as a virtual board sees it: the second UART, behind which the host plays radio and random generator. */
import { randomFillSync } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Channel, Phy, Reception, Station } from "../radio/channel.ts";
import { encodeFrame, FRAME_ERROR_SENTENCES, type Frame, FrameReader } from "../serial/frame.ts";
import { ProtocolError, Radio, Reader } from "./protocol.ts";

/** Status byte of a TransmitDone. */
const DONE_OK = 0;
const DONE_REFUSED = 25;
const PHY_SIZE = 15;
const FRAME_MAX = 255;
const ENTROPY_MAX = 256;

export interface RadioPortOptions {
  readonly name: string;
  readonly stream: Duplex;
  /** Absent: nobody is there, every transmission succeeds into the void. */
  readonly channel?: Channel;
  /** Random bytes for the board's generator; the system's by default. */
  readonly entropy?: (bytes: Uint8Array) => void;
  /** A frame from the board was malformed. */
  readonly problem?: (sentence: string) => void;
}

/** Serves one board's radio port until its stream closes. */
export class RadioPort implements Station {
  readonly name: string;
  readonly #options: RadioPortOptions;
  #phy: Phy | undefined;

  constructor(options: RadioPortOptions) {
    this.name = options.name;
    this.#options = options;
    const problem = options.problem ?? (() => {});
    const reader = new FrameReader(
      (frame) => {
        try {
          this.#take(frame);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
          problem(`From ${this.name}'s radio: a malformed request ${frame.type}: ${error.message}.`);
        }
      },
      (error) => problem(`From ${this.name}'s radio: ${FRAME_ERROR_SENTENCES[error]}`),
    );
    options.stream.on("data", (bytes: Buffer) => reader.push(bytes));
    options.stream.on("close", () => options.channel?.leave(this));
    options.stream.on("error", () => options.channel?.leave(this));
    options.channel?.join(this);
  }

  /** What the board last sent or listened with; a board tells its settings with its first CAD or transmission. */
  phy(): Phy | undefined {
    return this.#phy;
  }

  /** Tells the channel what the board listens to before it has said anything itself. */
  tune(phy: Phy): void {
    this.#phy = phy;
  }

  receive(reception: Reception): void {
    const payload = Buffer.alloc(4 + reception.frame.length);
    payload.writeInt16LE(reception.rssiDbm, 0);
    payload.writeInt16LE(reception.snrQdb, 2);
    payload.set(reception.frame, 4);
    this.#send(Radio.Receive, 0, payload);
  }

  #take(frame: Frame): void {
    const reader = new Reader(frame.payload);
    switch (frame.type) {
      case Radio.Transmit: {
        if (reader.left <= PHY_SIZE || reader.left > PHY_SIZE + FRAME_MAX) {
          throw new ProtocolError(`${reader.left} bytes instead of ${PHY_SIZE + 1} to ${PHY_SIZE + FRAME_MAX}`);
        }
        const phy: Phy = {
          frequencyHz: reader.u32(),
          bandwidthHz: reader.u32(),
          spreadingFactor: reader.u8(),
          codingRate: reader.u8(),
          preamble: reader.u16(),
          powerDbm: (reader.u8() << 24) >> 24,
          syncWord: reader.u8(),
        };
        this.#phy = phy;
        this.#transmit(phy, reader.rest(), frame.id);
        break;
      }
      case Radio.Cad: {
        const where = { frequencyHz: reader.u32(), bandwidthHz: reader.u32(), spreadingFactor: reader.u8() };
        const busy = this.#options.channel?.busy(this, where) ?? false;
        this.#send(Radio.CadResult, frame.id, Uint8Array.of(busy ? 1 : 0));
        break;
      }
      case Radio.Clear: {
        const where = { frequencyHz: reader.u32(), bandwidthHz: reader.u32() };
        reader.u8();
        const thresholdDbm = (reader.u16() << 16) >> 16;
        const busy = (this.#options.channel?.powerDbm(this, where, reader.u16()) ?? -Infinity) > thresholdDbm;
        this.#send(Radio.ClearResult, frame.id, Uint8Array.of(busy ? 1 : 0));
        break;
      }
      case Radio.Entropy: {
        const length = reader.u16();
        if (length > ENTROPY_MAX) throw new ProtocolError(`${length} random bytes, at most ${ENTROPY_MAX} at once`);
        const bytes = new Uint8Array(length);
        (this.#options.entropy ?? randomFillSync)(bytes);
        this.#send(Radio.EntropyReply, frame.id, bytes);
        break;
      }
      default:
        throw new ProtocolError("unknown type");
    }
  }

  #transmit(phy: Phy, frame: Uint8Array, id: number): void {
    const done = (): void => this.#send(Radio.TransmitDone, id, Uint8Array.of(DONE_OK));
    const { channel } = this.#options;
    if (channel === undefined) done();
    else if (!channel.send(this, phy, frame, done)) this.#send(Radio.TransmitDone, id, Uint8Array.of(DONE_REFUSED));
  }

  #send(type: number, id: number, payload: Uint8Array): void {
    const { stream } = this.#options;
    // A 00 in front ends whatever a lost byte left open, so that it costs itself only.
    if (!stream.destroyed) stream.write(Buffer.concat([Uint8Array.of(0), encodeFrame({ type, id, payload })]));
  }
}
