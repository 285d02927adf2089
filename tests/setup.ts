/** Compiles the core once before any test, so every test runs the module the sources say. */
import { compileCore } from "../toolchain/core/compile.ts";
import { repositoryRoot } from "../toolchain/paths.ts";
import { buildGossip } from "./support/gossip.ts";
import { buildInternals } from "./support/internals.ts";
import { buildRouting } from "./support/routing.ts";

export default async function setup(): Promise<void> {
  await compileCore({ root: repositoryRoot() });
  await buildInternals();
  await buildGossip();
  await buildRouting();
}
