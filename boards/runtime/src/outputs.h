// What the core did during one call, in the order it did it, as the console reports it: n x (kind u8, length u16 LE,
// bytes).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "frame.h"

namespace mehr {

enum OutputKind : uint8_t {
  kOutputFrame = 1,         // port u8, flags u8 (mehr_frame_flag), the frame
  kOutputRecordPut = 2,     // key u16, bytes
  kOutputRecordDelete = 3,  // key u16
  kOutputEvent = 4,         // event kind u8, bytes
  kOutputResult = 5,        // the result of a primitive; only in a replay
};

class Outputs {
 public:
  static constexpr size_t kItemHeader = 3;

  void clear() { length_ = 0, overflowed_ = false; }
  const uint8_t* data() const { return buffer_; }
  size_t size() const { return length_; }
  /// True when something did not fit; it is then missing, and the reply must say so.
  bool overflowed() const { return overflowed_; }

  /// Appends one item made of a short prefix and a body. False when it does not fit.
  bool add(uint8_t kind, const void* prefix, size_t prefix_length, const void* body, size_t body_length) {
    size_t length = prefix_length + body_length;
    if (body_length > sizeof buffer_ || kItemHeader + length > sizeof buffer_ - length_) {
      overflowed_ = true;
      return false;
    }
    uint8_t* p = buffer_ + length_;
    p[0] = kind;
    store_u16(p + 1, static_cast<uint16_t>(length));
    if (prefix_length > 0) memcpy(p + kItemHeader, prefix, prefix_length);
    if (body_length > 0) memcpy(p + kItemHeader + prefix_length, body, body_length);
    length_ += kItemHeader + length;
    return true;
  }

 private:
  // The largest reply that carries outputs has status u8 and deadline u64 before them.
  uint8_t buffer_[kFramePayloadMax - 9] = {};
  size_t length_ = 0;
  bool overflowed_ = false;
};

}  // namespace mehr
