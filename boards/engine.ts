/** The engines an image can run its core with, and the names of what is built for one. */
import { nearestNames } from "./nearest.ts";

/** `wasm3` interprets the module and can take a new one without reflashing; `aot` is the module translated to C. */
export const ENGINES = ["wasm3", "aot"] as const;
export type Engine = (typeof ENGINES)[number];

/** What of a board value names its images: its id, and its engines with the default one first. */
export interface Variants {
  readonly id: string;
  readonly engines: readonly [Engine, ...Engine[]];
}

/** An engine nobody has. Exit code 2. */
export class UnknownEngineError extends Error {
  readonly exitCode = 2;
  readonly hint: string | undefined = undefined;

  constructor(name: string) {
    const [nearest] = nearestNames(name, ENGINES);
    const rest = nearest === undefined ? `the engines are ${ENGINES.join(" and ")}.` : `did you mean ${nearest}?`;
    super(`There is no engine "${name}"; ${rest}`);
    this.name = "UnknownEngineError";
  }
}

/** The engine of that name. Throws UnknownEngineError, with the nearest name, when there is none. */
export function findEngine(name: string): Engine {
  const engine = ENGINES.find((known) => known === name);
  if (engine === undefined) throw new UnknownEngineError(name);
  return engine;
}

/** The engine of a build that names none: the first in the board's value. */
export function defaultEngine({ engines }: Variants): Engine {
  return engines[0];
}

/**
 * What PlatformIO's environment and the folder in dist/ are called for a board with an engine: the board's id, and the
 * engine's name behind it unless it is that board's default. No board's id ends like that (schema.ts). The way back is
 * `parseVariant` (index.ts), which knows the boards.
 */
export function variantName(board: Variants, engine: Engine): string {
  return engine === defaultEngine(board) ? board.id : `${board.id}-${engine}`;
}

/** Whether a name ends like that of a board with an engine that is not its default. */
export function endsLikeVariant(name: string): boolean {
  return ENGINES.some((engine) => name.endsWith(`-${engine}`));
}
