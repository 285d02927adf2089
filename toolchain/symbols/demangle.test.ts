import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shortened } from "../../tests/support/names.ts";
import { demangle } from "./demangle.ts";

/** Names of every shape our images have, and what c++filt makes of them without parameters and template arguments. */
const NAMES: readonly (readonly [string, string])[] = [
  ["_ZN4mehr5relay5fatalE11mehr_statusPKc", "mehr::relay::fatal"],
  ["_ZL14Unused_Handlerv", "Unused_Handler"],
  ["_ZNK4mehr10RamRecords3getEjPhmRm", "mehr::RamRecords::get"],
  ["_ZN4mehr3hal12_GLOBAL__N_110connect_toEPKc", "mehr::hal::(anonymous namespace)::connect_to"],
  ["_ZN4mehr3halL8ask_busyEhPhjRb.part.0", "mehr::hal::ask_busy"],
  ["_ZZN4mehr3hal8watchdogEjENUliE_4_FUNEi", "mehr::hal::watchdog::{lambda}::_FUN"],
  ["_ZN4mehr7consoleL6s_lineMUlPKhjE_4_FUNES2_j", "mehr::console::s_line::{lambda}::_FUN"],
  ["_ZZN4mehr9FrameLine3putEPKhjE10kDelimiter", "mehr::FrameLine::put::kDelimiter"],
  ["_ZN4mehr13FrameReceiverC2Eb", "mehr::FrameReceiver::FrameReceiver"],
  ["_ZN4mehr13FrameReceiverD1Ev", "mehr::FrameReceiver::~FrameReceiver"],
  ["_ZN4mehr4TextILj400EElsEPKc", "mehr::Text<...>::operator<<"],
  [
    "_ZN4mehr3hal9read_lineINS0_4RingILj2048EEEZNS0_12_GLOBAL__N_14readIS3_EEjRNS4_4UartERT_PhjEUlvE_EEjS9_SA_jT0_",
    "mehr::hal::read_line<...>",
  ],
  ["_ZNSt6vectorIiSaIiEE9push_backEOi", "std::vector<...>::push_back"],
  ["_ZdlPvj", "operator delete"],
  ["_ZSt4moveIRiEONSt16remove_referenceIT_E4typeEOS2_", "std::move<...>"],
  ["mehr_aot_trap", "mehr_aot_trap"],
  ["main", "main"],
];

describe("demangle", () => {
  it.each(NAMES)("%s", (mangled, name) => {
    expect(demangle(mangled)).toBe(name);
  });

  it("leaves alone what it cannot read", () => {
    for (const name of [
      "_Z",
      "_ZN",
      "_ZN4meh",
      "_ZNS_3fooEv",
      "_ZN99999999999foo",
      `_Z${"N".repeat(3000)}`,
      "_Z1fDTcl1gEE",
    ])
      expect(demangle(name)).toBe(name);
  });

  it("never throws and always ends", () => {
    const letters = fc.constantFrom(..."NESIZTLPKRFMADCUvjhl0123456789_.cs", "4mehr", "UlvE_", "NS0_", "St", "C1");
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), (parts) => {
        expect(typeof demangle(`_Z${parts.join("")}`)).toBe("string");
      }),
    );
  });

  it("agrees with c++filt, where there is one", (context) => {
    const mangled = NAMES.map(([name]) => name);
    const { status, stdout } = spawnSync("arm-none-eabi-c++filt", ["-p", ...mangled], { encoding: "utf8" });
    if (status !== 0) return context.skip();
    expect(stdout.trim().split("\n").map(shortened)).toEqual(mangled.map(demangle));
  });
});
