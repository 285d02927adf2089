// A board value's constants where code that is compiled once for all boards needs them.
#pragma once
#include <vector>

struct BoardFacts {
  const char* id;
  bool radio_is_sx1276, pmu, usb_console;
  int sck, miso, mosi, nss, reset, irq, busy, dio1, spi;
  int rxen, txen, led, sense, enable, pmu_sda, pmu_scl;
  int tcxo_mv, limit_ma, max_dbm, divider_milli, below_mv, resume_mv;
  int ldo, aldo, pmu_mv;
  bool dio2, led_high;
  char enable_active;  // 'n' none, 'l' low, 'h' high, 'p' probe
  unsigned long flash_bytes;
  unsigned pause_ms, lbt_ms;  // of the boot configuration (boards/config.ts)
  int lbt_threshold_dbm;
  struct Supply {
    int pin;
    bool active_high;
    char feeds;  // 'r' radio, 'b' board, 'p' peripherals
  };
  std::vector<Supply> supplies;
  std::vector<int> left;
  int button;
  bool button_high;
  char button_pull;  // '-' none, 'u' up, 'd' down
};
extern const BoardFacts board_facts;
