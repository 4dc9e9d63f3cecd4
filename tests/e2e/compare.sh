#!/bin/bash
# bench/compare: that it measures and reports; how large a figure is, is no test.
set -u
source tests/e2e/tap.sh

export TMPDIR=$scratch
compare() { # ARGUMENT...: status, standard output and errors
	local out status
	out=$(bench/compare "$@" 2>&1 </dev/null)
	status=$?
	printf '%s' "$status $out"
}

if ! command -v python3 >/dev/null; then
	skip "compare" "no python3"
	report
	exit
fi

is "an unknown part" 2 "$(compare --only tarot | head -c 1)"
is "the parts are named" 1 "$(compare --only tarot | grep -c 'expected startup, traps, .*restore')"
is "an unknown kernel of guestbench" 1 \
	"$(compare --only guestbench/tarot | grep -c 'expected one of dhry, sieve')"
is "a number of runs" 1 "$(compare --runs 0 | grep -c 'argument --runs: 0: expected 1 to')"
is "no compiler" "2 compare: no-gcc: no such compiler: install a riscv64 cross compiler or set CC_riscv64" \
	"$(CC_riscv64=no-gcc compare --only startup)"

if ! command -v "${CC_riscv64:-riscv64-linux-gnu-gcc}" >/dev/null; then
	skip "compare" "no riscv64 compiler"
	report
	exit
fi

is "no such QEMU" "2 compare: $scratch/qemu: cannot be run: No such file or directory" \
	"$(compare --only startup --qemu "$scratch/qemu")"
printf '#!/bin/sh\necho broken >&2\nexit 3\n' >"$scratch/broken"
chmod +x "$scratch/broken"
is "a QEMU that fails" "2 compare: $scratch/broken --version: status 3: broken" \
	"$(compare --only startup --qemu "$scratch/broken")"
is "no such trapline" "2 compare: $scratch/t: not a program" "$(compare --only startup --trapline "$scratch/t")"
is "no such kernel" "2 compare: --kernel $scratch/k: cannot be read" "$(compare --kernel "$scratch/k")"
is "a file that cannot be written" "2 compare: --json $scratch/x/y: cannot be written" \
	"$(compare --only startup --json "$scratch/x/y")"

bench/compare --only startup --runs 1 --qemu none --json "$scratch/startup.json" >"$scratch/table" 2>"$scratch/warnings"
is "start-up is measured" 0 $?
is "the table has a row for it" 1 "$(grep -c '^start and exit, wall clock  *ms  *[0-9.]* ' "$scratch/table")"
is "its JSON" "startup startup 5 5 None" "$(python3 - "$scratch/startup.json" <<'PY' 2>&1
import json, sys
result = json.load(open(sys.argv[1]))
rows = result["rows"]
for key in "date machine load warnings trapline engine compiler".split():
    assert key in result, key
assert all(value > 0 for row in rows for value in row["trapline"]["runs"])
print(*(row["part"] for row in rows), *(len(row["trapline"]["runs"]) for row in rows), rows[0]["ratio"])
PY
)"
is "its JSON as a table again" "$(cat "$scratch/table")" "$(bench/compare --show "$scratch/startup.json")"
is "no results to show" "2 compare: --show README.md: expected what --json writes" "$(compare --show README.md)"
is "Markdown" 1 "$(bench/compare --only startup --runs 1 --qemu none --markdown 2>/dev/null | grep -c '^| start and exit, CPU | ms | ')"
is "the front end of one part" 1 "$(bench/startup --runs 1 --qemu none 2>/dev/null | grep -c '^start and exit, CPU ')"
# The other emulator can be any command with QEMU's options: trapline itself is one.
printf '#!/bin/bash\n[ "$1" != --version ] || { echo "version 0"; exit; }\nexec "%s" run "$@"\n' "$TRAPLINE" >"$scratch/other"
chmod +x "$scratch/other"
is "two emulators are compared" 1 "$(bench/compare --only startup --runs 1 --qemu "$scratch/other" 2>/dev/null |
	grep -c '^start and exit, CPU  *ms  *[0-9.]*  *[0-9.]*  *[0-9.]*  *[0-9.]*  *[0-9.]*x  *[0-9.]*x')"

bench/compare --only cold --runs 100 --qemu none >/dev/null 2>"$scratch/interrupted" &
for ((i = 0; i < 600; i++)); do # until it runs the program that it has built
	[ -z "$(find "$scratch" -name cold-riscv64.elf -size +500k)" ] || break
	sleep 0.1
done
kill -TERM $!
wait $!
is "interrupted" "130 compare: interrupted" "$? $(tail -n 1 "$scratch/interrupted")"
is "no temporary file is left" 0 "$(find "$scratch" -name 'trapline-bench-*' | wc -l)"

report
