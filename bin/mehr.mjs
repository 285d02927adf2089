#!/usr/bin/env node
/** Starts the packed CLI, packing it first when a source has changed. */
import { pathToFileURL } from "node:url";
import { packCli } from "../toolchain/pack-cli.mjs";

let entry;
try {
  entry = await packCli();
} catch (error) {
  const missing = error?.code === "ERR_MODULE_NOT_FOUND";
  process.stderr.write(`mehr: the command line could not be built: ${error?.message ?? error}\n`);
  if (missing) process.stderr.write("Try: npm ci\n");
  process.exit(missing ? 3 : 1);
}
await import(pathToFileURL(entry).href);
