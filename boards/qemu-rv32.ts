import { defineBoard } from "./schema.ts";

/** An RV32 with the ESP32-C3's 400 KB of RAM and 4 MB of flash, run by QEMU; DRAM stands in for XIP flash. */
export default defineBoard({
  id: "qemu-rv32",
  name: "QEMU RV32",
  mcu: "rv32",
  virtual: { emulator: "qemu-system-riscv32", machine: "virt", hal: "rv32_virt" },
  tier: "minimal",
  engines: ["wasm3", "aot"],
  verified: "emulated",
  source: ["QEMU docs/system/riscv/virt.rst", "ESP32-C3 Series Datasheet (400 KB SRAM, 4 MB flash)"],
});
