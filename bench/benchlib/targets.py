"""One row per guest architecture: how its programs are built and how QEMU runs them.

A new architecture is a row here and its sources in traps.d/ and cold.d/."""
import os
import shutil
from dataclasses import dataclass

from . import BenchError


@dataclass(frozen=True)
class Target:
    name: str
    compiler: str             # the Debian name of the cross compiler
    qemu: str                 # the system emulator
    qemu_machine: tuple       # its options for the board that trapline models too
    qemu_bare: tuple          # more of them for a program that brings no firmware
    trapline_bare: tuple      # the same for trapline
    bare_flags: tuple         # compiler options for such programs
    console: str              # kernel command line
    empty_program: str        # starts, and ends the machine with status 0
    integer_kernels: tuple = tuple("dhry sieve sha256 qsort interp memops fib".split())

    def cc(self):
        """The compiler command: $CC_<arch>, or Debian's cross compiler."""
        command = os.environ.get(f"CC_{self.name}", self.compiler)
        if not shutil.which(command):
            raise BenchError(f"{command}: no such compiler: install a {self.name} cross compiler or set CC_{self.name}")
        return command


TARGETS = {
    row.name: row
    for row in [
        Target(
            name="riscv64",
            compiler="riscv64-linux-gnu-gcc",
            qemu="qemu-system-riscv64",
            qemu_machine=("-M", "virt", "-m", "512M", "-nographic"),
            qemu_bare=("-bios", "none"),
            trapline_bare=("--sbi", "off"),
            bare_flags=("-march=rv64gc", "-mabi=lp64d", "-mcmodel=medany", "-Wl,-Ttext=0x80000000"),
            console="console=ttyS0 quiet",
            empty_program="""
	.globl _start
_start:	li t0, 0x100000
	li t1, 0x5555
	sw t1, (t0)
1:	j 1b
""",
        ),
        Target(
            name="aarch64",
            compiler="aarch64-linux-gnu-gcc",
            qemu="qemu-system-aarch64",
            qemu_machine=("-M", "virt,virtualization=on,gic-version=3", "-cpu", "max,pauth-impdef=on", "-m", "512M",
                          "-nographic"),
            qemu_bare=(),
            trapline_bare=(),
            bare_flags=("-Wl,-Ttext=0x40200000",),
            console="console=ttyAMA0 quiet",
            empty_program="""
	.globl _start
_start:	ldr w0, =0x84000008 /* PSCI SYSTEM_OFF */
	smc #0
1:	b 1b
""",
        ),
    ]
}
