"""Flashes an Espressif chip with esptool, in one connection, and tells what it does as lines of JSON.

Told in argv[1], as JSON: port, baud, stub, attempts, erase, parts as [offset, path]. It connects, says what the chip is,
and waits for the line "write" on standard input; anything else, or the end of it, lets the board start again as it was.
Each part is written and read back (the chip's own MD5 over its flash) before the next. esptool 5.6.0, its API for scripts:
docs.espressif.com, "Embedding into Custom Scripts".
"""

import json
import sys

out = sys.stdout
sys.stdout = sys.stderr

import esptool.cmds as cmds  # noqa: E402
from esptool.loader import ESPLoader  # noqa: E402
from esptool.logger import TemplateLogger, log  # noqa: E402
from esptool.util import FatalError, flash_size_bytes  # noqa: E402


# A port that is lost may come back as another board: esptool would open it again and write the rest to that one.
ESPLoader.WRITE_FLASH_ATTEMPTS = 1


def tell(**event):
    out.write(json.dumps(event) + "\n")
    out.flush()


class Logger(TemplateLogger):
    """esptool's own words go to standard error; only its progress is told."""

    part = 0

    def print(self, *args, **kwargs):
        kwargs = {key: value for key, value in kwargs.items() if key in ("sep", "end")}
        print(*args, file=sys.stderr, flush=True, **kwargs)

    def note(self, message):
        self.print("Note:", message)

    def warning(self, message):
        self.print("Warning:", message)

    def error(self, message):
        self.print("Error:", message)

    def stage(self, finish=False):
        pass

    def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30):
        if total_iters > 0:
            tell(step="progress", part=self.part, done=cur_iter / total_iters)

    def set_verbosity(self, verbosity):
        pass


def asked(what):
    """A fact some chips cannot tell."""
    try:
        return bool(what())
    except Exception:
        return False


def main():
    told = json.loads(sys.argv[1])
    logger = Logger()
    log.set_logger(logger)
    step = "connect"
    esp = None
    try:
        esp = cmds.detect_chip(told["port"], 115200, "default-reset", connect_attempts=told["attempts"])
        # The SPI bus first: the stub is uploaded only to a chip that is to be written.
        cmds.attach_flash(esp)
        size = cmds.detect_flash_size(esp)
        tell(
            step="chip",
            chip=esp.CHIP_NAME,
            description=esp.get_chip_description(),
            mac=":".join("%02x" % byte for byte in esp.read_mac()),
            flash=None if size is None else flash_size_bytes(size),
            encrypted=asked(esp.get_flash_encryption_enabled),
            secure_boot=asked(esp.get_secure_boot_enabled),
            download_only=bool(esp.secure_download_mode),
        )
        if sys.stdin.readline().strip() != "write":
            cmds.reset_chip(esp, "hard-reset")
            return 0
        if told["stub"]:
            step = "stub"
            esp = cmds.run_stub(esp)
            if told["baud"] > 115200:
                esp.change_baud(told["baud"])
            cmds.attach_flash(esp)
        if told["erase"]:
            step = "erase"
            tell(step="erase")
            cmds.erase_flash(esp)
        for index, (offset, path) in enumerate(told["parts"]):
            step = "write"
            logger.part = index
            tell(step="part", part=index)
            cmds.write_flash(esp, [(offset, path)])
            tell(step="verified", part=index)
        step = "reset"
        cmds.reset_chip(esp, "hard-reset")
        tell(step="reset")
        return 0
    except (FatalError, OSError) as problem:
        tell(step="failed", during=step, problem=str(problem))
        return 1


sys.exit(main())
