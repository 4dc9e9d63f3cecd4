#!/bin/bash
# The tree's own tools: what they must find, they find.
set -u
source tests/e2e/tap.sh
tools=$PWD/tools

deps_finds() { # FILE CONTENT: what check-deps says about a tree of that one file
	rm -rf "$scratch/tree"
	mkdir -p "$scratch/tree/$(dirname "$1")"
	printf "$2" >"$scratch/tree/$1"
	(cd "$scratch/tree" && git init -q && git add . && "$tools/check-deps" | cut -d: -f1,2)
}

is "check-deps: a device must not see a CPU" 'devices/a.c: "cpu/riscv/csr.h"' \
	"$(deps_finds devices/a.c '#include "bus/bus.h"\n#include "cpu/riscv/csr.h"\n')"
is "check-deps: a board may see a device" '' \
	"$(deps_finds machines/a.c '#include "devices/uart.h"\n')"
is "check-deps: includes name the folder" 'core/a.c: "b.h"' "$(deps_finds core/a.c '#include "b.h"\n')"
is "check-deps: a file over its budget" 'core/a.c: 1201 lines, the budget is 1200' \
	"$(deps_finds core/a.c "$(printf '\\n%.0s' {1..1201})")"
is "check-deps: a path of one machine" 'docs/a.md:2' "$(deps_finds docs/a.md 'x\nsee /hom\145/me/x\n')"

counts() { # STATUS TEXT: how the runner counts a script's output
	printf "$2" >"$scratch/log"
	"$tools/check/results.py" tap "$scratch/log" "$1"
}

is "results: passes, failures and skips" "2 1 1" \
	"$(counts 1 'ok 1 - a\nok 2 - b\nnot ok 3 - c\nok 4 - d # SKIP why\n')"
is "results: a crash after passes is a failure" "1 1 0" "$(counts 139 'ok 1 - a\n')"
is "results: a run that asserts nothing fails" "0 1 0" "$(counts 0 'hello\n')"

is "guest-image: an unknown architecture" \
	"guest-image: vax: expected riscv64, aarch64 or x86_64" "$("$tools/guest-image" vax kernel 2>&1)"
is "guest-image: an unknown image" \
	"guest-image: floppy: expected kernel kernel-new busybox opensbi, modules or selftests" \
	"$("$tools/guest-image" riscv64 floppy 2>&1)"

# A cache whose image is broken is noticed; with no mirror to be had that is an error.
cache=$scratch/cache/guest/riscv64/busybox
mkdir -p "$cache" "$scratch/bin"
echo program >"$cache/busybox"
(cd "$cache" && sha256sum busybox >SHA256SUMS)
is "guest-image: a whole cache is used as it is" "$cache/busybox" \
	"$(TRAPLINE_CACHE=$scratch/cache "$tools/guest-image" riscv64 busybox 2>&1)"
echo damage >>"$cache/busybox"
printf '#!/bin/sh\nexit 1\n' >"$scratch/bin/apt-get"
chmod +x "$scratch/bin/apt-get"
PATH=$scratch/bin:$PATH TRAPLINE_CACHE=$scratch/cache "$tools/guest-image" riscv64 busybox \
	>"$scratch/out" 2>"$scratch/err"
is "guest-image: a damaged image is not handed out" "1 0" "$? $(wc -c <"$scratch/out")"

report
