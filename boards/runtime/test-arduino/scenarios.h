#pragma once
#include <functional>
#include <string>
#include <vector>

#include "board_facts.h"
#include "scripted_core.h"
#include "fake.h"
#include "hal.h"
#include "radio.h"

struct Scenario {
  const char* name;
  void (*run)();
};
std::vector<Scenario> scenarios();

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) fake::wrong("line %d: not true: %s", __LINE__, #condition); \
  } while (0)

/// Millivolts of the cell; 0 is no cell.
void set_battery(double mv);
bool has_battery();
/// The user button, if the board has one.
void press(bool down);
bool sleeps_lightly();
void boot_and_run(uint64_t ms);

struct ConsoleFrame {
  uint8_t type, id;
  std::string payload;
};
std::vector<ConsoleFrame> console_frames();
/// Frames of that type whose payload has the text in it.
size_t count_frames(uint8_t type, const std::string& text = "");
void request(uint8_t type, uint8_t id);
/// Asks the board for its STATS.
uint64_t metric(uint8_t wanted);
/// Does something in the relay's task, in place of the core's timer, and lets `ms` pass.
void in_relay(std::function<void()> what, uint64_t ms = 3000);
