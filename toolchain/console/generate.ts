/**
 * The generated sides of the console's messages: schema.ts -> C++ for boards, TypeScript for hosts, AssemblyScript
 * offsets for the core, tables for docs/console.md; and whether they are up to date.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renderReportOffsets } from "./assemblyscript.ts";
import { renderConsoleHeader } from "./cpp.ts";
import { withMessageTables } from "./docs.ts";
import { checkSchema } from "./model.ts";
import { renderMessages } from "./typescript.ts";

/** What the messages are generated from. */
export const CONSOLE_SOURCE = "toolchain/console/schema.ts";

/** C++: what the shell on a board reads and writes. */
export const CONSOLE_HEADER = "boards/runtime/include/mehr_console.h";
/** TypeScript: the host's codecs. */
export const CONSOLE_MESSAGES = "host/board/messages.gen.ts";
/** AssemblyScript: where the core's reports have their fields. */
export const CONSOLE_REPORTS = "core-as/assembly/reports.gen.ts";
/** The page whose tables are generated. */
export const CONSOLE_PAGE = "docs/console.md";

/** Text of every generated file by its path in the checkout at `root`, whose docs/console.md is read for its prose. */
export function renderConsole(root: string): Map<string, string> {
  checkSchema();
  const files = new Map([
    [CONSOLE_HEADER, renderConsoleHeader()],
    [CONSOLE_MESSAGES, renderMessages()],
    [CONSOLE_REPORTS, renderReportOffsets()],
  ]);
  const page = join(root, CONSOLE_PAGE);
  if (existsSync(page)) files.set(CONSOLE_PAGE, withMessageTables(readFileSync(page, "utf8")));
  return files;
}

/** Generated files of the checkout at `root` that are missing or differ from what schema.ts says now. */
export function staleConsoleFiles(root: string): string[] {
  return [...renderConsole(root)]
    .filter(([path, text]) => !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text)
    .map(([path]) => path);
}
