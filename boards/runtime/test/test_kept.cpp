// What is kept for the next run, the button that is held, and the sentence of a fault.
#include <string.h>

#include <string>

#include "check.h"
#include "cortex_fault.h"
#include "held_button.h"
#include "last_words.h"

using mehr::HeldButton;
using mehr::LastWords;

static std::string take(LastWords& words, size_t capacity = 200) {
  char out[300];
  memset(out, 'x', sizeof out);
  size_t n = words.take(out, capacity);
  CHECK(n < capacity && out[n] == 0 && strlen(out) == n);
  return out;
}

static void test_last_words() {
  Random random{7};
  LastWords words;
  // RAM after power-on: zeros, ones, noise.
  for (int fill : {0, 0xff, 0x4d}) {
    memset(static_cast<void*>(&words), fill, sizeof words);
    CHECK(take(words).empty());
  }
  for (int i = 0; i < 1000; i++) {
    uint8_t noise[sizeof words];
    for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random.next());
    memcpy(static_cast<void*>(&words), noise, sizeof words);
    CHECK(take(words).empty());
  }
  words.keep("one");
  words.keep("another one");
  CHECK(take(words) == "another one");
  CHECK(take(words).empty());
  words.keep("");
  CHECK(take(words).empty());
  // Any flipped bit: RAM that has lost its supply for a moment.
  for (size_t bit = 0; bit < 8 * (12 + 11); bit++) {
    words.keep("another one");
    reinterpret_cast<uint8_t*>(&words)[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    CHECK(take(words).empty());
  }
  // What is too long is cut, and not inside a character.
  words.keep(std::string(500, 'a').c_str());
  CHECK(take(words) == std::string(160, 'a'));
  words.keep((std::string(159, 'a') + "\xc3\xa9").c_str());
  CHECK(take(words) == std::string(159, 'a'));
  words.keep((std::string(158, 'a') + "\xc3\xa9").c_str());
  CHECK(take(words) == std::string(158, 'a') + "\xc3\xa9");
  words.keep("\xe2\x82\xac!");
  CHECK(take(words, 4) == "\xe2\x82\xac");
  words.keep("\xe2\x82\xac!");
  CHECK(take(words, 3).empty());
  CHECK(words.take(nullptr, 0) == 0);
}

static void test_held_button() {
  HeldButton button;
  CHECK(!button.down() && !button.held());
  uint64_t now = 10000;
  // Looked at every 20 ms, as the HAL does once it is down.
  auto hold = [&](bool down, uint64_t ms) {
    for (uint64_t end = now + ms; now < end; now += 20) button.look(down, now);
  };
  hold(true, 3000);
  CHECK(button.down() && !button.held());
  hold(true, 40);
  CHECK(button.held());
  button.look(false, now);
  CHECK(button.held());  // a bad contact
  hold(false, 100);
  CHECK(!button.held() && !button.down());
  // Twice two seconds with a moment between them.
  hold(true, 2000);
  hold(false, 100);
  hold(true, 2000);
  CHECK(!button.held());
  hold(false, 1000);
  // Contacts that bounce for less than a release takes.
  for (int i = 0; i < 40; i++) hold(true, 60), hold(false, 40);
  CHECK(button.held());
  hold(false, 1000);
  // Two presses that nobody looked between.
  button.look(true, now);
  now += 2500;
  button.look(true, now);
  now += 1000;
  button.look(true, now);
  CHECK(!button.held());
  now += 1900;
  button.look(true, now);
  CHECK(!button.held());
  now += 200;
  button.look(true, now);
  CHECK(button.held());
}

static std::string fault(const mehr::CortexFaultRegisters& registers, const uint32_t* frame) {
  mehr::FaultSentence text;
  mehr::describe_cortex_fault(text, registers, frame);
  return text.c_str();
}

static void test_fault_sentences() {
  const uint32_t frame[8] = {0, 0, 0, 0, 0, 0x0000beef, 0x0001cafe, 0};
  const std::string where = " at pc 0x0001cafe, lr 0x0000beef";
  CHECK(fault({false, 0, 0, 0}, frame) == "CPU fault: HardFault" + where);
  CHECK(fault({false, 0, 0, 0}, nullptr) == "CPU fault: HardFault");
  CHECK(fault({true, 0x02000000, 0, 0}, frame) == "CPU fault: division by zero" + where + ", cfsr 0x02000000");
  CHECK(fault({true, 0x00010000, 1, 2}, frame) == "CPU fault: UsageFault" + where + ", cfsr 0x00010000");
  CHECK(fault({true, 0x00008200, 1, 0xfedcba98}, frame) ==
        "CPU fault: BusFault" + where + ", cfsr 0x00008200, address 0xfedcba98");
  CHECK(fault({true, 0x00000082, 0x10, 2}, frame) ==
        "CPU fault: MemManage" + where + ", cfsr 0x00000082, address 0x00000010");
  // All of the longest, and room for it.
  CHECK(fault({true, 0x02008200, 0, 0xffffffff}, frame).size() <= mehr::kLastWordsMax);
}

void test_kept() {
  test_last_words();
  test_held_button();
  test_fault_sentences();
}
