/**
 * Every version a firmware build pins. PlatformIO resolves `name@1.2.3` exactly, so two machines build the same bytes;
 * a range would let a library move under a fleet.
 */

/** PlatformIO platforms by the name board values use; a platform without an entry cannot be built yet. */
export const PLATFORM_SPEC: ReadonlyMap<string, string> = new Map([
  ["nordicnrf52", "platformio/nordicnrf52@10.11.0"],
  ["espressif32", "platformio/espressif32@6.13.0"],
  // PlatformIO's own has no arduino-pico; this fork has, and its platform.json at this commit pins that core by commit
  // too: 30aead9a, five after release 5.4.3. MT builds with the same one (variants/rp2040/rp2040.ini).
  ["raspberrypi", "https://github.com/maxgerhardt/platform-raspberrypi.git#cc24cfef37ed22ca9f2a6aead28c2deb76c39f24"],
]);

/**
 * Compilers that take the place of a platform's own. nordicnrf52 would take GCC 7, which cannot map `__FILE__`, so that an
 * image would depend on the folder it was built in; MT builds with this one (GCC 9.3.1, variants/nrf52840/nrf52.ini).
 * PlatformIO ends a compiler's version with its date, hence the tilde: one release answers to it.
 */
export const TOOLCHAIN_SPEC: ReadonlyMap<string, string> = new Map([
  ["nordicnrf52", "platformio/toolchain-gccarmnoneeabi@~1.90301.0"],
]);

/** The project's own platform for boards that run in an emulator; it needs no registry. */
export const VIRTUAL_PLATFORM_SPEC = "symlink://boards/platforms/virtual";

export const WASM3_SPEC = "wasm3/Wasm3@0.5.0";
export const RADIOLIB_SPEC = "jgromes/RadioLib@7.7.1";
