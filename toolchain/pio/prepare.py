"""Makes the generated files before a build that was started by hand with `pio run -e <board>`, and gives the translated
core its own compiler flags.

`mehr build` has made the files already and says so with MEHR_PREPARED=1; then none are made here.
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
            "Error: the headers of %s are made by this project's own command, and %s; run: npm ci\n"
            % (env["PIOENV"], missing)
        )
        env.Exit(1)
    board = env.GetProjectOption("custom_board")
    engine = env.GetProjectOption("custom_engine")
    arguments = ["build", board, "--engine", engine, "--prepare-only"]
    done = subprocess.run([node, command_line, *arguments], cwd=project, check=False)
    if done.returncode != 0:
        sys.stderr.write("Error: mehr %s failed; its message is above\n" % " ".join(arguments))
        env.Exit(done.returncode)


def compile_core(env, node):
    """The object of the translated core, with the flags that are for it alone behind those of every file."""
    flags = env.Split(env.GetProjectOption("custom_core_flags", ""))
    return env.Object(node, CCFLAGS=[*env["CCFLAGS"], *flags])


prepare(env)  # noqa: F821
env.AddBuildMiddleware(compile_core, "*/engine/aot/relay_core.c")  # noqa: F821
