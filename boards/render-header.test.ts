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
    ["heltec-v3", "#define MEHR_RADIO_SX1262 1"],
    ["heltec-v3", "    {36, false, Feeds::radio},  // GPIO36"],
    ["heltec-v3", "constexpr int kBatteryAttenuationDecidb = 25;"],
    ["heltec-v3", "constexpr int kBatteryEnable = 37;  // GPIO37"],
    ["heltec-v3", "constexpr SenseEnable kBatteryEnableActive = SenseEnable::probe;"],
  ])("%s has the line %s", (id, line) => {
    expect(renderBoardConfigHeader(findBoard(id)).split("\n")).toContain(line);
  });
});
