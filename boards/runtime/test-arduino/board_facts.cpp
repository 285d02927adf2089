#include "board_facts.h"

#include <stdint.h>

#include "board_config.h"

namespace board = mehr::board;

static std::vector<BoardFacts::Supply> supplies() {
  std::vector<BoardFacts::Supply> all;
  for (const board::Supply& one : board::kSupplies) {
    char feeds = one.feeds == board::Feeds::radio ? 'r' : one.feeds == board::Feeds::board ? 'b' : 'p';
    all.push_back({one.pin, one.active_high, feeds});
  }
  return all;
}

static char enable_active() {
  switch (board::kBatteryEnableActive) {
    case board::SenseEnable::low:
      return 'l';
    case board::SenseEnable::high:
      return 'h';
    case board::SenseEnable::probe:
      return 'p';
    default:
      return 'n';
  }
}

static constexpr uint8_t kBootConfig[] = MEHR_BOOT_CONFIG_BYTES;

const BoardFacts board_facts = {
    MEHR_BOARD_ID,
#if defined(MEHR_RADIO_SX1276)
    true,
#else
    false,
#endif
    MEHR_PMU == 1, FAKE_USB_CONSOLE == 1, board::kRadioSck, board::kRadioMiso, board::kRadioMosi, board::kRadioNss,
    board::kRadioReset, board::kRadioIrq, board::kRadioBusy, board::kRadioDio1, board::kRadioSpi, board::kRadioRxen,
    board::kRadioTxen, board::kLed, board::kBatterySense, board::kBatteryEnable,
#if MEHR_PMU
    board::kPmuSda, board::kPmuScl,
#else
    -1, -1,
#endif
    board::kRadioTcxoMillivolts, board::kRadioCurrentLimitMilliamps, board::kRadioMaxPowerDbm,
    board::kBatteryDividerMilli, board::kLockoutBelowMillivolts, board::kLockoutResumeMillivolts,
#if MEHR_PMU
    board::kPmuAxp192Ldo, board::kPmuAxp2101Aldo, board::kPmuRadioMillivolts,
#else
    0, 0, 0,
#endif
    board::kRadioDio2TurnsSwitch, board::kLedActiveHigh, enable_active(), board::kFlashBytes, kBootConfig[27],
    kBootConfig[29], static_cast<int8_t>(kBootConfig[28]), supplies(),
    std::vector<int>(board::kLeftPins.begin(), board::kLeftPins.end()), board::kButton, board::kButtonActiveHigh,
    board::kButtonPull == board::Pull::up ? 'u' : board::kButtonPull == board::Pull::down ? 'd' : '-'};
