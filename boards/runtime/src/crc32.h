// CRC-32 as in IEEE 802.3 clause 3.2.9 (reflected polynomial 0xEDB88320): the check of serial frames and records.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

/// Continues a CRC over more bytes. Start with 0; the result of one call is the `crc` of the next (as in zlib).
uint32_t crc32(uint32_t crc, const void* bytes, size_t length);

}  // namespace mehr
