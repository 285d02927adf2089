// Coverage-guided fuzzing of the whole console as a board has it: bytes of the line through frames, dispatch, session,
// lock, provisioning, boxes and inbox down to a record flash; relay.cpp's own loop around it. Not real here: the hardware
// (this file) and the core (console_fuzz_core.cpp), which does little, fast.
//
// An input is a sequence of what can happen to a board: see play(). Beside the sanitizers these must hold, whatever
// happens:
//   * what the board sends is frames, and every message in them is one of the schema;
//   * a request that arrives whole is answered once, with its id;
//   * a locked board answers a bare guarded request Locked, and none of its records that make it this relay changes before
//     a right proof, the button, or a takeover right after power-on;
//   * a request repeated in a session has the same reply and no further effect.
#include <assert.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "console.h"
#include "console_fuzz.h"
#include "frame.h"
#include "hal.h"
#include "hmac_sha256.h"
#include "lock.h"
#include "provision.h"
#include "relay.h"
#include "sha256.h"

using namespace mehr;

// The runtime's own statics: the build puts them into sections of their own, so that a reset can put them back.
extern uint8_t __start_mehr_state[], __stop_mehr_state[], __start_mehr_zero[], __stop_mehr_zero[];

// Between the variables lie what the sanitizer has poisoned, so this is no memcpy.
__attribute__((no_sanitize("address"))) static void copy_state(uint8_t* to, const uint8_t* from, size_t size) {
  volatile uint64_t* p = reinterpret_cast<uint64_t*>(to);
  for (size_t i = 0; i < size / 8; i++) p[i] = reinterpret_cast<const uint64_t*>(from)[i];
}
static uint8_t *s_state, *s_zero;
static void put_state_back() {
  size_t state = static_cast<size_t>(__stop_mehr_state - __start_mehr_state);
  size_t zero = static_cast<size_t>(__stop_mehr_zero - __start_mehr_zero);
  if (!s_state) {  // constructors have run, nothing else has
    s_state = static_cast<uint8_t*>(malloc(state));
    s_zero = static_cast<uint8_t*>(malloc(zero));
    copy_state(s_state, __start_mehr_state, state);
    copy_state(s_zero, __start_mehr_zero, zero);
  }
  copy_state(__start_mehr_state, s_state, state);
  copy_state(__start_mehr_zero, s_zero, zero);
}

static constexpr size_t kPage = 4096, kPages = 2;
static constexpr uint8_t kPinKey[32] = {7, 7, 7};

// What a reset leaves: the flash, the input, what was said on the line. What it does not: the time since the start.
static struct {
  uint8_t flash[kPage * kPages];
  const uint8_t *input, *input_end;
  uint64_t now;
  uint64_t random;
  uint32_t flash_writes;
  uint8_t to_console[2048];
  size_t to_console_size, to_console_at;
  hal::RadioPacket packet;
  bool packet_waits, button, no_entropy, flash_fails;
  msg::ResetCause cause;
  bool resting;
  // The host's side of it.
  FrameReceiver* host;
  uint8_t nonce[16];
  uint8_t token[8];
  uint8_t last_32[32];  // a draft's hash, a key for a restore
  uint8_t level;        // of the factory reset asked for
  uint32_t counter;
  uint8_t expect_type, expect_id;  // 0: nothing is awaited
  bool expect_locked;
  unsigned answers;
  uint8_t last_reply[2048];
  size_t last_reply_size;
  bool twice;  // the same frame is sent a second time
  uint32_t writes_after_first;
  bool sealed;  // the board was locked, and what happens is no right proof
  uint8_t records_before[32];
} g;
static jmp_buf s_over, s_reset;
static const bool s_trace = getenv("MEHR_TRACE") != nullptr;  // to read what an input does

static void fail(const char* what) {
  fprintf(stderr, "console: %s\n", what);
  abort();
}

// ---- hardware ------------------------------------------------------------------------------------------------------

namespace mehr::hal {

Code init(int, char**) { return Code::kOk; }
uint64_t now_ms() { return g.now; }
uint64_t ticks() { return g.now; }
uint32_t tick_hz() { return 1000; }
Code entropy(uint8_t* out, size_t length) {
  if (g.no_entropy) return Code::kTimeout;
  for (size_t i = 0; i < length; i++) {
    g.random = g.random * 6364136223846793005u + 1442695040888963407u;
    out[i] = static_cast<uint8_t>(g.random >> 56);
  }
  return Code::kOk;
}
Code radio_begin(const RadioConfig& config) { return config.frequency_hz == 1 ? Code::kIo : Code::kOk; }
Code radio_cad(bool& busy) {
  busy = false;
  return Code::kOk;
}
Code radio_clear(int16_t, uint32_t, bool& busy) {
  busy = false;
  return Code::kOk;
}
Code radio_send(const uint8_t*, size_t) { return Code::kOk; }
bool radio_receive(RadioPacket& out) {
  if (!g.packet_waits) return false;
  out = g.packet;
  g.packet_waits = false;
  return true;
}
const RadioStats& radio_stats() {
  static const RadioStats stats = {};
  return stats;
}
size_t flash_page_size() { return kPage; }
size_t flash_page_count() { return kPages; }
Code flash_read(size_t offset, void* out, size_t length) {
  assert(offset + length <= sizeof g.flash);
  memcpy(out, g.flash + offset, length);
  return Code::kOk;
}
Code flash_program(size_t offset, const void* bytes, size_t length) {
  assert(offset % 4 == 0 && length % 4 == 0 && offset + length <= sizeof g.flash);
  if (g.flash_fails) return Code::kIo;
  for (size_t i = 0; i < length; i++) g.flash[offset + i] &= static_cast<const uint8_t*>(bytes)[i];
  g.flash_writes += static_cast<uint32_t>(length / 4);
  return Code::kOk;
}
Code flash_erase(size_t page) {
  assert(page < kPages);
  if (g.flash_fails) return Code::kIo;
  memset(g.flash + page * kPage, 0xff, kPage);
  g.flash_writes++;
  return Code::kOk;
}
uint32_t flash_writes() { return g.flash_writes; }
size_t console_read(uint8_t* out, size_t capacity) {
  size_t n = g.to_console_size - g.to_console_at;
  if (n > capacity) n = capacity;
  memcpy(out, g.to_console + g.to_console_at, n);
  g.to_console_at += n;
  return n;
}
void watchdog(uint32_t) {}
void reset() {
  g.cause = msg::ResetCause::kSoftware;
  longjmp(s_reset, 1);
}
void halt() { longjmp(s_over, 1); }
size_t stack_size() { return 0; }
size_t stack_used() { return 0; }
size_t stack_left() { return 1 << 20; }
size_t heap_used() { return 0; }
const char* next_note() { return nullptr; }
const char* radio_clock() { return ""; }
uint32_t battery_mv() { return 3900; }
bool resting() { return g.resting; }
msg::ResetCause reset_cause() { return g.cause; }
void last_words_keep(const char*) {}
size_t last_words_take(char* out, size_t capacity) {
  static const char kWords[] = "a control character \x07 is no text";
  strncpy(out, kWords, capacity - 1);
  out[capacity - 1] = 0;
  return strlen(out);
}
bool button_held() { return g.button; }
bool image_sha256(uint8_t out[32]) {
  memset(out, 0x11, 32);
  return true;
}

// ---- what the board says -------------------------------------------------------------------------------------------

template <class M>
static bool sound(const uint8_t* p, size_t n) {
  M message;
  return msg::parse(p, n, message);
}

static bool sound_reply(uint8_t request, const uint8_t* p, size_t n) {
  switch (request) {
    case msg::kIdentify:
      return sound<msg::IdentifyReply>(p, n);
    case msg::kStats:
      return sound<msg::StatsReply>(p, n);
    case msg::kHello:
      return sound<msg::HelloReply>(p, n);
    case msg::kHealth:
      return sound<msg::HealthReply>(p, n);
    case msg::kProve:
      return sound<msg::ProveReply>(p, n);
    case msg::kInbox:
      return sound<msg::InboxReply>(p, n);
    case msg::kReplayStep:
      return sound<msg::ReplayStepReply>(p, n);
    case msg::kReplayHash:
      return sound<msg::ReplayHashReply>(p, n);
    case msg::kProvisionRead:
      return sound<msg::ProvisionReadReply>(p, n);
    case msg::kProvisionDraft:
      return sound<msg::ProvisionDraftReply>(p, n);
    case msg::kProvisionCommit:
      return sound<msg::ProvisionCommitReply>(p, n);
    case msg::kRestoreKey:
      return sound<msg::RestoreKeyReply>(p, n);
    case msg::kRestore:
      return sound<msg::RestoreReply>(p, n);
    case msg::kResetToken:
      return sound<msg::ResetTokenReply>(p, n);
    case msg::kCommand:
    case msg::kBackup:
    case msg::kAuthorised:
      return true;
    default:
      return n == 0;
  }
}

static void heard_notice(const Frame& frame) {
  bool good = false;
  if (frame.type == msg::kReady) good = sound<msg::ReadyNotice>(frame.payload, frame.length);
  if (frame.type == msg::kLog) good = sound<msg::LogNotice>(frame.payload, frame.length);
  if (frame.type == msg::kFatal) good = sound<msg::FatalNotice>(frame.payload, frame.length);
  if (frame.type == msg::kFrameError) good = sound<msg::FrameErrorNotice>(frame.payload, frame.length);
  if (frame.type == msg::kEvent) {
    good = sound<msg::EventNotice>(frame.payload, frame.length);
    if (frame.payload[0] == MEHR_EVENT_MESSAGE && frame.length > 5 + 18 && lock::locked()) {
      fail("a locked board said what a message says");
    }
  }
  if (!good) fail("a notice that is none");
}

static void heard(const Frame& frame) {
  if (frame.type >= msg::kReady) return heard_notice(frame);
  if (!(frame.type & msg::kReplyBit)) fail("a reply without its bit");
  uint8_t request = frame.type & 0x7f;
  if (frame.length < 1) fail("a reply without a status");
  uint8_t status = frame.payload[0];
  if (s_trace) fprintf(stderr, "%8llu ms: %02x answered %u, %u bytes\n", static_cast<unsigned long long>(g.now), request, status, frame.length);
  if (status == MEHR_STATUS_OK && !sound_reply(request, frame.payload + 1, frame.length - 1u)) {
    fail("a reply that is none");
  }
  if (g.expect_type != 0 && g.expect_type == request && g.expect_id == frame.id) {
    g.answers++;
    if (g.expect_locked && status != MEHR_STATUS_LOCKED) fail("a locked board did it");
    bool refused = status == MEHR_STATUS_WRONG_PIN || status == MEHR_STATUS_PIN_WAIT || status == MEHR_STATUS_BAD_SESSION ||
                   status == MEHR_STATUS_RECORD_FAILED || status == MEHR_STATUS_BAD_REQUEST;
    if (g.twice && g.answers == 2 && !refused) {
      bool same = frame.length == g.last_reply_size && memcmp(frame.payload, g.last_reply, frame.length) == 0;
      if (!same) fail("the same request got another reply");
      if (g.writes_after_first != g.flash_writes) fail("the same request was carried out twice");
    }
    g.writes_after_first = g.flash_writes;
  }
  memcpy(g.last_reply, frame.payload, frame.length);
  g.last_reply_size = frame.length;
  if (status != MEHR_STATUS_OK) return;
  if (request == msg::kFactoryReset && g.sealed) {
    if (!lock::just_switched_on() || g.level != static_cast<uint8_t>(msg::ResetLevel::kForgetIdentity)) {
      fail("a locked board forgot what it was");
    }
    g.sealed = false;
  }
  if (request == msg::kHello) memcpy(g.nonce, frame.payload + 4, 16), g.counter = 0;
  if (request == msg::kResetToken) memcpy(g.token, frame.payload + 1, 8);
  if (frame.length == 33) memcpy(g.last_32, frame.payload + 1, 32);
}

Code console_write(const uint8_t* bytes, size_t length) {
  if (length > 10 && memcmp(bytes, "mehr relay", 10) == 0) return Code::kOk;  // for a person
  for (size_t i = 0; i < length; i++) {
    FrameReceiver::Event event = g.host->push(bytes[i]);
    if (event == FrameReceiver::Event::kError) fail("what the board sent is no frame");
    if (event == FrameReceiver::Event::kFrame) heard(g.host->frame());
  }
  return Code::kOk;
}

// ---- what happens to it --------------------------------------------------------------------------------------------

static uint8_t next() { return g.input < g.input_end ? *g.input++ : 0; }
static size_t take_bytes(uint8_t* out, size_t most) {
  size_t left = static_cast<size_t>(g.input_end - g.input);
  size_t n = most < left ? most : left;
  memcpy(out, g.input, n);
  g.input += n;
  return n;
}

static void line_put(const uint8_t* bytes, size_t length) {
  if (g.to_console_size + length > sizeof g.to_console) return;
  memcpy(g.to_console + g.to_console_size, bytes, length);
  g.to_console_size += length;
}

static void ask(uint8_t type, const uint8_t* payload, size_t length) {
  static const uint8_t kDelimiter = 0;
  g.expect_type = type;
  g.expect_id = 0x55;
  g.answers = 0;
  bool guarded = msg::access_of(type) == msg::Access::kGuarded && type != msg::kFactoryReset;
  g.expect_locked = guarded && lock::locked();
  g.level = length > 0 ? payload[0] : 0;
  line_put(&kDelimiter, 1);
  write_frame(line_put, type, g.expect_id, payload, length);
}

// A payload of the input, or one that gets further than chance would.
static size_t payload(uint8_t type, uint8_t* out, size_t most) {
  uint8_t how = next();
  if (how < 128) return take_bytes(out, how < most ? how : most);
  switch (type) {
    case msg::kHello:
      out[0] = 0, out[1] = 9;
      return 2;
    case msg::kFactoryReset:
      out[0] = how & 1;
      memcpy(out + 1, g.token, 8);
      return 9;
    case msg::kResetToken:
    case msg::kSetLogLevel:
      out[0] = how & 3;
      return 1;
    case msg::kProvisionCommit:
      memcpy(out, g.last_32, 32);
      return 32;
    case msg::kInbox:
      store_u32(out, how & 7);
      return 4;
    case msg::kSetTime:
      store_u64(out, UINT64_C(1700000000000) + how);
      return 8;
    case msg::kProve:
    case msg::kBackup:
      memset(out, how, 32);
      if (how & 64) memcpy(out, g.last_32, 32);
      return 32;
    case msg::kProvisionDraft: {
      size_t config_length = 0;
      const uint8_t* config = provision::boot_config(config_length);
      uint8_t changed[56];
      memcpy(changed, config, config_length);
      if (how & 1) changed[config_length - 1] ^= next();
      msg::ProvisionRecord record;
      record.version = 1;
      record.region = {reinterpret_cast<const uint8_t*>("eu868"), 5};
      record.name = {reinterpret_cast<const uint8_t*>("fuzz"), 4};
      record.config = {changed, config_length};
      static const uint8_t kSalt[16] = {1};
      if (how & 2) record.pin_log_n = 15, record.pin_salt = kSalt, record.pin_key = kPinKey;
      size_t n = msg::emit(out, most, record);
      return n + take_bytes(out + n, (how & 4) ? 16 : 0);
    }
    case msg::kRestore: {
      // Not sealed by anybody: the last reply, if a backup is what it was.
      size_t n = g.last_reply_size > 1 ? g.last_reply_size - 1 : 0;
      if (n > most) n = most;
      memcpy(out, g.last_reply + 1, n);
      if (how & 1 && n > 0) out[next() % n] ^= 1;
      return n;
    }
    default:
      return 0;
  }
}

static void ask_authorised(bool right) {
  uint8_t body[1600];
  uint8_t type = next() & 0x3f;
  uint8_t* inner = body + 21;
  size_t length = payload(type, inner, 1529);
  uint8_t skip = next() & 3;
  if (skip != 3) g.counter++;
  store_u32(body, g.counter);
  body[20] = type;
  HmacSha256 hmac(lock::key(), 32);
  hmac.update(g.nonce, 16);
  hmac.update(body, 4);
  hmac.update(body + 20, 1 + length);
  uint8_t mac[32];
  hmac.finish(mac);
  memcpy(body + 4, mac, 16);
  if (!right) body[4 + (next() & 15)] ^= static_cast<uint8_t>(1 << (next() & 7));
  ask(msg::kAuthorised, body, 21 + length);
  // Sent twice: the second must say the same and do nothing.
  g.twice = skip == 2 && right;
  if (g.twice) line_put(g.to_console, g.to_console_size);
}

// What makes the board this relay, as it is in flash now.
static void hash_records(uint8_t hash[32]) {
  static const uint32_t kKeys[] = {MEHR_RECORD_KEY_IDENTITY, MEHR_RECORD_KEY_TRUSTED, MEHR_RECORD_KEY_TRUSTED_MORE,
                                   MEHR_RECORD_KEY_DESTINATIONS, provision::kRecordKeyProvision};
  Sha256 sha;
  for (uint32_t key : kKeys) {
    uint8_t bytes[256];
    size_t length = 0;
    uint8_t there = relay::records().get(key, bytes, sizeof bytes, length) == RecordResult::kOk;
    sha.update(&there, 1);
    sha.update(bytes, there ? length : 0);
  }
  sha.finish(hash);
}

// One thing that happens; false when the input is over.
static bool play() {
  if (g.input >= g.input_end) return false;
  uint8_t bytes[600];
  uint8_t op = next();
  g.to_console_size = g.to_console_at = 0;
  g.expect_type = 0;
  g.expect_locked = false;
  g.twice = false;
  g.sealed = lock::locked() && op % 12 != 4 && op % 12 != 5;
  if (g.sealed) hash_records(g.records_before);
  switch (op % 12) {
    case 0: {  // anything at all on the line
      size_t n = take_bytes(bytes, next());
      line_put(bytes, n);
      break;
    }
    case 1:
    case 2:
    case 3: {  // a request
      uint8_t type = next() & 0x3f;
      uint8_t request[1600];
      size_t n = payload(type, request, 1529);
      ask(type, request, n);
      break;
    }
    case 4:
    case 5:
      ask_authorised(true);
      break;
    case 6:
      ask_authorised(false);
      break;
    case 7:  // time
      g.now += UINT64_C(1) << (next() & 23);
      break;
    case 8:  // a frame from the air
      g.packet.length = static_cast<uint16_t>(take_bytes(g.packet.bytes, next()));
      g.packet.rssi_dbm = -80;
      g.packet.snr_qdb = 20;
      g.packet_waits = true;
      break;
    case 9:  // the button, and what goes wrong with parts of a board
      g.button = (op & 16) != 0;
      g.no_entropy = (op & 32) != 0;
      g.resting = (op & 128) != 0;
      break;
    case 10:
      g.flash_fails = next() % 4 == 0;
      break;
    default:  // off and on again
      g.cause = (next() & 1) ? msg::ResetCause::kPowerOn : msg::ResetCause::kWatchdog;
      longjmp(s_reset, 1);
  }
  return true;
}

void sleep_until(uint64_t) {
  if (g.expect_type != 0 && g.to_console_at == g.to_console_size) {
    if (g.answers != (g.twice ? 2u : 1u)) fail("a request was not answered once");
    g.expect_type = 0;
  }
  if (g.to_console_at < g.to_console_size) return;  // a poll takes so much at once
  if (g.sealed) {
    uint8_t now[32];
    hash_records(now);
    if (memcmp(now, g.records_before, sizeof now) != 0) fail("a locked board's records have changed");
  }
  if (!play()) longjmp(s_over, 1);
}

}  // namespace mehr::hal

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FrameReceiver host(false);
  memset(&g, 0, sizeof g);
  memset(g.flash, 0xff, sizeof g.flash);
  g.host = &host;
  g.random = 1;
  g.cause = msg::ResetCause::kPowerOn;
  g.input = data;
  g.input_end = data + size;
  if (setjmp(s_over)) return 0;
  setjmp(s_reset);
  put_state_back();
  fuzz_core_reset();
  host = FrameReceiver(false);
  g.now = 0;
  g.expect_type = 0;
  console::init();
  relay::run();
}
