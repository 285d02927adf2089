/** `mehr boards`: what can be built. */
import { allBoards, boardSummary } from "../../boards/index.ts";
import type { Io } from "./outcome.ts";
import { table } from "./table.ts";

export async function boards(io: Io): Promise<undefined> {
  const summaries = allBoards().map((board) => ({ ...boardSummary(board), name: board.name }));
  io.result({ boards: summaries.map(({ name: _, ...summary }) => summary) });
  const rows = summaries.map((board) => [
    board.id,
    board.name,
    board.mcu,
    board.radio,
    board.flash.join(" ") || "-",
    board.engine.join(" "),
    board.verified ?? "not yet",
  ]);
  io.print(table(["board", "name", "mcu", "radio", "flash", "engine (default first)", "verified"], rows));
}
