/** The commands of `mehr device`, for main.ts: their options and help. What they do is loaded when it is done. */
import { type Command, Option } from "commander";
import { LOG_LEVELS } from "../../board/log-levels.ts";
import { runCommand } from "../outcome.ts";
import type { DeviceFlags } from "./connect.ts";

type Flags = DeviceFlags & { json?: boolean };

/** Adds `device` to the program. `integer` reads a whole number in a range. */
export function registerDevice(
  program: Command,
  json: () => Option,
  integer: (min: number, max: number) => (text: string) => number,
): Command {
  const device = program
    .command("device")
    .description("talk to a relay over its port: who it is, how it is, messages, backup, reset")
    .addHelpText(
      "after",
      `
Without --port the only serial port there is is used. The PIN of a locked relay is asked for without echo; a script gives
it with --pin-file or in MEHR_PIN (--pin shows in the list of processes).

Examples:
  mehr device status
  mehr device send 5f3a...c2 "is anybody home?" --port /dev/ttyACM0
  mehr device backup roof.mehr-backup --shares 3/5
  mehr device reset --yes roof`,
    );

  const add = (name: string, description: string, example: string): Command =>
    device
      .command(name)
      .description(description)
      .option(
        "--port <path>",
        "its serial port, or the Unix socket of a virtual board (default: the only one there is)",
      )
      .option("--pin <pin>", "its PIN")
      .option(
        "--pin-file <file>",
        "a file with its PIN alone, or with a line `name: PIN` for each relay, as fleet.pins",
      )
      .addOption(json())
      .addHelpText("after", `\nExample:\n  mehr device ${example}`);

  add("identify", "who it is, and proof of it", "identify --json").action((flags: Flags) =>
    runCommand(flags, async (io) => (await import("./look.ts")).identify(io, flags)),
  );
  add("status", "how it is: uptime, battery, airtime, neighbours, links, routes", "status --port /dev/ttyUSB0").action(
    (flags: Flags) => runCommand(flags, async (io) => (await import("./look.ts")).status(io, flags)),
  );
  add("lock", "whether it is locked, and how it is opened", "lock").action((flags: Flags) =>
    runCommand(flags, async (io) => (await import("./look.ts")).lock(io, flags)),
  );
  add("send", "send a short text end to end", 'send 5f3a...c2 "is anybody home?"')
    .argument("<destination>", "an address (32 hex digits), or a public key (64) nobody has announced yet")
    .argument("<text>", "at most 200 bytes of UTF-8")
    .action((destination: string, text: string, flags: Flags) =>
      runCommand(flags, async (io) => (await import("./talk.ts")).send(io, { ...flags, destination, text })),
    );
  add("receive", "print the messages it has kept", "receive --follow")
    .option("--follow", "and those that come, until interrupted")
    .option("--seconds <s>", "and those that come in so many seconds", integer(1, 86_400))
    .action((flags: Flags & { follow?: boolean; seconds?: number }) =>
      runCommand(flags, async (io) => (await import("./talk.ts")).receive(io, flags)),
    );
  add("ping", "the radio test: time there and back, and how each hears the other", "ping --other-port /dev/ttyACM1")
    .argument("[destination]", "another relay's address")
    .option("--other-port <path>", "the other relay's port, if it is at hand: it tells how it hears this one")
    .option("--timeout <s>", "wait so long for the answer", integer(1, 120))
    .action((destination: string | undefined, flags: Flags & { otherPort?: string; timeout?: number }) =>
      runCommand(flags, async (io) =>
        (await import("./talk.ts")).ping(io, { ...flags, ...(destination === undefined ? {} : { destination }) }),
      ),
    );
  add("time", "tell it the time of this machine", "time").action((flags: Flags) =>
    runCommand(flags, async (io) => (await import("./look.ts")).time(io, flags)),
  );
  add("log", "show what it logs, until interrupted", "log --level debug")
    .addOption(new Option("--level <level>", "the least important to show").choices([...LOG_LEVELS]))
    .option("--seconds <s>", "stop after so many seconds", integer(1, 86_400))
    .action((flags: Flags & { level?: string; seconds?: number }) =>
      runCommand(flags, async (io) => (await import("./look.ts")).log(io, flags)),
    );
  add("reboot", "start it again", "reboot").action((flags: Flags) =>
    runCommand(flags, async (io) => (await import("./keep.ts")).reboot(io, flags)),
  );
  add("backup", "write an encrypted backup of its identity and provisioning", "backup roof.mehr-backup --shares 3/5")
    .argument("<file>", "the file to write; one that exists is left alone")
    .option("--shares <K/N>", "open it by any K of N printed shares instead of a passphrase")
    .option("--passphrase-file <file>", "a file whose first line is the passphrase (or MEHR_PASSPHRASE)")
    .action((file: string, flags: Flags & { shares?: string; passphraseFile?: string }) =>
      runCommand(flags, async (io) => (await import("./keep.ts")).backup(io, { ...flags, file })),
    );
  add("restore", "put a backup on a relay", "restore roof.mehr-backup --shares-file shares.txt")
    .argument("<file>", "a backup made by `mehr device backup`")
    .option("--share <line>", "a share (repeat it)", (line: string, all: string[]) => [...all, line], [] as string[])
    .option("--shares-file <file>", "a file with a share on each line")
    .option("--passphrase-file <file>", "a file whose first line is the passphrase (or MEHR_PASSPHRASE)")
    .option("--yes <name>", "the name of the relay that is overwritten, to confirm it")
    .action(
      (file: string, flags: Flags & { share?: string[]; sharesFile?: string; passphraseFile?: string; yes?: string }) =>
        runCommand(flags, async (io) => (await import("./keep.ts")).restore(io, { ...flags, file })),
    );
  add("reset", "factory reset", "reset --yes roof")
    .option(
      "--forget-identity",
      "also its identity: it becomes another relay (without the PIN within a minute of power-on)",
    )
    .option("--yes <name>", "its name, to confirm it (the first 8 digits of its address if it has none)")
    .action((flags: Flags & { forgetIdentity?: boolean; yes?: string }) =>
      runCommand(flags, async (io) => (await import("./keep.ts")).reset(io, flags)),
    );
  return device;
}
