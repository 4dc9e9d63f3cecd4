"""Rows of results, and their forms: a table for people, Markdown for docs/performance.md, JSON."""
import math
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Row:
    part: str
    name: str
    unit: str = ""
    samples: dict = field(default_factory=dict)  # emulator -> values, one a run
    more_is_better: bool = False
    ratios: tuple = None                         # of best values and of medians, where there are no samples
    wanted: str = ""
    note: str = ""                               # why there is nothing, or what to know

    def best(self, emulator):
        values = self.samples.get(emulator)
        return (max if self.more_is_better else min)(values) if values else None

    def median(self, emulator):
        values = self.samples.get(emulator)
        return median(values) if values else None

    def ratio(self):
        """How many times better trapline is: (by best values, by medians), or None."""
        if self.ratios or not (self.samples.get("trapline") and self.samples.get("qemu")):
            return self.ratios
        pairs = [(self.best("trapline"), self.best("qemu")), (self.median("trapline"), self.median("qemu"))]
        if any(value <= 0 for pair in pairs for value in pair):
            return None
        return tuple(ours / theirs if self.more_is_better else theirs / ours for ours, theirs in pairs)

    def as_json(self):
        sides = {name: {"best": self.best(name), "median": self.median(name), "runs": values}
                 for name, values in self.samples.items() if values}
        ratio = self.ratio()
        return {"part": self.part, "name": self.name, "unit": self.unit, "more_is_better": self.more_is_better, **sides,
                "ratio": ratio and ratio[0], "ratio_of_medians": ratio and ratio[1],
                "wanted": self.wanted, "note": self.note}


def row_from_json(data):
    """The Row that as_json() described."""
    samples = {name: data[name]["runs"] for name in ("trapline", "qemu") if name in data}
    ratios = (data["ratio"], data["ratio_of_medians"]) if data["ratio"] and not samples else None
    return Row(data["part"], data["name"], data["unit"], samples, data["more_is_better"], ratios, data["wanted"], data["note"])


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def mean_row(part, name, rows, **more):
    """The geometric mean of the ratios of rows, as far as they have one."""
    ratios = [row.ratio() for row in rows if row.ratio()]
    if not ratios:
        return Row(part, name, note="nothing to compare", **more)
    return Row(part, name, ratios=tuple(geometric_mean(column) for column in zip(*ratios)), **more)


def number(value):
    """Three significant digits, without an exponent."""
    if value is None:
        return "-"
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{min(max(digits, 0), 4)}f}"


HEADINGS = ["what", "unit", "trapline", "median", "QEMU", "median", "ratio", "of medians", "wanted", "remarks"]


def cells(row):
    ratio = row.ratio()
    return [row.name, row.unit, *(number(value) for side in ("trapline", "qemu") for value in (row.best(side), row.median(side))),
            *(f"{value:.2f}x" if ratio else "-" for value in ratio or (None, None)), row.wanted, row.note]


def table(rows):
    """Lines of a table for a terminal, grouped by part."""
    body = [cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *body)]
    def line(words):
        return "  ".join(word.ljust(width) if index in (0, 1, 8, 9) else word.rjust(width)
                         for index, (word, width) in enumerate(zip(words, widths))).rstrip()
    yield line(HEADINGS)
    part = None
    for row, words in zip(rows, body):
        if row.part != part:
            part = row.part
            yield f"[{part}]"
        yield line(words)


def markdown(rows):
    yield "| " + " | ".join(HEADINGS) + " |"
    yield "|---|---|" + "---:|" * 6 + "---|---|"
    part = None
    for row in rows:
        if row.part != part:
            part = row.part
            yield f"| **{part}** |" + " |" * (len(HEADINGS) - 1)
        yield "| " + " | ".join(word.replace("|", "\\|") for word in cells(row)) + " |"


def heading(about):
    """What the figures are figures of, as lines of text."""
    machine, load = about["machine"], about["load"]
    qemu = about["qemu"] or f"no QEMU ({about['qemu_reason']})"
    yield (f"{about['date']}, {machine['cpu']}, {machine['cpus']} CPUs, {machine['memory_mib']} MiB, {machine['system']}.")
    yield (f"{about['trapline']}, engine {about['engine']}"
           f"{', commit ' + about['commit'] if about['commit'] else ''}; {qemu}; guest kernel {about['kernel'] or 'none'};"
           f" programs built with {about['compiler']}.")
    yield (f"{about['runs']} runs, alternating; load average {load['load_average_start']} at the start,"
           f" {load['load_average_end']} at the end; other processes used {load['cpus_used_by_others']} CPUs meanwhile.")
