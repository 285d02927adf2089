// A relay: a core, its clock, records and radio, as boards/runtime/src/relay.cpp puts them together.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include <vector>

#include "flash.h"
#include "modules.h"

namespace power_cut {

using Bytes = std::vector<uint8_t>;

/// Where a node keeps its records; results as the core's imports give them.
class Records {
 public:
  virtual int32_t put(uint32_t key, const uint8_t* bytes, uint32_t length) = 0;
  virtual int32_t get(uint32_t key, uint8_t* out, uint32_t capacity) = 0;
  virtual int32_t remove(uint32_t key) = 0;

 protected:
  ~Records() = default;
};

/// A frame on its way through the air, from the node that holds it to the other one.
struct Transmission {
  uint64_t start_ms, end_ms;
  uint64_t airtime_us;
  Bytes frame;
};

class Node : public Host {
 public:
  /// `config` as boards/config.ts writes it.
  Node(const Module& module, Records& records, const Bytes& config, uint64_t seed);

  void set_config(const Bytes& config) { config_ = config; }
  /// From power-on: a fresh instance whose clock begins at 0. The core's status.
  uint32_t boot(uint64_t world_ms);
  void power_off();
  bool on() const { return on_; }

  // The world's time is handed in; the core sees that since boot.
  uint32_t timer(uint64_t world_ms);
  uint32_t hear(uint64_t world_ms, const Bytes& frame);
  /// `reply` gets the bytes of the Reply event, without the command's number.
  uint32_t command(uint64_t world_ms, const Bytes& bytes, Bytes& reply);
  /// UINT64_MAX: never.
  uint64_t deadline() const;

  /// Of the last boot: 16 bytes; empty before the first.
  const Bytes& id() const { return id_; }
  /// Messages for this node's destinations that have come since power-on: as the Message event has them.
  const std::vector<Bytes>& messages() const { return messages_; }
  /// Frames in the air, at most two: the second begins when the first ends.
  std::vector<Transmission>& air() { return air_; }
  /// The node whose transmissions this one's CAD hears.
  void set_neighbour(Node& other) { neighbour_ = &other; }

  int32_t entropy(uint8_t* out, uint32_t length) override;
  int32_t frame_send(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags) override;
  int32_t record_put(uint32_t key, const uint8_t* bytes, uint32_t length) override;
  int32_t record_get(uint32_t key, uint8_t* out, uint32_t capacity) override;
  int32_t record_delete(uint32_t key) override;
  void event(uint32_t kind, const uint8_t* bytes, uint32_t length) override;

 private:
  uint64_t local(uint64_t world_ms);
  uint32_t fill(const Bytes& bytes);

  const Module& module_;
  Records& records_;
  Bytes config_;
  Random random_;
  Node* neighbour_ = nullptr;
  bool on_ = false;
  uint64_t now_ms_ = 0, booted_ms_ = 0;
  std::vector<Transmission> air_;
  Bytes id_, reply_;
  std::vector<Bytes> messages_;
};

}  // namespace power_cut
