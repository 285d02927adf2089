/** Whether the parts of an Espressif image belong together and to a board. */
import { ESP_CHIPS, type EspImage, chipName, readEspImage } from "./esp-image.ts";
import { PARTITION_TABLE_OFFSET } from "./esp-flash.ts";
import { APP_TYPE, otaData, OTADATA_SIZE, readOtaData, readPartitions } from "./esp-partitions.ts";
import { bad, good, hex, type Read } from "./read.ts";
import type { Target } from "./target.ts";

export interface EspParts {
  readonly bootloader: Uint8Array;
  readonly partitions: Uint8Array;
  readonly bootApp0: Uint8Array;
  readonly app: Uint8Array;
}

/** A clause for each thing wrong, with the part it is about; `entry` is the ELF file's, where there is one. */
export interface EspProblem {
  readonly part: keyof EspParts;
  readonly problem: string;
}

/** Where each part goes, and what the image of the application says about itself. */
export interface EspSet {
  readonly offsets: Readonly<Record<keyof EspParts, number>>;
  readonly app: EspImage;
}

/** `bootloaderOffset` is the chip's; the first problem found is told. */
export function readEspSet(
  parts: EspParts,
  target: Target,
  bootloaderOffset: number,
): Read<EspSet> & { readonly part?: keyof EspParts } {
  const wrong = (part: keyof EspParts, problem: string): Read<never> & { part: keyof EspParts } => ({
    ...bad(problem),
    part,
  });
  for (const part of ["bootloader", "app"] as const) {
    const problem = chipProblem(parts[part], target);
    if (problem !== undefined) return wrong(part, problem);
  }
  const bootloader = readEspImage(parts.bootloader);
  const app = readEspImage(parts.app);
  if (!bootloader.ok) return wrong("bootloader", bootloader.problem);
  if (!app.ok) return wrong("app", app.problem);
  const space = PARTITION_TABLE_OFFSET - bootloaderOffset;
  if (parts.bootloader.length > space) {
    return wrong("bootloader", `it has ${parts.bootloader.length} bytes and ${space} are before the partition table`);
  }
  const table = readPartitions(parts.partitions);
  if (!table.ok) return wrong("partitions", table.problem);
  const end = Math.max(...table.value.map(({ offset, size }) => offset + size));
  if (end > bootloader.value.flashSize) {
    const size = bootloader.value.flashSize;
    return wrong("partitions", `it ends at ${hex(end)} and bootloader.bin is made for ${hex(size)} bytes of flash`);
  }
  const select = otaData(table.value);
  if (select?.size !== OTADATA_SIZE) {
    return wrong("partitions", `it has no partition of ${OTADATA_SIZE} bytes that says which application boots`);
  }
  const ota = readOtaData(parts.bootApp0);
  if (!ota.ok) return wrong("bootApp0", ota.problem);
  // Subtypes 0x10 to 0x1f are the slots of over-the-air updates (ESP-IDF, "Partition Tables").
  const slots = table.value.filter(({ type, subtype }) => type === APP_TYPE && subtype >> 4 === 1);
  const slot = slots[(ota.value.sequence - 1) % Math.max(1, slots.length)];
  const { offset, max } = target.app;
  if (slot?.offset !== offset || slot.size !== max) {
    const is = slot === undefined ? "no slot" : `${slot.label} at ${hex(slot.offset)} with ${hex(slot.size)} bytes`;
    return wrong("partitions", `it boots ${is} and ${target.says} says ${hex(offset)} with ${hex(max)}`);
  }
  if (parts.app.length > max) {
    return wrong("app", `it has ${parts.app.length} bytes and its partition ${max}`);
  }
  const offsets = {
    bootloader: bootloaderOffset,
    partitions: PARTITION_TABLE_OFFSET,
    bootApp0: select.offset,
    app: offset,
  };
  return good({ offsets, app: app.value });
}

/** A clause if this is no image, or one for another chip or a larger flash. */
function chipProblem(bytes: Uint8Array, target: Target): string | undefined {
  const image = readEspImage(bytes);
  if (!image.ok) return image.problem;
  const chip = target.mcu === "esp32" || target.mcu === "esp32s3" ? ESP_CHIPS[target.mcu] : undefined;
  if (image.value.chipId !== chip?.id) {
    return `it is for ${chipName(image.value.chipId)} and ${target.says} says ${chip?.name ?? target.mcu}`;
  }
  const { flashSize } = image.value;
  if (target.flashSize !== undefined && flashSize > target.flashSize) {
    return `it is made for ${hex(flashSize)} bytes of flash and ${target.says} says ${hex(target.flashSize)}`;
  }
  return undefined;
}
