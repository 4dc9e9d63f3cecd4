"""What a reader must know about the machine to judge figures: what it is, and whether it was busy."""
import datetime
import os
import platform
import re
import resource
import subprocess
import time

from . import TOP

BUSY_LIMIT = 0.10   # CPUs that others may use before we warn
STEAL_LIMIT = 0.02


def cpu_model():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
        text = stream.read()
    found = re.search(r"^(?:model name|uarch|Processor)\s*:\s*(.*)$", text, re.MULTILINE)
    model = found.group(1) if found else platform.machine()
    return model + (" (virtual machine)" if re.search(r"^flags.*\bhypervisor\b", text, re.MULTILINE) else "")


def source_version():
    """The commit of the tree, with + when it has changes; nothing outside a git tree."""
    def git(*words):
        return subprocess.run(["git", "-C", TOP, *words], capture_output=True, text=True, check=True).stdout.strip()
    try:
        return git("rev-parse", "--short=10", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def machine():
    return {
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "system": f"{platform.system()} {platform.release()}",
    }


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


class Load:
    """What others did on the machine meanwhile: CPUs used by neither us nor our children, and time
    that the hypervisor gave to other machines."""

    def __init__(self):
        self.load_at_start = os.getloadavg()[0]
        self.begin = self._sample()

    @staticmethod
    def _sample():
        with open("/proc/stat", encoding="ascii") as stream:
            ticks = [int(word) for word in stream.readline().split()[1:9]]
        user, nice, system, _, _, irq, softirq, steal = ticks
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        own = sum(usage.ru_utime + usage.ru_stime for usage in usages)
        hertz = os.sysconf("SC_CLK_TCK")
        return time.monotonic(), (user + nice + system + irq + softirq) / hertz, steal / hertz, own

    def report(self):
        wall, used, steal, own = (after - before for after, before in zip(self._sample(), self.begin))
        wall = max(wall, 0.01)
        return {
            "load_average_start": round(self.load_at_start, 2),
            "load_average_end": round(os.getloadavg()[0], 2),
            "cpus_used_by_others": round(max(0.0, (used - own) / wall), 2),
            "cpus_stolen": round(steal / wall, 2),
            "seconds": round(wall, 1),
        }

    def warnings(self):
        report = self.report()
        found = []
        if self.load_at_start > 0.5:
            found.append(f"the machine was not idle at the start: load average {self.load_at_start:.2f}")
        if report["cpus_used_by_others"] > BUSY_LIMIT:
            found.append(f"other processes used {report['cpus_used_by_others']:.2f} CPUs meanwhile")
        if report["cpus_stolen"] > STEAL_LIMIT:
            found.append(f"the hypervisor withheld {report['cpus_stolen']:.2f} CPUs meanwhile")
        if found:
            found.append("repeat on an idle machine before you rely on these figures")
        return found
