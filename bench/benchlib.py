"""What the benchmark scripts share: building guest programs, measuring CPU time."""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CC = os.environ.get("CC_riscv64", "riscv64-linux-gnu-gcc")


def trapline():
    """The binary to measure: $TRAPLINE, or the release build."""
    for path in (os.environ.get("TRAPLINE"), TOP + "/build/release/trapline", TOP + "/build/trapline"):
        if path and os.access(path, os.X_OK):
            return path
    sys.exit("no trapline binary: set TRAPLINE, or build first")


def need_compiler():
    if not shutil.which(CC):
        sys.exit(f"{CC} is missing: install a riscv64 cross compiler or set CC_riscv64")


def cpu_seconds(command, limit=600):
    """Runs a command to its end; returns (user + system seconds, its output)."""
    with tempfile.TemporaryFile() as out:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except KeyboardInterrupt:
            child.kill()
            raise
        out.seek(0)
        text = out.read().decode(errors="replace")
    if status:
        sys.exit(f"{' '.join(command)}\nended with status {status}:\n{text[-2000:]}")
    return usage.ru_utime + usage.ru_stime, text


def minimum(command, runs):
    """The least CPU time of several runs, and the last output."""
    results = [cpu_seconds(command) for _ in range(runs)]
    return min(seconds for seconds, _ in results), results[-1][1]
