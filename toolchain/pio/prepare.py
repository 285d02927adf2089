"""Makes the generated headers before a build that was started by hand with `pio run -e <board>`.

`mehr build` has made them already and says so with MEHR_PREPARED=1; then nothing happens here.
"""

import os
import shutil
import subprocess
import sys

Import("env")  # noqa: F821  (SCons gives this function to its scripts)


def prepare(env):
    if os.environ.get("MEHR_PREPARED") == "1" or env.IsCleanTarget():
        return
    project = env.subst("$PROJECT_DIR")
    command_line = os.path.join(project, "bin", "mehr.mjs")
    node = shutil.which("node")
    if node is None or not os.path.isfile(command_line):
        missing = "Node.js is not on the PATH" if node is None else "bin/mehr.mjs is missing"
        sys.stderr.write(
            "Error: the headers of board %s are made by this project's own command, and %s; run: npm ci\n"
            % (env["PIOENV"], missing)
        )
        env.Exit(1)
    done = subprocess.run([node, command_line, "build", env["PIOENV"], "--prepare-only"], cwd=project, check=False)
    if done.returncode != 0:
        sys.stderr.write("Error: mehr build %s --prepare-only failed; its message is above\n" % env["PIOENV"])
        env.Exit(done.returncode)


prepare(env)  # noqa: F821
