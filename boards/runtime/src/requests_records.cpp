#include <string.h>

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
#include "wipe.h"

namespace mehr::console {

static void provision_read(const Request& request) {
  msg::ProvisionReadRequest message;
  if (!take(request, message)) return;
  uint8_t bytes[provision::kDraftMax];
  size_t length = 0;
  enum mehr_status status = provision::read(bytes, sizeof bytes, length);
  if (status != MEHR_STATUS_OK) return refuse(request, status);
  reply(request, status, bytes, length);
}

static void provision_draft(const Request& request) {
  uint8_t sha256[32];
  msg::ProvisionField field = msg::ProvisionField::kNone;
  enum mehr_status status = provision::draft(request.payload, request.length, sha256, field);
  uint8_t refused = static_cast<uint8_t>(field);
  if (status != MEHR_STATUS_OK) return reply(request, status, &refused, 1);
  reply(request, status, sha256, sizeof sha256);
}

static void provision_commit(const Request& request) {
  msg::ProvisionCommitRequest message;
  if (!take(request, message)) return;
  msg::ProvisionField field = msg::ProvisionField::kNone;
  uint32_t writes = 0;
  enum mehr_status status = provision::commit(message.sha256, field, writes);
  uint8_t refused = static_cast<uint8_t>(field);
  if (status != MEHR_STATUS_OK) return reply(request, status, &refused, 1);
  uint8_t bytes[4];
  store_u32(bytes, writes);
  reply(request, status, bytes, sizeof bytes);
}

void provision_request(const Request& request) {
  if (request.type == msg::kProvisionRead) return provision_read(request);
  if (request.type == msg::kProvisionDraft) return provision_draft(request);
  if (request.type == msg::kProvisionCommit) return provision_commit(request);
  msg::ProvisionAbortRequest message;
  if (!take(request, message)) return;
  provision::abort();
  reply(request, MEHR_STATUS_OK);
}

void backup(const Request& request) {
  static_assert(box::kSealHead + box::kOverhead + provision::kBackupMax <= kFramePayloadMax, "fits where it is made");
  msg::BackupRequest message;
  if (!take(request, message)) return;
  uint8_t* work = session::scratch();
  size_t length = 0;
  enum mehr_status status = provision::backup_records(work + box::kSealHead, provision::kBackupMax, length);
  if (status == MEHR_STATUS_OK) status = box::seal(message.recipient, work, kFramePayloadMax, length);
  if (status != MEHR_STATUS_OK) {
    session::wipe_scratch();
    return refuse(request, status);
  }
  log(kLogInfo, "A backup was made.");
  reply(request, status, work, length + box::kOverhead);
}

void restore_key(const Request& request) {
  msg::RestoreKeyRequest message;
  if (!take(request, message)) return;
  uint8_t public_key[32];
  enum mehr_status status = box::make_key(session::make_restore_key(), public_key);
  if (status != MEHR_STATUS_OK) {
    session::forget_restore_key();
    return refuse(request, status);
  }
  reply(request, status, public_key, sizeof public_key);
}

void restore(const Request& request) {
  msg::RestoreRequest message;
  if (!take(request, message)) return;
  const uint8_t* key = session::restore_key();
  if (!key) return refuse(request, MEHR_STATUS_BAD_BOX);
  uint8_t* work = session::scratch();
  size_t length = 0;
  uint32_t writes = 0;
  enum mehr_status status = box::open(key, message.box.data, message.box.size, work, kFramePayloadMax, length);
  if (status == MEHR_STATUS_OK) status = provision::restore_records(work + box::kSealHead, length, writes);
  session::wipe_scratch();
  if (status != MEHR_STATUS_OK) return refuse(request, status);
  session::forget_restore_key();
  inbox::clear();  // what came for the relay it was
  log(kLogInfo, "A backup was restored.");
  msg::RestoreReply answer;
  answer.node_id = relay::node_id();
  answer.flash_writes = writes;
  reply_message<msg::kRestoreReplyMax>(request, answer);
}

static constexpr uint64_t kTokenMs = 60 * 1000;
static uint8_t s_token[8];
static msg::ResetLevel s_token_level;
static uint64_t s_token_until;  // 0: none was given out

void reset_token(const Request& request) {
  msg::ResetTokenRequest message;
  if (!take(request, message)) return;
  s_token_until = 0;
  if (hal::entropy(s_token, sizeof s_token) != hal::Code::kOk) return refuse(request, MEHR_STATUS_NO_ENTROPY);
  s_token_level = message.level;
  s_token_until = hal::now_ms() + kTokenMs;
  reply(request, MEHR_STATUS_OK, s_token, sizeof s_token);
}

void factory_reset(const Request& request) {
  msg::FactoryResetRequest message;
  if (!take(request, message)) return;
  bool right = hal::now_ms() < s_token_until && message.level == s_token_level &&
               same_bytes(message.token, s_token, sizeof s_token);
  s_token_until = 0;  // once, right or wrong
  if (!right) return refuse(request, MEHR_STATUS_BAD_TOKEN);
  enum mehr_status status = provision::factory_reset(message.level);
  if (status != MEHR_STATUS_OK) return refuse(request, status);
  reply(request, status);
  hal::reset();
}

}  // namespace mehr::console
