// The core's primitives for the shell: whichever core is there runs them, the live one or a replay's, whose state they do
// not touch; where none runs, one is started without being booted, as long as this object lives. Buffers of the core that
// held secrets are overwritten at the end.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"

namespace mehr {

class Primitives {
 public:
  Primitives();
  ~Primitives();
  Primitives(const Primitives&) = delete;
  Primitives& operator=(const Primitives&) = delete;

  /// Ok, or why no core can be had: it does not load, or the CPU has faulted.
  enum mehr_status status() const { return status_; }
  /// Runs one (MEHR_PRIMITIVE_...): Ok, with exactly `result_length` bytes at `result`; the primitive's own status; BadModule
  /// for a result of another length. A core that traps ends the relay, as anywhere.
  enum mehr_status run(uint32_t primitive, const uint8_t* input, size_t length, uint8_t* result, size_t result_length);

 private:
  enum mehr_status status_;
  bool started_ = false;
};

}  // namespace mehr
