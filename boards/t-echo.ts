import { defineBoard } from "./schema.ts";

/** LILYGO T-Echo: nRF52840 + SX1262. No source proves its UF2 Board-ID and drive name, so the value leaves them out. */
export default defineBoard({
  id: "t-echo",
  name: "LILYGO T-Echo",
  mcu: "nrf52840",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: "P0.19", miso: "P0.23", mosi: "P0.22", nss: "P0.24", reset: "P0.25", irq: "P0.20", busy: "P0.17" },
    // Some modules have a crystal: the radio is opened again without a TCXO when this fails.
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  power: [
    { feeds: "board", pin: "P0.12", active: "high" }, // everything but the MCU, the radio included
    { feeds: "peripherals", pin: "P1.11", active: "high" }, // e-paper backlight
  ],
  // The variant drives P0.13-P0.16 before setup(): the three LEDs, off, and the line a clock chip asks on.
  led: { pin: "P0.14", active: "low" },
  button: { pin: "P1.10", active: "low", pull: "up" },
  battery: { pin: "P0.04", divider: 2, referenceVolts: 3.0 },
  flash: { size: 0x100000, bootloader: 0xf4000, app: { offset: 0x26000, max: 0xc7000 }, softdevice: "S140 6.1.1" },
  flashing: ["uf2", "dfu", "swd"],
  uf2: { family: 0xada52840 },
  usb: [
    { vid: 0x239a, pid: 0x4405, mode: "app" },
    { vid: 0x239a, pid: 0x0029, mode: "bootloader" },
    { vid: 0x239a, pid: 0x002a, mode: "bootloader" },
  ],
  platformio: { platform: "nordicnrf52", framework: "arduino", variant: "pca10056", vendor: "LILYGO" },
  tier: "minimal",
  engines: ["aot"],
  verified: "built",
  source: ["MT variants/nrf52840/t-echo/variant.h, boards/t-echo.json", "MC boards/t-echo.json (variant pca10056)"],
});
