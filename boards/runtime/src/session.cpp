#include "session.h"

#include <string.h>

#include "bytes.h"
#include "hal.h"
#include "hmac_sha256.h"
#include "lock.h"
#include "provision.h"
#include "wipe.h"

namespace mehr::session {

static bool s_open;
static uint8_t s_nonce[16];
static uint32_t s_counter;    // of the last request let through; 0: none yet
static uint8_t s_mac[16];     // its proof
static uint8_t s_digest[32];  // SHA-256 of its type and body
// The last reply, or what a request works in. As long as the longest reply there is, so that none is too long to keep.
static uint8_t s_kept[kFramePayloadMax];
static size_t s_kept_length;  // 0: none
static uint8_t s_restore_key[32];
static bool s_has_restore_key;

void forget_restore_key() {
  wipe(s_restore_key, sizeof s_restore_key);
  s_has_restore_key = false;
}

void end() {
  s_open = false;
  s_counter = 0;
  wipe(s_nonce, sizeof s_nonce);
  wipe(s_mac, sizeof s_mac);
  wipe_scratch();
  forget_restore_key();
  provision::abort();
}

enum mehr_status begin(uint8_t nonce[16]) {
  end();
  if (hal::entropy(s_nonce, sizeof s_nonce) != hal::Code::kOk) return MEHR_STATUS_NO_ENTROPY;
  memcpy(nonce, s_nonce, sizeof s_nonce);
  s_open = true;
  return MEHR_STATUS_OK;
}

static void prove(const msg::AuthorisedRequest& request, uint8_t mac[32]) {
  uint8_t head[5];
  store_u32(head, request.counter);
  head[4] = request.request;
  HmacSha256 hmac(lock::key(), 32);
  hmac.update(s_nonce, sizeof s_nonce);
  hmac.update(head, sizeof head);
  hmac.update(request.body.data, request.body.size);
  hmac.finish(mac);
}

Verdict check(const msg::AuthorisedRequest& request, enum mehr_status& status) {
  status = MEHR_STATUS_BAD_SESSION;
  if (!s_open) return Verdict::kRefuse;
  uint8_t digest[32];
  Sha256 hash;
  hash.update(&request.request, 1);
  hash.update(request.body.data, request.body.size);
  hash.finish(digest);
  // The same request again: its reply was lost. The proof is compared with the one that was right then, because what it
  // did may have been to change the PIN.
  bool again = s_counter != 0 && request.counter == s_counter && same_bytes(request.mac, s_mac, sizeof s_mac) &&
               same_bytes(digest, s_digest, sizeof s_digest);
  if (again) return s_kept_length > 0 ? Verdict::kRepeat : Verdict::kRefuse;

  enum mehr_status allowed = lock::attempt();
  if (allowed != MEHR_STATUS_OK) {
    status = allowed;
    return Verdict::kRefuse;
  }
  Secret<32> mac;
  prove(request, mac.bytes);
  if (!same_bytes(request.mac, mac.bytes, sizeof s_mac)) {
    lock::wrong();
    if (lock::state() != msg::LockState::kOpen) status = MEHR_STATUS_WRONG_PIN;
    return Verdict::kRefuse;
  }
  lock::right();
  if (request.counter <= s_counter) return Verdict::kRefuse;
  s_counter = request.counter;
  memcpy(s_mac, request.mac, sizeof s_mac);
  memcpy(s_digest, digest, sizeof s_digest);
  s_kept_length = 0;
  return Verdict::kCarryOut;
}

void keep(uint8_t status, const void* a, size_t a_length, const void* b, size_t b_length) {
  if (1 + a_length + b_length > sizeof s_kept) return;
  // The last piece first: what lies in scratch must not be written over before it has been moved.
  if (b_length > 0) memmove(s_kept + 1 + a_length, b, b_length);
  if (a_length > 0) memmove(s_kept + 1, a, a_length);
  s_kept[0] = status;
  s_kept_length = 1 + a_length + b_length;
}

const uint8_t* kept(size_t& length) {
  length = s_kept_length;
  return s_kept_length > 0 ? s_kept : nullptr;
}

uint8_t* scratch() {
  s_kept_length = 0;
  return s_kept;
}

void wipe_scratch() {
  s_kept_length = 0;
  wipe(s_kept, sizeof s_kept);
}

uint8_t* make_restore_key() {
  s_has_restore_key = true;
  return s_restore_key;
}
const uint8_t* restore_key() { return s_has_restore_key ? s_restore_key : nullptr; }

}  // namespace mehr::session
