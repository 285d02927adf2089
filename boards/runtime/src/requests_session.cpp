#include "box.h"
#include "bytes.h"
#include "console.h"
#include "hal.h"
#include "inbox.h"
#include "lock.h"
#include "provision.h"
#include "relay.h"
#include "requests.h"
#include "session.h"
#include "text.h"
#include "wall_clock.h"

namespace mehr::console {

void hello(const Request& request) {
  msg::HelloRequest message;
  if (!take(request, message)) return;
  if (message.version_min > message.version_max) return refuse(request, MEHR_STATUS_BAD_REQUEST);
  if (message.version_min > msg::kConsoleVersion || message.version_max < msg::kConsoleVersion) {
    return refuse(request, MEHR_STATUS_BAD_CONSOLE_VERSION);
  }
  uint8_t nonce[16];
  enum mehr_status status = session::begin(nonce);
  if (status != MEHR_STATUS_OK) return refuse(request, status);
  msg::HelloReply answer;
  const uint8_t* key = nullptr;
  answer.version = msg::kConsoleVersion;
  answer.payload_max = kFramePayloadMax;
  answer.nonce = nonce;
  answer.lock = lock::state();
  if (!provision::pin(answer.pin_log_n, answer.pin_salt, key)) answer.pin_log_n = 0, answer.pin_salt = nullptr;
  answer.wait_ms = lock::wait_ms();
  reply_message<msg::kHelloReplyMax>(request, answer);
}

static uint16_t at_most_u16(size_t n) { return n > UINT16_MAX ? UINT16_MAX : static_cast<uint16_t>(n); }

void health(const Request& request) {
  msg::HealthRequest message;
  if (!take(request, message)) return;
  msg::HealthReply answer;
  answer.reset_cause = hal::reset_cause();
  answer.uptime_ms = hal::now_ms();
  answer.unix_ms = wall_clock::at(answer.uptime_ms);
  answer.battery_mv = at_most_u16(hal::battery_mv());
  answer.resting = hal::resting() ? 1 : 0;
  answer.log_level = static_cast<msg::LogLevel>(log_level());
  answer.records_used = at_most_u16(relay::records_used());
  answer.records_size = at_most_u16(relay::records().capacity());
  answer.flash_writes = hal::flash_writes();
  answer.inbox_count = at_most_u16(inbox::count());
  answer.last_words = msg::text_of(relay::last_words(), 160);
  reply_message<msg::kHealthReplyMax>(request, answer);
}

void prove(const Request& request) {
  msg::ProveRequest message;
  if (!take(request, message)) return;
  uint8_t public_key[32], signature[64];
  enum mehr_status status = box::prove(message.challenge, relay::node_id(), public_key, signature);
  if (status != MEHR_STATUS_OK) return refuse(request, status);
  reply(request, status, public_key, sizeof public_key, signature, sizeof signature);
}

void inbox_list(const Request& request) {
  static_assert(4 + inbox::kBytes <= msg::kInboxReplyMax && 1 + msg::kInboxReplyMax <= kFramePayloadMax,
                "all that is kept fits in one reply");
  msg::InboxRequest message;
  if (!take(request, message)) return;
  uint8_t latest[4];
  store_u32(latest, inbox::latest());
  const uint8_t* bytes = nullptr;
  size_t length = 0;
  inbox::list(message.after, 6, bytes, length);
  reply(request, MEHR_STATUS_OK, latest, sizeof latest, bytes, length);
}

void set_time(const Request& request) {
  msg::SetTimeRequest message;
  if (!take(request, message)) return;
  if (!wall_clock::set(message.unix_ms, hal::now_ms())) return refuse(request, MEHR_STATUS_BAD_REQUEST);
  log(kLogDebug, "The time was set.");
  reply(request, MEHR_STATUS_OK);
}

void set_level(const Request& request) {
  msg::SetLogLevelRequest message;
  if (!take(request, message)) return;
  set_log_level(static_cast<LogLevel>(message.level));
  reply(request, MEHR_STATUS_OK);
}

}  // namespace mehr::console
