"""Measurements on snapshots: resets a second, time to restore a booted guest."""
import json
import os
import subprocess

from . import BenchError
from .report import Row
from .session import Unavailable

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
    raise Unavailable("snapshot files have not landed yet")
