import { defineBoard } from "./schema.ts";

/** The firmware as a Linux process: the same runtime and engine, with sockets for its UARTs. */
export default defineBoard({
  id: "native",
  name: "Linux process",
  mcu: "host",
  virtual: { emulator: "process", machine: "linux", hal: "linux" },
  tier: "minimal",
  engines: ["wasm3", "aot"],
  verified: "emulated",
  source: ["boards/runtime/hal/linux"],
});
