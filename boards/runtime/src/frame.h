// Serial frames of the console and of the virtual radio: COBS (Cheshire and Baker, IEEE/ACM Trans. Networking 1999)
// over `version type id length payload crc32`, one 0x00 after each frame. Decoded layout:
//   0 version u8 = 0 | 1 type u8 | 2 id u8 | 3 length u16 LE | 5 payload | crc32 u32 LE over everything before it
// Because version is 0, the first COBS byte of every valid frame is 0x01. A printable first byte is a person typing.
#pragma once
#include <stddef.h>
#include <stdint.h>

namespace mehr {

/// The largest request: a replay step of a frame (13 bytes) with a whole In buffer (MEHR_IN_SIZE). Replies are shorter.
constexpr size_t kFramePayloadMax = 1550;
constexpr size_t kFrameHeader = 5;
constexpr size_t kFrameOverhead = kFrameHeader + 4;
constexpr size_t kFrameTextMax = 80;

/// Why the receiver refused something. The numbers are on the wire (FRAME_ERROR) and in the metrics.
enum FrameError : uint8_t {
  kFrameOk = 0,
  kFrameCobs = 1,     // a COBS block runs past the delimiter, or typed text that was not text
  kFrameShort = 2,    // fewer bytes than an empty frame has
  kFrameLong = 3,     // more bytes than the largest frame has
  kFrameVersion = 4,  // version byte is not 0
  kFrameLength = 5,   // length field differs from what arrived
  kFrameCrc = 6,
  kFrameType = 7,     // well-formed, but no such type: counted by whoever dispatches
  kFrameErrorCount = 8,
};

struct Frame {
  uint8_t type;
  uint8_t id;
  uint16_t length;
  const uint8_t* payload;  // valid until the next push()
};

/// Takes a byte stream apart, one byte at a time, in fixed memory. Nothing that arrives is fatal: every refusal is
/// counted and the next 0x00 starts afresh.
class FrameReceiver {
 public:
  enum class Event : uint8_t { kNone, kFrame, kText, kError };

  explicit FrameReceiver(bool accept_text) : accept_text_(accept_text) {}

  /// Feeds one byte. kFrame: frame() holds a checked frame. kText: a person ended a line. kError: last_error().
  Event push(uint8_t byte);

  /// Gives up a frame whose sender went silent before its delimiter, so it cannot swallow the next one.
  /// Returns true when there was one (then last_error() tells what it was counted as).
  bool abandon();
  /// True between the first byte of a frame and its delimiter.
  bool mid_frame() const { return state_ == State::kFrame || state_ == State::kDiscard; }

  const Frame& frame() const { return frame_; }
  FrameError last_error() const { return last_error_; }
  /// Saturating count of one FrameError since boot.
  uint32_t errors(unsigned code) const { return code < kFrameErrorCount ? errors_[code] : 0; }
  void count(FrameError error);

 private:
  enum class State : uint8_t { kIdle, kFrame, kText, kDiscard };
  Event refuse(FrameError error, State next);
  Event finish();
  Event push_text(uint8_t byte);
  void start_frame(uint8_t code);

  bool accept_text_;
  State state_ = State::kIdle;
  bool after_cr_ = false;
  uint8_t code_ = 0;       // length byte of the current COBS block
  uint8_t remaining_ = 0;  // bytes still owed by it
  size_t length_ = 0;
  FrameError last_error_ = kFrameOk;
  Frame frame_ = {};
  uint32_t errors_[kFrameErrorCount] = {};
  uint8_t buffer_[kFramePayloadMax + kFrameOverhead] = {};
};

/// Where encoded bytes go. Must take them all; a sink that cannot may drop them, the CRC will tell.
using ByteSink = void (*)(const uint8_t* bytes, size_t length);

/// Encodes one frame in pieces, with one COBS block of memory: begin(), any number of add(), end().
/// The sum of all add() lengths must be the `length` given to begin().
class FrameWriter {
 public:
  explicit FrameWriter(ByteSink sink) : sink_(sink) {}
  void begin(uint8_t type, uint8_t id, size_t length);
  void add(const void* bytes, size_t length);
  void end();

 private:
  void put(uint8_t byte);
  void flush();
  ByteSink sink_;
  uint32_t crc_ = 0;
  size_t used_ = 1;
  uint8_t block_[255] = {};  // block_[0] is the COBS length byte
};

/// Puts encoded frames on a line that may stall. When a write fails, the rest of that frame is dropped, and the next
/// frame starts with a delimiter, so the piece that got through cannot spoil it.
class FrameLine {
 public:
  using Write = bool (*)(const uint8_t* bytes, size_t length);  // all or, after a bounded wait, false
  explicit FrameLine(Write write) : write_(write) {}
  void put(const uint8_t* bytes, size_t length);
  /// Frames cut short or dropped, saturating.
  uint32_t lost() const { return lost_; }

 private:
  Write write_;
  bool broken_ = false;
  bool mid_frame_ = false;
  uint32_t lost_ = 0;
};

/// Encodes a whole frame at once.
void write_frame(ByteSink sink, uint8_t type, uint8_t id, const void* payload, size_t length);

}  // namespace mehr
