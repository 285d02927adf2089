import { defineBoard } from "./schema.ts";

/**
 * A Cortex-M4 with the nRF52840's 1 MB of flash, run by QEMU. Its images keep to that chip's 256 KB of RAM; the machine
 * has 512, so that wasm3 runs here.
 */
export default defineBoard({
  id: "qemu-m4",
  name: "QEMU Cortex-M4",
  mcu: "cortex-m4",
  virtual: { emulator: "qemu-system-arm", machine: "mps2-an386", hal: "mps2_an386" },
  tier: "minimal",
  engines: ["wasm3", "aot"],
  verified: "emulated",
  source: ["QEMU docs/system/arm/mps2.rst (mps2-an386)", "Arm AN386 (memory map, CMSDK UARTs)"],
});
