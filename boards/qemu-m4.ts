import { defineBoard } from "./schema.ts";

/** A Cortex-M4 with the nRF52840's 1 MB of flash and 256 KB of RAM, run by QEMU. */
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
