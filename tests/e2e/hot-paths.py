#!/usr/bin/env python3
"""Host instructions that hot paths take, counted by callgrind: no clock, so no load changes them.

A count above its limit means that a path has got longer: find out why before you raise it. The
limits are what builds by gcc 12 and 14 need (the larger of both) and MARGIN for other versions of
compiler and libraries."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench"))
from benchlib import BenchError, programs  # noqa: E402
from benchlib.targets import TARGETS  # noqa: E402

TRAPLINE = os.environ.get("TRAPLINE", "build/release/trapline")
TARGET = TARGETS["riscv64"]
MARGIN = 1.3


@dataclass(frozen=True)
class Path:
    """A part of bench/paths.d/<arch>.S. One time of it is `events` of what the limits count."""
    name: str
    what: str
    events: int
    counts: tuple        # repetitions of the two runs whose difference is taken
    expected: dict       # engine -> host instructions for one event, of builds by gcc 12 and by gcc 14
    flags: tuple = ()


PATHS = [
    Path("integer", "an integer instruction", 10, (5000, 15000), {"interp": (11.0, 11.0), "jit": (1.9, 1.9)}),
    Path("memory", "an instruction, 8 of 10 accesses", 10, (5000, 15000), {"interp": (18.3, 18.3), "jit": (2.5, 2.5)}),
    Path("atomic", "an instruction, 4 of 6 atomic", 6, (5000, 15000), {"jit": (14.8, 14.8)}),
    Path("call", "a call and return", 1, (5000, 15000), {"interp": (86.0, 86.0), "jit": (24.0, 24.0)}),
    Path("float", "a floating-point instruction", 2, (5000, 15000), {"interp": (50.5, 50.0), "jit": (10.0, 10.0)}),
    Path("csr", "a CSR write and read", 1, (5000, 15000), {"interp": (46.0, 46.0), "jit": (7.0, 7.0)}),
    Path("trap", "an ecall and mret", 1, (5000, 15000), {"interp": (454.3, 450.3), "jit": (421.3, 417.3)}),
    Path("tlb", "a TLB miss, three levels", 2, (3000, 9000), {"interp": (1828.0, 1810.0), "jit": (1851.5, 1833.5)}),
    Path("cold", "a new instruction, once", 8, (500, 1500), {"interp": (499.1, 502.2)}, ("-DPASSES=1",)),
    Path("cold", "a new instruction, 12 times", 8, (500, 1500), {"jit": (2200.0, 2176.0)}, ("-DPASSES=12",)),
]


def host_instructions(engine, image):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", TRAPLINE, "run", "--engine", engine,
               "--sbi", "off", image]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        raise BenchError(f"status {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return int(found.group(1))


def build(path, count, folder):
    return programs.compile_program(
        [TARGET.cc(), "-nostdlib", "-static", "-Wl,--build-id=none,-n", *TARGET.bare_flags, f"-DPATH_{path.name}",
         f"-DN={count}", *path.flags, f"{programs.BENCH}/paths.d/{TARGET.name}.S"],
        os.path.join(folder, f"{path.name}-{count}{''.join(path.flags)}"))


def measure(path, engine, images):
    """Host instructions for one event, or what went wrong."""
    try:
        few, many = (host_instructions(engine, image) for image in images)
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        return error
    return (many - few) / (path.counts[1] - path.counts[0]) / path.events


def why_not():
    """The reason to skip all this, or None."""
    if os.environ.get("TRAPLINE_QUICK"):
        return "left out by check --quick"
    if not shutil.which("valgrind"):
        return "no valgrind"
    try:
        TARGET.cc()
    except BenchError as error:
        return str(error)
    with open(TRAPLINE, "rb") as program:
        if b"clang version" in program.read():
            return "counts are recorded for gcc"
    empty = subprocess.run([TRAPLINE, "run", "--engine", "jit", "/dev/null"], capture_output=True, text=True, check=False)
    return "no JIT on this host" if "not available" in empty.stderr else None


def main():
    reason = why_not()
    if reason:
        print(f"ok 1 - host instructions of hot paths # SKIP {reason}")
        return 0
    failed = number = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        cases = []
        for path in PATHS:
            images = [build(path, count, folder) for count in path.counts]
            cases += [(path, engine, expected, pool.submit(measure, path, engine, images))
                      for engine, expected in path.expected.items()]
        for number, (path, engine, expected, future) in enumerate(cases, 1):
            limit, count = max(expected) * MARGIN, future.result()
            if isinstance(count, Exception):
                good, found = False, str(count)
            else:
                good, found = count <= limit, f"{count:.1f}"
            failed += not good
            print(f"{'ok' if good else 'not ok'} {number} - {engine}, host instructions for {path.what}: {found}, limit {limit:.1f}",
                  flush=True)
    print(f"1..{number}")
    return 1 if failed else 0


sys.exit(main())
