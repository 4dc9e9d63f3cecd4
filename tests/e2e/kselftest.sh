#!/bin/bash
# The 23 misaligned-access tests on Debian's kernels.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "misaligned selftests" "--quick"
	report
	exit
fi

for name in kernel kernel-new; do
	if ! kernel=$(image "$name"); then
		skip "misaligned selftests on $name" "no $name"
		continue
	fi
	expect "case 78, $name: delegated traps, 23 of 23" 0 'PASSED: 23 / 23' \
		test kselftest -k "$kernel" --cpu rv64,misaligned=trap --sbi fwft.misaligned=1
	if has_engine jit; then
		expect "case 78, $name: delegated traps, interpreter, 23 of 23" 0 'PASSED: 23 / 23' \
			test kselftest -k "$kernel" --cpu rv64,misaligned=trap \
			--sbi fwft.misaligned=1 --engine interp
	fi
	expect "case 80, $name: hardware handles misaligned accesses, the tests are skipped" 4 'SKIP' \
		test kselftest -k "$kernel" --cpu rv64,misaligned=hw
done
report
