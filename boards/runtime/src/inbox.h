// Messages that came for this node, the newest few, in RAM: what a host that was not there can still read. Kept in the
// form they go out in (InboxMessage of the console's schema), one behind the other; the oldest make room.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr::inbox {

/// Data of a message kept; longer data is cut and marked so.
constexpr size_t kDataMax = 200;
/// Everything of an InboxMessage but its data: sequence 4, received 8, unix 8, rssi 2, snr 2, destination 16, context,
/// sub-type, truncated, length.
constexpr size_t kHeader = 44;
/// Six of the longest; more of shorter ones.
constexpr size_t kBytes = 6 * (kHeader + kDataMax);
/// An RSSI or SNR that is none: the message came over a cable.
constexpr int16_t kNoSignal = INT16_MIN;

/// Keeps a message. `received_ms` is uptime, `unix_ms` 0 if the board does not know the time.
void keep(uint64_t received_ms, uint64_t unix_ms, int16_t rssi_dbm, int16_t snr_qdb, const uint8_t destination[16],
          uint8_t context, uint8_t sub_type, const uint8_t* data, size_t length);
/// Sequence of the newest since boot, from 1; 0 if there was none.
uint32_t latest();
/// Messages kept.
size_t count();
/// At most `most` of the messages after sequence `after`, oldest first, as they lie: `bytes` is valid until keep().
/// Returns how many, `length` their bytes.
size_t list(uint32_t after, size_t most, const uint8_t*& bytes, size_t& length);
/// Forgets all of them, and wipes them; the sequence goes on.
void clear();

}  // namespace mehr::inbox
