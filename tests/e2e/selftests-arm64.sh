#!/bin/bash
# The kernel's own selftests of arm64 and of KVM, each in a guest of its own: nightly, since
# they are built from Debian's kernel source package and some take minutes. All must pass or be
# skipped, but those of the list below.
set -u
. tests/e2e/tap.sh

if [ -z "${TRAPLINE_NIGHTLY:-}" ]; then
	skip "selftests-arm64" "not nightly"
elif ! kernel=$(image kernel aarch64); then
	skip "selftests-arm64" "no guest images"
elif ! folder=$(image selftests aarch64); then
	skip "selftests-arm64" "no kernel source package, or no compiler for it"
elif [ ! -e "${TRAPLINE_BUILD:?names the build folder}/test-roms/linux-aarch64/init.elf" ]; then
	skip "selftests-arm64" "no AArch64 compiler made our init"
fi
if [ "$case_count" != 0 ]; then
	report
	exit
fi

# Why a test is known to fail: the first three do in QEMU 11.1, too.
declare -A known=(
	[set_id_regs]="it expects a writable ID_AA64MMFR0_EL1.ASIDBITS, which this kernel's KVM has not"
	[vgic_init]="this kernel's KVM answers EIO"
	[arch_timer_edge_cases]="an assertion on the moved counter"
	[debug-exceptions]="no breakpoints that are linked to a context (docs/quirks.md)"
)
# Tests that execute other programs of their folder.
helped=' pac fp-stress '

# selftest FILE COLLECTION NAME: one case.
selftest() {
	local file=$1 program=$3 name="$2: $3" status=0 root=()
	[[ $helped != *" $program "* ]] || root=(--root "$folder/$2")
	"$TRAPLINE" test -k "$kernel" -m 2G -c 2 --timeout 3600s "${root[@]}" kselftest \
		"$folder/$2/$program" >"$file.out" 2>&1 </dev/null || status=$?
	case $status in
	0) echo "ok ${file##*/} - $name" ;;
	4) echo "ok ${file##*/} - $name # SKIP" ;;
	*)
		if [ -n "${known[$program]:-}" ]; then
			echo "ok ${file##*/} - $name # SKIP ${known[$program]}"
		else
			not_ok "$file" "$name"
		fi
		;;
	esac >"$file"
}

while read -r collection program; do
	next_case
	selftest "$scratch/$case_count" "$collection" "$program" &
done <"$folder/tests"
report
