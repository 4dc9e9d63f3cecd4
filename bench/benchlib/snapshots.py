"""Measurements on snapshots: resets a second, time to restore a booted guest."""
import json
import os
import subprocess

from . import BenchError
from .emulators import first_line
from .guests import GUEST_MIB
from .process import run
from .report import Row
from .session import Unavailable

RESTORES_PER_RUN = 3
ENGINES = ["jit", "interp", "step"]


def reset_speed(program, engine):
    """Resets a second, of bench-resets with its own defaults: 200 instructions that write to 4 pages."""
    done = subprocess.run([program, "--engine", engine, "--seconds", "0.5", "--json"], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BenchError(f"bench-resets: {done.stderr.strip() or done.returncode}")
    return json.loads(done.stdout)["resets_per_second"]


def resets(session):
    """Setting a guest back in memory, and running it for 200 instructions that write to 4 pages, again and again."""
    program = os.path.join(os.path.dirname(session.trapline.path), "bench-resets")
    if not os.access(program, os.X_OK):
        raise Unavailable(f"no bench-resets beside {session.trapline.path}: build it")
    engines = [engine for engine in ENGINES if session.wants("resets", engine)]
    if session.trapline.engine != "jit" and "jit" in engines:
        engines.remove("jit")
    rows = []
    for engine in engines:
        speeds = []
        for number in range(session.runs):
            session.progress(f"run {number + 1} of {session.runs}, {engine}")
            speeds.append(reset_speed(program, engine))
        rows.append(Row("resets", engine, "resets/s", {"trapline": speeds}, more_is_better=True,
                        wanted=">= 200000" if engine == session.trapline.engine else ""))
    return rows


def restore(session):
    """A guest of 512 MiB that had booted to its shell, from the snapshot file to the answer to a key."""
    try:
        known = "snap" in first_line([session.trapline.path, "snap", "--help"])
    except BenchError:
        known = False
    if not known:
        raise Unavailable("this trapline has no snapshot files")
    session.kernel()
    if not session.busybox():
        raise Unavailable("no busybox for the guest's shell (tools/guest-image)")
    file = os.path.join(session.work, "shell.snap")
    run(session.trapline.snapshot(session.target, session.kernel(), session.initrd(), "shell", "console:BENCH shell", file))

    def measure(emulator):
        prompt = run(emulator.restore(file), stop_at="BENCH shell", typed=b"\n").line("BENCH shell")
        return {"wall": prompt.wall * 1e3, "cpu": prompt.cpu * 1e3}

    samples = session.by_turns(measure, [session.trapline], runs=session.runs * RESTORES_PER_RUN)
    size = os.path.getsize(file) / 2**20
    return [Row("restore", "snapshot file to shell, wall clock", "ms", samples["wall"], wanted="<= 100 ms",
                note=f"{GUEST_MIB} MiB guest, {size:.0f} MiB of file"),
            Row("restore", "snapshot file to shell, CPU", "ms", samples["cpu"])]
