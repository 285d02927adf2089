// Serial frames: COBS edge cases, every refusal by name, and a hundred thousand seeded hostile buffers after each of
// which a good frame must get through.
#include <string.h>

#include "check.h"
#include "frame.h"

using namespace mehr;
using Event = FrameReceiver::Event;

static uint8_t g_wire[4096];
static size_t g_wire_length;
static void wire_sink(const uint8_t* bytes, size_t length) {
  if (g_wire_length + length > sizeof g_wire) return;
  memcpy(g_wire + g_wire_length, bytes, length);
  g_wire_length += length;
}
static void encode(uint8_t type, uint8_t id, const void* payload, size_t length) {
  g_wire_length = 0;
  write_frame(wire_sink, type, id, payload, length);
}
static Event feed(FrameReceiver& rx, const uint8_t* bytes, size_t length) {
  Event last = Event::kNone;
  for (size_t i = 0; i < length; i++) {
    Event event = rx.push(bytes[i]);
    if (event != Event::kNone) last = event;
  }
  return last;
}
static bool refuses(FrameReceiver& rx, const void* bytes, size_t length, FrameError error) {
  uint32_t before = rx.errors(error);
  return feed(rx, static_cast<const uint8_t*>(bytes), length) == Event::kError && rx.last_error() == error &&
         rx.errors(error) == before + 1;
}

static void round_trips() {
  Random random{1};
  static uint8_t payload[kFramePayloadMax];
  FrameReceiver rx(true);
  for (size_t length = 0; length <= kFramePayloadMax; length++) {
    // All zeros, no zeros (254-byte runs) and a mixture: the three shapes COBS treats differently.
    for (int shape = 0; shape < 3; shape++) {
      for (size_t i = 0; i < length; i++) {
        payload[i] = shape == 0 ? 0 : static_cast<uint8_t>(shape == 1 ? 1 + random.below(255) : random.below(3));
      }
      encode(0x11, static_cast<uint8_t>(length), payload, length);
      bool clean = memchr(g_wire, 0, g_wire_length) == g_wire + g_wire_length - 1 && g_wire[0] == 1;
      bool got = feed(rx, g_wire, g_wire_length) == Event::kFrame && rx.frame().type == 0x11 &&
                 rx.frame().id == static_cast<uint8_t>(length) && rx.frame().length == length &&
                 memcmp(rx.frame().payload, payload, length) == 0;
      CHECK(clean && got);
    }
  }
  for (unsigned code = 1; code < kFrameErrorCount; code++) CHECK(rx.errors(code) == 0);
}

static void literal_bytes() {
  // IDENTIFY, id 7: 00 01 07 00 00, CRC-32 fd 86 d1 7b (computed with zlib), then COBS.
  const uint8_t wire[] = {0x01, 0x03, 0x01, 0x07, 0x01, 0x05, 0xfd, 0x86, 0xd1, 0x7b, 0x00};
  encode(0x01, 0x07, nullptr, 0);
  CHECK(g_wire_length == sizeof wire && memcmp(g_wire, wire, sizeof wire) == 0);
  FrameReceiver rx(true);
  CHECK(feed(rx, wire, sizeof wire) == Event::kFrame && rx.frame().length == 0);
}

static void refusals() {
  FrameReceiver rx(true);
  const uint8_t good[] = {0x01, 0x03, 0x01, 0x07, 0x01, 0x05, 0xfd, 0x86, 0xd1, 0x7b, 0x00};
  uint8_t bytes[3000];
  CHECK(refuses(rx, "\x01\x09\x01\x00", 4, kFrameCobs));
  CHECK(refuses(rx, "\x01\x02\x01\x00", 4, kFrameShort));
  memset(bytes, 1, sizeof bytes);
  bytes[2999] = 0;
  CHECK(refuses(rx, bytes, sizeof bytes, kFrameLong));
  memcpy(bytes, good, sizeof good);
  bytes[8] ^= 1;
  CHECK(refuses(rx, bytes, sizeof good, kFrameCrc));
  // Version 1 with nothing else wrong but its CRC: version is what must be said, a newer host wants to know.
  CHECK(refuses(rx, "\x05\x01\x01\x07\x07\x06\x07\x07\x07\x07\x07\x00", 12, kFrameVersion));
  CHECK(refuses(rx, "\x01\x04\x01\x07\x05\x05\xfd\x86\xd1\x7b\x00", 11, kFrameLength));
  CHECK(feed(rx, good, sizeof good) == Event::kFrame);
  const uint8_t empty[5] = {};
  CHECK(feed(rx, empty, sizeof empty) == Event::kNone);

  // A sender that dies mid-frame costs that frame, not the next one.
  CHECK(feed(rx, good, 6) == Event::kNone && rx.mid_frame());
  CHECK(rx.abandon() && rx.last_error() == kFrameShort && !rx.mid_frame());
  CHECK(!rx.abandon());
  CHECK(feed(rx, good, sizeof good) == Event::kFrame);
}

static int g_writes_left;
static bool stalling_write(const uint8_t* bytes, size_t length) {
  if (g_writes_left-- <= 0) return false;
  wire_sink(bytes, length);
  return true;
}
static FrameLine g_line(stalling_write);

// The line stalls after every possible number of writes; once it moves again no whole frame may be lost.
static void stalled_line() {
  auto sink = [](const uint8_t* bytes, size_t length) { g_line.put(bytes, length); };
  const uint8_t payload[6] = {0, 1, 0, 2, 3, 0};
  unsigned bad = 0;
  for (int writes = 0; writes < 12; writes++) {
    g_line = FrameLine(stalling_write);
    g_wire_length = 0;
    g_writes_left = writes;
    write_frame(sink, 0x81, 1, payload, sizeof payload);
    write_frame(sink, 0x81, 2, payload, sizeof payload);
    g_writes_left = 1000;
    write_frame(sink, 0x81, 3, payload, sizeof payload);
    FrameReceiver rx(false);
    bool got = feed(rx, g_wire, g_wire_length) == Event::kFrame && rx.frame().id == 3;
    if (!got || g_line.lost() == 0 || g_line.lost() > 2) bad++;
  }
  CHECK(bad == 0);
}

static void typed_text() {
  FrameReceiver rx(true);
  CHECK(feed(rx, reinterpret_cast<const uint8_t*>("help\r"), 5) == Event::kText);
  CHECK(rx.push('\n') == Event::kNone);  // CR LF is one line
  CHECK(rx.push('\n') == Event::kText);
  const uint8_t good[] = {0x01, 0x03, 0x01, 0x07, 0x01, 0x05, 0xfd, 0x86, 0xd1, 0x7b, 0x00};
  CHECK(feed(rx, reinterpret_cast<const uint8_t*>("half a li"), 9) == Event::kNone);
  CHECK(feed(rx, good, sizeof good) == Event::kFrame);  // a machine takes over mid-line
  uint8_t line[100];
  memset(line, 'x', sizeof line);
  CHECK(refuses(rx, line, sizeof line, kFrameCobs));
  CHECK(rx.push(0) == Event::kNone);
  CHECK(feed(rx, good, sizeof good) == Event::kFrame);
  // A terminal never sends 0x00: after a line too long its Enter alone must bring the console back.
  const uint8_t end[] = {'\r', '\n'};
  CHECK(refuses(rx, line, 81, kFrameCobs));
  CHECK(feed(rx, end, sizeof end) == Event::kNone);
  CHECK(feed(rx, good, sizeof good) == Event::kFrame);
  CHECK(refuses(rx, line, 81, kFrameCobs));
  CHECK(feed(rx, end, 1) == Event::kNone);
  unsigned answers = 0;
  for (const char* c = "help\r\n"; *c; c++) answers += rx.push(static_cast<uint8_t>(*c)) == Event::kText;
  CHECK(answers == 1);
  CHECK(feed(rx, line, 80) == Event::kNone && rx.push('\r') == Event::kText);
  CHECK(refuses(rx, line, sizeof line, kFrameCobs));
  uint32_t counted = rx.errors(kFrameCobs);  // each long line counts once, whatever ends it
  CHECK(feed(rx, good, sizeof good) == Event::kFrame && rx.errors(kFrameCobs) == counted);
  FrameReceiver radio(false);
  CHECK(refuses(radio, "help\r\0", 6, kFrameCobs));
}

static void hostile() {
  Random random{0x6d656872};
  FrameReceiver rx(true);
  static uint8_t bytes[2 * kFramePayloadMax];
  uint8_t payload[64];
  uint64_t refused = 0;
  unsigned lost = 0;
  for (int round = 0; round < 120000; round++) {
    size_t length;
    if (round % 3 == 0) {  // noise; the long kind has no delimiter in it, so some is longer than any frame
      bool is_long = round % 300 == 0;
      length = random.below(is_long ? sizeof bytes : 200);
      for (size_t i = 0; i < length; i++) bytes[i] = static_cast<uint8_t>(is_long ? random.next() | 1 : random.next());
    } else {  // a frame with bytes changed, cut short, or doubled
      size_t n = random.below(sizeof payload);
      for (size_t i = 0; i < n; i++) payload[i] = static_cast<uint8_t>(random.next());
      encode(static_cast<uint8_t>(random.next()), static_cast<uint8_t>(random.next()), payload, n);
      length = g_wire_length;
      memcpy(bytes, g_wire, length);
      for (uint32_t flips = random.below(4); flips > 0; flips--) {
        bytes[random.below(static_cast<uint32_t>(length))] ^= static_cast<uint8_t>(1u << random.below(8));
      }
      if (random.below(2)) length = random.below(static_cast<uint32_t>(length + 1));
    }
    feed(rx, bytes, length);
    // One delimiter ends whatever that was; then a good frame must come through unharmed.
    rx.push(0);
    for (size_t i = 0; i < 16; i++) payload[i] = static_cast<uint8_t>(random.next());
    encode(0x42, static_cast<uint8_t>(round), payload, 16);
    if (feed(rx, g_wire, g_wire_length) != Event::kFrame || rx.frame().id != static_cast<uint8_t>(round) ||
        memcmp(rx.frame().payload, payload, 16) != 0) {
      lost++;
    }
  }
  CHECK(lost == 0);
  for (unsigned code = 1; code <= kFrameCrc; code++) {
    CHECK(rx.errors(code) > 0);
    refused += rx.errors(code);
  }
  CHECK(refused > 80000);
}

void test_frames() {
  round_trips();
  literal_bytes();
  refusals();
  stalled_line();
  typed_text();
  hostile();
}
