/** `mehr generate`: every committed file that is rendered from another one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { withBoardsTable } from "../../boards/describe.ts";
import { allBoards } from "../../boards/index.ts";
import { REGIONS_PAGE, renderRegionsPage } from "../../boards/regions/docs.ts";
import { renderCommitted } from "../../boards/render.ts";
import { readLockedAbi, renderAbi } from "../../toolchain/abi/generate.ts";
import { renderConsole } from "../../toolchain/console/generate.ts";
import { compileCore } from "../../toolchain/core/compile.ts";
import { MANIFEST_DOC, renderManifestDoc } from "../../toolchain/manifest-doc.ts";
import { writeIfChanged } from "../../toolchain/paths.ts";
import { recordScenario } from "../conformance/replay.ts";
import { TRANSCRIPT_PATH } from "../conformance/scenario.ts";
import { transcriptText } from "../conformance/transcript.ts";
import type { Io } from "./outcome.ts";

export async function generate(io: Io, flags: { root: string; check?: boolean }): Promise<number> {
  const { root, check } = flags;
  const changed: string[] = [];
  const put = (path: string, text: string): void => {
    const full = join(root, path);
    const stale = !existsSync(full) || readFileSync(full, "utf8") !== text;
    if (stale) changed.push(path);
    if (stale && !check) writeIfChanged(full, text);
  };
  for (const [path, text] of renderAbi(readLockedAbi(root))) put(path, text);
  for (const [path, text] of renderConsole(root)) put(path, text);
  for (const [path, text] of renderCommitted(allBoards())) put(path, text);
  put(REGIONS_PAGE, renderRegionsPage());
  const page = join(root, "docs", "boards.md");
  if (existsSync(page)) put("docs/boards.md", withBoardsTable(readFileSync(page, "utf8"), allBoards()));
  put(MANIFEST_DOC, renderManifestDoc());
  const core = await compileCore({ root });
  put(TRANSCRIPT_PATH, transcriptText(await recordScenario(core.wasm)));

  io.result({ ok: !check || changed.length === 0, changed });
  for (const path of changed) io.print(`${check ? "stale" : "written"}: ${path}`);
  if (changed.length === 0) io.print("Everything is up to date.");
  else if (check) io.print("Run `mehr generate` and commit what it writes.");
  return check && changed.length > 0 ? 1 : 0;
}
