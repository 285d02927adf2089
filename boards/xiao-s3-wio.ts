import { defineBoard } from "./schema.ts";

/** Seeed XIAO ESP32S3 with the Wio-SX1262 on its 30-pin board-to-board connector. */
export default defineBoard({
  id: "xiao-s3-wio",
  name: "Seeed XIAO ESP32S3 + Wio-SX1262",
  mcu: "esp32s3",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: 7, miso: 8, mosi: 9, nss: 41, reset: 42, irq: 39, busy: 40 },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true, rxen: 38 },
  },
  led: { pin: 48, active: "high" },
  button: { pin: 21, active: "low", pull: "up" },
  psram: { bytes: 0x800000, bus: "octal" },
  flash: { size: 0x800000, bootloader: 0, app: { offset: 0x10000, max: 0x330000 }, partitions: "default_8MB.csv" },
  flashing: ["esptool"],
  usb: [
    { vid: 0x303a, pid: 0x1001, mode: "app" },
    { vid: 0x303a, pid: 0x1001, mode: "bootloader" },
    // As it leaves the factory, with a USB stack in software.
    { vid: 0x2886, pid: 0x0056, mode: "app" },
    { vid: 0x2886, pid: 0x8056, mode: "app" },
  ],
  platformio: { platform: "espressif32", framework: "arduino", board: "seeed_xiao_esp32s3" },
  tier: "minimal",
  engines: ["aot"],
  source: [
    "MT variants/esp32s3/seeed_xiao_s3/variant.h; MC variants/xiao_s3_wio",
    "P32 boards/seeed_xiao_esp32s3.json",
  ],
});
