// What a provisioning record may hold (ProvisionRecord of toolchain/console/schema.ts), and how it lies in flash. All that
// can be told without core and radio.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "mehr_console.h"

namespace mehr::provision {

/// A record in flash: its bytes, and their CRC-32.
constexpr size_t kStoredMax = msg::kProvisionRecordMax + 4;

/// The first field that no board takes, or None. The configuration is the core's to judge, but for what no board has.
msg::ProvisionField wrong_field(const msg::ProvisionRecord& record);
/// The same of a whole draft: no peer twice, none with this board's own `node_id` (16 bytes; zeros are nobody's).
msg::ProvisionField wrong_field(const msg::ProvisionDraftRequest& draft, const uint8_t* node_id);
/// Which field of a payload that parse() refuses is the first not to be one; None when the payload just ends, or goes on.
msg::ProvisionField broken_field(const uint8_t* payload, size_t length);

/// Puts the CRC-32 behind `length` bytes that are at `stored` already. Returns the length with it.
size_t seal_stored(uint8_t* stored, size_t length);
/// Reads what lies in flash: CRC, layout and fields. `record` points into it.
bool open_stored(const uint8_t* stored, size_t length, msg::ProvisionRecord& record);

}  // namespace mehr::provision
