/** What can only be seen when boards are side by side: a name, a USB id or a Board-ID that two of them have. */
import type { BoardProblem } from "../problem.ts";
import { type Board, isVirtual } from "../schema.ts";
import { sharedUsb, usbName } from "../usb.ts";

/** A board and the file it is in, for messages. */
export interface BoardEntry {
  readonly file: string;
  readonly board: Board;
}

/** What a board may not have in common with any of the others, reported on it and naming the other. */
export function checkAgainst({ file, board }: BoardEntry, others: readonly BoardEntry[]): BoardProblem[] {
  const problems: BoardProblem[] = [];
  const report = (field: string, came: string, fix: string): void => {
    problems.push({ file, field, came, fix });
  };
  for (const { board: other } of others) {
    if (other.id === board.id) report("id", `${other.id} is taken`, "choose another, and name the file after it");
    if (other.name === board.name) report("name", `${other.id} is called that too`, "say which edition this one is");
    if (isVirtual(board) || isVirtual(other)) continue;
    board.usb.forEach((id, index) => {
      const taken = other.usb.some(({ vid, pid, mode }) => vid === id.vid && pid === id.pid && mode === id.mode);
      if (!taken || sharedUsb(id) !== undefined) return;
      report(
        `usb.${index}`,
        `${usbName(id)} in mode ${id.mode} is ${other.id}'s too`,
        "correct it, or list the id in boards/usb.ts with the reason boards share it",
      );
    });
    // The RP2040's drive comes from its ROM and has one name on every board.
    const same = board.mcu === other.mcu && board.mcu !== "rp2040";
    if (same && board.uf2?.boardId !== undefined && board.uf2.boardId === other.uf2?.boardId) {
      const fix = "write the Board-ID of this board's INFO_UF2.TXT, or leave it out";
      report("uf2.boardId", `"${board.uf2.boardId}" is ${other.id}'s too`, fix);
    }
  }
  return problems;
}

/** Every problem of the set, each reported once, on the later of the two boards. */
export function checkBoards(entries: readonly BoardEntry[]): BoardProblem[] {
  return entries.flatMap((entry, index) => checkAgainst(entry, entries.slice(0, index)));
}
