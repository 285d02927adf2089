#include "node.h"

#include <string.h>

#include "mehr_abi.h"
#include "stop.h"

namespace power_cut {

// The second half of a link frame may be handed over this early (host/radio/channel.ts).
static constexpr uint64_t kEarlyMs = 2;

Node::Node(const Module& module, Records& records, const Bytes& config, uint64_t seed)
    : module_(module), records_(records), config_(config), random_{seed} {
  module_.host = this;
}

uint64_t Node::local(uint64_t world_ms) {
  now_ms_ = world_ms;
  return world_ms - booted_ms_;
}

uint32_t Node::fill(const Bytes& bytes) {
  uint32_t size = 0;
  memcpy(module_.memory(&size) + module_.buffer(MEHR_BUFFER_IN), bytes.data(), bytes.size());
  return static_cast<uint32_t>(bytes.size());
}

uint32_t Node::boot(uint64_t world_ms) {
  booted_ms_ = world_ms;
  on_ = true;
  air_.clear();
  messages_.clear();
  module_.instantiate();
  uint32_t length = fill(config_);
  return module_.boot(local(world_ms), length);
}

void Node::power_off() {
  on_ = false;
  air_.clear();
}

uint32_t Node::timer(uint64_t world_ms) { return module_.on_timer(local(world_ms)); }

uint32_t Node::hear(uint64_t world_ms, const Bytes& frame) {
  uint32_t length = fill(frame);
  return module_.on_frame(local(world_ms), 0, length, static_cast<uint32_t>(-80), 40);
}

uint32_t Node::command(uint64_t world_ms, const Bytes& bytes, Bytes& reply) {
  reply_.clear();
  uint32_t length = fill(bytes);
  uint32_t status = module_.on_command(local(world_ms), length);
  reply = reply_;
  return status;
}

uint64_t Node::deadline() const {
  uint64_t deadline = on_ ? module_.deadline() : UINT64_MAX;
  return deadline > UINT64_MAX - booted_ms_ ? UINT64_MAX : deadline + booted_ms_;
}

int32_t Node::entropy(uint8_t* out, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) out[i] = static_cast<uint8_t>(random_.next());
  return MEHR_STATUS_OK;
}

int32_t Node::frame_send(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags) {
  if (port != 0) return MEHR_STATUS_BAD_INTERFACE;
  auto u16 = [this](size_t at) { return static_cast<uint32_t>(config_[at] | config_[at + 1] << 8); };
  uint32_t bandwidth = u16(16) | u16(18) << 16;
  uint64_t us = module_.airtime_us(config_[5], bandwidth, config_[6], u16(8), length, 0);
  if (us == 0) return MEHR_STATUS_RADIO_FAILED;
  uint64_t start = now_ms_;
  if (!air_.empty() && air_.back().end_ms > start) start = air_.back().end_ms;
  if (start > now_ms_ + kEarlyMs) return MEHR_STATUS_RADIO_BUSY;
  if ((flags & MEHR_FRAME_FLAG_CONTINUE) == 0) {
    for (const Transmission& other : neighbour_->air_) {
      if (other.start_ms <= now_ms_ && now_ms_ < other.end_ms) return MEHR_STATUS_RADIO_BUSY;
    }
  }
  air_.push_back({start, start + (us + 999) / 1000, us, Bytes(frame, frame + length)});
  return MEHR_STATUS_OK;
}

int32_t Node::record_put(uint32_t key, const uint8_t* bytes, uint32_t length) {
  return records_.put(key, bytes, length);
}
int32_t Node::record_get(uint32_t key, uint8_t* out, uint32_t capacity) { return records_.get(key, out, capacity); }
int32_t Node::record_delete(uint32_t key) { return records_.remove(key); }

void Node::event(uint32_t kind, const uint8_t* bytes, uint32_t length) {
  if (kind == MEHR_EVENT_BOOTED) id_.assign(bytes, bytes + length);
  if (kind == MEHR_EVENT_MESSAGE) messages_.emplace_back(bytes, bytes + length);
  if (kind == MEHR_EVENT_REPLY && length > 0) reply_.assign(bytes + 1, bytes + length);
}

}  // namespace power_cut
