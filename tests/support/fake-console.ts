/** The console of a program of ours, as far as flashing speaks to it: it answers Identify, in the real frames. */
import type { Duplex } from "node:stream";
import { REPLY_BIT, Request } from "../../host/board/protocol.ts";
import { Engine, encodeIdentifyReply, LockState } from "../../host/board/messages.gen.ts";
import { encodeFrame, FrameReader } from "../../host/serial/frame.ts";

/** What the program says; undefined while none of ours runs. */
export type Speaker = () => { readonly board: string; readonly image: string | undefined } | undefined;

export class FakeConsole {
  /** Requests it has answered. */
  answered = 0;
  readonly #reader: FrameReader;

  constructor(stream: Duplex, speaker: Speaker | undefined) {
    this.#reader = new FrameReader(
      ({ type, id }) => {
        const who = speaker?.();
        if (type !== Request.Identify || who === undefined) return;
        this.answered++;
        const identity = {
          abiVersion: 5,
          engine: Engine.Aot,
          wasmSize: 36_000,
          wasmSha256: new Uint8Array(32).fill(1),
          nodeId: new Uint8Array(16).fill(2),
          imageSha256: who.image === undefined ? new Uint8Array(32) : Buffer.from(who.image, "hex"),
          provisioned: 0,
          lock: LockState.Open,
          board: who.board,
          runtime: "1.2.3",
          name: "",
        };
        const payload = Buffer.concat([Uint8Array.of(0), encodeIdentifyReply({ identity })]);
        stream.write(encodeFrame({ type: type | REPLY_BIT, id, payload }));
      },
      () => {},
    );
  }

  push(byte: number): void {
    this.#reader.push(Uint8Array.of(byte));
  }
}
