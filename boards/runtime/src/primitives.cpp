#include "primitives.h"

#include <string.h>

#include "core.h"
#include "engine.h"
#include "relay.h"

namespace mehr {

// Primitives import nothing; a core that does all the same gets nowhere.
static int32_t no_entropy(uint8_t*, uint32_t) { return MEHR_STATUS_NO_ENTROPY; }
static int32_t no_frame(uint32_t, const uint8_t*, uint32_t, uint32_t) { return MEHR_STATUS_RADIO_FAILED; }
static int32_t no_put(uint32_t, const uint8_t*, uint32_t) { return MEHR_STATUS_RECORD_FAILED; }
static int32_t no_get(uint32_t, uint8_t*, uint32_t) { return -MEHR_STATUS_RECORD_MISSING; }
static int32_t no_delete(uint32_t) { return MEHR_STATUS_RECORD_FAILED; }
static void no_event(uint32_t, const uint8_t*, uint32_t) {}
static const CoreHost kNoHost = {no_entropy, no_frame, no_put, no_get, no_delete, no_event};

Primitives::Primitives() : status_(MEHR_STATUS_OK) {
  if (relay::mode() != relay::Mode::kFatal) return;
  // A fault of the CPU leaves heap and engine in a state nobody has looked at.
  status_ = relay::faulted() ? relay::fatal_status() : core::start(kNoHost);
  started_ = status_ == MEHR_STATUS_OK;
}

Primitives::~Primitives() {
  if (!started_ && relay::mode() == relay::Mode::kFatal) return;
  core::wipe();
  if (started_) core::stop();
}

enum mehr_status Primitives::run(uint32_t primitive, const uint8_t* input, size_t length, uint8_t* result,
                                 size_t result_length) {
  if (status_ != MEHR_STATUS_OK) return status_;
  const uint8_t* out = nullptr;
  size_t out_length = 0;
  enum mehr_status status = core::crypto(primitive, input, length, out, out_length);
  if (core::broken(status)) {
    status_ = status;
    started_ = false;
    relay::fatal(status, engine::detail());
    return status;
  }
  if (status == MEHR_STATUS_OK && out_length != result_length) return MEHR_STATUS_BAD_MODULE;
  if (status == MEHR_STATUS_OK && result_length > 0) memcpy(result, out, result_length);
  return status;
}

}  // namespace mehr
