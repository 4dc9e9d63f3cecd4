"""Measurements on Linux guests: boot, guestbench, interpreter speed, memory."""
import json
import math
import os
import re

from . import BenchError
from .report import Row, mean_row
from .session import Unavailable

KERNELS = "dhry sieve sha256 qsort matmul nbody chase interp memops fib".split()
GUEST_MIB = 512


def boot(session):
    """From the start of the emulator to the first line of init, and to power-off; size of the code."""
    session.kernel()
    stats_file = os.path.join(session.work, "exit.json")

    def measure(emulator):
        options = ["--exit-json", stats_file] if emulator.name == "trapline" else []
        result = session.linux(emulator, "off", *options)
        return {"init": result.line("BENCH init").cpu, "off": result.cpu}

    samples = session.by_turns(measure)
    return [Row("boot", "kernel to init", "CPU s", samples["init"], wanted=">= 3x"),
            Row("boot", "kernel to init to power-off", "CPU s", samples["off"]), code_size(stats_file)]


def code_size(stats_file):
    with open(stats_file, encoding="ascii") as stream:
        stats = json.load(stream)["stats"]
    if not stats.get("jit_instructions"):
        return Row("boot", "host code per instruction", note="this engine makes none")
    share = stats["jit_instructions"] / max(stats["block_instructions"], 1)
    return Row("boot", "host code per instruction", "bytes", {"trapline": [stats["jit_bytes"] / stats["jit_instructions"]]},
               wanted="<= 25", note=f"{stats['jit_instructions']} instructions compiled, {share:.0%} of those translated")


def guestbench_times(result, checksums):
    """{kernel: (CPU seconds, guest's own nanoseconds)}; the guests' checksums must agree."""
    started, times = {}, {}
    for line in result.lines:
        words = line.text.split()
        if len(words) == 2 and words[0] == "GB-START":
            started[words[1]] = line.cpu
        elif len(words) == 5 and words[0] == "GB" and words[1] in started:
            if checksums.setdefault(words[1], words[3]) != words[3]:
                raise BenchError(f"{words[1]}: checksums differ: {words[3]} and {checksums[words[1]]}")
            times[words[1]] = line.cpu - started[words[1]], int(words[4])
    return times


def run_guestbench(session, part, names, emulators):
    """Samples of CPU seconds and, of trapline, of instructions, which its guest's clock counts."""
    session.kernel()
    checksums, instructions = {}, {}

    def measure(emulator):
        result = session.linux(emulator, f"guestbench {session.scale} {' '.join(names)}")
        times = guestbench_times(result, checksums)
        missing = [name for name in names if name not in times]
        if missing:
            raise BenchError(f"{emulator.name}: no result of {missing[0]}; last words: {result.last_words()}")
        if emulator.name == "trapline":
            instructions.update({name: count for name, (_, count) in times.items()})
        return {name: seconds for name, (seconds, _) in times.items()}

    return session.by_turns(measure, emulators), instructions


def chosen(session, part, names):
    return [name for name in names if session.wants(part, name)]


def guestbench(session):
    """CPU-bound programs inside Linux."""
    samples, instructions = run_guestbench(session, "guestbench", chosen(session, "guestbench", KERNELS), session.emulators())
    rows = [Row("guestbench", name, "CPU s", values, wanted=">= 1.2x",
                note=f"{instructions[name] / 1e6 / min(values['trapline']):.0f} M insn/s")
            for name, values in samples.items()]
    return rows + [mean_row("guestbench", "geometric mean", rows, wanted=">= 3.5x")]


def interp(session):
    """The interpreter alone, on the integer kernels."""
    names = chosen(session, "interp", session.target.integer_kernels)
    samples, instructions = run_guestbench(session, "interp", names, [session.trapline.with_engine("interp")])
    rows = [Row("interp", name, "M insn/s", {"trapline": [instructions[name] / 1e6 / seconds for seconds in values["trapline"]]},
                more_is_better=True) for name, values in samples.items()]
    means = [math.prod(run) ** (1 / len(run)) for run in zip(*(row.samples["trapline"] for row in rows))]
    return rows + [Row("interp", "geometric mean", "M insn/s", {"trapline": means}, more_is_better=True, wanted=">= 400")]


def memory_of(pid):
    """MiB: (all resident memory of a process, the part that is the guest's RAM)."""
    resident, ram = 0, 0
    with open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace") as stream:
        for line in stream:
            found = re.match(r"(Size|Rss):\s+(\d+) kB", line)
            if found and found.group(1) == "Size":
                size = int(found.group(2))
            elif found:
                resident += int(found.group(2))
                if GUEST_MIB << 10 <= size < (GUEST_MIB << 10) + 4096:
                    ram = max(ram, int(found.group(2)))
    return resident / 1024, ram / 1024


def memory(session):
    """What a guest of 512 MiB takes of the host when it has booted to a shell prompt."""
    session.kernel()
    if not session.busybox():
        raise Unavailable("no busybox for the guest's shell (tools/guest-image)")

    def resident(emulator, small_pages):
        seen = []
        session.linux(emulator, "shell", stop_at="BENCH shell", look=lambda pid: seen.extend(memory_of(pid)),
                      small_pages=small_pages)
        return seen

    def measure(emulator):
        # With huge pages more of the RAM is resident than the guest has touched: that is counted without.
        touched = resident(emulator, small_pages=True)[1]
        everything = resident(emulator, small_pages=False)[0]
        if not touched:
            raise BenchError(f"{emulator.name}: no mapping of {GUEST_MIB} MiB: which one is the guest's RAM?")
        return {"all": everything, "touched": touched, "rest": everything - touched}

    samples = session.by_turns(measure)
    return [Row("memory", "resident, guest at its shell", "MiB", samples["all"]),
            Row("memory", "guest RAM that was touched", "MiB", samples["touched"], note=f"of {GUEST_MIB} MiB, in pages of 4 KiB"),
            Row("memory", "resident beyond that", "MiB", samples["rest"], wanted="<= 64 MiB")]
