// What a warm reset leaves of the run before, on a bare-metal virtual board.
#pragma once

namespace mehr::hal {

/// Finds out why this run started; init() calls it once, before anything else asks.
void kept_init();
/// reset() says so before it resets: a reset nobody asked for came from outside.
void kept_reset_asked();

}  // namespace mehr::hal
