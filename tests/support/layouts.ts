/** Boards to make images for: every real one, and layouts that only some of them have. */
import { allBoards, isVirtual, type RealBoard } from "../../boards/index.ts";

const real = allBoards().filter((board): board is RealBoard => !isVirtual(board));

function like(id: string): RealBoard {
  const board = real.find((one) => one.id === id);
  if (board === undefined) throw new Error(`there is no board ${id}`);
  return board;
}

const rak = like("rak4631");
const heltec = like("heltec-v3");

export const S140_V7: RealBoard = {
  ...rak,
  id: "layout-s140-v7",
  flash: { ...rak.flash, app: { offset: 0x27000, max: 0xc6000 }, softdevice: "S140 7.3.0" },
};

export const ESP32: RealBoard = {
  ...heltec,
  id: "layout-esp32",
  mcu: "esp32",
  flash: { size: 0x40_0000, bootloader: 0x1000, app: { offset: 0x10000, max: 0x14_0000 }, partitions: "default.csv" },
};

export const RP2040: RealBoard = {
  ...rak,
  id: "layout-rp2040",
  mcu: "rp2040",
  flash: { size: 0x20_0000, bootloader: 0x1000_0000, app: { offset: 0x1000_0000, max: 0x18_0000 } },
  flashing: ["uf2", "picotool"],
  uf2: { family: 0xe48b_ff56, boardId: "RPI-RP2" },
};

const all = [...real, S140_V7, ESP32, RP2040];

export const NORDIC = all.filter(({ mcu }) => mcu === "nrf52840");
export const PICO = all.filter(({ mcu }) => mcu === "rp2040");
export const ESPRESSIF = all.filter(({ mcu }) => mcu === "esp32" || mcu === "esp32s3");
export { heltec, rak };
