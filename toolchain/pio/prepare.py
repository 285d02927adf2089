"""Makes the generated files before a build that was started by hand with `pio run -e <board>`, gives the translated
core its own compiler flags, and keeps this machine's folders and clock out of a real board's image.

`mehr build` has made the files already and says so with MEHR_PREPARED=1; then none are made here.
"""

import glob
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


def accepts(compiler, flag):
    command = [compiler, flag, "-E", "-x", "c", os.devnull, "-o", os.devnull]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def make_reproducible(env):
    """The same bytes in any folder, at any time. The platform of the virtual boards does it itself (builder/main.py).

    Paths reach an image through debug information and __FILE__, and an ESP32's through the hash of its ELF file too. A
    compiler older than GCC 8 cannot map __FILE__; its debug information it can.
    """
    platform = env.PioPlatform()
    if platform.name == "virtual":
        return
    folders = [platform.get_package_dir(name) for name in platform.packages]
    compilers = [path for folder in folders if folder for path in glob.glob(os.path.join(folder, "bin", "*-gcc"))]
    whole = all(accepts(compiler, "-ffile-prefix-map=a=b") for compiler in compilers)
    option = "-ffile-prefix-map" if whole else "-fdebug-prefix-map"
    places = {}
    for name, folder in (
        ("core", env.subst("$PROJECT_CORE_DIR")),
        ("packages", env.subst("$PROJECT_PACKAGES_DIR")),
        ("libdeps", os.path.join(env.subst("$PROJECT_LIBDEPS_DIR"), env["PIOENV"])),
        ("build", env.subst("$BUILD_DIR")),
        (".", env.subst("$PROJECT_DIR")),
    ):
        places[os.path.abspath(folder)] = name
        places[os.path.realpath(folder)] = name
    # The last map that matches counts: what lies inside another folder comes after it.
    ordered = sorted(places, key=lambda path: (len(path), path))
    env.Append(
        CCFLAGS=["%s=%s=%s" % (option, path, places[path]) for path in ordered],
        LINKFLAGS=["-Wl,--build-id=none"],
    )
    # __DATE__ and __TIME__ of frameworks and libraries (GCC manual, "Environment Variables Affecting GCC").
    env["ENV"]["SOURCE_DATE_EPOCH"] = "315532800"


def compile_core(env, node):
    """The object of the translated core, with the flags that are for it alone behind those of every file."""
    flags = env.Split(env.GetProjectOption("custom_core_flags", ""))
    return env.Object(node, CCFLAGS=[*env["CCFLAGS"], *flags])


prepare(env)  # noqa: F821
make_reproducible(env)  # noqa: F821
env.AddBuildMiddleware(compile_core, "*/engine/aot/relay_core.c")  # noqa: F821
