/** Every board, by id. Made from the files of this folder by toolchain/board-index.mjs: run `mehr generate`. */
import boardHeltecT114 from "./heltec-t114.ts";
import boardHeltecV3 from "./heltec-v3.ts";
import boardNative from "./native.ts";
import boardQemuM4 from "./qemu-m4.ts";
import boardQemuRv32 from "./qemu-rv32.ts";
import boardRak4631 from "./rak4631.ts";
import boardRp2040Lora from "./rp2040-lora.ts";
import boardTEcho from "./t-echo.ts";
import boardT3V161 from "./t3-v161.ts";
import boardT3s3Sx1262 from "./t3s3-sx1262.ts";
import boardT3s3Sx1276 from "./t3s3-sx1276.ts";
import boardTbeamSx1262 from "./tbeam-sx1262.ts";
import boardTbeamSx1276 from "./tbeam-sx1276.ts";
import boardXiaoNrf52Wio from "./xiao-nrf52-wio.ts";
import boardXiaoS3Wio from "./xiao-s3-wio.ts";
import type { Board } from "./schema.ts";

export const VALUES: ReadonlyMap<string, Board> = new Map([
  ["heltec-t114", boardHeltecT114],
  ["heltec-v3", boardHeltecV3],
  ["native", boardNative],
  ["qemu-m4", boardQemuM4],
  ["qemu-rv32", boardQemuRv32],
  ["rak4631", boardRak4631],
  ["rp2040-lora", boardRp2040Lora],
  ["t-echo", boardTEcho],
  ["t3-v161", boardT3V161],
  ["t3s3-sx1262", boardT3s3Sx1262],
  ["t3s3-sx1276", boardT3s3Sx1276],
  ["tbeam-sx1262", boardTbeamSx1262],
  ["tbeam-sx1276", boardTbeamSx1276],
  ["xiao-nrf52-wio", boardXiaoNrf52Wio],
  ["xiao-s3-wio", boardXiaoS3Wio],
]);
