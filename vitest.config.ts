import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{toolchain,boards,host,core-as,tests}/**/*.test.ts"],
    globalSetup: ["tests/setup.ts"],
    setupFiles: ["tests/fast-check.ts"],
    testTimeout: 30_000,
    // Also on two processors: half of the longest tests is waiting for an emulator or a compiler that uses one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
