"""Sends a DFU package to an nRF52 bootloader with adafruit-nrfutil, and tells what it does as lines of JSON.

Told in argv[1], as JSON: port, package. adafruit-nrfutil's own command ends with exit code 0 when it has failed (0.5.3.post16,
nordicsemi/__main__.py, `serial`), so its library is called. It never sees what the bootloader thinks of the image: that is for
the caller to find out from the program that boots.
"""

import errno
import json
import os
import sys

out = sys.stdout
sys.stdout = sys.stderr

from nordicsemi.dfu.dfu import Dfu  # noqa: E402
from nordicsemi.dfu.dfu_transport import DfuEvent  # noqa: E402
from nordicsemi.dfu.dfu_transport_serial import DfuTransportSerial  # noqa: E402


def tell(**event):
    out.write(json.dumps(event) + "\n")
    out.flush()


class Transport(DfuTransportSerial):
    """The stages, as they begin, and a line without DTR is no fault: an emulated one has none."""

    stage = "connect"

    def open(self):
        tell(step=self.stage)
        try:
            super().open()
        except OSError as problem:
            if problem.errno not in (errno.ENOTTY, errno.EINVAL):
                raise

    def send_start_dfu(self, *args, **kwargs):
        self.stage = "start"
        tell(step=self.stage)
        super().send_start_dfu(*args, **kwargs)

    def send_init_packet(self, init_packet):
        self.stage = "init"
        tell(step=self.stage)
        super().send_init_packet(init_packet)

    def send_firmware(self, firmware):
        self.stage = "data"
        tell(step=self.stage)
        self.packets = max(1, -(-len(firmware) // self.DFU_PACKET_MAX_SIZE))
        super().send_firmware(firmware)
        self.stage = "activate"
        tell(step=self.stage)


def main():
    told = json.loads(sys.argv[1])
    transport = Transport(told["port"], 115200, False, True, 0)

    events = 0

    def progress(progress=0, done=False, log_message=""):
        # One event before the first packet, one after each, and one at the end.
        nonlocal events
        if transport.stage == "data":
            tell(step="progress", done=min(1, events / transport.packets))
            events += 1

    transport.register_events_callback(DfuEvent.PROGRESS_EVENT, progress)
    try:
        Dfu(told["package"], dfu_transport=transport).dfu_send_images()
        tell(step="sent")
        code = 0
    except Exception as problem:
        tell(step="failed", during=transport.stage, problem=str(problem))
        code = 1
    out.flush()
    # The library leaves a thread or two behind on some systems.
    os._exit(code)


main()
