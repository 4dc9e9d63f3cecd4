#!/bin/bash
# kvm-unit-tests of AArch64 at EL1 and EL2, where TRAPLINE_KVM_UNIT_TESTS names the folder of
# a build of them (configure --arch=arm64). None may fail; those of absent features skip
# themselves. What the suite would have migrated goes on from a snapshot in another engine.
set -u
. tests/e2e/tap.sh

folder=${TRAPLINE_KVM_UNIT_TESTS:-}
if [ -z "$folder" ]; then
	skip "kvm-unit-tests" "TRAPLINE_KVM_UNIT_TESTS names no build of them"
	report
	exit
fi
if [ ! -e "$folder/arm/selftest.flat" ]; then
	echo "Bail out! $folder/arm/selftest.flat: not there"
	exit 1
fi

# Why a program fails where nothing is wrong with the machine.
declare -A known=(
	["gic mmio, 1 CPU, GICv2"]="expects ITARGETSR to keep what is written, but with one CPU it is RAZ/WI (IHI 0048, 4.3.12)"
)

# unit_verdict FILE LEVEL NAME: the program's own status is on the console, twice itself plus 1.
unit_verdict() {
	local file=$1 name="$2: $3" status
	status=$(sed -n 's/^EXIT: STATUS=\([0-9]*\).*/\1/p' "$file.out" | tail -n 1)
	case ${status:-none} in
	1) echo "ok ${file##*/} - $name" ;;
	77 | 155) echo "ok ${file##*/} - $name # SKIP" ;;
	*)
		if [ -n "${known[$3]:-}" ]; then
			echo "ok ${file##*/} - $name # SKIP ${known[$3]}"
		else
			not_ok "$file" "$name"
		fi
		;;
	esac >"$file"
}

# unit FILE LEVEL NAME PROGRAM ARGUMENTS OPTION...
unit() {
	local file=$1 level=$2 name=$3 program=$4 words=$5
	shift 5
	local run=("$TRAPLINE" run -A aarch64 -m 256 --timeout 600s "$@" -a "$words" "$folder/arm/$program.flat")
	[[ $words != *migrat* ]] || run+=(--snapshot-at 'console:press a key' --snapshot "$file.snap")
	echo | "${run[@]}" >"$file.out" 2>&1
	if [ -e "$file.snap" ]; then
		echo | "$TRAPLINE" run --restore "$file.snap" --engine interp --timeout 600s >"$file.out" 2>&1
		rm -f "$file.snap"
	fi
	unit_verdict "$file" "$level" "$name"
}

# level NAME OPTION...: all programs, on the board with these options.
level() {
	local level=$1 cpus gic program words
	shift
	while read -r cpus gic program words; do
		next_case
		unit "$scratch/$case_count" "$level" "$program${words:+ $words}, $cpus CPU, GICv$gic" \
			"$program" "$words" -c "$cpus" -M "virt,gic-version=$gic" "$@" &
	done <<'ROWS'
2 3 selftest setup smp=2 mem=256
1 3 selftest vectors-kernel
1 3 selftest vectors-user
4 3 selftest smp
1 3 pci-test
1 3 pmu cycle-counter 0
1 3 pmu pmu-event-introspection
1 3 pmu pmu-event-counter-config
1 3 pmu pmu-basic-event-count
1 3 pmu pmu-mem-access
1 3 pmu pmu-mem-access-reliability
1 3 pmu pmu-sw-incr
1 3 pmu pmu-chained-counters
1 3 pmu pmu-chained-sw-incr
1 3 pmu pmu-chain-promotion
1 3 pmu pmu-overflow-interrupt
4 2 gic ipi
4 2 gic mmio
1 2 gic mmio
3 2 gic mmio
4 3 gic ipi
4 2 gic active
4 3 gic active
4 3 gic its-introspection
4 3 gic its-trigger
4 3 gic its-migration
4 3 gic its-pending-migration
4 3 gic its-migrate-unmapped-collection
4 3 psci
1 3 timer
2 3 micro-bench
1 3 cache
1 3 debug bp
1 3 debug bp-migration
1 3 debug wp
1 3 debug wp-migration
1 3 debug ss
1 3 debug ss-migration
2 3 fpu
1 3 mte sync
1 3 mte async
1 3 mte asymm
ROWS
}

level EL1 --cpu max,-el2
level EL2
report
