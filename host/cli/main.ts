/** The command line: names, options and help. What a command does is loaded when it is called. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, type CommanderError, InvalidArgumentError, Option } from "commander";
import { ENGINES } from "../../boards/engine.ts";
import { repositoryRoot } from "../../toolchain/paths.ts";
import { completionScript, SHELLS } from "./completion.ts";
import { registerDevice } from "./device/register.ts";
import { runCommand } from "./outcome.ts";

const root = repositoryRoot();
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** A whole number in a range, for an option. */
function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("It takes a number from 0 to 1.");
  return value;
}

/** Gathers an option that may be given several times. */
function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

/** A decimal number in a range, for an option in a unit people use; the command gets it times `scale`, whole. */
function decimal(min: number, max: number, unit: string, scale = 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+(\.\d+)?$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It takes a number of ${unit} from ${min} to ${max}.`);
    }
    return scale === 1 ? value : Math.round(value * scale);
  };
}

const frequency = decimal(100, 2500, "MHz", 1e6);
const bandwidth = decimal(7.8, 1625, "kHz", 1000);
const gain = decimal(-20, 40, "dBi");
/** Whole dBm: what a radio chip is set to. */
function powerDbm(text: string): number {
  if (!/^-?\d+$/.test(text) || Math.abs(Number(text)) > 40) {
    throw new InvalidArgumentError("It takes a whole number of dBm from -40 to 40.");
  }
  return Number(text);
}

/** Whole micro-MHR, which do not pass through a number with a decimal point. */
function price(text: string): bigint {
  if (!/^\d{1,10}$/.test(text) || BigInt(text) > 0xffff_ffffn) {
    throw new InvalidArgumentError("It takes a whole number of micro-MHR from 0 to 4294967295.");
  }
  return BigInt(text);
}

/** "5" or "4/5". */
function codingRate(text: string): number {
  const rate = /^(?:4\/)?([5-8])$/.exec(text)?.[1];
  if (rate === undefined) throw new InvalidArgumentError("It takes 4/5, 4/6, 4/7 or 4/8.");
  return Number(rate);
}

const json = (): Option => new Option("--json", "print one JSON object and nothing else");
const source = (): Option =>
  new Option("--source <source>", "where PlatformIO's packages come from")
    .choices(["auto", "registry", "system", "bundle"])
    .default("auto");
const bundleFile = (): Option =>
  new Option("--bundle <file>", "take them from a bundle made by `mehr bundle`, without a network");

/** Choices for help and completion; the command itself refuses other names, and knows the nearest and the default. */
const engine = (flags: string, description: string, choices: readonly string[]): Option =>
  new Option(flags, `${description} (default: the board's own, which \`mehr boards\` names first)`)
    .choices(choices)
    .argParser((text) => text);

const program = new Command("mehr")
  .description("Builds, runs and measures firmware for Mehr LoRa mesh relays.")
  .version(version)
  .showHelpAfterError("(`mehr --help` lists the commands)")
  .addHelpText(
    "after",
    `
Examples:
  mehr setup                     install what this machine lacks
  mehr build qemu-m4             build the image of a board
  mehr run qemu-m4 --count 3     run three of them on one radio channel
  mehr boards                    what can be built
  mehr law eu868                 what may be sent where, and who says so
  mehr bundle                    all a build needs, for a machine without a network

Exit codes: 0 done, 1 the work failed, 2 wrong usage or bad input, 3 something is missing on this machine.`,
  );

program
  .command("setup")
  .description("get PlatformIO and what the virtual boards need, from PlatformIO's registry or else from the system")
  .argument("[boards...]", "boards to set up for (all virtual ones by default, or all of a bundle)")
  .addOption(source())
  .addOption(bundleFile())
  .option("--flashers", "get what `mehr flash` drives instead: esptool and adafruit-nrfutil, pinned")
  .addOption(json())
  .addHelpText(
    "after",
    `
As root on Debian it installs packages; otherwise it prints the command that does and exits with 3.

Examples:
  mehr setup                     for all virtual boards
  mehr setup --flashers
  mehr setup qemu-m4 --source system
  mehr setup --bundle mehr-bundle-0.1.0-linux-x64.tar.gz`,
  )
  .action((boards: string[], options) =>
    runCommand(options, async (io) => (await import("./setup.ts")).setup(io, { root, boards, ...options })),
  );

program
  .command("doctor")
  .description("check this machine and this checkout, change nothing")
  .addOption(new Option("--online", "also ask whether PlatformIO's registry answers"))
  .addOption(json())
  .addHelpText("after", "\nExamples:\n  mehr doctor\n  mehr doctor --online --json")
  .action((options) =>
    runCommand(options, async (io) => (await import("./setup.ts")).doctor(io, { root, ...options })),
  );

const boards = program
  .command("boards")
  .description("list the boards; show one, or make a new one")
  .addOption(json())
  .addHelpText(
    "after",
    "\nExamples:\n  mehr boards\n  mehr boards --json\n  mehr boards show rak4631\n  mehr boards new my-board",
  )
  .action((options) => runCommand(options, async (io) => (await import("./boards.ts")).boards(io)));

boards
  .command("show")
  .description("the wiring of a board, its flash layout, its USB ids, its sources and what was verified")
  .argument("<board>", "its id, as in `mehr boards`")
  .addOption(json())
  .addHelpText("after", "\nExamples:\n  mehr boards show rak4631\n  mehr boards show t3s3-sx1276 --json")
  .action((board: string, _options, command: Command) =>
    runCommand(command.optsWithGlobals(), async (io) => (await import("./boards.ts")).boardsShow(io, { board })),
  );

boards
  .command("new")
  .description("make a board by questions, check it, and write boards/<id>.ts if nothing is wrong with it")
  .argument("[id]", "its id; asked for without it")
  .option("--answer <key=value>", "answer a question beforehand (repeat it); --questions lists the keys", collect, [])
  .option("--questions", "list the questions and their keys, and write nothing")
  .addOption(json())
  .addHelpText(
    "after",
    `
An empty line takes the answer in brackets. Answers may come from a file: mehr boards new < answers.
A file that exists is never overwritten.

Examples:
  mehr boards new my-board
  mehr boards new my-board --answer mcu=esp32s3 --answer sck=9 --answer miso=11
  mehr boards new --questions`,
  )
  .action((id: string | undefined, _options, command: Command) => {
    const options = command.optsWithGlobals<{ answer: string[]; questions?: boolean; json?: boolean }>();
    return runCommand(options, async (io) => (await import("./boards-new.ts")).boardsNew(io, { ...options, root, id }));
  });

program
  .command("build")
  .description(
    "build the image of a board into dist/<board>/, or dist/<board>-<engine>/ for an engine that is not its default",
  )
  .argument("<board>", "its id, as in `mehr boards`")
  .addOption(engine("--engine <engine>", "what runs the core: an interpreter, or the core as native code", ENGINES))
  .addOption(source())
  .option("--region <region>", "bake its law and its channel into the image; without one it only listens")
  .option("--frequency <MHz>", "another centre frequency than the region's default", frequency)
  .option("--bandwidth <kHz>", "another bandwidth", bandwidth)
  .option("--sf <n>", "another spreading factor", integer(5, 12))
  .option("--preamble <n>", "another number of preamble symbols", integer(6, 65_535))
  .option("--power <dBm>", "another conducted power", powerDbm)
  .option("--antenna-gain <dBi>", "of the antenna with its cable (default: a half-wave dipole's 2.15)", gain)
  .addOption(bundleFile())
  .option("--prepare-only", "only compile the core and write the headers a PlatformIO build includes")
  .option("--sign <key.pem>", "sign the manifest with this Ed25519 private key (PKCS#8 PEM)")
  .option("--verbose", "show PlatformIO's whole output")
  .addOption(json())
  .addHelpText(
    "after",
    "\nExamples:\n  mehr build qemu-m4\n  mehr build qemu-m4 --engine aot\n  mehr build rak4631 --source registry --json\n" +
      "  mehr build rak4631 --region eu868 --power 20 --antenna-gain 5",
  )
  .action((board: string, options) =>
    runCommand(options, async (io) => (await import("./build.ts")).build(io, { root, board, ...options })),
  );

program
  .command("verify")
  .description("check a built image: every hash and format, what it is for, and who signed it")
  .argument("<folder>", "a folder that `mehr build` has written, such as dist/rak4631")
  .option("--key <pub.pem>", "the builder's Ed25519 public key; the manifest must be signed with it")
  .option("--board <id>", "the board it must be for")
  .option("--softdevice <name>", "the SoftDevice on the board, as INFO_UF2.TXT on its drive says it")
  .addOption(json())
  .addHelpText(
    "after",
    `
Exit code 1 for an image that must not be flashed, 2 for a folder or an option that is wrong.

Examples:
  mehr verify dist/rak4631
  mehr verify dist/rak4631 --key pub.pem --board rak4631 --softdevice "S140 6.1.1"`,
  )
  .action((folder: string, options) =>
    runCommand(options, async (io) => (await import("./verify.ts")).verify(io, { folder, ...options })),
  );

program
  .command("flash")
  .description("write a built image to a board by its family's own flasher, and prove that it is what runs")
  .argument("<board>", "its id, as in `mehr boards`")
  .option("--port <path>", "its serial port, such as /dev/ttyACM0 (default: the one with the board's USB ids)")
  .option("--drive <path>", "where the drive of its UF2 bootloader is mounted (default: the one with its Board-ID)")
  .option("--image <folder>", "what `mehr build` has written (default: dist/<board>)")
  .option("--key <pub.pem>", "the builder's Ed25519 public key; the image must be signed with it")
  .option("--method <method>", "esptool, dfu, uf2 or picotool (default: what fits the board and what is plugged in)")
  .option("--baud <bps>", "speed over a UART bridge, for esptool", integer(9600, 4_000_000), 460_800)
  .option("--no-stub", "speak with the chip's boot ROM alone, for esptool: slower")
  .option("--erase", "first erase everything, the relay's identity too; needs --yes")
  .option("--yes", "go on where a board cannot be compared, and with --erase")
  .option("--force", "write although another board runs there, or the flash is larger than the board's")
  .option("--dry-run", "tell what would be identified, compared, written and verified, and open nothing")
  .addOption(json())
  .addHelpText(
    "after",
    `
The image is verified first, the board compared with it before anything is written. What each family does, what a failure
leaves and how to recover is in docs/flashing.md.

Exit code 0 only with proof: the flash was read back, or the program that booted told its hash.

Examples:
  mehr flash heltec-v3                       the only board with its USB ids
  mehr flash heltec-v3 --dry-run
  mehr flash rak4631 --port /dev/ttyACM0
  mehr flash xiao-nrf52-wio --drive /media/you/XIAO-BOOT --json`,
  )
  .action((board: string, options) =>
    runCommand(options, async (io) => (await import("./flash.ts")).flash(io, { root, board, ...options })),
  );

program
  .command("power")
  .description("predict what a relay draws, and whether panel and battery bring it through the winter")
  .argument("<board>", "its id, as in `mehr boards`")
  .option("--panel <power>", "rating of the solar panel, such as 2W or 500mW; 0W is none")
  .option("--battery <capacity>", "of the battery, such as 2000mAh, 3Ah or 7.4Wh")
  .option("--latitude <degrees>", "where it stands, -90 to 90; south is negative")
  .option("--traffic <traffic>", "quiet, village, busy, FRAMES/h, FRAMES/hxBYTES or duty=SHARE%", "village")
  .option("--tilt <degrees>", "of the panel from flat, towards the equator (default: latitude + 15)")
  .addOption(
    new Option("--climate <climate>", "the sky for its latitude")
      .choices(["cloudy", "average", "sunny"])
      .default("average"),
  )
  .addOption(engine("--engine <engine>", "what runs the core", ENGINES))
  .addOption(
    new Option("--sleep <state>", "how the chip rests (default: as this firmware does)").choices(["idle", "sleep"]),
  )
  .option("--region <id>", "keep its law: its channel, power and duty cycle (`mehr law`)")
  .option(
    "--sf <factor>",
    "spreading factor (default: the region's or the board's, as for the next two)",
    integer(5, 12),
  )
  .option("--bw <kHz>", "bandwidth", bandwidth)
  .option("--power <dBm>", "output power", powerDbm)
  .option("--years <n>", "synthetic years", integer(1, 10_000), 200)
  .option("--seed <n>", "of their weather", integer(0, 2 ** 32 - 1), 1)
  .option("--plot <file>", "draw the year as an SVG")
  .addOption(json())
  .addHelpText(
    "after",
    `
Traffic is what the relay sends beside its beacons: village is a relay of \`mehr sim village\`, busy the busiest of it
in its busiest hour, quiet one with two neighbours and little to do.
What the figures rest on, and how far off they may be, is in the output and in docs/power.md.

Examples:
  mehr power rak4631 --panel 2W --battery 2000mAh --latitude 47
  mehr power heltec-v3 --panel 6W --battery 3Ah --latitude -33 --traffic 60/hx128 --plot year.svg
  mehr power rak4631 --panel 0W --battery 7.4Wh --latitude 60 --traffic duty=1% --json`,
  )
  .action((board: string, options) =>
    runCommand(options, async (io) => (await import("./power.ts")).power(io, { board, ...options })),
  );

program
  .command("law")
  .description("what a region's law lets a relay send, how often, and where that is written")
  .argument("[region]", "its id; without it the regions are listed")
  .option("--freq <MHz>", "centre frequency (default: the region's channel, as for all of these)", frequency)
  .option("--bw <kHz>", "bandwidth", bandwidth)
  .option("--sf <n>", "spreading factor", integer(5, 12))
  .option("--cr <rate>", "coding rate: 4/5 to 4/8", codingRate)
  .option("--preamble <n>", "symbols of preamble", integer(6, 65_535))
  .option("--size <bytes>", "bytes of the frame (default: 255, the largest)", integer(0, 255))
  .option("--power <dBm>", "conducted power", powerDbm)
  .option("--gain <dBi>", "of the antenna with its cable (default: a half-wave dipole's 2.15)", gain)
  .option("--board <id>", "also ask whether this board can")
  .addOption(json())
  .addHelpText(
    "after",
    `
Exit code 2 when the settings are refused. It is not legal advice: the regulator's text in force is the law.

Examples:
  mehr law                                    the regions, and which only receive
  mehr law eu868                              its sub-bands, limits and texts
  mehr law eu868 --freq 868.3 --sf 12 --size 64
  mehr law us915 --bw 125                     refused, and why`,
  )
  .action((region: string | undefined, options) =>
    runCommand(options, async (io) => (await import("./law.ts")).law(io, { region, ...options })),
  );

program
  .command("run")
  .description("build a virtual board and run it on a simulated radio channel")
  .argument("<board>", "a virtual board: qemu-m4, qemu-rv32 or native")
  .option("--count <n>", "how many of them", integer(1, 15), 1)
  .addOption(
    engine("--engine <engines>", "what runs the core; with several, the boards take turns", [
      ...ENGINES,
      ENGINES.join(","),
    ]),
  )
  .option("--with-node <n>", "and how many relays inside this process", integer(0, 15), 0)
  .option("--seconds <s>", "stop after this long (default: until interrupted)", integer(1, 86_400))
  .option("--loss <p>", "probability that a listener misses a frame", fraction, 0)
  .option("--seed <n>", "seed of the loss", integer(0, 2 ** 32 - 1), 1)
  .option("--prove", "stop when all have found each other, then replay the conformance transcript on each")
  .option("--expose <folder>", "leave the consoles to other programs: pseudo-terminals, linked in this folder by name")
  .option("--keep <folder>", "where `native` boards have their record flash, so that they know themselves next time")
  .option("--setup", "install what is missing first, as `mehr setup` does")
  .addOption(source())
  .addOption(bundleFile())
  .addOption(json())
  .addHelpText(
    "after",
    `
With --expose it prints the ports, one a line, and keeps the boards running; open them as you would those of real boards.

Examples:
  mehr run qemu-m4
  mehr run qemu-rv32 --count 2 --engine wasm3,aot --with-node 1 --prove --json
  mehr run qemu-m4 --count 3 --expose ports
  mehr run native --count 3 --expose ports --keep flash`,
  )
  .action((board: string, options) =>
    runCommand(options, async (io) => (await import("./run.ts")).run(io, { root, board, ...options })),
  );

const device = registerDevice(program, json, integer);

program
  .command("provision")
  .description("make boards relays: names, region, peers and PIN, checked, read back, and written down in fleet.lock")
  .argument("[fleet.yaml]", "what the boards are to be (default: ./fleet.yaml, unless flags say it for one board)")
  .option("--name <name>", "for one board: its name")
  .option("--port <port>", "its serial port (default: the only one there is)")
  .option("--usb <serial>", "or the serial number of its USB device")
  .option("--board <id>", "what it must be (default: what it says it is)")
  .option("--region <region>", "whose law it keeps; none to only listen")
  .option("--frequency <MHz>", "another centre frequency than the region's default", frequency)
  .option("--bandwidth <kHz>", "another bandwidth", bandwidth)
  .option("--sf <n>", "another spreading factor", integer(5, 12))
  .option("--preamble <n>", "another number of preamble symbols", integer(6, 65_535))
  .option("--power <dBm>", "another conducted power", powerDbm)
  .option("--antenna-gain <dBi>", "of the antenna with its cable (default: a half-wave dipole's 2.15)", gain)
  .option("--price <micro-MHR>", "for relaying a KiB (default: 0)", price)
  .option("--cost-tier <n>", "0 free to 3 expensive (default: 0, or 1 with a price)", integer(0, 3))
  .option("--trust <peer>", "a device of fleet.lock, an address, or all of fleet.lock (repeat it)", collect, [])
  .addOption(
    new Option(
      "--pin <how>",
      "ask for it, generate one for each device, or none (default: as the file says, or ask)",
    ).choices(["ask", "generate", "none"]),
  )
  .option("--pin-file <file>", "take it from a file: one PIN alone, or a line `name: PIN` for each device")
  .option("--old-pin-file <file>", "the PIN that locked boards have now, likewise")
  .option("--only <name>", "only this device of the file (repeat it)", collect, [])
  .option("--replace <name>", "this device may be another board than fleet.lock says (repeat it)", collect, [])
  .option("--any-image", "also a board that runs another image than dist/ holds")
  .option("--lock <file>", "where identities are kept (default: fleet.lock beside the fleet file)")
  .option("--labels <file>", "print labels with QR codes into an .svg or a .pdf")
  .option("--jobs <n>", "devices at a time", integer(1, 64), 8)
  .option("--dry-run", "find and identify the boards, say what would be done, change nothing")
  .addOption(json())
  .addHelpText(
    "after",
    `
Without a file and at a terminal it asks for what the flags do not say. A device that is already what it is to be is
left alone, so that an interrupted run is just run again.

A fleet file (docs/fleet.md has every field and its default):
  defaults:
    board: heltec-v3
    region: eu868
    trusted: all
    pin: generate
  devices:
    - name: roof-north
      port: /dev/ttyUSB0
    - name: roof-south
      usb: "0001a2b3"

Examples:
  mehr provision                                          fleet.yaml, or questions
  mehr provision village.yaml --labels labels.pdf
  mehr provision --port /dev/ttyACM0 --name roof --region eu868 --pin-file pin.txt`,
  )
  .action((file: string | undefined, options) =>
    runCommand(options, async (io) => (await import("./provision.ts")).provision(io, { root, file, ...options })),
  );

program
  .command("deploy")
  .description(
    "build, flash, provision and watch a board until it hears its neighbours: from sources to a relay on the air",
  )
  .argument("<board>", "its id, as in `mehr boards`")
  .option(
    "--skip <steps>",
    "leave out build, flash, provision or watch (commas between them, or repeat it)",
    collect,
    [],
  )
  .option("--neighbours <n>", "how many it must hear", integer(0, 16), 2)
  .option("--timeout <s>", "and within how long", integer(1, 86_400), 600)
  .addOption(engine("--engine <engine>", "build: what runs the core", ENGINES))
  .addOption(source())
  .option("--port <path>", "its serial port (default: as `mehr flash` finds it)")
  .option("--drive <path>", "flash: the drive of its UF2 bootloader")
  .option("--image <folder>", "flash: what to write (default: dist/<board>)")
  .option("--key <pub.pem>", "flash: the image must be signed with this key")
  .option("--method <method>", "flash: esptool, dfu, uf2 or picotool")
  .option("--expose <folder>", "a virtual board is started instead of flashed, with its port in this folder")
  .option("--with-node <n>", "relays to hear on its air (default: as many as it must hear)", integer(0, 15))
  .option("--stay", "leave the started board running until interrupted")
  .option("--fleet <file>", "provision: what a fleet file says of the device with this --name")
  .option("--name <name>", "provision: its name")
  .option("--region <region>", "provision: whose law it keeps; none to only listen")
  .option("--frequency <MHz>", "provision: another centre frequency than the region's default", frequency)
  .option("--bandwidth <kHz>", "provision: another bandwidth", bandwidth)
  .option("--sf <n>", "provision: another spreading factor", integer(5, 12))
  .option("--preamble <n>", "provision: another number of preamble symbols", integer(6, 65_535))
  .option("--power <dBm>", "provision: another conducted power", powerDbm)
  .option("--antenna-gain <dBi>", "provision: of the antenna with its cable", gain)
  .option("--price <micro-MHR>", "provision: for relaying a KiB", price)
  .option("--cost-tier <n>", "provision: 0 free to 3 expensive", integer(0, 3))
  .option("--trust <peer>", "provision: a device of fleet.lock, an address, or all (repeat it)", collect, [])
  .addOption(
    new Option("--pin <how>", "provision: ask for it, generate one, or none").choices(["ask", "generate", "none"]),
  )
  .option("--pin-file <file>", "provision: take it from a file")
  .option("--old-pin-file <file>", "provision: the PIN that a locked board has now")
  .option("--replace <name>", "provision: this device may be another board than fleet.lock says", collect, [])
  .option("--any-image", "provision: also a board that runs another image than dist/ holds")
  .option("--lock <file>", "provision: where identities are kept")
  .option("--labels <file>", "provision: print its label into an .svg or a .pdf")
  .option("--dry-run", "print the plan, and do nothing")
  .addOption(json())
  .addHelpText(
    "after",
    `
Run it again after a failure: a board that runs the image is not flashed again, and one that is what it is to be is left
alone. It ends with what was proven step by step. Exit code 0 only when every step that was not skipped is done.

Examples:
  mehr deploy heltec-v3 --name roof --region eu868 --pin generate
  mehr deploy rak4631 --fleet fleet.yaml --name roof-south --neighbours 1
  mehr deploy heltec-v3 --skip build,flash --port /dev/ttyUSB0 --name roof --region eu868
  mehr deploy qemu-m4 --expose ports --name try --region eu868 --pin none`,
  )
  .action((board: string, options) =>
    runCommand(options, async (io) => (await import("./deploy.ts")).deploy(io, { root, board, ...options })),
  );

program
  .command("labels")
  .description("a sheet of labels for provisioned devices: name, address, QR code")
  .argument("[fleet.lock]", "the identities that `mehr provision` has kept", "fleet.lock")
  .requiredOption("--out <file>", "an .svg or a .pdf; A4, 21 labels of 63.5 x 38.1 mm a sheet")
  .option("--only <name>", "only this device (repeat it)", collect, [])
  .addOption(json())
  .addHelpText(
    "after",
    "\nExamples:\n  mehr labels --out labels.pdf\n  mehr labels village.lock --out labels.svg --only roof-north",
  )
  .action((lock: string, options) =>
    runCommand(options, async (io) => (await import("./labels.ts")).labels(io, { lock, ...options })),
  );

program
  .command("bundle")
  .description("put everything builds need into one archive, for machines without a network")
  .argument("[boards...]", "boards it can build (all by default that its source has)")
  .addOption(
    new Option("--engine <engine>", "what runs the core (default: every engine of each board)")
      .choices(ENGINES)
      .argParser((text) => text),
  )
  .addOption(
    new Option("--source <source>", "where PlatformIO's packages come from")
      .choices(["auto", "registry", "system"])
      .default("auto"),
  )
  .option("--output <file>", "the archive (default: dist/mehr-bundle-<version>-<os>-<arch>.tar.gz)")
  .option("--without-compilers", "leave out the Debian packages of the compilers")
  .option("--without-node", "leave out Node.js itself")
  .addOption(json())
  .addHelpText(
    "after",
    `
It is for machines of this kind: the same system, processor and first number of Node.js' version. docs/bundle.md has
what is in it and how it is used.

Examples:
  mehr bundle qemu-m4
  mehr bundle rak4631 heltec-v3 --source registry
  then, elsewhere: tar xf FILE && cd mehr-bundle-* && ./setup && ./mehr build qemu-m4`,
  )
  .action((boards: string[], { withoutCompilers, withoutNode, ...options }) =>
    runCommand(options, async (io) =>
      (await import("./bundle.ts")).bundle(io, {
        root,
        version,
        boards,
        compilers: withoutCompilers !== true,
        node: withoutNode !== true,
        ...options,
      }),
    ),
  );

program
  .command("sim")
  .description("simulate many relays in virtual time, each running the real core")
  .argument("[scenario]", "a preset, or the path of a scenario file; without it the presets are listed")
  .option("--seed <n>", "another seed than the scenario's", integer(0, 2 ** 32 - 1))
  .option("--duration <s>", "another duration than the scenario's, in virtual seconds", integer(1, 31_536_000))
  .option("--report <file>", "write an HTML report")
  .option("--trace <file>", "record everything that goes into every core")
  .option("--board <board>", "let a virtual board in QEMU be one of the nodes: BOARD[:ENGINE]@NODE")
  .addOption(source())
  .option("--print", "print the scenario with all its defaults, to start a file of your own from")
  .addOption(json())
  .addHelpText(
    "after",
    `
Exit code 1 if a relay broke the law of its region, 2 for a scenario that is wrong.

Examples:
  mehr sim                                  list the presets
  mehr sim village --report village.html
  mehr sim village --print > mine.json      then: mehr sim ./mine.json --seed 7
  mehr sim village --duration 900 --board qemu-m4:aot@n3
  mehr sim hostile --trace run.trace && mehr trace replay run.trace`,
  )
  .action((scenario: string | undefined, options) =>
    runCommand(options, async (io) => (await import("./sim.ts")).sim(io, { root, ...options, scenario })),
  );

const trace = program
  .command("trace")
  .description("recorded simulations")
  .addHelpText("after", "\nExamples:\n  mehr sim village --trace run.trace\n  mehr trace replay run.trace");

trace
  .command("replay")
  .description("feed a recorded run to the core again and compare every node's final state")
  .argument("<file>", "a file written by `mehr sim --trace`")
  .addOption(json())
  .addHelpText("after", "\nExamples:\n  mehr trace replay run.trace\n  mehr trace replay run.trace --json")
  .action((file: string, options) =>
    runCommand(options, async (io) => (await import("./trace.ts")).traceReplay(io, { root, file })),
  );

program
  .command("monitor")
  .description("watch a board: neighbours, links, airtime, events; faults by the names of their functions")
  .option("--port <port>", "its serial port; the only one there is by default")
  .option("--baud <n>", "bits per second, for a port behind a UART bridge", integer(1200, 4_000_000))
  .option("--log <file>", "append everything to a file, with times in UTC")
  .option("--fleet <file>", "names of the neighbours (default: fleet.lock, if there is one)")
  .option("--seconds <n>", "end after so long", integer(1, 31_536_000))
  .option("--until-neighbours <n>", "end when it has so many neighbours", integer(1, 1024))
  .addOption(json())
  .addHelpText(
    "after",
    `
Without a terminal, as in a pipe, it prints a line for every event. Nothing it asks changes anything on the board; the
key \`l\` does, and needs the PIN of a locked one. Exit code 1 if the neighbours did not come in time.

Examples:
  mehr monitor
  mehr monitor --port /dev/ttyACM0 --log roof.log
  mehr monitor --until-neighbours 2 --seconds 300
  mehr monitor --seconds 10 --json`,
  )
  .action((options) =>
    runCommand(options, async (io) => (await import("./monitor.ts")).monitor(io, { root, ...options })),
  );

program
  .command("bench")
  .description("measure")
  .addArgument(program.createArgument("<suite>", "what").choices(["core", "crypto", "net", "build", "sim", "device"]))
  .option("--setup", "first install and fetch what the suite builds with and compares with")
  .addOption(json())
  .addHelpText(
    "after",
    `
core: sizes, memory, instructions of the core's steps, the time from an edit to running it.
crypto: the core's cryptography in V8 against node:crypto, noble and libsodium; on a Cortex-M4 and an RV32 against
wasm2c, Monocypher and libsodium in C, if they are here; and in bytes.
net: what the network core costs on a Cortex-M4 and an RV32: bytes, and instructions to forward and to verify.
build: lines of board values, flash and RAM of images, build times, how often the airtime ledger writes to flash.
sim: delivery and airtime of our network against flooding and source routing, in simulations; takes minutes.
device: provisioning one board and a fleet, flash writes of it, and what a console carries.

Examples:
  mehr bench core
  mehr bench crypto --setup --json`,
  )
  .action((suite: "core" | "crypto" | "net" | "build" | "sim" | "device", options) =>
    runCommand(options, async (io) => {
      if (suite === "core") return (await import("./bench/core.ts")).benchCore(io, { root, ...options });
      if (suite === "crypto") return (await import("./bench/crypto.ts")).benchCrypto(io, { root, ...options });
      if (suite === "net") return (await import("./bench/net.ts")).benchNet(io, { root, ...options });
      if (suite === "build") return (await import("./bench/build.ts")).benchBuild(io, { root, ...options });
      if (suite === "device") return (await import("./bench/device.ts")).benchDevice(io, { root, ...options });
      return (await import("./bench/net-compare.ts")).benchSim(io, { root });
    }),
  );

program
  .command("generate")
  .description("write the files rendered from abi.ts and boards/, and record the conformance transcript")
  .option("--check", "change nothing; exit with 1 if a file is stale")
  .addOption(json())
  .addHelpText("after", "\nExamples:\n  mehr generate\n  mehr generate --check")
  .action((options) =>
    runCommand(options, async (io) => (await import("./generate.ts")).generate(io, { root, ...options })),
  );

program
  .command("completion")
  .description("print a completion script")
  .addArgument(program.createArgument("<shell>", "for which shell").choices([...SHELLS]))
  .addHelpText(
    "after",
    "\nExamples:\n  source <(mehr completion bash)\n  mehr completion fish > ~/.config/fish/completions/mehr.fish",
  )
  .action(async (shell: (typeof SHELLS)[number]) => {
    const { boardIds } = await import("../../boards/index.ts");
    const { regionIds } = await import("../../boards/regions/index.ts");
    process.stdout.write(completionScript(shell, program, boardIds(), regionIds()));
  });

const asJson = process.argv.includes("--json");

/** commander ends with 1 for wrong usage, the contract with 2; and with --json the one object tells it. */
function end(error: CommanderError): never {
  if (error.exitCode !== 0 && asJson) {
    const message = error.message.replace(/^error: /, "");
    process.stdout.write(`${JSON.stringify({ ok: false, error: { exit_code: 2, message } })}\n`);
  }
  process.exit(error.exitCode === 0 ? 0 : 2);
}

for (const command of [program, ...program.commands, ...trace.commands, ...boards.commands, ...device.commands]) {
  command.exitOverride(end);
  if (asJson) command.configureOutput({ writeErr: () => {} });
}
await program.parseAsync();
