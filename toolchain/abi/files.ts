/** Where the boundary is written down, as paths in the checkout. */

/** The boundary itself. */
export const ABI_SOURCE = "core-as/assembly/abi.ts";

/** C: numbers, sentences, typed calls. */
export const ABI_HEADER = "boards/runtime/include/mehr_abi.h";
/** C: wasm3's link table. */
export const ABI_WASM3_HEADER = "boards/runtime/include/mehr_abi_wasm3.h";
/** C: the other side of the core translated to C, its imports and the way to its exports. */
export const ABI_AOT_HEADER = "boards/runtime/include/mehr_abi_aot.h";
/** TypeScript. */
export const ABI_BINDING = "host/core/abi.gen.ts";
/** Version and fingerprint of the boundary as last generated. */
export const ABI_LOCK = "core-as/abi.lock";

/** Everything rendered from the boundary. */
export const ABI_FILES: readonly string[] = [ABI_HEADER, ABI_WASM3_HEADER, ABI_AOT_HEADER, ABI_BINDING, ABI_LOCK];
