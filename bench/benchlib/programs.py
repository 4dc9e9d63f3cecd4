"""Builds what the guests run, in the temporary folder of a session."""
import os
import subprocess

from . import BENCH, BenchError


def compile_program(command, output, source=None):
    try:
        subprocess.run(command + ["-o", output], input=source, text=True, check=True, stdin=None if source else subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"status {error.returncode}"]
        first = next((line for line in lines if "error:" in line.lower()), lines[0])
        raise BenchError(f"{command[0]}: {os.path.basename(output)}: {first}") from None
    return output


def bare(target, folder, name, source=None):
    """A program without an operating system: bench/<name>.d/<arch>.S, or the assembly given."""
    output = os.path.join(folder, f"{name}-{target.name}.elf")
    if os.path.exists(output):
        return output
    command = [target.cc(), "-nostdlib", "-static", "-Wl,--build-id=none,-n", *target.bare_flags]
    if source:
        return compile_program([*command, "-x", "assembler", "-"], output, source)
    return compile_program([*command, os.path.join(BENCH, f"{name}.d", f"{target.name}.S")], output)


def linux(target, folder, source, name):
    """A static Linux program."""
    return compile_program([target.cc(), "-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno",
                            "-fno-tree-vectorize", "-static", os.path.join(BENCH, source)], os.path.join(folder, name))


class Cpio:
    """An initramfs (newc), written here so that no cpio program is needed."""

    def __init__(self):
        self.data = bytearray()
        self.count = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        self.count += 1
        fields = [self.count, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name) + 1, 0]
        self.data += b"070701" + b"".join(b"%08x" % value for value in fields) + name.encode() + b"\0"
        self.data += bytes(-len(self.data) % 4) + content
        self.data += bytes(-len(self.data) % 4)

    def write(self, path):
        self.add("TRAILER!!!", 0)
        with open(path, "wb") as out:
            out.write(self.data)


def initramfs(target, folder, busybox):
    """guestbench and a small init (guest.d/init.c); with busybox also a shell."""
    path = os.path.join(folder, f"{target.name}.cpio")
    if os.path.exists(path):
        return path
    archive = Cpio()
    for name in ("dev", "bin"):
        archive.add(name, 0o040755)
    archive.add("dev/console", 0o020600, device=(5, 1))
    programs = {"init": linux(target, folder, "guest.d/init.c", "init"),
                "bin/guestbench": linux(target, folder, "guestbench.d/guestbench.c", "guestbench")}
    if busybox:
        programs["bin/busybox"] = busybox
    for name, file in programs.items():
        with open(file, "rb") as stream:
            archive.add(name, 0o100755, stream.read())
    archive.write(path)
    return path
