"""Running an emulator: its CPU time at each line that its guest prints, and at its end."""
import contextlib
import ctypes
import os
import select
import subprocess
import time
from dataclasses import dataclass, field

from . import BenchError


def cpu_clock(pid):
    """CPU seconds (all threads, user and system) that a process has used, to the nanosecond.

    Linux encodes the clock of another process as ~pid << 3 | CPUCLOCK_SCHED (2)."""
    return time.clock_gettime(~pid << 3 | 2)


@dataclass
class Line:
    text: str
    cpu: float   # CPU seconds of the process when we read the line
    wall: float  # seconds since its start


@dataclass
class Run:
    status: int = 0
    cpu: float = 0.0
    wall: float = 0.0
    lines: list = field(default_factory=list)

    def line(self, text):
        """The first line that begins with a text; BenchError without one."""
        for line in self.lines:
            if line.text.startswith(text):
                return line
        raise BenchError(f"the guest never printed '{text}'; its last words: {self.last_words()}")

    def last_words(self):
        return " | ".join(line.text for line in self.lines[-3:]) or "none"


def describe(command):
    return " ".join(command[:1] + ["..."] + command[-1:])


def _read_lines(child, run, stop_at, start, limit):
    """Collects lines until the output ends (False) or a line begins with stop_at (True)."""
    rest = b""
    while True:
        left = start + limit - time.monotonic()
        if left <= 0 or not select.select([child.stdout], [], [], left)[0]:
            raise BenchError(f"{describe(child.args)}: no end in time; last words: {run.last_words()}")
        chunk = os.read(child.stdout.fileno(), 65536)
        cpu, wall = cpu_clock(child.pid), time.monotonic() - start
        if not chunk:
            return False
        *whole, rest = (rest + chunk).split(b"\n")
        for text in whole:
            run.lines.append(Line(text.decode(errors="replace").strip(), cpu, wall))
            if stop_at and run.lines[-1].text.startswith(stop_at):
                return True


def _small_pages():
    """No huge pages in this process and its children: PR_SET_THP_DISABLE of prctl(2)."""
    ctypes.CDLL(None).prctl(41, 1, 0, 0, 0)


def run(command, limit=900, stop_at=None, look=None, small_pages=False, typed=b""):
    """Runs a command to its end, or to the line that begins with stop_at: then look(pid) is
    called, the process killed, and its status does not matter. Standard input brings a few typed
    bytes and stays open."""
    result = Run()
    start = time.monotonic()
    try:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 preexec_fn=_small_pages if small_pages else None)
    except OSError as error:
        raise BenchError(f"{command[0]}: cannot be run: {error.strerror}") from None
    usage = None
    try:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(typed)
            child.stdin.flush()
        stopped = _read_lines(child, result, stop_at, start, limit)
        if stopped:
            if look:
                look(child.pid)
            child.kill()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = result.status = os.waitstatus_to_exitcode(status)
    finally:
        with contextlib.suppress(OSError):
            child.stdin.close()
        child.stdout.close()
        if usage is None:
            child.kill()
            child.wait()
    result.wall = time.monotonic() - start
    result.cpu = usage.ru_utime + usage.ru_stime
    if stop_at and not stopped:
        result.line(stop_at)
    if result.status and not stopped:
        raise BenchError(f"{describe(command)}: status {result.status}; last words: {result.last_words()}")
    return result
