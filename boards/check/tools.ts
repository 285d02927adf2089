/** Whether the tools that build and flash a board know its chip. */
import { VARIANT_DRIVES } from "../mcu.ts";
import { show } from "../shape.ts";
import { PLATFORM_SPEC } from "../versions.ts";
import { hex, type RealCheck } from "./report.ts";

/** Board-ID and label of the drive the boot ROM shows (RP2040 Datasheet 2.8.4.1). */
const RP2040_DRIVE = "RPI-RP2";

const checkFlashing: RealCheck = (board, mcu, report) => {
  board.flashing.forEach((way, index) => {
    if (!mcu.flashing.includes(way)) {
      report(`flashing.${index}`, `a ${mcu.name} cannot be flashed by ${way}`, `use ${mcu.flashing.join(" or ")}`);
    } else if (board.flashing.indexOf(way) !== index) {
      report(`flashing.${index}`, `${way} is named twice`, "name it once");
    }
  });
  if (board.flashing.includes("uf2") && board.uf2 === undefined) {
    report("uf2", "it is missing and flashing names uf2", "add uf2: { family, boardId }");
  }
  if (board.uf2 !== undefined && !board.flashing.includes("uf2")) {
    report("uf2", "flashing does not name uf2", "remove it or add uf2 to flashing");
  }
  if (board.uf2 !== undefined && !mcu.uf2Families.has(board.uf2.family)) {
    const families = [...mcu.uf2Families].map(([id, name]) => `${hex(id)} (${name})`).join(" or ");
    report("uf2.family", `${hex(board.uf2.family)} is not a UF2 family of the ${mcu.name}`, `use ${families}`);
  }
  if (board.mcu === "rp2040" && board.uf2 !== undefined) {
    for (const field of ["boardId", "drive"] as const) {
      const name = board.uf2[field];
      if (name === undefined || name === RP2040_DRIVE) continue;
      report(`uf2.${field}`, `it is ${show(name)} and the ROM's drive is ${RP2040_DRIVE}`, `write "${RP2040_DRIVE}"`);
    }
  }
};

const checkPlatformio: RealCheck = (board, mcu, report) => {
  const { platform, board: upstream, variant } = board.platformio;
  if (mcu.platform !== platform) {
    const fix = mcu.platform === undefined ? "correct mcu" : `use ${mcu.platform}`;
    report("platformio.platform", `${platform} does not build for the ${mcu.name}`, fix);
  } else if (!PLATFORM_SPEC.has(platform)) {
    report("platformio.platform", `${platform} has no pinned version`, "pin one in boards/versions.ts");
  }
  if ((upstream === undefined) === (variant === undefined)) {
    const came = upstream === undefined ? "neither board nor variant is given" : "both board and variant are given";
    report("platformio", came, "name the board id the platform ships, or else the Arduino variant to build on");
  }
  if (variant !== undefined && !VARIANT_DRIVES.has(variant)) {
    const fix = `use ${[...VARIANT_DRIVES.keys()].join(" or ")}, or describe it in boards/mcu.ts`;
    report("platformio.variant", `nothing is known about the variant ${show(variant)}`, fix);
  }
  if (variant !== undefined && board.platformio.vendor === undefined) {
    report("platformio.vendor", "it is missing and the board file rendered from this value names one", "add it");
  }
};

export const TOOL_CHECKS: readonly RealCheck[] = [checkFlashing, checkPlatformio];
