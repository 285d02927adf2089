#!/usr/bin/env node
/** Starts the bundled CLI, bundling it first when a source has changed. */
import { bundle, isStale } from "../toolchain/bundle.mjs";

if (isStale()) {
  try {
    await bundle();
  } catch (error) {
    process.stderr.write(
      `mehr: the command line could not be built: ${error instanceof Error ? error.message : error}\n`,
    );
    process.stderr.write("Run `npm ci` in the checkout, then try again.\n");
    process.exit(3);
  }
}
await import("../build/cli/mehr.js");
