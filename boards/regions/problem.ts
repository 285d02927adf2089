import { nearestNames } from "../nearest.ts";

/** A region id nobody has. `nearest` holds the ids it may have meant, best first; exit code 2. */
export class UnknownRegionError extends Error {
  readonly exitCode = 2;
  readonly hint: string | undefined = undefined;
  readonly id: string;
  readonly nearest: readonly string[];

  constructor(id: string, known: readonly { readonly id: string; readonly name: string }[]) {
    const ids = known.map((region) => region.id);
    const near = nearestNames(id, ids);
    // Who writes "japan" means the region of that name.
    const named = known.filter(({ name }) => id.length > 2 && name.toLowerCase().includes(id.toLowerCase()));
    const nearest = near.length > 0 ? near : named.map((region) => region.id);
    const rest =
      nearest.length > 0 ? `did you mean ${nearest.join(" or ")}?` : `the regions are ${ids.sort().join(", ")}.`;
    super(`There is no region "${id}"; ${rest}`);
    this.name = "UnknownRegionError";
    this.id = id;
    this.nearest = nearest;
  }
}

/** Settings the law of a region, or the board, does not allow: one sentence per line, each with the fix; exit code 2. */
export class RegionError extends Error {
  readonly exitCode = 2;
  readonly hint: string | undefined = undefined;
  readonly sentences: readonly string[];

  constructor(sentences: readonly string[]) {
    super(sentences.join("\n"));
    this.name = "RegionError";
    this.sentences = sentences;
  }
}
