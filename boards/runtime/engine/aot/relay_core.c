// The core translated to C (toolchain/aot), compiled here into flash: PlatformIO builds what lies below boards/runtime.
#define MEHR_AOT_STACK_RESERVE MEHR_STACK_KEPT_BYTES  // boards/stack.ts
#include "aot/relay.c"
