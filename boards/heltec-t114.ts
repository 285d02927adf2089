import { defineBoard } from "./schema.ts";

/** Heltec Mesh Node T114 (HT-n5262): nRF52840 + SX1262; GNSS and display stay without power. */
export default defineBoard({
  id: "heltec-t114",
  name: "Heltec Mesh Node T114",
  mcu: "nrf52840",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    pins: { sck: "P0.19", miso: "P0.23", mosi: "P0.22", nss: "P0.24", reset: "P0.25", irq: "P0.20", busy: "P0.17" },
    tcxoVolts: 1.8,
    rfSwitch: { dio2: true },
  },
  power: [
    { feeds: "peripherals", pin: "P0.21", active: "high" }, // Vext: GNSS and the header
    { feeds: "peripherals", pin: "P0.03", active: "low" }, // display
  ],
  led: { pin: "P1.03", active: "low" },
  button: { pin: "P1.10", active: "low", pull: "up" },
  battery: { pin: "P0.04", divider: 4.9, referenceVolts: 3.0, enable: { pin: "P0.06", active: "high" } },
  // 7.9 mA listening, less 5.3 of the radio and 1.5 of its TCXO.
  draw: { microamps: 1100, source: "IoTThinks/EasySkyMesh release PowerSaving17: a T114 repeater takes 7.9 mA" },
  flash: { size: 0x100000, bootloader: 0xf4000, app: { offset: 0x26000, max: 0xc7000 }, softdevice: "S140 6.1.1" },
  flashing: ["uf2", "dfu", "swd"],
  uf2: { family: 0xada52840, boardId: "HT-n5262", drive: "HT-n5262" },
  usb: [
    { vid: 0x239a, pid: 0x4405, mode: "app" },
    { vid: 0x239a, pid: 0x0071, mode: "bootloader" },
    { vid: 0x239a, pid: 0x0029, mode: "bootloader" },
    { vid: 0x239a, pid: 0x002a, mode: "bootloader" },
  ],
  // The variant drives P0.13-P0.16 high before setup(): an I2C bus on the header, NeoPixel data, backlight off.
  platformio: { platform: "nordicnrf52", framework: "arduino", variant: "pca10056", vendor: "Heltec" },
  tier: "minimal",
  engines: ["aot"],
  verified: "built",
  source: ["MT variants/nrf52840/heltec_mesh_node_t114, boards/heltec_mesh_node_t114.json", "OTAFIX heltec_t114"],
});
