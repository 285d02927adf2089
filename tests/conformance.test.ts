/** The recorded transcript on every engine and board: same module, same outputs byte for byte, same state. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { RadioPort } from "../host/board/radio-port.ts";
import { replay } from "../host/conformance/replay.ts";
import { TRANSCRIPT_PATH } from "../host/conformance/scenario.ts";
import { BoardTarget, CoreTarget } from "../host/conformance/target.ts";
import { type Entry, parseTranscript } from "../host/conformance/transcript.ts";
import { sha256Hex } from "../toolchain/core/compile.ts";
import { buildImage, root, VARIANTS, virtualBoard, withBoard } from "./support/images.ts";

let entries: Entry[];
let wasm: Uint8Array;
let stateHash: string;
beforeAll(async () => {
  entries = parseTranscript(readFileSync(join(root, TRANSCRIPT_PATH), "utf8"));
  wasm = readFileSync(join(root, "build", "core", "relay.wasm"));
  const onV8 = await replay(entries, await CoreTarget.open(wasm));
  expect(onV8.divergence).toBeUndefined();
  stateHash = onV8.stateHash;
});

describe("conformance", () => {
  it.each(VARIANTS)("$engine on $id", { timeout: 600_000 }, async ({ id, engine }) => {
    const { image } = await buildImage(id, engine);
    const radio = (stream: ConstructorParameters<typeof RadioPort>[0]["stream"]) => new RadioPort({ name: id, stream });
    await withBoard({ board: virtualBoard(id), image, radio }, async (board) => {
      expect(board.identity).toMatchObject({ status: 0, engine, board: id, wasmSha256: sha256Hex(wasm) });
      for (let round = 0; round < 2; round++) {
        const target = await BoardTarget.open(board.console);
        const result = await replay(entries, target);
        expect(result.divergence).toBeUndefined();
        expect(result.stateHash).toBe(stateHash);
        await target.close();
      }
      // Back on the air under the address it had before.
      expect((await board.console.identify()).nodeId).toBe(board.identity.nodeId);
    });
  });
});
