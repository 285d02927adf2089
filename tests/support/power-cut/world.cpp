#include "world.h"

#include "mehr_abi.h"
#include "stop.h"

namespace power_cut {

static constexpr uint64_t kHourMs = 3'600'000;
// More calls of on_timer than this in one millisecond are an endless loop.
static constexpr unsigned kAtOnceMax = 1000;

World::World(Node& subject, Node& peer, uint32_t duty_permille)
    : subject_(subject), peer_(peer), allowed_us_(kHourMs * duty_permille) {
  subject.set_neighbour(peer);
  peer.set_neighbour(subject);
}

static uint64_t earlier(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t frame_end(Node& node) { return node.air().empty() ? UINT64_MAX : node.air().front().end_ms; }

uint64_t World::next() const {
  uint64_t frames = earlier(frame_end(subject_), frame_end(peer_));
  return earlier(frames, earlier(subject_.deadline(), peer_.deadline()));
}

void World::account(const Transmission& sent) {
  used_.push_back({sent.end_ms, sent.airtime_us});
  // Of the oldest one only what lies in the hour that ends now.
  uint64_t sum = 0;
  while (!used_.empty() && used_.front().end_ms + kHourMs <= sent.end_ms) used_.pop_front();
  for (const Used& one : used_) {
    uint64_t inside_us = (one.end_ms + kHourMs - sent.end_ms) * 1000;
    sum += earlier(one.airtime_us, inside_us);
  }
  if (sum > allowed_us_) {
    stop("on the air for %llu of %llu us in the hour up to %llu", static_cast<unsigned long long>(sum),
         static_cast<unsigned long long>(allowed_us_), static_cast<unsigned long long>(sent.end_ms));
  }
}

void World::deliver(Node& from, Node& to) {
  while (!from.air().empty() && from.air().front().end_ms <= now_ms_) {
    Transmission sent = from.air().front();
    from.air().erase(from.air().begin());
    if (&from == &subject_) account(sent);
    bool deaf = !to.on();
    for (const Transmission& other : to.air()) {
      if (other.start_ms < sent.end_ms && other.end_ms > sent.start_ms) deaf = true;
    }
    // Whatever the core makes of the frame: that it is taken in says that it goes on.
    if (!deaf) to.hear(now_ms_, sent.frame);
  }
}

void World::run_timer(Node& node) {
  while (node.deadline() <= now_ms_) {
    node.timer(now_ms_);
    if (++at_once_ > kAtOnceMax) stop("the deadline does not move on from %llu", (unsigned long long)now_ms_);
  }
}

void World::run(uint64_t ms) {
  uint64_t until = now_ms_ + ms;
  for (;;) {
    deliver(subject_, peer_);
    deliver(peer_, subject_);
    run_timer(subject_);
    run_timer(peer_);
    uint64_t at = next();
    if (at <= now_ms_) continue;
    at_once_ = 0;
    if (at > until) break;
    now_ms_ = at;
  }
  now_ms_ = until;
}

}  // namespace power_cut
