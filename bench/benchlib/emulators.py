"""The two emulators as command lines for the same guest."""
import os
import platform
import re
import shlex
import shutil
import subprocess

from . import TOP, BenchError


def first_line(command):
    """The first line that a command prints; BenchError if it cannot be run."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"{command[0]}: cannot be run: {getattr(error, 'strerror', None) or error}") from None
    lines = (done.stdout or done.stderr).strip().splitlines()
    if done.returncode or not lines:
        raise BenchError(f"{' '.join(command)}: status {done.returncode}: {lines[0] if lines else 'no output'}")
    return lines[0]


def find_trapline(path=None):
    """The binary to measure: the one named, $TRAPLINE, or the release build."""
    named = path or os.environ.get("TRAPLINE")
    candidates = [named] if named else [f"{TOP}/build/release/trapline", f"{TOP}/build/trapline"]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and os.path.isfile(candidate):
            return os.path.abspath(candidate)
    raise BenchError(f"{named}: not a program" if named else "no trapline binary: build first, or name one with --trapline")


class Trapline:
    name = "trapline"

    def __init__(self, path, engine=None):
        self.path = path
        self.engine = engine or ("jit" if platform.machine() in ("x86_64", "AMD64") else "interp")

    def version(self):
        return first_line([self.path, "--version"])

    def with_engine(self, engine):
        return Trapline(self.path, engine)

    def bare(self, target, image):
        return [self.path, "run", "--arch", target.name, "--engine", self.engine, *target.trapline_bare, image]

    def _machine(self, target, kernel, initrd, what):
        return ["--arch", target.name, "--engine", self.engine, "--mem", "512M", "--kernel", kernel, "--initrd", initrd,
                "--append", f"{target.console} -- {what}"]

    def linux(self, target, kernel, initrd, what, *options):
        return [self.path, "run", *options, *self._machine(target, kernel, initrd, what)]

    def snapshot(self, target, kernel, initrd, what, condition, file):
        """The same guest up to a condition; it is then in the file."""
        return [self.path, "snap", "save", file, "--at", condition, *self._machine(target, kernel, initrd, what)]

    def restore(self, file):
        return [self.path, "snap", "load", file, "--engine", self.engine]


class Qemu:
    name = "qemu"

    def __init__(self, command):
        self.command = command

    def version(self):
        line = first_line(self.command + ["--version"])
        found = re.search(r"version (\S+)", line)
        return f"QEMU {found.group(1)}" if found else line

    def bare(self, target, image):
        return [*self.command, *target.qemu_machine, *target.qemu_bare, "-kernel", image]

    def linux(self, target, kernel, initrd, what):
        return [*self.command, *target.qemu_machine, "-kernel", kernel, "-initrd", initrd,
                "-append", f"{target.console} -- {what}"]


def find_qemu(option, target):
    """The QEMU to compare with: the command given, or the one in PATH. None: there is none, or none is wanted."""
    if option == "none":
        return None
    command = shlex.split(option) if option else [target.qemu]
    if not option and not shutil.which(command[0]):
        return None
    qemu = Qemu(command)
    qemu.version()
    return qemu
