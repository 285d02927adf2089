// The generated wasm bytes are compiled once, here, into flash.
#include "core.h"
#include "relay_wasm.h"

namespace mehr {

const uint8_t* const kCoreImage = MEHR_WASM;
const uint32_t kCoreImageSize = MEHR_WASM_SIZE;

}  // namespace mehr
