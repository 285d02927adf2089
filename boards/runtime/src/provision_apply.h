// How provisioning and restore come into force: what both share, and nobody else uses.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_abi.h"
#include "mehr_console.h"
#include "records.h"

namespace mehr::provision {

/// Destinations of the core's profile; ratchets of each lie under a key of their own.
constexpr uint32_t kDestinations = 4;

enum mehr_status status_of(RecordResult result);

/// The configuration of the image: an unprovisioned board's.
const uint8_t* image_config(size_t& length);

/// Has a core of its own try the configuration, unless the relay runs with it; the relay starts anew then. Ok; BadConfig or
/// ConfigUnlawful; NotBooted during a replay; a status of the engine.
enum mehr_status core_takes(msg::Span config);

/// Sets the radio, stores everything in one step (`wipe`: put_all()), reads it back, and starts the relay with it. Until
/// it is stored whatever fails leaves all as it was, and the relay runs on: RadioRefused, RadioFailed, StorageFull,
/// FlashFailed, NotBooted. Another status is the core's, which did not start with what is stored now.
enum mehr_status apply(const uint8_t* config, const RecordChange* changes, size_t count, bool wipe,
                       uint32_t& flash_writes);

}  // namespace mehr::provision
