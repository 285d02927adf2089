/** What the core may take (design section 3). */

/** Bytes of relay.wasm. Under wasm3 every byte of it costs three more in RAM. */
export const CORE_SIZE_BUDGET = 36 * 1024;

/** What it takes now that the network is in it: over the budget (docs/performance.md), and not to grow unnoticed. */
export const CORE_SIZE_CEILING = 63 * 1024;

/** Linear memory the boards give the module (wasm3's memoryLimit), in bytes. */
export const LINEAR_MEMORY_LIMIT = 48 * 1024;
