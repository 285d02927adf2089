/** Whether a device runs the image that lies in dist/. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { variantName } from "../../boards/engine.ts";
import { findBoard } from "../../boards/index.ts";
import { MANIFEST_FILE, readManifest } from "../../toolchain/manifest.ts";
import type { Identity } from "../board/protocol.ts";

/**
 * What tells the device's program from the image of its board and engine in `dist` (a folder), as a clause with both
 * sides; undefined if they are the same, or if there is no such image to compare with.
 */
export function imageDifference(identity: Identity, dist: string): string | undefined {
  const folder = join(dist, variantName(findBoard(identity.board), identity.engine));
  const path = join(folder, MANIFEST_FILE);
  if (!existsSync(path)) return undefined;
  const manifest = readManifest(readFileSync(path, "utf8"), path);
  const runs = identity.imageSha256;
  const built = imageHash(manifest);
  // A board that cannot hash its own flash still knows its core.
  if (runs !== undefined && built !== undefined) {
    return runs === built ? undefined : `it runs the image ${short(runs)} and ${folder} holds ${short(built)}`;
  }
  const { wasmSha256: core } = identity;
  const { sha256 } = manifest.core;
  return core === sha256 ? undefined : `it runs the core ${short(core)} and ${folder} holds ${short(sha256)}`;
}

/** The hash a board computes over its own program, where the build knows it. */
function imageHash(manifest: object): string | undefined {
  const value: unknown = "image_sha256" in manifest ? manifest.image_sha256 : undefined;
  return typeof value === "string" ? value : undefined;
}

function short(hash: string): string {
  return `${hash.slice(0, 12)}...`;
}
