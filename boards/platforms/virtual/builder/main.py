"""Builds a virtual board: C and C++17 for bare metal (or Linux), the same bytes whatever directory it is built in."""

import os
import subprocess
import sys

from SCons.Script import Builder, Default, DefaultEnvironment

env = DefaultEnvironment()
board = env.BoardConfig()

prefix = board.get("build.prefix")
compiler = prefix + "gcc"
bare_metal = bool(prefix)


def ask_compiler(*flags):
    """One line of output of the board's compiler, or an end with one sentence when it does not run."""
    try:
        answer = subprocess.run([compiler, *flags], env=env["ENV"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write("Error: the compiler %s of board %s does not run: %s\n" % (compiler, env["BOARD"], error))
        env.Exit(1)
    return answer.stdout.strip()


# GCC 12 took the ISA manual of 2019-12-13 as its default: the CSR instructions left the base I and are named Zicsr;
# older compilers do not know the name.
zicsr = "_zicsr" if int(ask_compiler("-dumpversion").split(".")[0]) >= 12 else ""
# Linking keeps `rv32imc` without Zicsr: GCC compares names when it picks the libgcc and libc variant, and finds none
# for `rv32imc_zicsr`, falling back to its 64-bit default.
compile_flags = [flag.format(zicsr=zicsr) for flag in board.get("build.compile_flags")]
link_flags = list(board.get("build.link_flags"))

# The first C library the compiler has: picolibc (Debian's RISC-V compiler) or newlib-nano.
for specs in board.get("build.specs"):
    if os.path.isabs(ask_compiler("-print-file-name=" + specs)):
        compile_flags.append("--specs=" + specs)
        link_flags.append("--specs=" + specs)
        break

# Paths reach the image through __FILE__ and the debug information. The compiler takes the last map that matches, so
# the longer ones come last: libdeps may lie inside the project.
project = os.path.abspath(env.subst("$PROJECT_DIR"))
places = {}
for name, directory in (
    ("core", env.subst("$PROJECT_CORE_DIR")),
    ("packages", env.subst("$PROJECT_PACKAGES_DIR")),
    ("libdeps", os.path.join(env.subst("$PROJECT_LIBDEPS_DIR"), env["PIOENV"])),
    ("build", env.subst("$BUILD_DIR")),
    ("platform", env.PioPlatform().get_dir()),
    (".", project),
):
    places[os.path.abspath(directory)] = name
    places[os.path.realpath(directory)] = name
    # SCons names a file below the project relative to it, also when that is a package of `.mehr` or `.pio`.
    relative = os.path.relpath(os.path.abspath(directory), project)
    if relative != "." and not relative.startswith(".."):
        places[relative] = name
maps = ["%s=%s" % (path, places[path]) for path in sorted(places, key=lambda p: (len(p), p))]
prefix_maps = ["-ffile-prefix-map=" + item for item in maps]
# The driver hands the assembler only this older option (GCC 12).
assembler_maps = ["-fdebug-prefix-map=" + item for item in maps]

env.Replace(
    AR=prefix + "ar",
    RANLIB=prefix + "ranlib",
    AS=compiler,
    CC=compiler,
    # The gcc driver compiles C++ by the file's suffix; linking through it keeps the C++ runtime library out, so the
    # image needs no libstdc++.
    CXX=compiler,
    LINK=compiler,
    OBJCOPY=prefix + "objcopy",
    SIZETOOL=prefix + "size",
    ARFLAGS=["rcD"],
    PROGNAME="firmware",
    PROGSUFFIX=".elf",
    # SCons' default makes ASPPFLAGS contain ASFLAGS, and picolibc's specs file cannot be given twice.
    ASFLAGS=["-c", "-g", *compile_flags, *assembler_maps],
    ASPPFLAGS=["-x", "assembler-with-cpp", "-g", *compile_flags, *assembler_maps],
)

env.Append(
    CFLAGS=["-std=gnu11"],
    CXXFLAGS=["-std=gnu++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit"],
    CCFLAGS=[
        *compile_flags,
        *prefix_maps,
        # wasm3 is as fast at -O2 as at -O3, and its interpreter loop relies on tail calls, which -O1 and below lack.
        "-O2",
        "-g",
        "-ffunction-sections",
        "-fdata-sections",
        # __DATE__ and __TIME__ would make every build another image.
        "-Werror=date-time",
    ],
    LINKFLAGS=[
        *link_flags,
        "-O2",
        "-Wl,--gc-sections",
        "-Wl,--build-id=none",
        # Substituted here, because SCons splits a variable's value at its spaces.
        "-Wl,-Map," + os.path.join(env.subst("$BUILD_DIR"), "firmware.map"),
    ],
)

if bare_metal:
    env.Append(
        # A compiler package with C++ library headers and one without must accept the same sources.
        CXXFLAGS=["-nostdinc++"],
        LINKFLAGS=["-nostartfiles", "-static"],
        LIBS=["c", "gcc"],
    )
    script = board.get("build.ldscript", "")
    path = os.path.join(project, script)
    if not script or not os.path.isfile(path):
        sys.stderr.write(
            "Error: board %s needs a linker script: board_build.ldscript in platformio.ini is %s\n"
            % (env["BOARD"], "missing" if not script else "%s, which is not a file" % script)
        )
        env.Exit(1)
    env.Replace(LDSCRIPT_PATH=path)

program = env.BuildProgram()
targets = [program]

if bare_metal:
    env.Depends(program, env.File(env["LDSCRIPT_PATH"]))
    env.Append(
        BUILDERS={
            "ElfToBin": Builder(
                action=env.VerboseAction(
                    "$OBJCOPY -O binary --gap-fill 0xff $SOURCES $TARGET", "Building $TARGET"
                ),
                suffix=".bin",
            )
        }
    )
    targets.append(env.ElfToBin(os.path.join("$BUILD_DIR", "firmware"), program))

command = ['"$PROGPATH"' if part == "{elf}" else part for part in board.get("exec")]
env.AddPlatformTarget(
    "exec",
    program,
    env.VerboseAction(" ".join(command) + " $PROGRAM_ARGS", "Starting $BUILD_DIR/firmware.elf"),
    "Run",
    "Start the board in its emulator (native: as a process)",
)

Default(targets)
