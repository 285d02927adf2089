/** Names in the C of the translated core, for the files that are generated to fit together. */

/** C identifier of the core: the prefix of its external names. */
export const AOT_NAME = "relay";

/**
 * Its files, as an include names them: a folder of their own, since the runtime has a relay.h too.
 * boards/runtime/engine/aot/relay_core.c includes the definitions.
 */
export const AOT_HEADER = `aot/${AOT_NAME}.h`;
export const AOT_SOURCE = `aot/${AOT_NAME}.c`;

/** Constants in AOT_SOURCE: bytes and hash of the module it was made from. */
export const AOT_WASM_SIZE = "MEHR_AOT_WASM_SIZE";
export const AOT_WASM_SHA256 = "MEHR_AOT_WASM_SHA256";
