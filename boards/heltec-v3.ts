import { defineBoard } from "./schema.ts";

/** Heltec WiFi LoRa 32 V3: ESP32-S3FN8 + SX1262; its USB socket goes to a CP2102, not to the MCU's own USB. */
export default defineBoard({
  id: "heltec-v3",
  name: "Heltec WiFi LoRa 32 V3",
  mcu: "esp32s3",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: 9, miso: 11, mosi: 10, nss: 8, reset: 12, irq: 14, busy: 13 },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  // Vext: the display and, by MT's comment, the antenna boost hang on it, so the radio needs it.
  power: [{ feeds: "radio", pin: 36, active: "low" }],
  led: { pin: 35, active: "high" },
  button: { pin: 0, active: "low", pull: "up" },
  acknowledge: { 0: "it is the BOOT button: held at reset it starts the loader in ROM, which is what it is for" },
  // Boards after 3.2 invert the sense enable. Peers correct the nominal 4.9 by 4.5 to 10 %: calibrate per board.
  battery: { pin: 1, divider: 4.9, attenuationDb: 2.5, enable: { pin: 37, active: "probe" } },
  // 7.8 mA asleep and listening, less 5.3 of the radio, 1.5 of its TCXO and 0.24 of the chip.
  draw: { microamps: 760, source: "dt267/MeshCore-Low-Power-Firmware README, v1.17: a repeater idles at 7.8 mA" },
  flash: { size: 0x800000, bootloader: 0, app: { offset: 0x10000, max: 0x330000 }, partitions: "default_8MB.csv" },
  flashing: ["esptool"],
  usb: [{ vid: 0x10c4, pid: 0xea60, mode: "bridge" }],
  platformio: { platform: "espressif32", framework: "arduino", board: "heltec_wifi_lora_32_V3" },
  tier: "minimal",
  // 320 KB of RAM are the application's: wasm3 needs more, with the 64 KB of stack it takes on Xtensa.
  engines: ["aot"],
  source: ["MT variants/esp32s3/heltec_v3/variant.h", "MC HeltecV3Board.h", "P32 boards/heltec_wifi_lora_32_V3.json"],
});
