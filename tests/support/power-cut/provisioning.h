// The runtime's provisioning, reset and restore on a node of this program, and beside each what must be stored after it.
#pragma once
#include <stdint.h>

#include "records_kept.h"

namespace power_cut {

/// Whose records, and which node starts with them.
void provisioning_begin(FlashRecords& records, Node& node);
/// Starts the node after its records were changed (main.cpp).
void start_subject();

/// The configuration in force: what is provisioned, or the image's.
Bytes provisioned_config();

/// A draft as a host sends it: the image's configuration with another price.
Bytes make_draft(const char* name, uint8_t price, const Bytes& peers);
/// The mehr_status of it.
uint32_t commit(const Bytes& draft);
Values after_commit(const Values& before, const Bytes& draft);

uint32_t reset(bool forget_identity);
Values after_reset(const Values& before, bool forget_identity);

Bytes backup();
uint32_t restore(const Bytes& box);
Values after_restore(const Values& before, const Bytes& box);

}  // namespace power_cut
