import { defineBoard } from "./schema.ts";

/** LILYGO T3 v1.6.1 (LoRa32 V2.1_1.6) for 863-928 MHz, with a crystal. The TCXO edition is another board: GPIO33. */
export default defineBoard({
  id: "t3-v161",
  name: "LILYGO T3 V1.6.1",
  mcu: "esp32",
  radio: {
    chip: "SX1276",
    bandsMHz: [[863, 928]],
    pins: { sck: 5, miso: 19, mosi: 27, nss: 18, reset: 23, irq: 26, dio1: 33 },
  },
  led: { pin: 25, active: "high" },
  battery: { pin: 35, divider: 2, attenuationDb: 12 },
  acknowledge: { 5: "SCK idles low, and the strap sets the timing of SDIO, which nothing here uses" },
  flash: { size: 0x400000, bootloader: 0x1000, app: { offset: 0x10000, max: 0x140000 }, partitions: "default.csv" },
  flashing: ["esptool"],
  usb: [
    { vid: 0x1a86, pid: 0x55d4, mode: "bridge" },
    { vid: 0x10c4, pid: 0xea60, mode: "bridge" },
  ],
  // Reset on 14 and the board id ttgo-lora32-v1 belong to the older V1 board.
  platformio: { platform: "espressif32", framework: "arduino", board: "ttgo-lora32-v21" },
  tier: "minimal",
  engines: ["aot"],
  source: [
    "MT variants/esp32/tlora_v2_1_16/variant.h; RNode_Firmware Boards.h BOARD_LORA32_V2_1",
    "P32 boards/ttgo-lora32-v21.json; LILYGO LilyGo-LoRa-Series docs/en/t3_v161_sx1276 (CH9102)",
  ],
});
