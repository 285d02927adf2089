// The inbox against a model that keeps every message there ever was.
#include <string.h>

#include "bytes.h"
#include "check.h"
#include "inbox.h"

using namespace mehr;

static constexpr uint32_t kMost = 2000;
static struct Sent {
  uint16_t length;
  uint8_t fill;
} s_sent[kMost + 1];

// Whether the bytes of a list are the messages from `first` on, exactly.
static bool holds(const uint8_t* p, size_t length, uint32_t first, size_t n) {
  const uint8_t* end = p + length;
  for (uint32_t sequence = first; sequence < first + n; sequence++) {
    const Sent& sent = s_sent[sequence];
    size_t kept = sent.length > inbox::kDataMax ? inbox::kDataMax : sent.length;
    if (static_cast<size_t>(end - p) < inbox::kHeader + kept) return false;
    bool head = load_u32(p) == sequence && load_u64(p + 4) == 1000ull * sequence && load_u64(p + 12) == 7ull * sequence &&
                static_cast<int16_t>(load_u16(p + 20)) == -static_cast<int16_t>(sequence % 120) &&
                load_u16(p + 22) == static_cast<uint16_t>(inbox::kNoSignal) && p[24] == sent.fill && p[39] == sent.fill &&
                p[40] == 3 && p[41] == sequence % 5 && p[42] == (sent.length > kept ? 1 : 0) && p[43] == kept;
    if (!head) return false;
    p += inbox::kHeader;
    for (size_t i = 0; i < kept; i++) {
      if (*p++ != static_cast<uint8_t>(sent.fill + i)) return false;
    }
  }
  return p == end;
}

void test_inbox() {
  Random random = {41};
  const uint8_t* bytes = nullptr;
  size_t length = 1;
  CHECK(inbox::latest() == 0 && inbox::count() == 0);
  CHECK(inbox::list(0, 6, bytes, length) == 0 && length == 0);
  for (uint32_t sequence = 1; sequence <= kMost; sequence++) {
    Sent& sent = s_sent[sequence];
    bool longest = random.below(4) == 0;
    sent.length = static_cast<uint16_t>(longest ? inbox::kDataMax + random.below(300) : random.below(220));
    sent.fill = static_cast<uint8_t>(random.next());
    uint8_t destination[16], data[600];
    memset(destination, sent.fill, sizeof destination);
    for (size_t i = 0; i < sent.length; i++) data[i] = static_cast<uint8_t>(sent.fill + i);
    inbox::keep(1000ull * sequence, 7ull * sequence, -static_cast<int16_t>(sequence % 120), inbox::kNoSignal, destination,
                3, static_cast<uint8_t>(sequence % 5), data, sent.length);
    CHECK(inbox::latest() == sequence);
    size_t kept = inbox::count();
    // As many as fit: six of the longest, and not one less than could be kept.
    CHECK(kept >= (sequence < 6 ? sequence : 6) && kept <= sequence);
    CHECK(inbox::list(0, kMost, bytes, length) == kept && length <= inbox::kBytes);
    CHECK(holds(bytes, length, sequence - static_cast<uint32_t>(kept) + 1, kept));
    size_t before = sequence - kept;  // the one that went last
    if (before > 0) {
      size_t would = inbox::kHeader + (s_sent[before].length > inbox::kDataMax ? inbox::kDataMax : s_sent[before].length);
      CHECK(length + would > inbox::kBytes);
    }
    uint32_t after = random.below(sequence + 3);
    size_t most = random.below(8);
    size_t n = inbox::list(after, most, bytes, length);
    uint32_t first = after < before ? static_cast<uint32_t>(before) + 1 : after + 1;
    size_t left = first <= sequence ? sequence - first + 1 : 0;
    CHECK(n == (left < most ? left : most));
    CHECK(holds(bytes, length, first, n));
  }
  inbox::clear();
  CHECK(inbox::count() == 0 && inbox::latest() == kMost);
  CHECK(inbox::list(0, 6, bytes, length) == 0 && length == 0);
}
