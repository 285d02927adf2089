// Two relays in one place, the time, and the law: nobody may be on the air for longer than the configuration's share of
// any hour, reboots or not.
#pragma once
#include <deque>

#include "node.h"

namespace power_cut {

class World {
 public:
  /// `subject` is the one whose power fails; the law is watched for it.
  World(Node& subject, Node& peer, uint32_t duty_permille);

  uint64_t now() const { return now_ms_; }
  /// Lets `ms` pass, with every timer at its deadline and every frame at its end.
  void run(uint64_t ms);

 private:
  struct Used {
    uint64_t end_ms, airtime_us;
  };
  uint64_t next() const;
  void deliver(Node& from, Node& to);
  void run_timer(Node& node);
  void account(const Transmission& sent);

  Node& subject_;
  Node& peer_;
  const uint64_t allowed_us_;
  uint64_t now_ms_ = 0;
  unsigned at_once_ = 0;  // timer calls since the time last moved
  std::deque<Used> used_;
};

}  // namespace power_cut
