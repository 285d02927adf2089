import { describe, expect, test } from "vitest";
import { findBoard } from "./index.ts";
import { renderBoardConfigHeader } from "./render-header.ts";

describe("board_config.h", () => {
  test("a virtual board has its id and its boot record only", () => {
    expect(renderBoardConfigHeader(findBoard("qemu-m4")))
      .toBe(`// Rendered from boards/qemu-m4.ts by a build. Edit the board value instead.
#pragma once

#define MEHR_BOARD_ID "qemu-m4"
#define MEHR_BOARD_NAME "QEMU Cortex-M4"
#define MEHR_BOARD_VIRTUAL 1
// Boot configuration record, laid out in boards/config.ts.
#define MEHR_BOOT_CONFIG_BYTES {0x03, 0x01, 0x01, 0x00, 0x00, 0x08, 0x05, 0x0e, 0x12, 0x00, 0x12, 0x00, 0x08, 0xe6, 0xd3, 0x33, 0x48, 0xe8, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00}
`);
  });

  test.each([
    ["rak4631", "constexpr int kRadioSck = 43;  // P1.11"],
    ["rak4631", "constexpr int kRadioIrq = 47;  // P1.15, DIO1"],
    ["rak4631", "constexpr int kRadioRxen = -1;"],
    ["rak4631", "constexpr int kRadioTcxoMillivolts = 1800;"],
    ["rak4631", "constexpr bool kRadioDio2TurnsSwitch = true;"],
    ["rak4631", "    {37, true, Feeds::radio},  // P1.05"],
    ["rak4631", "constexpr int kLed = 35;  // P1.03"],
    ["rak4631", "constexpr bool kLedActiveHigh = true;"],
    ["rak4631", "constexpr int kBatteryDividerMilli = 1730;"],
    ["rak4631", "constexpr int kBatteryReferenceMillivolts = 3000;"],
    ["rak4631", "constexpr SenseEnable kBatteryEnableActive = SenseEnable::none;"],
    ["rak4631", "#define MEHR_PMU 0"],
    ["rak4631", "constexpr int kRadioDio1 = -1;  // the second line of an SX127x"],
    ["rak4631", "constexpr int kRadioSpi = -1;"],
    ["rak4631", "constexpr int kLockoutBelowMillivolts = 3300;"],
    ["rak4631", "constexpr int kLockoutResumeMillivolts = 3500;"],
    ["rak4631", "constexpr std::array<int, 6> kDrivenPins{{43, 44, 42, 38, 35, 37}};"],
    ["rak4631", "constexpr std::array<int, 1> kLeftPins{{39}};"],
    ["rak4631", "constexpr unsigned long kFlashBytes = 1048576;"],
    ["heltec-v3", "constexpr std::array<int, 0> kLeftPins{};"],
    ["tbeam-sx1276", "#define MEHR_RADIO_SX1276 1"],
    ["tbeam-sx1276", "#define MEHR_PMU 1"],
    ["tbeam-sx1276", "constexpr int kRadioIrq = 26;  // GPIO26, DIO0"],
    ["tbeam-sx1276", "constexpr int kRadioDio1 = 33;  // GPIO33, the second line of an SX127x"],
    ["tbeam-sx1276", "constexpr int kPmuSda = 21;  // GPIO21"],
    ["tbeam-sx1276", "constexpr int kPmuAxp192Ldo = 2;"],
    ["tbeam-sx1276", "constexpr int kPmuAxp2101Aldo = 2;"],
    ["tbeam-sx1276", "constexpr int kPmuRadioMillivolts = 3300;"],
    ["rp2040-lora", "constexpr int kRadioSpi = 1;"],
    ["heltec-v3", "#define MEHR_RADIO_SX1262 1"],
    ["heltec-v3", "constexpr int kButton = 0;  // GPIO0"],
    ["heltec-v3", "constexpr bool kButtonActiveHigh = false;"],
    ["heltec-v3", "constexpr Pull kButtonPull = Pull::up;"],
    ["tbeam-sx1262", "constexpr int kButton = 38;  // GPIO38"],
    ["tbeam-sx1262", "constexpr Pull kButtonPull = Pull::none;"],
    ["heltec-t114", "constexpr int kButton = 42;  // P1.10"],
    ["rak4631", "constexpr int kButton = -1;"],
    ["heltec-v3", "    {36, false, Feeds::radio},  // GPIO36"],
    ["heltec-v3", "constexpr int kBatteryAttenuationDecidb = 25;"],
    ["heltec-v3", "constexpr int kBatteryEnable = 37;  // GPIO37"],
    ["heltec-v3", "constexpr SenseEnable kBatteryEnableActive = SenseEnable::probe;"],
  ])("%s has the line %s", (id, line) => {
    expect(renderBoardConfigHeader(findBoard(id)).split("\n")).toContain(line);
  });
});
