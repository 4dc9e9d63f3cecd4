#!/bin/bash
# The bare-metal AArch64 programs in every engine: all their TAP lines must be ok.
set -u
source tests/e2e/tap.sh

roms=$TRAPLINE_BUILD/test-roms/arm64
if [ ! -e "$roms/fgt-tour.elf" ]; then
	echo "1..1"
	echo "ok 1 - AArch64 programs # SKIP no cross compiler"
	exit 0
fi

# lines PROGRAM ENGINE: exit status, and how many checks passed and failed
lines() {
	local out
	out=$("$TRAPLINE" run --cpus 2 --engine "$2" --timeout 100s "$roms/$1.elf" 2>/dev/null </dev/null)
	echo "$? $(grep -c '^ok' <<<"$out") $(grep -c -e '^not ok' -e '^Bail' <<<"$out")"
}

for engine in step interp jit; do
	if ! has_engine $engine; then
		continue
	fi
	is "fgt/tour, $engine" "0 203 0" "$(lines fgt-tour $engine)"
	is "ls64/tour, $engine" "0 11 0" "$(lines ls64-tour $engine)"
	is "stage2/faults, $engine" "0 7 0" "$(lines stage2-faults $engine)"
	is "psci/cpus, $engine" "0 10 0" "$(lines psci-cpus $engine)"
	is "nested/nv2, $engine" "0 8 0" "$(lines nested-nv2 $engine)"
done
"$TRAPLINE" run --trace trap "$roms/ls64-tour.elf" 2>&1 </dev/null | grep -q 'HFGITR_EL2.PSBCSYNC=1'
is "a trace names the bit" 0 $?
"$TRAPLINE" run --trace sysreg,walk,tlb,ret,trap "$roms/stage2-faults.elf" 2>"$scratch/trace" \
	>/dev/null </dev/null
for line in 'csr .* VTTBR_EL2 0x0 -> 0x' 'tlb .* TLBI VMALLS12E1' 'ret .* EL2 -> EL1' \
	'walk .* stage 2 0x9000018 -> fault (stage 2: not mapped)' \
	'trap .* esr=0x93850005 ISV=0x1 SAS=0x2 SRT=0x5 DFSC=0x5 (stage 2: not mapped)'; do
	grep -q "$line" "$scratch/trace"
	is "a trace has: $line" 0 $?
done
"$TRAPLINE" run --semihosting "$roms/stage2-faults.elf" >/dev/null 2>&1 </dev/null
is "semihosting: all passed" 0 $?
"$TRAPLINE" run --semihosting --cpu max,-LS64 "$roms/ls64-tour.elf" >/dev/null 2>&1 </dev/null
is "semihosting: a check failed" 1 $?
"$TRAPLINE" run --semihosting --cpu max,-NV2 "$roms/nested-nv2.elf" >/dev/null 2>&1 </dev/null
is "semihosting: the program trapped" 2 $?
is "trapline test runs them by topic" 1 \
	"$("$TRAPLINE" test --arch aarch64 roms ls64 | grep -c '^ok 1 selftests: roms: ls64/tour$')"
report
