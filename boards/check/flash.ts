/** Whether the image's place in flash is the one bootloader, SoftDevice, partition table and linker agree on. */
import {
  ESP_PARTITIONS,
  NRF52840_BOOTLOADER,
  NRF52840_FILESYSTEM,
  RP2040_EEPROM_BYTES,
  RP2040_FILESYSTEM_BYTES,
  SOFTDEVICE,
} from "../mcu.ts";
import { show } from "../shape.ts";
import { hex, type RealCheck } from "./report.ts";

const checkFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (mcu.flash === undefined) return;
  if (flash.size > mcu.flash.maxBytes) {
    report(
      "flash.size",
      `${flash.size} bytes is more than a ${mcu.name} can have`,
      `use at most ${mcu.flash.maxBytes}`,
    );
  } else if (mcu.flash.inside && flash.size !== mcu.flash.maxBytes) {
    const came = `it is ${hex(flash.size)} and the flash of a ${mcu.name} is inside the chip`;
    report("flash.size", came, `use ${hex(mcu.flash.maxBytes)}`);
  }
  const end = flash.app.offset + flash.app.max;
  const flashEnd = mcu.flash.base + flash.size;
  if (flash.app.offset < mcu.flash.base || end > flashEnd) {
    report(
      "flash.app",
      `the application reaches from ${hex(flash.app.offset)} to ${hex(end)}`,
      `keep it between ${hex(mcu.flash.base)} and ${hex(flashEnd)}`,
    );
  }
};

const checkNordicFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (board.mcu !== "nrf52840") {
    if (flash.softdevice !== undefined) {
      report("flash.softdevice", `the ${mcu.name} runs no SoftDevice`, "remove it or correct mcu");
    }
    return;
  }
  if (flash.bootloader !== NRF52840_BOOTLOADER) {
    const fix = `use ${hex(NRF52840_BOOTLOADER)}`;
    report("flash.bootloader", `the Adafruit bootloader is not at ${hex(flash.bootloader)}`, fix);
  }
  if (flash.app.offset + flash.app.max > NRF52840_FILESYSTEM) {
    const came = `the application may end at ${hex(flash.app.offset + flash.app.max)}, inside the core's file system`;
    report("flash.app.max", came, `use at most ${hex(NRF52840_FILESYSTEM - flash.app.offset)}`);
  }
  if (flash.softdevice === undefined) {
    const fix = `name the one INFO_UF2.TXT of the board states: ${Object.keys(SOFTDEVICE).join(" or ")}`;
    report("flash.softdevice", "it is missing", fix);
    return;
  }
  const softdevice = SOFTDEVICE[flash.softdevice];
  if (flash.app.offset !== softdevice.appOffset) {
    report(
      "flash.app.offset",
      `${flash.softdevice} ends at ${hex(softdevice.appOffset)} and the application would start at ${hex(flash.app.offset)}`,
      `use ${hex(softdevice.appOffset)} or correct flash.softdevice`,
    );
  }
  if (softdevice.ldscript.from === "project" && board.platformio.variant === undefined) {
    report(
      "platformio.variant",
      `it is missing and ${flash.softdevice} needs this project's linker script, which a board of the platform's own ` +
        "does not take",
      "name the variant instead of platformio.board",
    );
  }
};

const checkEspFlash: RealCheck = (board, mcu, report) => {
  const { flash } = board;
  if (mcu.espBootloader === undefined) {
    if (flash.partitions !== undefined) {
      report("flash.partitions", `the ${mcu.name} has no partition table`, "remove it or correct mcu");
    }
    return;
  }
  if (flash.bootloader !== mcu.espBootloader) {
    const came = `the ROM of the ${mcu.name} does not look for a bootloader at ${hex(flash.bootloader)}`;
    report("flash.bootloader", came, `use ${hex(mcu.espBootloader)}`);
  }
  const slot = ESP_PARTITIONS.get(flash.partitions ?? "");
  if (slot === undefined) {
    const came = flash.partitions === undefined ? "it is missing" : `it is ${show(flash.partitions)}`;
    report("flash.partitions", came, `use ${[...ESP_PARTITIONS.keys()].join(" or ")}`);
    return;
  }
  if (flash.size !== slot.flash) {
    const fit = [...ESP_PARTITIONS].filter(([, table]) => table.flash === flash.size).map(([name]) => name);
    const came = `${flash.partitions} fills a flash of ${hex(slot.flash)} bytes and this one has ${hex(flash.size)}`;
    report("flash.partitions", came, fit.length > 0 ? `use ${fit.join(" or ")}` : "correct flash.size");
  }
  if (flash.app.offset !== slot.app || flash.app.max !== slot.max) {
    report(
      "flash.app",
      `it is ${hex(flash.app.offset)} with ${hex(flash.app.max)} bytes`,
      `use offset ${hex(slot.app)} and max ${hex(slot.max)}, the first slot of ${flash.partitions}`,
    );
  }
};

const checkPicoFlash: RealCheck = (board, mcu, report) => {
  if (board.mcu !== "rp2040" || mcu.flash === undefined) return;
  const { flash } = board;
  const { base } = mcu.flash;
  // The second-stage bootloader is the image's own first 256 bytes: what comes before it is ROM.
  if (flash.bootloader !== base) {
    report("flash.bootloader", `it is ${hex(flash.bootloader)} and the ROM starts ${hex(base)}`, `use ${hex(base)}`);
  }
  if (flash.app.offset !== base) {
    report("flash.app.offset", `it is ${hex(flash.app.offset)} and the ROM starts ${hex(base)}`, `use ${hex(base)}`);
  }
  const max = flash.size - RP2040_FILESYSTEM_BYTES - RP2040_EEPROM_BYTES;
  if (flash.app.max !== max) {
    const came = `it is ${hex(flash.app.max)} and the core's file system and settings leave ${hex(Math.max(max, 0))}`;
    report("flash.app.max", came, `use ${hex(Math.max(max, 0))}`);
  }
};

const checkPsram: RealCheck = (board, mcu, report) => {
  if (board.psram === undefined) return;
  if (mcu.espBootloader === undefined) {
    report("psram", `the ${mcu.name} has no bus for PSRAM`, "remove it or correct mcu");
  } else if (board.psram.bus === "octal" && mcu.psramPins.octal.size === 0) {
    report("psram.bus", `the ${mcu.name} has no octal bus`, 'write "quad"');
  }
};

export const FLASH_CHECKS: readonly RealCheck[] = [
  checkFlash,
  checkNordicFlash,
  checkEspFlash,
  checkPicoFlash,
  checkPsram,
];
