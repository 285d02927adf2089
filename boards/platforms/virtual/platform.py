"""Which packages a virtual board needs, depending on the board and on where packages come from."""

import os

from platformio.platform.base import PlatformBase


class VirtualPlatform(PlatformBase):
    def configure_default_packages(self, options, targets):
        board = self.board_config(options["board"]) if options.get("board") else None
        wanted = board.get("build.toolchain", "") if board else ""
        # The package source `system` puts the machine's own compiler in the core directory under this package's
        # name with its true version, which is not the version pinned for PlatformIO's registry.
        from_system = os.path.isfile(os.path.join(self.config.get("platformio", "core_dir"), "mehr-system.json"))
        for name, package in self.packages.items():
            package["optional"] = name != wanted
            if from_system:
                package["version"] = "*"
        return super().configure_default_packages(options, targets)
