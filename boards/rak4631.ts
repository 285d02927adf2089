import { defineBoard } from "./schema.ts";

/** RAK4631 WisBlock core: nRF52840 + SX1262 in one module (RAK4630). */
export default defineBoard({
  id: "rak4631",
  name: "RAK4631 WisBlock Core",
  mcu: "nrf52840",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: "P1.11", miso: "P1.13", mosi: "P1.12", nss: "P1.10", reset: "P1.06", irq: "P1.15", busy: "P1.14" },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  power: [{ feeds: "radio", pin: "P1.05", active: "high" }],
  led: { pin: "P1.03", active: "high" },
  battery: { pin: "P0.05", divider: 1.73, referenceVolts: 3.0 },
  leave: { "P1.07": "wired to the antenna switch that DIO2 already turns" },
  flash: { size: 0x100000, bootloader: 0xf4000, app: { offset: 0x26000, max: 0xc7000 }, softdevice: "S140 6.1.1" },
  flashing: ["uf2", "dfu", "swd"],
  uf2: { family: 0xada52840, boardId: "WisBlock-RAK4631-Board", drive: "RAK4631" },
  usb: [
    { vid: 0x239a, pid: 0x8029, mode: "app" },
    { vid: 0x239a, pid: 0x0029, mode: "bootloader" },
    { vid: 0x239a, pid: 0x002a, mode: "bootloader" },
  ],
  // The variant drives P0.13-P0.16 before setup(): the WisBlock I2C bus and UART1, where a relay has nothing.
  platformio: {
    platform: "nordicnrf52",
    framework: "arduino",
    variant: "pca10056",
    vendor: "RAKwireless",
    url: "https://docs.rakwireless.com/Product-Categories/WisBlock/RAK4631/Datasheet/",
  },
  tier: "minimal",
  // 232 KB of RAM are the application's: wasm3's heap for this core alone takes more.
  engines: ["aot"],
  verified: "built",
  source: ["MT variants/nrf52840/rak4631/variant.h", "MC variants/rak4631/variant.h", "OTAFIX wiscore_rak4631_board"],
});
