/** Finds the small module behind a failure: by leaving out and zeroing what the generator decided. */
import { Choices } from "./wasm-choices.ts";
import { type GeneratedModule, moduleFrom } from "./wasm-generator.ts";

/** Candidates judged at once: a compiler process per core is busy, and what is judged in vain is little. */
const BATCH = 16;

/**
 * Takes decisions out of `start`, in ever smaller pieces, as long as the module still fails.
 * `failing` gives the index of the first module that fails, -1 for none; `candidates` bounds how many it is shown.
 */
export async function minimise(
  start: GeneratedModule,
  failing: (modules: readonly GeneratedModule[]) => Promise<number>,
  candidates = 1500,
): Promise<GeneratedModule> {
  let best = start;
  let shown = 0;
  for (let size = best.choices.length >> 1; size > 0 && shown < candidates; size >>= 1) {
    let at = 0;
    while (at < best.choices.length && shown < candidates) {
      const batch: { readonly module: GeneratedModule; readonly at: number }[] = [];
      for (; batch.length < BATCH && at < best.choices.length; at += size) {
        const [before, piece, after] = [
          best.choices.slice(0, at),
          best.choices.slice(at, at + size),
          best.choices.slice(at + size),
        ];
        const shorter = moduleFrom(Choices.replay([...before, ...after]));
        if (smaller(shorter, best)) batch.push({ module: shorter, at });
        if (piece.every((choice) => choice === 0)) continue;
        const zeroed = moduleFrom(Choices.replay([...before, ...piece.map(() => 0), ...after]));
        if (smaller(zeroed, best)) batch.push({ module: zeroed, at });
      }
      if (batch.length === 0) continue;
      shown += batch.length;
      const found = batch[await failing(batch.map(({ module }) => module))];
      if (found === undefined) continue;
      best = found.module;
      at = found.at;
    }
  }
  return best;
}

/** Fewer bytes and calls, or as many and fewer decisions that are not 0. */
function smaller(a: GeneratedModule, b: GeneratedModule): boolean {
  const size = ({ wasm, calls }: GeneratedModule): number => wasm.length + 8 * calls.length;
  const decided = ({ choices }: GeneratedModule): number => choices.filter((choice) => choice !== 0).length;
  return size(a) < size(b) || (size(a) === size(b) && decided(a) < decided(b));
}
