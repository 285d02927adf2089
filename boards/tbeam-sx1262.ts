import { defineBoard } from "./schema.ts";

/** LILYGO T-Beam v1.0 to v1.2 with the SX1262 module for 863-928 MHz; GNSS and display stay without power. */
export default defineBoard({
  id: "tbeam-sx1262",
  name: "LILYGO T-Beam (SX1262)",
  mcu: "esp32",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: 5, miso: 19, mosi: 27, nss: 18, reset: 23, irq: 33, busy: 32 },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  // v1.0 and v1.1 have an AXP192, v1.2 an AXP2101; either one switches the radio's supply and reads the battery.
  pmu: { sda: 21, scl: 22, irq: 35, radio: { axp192: "LDO2", axp2101: "ALDO2" }, millivolts: 3300 },
  led: { pin: 4, active: "low" },
  // The middle one, pulled up on the board: this pin has no resistors.
  button: { pin: 38, active: "low" },
  acknowledge: { 5: "SCK idles low, and the strap sets the timing of SDIO, which nothing here uses" },
  psram: { bytes: 0x800000, bus: "quad" },
  draw: { microamps: 5300, source: "Extentsoftware/TBeamPower README: 5.3 mA in deep sleep (AXP192)" },
  flash: { size: 0x400000, bootloader: 0x1000, app: { offset: 0x10000, max: 0x140000 }, partitions: "default.csv" },
  flashing: ["esptool"],
  usb: [
    { vid: 0x1a86, pid: 0x55d4, mode: "bridge" },
    { vid: 0x10c4, pid: 0xea60, mode: "bridge" },
  ],
  platformio: { platform: "espressif32", framework: "arduino", board: "ttgo-t-beam" },
  tier: "minimal",
  engines: ["aot"],
  source: [
    "MC variants/lilygo_tbeam_SX1262, src/helpers/esp32/TBeamBoard.h",
    "MT variants/esp32/tbeam/variant.h, src/Power.cpp (rails)",
    "P32 boards/ttgo-t-beam.json; LILYGO LilyGo-LoRa-Series docs/en/t_beam (PSRAM, CH9102)",
  ],
});
