/** The proof that every relay runs the same core: each replays the conformance transcript and shows what it ran. */
import { createHash } from "node:crypto";
import { divergenceText, replay } from "../conformance/replay.ts";
import { BoardTarget, CoreTarget, type ReplayTarget } from "../conformance/target.ts";
import type { Entry } from "../conformance/transcript.ts";
import type { Fleet } from "./fleet.ts";

export interface ProofLine {
  readonly name: string;
  readonly engine: string;
  /** sha256 of the module, as the relay tells it: computed where its bytes run, or put beside what they became. */
  readonly wasmSha256: string;
  readonly stateHash: string;
  readonly steps: number;
  /** What differed from the transcript, or undefined. */
  readonly divergence: string | undefined;
}

/**
 * Replays `entries` on every relay of `fleet`, one after the other in name order. Boards go back to the air after it.
 */
export async function prove(
  fleet: Fleet,
  wasm: Uint8Array,
  entries: readonly Entry[],
  signal?: AbortSignal,
): Promise<ProofLine[]> {
  const lines: ProofLine[] = [];
  const one = async (name: string, engine: string, wasmSha256: string, target: ReplayTarget): Promise<void> => {
    const { steps, stateHash, divergence } = await replay(entries, target, signal);
    if (divergence === undefined) await target.close();
    lines.push({
      name,
      engine,
      wasmSha256,
      stateHash,
      steps,
      divergence: divergence === undefined ? undefined : divergenceText(name, divergence),
    });
  };
  for (const board of fleet.boards) {
    await one(board.name, board.identity.engine, board.identity.wasmSha256, await BoardTarget.open(board.console));
  }
  for (const node of fleet.nodes) {
    await one(node.name, "v8", createHash("sha256").update(wasm).digest("hex"), await CoreTarget.open(wasm));
  }
  return lines;
}

/** True if every line shows the same module and the same final state, and none differed from the transcript. */
export function proven(lines: readonly ProofLine[]): boolean {
  const [first] = lines;
  return (
    first !== undefined &&
    lines.every(
      (line) =>
        line.divergence === undefined && line.wasmSha256 === first.wasmSha256 && line.stateHash === first.stateHash,
    )
  );
}
