/** `mehr boards`: what can be built, and one board in full. */
import { describeBoard } from "../../boards/describe.ts";
import { allBoards, boardFile, boardSummary, findBoard, isVirtual } from "../../boards/index.ts";
import { MCUS } from "../../boards/mcu.ts";
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

/** `mehr boards show <id>`: wiring, flash layout, USB, sources, and what was verified. Throws UnknownBoardError (2). */
export async function boardsShow(io: Io, flags: { board: string }): Promise<undefined> {
  const board = findBoard(flags.board);
  const shown = describeBoard(board);
  io.result({ ...shown, file: boardFile(board.id) });

  const hex = (address: number): string => `0x${address.toString(16)}`;
  io.print(`${board.id}: ${board.name}`);
  io.print(`${MCUS[board.mcu].name}, tier ${board.tier}, engine ${board.engines.join(" or ")}, ${boardFile(board.id)}`);
  if (isVirtual(board)) {
    io.print(`run by ${board.virtual.emulator} (${board.virtual.machine}); no wiring, flash or USB`);
  } else {
    const { radio } = shown;
    io.print(
      `${board.radio.chip}, ${radio?.bands} MHz; antenna switch: ${radio?.antenna_switch}; clock: ${radio?.clock}`,
    );
    const wires = shown.wiring.map((line) => [
      line.signal,
      line.pin,
      String(line.gpio),
      line.direction,
      line.note === "" ? "" : line.note,
    ]);
    io.print(`\n${table(["signal", "pin", "Arduino", "direction", "note"], wires)}`);
    const regions = shown.flash.map((region) => [hex(region.from), hex(region.to), region.holds]);
    io.print(`\n${table(["flash from", "to", "holds"], regions)}`);
    const usb = shown.usb.map((line) => [line.id, line.mode, line.shared === null ? "this board alone" : line.shared]);
    io.print(`\n${table(["USB", "mode", "whose"], usb)}`);
    const uf2 = board.uf2 === undefined ? "" : `; UF2 family ${hex(board.uf2.family)}, ${uf2Id(board.uf2)}`;
    io.print(`\nflashed by ${board.flashing.join(", ")}${uf2}`);
  }
  const { flash, ram } = shown.memory;
  if (flash !== null && ram !== null) io.print(`an image may take ${flash} B of flash and ${ram} B of RAM`);
  io.print("\nSources:");
  for (const source of board.source) io.print(`  ${source}`);
  io.print(`\nVerified: ${board.verified ?? "not yet"}. ${shown.verified.how}`);
}

function uf2Id({
  boardId,
  drive,
}: {
  readonly boardId?: string | undefined;
  readonly drive?: string | undefined;
}): string {
  if (boardId === undefined) return "Board-ID not proven: read INFO_UF2.TXT on its drive";
  return `Board-ID ${boardId}${drive === undefined ? "" : `, drive ${drive}`}`;
}
