/**
 * `image_sha256` of the manifest: what a board that has booted this image reports as the hash of its program, by the same
 * rule its HAL follows (boards/runtime/src/hal.h, image_sha256). It proves that what runs is what was built.
 *
 *   ESP32, ESP32-S3   the SHA-256 the image format carries at its end, which the bootloader checks at every start and
 *                     esp_partition_get_sha256() returns (ESP-IDF, esp_partition.h); of the whole file if it has none
 *   other chips       of all bytes between the lowest and the highest address the linker put into the flash, what lies
 *                     between two sections read as erased: firmware.bin, and what the board finds there
 *   a Linux process   of the program's file
 */
import { createHash } from "node:crypto";
import { MCUS } from "../../boards/mcu.ts";
import { readElf } from "./elf.ts";
import { readEspImage } from "./esp-image.ts";
import { flattened } from "./segments.ts";
import { isMcu } from "./target.ts";

/** The hash, 64 hexadecimal digits; null if these files do not tell it. `file` gives the image's file of a kind. */
export function programSha256(mcu: string, file: (kind: "elf" | "bin") => Uint8Array | undefined): string | null {
  if (!isMcu(mcu)) return null;
  if (MCUS[mcu].espBootloader !== undefined) {
    const app = file("bin");
    return app === undefined ? null : espSha256(app);
  }
  const elf = file("elf");
  if (elf === undefined) return null;
  if (mcu === "host") return sha256(elf);
  const program = readElf(elf);
  const flash = program.ok ? flattened(program.value.segments) : program;
  return flash.ok ? sha256(flash.value.bytes) : null;
}

/** Byte 23 of the header says whether a SHA-256 follows the image. */
function espSha256(app: Uint8Array): string | null {
  if (!readEspImage(app).ok) return null;
  return app[23] === 1 ? Buffer.from(app.subarray(-32)).toString("hex") : sha256(app);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
