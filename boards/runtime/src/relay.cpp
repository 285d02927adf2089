#include "relay.h"

#include <string.h>

#include "bytes.h"
#include "console.h"
#include "core.h"
#include "engine.h"
#include "hal.h"
#include "inbox.h"
#include "provision.h"
#include "records.h"
#include "restart.h"
#include "text.h"

namespace mehr::relay {

// The configuration in force, at least 32 bytes (provision.h), and what the region asks of every transmission beside the
// core's ledger (boards/config.ts): silence after it, and a channel that was below the threshold for so long before it.
// 0 is no such rule.
static const uint8_t* config() {
  size_t length;
  return provision::boot_config(length);
}
static bool transmits() { return (config()[1] & 1) != 0; }
static uint32_t pause_ms() { return config()[27]; }
static int16_t lbt_threshold_dbm() { return static_cast<int8_t>(config()[28]); }
static uint32_t lbt_ms() { return config()[29]; }

// Frames taken in one step; a flood from the air must not keep the console and the timer waiting.
static constexpr int kFramesPerStep = 32;
static constexpr uint64_t kNever = UINT64_MAX;
// How much longer than the core reckons a radio may have a frame in the air: an oscillator's start, a host's latency.
static constexpr uint64_t kLateEndMs = 500;

static Mode s_mode = Mode::kLive;
static enum mehr_status s_fatal = MEHR_STATUS_OK;
static uint8_t s_node_id[16];
static RelayCounters s_counters;
static uint64_t s_deadline = kNever;
static bool s_clock_told;   // since the core was started
// Of the frame of the radio that the core is handling.
static int16_t s_rssi_dbm = inbox::kNoSignal, s_snr_qdb = inbox::kNoSignal;
static bool s_for_command;  // core::outputs() belongs to a COMMAND reply instead of going out as they come

static bool flash_read(size_t offset, void* out, size_t n) { return hal::flash_read(offset, out, n) == hal::Code::kOk; }
static bool flash_program(size_t offset, const void* bytes, size_t n) {
  return hal::flash_program(offset, bytes, n) == hal::Code::kOk;
}
static bool flash_erase(size_t page) { return hal::flash_erase(page) == hal::Code::kOk; }

RecordStore& records() {
  static RecordStore store({hal::flash_page_size(), hal::flash_page_count(), flash_read, flash_program, flash_erase});
  return store;
}

// Events leave after the core call that made them, so the console's speed is not part of what on_frame takes. What a
// command answers is for who asked alone.
void send_events() {
  const uint8_t* p = core::outputs().data();
  const uint8_t* end = p + core::outputs().size();
  while (p < end) {
    size_t length = load_u16(p + 1);
    const uint8_t* event = p + Outputs::kItemHeader;
    if (p[0] == kOutputEvent && length > 0 && event[0] != MEHR_EVENT_REPLY) {
      console::event(event[0], s_rssi_dbm, s_snr_qdb, event + 1, length - 1);
    }
    p += Outputs::kItemHeader + length;
  }
  core::outputs().clear();
}

// Time spent waiting for peripherals inside a core call. It is taken off boot_ticks and last_frame_ticks, which are to
// say what the core costs, the same in every run.
static uint64_t s_waited_ticks;
struct PeripheralWait {
  uint64_t start = hal::ticks();
  ~PeripheralWait() { s_waited_ticks += hal::ticks() - start; }
};

static int32_t live_entropy(uint8_t* out, uint32_t length) {
  PeripheralWait wait;
  return hal::entropy(out, length) == hal::Code::kOk ? MEHR_STATUS_OK : MEHR_STATUS_NO_ENTROPY;
}

static hal::RadioConfig radio_config(const uint8_t* bytes) {
  hal::RadioConfig radio = {};
  radio.spreading_factor = bytes[5];
  radio.coding_rate = bytes[6];
  radio.power_dbm = static_cast<int8_t>(bytes[7]);
  radio.preamble = load_u16(bytes + 8);
  radio.sync_word = bytes[10];
  radio.frequency_hz = load_u32(bytes + 12);
  radio.bandwidth_hz = load_u32(bytes + 16);
  return radio;
}

// Sends a frame without CAD right behind the one in the air. The core reckons that one's end from the time of its call,
// and knows nothing of the CAD (at most 17 symbols) that came between the call and the transmission.
static hal::Code send_behind(const uint8_t* frame, size_t length) {
  hal::RadioConfig radio = radio_config(config());
  uint64_t cad_ms = (UINT64_C(17000) << radio.spreading_factor) / radio.bandwidth_hz;
  uint64_t give_up = hal::now_ms() + cad_ms + kLateEndMs;
  for (;;) {
    hal::Code code = hal::radio_send(frame, length);
    if (code != hal::Code::kBusy || hal::now_ms() >= give_up) return code;
    hal::sleep_until(give_up);
  }
}

// Time on air of a frame with explicit header and CRC, rounded up (AN1200.13; SX1261/2 datasheet rev 2.1 section 6.1.4).
static uint64_t on_air_ms(size_t length) {
  hal::RadioConfig radio = radio_config(config());
  uint32_t sf = radio.spreading_factor;
  bool narrow = (UINT64_C(1000) << sf) >= UINT64_C(16) * radio.bandwidth_hz;  // low data rate: symbols of 16 ms
  uint32_t group = 4 * (narrow ? sf - 2 : sf);
  int32_t bits = static_cast<int32_t>(8 * length) - static_cast<int32_t>(4 * sf) + 36 + (sf < 7 ? 0 : 8);
  uint32_t groups = bits > 0 ? (static_cast<uint32_t>(bits) + group - 1) / group : 0;
  uint64_t quarters = 4 * (UINT64_C(8) + radio.preamble + groups * radio.coding_rate) + (sf < 7 ? 25 : 17);
  return ((quarters * 250 << sf) + radio.bandwidth_hz - 1) / radio.bandwidth_hz;
}

// When the pause after the last transmission is over. That began later than the core reckons, by what came before it; a
// frame that comes too early is told that the radio is busy, and the core tries again.
static uint64_t s_silent_until;

static hal::Code send_if_free(const uint8_t* frame, size_t length) {
  bool busy = false;
  hal::Code code = hal::now_ms() < s_silent_until ? hal::Code::kBusy : hal::radio_cad(busy);
  // Last, so that nothing comes between the listening and the transmission.
  if (code == hal::Code::kOk && !busy && lbt_ms() != 0) {
    code = hal::radio_clear(lbt_threshold_dbm(), lbt_ms(), busy);
  }
  if (code == hal::Code::kOk && busy) code = hal::Code::kBusy;
  if (code == hal::Code::kOk) code = hal::radio_send(frame, length);
  // A radio that failed may have been on the air all the same.
  bool silent = pause_ms() == 0 || code == hal::Code::kBusy || code == hal::Code::kTimeout;
  if (!silent) s_silent_until = hal::now_ms() + 1 + on_air_ms(length) + pause_ms();
  return code;
}

static int32_t live_frame_send(uint32_t port, const uint8_t* frame, uint32_t length, uint32_t flags) {
  if (port != kRadioPort) return MEHR_STATUS_BAD_INTERFACE;
  if (length == 0 || length > hal::kRadioFrameMax) return MEHR_STATUS_RADIO_FAILED;
  // The core asks the configuration too; a shell that never transmits unprovisioned does not have to trust it.
  if (!transmits()) return MEHR_STATUS_TRANSMIT_OFF;
  PeripheralWait wait;
  // The core does not ask for it where a pause or listening is the law; whatever core is loaded, it is not done there.
  bool behind = (flags & MEHR_FRAME_FLAG_CONTINUE) != 0 && pause_ms() == 0 && lbt_ms() == 0;
  hal::Code code = behind ? send_behind(frame, length) : send_if_free(frame, length);
  if (code == hal::Code::kBusy || code == hal::Code::kTimeout) {
    saturating_increment(s_counters.tx_busy);
    return MEHR_STATUS_RADIO_BUSY;
  }
  if (code != hal::Code::kOk) return MEHR_STATUS_RADIO_FAILED;
  saturating_increment(s_counters.frames_tx);
  uint8_t prefix[2] = {static_cast<uint8_t>(port), static_cast<uint8_t>(flags)};
  if (s_for_command) core::outputs().add(kOutputFrame, prefix, sizeof prefix, frame, length);
  return MEHR_STATUS_OK;
}

static int32_t live_record_put(uint32_t key, const uint8_t* bytes, uint32_t length) {
  RecordResult result = records().put(key, bytes, length);
  if (result != RecordResult::kOk) {
    bool full = result == RecordResult::kFull;
    console::log(console::kLogError, mehr_status_sentence(full ? MEHR_STATUS_STORAGE_FULL : MEHR_STATUS_FLASH_FAILED));
    return MEHR_STATUS_RECORD_FAILED;
  }
  uint8_t prefix[2];
  store_u16(prefix, static_cast<uint16_t>(key));
  if (s_for_command) core::outputs().add(kOutputRecordPut, prefix, sizeof prefix, bytes, length);
  return MEHR_STATUS_OK;
}

static int32_t live_record_get(uint32_t key, uint8_t* out, uint32_t capacity) {
  size_t length = 0;
  RecordResult result = records().get(key, out, capacity, length);
  if (result == RecordResult::kMissing) return -MEHR_STATUS_RECORD_MISSING;
  return result == RecordResult::kOk ? static_cast<int32_t>(length) : -MEHR_STATUS_RECORD_FAILED;
}

static int32_t live_record_delete(uint32_t key) {
  RecordResult result = records().remove(key);
  if (result != RecordResult::kOk && result != RecordResult::kMissing) return MEHR_STATUS_RECORD_FAILED;
  uint8_t prefix[2];
  store_u16(prefix, static_cast<uint16_t>(key));
  if (s_for_command) core::outputs().add(kOutputRecordDelete, prefix, sizeof prefix, nullptr, 0);
  return MEHR_STATUS_OK;
}

static void live_event(uint32_t kind, const uint8_t* bytes, uint32_t length) {
  if (kind == MEHR_EVENT_BOOTED && length == sizeof s_node_id) memcpy(s_node_id, bytes, length);
  uint8_t prefix = static_cast<uint8_t>(kind);
  if (core::outputs().add(kOutputEvent, &prefix, 1, bytes, length) || s_for_command) return;
  send_events();
  if (!core::outputs().add(kOutputEvent, &prefix, 1, bytes, length)) {
    console::log(console::kLogError, mehr_status_sentence(MEHR_STATUS_REPLY_TOO_LONG));
  }
}

static const CoreHost kLiveHost = {live_entropy,    live_frame_send,    live_record_put,
                                   live_record_get, live_record_delete, live_event};

Mode mode() { return s_mode; }
enum mehr_status fatal_status() { return s_fatal; }
const uint8_t* node_id() { return s_node_id; }
const RelayCounters& counters() { return s_counters; }
size_t records_used() { return records().used(); }

static Restart s_restart;
static char s_last_words[161];
static bool s_faulted;  // the CPU has: heap and stack may be in any state

const char* last_words() { return s_last_words; }
bool faulted() { return s_faulted; }

static void take_last_words() {
  hal::last_words_take(s_last_words, sizeof s_last_words);
  s_restart.begin(s_last_words);
  if (s_last_words[0] == 0) return;
  Text<240> text;
  text << "The last run ended by a fault: " << s_last_words;
  console::log(console::kLogWarn, text.c_str());
}

// Once the run has said why it ends.
static void plan_restart(const char* sentence, const char* detail) {
  Restart::Words words;
  uint64_t wait = s_restart.plan(hal::now_ms(), sentence, detail, words);
  hal::last_words_keep(words.c_str());
  Text<160> text;
  text << "The board resets itself in " << static_cast<uint32_t>(wait / 1000) << " s, or when its console has been quiet for "
       << static_cast<uint32_t>(Restart::kConsoleQuietMs / 1000) << " s.";
  console::log(console::kLogWarn, text.c_str());
}

static uint64_t restart_due() {
  return s_mode == Mode::kFatal ? s_restart.due(console::last_heard_ms()) : kNever;
}

void fatal(enum mehr_status status, const char* detail) {
  s_mode = Mode::kFatal;
  s_fatal = status;
  core::outputs().clear();
  console::send_fatal(status, detail);
  // A radio that does not start is tried again without a reset (retry_radio).
  if (status != MEHR_STATUS_RADIO_FAILED) plan_restart(mehr_status_sentence(status), detail);
  core::stop();
}

// After every call into the live core: a broken instance ends the relay, a healthy one names its next deadline.
static void after_call(enum mehr_status status) {
  if (core::broken(status)) return fatal(status, engine::detail());
  // hal.h promises that this cannot be. If it is, the relay is deaf for a while, and nothing else would say why. Once is
  // enough: a clock that trembles would flood the console, and the core counts every time.
  if (status == MEHR_STATUS_CLOCK_BACKWARDS && !s_clock_told) {
    s_clock_told = true;
    console::log(console::kLogWarn, "The board's clock ran backwards; the core refuses every call until it has caught up.");
  }
  status = core::deadline(s_deadline);
  if (status != MEHR_STATUS_OK) return fatal(status, engine::detail());
  if (!s_for_command) send_events();
}

// A radio that does not start (a supply that rises slowly at dawn, a chip that latched up) is tried again and again: on a
// roof nobody else does. Until then the board says what is wrong and answers its console.
static constexpr uint64_t kRadioRetryMs = 60000;
static uint64_t s_radio_retry_ms;  // 0: it has started, or was never reached

hal::Code set_radio(const uint8_t* bytes) {
  hal::Code code = hal::radio_begin(radio_config(bytes));
  s_radio_retry_ms = code == hal::Code::kOk ? 0 : hal::now_ms() + kRadioRetryMs;
  return code;
}

// Instead of a configuration that was provisioned, and that core or radio no longer take: an image with another core, or
// for another board. The relay only listens then, and keeps its PIN.
static void distrust(const char* who) {
  provision::distrust_config();
  Text<160> text;
  text << who << " does not take the provisioned configuration: the board only listens until it is provisioned again.";
  console::log(console::kLogError, text.c_str());
}

static bool start_radio() {
  hal::Code code = set_radio(config());
  if (code == hal::Code::kRange && provision::config_is_stored()) {
    distrust("The radio");
    code = set_radio(config());
  }
  return code == hal::Code::kOk;
}

static enum mehr_status start_core() {
  core::outputs().clear();
  s_for_command = false;
  s_clock_told = false;
  s_deadline = kNever;
  s_waited_ticks = 0;
  uint64_t before = hal::ticks();
  size_t length;
  const uint8_t* config = provision::boot_config(length);
  enum mehr_status status = core::start(kLiveHost);
  if (status == MEHR_STATUS_OK) status = core::boot(hal::now_ms(), config, length);
  s_counters.boot_ticks = hal::ticks() - before - s_waited_ticks;
  return status;
}

enum mehr_status resume() {
  enum mehr_status status = start_core();
  bool refused = status == MEHR_STATUS_BAD_CONFIG || status == MEHR_STATUS_CONFIG_UNLAWFUL;
  if (refused && provision::config_is_stored()) {
    distrust("The core");
    if (!start_radio()) status = MEHR_STATUS_RADIO_FAILED;
    else status = start_core();
  }
  if (status != MEHR_STATUS_OK) {
    // A core that will not boot is as useless as one that trapped: the board says why and stays reachable.
    fatal(status, engine::detail());
    return status;
  }
  s_mode = Mode::kLive;
  after_call(status);
  return s_fatal;
}

void suspend() {
  core::stop();
  s_mode = Mode::kReplay;
  s_deadline = kNever;
}

static bool s_was_live;

enum mehr_status lend() {
  if (s_mode == Mode::kReplay) return MEHR_STATUS_NOT_BOOTED;
  if (s_faulted) return s_fatal;
  s_was_live = s_mode == Mode::kLive;
  core::stop();
  core::outputs().clear();
  s_deadline = kNever;
  return MEHR_STATUS_OK;
}

void give_back() {
  if (s_was_live) resume();
}

enum mehr_status start_over() {
  s_fatal = MEHR_STATUS_OK;
  s_restart.cancel();
  return resume();
}

bool runs_with(const uint8_t* bytes, size_t length) {
  size_t own;
  const uint8_t* config = provision::boot_config(own);
  return s_mode == Mode::kLive && own == length && memcmp(config, bytes, length) == 0;
}

enum mehr_status command(const uint8_t* bytes, size_t length) {
  core::outputs().clear();
  s_for_command = true;
  enum mehr_status status = core::on_command(hal::now_ms(), bytes, length);
  after_call(status);
  s_for_command = false;
  return s_mode == Mode::kFatal ? s_fatal : status;
}

static void run_timer() {
  uint64_t now = hal::now_ms();
  if (s_mode == Mode::kLive && now >= s_deadline) after_call(core::on_timer(now));
}

// True when frames may be left, which the HAL may have taken in already: sleep_until() would not see them.
static bool step() {
  hal::RadioPacket packet;
  int frames = 0;
  while (frames < kFramesPerStep && hal::radio_receive(packet)) {
    frames++;
    // Unless live nobody listens; what is on the air is drained so that it is not mistaken for fresh later.
    if (s_mode != Mode::kLive) continue;
    saturating_increment(s_counters.frames_rx);
    s_waited_ticks = 0;
    s_rssi_dbm = packet.rssi_dbm, s_snr_qdb = packet.snr_qdb;
    uint64_t before = hal::ticks();
    enum mehr_status status =
        core::on_frame(hal::now_ms(), kRadioPort, packet.bytes, packet.length, packet.rssi_dbm, packet.snr_qdb);
    s_counters.last_frame_ticks = hal::ticks() - before - s_waited_ticks;
    after_call(status);
    s_rssi_dbm = s_snr_qdb = inbox::kNoSignal;
    run_timer();
    console::poll();
  }
  run_timer();
  return frames == kFramesPerStep;
}

static void boot() {
  if (resume() == MEHR_STATUS_OK) console::send_ready();
}

// A replay has the board to itself, and a core that ended for another reason is not started by this.
static void retry_radio() {
  if (s_radio_retry_ms == 0 || hal::now_ms() < s_radio_retry_ms || s_mode == Mode::kReplay || !start_radio()) return;
  if (s_mode != Mode::kFatal || s_fatal != MEHR_STATUS_RADIO_FAILED) return;
  s_fatal = MEHR_STATUS_OK;
  boot();
}

[[noreturn]] static void serve() {
  for (;;) {
    console::poll();
    bool resting = hal::resting();
    while (const char* note = hal::next_note()) console::log(console::kLogWarn, note);
    if (resting) {
      // Nothing could be sent, so the core's timers wait too: what a nearly empty cell has left is for the console.
      hal::sleep_until(console::next_report_ms());
      continue;
    }
    retry_radio();
    if (hal::now_ms() >= restart_due()) hal::reset();
    if (step()) continue;
    uint64_t wake = console::next_report_ms();
    if (s_mode == Mode::kLive && s_deadline < wake) wake = s_deadline;
    if (restart_due() < wake) wake = restart_due();
    if (s_radio_retry_ms != 0 && s_mode != Mode::kReplay && s_radio_retry_ms < wake) wake = s_radio_retry_ms;
    hal::sleep_until(wake);
  }
}

void run() {
  take_last_words();
  RecordResult mounted = records().mount();
  enum mehr_status loaded = mounted == RecordResult::kOk ? provision::load() : MEHR_STATUS_FLASH_FAILED;
  if (loaded == MEHR_STATUS_BAD_RECORD) {
    console::log(console::kLogError,
                 "The provisioning record is damaged: the board only listens until it is provisioned again.");
  }
  if (mounted != RecordResult::kOk) {
    fatal(MEHR_STATUS_FLASH_FAILED, "the record area could not be mounted or formatted");
  } else if (loaded == MEHR_STATUS_FLASH_FAILED) {
    fatal(MEHR_STATUS_FLASH_FAILED, "the provisioning record could not be read");
  } else if (!start_radio()) {
    fatal(MEHR_STATUS_RADIO_FAILED, "the radio did not accept the boot configuration; it is tried again every minute");
  } else {
    boot();
  }
  serve();
}

void run_without_core(enum mehr_status status, const char* detail) {
  take_last_words();
  fatal(status, detail);
  serve();
}

void run_after_fault(const char* sentence) {
  hal::watchdog(0);
  // The heap may be in any state, so the engine is forgotten rather than freed.
  engine::forget();
  s_radio_retry_ms = 0;
  s_mode = Mode::kFatal;
  s_fatal = MEHR_STATUS_TRAP;
  s_faulted = true;
  core::outputs().clear();
  console::send_fatal(s_fatal, sentence);
  plan_restart(sentence, "");
  serve();
}

}  // namespace mehr::relay

[[noreturn]] void mehr::hal::fault(const char* sentence) { relay::run_after_fault(sentence); }
