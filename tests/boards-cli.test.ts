/** `mehr boards show` and `mehr boards new` as processes, with answers from a pipe, in a copy of the checkout. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CheckoutCopy, copyCheckout } from "../toolchain/checkout.ts";
import { repositoryRoot } from "../toolchain/paths.ts";

const root = repositoryRoot();
let copy: CheckoutCopy;
beforeAll(() => {
  copy = copyCheckout(root);
});
afterAll(() => copy.remove());

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function mehr(args: readonly string[], input = ""): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy.path, "bin/mehr.mjs"), ...args], {
    encoding: "utf8",
    input,
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

function only({ stdout, stderr }: Outcome): Record<string, unknown> {
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toHaveLength(1);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const file = (id: string): string => join(copy.path, "boards", `${id}.ts`);

/** Answers in the order of the questions; an empty one takes the default. */
const HELTEC = [
  "lora-stick",
  "A LoRa stick",
  "esp32s3",
  "", // SX1262
  "", // 863-928
  ...["9", "11", "10", "8", "12", "14", "13"],
  "1.8",
  "", // dio2
  "radio 36 low",
  "35 high",
  "1 4.9 2.5",
  "37 probe",
  "", // 8MB
  "", // no PSRAM
  "heltec_wifi_lora_32_V3",
  "10c4:ea60 bridge",
  "the maker's schematic; a board in hand",
];

const lines = (answers: readonly string[]): string => `${answers.join("\n")}\n`;
const changed = (at: number, to: string): string => lines(HELTEC.map((one, index) => (index === at ? to : one)));

describe("mehr boards show", { timeout: 120_000 }, () => {
  it("draws wiring, flash, USB, sources and what was verified", () => {
    const { code, stdout, stderr } = mehr(["boards", "show", "t3s3-sx1276"]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const line of [
      /^SX1276, 863-928 MHz; antenna switch: RXEN and TXEN; clock: crystal$/m,
      /^signal +pin +Arduino +direction +note$/m,
      /^SPI MISO +GPIO3 +3 +in +the radio leaves MISO open/m,
      /^radio DIO0 +GPIO9 +9 +in +interrupt$/m,
      /^RXEN +GPIO21 +21 +out +high to receive$/m,
      /^0x10000 +0x150000 +application$/m,
      /^303A:1001 +bootloader +the USB Serial\/JTAG controller inside every ESP32-S3$/m,
      /^ {2}MT variants\/esp32s3\/tlora_t3s3_v1\/variant\.h/m,
      /^Verified: /m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it("prints one object with --json", () => {
    const board = only(mehr(["boards", "show", "xiao-nrf52-wio", "--json"]));
    expect(board).toMatchObject({
      id: "xiao-nrf52-wio",
      file: "boards/xiao-nrf52-wio.ts",
      radio: { chip: "SX1262", antenna_switch: "DIO2 and RXEN" },
      memory: { flash: 811_008, ram: 237_568 },
      usb: [
        { id: "2886:8044", mode: "app", shared: null },
        { id: "2886:0044", mode: "bootloader", shared: null },
      ],
    });
    expect(board.wiring).toContainEqual({
      signal: "RXEN",
      field: "radio.rfSwitch.rxen",
      pin: "P0.05",
      gpio: 5,
      direction: "out",
      note: "high to receive, the opposite of DIO2",
    });
    expect(only(mehr(["boards", "show", "native", "--json"]))).toMatchObject({ wiring: [], radio: null });
  });

  it.each([
    [["boards", "show", "t-beam"], /no board "t-beam"; did you mean tbeam-sx1262 or tbeam-sx1276/],
    [["boards", "show"], /missing required argument 'board'/],
    [["boards", "list"], /too many arguments/],
    [["boards", "new", "x", "--answer", "colour=red"], /--answer colour=red answers no question; write key=value/],
    [["boards", "new", "x", "--answer", "sck"], /--answer sck answers no question/],
  ])("%j is wrong usage", (args, sentence) => {
    const { code, stderr } = mehr(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});

describe("mehr boards new", { timeout: 120_000 }, () => {
  it("writes a board from piped answers, which the next command knows", () => {
    const { code, stdout, stderr } = mehr(["boards", "new"], lines(HELTEC));
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("boards/lora-stick.ts is written and passes every check.");
    const text = readFileSync(file("lora-stick"), "utf8");
    expect(text.trimEnd().split("\n").length).toBeLessThan(40);
    expect(text).toContain("pins: { sck: 9, miso: 11, mosi: 10, nss: 8, reset: 12, irq: 14, busy: 13 },");
    expect(text).toContain(
      'battery: { pin: 1, divider: 4.9, attenuationDb: 2.5, enable: { pin: 37, active: "probe" } },',
    );
    expect(only(mehr(["boards", "show", "lora-stick", "--json"]))).toMatchObject({ mcu: "esp32s3", engine: ["aot"] });
    // Nothing is overwritten, and that is said before anything else is asked.
    const again = mehr(["boards", "new", "lora-stick"]);
    expect(again.code).toBe(2);
    expect(again.stderr).toMatch(/boards\/lora-stick\.ts is there already and is not overwritten/);
    expect(readFileSync(file("lora-stick"), "utf8")).toBe(text);
    rmSync(file("lora-stick"));
  });

  it("takes answers from the command line, asks why a strapping pin is harmless, and prints one object", () => {
    const answers = {
      name: "Another LoRa32",
      mcu: "esp32",
      radio: "SX1276",
      ...{ sck: "5", miso: "19", mosi: "27", nss: "18", reset: "23", irq: "26" },
      flash: "4MB",
      usb: "1a86:7523 bridge",
      source: "a schematic",
    };
    const args = Object.entries(answers).flatMap(([key, value]) => ["--answer", `${key}=${value}`]);
    // One empty line for each question the command line leaves open; then the reason for GPIO5.
    const open = ["bands", "switch", "power", "led", "battery", "psram", "board"].map(() => "");
    const refused = mehr(["boards", "new", "lora32", ...args], lines(open));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /^mehr: boards\/lora32\.ts: radio\.pins\.sck: GPIO5 of the ESP32 is a strapping pin/,
    );
    expect(existsSync(file("lora32"))).toBe(false);
    const done = mehr(["boards", "new", "lora32", "--json", ...args], lines([...open, "SCK idles low at reset"]));
    expect(only(done)).toEqual({ ok: true, board: "lora32", file: "boards/lora32.ts" });
    expect(readFileSync(file("lora32"), "utf8")).toContain('acknowledge: { 5: "SCK idles low at reset" },');
    rmSync(file("lora32"));
  });

  it.each([
    [
      "a pin twice",
      changed(11, "8"),
      /boards\/lora-stick\.ts: radio\.pins\.busy: GPIO8 is used by both radio\.pins\.nss/,
    ],
    ["a pin the chip lacks", changed(5, "23"), /radio\.pins\.sck: the ESP32-S3 has no pin 23/],
    ["a divider of 49", changed(16, "1 49 2.5"), /battery\.divider: it is 49/],
    ["a TCXO of 5 V", changed(12, "5"), /radio\.tcxoVolts: the SX1262 cannot feed a TCXO with 5 V/],
    ["a flash no table fills", changed(18, "2MB"), /flash\.partitions: default\.csv fills a flash of 0x400000 bytes/],
    ["another board's name", changed(1, "Heltec WiFi LoRa 32 V3"), /name: heltec-v3 is called that too/],
    ["no pin", changed(5, "nine"), /sck: "nine" is not of the form/],
    ["no id", changed(0, "LoRa Stick"), /id: use lower-case letters, digits and single dashes/],
    ["no answer where one must be", lines(HELTEC.slice(0, 6)), /miso: it must be answered .*--answer miso=/],
    ["a board that is there", changed(0, "rak4631"), /boards\/rak4631\.ts is there already and is not overwritten/],
  ])("refuses %s and writes nothing", (_, input, sentence) => {
    const before = readFileSync(file("rak4631"), "utf8");
    const { code, stdout, stderr } = mehr(["boards", "new"], input);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(file("lora-stick"))).toBe(false);
    expect(readFileSync(file("rak4631"), "utf8")).toBe(before);
  });

  it("lists its questions", () => {
    const { questions } = only(mehr(["boards", "new", "--questions", "--json"])) as { questions: { key: string }[] };
    expect(questions.map(({ key }) => key)).toContain("softdevice");
    expect(mehr(["boards", "new", "--questions"]).stdout).toMatch(/^sck +Pin of SPI SCK$/m);
  });
});

describe("the thirteenth board of docs/boards.md", { timeout: 120_000 }, () => {
  it("is one file", () => {
    const page = readFileSync(join(root, "docs/boards.md"), "utf8");
    const [, id = "", text = ""] = /```ts\n\/\/ boards\/([\w-]+)\.ts\n([\s\S]+?)```/.exec(page) ?? [];
    writeFileSync(file(id), text);
    expect(only(mehr(["boards", "show", id, "--json"]))).toMatchObject({ id, mcu: "esp32s3", file: `boards/${id}.ts` });
    const { boards } = only(mehr(["boards", "--json"])) as { boards: { id: string; radio: string }[] };
    expect(boards.filter(({ radio }) => radio !== "virtual")).toHaveLength(13);
    rmSync(file(id));
  });
});
