/**
 * Whether a board value is right, in two passes: shape (fields and types, shape.ts) and sense (what the chip and its
 * tools allow, check/). What boards may not have in common is a third, over all of them: check/set.ts.
 *
 * Every check looks at the whole value and reports everything it finds, so one run shows all there is to fix. A check
 * that cannot judge because an earlier one failed (a pin the chip lacks has no other properties) stays silent.
 */
import { BATTERY_CHECKS } from "./check/battery.ts";
import { FLASH_CHECKS } from "./check/flash.ts";
import { PIN_CHECKS } from "./check/pins.ts";
import { RADIO_CHECKS } from "./check/radio.ts";
import type { RealCheck, Report } from "./check/report.ts";
import { TOOL_CHECKS } from "./check/tools.ts";
import { USB_CHECKS } from "./check/usb.ts";
import { ENGINES } from "./engine.ts";
import { MCUS } from "./mcu.ts";
import { ramClause, ramNeed } from "./memory.ts";
import type { BoardProblem } from "./problem.ts";
import { type Board, isVirtual, type VirtualBoard } from "./schema.ts";
import { type CheckedShape, checkShape } from "./shape.ts";

/** Checks shape and, where that is right, sense. `file` is only used in messages. */
export function checkBoard(value: unknown, file: string): CheckedShape {
  const { board, problems } = checkShape(value, file);
  return board === undefined ? { board, problems } : { board, problems: checkSense(board, file) };
}

/** The second pass alone, for a value whose shape is known to be right. */
export function checkSense(board: Board, file: string): BoardProblem[] {
  const problems: BoardProblem[] = [];
  const report: Report = (field, came, fix) => problems.push({ file, field, came, fix });
  checkEngines(board, report);
  if (isVirtual(board)) checkVirtual(board, report);
  else for (const check of REAL_CHECKS) check(board, MCUS[board.mcu], report);
  return problems;
}

/** An engine the board's RAM cannot hold would build, flash, and then not load the core. */
function checkEngines(board: Board, report: Report): void {
  board.engines.forEach((engine, index) => {
    if (board.engines.indexOf(engine) !== index) report(`engines.${index}`, `${engine} is named twice`, "name it once");
    else if (!ramNeed(board, engine).fits) {
      const others = ENGINES.filter((other) => ramNeed(board, other).fits);
      const fix = others.length > 0 ? `name only ${others.join(" and ")}` : "use a chip with more RAM";
      report(`engines.${index}`, ramClause(board, engine), fix);
    }
  });
}

const checkSilicon: RealCheck = (board, mcu, report) => {
  if (mcu.emulator !== undefined) {
    report("mcu", `${board.mcu} is a virtual chip`, "add a virtual field and remove the wiring, or name a real chip");
  }
};

function checkVirtual(board: VirtualBoard, report: Report): void {
  const mcu = MCUS[board.mcu];
  if (mcu.emulator === undefined) {
    const virtual = Object.entries(MCUS).flatMap(([id, one]) => (one.emulator === undefined ? [] : [id]));
    report("mcu", `the ${mcu.name} is silicon and this board is virtual`, `use ${virtual.join(" or ")}`);
  } else if (mcu.emulator !== board.virtual.emulator) {
    const came = `${board.virtual.emulator} does not run the ${mcu.name}`;
    report("virtual.emulator", came, `use ${mcu.emulator}`);
  }
}

const REAL_CHECKS: readonly RealCheck[] = [
  checkSilicon,
  ...PIN_CHECKS,
  ...RADIO_CHECKS,
  ...BATTERY_CHECKS,
  ...FLASH_CHECKS,
  ...TOOL_CHECKS,
  ...USB_CHECKS,
];

export { checkAgainst, checkBoards } from "./check/set.ts";
export { type PinUse, pinUses } from "./check/pin-uses.ts";
