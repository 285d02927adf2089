import { defineBoard } from "./schema.ts";

/** Seeed XIAO nRF52840 with the Wio-SX1262 on its pin headers; the 30-pin board-to-board Wio is wired otherwise. */
export default defineBoard({
  id: "xiao-nrf52-wio",
  name: "Seeed XIAO nRF52840 + Wio-SX1262",
  mcu: "nrf52840",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: "P1.13", miso: "P1.14", mosi: "P1.15", nss: "P0.04", reset: "P0.28", irq: "P0.03", busy: "P0.29" },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true, rxen: "P0.05" },
  },
  led: { pin: "P0.26", active: "low" },
  // P0.14 is the lower end of the divider, and the HAL leaves it low for good (3 uA): high or open, P0.31 would see
  // 3.6 V and more of a full cell.
  battery: { pin: "P0.31", divider: 3, referenceVolts: 3.0, enable: { pin: "P0.14", active: "low" } },
  // P0.13 high, where the variant leaves it, has the battery charged with 50 mA, not 100.
  acknowledge: { "P0.14": "high from initVariant() to the first measurement; 1 Mohm keeps P0.31 below 1 uA" },
  // The antenna switch in its one-pin mode, and the QSPI flash, which nobody sends to sleep.
  draw: { microamps: 75, source: "Seeed forum 294956: 55 uA for RF_SW high; Nordic core notes: 18 uA of flash" },
  flash: { size: 0x100000, bootloader: 0xf4000, app: { offset: 0x27000, max: 0xc6000 }, softdevice: "S140 7.3.0" },
  flashing: ["uf2", "dfu", "swd"],
  uf2: { family: 0xada52840, boardId: "nRF52840-SeeedXiao-v1", drive: "XIAO-BOOT" },
  usb: [
    { vid: 0x2886, pid: 0x8044, mode: "app" },
    { vid: 0x2886, pid: 0x0044, mode: "bootloader" },
  ],
  platformio: { platform: "nordicnrf52", framework: "arduino", variant: "pca10056", vendor: "Seeed Studio" },
  tier: "minimal",
  engines: ["aot"],
  verified: "built",
  source: [
    "MT variants/nrf52840/seeed_xiao_nrf52840_kit/variant.h, src/platform/nrf52/nrf52840_s140_v7.ld",
    "MC variants/xiao_nrf52, boards/seeed-xiao-afruitnrf52-nrf52840.json; BL src/boards/xiao_nrf52840_ble/board.h",
  ],
});
