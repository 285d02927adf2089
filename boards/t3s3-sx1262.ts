import { defineBoard } from "./schema.ts";

/** LILYGO T3-S3 with the SX1262 for 863-928 MHz: ESP32-S3FH4R2, whose own USB is on the socket. */
export default defineBoard({
  id: "t3s3-sx1262",
  name: "LILYGO T3-S3 (SX1262)",
  mcu: "esp32s3",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: 5, miso: 3, mosi: 6, nss: 7, reset: 8, irq: 33, busy: 34 },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  led: { pin: 37, active: "high" },
  button: { pin: 0, active: "low", pull: "up" },
  // Nominal, two equal resistors. MT multiplies by 2.11: calibrate per board.
  battery: { pin: 1, divider: 2, attenuationDb: 12 },
  acknowledge: {
    0: "it is the BOOT button: held at reset it starts the loader in ROM, which is what it is for",
    3: "the radio leaves MISO open while NSS is high, and the strap counts only with its eFuse burnt",
  },
  psram: { bytes: 0x200000, bus: "quad" },
  flash: { size: 0x400000, bootloader: 0, app: { offset: 0x10000, max: 0x140000 }, partitions: "default.csv" },
  flashing: ["esptool"],
  usb: [
    { vid: 0x303a, pid: 0x1001, mode: "app" },
    { vid: 0x303a, pid: 0x1001, mode: "bootloader" },
  ],
  platformio: { platform: "espressif32", framework: "arduino", board: "lilygo-t3-s3" },
  tier: "minimal",
  engines: ["aot"],
  source: [
    "MT variants/esp32s3/tlora_t3s3_v1/variant.h, boards/tlora-t3s3-v1.json, partition-table-t3s3.csv",
    "MC variants/lilygo_t3s3; P32 boards/lilygo-t3-s3.json",
  ],
});
