#!/bin/bash
# The embedded test programs in every engine, and that a program can fail at all.
set -u
has_engine() { # ENGINE: whether this build and host have it
	! "$TRAPLINE" run --engine "$1" /dev/null 2>&1 | grep -q 'not available'
}
number=0
result() { # ok|not-ok NAME
	number=$((number + 1))
	echo "${1/-/ } $number - $2"
}

run_all() { # LABEL OPTION...
	local label=$1 output status names
	shift
	output=$("$TRAPLINE" test --timeout 300s "$@" roms 2>&1)
	status=$?
	names=$(grep -cE '^(not )?ok ' <<<"$output")
	while read -r verdict name; do
		result "$verdict" "$name, $label"
	done < <(sed -nE 's/^(not )?ok [0-9]+ selftests: roms: ([^ ]+).*/\1ok \2/p' <<<"$output" |
		sed 's/^not ok/not-ok/')
	[ "$status" = 0 ] && [ "$names" -gt 0 ] && result ok "all programs, $label" ||
		{ result not-ok "all programs, $label"; sed 's/^/# /' <<<"$output" | tail -40; }
}

rom=$TRAPLINE_BUILD/test-roms/riscv/misaligned-hardware_mode.elf
if [ ! -e "$rom" ]; then
	echo "ok 1 - test programs # SKIP no cross compiler"
	exit 0
fi
run_all interp --engine interp
run_all step --engine step
if has_engine jit; then
	run_all jit --engine jit
else
	result ok "all programs, jit # SKIP not available on this host"
fi
run_all lockstep --lockstep

"$TRAPLINE" run --sbi off --cpu rv64,misaligned=trap "$rom" >/dev/null 2>&1
[ $? = 1 ] && result ok "a program for another machine fails with status 1" ||
	result not-ok "a program for another machine fails with status 1"
echo "1..$number"
