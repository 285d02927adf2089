// A scripted life of a relay, with the power cut at every flash operation of it.
//
// Before each operation this process forks. The child's flash is left as a cut leaves it; the child boots from that,
// checks, and goes on for a while; the parent carries on as if nothing had happened. While a child boots, the power is
// cut once more, at every operation of that boot. What the children find is counted in shared memory; a child that finds
// something wrong says so in one line and ends with 1.
//
//   power-cut CONFIG TORN JOBS DAYS
//
// CONFIG: the boot configuration in hex. TORN: how many of the three ways to tear an operation are tried at each (1: in
// turn). JOBS: children at a time. DAYS: how long the script's second half lasts; 0 is another script, in which the relay is
// provisioned, reset and restored by the runtime's own functions, and the power is cut while those change several records at
// once, in all three ways. Prints one JSON object.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "flash.h"
#include "mehr_abi.h"
#include "node.h"
#include "provisioning.h"
#include "records_kept.h"
#include "stop.h"
#include "world.h"

namespace power_cut {

static constexpr uint64_t kSecondMs = 1000, kMinuteMs = 60'000, kHourMs = 3'600'000;
/// A link and the announces over it are there after this long, at the latest: with the hour's airtime used up before
/// the cut, and as much again counted for what the record reserved, it takes an hour and some minutes.
static constexpr uint64_t kAgainMs = 2 * kHourMs;
/// A message of the social family (registry section 2), priority P1.
static constexpr uint8_t kContext = 0xf7, kQos = 0x40;
static constexpr size_t kIdSize = 16;
static constexpr size_t kDestinationSize = 48;  // of the Destinations reply: address, public key
static constexpr unsigned kKeys = 64;

/// What the children found, and how often.
struct Found {
  unsigned long cuts, cuts_in_boot, old_value, new_value, between, announced, messages;
  unsigned long cuts_in_sets, old_sets, new_sets;
  unsigned long cut_in[kKeys];
};

static Found* s_found;
static FlashRecords s_records;
static KeptRecords s_peer_records;
static Node* s_subject;
static Node* s_peer;
static World* s_world;

static unsigned s_torn = 1, s_jobs = 2, s_running;
static bool s_failed;
/// 0: the script; 1: after a cut; 2: after a cut in the boot after a cut.
static unsigned s_depth;
static bool s_booting;
/// The record that was being written when the power was cut, or -1.
static int s_cut_key;
static const char* s_step = "";
static std::string s_where;  // the cuts so far
static std::string s_refused;

/// What the node has shown the outside of its records.
struct Shown {
  Bytes keep;     // entries that must be there
  Bytes allowed;  // entries that may be there
  unsigned more;  // entries beyond those
};
static Bytes s_id;
static Shown s_trusted, s_destinations;
/// The same when what is being changed at once is new; an empty id: a new one.
static Bytes s_id_after;
static Shown s_trusted_after, s_destinations_after;
/// The script is that of changes at once.
static bool s_sets;

[[noreturn]] void stop(const char* format, ...) {
  char text[400];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  dprintf(2, "%s%s: %s\n", s_where.empty() ? "no cut, in " : s_where.c_str(), s_where.empty() ? s_step : "", text);
  _exit(1);
}

// --- commands --------------------------------------------------------------------------------------------------------

static uint32_t ask(Node& node, const Bytes& command, Bytes& reply) { return node.command(s_world->now(), command, reply); }

/// The Status counters of a node, u32 each; empty when the core has no such command.
static uint32_t counter(Node& node, unsigned which) {
  Bytes reply;
  if (ask(node, {MEHR_COMMAND_STATUS}, reply) != MEHR_STATUS_OK) return 0;
  size_t at = 55 + 4 * which;  // behind the StatusReport of toolchain/console/schema.ts
  if (at + 4 > reply.size()) stop("the Status reply has %zu bytes", reply.size());
  uint32_t value;
  memcpy(&value, &reply[at], sizeof value);
  return value;
}

/// The list a command shows; empty for a core that does not know the command.
static Bytes list(uint8_t command) {
  Bytes reply;
  ask(*s_subject, {command}, reply);
  return reply;
}

static bool holds(const Bytes& entries, size_t size, const uint8_t* entry) {
  for (size_t at = 0; at + size <= entries.size(); at += size) {
    if (memcmp(&entries[at], entry, size) == 0) return true;
  }
  return false;
}

static Bytes without(const Bytes& entries, size_t size, const Bytes& id) {
  Bytes left;
  for (size_t at = 0; at + size <= entries.size(); at += size) {
    if (memcmp(&entries[at], id.data(), id.size()) == 0) continue;
    left.insert(left.end(), entries.begin() + static_cast<long>(at), entries.begin() + static_cast<long>(at + size));
  }
  return left;
}

static void settled() {
  Bytes trusted = list(MEHR_COMMAND_TRUSTED), destinations = list(MEHR_COMMAND_DESTINATIONS);
  s_trusted = {trusted, trusted, 0};
  s_destinations = {destinations, destinations, 0};
}

static void check_list(const char* what, uint8_t command, size_t size, const Shown& shown) {
  Bytes now = list(command);
  if (now.size() % size != 0) stop("the %s reply has %zu bytes", what, now.size());
  for (size_t at = 0; at < shown.keep.size(); at += size) {
    if (!holds(now, size, &shown.keep[at])) stop("one of the %s is gone", what);
  }
  unsigned more = 0;
  for (size_t at = 0; at < now.size(); at += size) {
    if (!holds(shown.allowed, size, &now[at])) more++;
    for (size_t other = 0; other < at; other += size) {
      if (memcmp(&now[at], &now[other], size) == 0) stop("one of the %s is there twice", what);
    }
  }
  if (more > shown.more) stop("%u of the %s come from nowhere", more, what);
}

/// Gives the subject a command of the script, and lets some time pass. One it does not know yet is noted.
static Bytes tell(const char* step, const Bytes& command, uint64_t then_ms) {
  s_step = step;
  Bytes reply;
  uint32_t status = ask(*s_subject, command, reply);
  if (status != MEHR_STATUS_OK) {
    char text[80];
    snprintf(text, sizeof text, "%s\"%s\": %u", s_refused.empty() ? "" : ", ", step, status);
    if (s_refused.find(std::string("\"") + step + "\"") == std::string::npos) s_refused += text;
  }
  settled();
  s_world->run(then_ms);
  return reply;
}

// --- the cut ---------------------------------------------------------------------------------------------------------

static void boot() {
  if (s_subject->on()) s_subject->power_off();
  s_subject->set_config(provisioned_config());
  s_booting = true;
  uint32_t status = s_subject->boot(s_world->now());
  s_booting = false;
  if (status != MEHR_STATUS_OK) stop("the node does not boot: status %u", status);
}

/// What was changed at once is new.
static void adopt() {
  s_id = s_id_after;
  s_trusted = s_trusted_after;
  s_destinations = s_destinations_after;
}

/// After the power came back: what is stored, and what the core makes of it.
static void restart(bool identity_known) {
  s_records.mount();
  bool was_set = s_records.in_set(), was_writing = was_set || s_records.writing() >= 0;
  bool is_new = s_records.check();
  if (was_set) __atomic_fetch_add(is_new ? &s_found->new_sets : &s_found->old_sets, 1, __ATOMIC_RELAXED);
  if (was_set && is_new) adopt();
  if (!was_writing) {
    __atomic_fetch_add(&s_found->between, 1, __ATOMIC_RELAXED);
  } else {
    __atomic_fetch_add(is_new ? &s_found->new_value : &s_found->old_value, 1, __ATOMIC_RELAXED);
  }
  Values before = s_records.values();
  boot();
  for (const auto& [key, value] : before) {
    // Those two say how far it went, and may be raised.
    if (key == MEHR_RECORD_KEY_AIRTIME || key == MEHR_RECORD_KEY_SEQUENCES) continue;
    auto now = s_records.values().find(key);
    if (now == s_records.values().end() || now->second != value) stop("the boot changed record %u", key);
  }
  if (identity_known && !s_id.empty() && s_subject->id() != s_id) stop("the node came back under another address");
  s_id = s_subject->id();
  if (!s_destinations.keep.empty()) check_list("destinations", MEHR_COMMAND_DESTINATIONS, kDestinationSize, s_destinations);
  check_list("trusted peers", MEHR_COMMAND_TRUSTED, kIdSize, s_trusted);
}

static uint64_t sequence_end(const Values& values, size_t i) {
  auto record = values.find(MEHR_RECORD_KEY_SEQUENCES);
  uint64_t end = 0;
  if (record != values.end() && record->second.size() >= 8 * i + 8) memcpy(&end, &record->second[8 * i], 8);
  return end;
}

/// The peer knows the announces of before. It takes in new ones only if their numbers are greater.
static void check_announces() {
  unsigned destinations = static_cast<unsigned>(list(MEHR_COMMAND_DESTINATIONS).size() / kDestinationSize);
  uint32_t accepted = counter(*s_peer, MEHR_COUNTER_ANNOUNCES_ACCEPTED);
  uint32_t stale = counter(*s_peer, MEHR_COUNTER_ANNOUNCES_STALE);
  uint32_t forged = counter(*s_peer, MEHR_COUNTER_ANNOUNCES_FORGED);
  Values before = s_records.values();
  uint64_t until = s_world->now() + kAgainMs;
  uint32_t now = accepted;
  while (now - accepted < destinations) {
    if (s_world->now() >= until) stop("the peer took in %u of %u new announces", now - accepted, destinations);
    s_world->run(kSecondMs);
    now = counter(*s_peer, MEHR_COUNTER_ANNOUNCES_ACCEPTED);
  }
  if (counter(*s_peer, MEHR_COUNTER_ANNOUNCES_STALE) != stale) stop("an announce has a number used before");
  if (counter(*s_peer, MEHR_COUNTER_ANNOUNCES_FORGED) != forged) stop("an announce is taken for forged");
  unsigned further = 0;
  for (size_t i = 0; i < kKeys / 8; i++) {
    uint64_t was = sequence_end(before, i), is = sequence_end(s_records.values(), i);
    if (is < was) stop("the numbers reserved for destination %zu went back", i);
    if (is > was) further++;
  }
  if (further < destinations) stop("numbers are reserved anew for %u of %u destinations", further, destinations);
  __atomic_fetch_add(&s_found->announced, 1, __ATOMIC_RELAXED);
}

/// What the peer seals to the announced ratchets arrives and opens, at every destination: their private keys are there.
static void check_messages() {
  Bytes destinations = list(MEHR_COMMAND_DESTINATIONS);
  for (size_t at = 0; at < destinations.size(); at += kDestinationSize) {
    Bytes sent(&destinations[at], &destinations[at] + kIdSize);
    sent.insert(sent.end(), {kContext, 1, static_cast<uint8_t>(at)});
    Bytes command{MEHR_COMMAND_SEND, kQos, 0}, reply;
    command.insert(command.end(), sent.begin(), sent.end());
    uint32_t status = ask(*s_peer, command, reply);
    if (status != MEHR_STATUS_OK) stop("the peer cannot send: status %u", status);
    uint64_t until = s_world->now() + kAgainMs;
    while (s_subject->messages().empty() || s_subject->messages().back() != sent) {
      if (s_world->now() >= until) stop("a message to destination %zu did not come or open", at / kDestinationSize);
      s_world->run(kSecondMs);
    }
  }
  __atomic_fetch_add(&s_found->messages, destinations.size() / kDestinationSize, __ATOMIC_RELAXED);
}

/// Messages of two air frames to the peer, as many as the law lets through and more.
static void burst(uint64_t ms) {
  uint64_t until = s_world->now() + ms;
  while (s_world->now() < until) {
    Bytes command{MEHR_COMMAND_SEND, kQos, 0}, reply;
    command.insert(command.end(), s_peer->id().begin(), s_peer->id().end());
    command.insert(command.end(), {kContext, 1});
    command.resize(command.size() + 400);
    // It will be refused once the queue is full.
    ask(*s_subject, command, reply);
    s_world->run(kSecondMs);
  }
}

/// The child's life after the cut; `linked`: the two nodes had a link before. Does not return.
[[noreturn]] static void live_on(bool identity_known, bool linked) {
  s_subject->power_off();
  s_world->run(kSecondMs);
  restart(identity_known);
  if (s_depth == 1) {
    settled();
    s_step = "the time after the cut";
    if (linked) {
      check_announces();
      if (!s_sets) check_messages();
      if (s_cut_key == MEHR_RECORD_KEY_AIRTIME) burst(10 * kMinuteMs);
    }
    s_subject->power_off();
    s_world->run(kSecondMs);
    s_step = "a reboot after the cut";
    restart(true);
  }
  _exit(s_failed ? 1 : 0);
}

static void wait_for_one() {
  int status = 0;
  if (wait(&status) < 0) stop("a child is lost");
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) s_failed = true;
  if (WIFSIGNALED(status)) dprintf(2, "%s%s: a child died of signal %d\n", s_where.c_str(), s_step, WTERMSIG(status));
  s_running--;
}

static void before_operation(unsigned long operation) {
  static const char* const kTornText[kTornCount] = {"not begun", "torn", "done"};
  bool cut_here = s_depth == 0 || (s_depth == 1 && s_booting && (!s_sets || s_torn == kTornCount));
  if (s_sets && s_depth == 0 && !s_records.in_set()) return;
  if (!cut_here || s_failed) return;
  // Cut before the first boot is over, the node may come back with a new identity, or with one nobody knows yet.
  bool identity_known = !s_id.empty();
  bool linked = s_depth == 0 && identity_known && counter(*s_peer, MEHR_COUNTER_ANNOUNCES_ACCEPTED) > 0;
  for (unsigned i = 0; i < (s_sets ? kTornCount : s_torn); i++) {
    // A record takes three operations, so a turn of three would always tear the same one in the same way.
    unsigned torn = static_cast<unsigned>((operation + operation / kTornCount + i) % kTornCount);
    while (s_running >= (s_depth == 0 ? s_jobs : 1)) wait_for_one();
    s_running++;
    pid_t child = fork();
    if (child < 0) stop("fork failed");
    if (child > 0) continue;
    s_running = 0;
    s_depth++;
    int key = s_cut_key = s_records.writing();
    __atomic_fetch_add(s_depth == 1 ? &s_found->cuts : &s_found->cuts_in_boot, 1, __ATOMIC_RELAXED);
    if (s_records.in_set()) __atomic_fetch_add(&s_found->cuts_in_sets, 1, __ATOMIC_RELAXED);
    if (key >= 0) __atomic_fetch_add(&s_found->cut_in[key % static_cast<int>(kKeys)], 1, __ATOMIC_RELAXED);
    char text[200];
    snprintf(text, sizeof text, "%scut at operation %lu (%s, %s) of \"%s\", record %d", s_depth == 1 ? "" : ", then ",
             operation, flash::describe(), kTornText[torn], s_step, key);
    s_where += text;
    Random random{operation * 3 + torn + 1};
    flash::tear(static_cast<Torn>(torn), random);
    // Nothing below this frame is gone back to: the core's instance and the store are made anew.
    live_on(identity_known, linked);
  }
  if (s_depth > 0) {
    while (s_running > 0) wait_for_one();
  }
}

// --- the script ------------------------------------------------------------------------------------------------------

static Bytes id_of(unsigned number) {
  Bytes id(kIdSize);
  for (size_t i = 0; i < kIdSize; i++) id[i] = static_cast<uint8_t>(number * 31 + i * 7 + 1);
  return id;
}

static Bytes with(uint8_t command, const Bytes& body) {
  Bytes bytes{command};
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

static void reboot() {
  s_step = "a reboot";
  s_subject->power_off();
  s_world->run(kSecondMs);
  restart(true);
  settled();
}

static void trust(unsigned number) {
  Bytes id = id_of(number);
  s_trusted.allowed.insert(s_trusted.allowed.end(), id.begin(), id.end());
  tell("Trust", with(MEHR_COMMAND_TRUST, id), kSecondMs);
}

static void distrust(unsigned number) {
  s_trusted.keep = without(s_trusted.allowed, kIdSize, id_of(number));
  tell("Distrust", with(MEHR_COMMAND_DISTRUST, id_of(number)), kSecondMs);
}

static Bytes add_destination() {
  s_destinations.more = 1;
  return tell("DestinationAdd", {MEHR_COMMAND_DESTINATION_ADD}, kMinuteMs);
}

static void remove_destination(const Bytes& id) {
  s_destinations.keep = without(s_destinations.allowed, kDestinationSize, id);
  tell("DestinationRemove", with(MEHR_COMMAND_DESTINATION_REMOVE, id), kMinuteMs);
}

static void script(unsigned days) {
  s_step = "the first boot";
  s_records.mount();
  boot();
  s_id = s_subject->id();
  if (s_peer->boot(s_world->now()) != MEHR_STATUS_OK) stop("the peer does not boot");
  settled();
  s_world->run(3 * kMinuteMs);

  Bytes added[3];
  for (Bytes& id : added) id = add_destination();
  for (unsigned i = 0; i < 20; i++) trust(i);
  distrust(3);
  distrust(18);
  tell("Signal", {MEHR_COMMAND_SIGNAL, 1, 7, 0, 0, 0, 1}, kMinuteMs);
  s_step = "an hour";
  s_world->run(kHourMs);
  reboot();
  s_step = "the time after a reboot";
  s_world->run(10 * kMinuteMs);

  // More announces than a block of numbers holds.
  for (unsigned i = 0; i < 300; i++) tell("Announce", {MEHR_COMMAND_ANNOUNCE}, 2 * kSecondMs);
  s_step = "a burst";
  burst(15 * kMinuteMs);
  reboot();
  s_step = "a burst after a reboot";
  burst(15 * kMinuteMs);
  s_step = "the time after the bursts";
  s_world->run(kHourMs);
  distrust(0);
  trust(100);
  remove_destination(added[0]);
  add_destination();
  for (unsigned day = 0; day < days; day++) {
    s_step = "a day";
    s_world->run(24 * kHourMs);
  }
  remove_destination(added[1]);
  remove_destination(added[2]);
  reboot();
  s_step = "the end";
  s_world->run(kHourMs);
}

// --- the script of changes at once -----------------------------------------------------------------------------------

void start_subject() { boot(); }

/// Changes several records at once by `change`, which must leave exactly `after`; then the node is what it says beforehand
/// in s_id_after and the like.
template <class Change>
static void at_once(const char* step, const Values& after, const Change& change) {
  s_step = step;
  s_records.begin_set(after);
  uint32_t status = change();
  if (status != MEHR_STATUS_OK) stop("status %u", status);
  s_records.end_set();
  if (s_failed) return;
  // Off and on, as after a factory reset.
  s_subject->power_off();
  s_world->run(kSecondMs);
  adopt();
  restart(true);
  settled();
  s_step = "the time after it";
  s_world->run(kHourMs);
}

static Shown peers_from(unsigned first, unsigned count) {
  Bytes ids;
  for (unsigned i = 0; i < count; i++) {
    Bytes id = id_of(first + i);
    ids.insert(ids.end(), id.begin(), id.end());
  }
  return {ids, ids, 0};
}

static void commit_draft(const char* step, const char* name, uint8_t price, const Shown& peers) {
  s_id_after = s_id;
  s_destinations_after = s_destinations;
  s_trusted_after = peers;
  Bytes draft = make_draft(name, price, peers.keep);
  at_once(step, after_commit(s_records.values(), draft), [&] { return commit(draft); });
}

static void script_of_sets() {
  s_step = "the first boot";
  s_records.mount();
  boot();
  s_id = s_subject->id();
  if (s_peer->boot(s_world->now()) != MEHR_STATUS_OK) stop("the peer does not boot");
  settled();
  s_world->run(3 * kMinuteMs);
  add_destination();
  trust(50);
  tell("Signal", {MEHR_COMMAND_SIGNAL, 1, 7, 0, 0, 0, 1}, kMinuteMs);
  s_step = "an hour";
  s_world->run(kHourMs);

  commit_draft("provisioning", "first", 5, peers_from(0, 20));
  commit_draft("provisioning again", "another name", 9, peers_from(3, 9));
  commit_draft("a new name alone", "a third name", 9, peers_from(3, 9));
  const Bytes box = backup();
  const Bytes id = s_id;
  const Shown trusted = s_trusted, destinations = s_destinations;
  // More numbers than the backup knows of.
  for (unsigned i = 0; i < 300; i++) tell("Announce", {MEHR_COMMAND_ANNOUNCE}, 2 * kSecondMs);
  reboot();

  s_id_after = s_id;
  s_destinations_after = s_destinations;
  s_trusted_after = peers_from(0, 0);
  at_once("a factory reset that keeps the identity", after_reset(s_records.values(), false),
          [] { return reset(false); });
  s_id_after.clear();
  s_destinations_after = {{}, {}, 1};
  at_once("a factory reset that forgets it", after_reset(s_records.values(), true), [] { return reset(true); });
  if (s_id == id) stop("the identity was not forgotten");
  s_id_after = id;
  s_trusted_after = trusted;
  s_destinations_after = destinations;
  at_once("a restore", after_restore(s_records.values(), box), [&] { return restore(box); });
  reboot();
  check_announces();
}

static Bytes unhex(const char* text) {
  Bytes bytes;
  for (; text[0] && text[1]; text += 2) {
    char digits[3] = {text[0], text[1], 0};
    bytes.push_back(static_cast<uint8_t>(strtoul(digits, nullptr, 16)));
  }
  return bytes;
}

static void report() {
  printf("{\"operations\": %lu, \"erases\": %lu, \"cuts\": %lu, \"cutsInBoot\": %lu, \"old\": %lu, \"new\": %lu, "
         "\"between\": %lu, ",
         flash::operations(), flash::erases(), s_found->cuts, s_found->cuts_in_boot, s_found->old_value,
         s_found->new_value, s_found->between);
  printf("\"announced\": %lu, \"messages\": %lu, \"peerAccepted\": %u, \"refused\": {%s}, \"records\": {",
         s_found->announced, s_found->messages, counter(*s_peer, MEHR_COUNTER_ANNOUNCES_ACCEPTED), s_refused.c_str());
  const char* comma = "";
  for (const auto& [key, changes] : s_records.changes()) {
    printf("%s\"%u\": {\"changes\": %u, \"cuts\": %lu}", comma, key, changes, s_found->cut_in[key % kKeys]);
    comma = ", ";
  }
  printf("}, \"sets\": {\"cuts\": %lu, \"old\": %lu, \"new\": %lu}}\n", s_found->cuts_in_sets, s_found->old_sets,
         s_found->new_sets);
}

}  // namespace power_cut

int main(int argc, char** argv) {
  using namespace power_cut;
  if (argc != 5) stop("usage: power-cut CONFIG TORN JOBS DAYS");
  Bytes config = unhex(argv[1]);
  s_torn = static_cast<unsigned>(atoi(argv[2]));
  s_jobs = static_cast<unsigned>(atoi(argv[3]));
  void* shared = mmap(nullptr, sizeof(Found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED || config.size() < 28) stop("no memory, or no configuration");
  s_found = static_cast<Found*>(shared);
  flash::erase_all();
  flash::watch(before_operation);
  static Node subject(kSubject, s_records, config, 1), peer(kPeer, s_peer_records, config, 2);
  provisioning_begin(s_records, subject);
  static World world(subject, peer, static_cast<uint32_t>(config[24] | config[25] << 8));
  s_subject = &subject;
  s_peer = &peer;
  s_world = &world;
  unsigned days = static_cast<unsigned>(atoi(argv[4]));
  s_sets = days == 0;
  if (s_sets) {
    script_of_sets();
  } else {
    script(days);
  }
  while (s_running > 0) wait_for_one();
  report();
  return s_failed ? 1 : 0;
}
