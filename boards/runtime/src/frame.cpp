#include "frame.h"

#include "bytes.h"
#include "crc32.h"

namespace mehr {

static bool is_text(uint8_t byte) { return (byte >= 0x20 && byte < 0x7f) || byte == '\r' || byte == '\n'; }

void FrameReceiver::count(FrameError error) {
  last_error_ = error;
  if (error < kFrameErrorCount && errors_[error] != UINT32_MAX) errors_[error]++;
}

FrameReceiver::Event FrameReceiver::refuse(FrameError error, State next) {
  count(error);
  state_ = next;
  return Event::kError;
}

void FrameReceiver::start_frame(uint8_t code) {
  state_ = State::kFrame;
  length_ = 0;
  code_ = code;
  remaining_ = static_cast<uint8_t>(code - 1);
}

// A line that grew too long is counted once and not answered, and ends as any other does: a terminal sends no 0x00.
FrameReceiver::Event FrameReceiver::push_text(uint8_t byte) {
  bool refused = length_ > kFrameTextMax;
  if (byte == '\r' || byte == '\n') {
    state_ = State::kIdle;
    after_cr_ = byte == '\r';
    return refused ? Event::kNone : Event::kText;
  }
  if (byte > 1) return !refused && ++length_ > kFrameTextMax ? refuse(kFrameCobs, State::kText) : Event::kNone;
  state_ = State::kIdle;
  if (byte == 1) start_frame(byte);  // no key types 0x01 but every frame starts with it: a machine took over the line
  return refused ? Event::kNone : refuse(kFrameCobs, state_);
}

FrameReceiver::Event FrameReceiver::push(uint8_t byte) {
  switch (state_) {
    case State::kIdle:
      if (byte == '\n' && after_cr_) {  // the second half of a CR LF that has been answered
        after_cr_ = false;
        return Event::kNone;
      }
      after_cr_ = false;
      if (byte == 0) return Event::kNone;  // an empty frame: senders flush the line with spare delimiters
      if (!accept_text_ || !is_text(byte)) {
        start_frame(byte);
        return Event::kNone;
      }
      state_ = State::kText;
      length_ = 0;
      [[fallthrough]];

    case State::kText:
      return push_text(byte);

    case State::kDiscard:
      if (byte == 0) state_ = State::kIdle;
      return Event::kNone;

    case State::kFrame:
      break;
  }
  if (byte == 0) {
    state_ = State::kIdle;
    return remaining_ ? refuse(kFrameCobs, State::kIdle) : finish();
  }
  uint8_t decoded = byte;
  if (remaining_ > 0) {
    remaining_--;
  } else {
    // A new block. The one before it stood for a zero byte unless it was a full run of 254.
    bool zero = code_ != 0xff;
    code_ = byte;
    remaining_ = static_cast<uint8_t>(byte - 1);
    if (!zero) return Event::kNone;
    decoded = 0;
  }
  if (length_ == sizeof buffer_) return refuse(kFrameLong, State::kDiscard);
  buffer_[length_++] = decoded;
  return Event::kNone;
}

bool FrameReceiver::abandon() {
  if (state_ == State::kFrame) count(length_ < kFrameOverhead ? kFrameShort : kFrameCobs);
  bool was = state_ == State::kFrame;
  if (mid_frame()) state_ = State::kIdle;
  return was;
}

FrameReceiver::Event FrameReceiver::finish() {
  if (length_ < kFrameOverhead) return refuse(kFrameShort, State::kIdle);
  if (buffer_[0] != 0) return refuse(kFrameVersion, State::kIdle);
  size_t length = load_u16(buffer_ + 3);
  if (length != length_ - kFrameOverhead) return refuse(kFrameLength, State::kIdle);
  if (load_u32(buffer_ + kFrameHeader + length) != crc32(0, buffer_, kFrameHeader + length)) {
    return refuse(kFrameCrc, State::kIdle);
  }
  frame_ = {buffer_[1], buffer_[2], static_cast<uint16_t>(length), buffer_ + kFrameHeader};
  return Event::kFrame;
}

void FrameWriter::flush() {
  block_[0] = static_cast<uint8_t>(used_);
  sink_(block_, used_);
  used_ = 1;
}

void FrameWriter::put(uint8_t byte) {
  if (byte != 0) block_[used_++] = byte;
  if (byte == 0 || used_ == sizeof block_) flush();
}

void FrameWriter::begin(uint8_t type, uint8_t id, size_t length) {
  uint8_t header[kFrameHeader] = {0, type, id, static_cast<uint8_t>(length), static_cast<uint8_t>(length >> 8)};
  crc_ = 0;
  used_ = 1;
  add(header, sizeof header);
}

void FrameWriter::add(const void* bytes, size_t length) {
  const uint8_t* p = static_cast<const uint8_t*>(bytes);
  crc_ = crc32(crc_, p, length);
  for (size_t i = 0; i < length; i++) put(p[i]);
}

void FrameWriter::end() {
  uint8_t crc[4];
  store_u32(crc, crc_);
  for (uint8_t byte : crc) put(byte);
  // The last block always goes out, even empty: after a final zero its length byte 1 is what carries that zero.
  flush();
  const uint8_t delimiter = 0;
  sink_(&delimiter, 1);
}

void FrameLine::put(const uint8_t* bytes, size_t length) {
  static const uint8_t kDelimiter = 0;
  if (broken_ && !mid_frame_) broken_ = !write_(&kDelimiter, 1);
  if (!broken_) broken_ = !write_(bytes, length);
  mid_frame_ = bytes[length - 1] != 0;  // COBS leaves no zero but the delimiter
  if (broken_ && !mid_frame_ && lost_ != UINT32_MAX) lost_++;
}

void write_frame(ByteSink sink, uint8_t type, uint8_t id, const void* payload, size_t length) {
  FrameWriter writer(sink);
  writer.begin(type, id, length);
  writer.add(payload, length);
  writer.end();
}

}  // namespace mehr
