#include "requests.h"

#include <string.h>

#include "bytes.h"
#include "console.h"
#include "lock.h"
#include "session.h"

namespace mehr::console {

void reply(const Request& request, enum mehr_status status, const void* a, size_t a_length, const void* b,
           size_t b_length) {
  const uint8_t byte = static_cast<uint8_t>(status);
  const uint8_t type = request.frame_type | msg::kReplyBit;
  if (!request.authorised) return send(type, request.frame_id, &byte, 1, a, a_length, b, b_length);
  session::keep(byte, a, a_length, b, b_length);
  size_t length = 0;
  const uint8_t* kept = session::kept(length);
  send(type, request.frame_id, kept, length);
}

void refuse(const Request& request, enum mehr_status status) {
  static const uint8_t kVersions[2] = {msg::kConsoleVersion, msg::kConsoleVersion};
  static const uint8_t kNever[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
  static const uint8_t kNoHash[32] = {};
  static const uint8_t kNoField = static_cast<uint8_t>(msg::ProvisionField::kNone);
  switch (request.type) {
    case msg::kIdentify:
      return identify(request, status);
    case msg::kHello:
      return reply(request, status, kVersions, sizeof kVersions);
    case msg::kReplayStep:
      return reply(request, status, kNever, sizeof kNever);
    case msg::kReplayHash:
      return reply(request, status, kNoHash, sizeof kNoHash);
    case msg::kProvisionDraft:
    case msg::kProvisionCommit:
      return reply(request, status, &kNoField, 1);
    default:
      return reply(request, status);
  }
}

// Of the core's commands those that only tell something.
static bool only_reads(const Request& request) {
  if (request.length == 0) return false;
  switch (request.payload[0]) {
    case MEHR_COMMAND_STATUS:
    case MEHR_COMMAND_NEIGHBOURS:
    case MEHR_COMMAND_LINKS:
    case MEHR_COMMAND_ROUTES:
    case MEHR_COMMAND_TRUSTED:
    case MEHR_COMMAND_DESTINATIONS:
    case MEHR_COMMAND_REPUTATION:
      return true;
    default:
      return false;
  }
}

// Whoever has just switched the board on may take it over, but not as the relay it was: with the identity kept, the open
// board would then hand it out in a backup, and a cable alone can reset many a board.
static bool takes_over(const Request& request) {
  msg::FactoryResetRequest reset;
  return request.type == msg::kFactoryReset && lock::just_switched_on() &&
         msg::parse(request.payload, request.length, reset) && reset.level == msg::ResetLevel::kForgetIdentity;
}

static bool allowed(const Request& request) {
  bool guarded = msg::access_of(request.type) == msg::Access::kGuarded;
  if (request.type == msg::kCommand) guarded = !only_reads(request);
  return !guarded || request.authorised || !lock::locked() || takes_over(request);
}

// A request that is known, whoever sent it.
static void carry_out(const Request& request) {
  if (!allowed(request)) return refuse(request, MEHR_STATUS_LOCKED);
  switch (request.type) {
    case msg::kIdentify:
      return identify(request, MEHR_STATUS_OK);
    case msg::kCommand:
      return command(request);
    case msg::kStats:
      return stats(request);
    case msg::kReboot:
      return reboot(request);
    case msg::kHalt:
      return halt(request);
    case msg::kHello:
      return hello(request);
    case msg::kHealth:
      return health(request);
    case msg::kProve:
      return prove(request);
    case msg::kInbox:
      return inbox_list(request);
    case msg::kSetTime:
      return set_time(request);
    case msg::kSetLogLevel:
      return set_level(request);
    case msg::kReplayOpen:
    case msg::kReplayStep:
    case msg::kReplayHash:
    case msg::kReplayClose:
      return replay(request);
    case msg::kProvisionRead:
    case msg::kProvisionDraft:
    case msg::kProvisionCommit:
    case msg::kProvisionAbort:
      return provision_request(request);
    case msg::kBackup:
      return backup(request);
    case msg::kRestoreKey:
      return restore_key(request);
    case msg::kRestore:
      return restore(request);
    case msg::kResetToken:
      return reset_token(request);
    case msg::kFactoryReset:
      return factory_reset(request);
    default:
      return refuse(request, MEHR_STATUS_UNKNOWN_REQUEST);
  }
}

static void authorised(const Request& outer) {
  msg::AuthorisedRequest message;
  if (!take(outer, message)) return;
  // Neither may be carried out inside a session: one begins it, the other would nest without end. Refused before the proof
  // is looked at, so that it spends no counter.
  if (message.request == msg::kHello || message.request == msg::kAuthorised) {
    return refuse(outer, MEHR_STATUS_BAD_REQUEST);
  }
  enum mehr_status status = MEHR_STATUS_OK;
  switch (session::check(message, status)) {
    case session::Verdict::kCarryOut:
      return carry_out({message.request, message.body.data, message.body.size, outer.frame_type, outer.frame_id, true});
    case session::Verdict::kRepeat: {
      size_t length = 0;
      const uint8_t* kept = session::kept(length);
      return send(outer.frame_type | msg::kReplyBit, outer.frame_id, kept, length);
    }
    case session::Verdict::kRefuse:
      break;
  }
  if (status != MEHR_STATUS_WRONG_PIN && status != MEHR_STATUS_PIN_WAIT) return refuse(outer, status);
  uint8_t wait[4];
  store_u32(wait, lock::wait_ms());
  reply(outer, status, wait, sizeof wait);
}

bool dispatch(const Frame& frame) {
  const Request request = {frame.type, frame.payload, frame.length, frame.type, frame.id, false};
  if (msg::access_of(frame.type) == msg::Access::kUnknown) {
    if (!(frame.type & msg::kReplyBit)) refuse(request, MEHR_STATUS_UNKNOWN_REQUEST);
    return false;
  }
  if (frame.type == msg::kAuthorised) {
    authorised(request);
  } else {
    carry_out(request);
  }
  return true;
}

}  // namespace mehr::console
