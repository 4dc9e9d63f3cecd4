"""The command line of bench/compare and of the scripts that are parts of it."""
import argparse
import json
import os
import signal
import sys
import tempfile

from . import BenchError, bare, guests, snapshots
from .emulators import Trapline, find_qemu, find_trapline, first_line
from .host import Load, machine, now, source_version
from .report import Row, heading, markdown, row_from_json, table
from .session import Session, Unavailable
from .targets import TARGETS

# In the order in which they are measured and shown.
PARTS = {
    "startup": bare.startup,
    "traps": bare.traps,
    "cold": bare.cold,
    "boot": guests.boot,
    "guestbench": guests.guestbench,
    "interp": guests.interp,
    "memory": guests.memory,
    "resets": snapshots.resets,
    "restore": snapshots.restore,
}


def positive(text):
    value = int(text)
    if not 1 <= value <= 1000000:
        raise argparse.ArgumentTypeError(f"{text}: expected 1 to 1000000")
    return value


def parser_for(part):
    parser = argparse.ArgumentParser(
        description="Compares trapline with QEMU's system emulation on the same guests; nothing is a test: no figure makes it fail.",
        epilog="parts: " + ", ".join(PARTS) + ". Figures are CPU time unless they say otherwise. See bench/README.md.")
    if part:
        parser.add_argument("rows", nargs="*", metavar="NAME", help=f"rows of {part} to measure (all)")
    else:
        parser.add_argument("--only", metavar="NAME,...", default="", help="parts, or rows of them as part/row: startup,guestbench/fib")
    parser.add_argument("--qemu", metavar="COMMAND", help="QEMU to compare with (from PATH); 'none' for none")
    parser.add_argument("--trapline", metavar="PATH", help="binary to measure ($TRAPLINE, build/release/trapline, build/trapline)")
    parser.add_argument("--engine", choices=["jit", "interp", "step"], help="trapline's engine (jit on x86-64, else interp)")
    parser.add_argument("--arch", choices=sorted(TARGETS), default="riscv64", help="the guests' architecture (%(default)s)")
    parser.add_argument("--runs", type=positive, default=5, metavar="N", help="runs of each emulator, by turns (%(default)s)")
    parser.add_argument("--scale", type=positive, default=20, metavar="N", help="work of guestbench (%(default)s)")
    parser.add_argument("--kernel", metavar="FILE", help="guest kernel (tools/guest-image ARCH kernel)")
    parser.add_argument("--busybox", metavar="FILE", help="static busybox of the guest (tools/guest-image ARCH busybox)")
    parser.add_argument("--json", metavar="FILE", help="write the results, run by run, as JSON; - is standard output, instead of the table")
    parser.add_argument("--show", metavar="FILE", help="measure nothing: print the results that --json wrote")
    parser.add_argument("--markdown", action="store_true", help="print the table as docs/performance.md has it")
    return parser


def selection(args, part, parser):
    """The list for Session.only, checked."""
    if part:
        return [f"{part}/{row}" for row in args.rows] or [part]
    words = [word for word in args.only.split(",") if word]
    for word in words:
        if word.split("/")[0] not in PARTS:
            parser.error(f"--only {word}: expected {', '.join(PARTS)}, or a row of one: guestbench/fib")
    for word in words:
        name, _, row = word.partition("/")
        if name in ("guestbench", "interp") and row and row not in guests.KERNELS:
            parser.error(f"--only {word}: expected one of {', '.join(guests.KERNELS)}")
    return words


def check_files(args):
    for option in ("kernel", "busybox"):
        path = getattr(args, option)
        if path and not os.access(path, os.R_OK):
            raise BenchError(f"--{option} {path}: cannot be read")
    if args.json and args.json != "-":
        folder = os.path.dirname(os.path.abspath(args.json))
        if os.path.isdir(args.json) or not os.access(folder, os.W_OK):
            raise BenchError(f"--json {args.json}: cannot be written")


def measure(session, rows):
    """Adds the rows of each part that is wanted; returns how many parts failed."""
    failed = 0
    for name, part in PARTS.items():
        if not session.wants(name):
            continue
        session.progress(name)
        try:
            rows.extend(part(session))
        except Unavailable as why:
            rows.append(Row(name, name, note=str(why)))
        except BenchError as error:
            failed += 1
            rows.append(Row(name, name, note=f"failed: {error}"))
            print(f"compare: {name}: {error}", file=sys.stderr)
    session.progress("")
    return failed


def about(session, load, args):
    return {
        "date": now(), "machine": machine(), "load": load.report(), "warnings": load.warnings(),
        "trapline": session.trapline.version(), "commit": source_version(), "engine": session.trapline.engine,
        "qemu": session.qemu.version() if session.qemu else None,
        "qemu_reason": "left out" if args.qemu == "none" else f"{session.target.qemu} is not in PATH",
        "arch": session.target.name, "kernel": session.kernel_name(), "runs": session.runs, "scale": session.scale,
        "compiler": first_line([session.target.cc(), "--version"]),
    }


def show(facts, rows, args):
    if args.json:
        text = json.dumps({**facts, "rows": [row.as_json() for row in rows]}, indent=1) + "\n"
        if args.json == "-":
            sys.stdout.write(text)
            return
        with open(args.json, "w", encoding="utf-8") as out:
            out.write(text)
    print_table(facts, rows, args)


def print_table(facts, rows, args):
    for line in heading(facts):
        print(line)
    print()
    for line in (markdown if args.markdown else table)(rows):
        print(line)


def show_file(args):
    """Prints what an earlier run has written."""
    try:
        with open(args.show, encoding="utf-8") as stream:
            facts = json.load(stream)
        print_table(facts, [row_from_json(row) for row in facts["rows"]], args)
    except OSError as error:
        raise BenchError(f"--show {args.show}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise BenchError(f"--show {args.show}: expected what --json writes") from None
    return 0


def compare(args, only):
    check_files(args)
    target = TARGETS[args.arch]
    target.cc()
    load, rows = Load(), []
    with tempfile.TemporaryDirectory(prefix="trapline-bench-") as work:
        session = Session(target, Trapline(find_trapline(args.trapline), args.engine), find_qemu(args.qemu, target), work,
                          args.runs, args.scale, args.kernel, args.busybox, only)
        failed = measure(session, rows)
        facts = about(session, load, args)
    show(facts, rows, args)
    for warning in facts["warnings"]:
        print(f"compare: {warning}", file=sys.stderr)
    return 1 if failed else 0


INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def interrupt(_number, _frame):
    for number in INTERRUPTS:  # a second one must not stop the cleaning up
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(part=None):
    """Runs bench/compare, or one part of it; returns the exit status."""
    parser = parser_for(part)
    args = parser.parse_args()
    only = selection(args, part, parser)
    for number in INTERRUPTS:
        signal.signal(number, interrupt)
    try:
        return show_file(args) if args.show else compare(args, only)
    except BenchError as error:
        print(f"compare: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ncompare: interrupted", file=sys.stderr)
        return 130
