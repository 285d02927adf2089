import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { decodeBootConfig } from "../../boards/config.ts";
import { type FleetDevice, parseFleet } from "./file.ts";
import { FleetError } from "./problem.ts";

const GOOD = `version: 1
defaults:
  board: rak4631
  region: eu868
  trusted: all
devices:
  - name: roof-north
    port: /dev/ttyACM0
  - name: Dach Süd
    usb: "0001a2b3"
    region: us915
    frequency: 904.6
    bandwidth: 500
    sf: 8
    power: 14
    antenna_gain: 5.8
    price: 4294967295
    cost_tier: 3
    pin: generate
    trusted: [roof-north, "0123456789ABCDEF0123456789abcdef"]
  - name: listener
    port: /dev/ttyACM2
    region: none
    trusted: []
    pin_file: pins.yaml
`;

/** The sentences a file is refused with. */
function sentences(text: string): string[] {
  try {
    parseFleet(text, "fleet.yaml");
  } catch (error) {
    if (error instanceof FleetError) {
      expect(error.exitCode).toBe(2);
      return error.message.split("\n");
    }
    throw error;
  }
  return [];
}

/** One device of an otherwise right file, with these lines from line 6 on. */
function withLines(...lines: string[]): string {
  return [
    "defaults:",
    "  board: rak4631",
    "devices:",
    "  - name: a",
    "    port: /dev/a",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
}

/** Two devices; `lines` are the second one's, from line 6 on. */
function second(...lines: string[]): string {
  return [
    "defaults: { board: rak4631 }",
    "devices:",
    "  - name: a",
    "    port: /dev/a",
    "  - name: b",
    ...lines.map((line) => `    ${line}`),
  ].join("\n");
}

describe("a right file", () => {
  const devices = parseFleet(GOOD, "fleet.yaml");
  const config = (at: number): ReturnType<typeof decodeBootConfig> =>
    decodeBootConfig((devices[at] as FleetDevice).resolved.config);

  it("gives every device what it says, and otherwise the defaults", () => {
    expect(devices.map(({ name, find }) => [name, find.port ?? find.usb])).toEqual([
      ["roof-north", "/dev/ttyACM0"],
      ["Dach Süd", "0001a2b3"],
      ["listener", "/dev/ttyACM2"],
    ]);
    expect(devices.map(({ resolved }) => resolved.region)).toEqual(["eu868", "us915", ""]);
    expect(devices.map(({ trusted }) => trusted)).toEqual([
      ["Dach Süd", "listener"],
      ["roof-north", "0123456789abcdef0123456789abcdef"],
      [],
    ]);
    expect(config(0)).toMatchObject({
      frequencyHz: 869_525_000,
      transmitAllowed: true,
      priceMicroMhrPerKib: 0,
      costTier: 0,
    });
    expect(config(1)).toMatchObject({
      ...{ frequencyHz: 904_600_000, bandwidthHz: 500_000, spreadingFactor: 8, powerDbm: 14 },
      ...{ priceMicroMhrPerKib: 0xffff_ffff, costTier: 3 },
    });
    expect(devices.map(({ resolved }) => resolved.antennaGainTenths)).toEqual([22, 58, 22]);
  });

  it("without a region is a relay that only listens, also on a virtual board", () => {
    expect(config(2).transmitAllowed).toBe(false);
    const [one] = parseFleet("devices:\n  - name: a\n    board: native\n", "f");
    expect(decodeBootConfig((one as FleetDevice).resolved.config).transmitAllowed).toBe(false);
  });

  it("that has a price has a tier above free", () => {
    const [one] = parseFleet(withLines("price: 5"), "f");
    expect(decodeBootConfig((one as FleetDevice).resolved.config)).toMatchObject({
      priceMicroMhrPerKib: 5,
      costTier: 1,
    });
  });

  it("may use anchors", () => {
    const text =
      "defaults: { board: rak4631 }\ndevices:\n  - { name: a, port: x, region: &r eu868 }\n  - { name: b, port: y, region: *r }\n";
    expect(parseFleet(text, "f").map(({ resolved }) => resolved.region)).toEqual(["eu868", "eu868"]);
  });
});

describe("a wrong file", () => {
  it.each<[string, string, string]>([
    ["nothing in it", "", "fleet.yaml:1: it is empty; write `devices:` and a list of them."],
    ["a list", "- a\n", "fleet.yaml:1: it is a list of 1; write `devices:` and a list of them."],
    [
      "no devices",
      "defaults:\n  board: rak4631\n",
      "fleet.yaml:1: devices: it is missing; write a list of devices, each beginning with `- name:`.",
    ],
    ["an empty list", "devices: []\n", "fleet.yaml:1: devices: it is an empty list; write at least one device."],
    [
      "another version",
      "version: 2\ndevices:\n  - name: a\n    board: native\n",
      "fleet.yaml:1: version: it is 2; write 1, or update this mehr.",
    ],
    [
      "a device without fields",
      "devices:\n  - roof\n",
      'fleet.yaml:2: devices[0]: it is "roof"; write a device as fields, such as `- name: roof-north`.',
    ],
    [
      "no name",
      "devices:\n  - port: a\n    board: native\n",
      "fleet.yaml:2: devices[0].name: it is missing; write a name; put one of digits alone in quotes.",
    ],
    [
      "a name of digits",
      "devices:\n  - name: 12\n    board: native\n",
      "fleet.yaml:2: devices[0].name: it is 12; write a name; put one of digits alone in quotes.",
    ],
    [
      "an empty name",
      'devices:\n  - name: ""\n    board: native\n',
      "fleet.yaml:2: devices[0].name: it is empty; write 1 to 32 bytes.",
    ],
    [
      "a long name",
      `devices:\n  - name: ${"ü".repeat(17)}\n    board: native\n`,
      `fleet.yaml:2: devices[0].name: "${"ü".repeat(17)}" is 34 bytes long; write at most 32 (a letter with an accent takes two).`,
    ],
    [
      "a name with a tab",
      'devices:\n  - name: "a\\tb"\n    board: native\n',
      'fleet.yaml:2: devices[0].name: "a\\tb" has a control character; write letters, digits, dashes and spaces.',
    ],
    [
      "a name with a space behind",
      'devices:\n  - name: "a "\n    board: native\n',
      'fleet.yaml:2: devices[0].name: "a " begins or ends with a space; leave the space out.',
    ],
    [
      "a name that means all",
      "devices:\n  - name: all\n    board: native\n",
      'fleet.yaml:2: devices[0].name: "all" has a meaning of its own among trusted peers; choose another name.',
    ],
    [
      "a duplicate name",
      second("name: a", "port: /dev/b").replace("  - name: b\n    name: a", "  - name: a"),
      'fleet.yaml:5: devices[1].name: "a" is also the name of devices[0] in line 3; give each device its own.',
    ],
    [
      "a duplicate port",
      second("port: /dev/a"),
      'fleet.yaml:6: devices[1].port: "/dev/a" is also the port of "a" in line 4; a port has one board.',
    ],
    [
      "a duplicate usb",
      second('usb: "7"').replace("port: /dev/a", 'usb: "7"'),
      'fleet.yaml:6: devices[1].usb: "7" is also the usb of "a" in line 4; one device has that number; where two share one, as some USB chips do, name their ports.',
    ],
    [
      "port and usb",
      withLines('usb: "1"'),
      "fleet.yaml:6: devices[0].usb: port is given too; name the device by one of them.",
    ],
    [
      "neither, of several",
      second("region: eu868"),
      "fleet.yaml:5: devices[1]: nothing says which of several devices it is; add port, such as port: /dev/ttyUSB0, or usb, the serial number of its USB device.",
    ],
    [
      "a usb number without quotes",
      "devices:\n  - name: a\n    board: native\n    usb: 1234\n",
      "fleet.yaml:4: devices[0].usb: it is 1234; write the serial number of a USB device, in quotes.",
    ],
    [
      "no board",
      "devices:\n  - name: a\n",
      "fleet.yaml:2: devices[0].board: it is missing; add board, or put it under defaults; `mehr boards` lists them.",
    ],
    [
      "an unknown board",
      withLines("board: rak4361"),
      'fleet.yaml:6: devices[0].board: there is no board "rak4361"; did you mean rak4631?',
    ],
    [
      "an unknown board under defaults",
      "defaults:\n  board: rak\ndevices:\n  - { name: a, port: x }\n  - { name: b, port: y }\n",
      'fleet.yaml:2: defaults.board: there is no board "rak"; did you mean rak4631?',
    ],
    [
      "an unknown region",
      withLines("region: eu86"),
      'fleet.yaml:6: devices[0].region: there is no region "eu86"; did you mean eu868?',
    ],
    ["a region that only receives", withLines("region: in865"), ""],
    [
      "frequency without a region",
      withLines("frequency: 868.1"),
      "fleet.yaml:6: devices[0].frequency: 868.1 is a matter of a region's law, and no region is given; add region, such as region: eu868.",
    ],
    [
      "a frequency of no band",
      withLines("region: eu868", "frequency: 915"),
      "fleet.yaml:7: devices[0].frequency: eu868: 915 MHz with 125 kHz lies in no sub-band of the region; ",
    ],
    [
      "too much power for the region",
      withLines("region: eu868", "frequency: 868.3", "power: 20"),
      "fleet.yaml:8: devices[0].power: eu868: 20 dBm ",
    ],
    [
      "too much gain for the power",
      withLines("region: eu868", "frequency: 868.3", "power: 14", "antenna_gain: 9").replace(
        "    power: 14\n",
        "    power: 14\n",
      ),
      "fleet.yaml:8: devices[0].power: eu868: 14 dBm into an antenna of 9 dBi ",
    ],
    [
      "too much power for the board",
      withLines("region: us915", "power: 30"),
      "fleet.yaml:7: devices[0].power: us915: 30 dBm is more than the 22 dBm of the SX1262 on board rak4631; use at most 22 dBm.",
    ],
    [
      "a bandwidth the region refuses",
      withLines("region: us915", "bandwidth: 125"),
      "fleet.yaml:7: devices[0].bandwidth: us915: ",
    ],
    [
      "a region for another band of the board",
      withLines("region: eu433"),
      "fleet.yaml:6: devices[0].region: eu433: board rak4631 is made for ",
    ],
    [
      "frequency as text",
      withLines('frequency: "868.1"'),
      'fleet.yaml:6: devices[0].frequency: it is "868.1"; write a number of MHz from 100 to 2500.',
    ],
    [
      "frequency in Hz",
      withLines("frequency: 868100000"),
      "fleet.yaml:6: devices[0].frequency: it is 868100000; write a number of MHz from 100 to 2500.",
    ],
    [
      "bandwidth in Hz",
      withLines("bandwidth: 125000"),
      "fleet.yaml:6: devices[0].bandwidth: it is 125000; write a number of kHz from 7.8 to 1625.",
    ],
    [
      "a broken spreading factor",
      withLines("sf: 7.5"),
      "fleet.yaml:6: devices[0].sf: it is 7.5; write a spreading factor from 5 to 12.",
    ],
    [
      "a spreading factor out of range",
      withLines("sf: 13"),
      "fleet.yaml:6: devices[0].sf: it is 13; write a spreading factor from 5 to 12.",
    ],
    [
      "a short preamble",
      withLines("preamble: 5"),
      "fleet.yaml:6: devices[0].preamble: it is 5; write a number of symbols from 6 to 65535.",
    ],
    [
      "broken power",
      withLines("power: 13.5"),
      "fleet.yaml:6: devices[0].power: it is 13.5; write a whole number of dBm from -40 to 40.",
    ],
    [
      "gain out of range",
      withLines("antenna_gain: 41"),
      "fleet.yaml:6: devices[0].antenna_gain: it is 41; write a number of dBi from -20 to 40.",
    ],
    [
      "gain that is no number",
      withLines("antenna_gain: .nan"),
      "fleet.yaml:6: devices[0].antenna_gain: it is NaN; write a number of dBi from -20 to 40.",
    ],
    [
      "a price below zero",
      withLines("price: -1"),
      "fleet.yaml:6: devices[0].price: it is -1; write a whole number of micro-MHR per KiB from 0 to 4294967295.",
    ],
    [
      "a price beyond u32",
      withLines("price: 18446744073709551616"),
      "fleet.yaml:6: devices[0].price: it is 18446744073709551616; write a whole number of micro-MHR per KiB from 0 to 4294967295.",
    ],
    [
      "a broken price",
      withLines("price: 0.5"),
      "fleet.yaml:6: devices[0].price: it is 0.5; write a whole number of micro-MHR per KiB.",
    ],
    [
      "a tier out of range",
      withLines("cost_tier: 4"),
      "fleet.yaml:6: devices[0].cost_tier: it is 4; write a tier from 0 to 3.",
    ],
    [
      "trusted as a word",
      withLines("trusted: everybody"),
      'fleet.yaml:6: devices[0].trusted: it is "everybody"; write all, or a list of at most 32 peers such as [roof-north, roof-south].',
    ],
    [
      "a peer nobody has",
      second("port: /dev/b", "trusted: [aa]"),
      'fleet.yaml:7: devices[1].trusted[0]: there is no device "aa"; did you mean a?',
    ],
    [
      "an address that is short",
      withLines("trusted:", '  - "0123"'),
      'fleet.yaml:7: devices[0].trusted[0]: there is no device "0123"; name one of the file, or write an address of 32 hexadecimal digits in quotes.',
    ],
    [
      "an address without quotes",
      withLines("trusted: [12345678901234567890123456789012]"),
      "fleet.yaml:6: devices[0].trusted[0]: it is 12345678901234567890123456789012; write a device's name, or an address of 32 hexadecimal digits in quotes.",
    ],
    [
      "itself among peers",
      withLines("trusted: [a]"),
      'fleet.yaml:6: devices[0].trusted[0]: "a" is this device; leave it out.',
    ],
    [
      "a peer twice",
      withLines(`trusted: ["${"a".repeat(32)}", "${"A".repeat(32)}"]`),
      `fleet.yaml:6: devices[0].trusted[1]: "${"A".repeat(32)}" is named twice; name it once.`,
    ],
    [
      "a list of 33 peers",
      withLines(`trusted: [${Array.from({ length: 33 }, (_, i) => `"${String(i).padStart(32, "0")}"`).join(", ")}]`),
      "fleet.yaml:6: devices[0].trusted: it is a list of 33; write all, or a list of at most 32 peers such as [roof-north, roof-south].",
    ],
    [
      "all of too many",
      `defaults: { board: rak4631, trusted: all }\ndevices:\n${Array.from({ length: 34 }, (_, i) => `  - { name: n${i}, port: p${i} }\n`).join("")}`,
      "fleet.yaml:1: defaults.trusted: all are 33 other devices; name at most 32, those it shall relay for free.",
    ],
    [
      "a PIN",
      withLines("pin: 271828"),
      "fleet.yaml:6: devices[0].pin: it is something else; write ask, generate or none; a PIN itself never stands in this file, but in a pin_file.",
    ],
    [
      "pin and pin_file",
      withLines("pin: ask", "pin_file: pins"),
      "fleet.yaml:6: devices[0].pin: pin_file beside it says where the PIN is; leave one of them out.",
    ],
    [
      "an empty pin_file",
      withLines("pin_file:"),
      "fleet.yaml:6: devices[0].pin_file: it is empty; write the path of a file.",
    ],
    [
      "an unknown field",
      withLines("spread: 8"),
      "fleet.yaml:6: devices[0].spread: there is no such field; the fields are ",
    ],
    [
      "a misspelt field",
      withLines("frequncy: 868.1"),
      "fleet.yaml:6: devices[0].frequncy: there is no such field; did you mean frequency?",
    ],
    [
      "a wired interface",
      withLines("wired: []"),
      "fleet.yaml:6: devices[0].wired: there is no such field; leave it out: no firmware of these boards has a wired interface yet.",
    ],
    [
      "an unknown field at the top",
      "devicse:\n  - name: a\ndevices:\n  - name: a\n    board: native\n",
      "fleet.yaml:1: devicse: there is no such field; did you mean devices?",
    ],
    [
      "a setting at the top",
      "region: eu868\ndevices:\n  - name: a\n    board: native\n",
      "fleet.yaml:1: region: it is a field of devices; put it with a device, or under defaults.",
    ],
    [
      "a name under defaults",
      "defaults:\n  name: x\ndevices:\n  - name: a\n    board: native\n",
      "fleet.yaml:2: defaults.name: it is different for each device; put it with the device.",
    ],
    [
      "a merge key",
      "defaults: &d\n  board: native\ndevices:\n  - <<: *d\n    name: a\n",
      "fleet.yaml:4: devices[0].<<: there is no such field; write the settings under defaults, or use an alias for a single value.",
    ],
    [
      "a field twice",
      withLines("sf: 8", "sf: 9"),
      "fleet.yaml:7: it is not sound YAML: Map keys must be unique; correct the line.",
    ],
    ["no YAML", "devices: [\n", "fleet.yaml:"],
    ["an alias of nothing", "devices: *x\n", "fleet.yaml:1: it cannot be read: Unresolved alias"],
    [
      "a tag",
      "devices:\n  - name: !secret a\n    board: native\n",
      "fleet.yaml:2: it is not sound YAML: Unresolved tag: !secret; correct the line.",
    ],
  ])("with %s is refused in one sentence", (_what, text, sentence) => {
    const [first, ...others] = sentences(text);
    expect(others).toEqual([]);
    expect((first ?? "").slice(0, sentence.length)).toBe(sentence);
    // A table of whole sentences ends in one; the others end in what the law says today.
    if (/[.?]$/.test(sentence)) expect(first).toBe(sentence);
  });

  it("never repeats what somebody took for a PIN's place", () => {
    for (const pin of ["271828", '"hunter2"', "[3141]", "{ a: 3141 }"]) {
      expect(sentences(withLines(`pin: ${pin}`)).join()).not.toMatch(/271828|hunter2|3141/);
    }
  });

  it("tells all its mistakes at once, in the order of the lines", () => {
    const text = "defaults:\n  board: rak\n  sf: 3\ndevices:\n  - name: a\n    prot: x\n  - name: 7\n";
    expect(sentences(text).map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
      "fleet.yaml:3 defaults.sf",
      "fleet.yaml:6 devices[0].prot",
      "fleet.yaml:7 devices[1].name",
    ]);
  });

  it("of whatever text gives devices or sentences, and never another error", () => {
    const word = fc.constantFrom(
      ...[
        "name",
        "port",
        "board",
        "native",
        "region",
        "eu868",
        "trusted",
        "all",
        "a",
        "- ",
        ": ",
        "\n",
        "  ",
        "[",
        "]",
        "&x ",
        "*x",
        "devices",
        "defaults",
        "12",
        "1.5",
        "!!",
        "|",
        '"',
      ],
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), fc.boolean(), (words, headed) => {
        const text = (headed ? "devices:\n  - name: a\n    board: native\n    " : "") + words.join("");
        for (const line of sentences(text)) expect(line).toMatch(/^fleet\.yaml:\d+: /);
      }),
      { numRuns: 500 },
    );
  });
});
