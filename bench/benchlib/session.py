"""One comparison: what is measured, with what, where; runs emulators by turns."""
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field

from . import TOP, BenchError, programs
from .process import run


class Unavailable(Exception):
    """A part that cannot be measured here, and why."""


def guest_image(target, name):
    """A guest image from tools/guest-image; BenchError with its last words if it cannot be had."""
    done = subprocess.run([f"{TOP}/tools/guest-image", target.name, name], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise BenchError(f"no guest {name}: {words[-1] if words else 'tools/guest-image failed'}")
    return done.stdout.strip()


@dataclass
class Session:
    target: object
    trapline: object
    qemu: object          # or None
    work: str             # temporary folder: all files that an emulator opens are in it
    runs: int
    scale: int
    kernel_option: str = None
    busybox_option: str = None
    only: list = field(default_factory=list)  # "part" or "part/row"; empty: everything
    _kernel: str = None
    _initrd: str = None

    def emulators(self):
        return [self.trapline] + ([self.qemu] if self.qemu else [])

    def wants(self, part, row=None):
        if not self.only or part in self.only:
            return True
        return any(word == f"{part}/{row}" if row else word.startswith(part + "/") for word in self.only)

    def by_turns(self, measure, emulators=None, runs=None):
        """Calls measure(emulator), which returns {name: value}, for each emulator, again and again;
        returns {name: {emulator's name: [value of each run]}} in the order of the first run."""
        results = {}
        runs = runs or self.runs
        emulators = emulators or self.emulators()
        for number in range(runs):
            for emulator in emulators:
                self.progress(f"run {number + 1} of {runs}, {emulator.name}")
                for name, value in measure(emulator).items():
                    results.setdefault(name, {}).setdefault(emulator.name, []).append(value)
        return results

    @staticmethod
    def progress(text):
        if sys.stderr.isatty():
            print(f"\r\033[K{text}", end="" if text else "\r", file=sys.stderr, flush=True)

    def bare(self, emulator, image, **more):
        """Runs a program that needs no operating system."""
        return run(emulator.bare(self.target, image), **more)

    def kernel(self):
        """The guest kernel, copied to where every emulator can open it."""
        if not self._kernel:
            try:
                path = self.kernel_option or guest_image(self.target, "kernel")
            except BenchError as error:
                raise Unavailable(str(error)) from None
            self._kernel = shutil.copy(path, self.work)
        return self._kernel

    def busybox(self):
        """busybox for the guest's shell, or None."""
        try:
            return self.busybox_option or guest_image(self.target, "busybox")
        except BenchError:
            return None

    def initrd(self):
        """The initramfs of all Linux guests."""
        if not self._initrd:
            self._initrd = programs.initramfs(self.target, self.work, self.busybox())
        return self._initrd

    def linux(self, emulator, what, *options, **more):
        """Boots the kernel; init does `what` (guest.d/init.c)."""
        return run(emulator.linux(self.target, self.kernel(), self.initrd(), what, *options), **more)

    def kernel_name(self):
        return os.path.basename(self._kernel) if self._kernel else None
