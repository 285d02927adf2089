import { defineBoard } from "./schema.ts";

/** Waveshare RP2040-LoRa-HF (850-930 MHz): RP2040 + SX1262 on SPI1; its USB socket is on an adapter board. */
export default defineBoard({
  id: "rp2040-lora",
  name: "Waveshare RP2040-LoRa-HF",
  mcu: "rp2040",
  radio: {
    chip: "SX1262",
    bandsMHz: [[863, 928]],
    spi: 1,
    pins: { sck: 14, miso: 24, mosi: 15, nss: 13, reset: 23, irq: 16, busy: 18 },
    // MC sets 1.8 V, MT none: the radio is opened again without a TCXO when this fails.
    tcxoVolts: 1.8,
    // The switch takes a line and its opposite: DIO2 and RXEN.
    rfSwitch: { dio2: true, rxen: 17 },
  },
  led: { pin: 25, active: "high" },
  flash: { size: 0x200000, bootloader: 0x10000000, app: { offset: 0x10000000, max: 0x17f000 } },
  flashing: ["uf2", "picotool"],
  uf2: { family: 0xe48bff56, boardId: "RPI-RP2", drive: "RPI-RP2" },
  usb: [
    { vid: 0x2e8a, pid: 0x000a, mode: "app" },
    { vid: 0x2e8a, pid: 0x0003, mode: "bootloader" },
  ],
  platformio: { platform: "raspberrypi", framework: "arduino", board: "rpipico" },
  tier: "minimal",
  engines: ["aot"],
  verified: "built",
  source: [
    "MT variants/rp2040/rp2040-lora/variant.h; MC variants/waveshare_rp2040_lora",
    "PRP boards/rpipico.json; RP2040 Datasheet 1.4.3 (SPI pins), 2.8.4 (UF2 drive)",
  ],
});
