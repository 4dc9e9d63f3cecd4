"""Measurements on programs that need no operating system: start-up, traps, cold code."""
from . import programs
from .report import Row

STARTS_PER_RUN = 5
WANTED_TRAPS = {"ecall-S-to-M": ">= 10x", "illegal-S-to-M": ">= 10x", "ebreak-S-to-S": ">= 10x",
                "hvc-EL1-to-EL2": ">= 10x", "TID3-EL1-to-EL2": ">= 10x"}


def startup(session):
    """Start and exit of an empty program."""
    image = programs.bare(session.target, session.work, "empty", session.target.empty_program)

    def measure(emulator):
        result = session.bare(emulator, image)
        return {"wall": result.wall * 1e3, "cpu": result.cpu * 1e3}

    samples = session.by_turns(measure, runs=session.runs * STARTS_PER_RUN)
    return [Row("startup", "start and exit, wall clock", "ms", samples["wall"], wanted="<= 5 ms"),
            Row("startup", "start and exit, CPU", "ms", samples["cpu"])]


def trap_times(result):
    """Nanoseconds of CPU time per iteration, from the lines TRAP name count begin, TRAP name end."""
    begun, times = {}, {}
    for line in result.lines:
        words = line.text.split()
        if len(words) == 4 and words[0] == "TRAP" and words[3] == "begin":
            begun[words[1]] = line.cpu, int(words[2])
        elif len(words) == 3 and words[0] == "TRAP" and words[2] == "end" and words[1] in begun:
            start, count = begun[words[1]]
            if line.cpu > start:  # else a busy machine let us read both lines late, at once
                times[words[1]] = (line.cpu - start) / count * 1e9
    return times


def traps(session):
    """CPU time per trap round trip and other events, loop by loop."""
    image = programs.bare(session.target, session.work, "traps")
    samples = session.by_turns(lambda emulator: trap_times(session.bare(emulator, image)))
    return [Row("traps", name, "ns", values, wanted=WANTED_TRAPS.get(name, ""),
                note="the floor: subtract and branch" if name == "loop" else "")
            for name, values in samples.items() if "trapline" in values and session.wants("traps", name)]


def cold_times(result):
    """(first run, all that translation cost) in nanoseconds per guest instruction.

    Translation is what the runs take beyond the fastest one, until they get no faster."""
    count = next(int(line.text.split()[1]) for line in result.lines if line.text.startswith("COLD") and "begin" in line.text)
    at = [line.cpu for line in result.lines if line.text == "COLD pass"]
    passes = [after - before for before, after in zip(at, at[1:])]
    steady = min(passes)
    return {"first": passes[0] / count * 1e9, "all": sum(taken - steady for taken in passes) / count * 1e9}


def cold(session):
    """Code executed for the first time, and until it is as fast as it gets."""
    image = programs.bare(session.target, session.work, "cold")
    samples = session.by_turns(lambda emulator: cold_times(session.bare(emulator, image)))
    return [Row("cold", "first run of cold code", "ns/insn", samples["first"]),
            Row("cold", "translation until steady", "ns/insn", samples["all"], note="what 24 runs take beyond the fastest run")]
