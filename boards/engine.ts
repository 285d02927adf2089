/** The engines an image can run its core with, and the names of what is built for one. */
import { nearestNames } from "./nearest.ts";

/** `wasm3` interprets the module and can take a new one without reflashing; `aot` is the module translated to C. */
export const ENGINES = ["wasm3", "aot"] as const;
export type Engine = (typeof ENGINES)[number];

export const DEFAULT_ENGINE: Engine = "wasm3";

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

/**
 * What PlatformIO's environment and the folder in dist/ are called for a board with an engine: the board's id, and the
 * engine's name behind it unless it is the default. No board's id ends like that (schema.ts).
 */
export function variantName(board: string, engine: Engine): string {
  return engine === DEFAULT_ENGINE ? board : `${board}-${engine}`;
}

/** The way back from `variantName`. */
export function parseVariant(name: string): { readonly board: string; readonly engine: Engine } {
  const engine = ENGINES.find((one) => one !== DEFAULT_ENGINE && name.endsWith(`-${one}`)) ?? DEFAULT_ENGINE;
  return { board: engine === DEFAULT_ENGINE ? name : name.slice(0, -engine.length - 1), engine };
}
