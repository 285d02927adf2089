import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{toolchain,boards,host,core-as,tests}/**/*.test.ts"],
    globalSetup: ["tests/setup.ts"],
    setupFiles: ["tests/fast-check.ts"],
    testTimeout: 30_000,
  },
});
