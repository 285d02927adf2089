// Between the hardware and the core of the console's fuzzer.
#pragma once

/// A fresh core, as after a reset of the board.
void fuzz_core_reset();
