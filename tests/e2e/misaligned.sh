#!/bin/bash
# What Debian's kernels find out about misaligned accesses and do about them, with the
# hart and the firmware in each of three configurations: A the hart performs them,
# B it traps and the firmware emulates, C it traps to the kernel. Cases 76 to 79 of the
# acceptance list; 78 and 80 are also in kselftest.sh.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "misaligned accesses under Linux" "--quick"
	report
	exit
fi
programs=${TRAPLINE_BUILD:?names the build folder}/test-roms/linux
if ! busybox=$(image busybox) || ! kernel=$(image kernel); then
	skip "misaligned accesses under Linux" "no guest images"
	report
	exit
fi
if [ ! -f "$programs/misaligned.elf" ]; then
	skip "misaligned accesses under Linux" "no compiler for guest programs"
	report
	exit
fi

root=$scratch/root
mkdir -p "$root/bin"
cp "$busybox" "$root/bin/busybox"
cp "$programs/hwprobe.elf" "$root/bin/hwprobe"
cp "$programs/misaligned.elf" "$root/bin/misaligned"

# guest NAME STATUS PATTERN KERNEL SCRIPT OPTION...: the script's output arrives as one line.
guest() {
	local name=$1 status=$2 pattern=$3 image=$4 script=$5
	shift 5
	expect "$name" "$status" "$pattern" run -q -k "$image" --root "$root" "$@" -- \
		/bin/busybox sh -c "{ $script; } >/tmp/out; s=\$?; busybox tr '\n' ';' </tmp/out; exit \$s"
}

a=(--cpu rv64,misaligned=hw)
b=(--cpu rv64,misaligned=trap)
c=(--cpu rv64,misaligned=trap --sbi fwft.misaligned=1)
speed="busybox dmesg | busybox grep -iE 'access speed|accesses are'"

guest "case 76: 6.12 finds traps emulated by itself, prctl works" 0 \
	'CPUPERF_0: 1 emulated;.*SCALAR_PERF: 1 emulated;.*PR_GET_UNALIGN: [0-9]' \
	"$kernel" hwprobe "${c[@]}"
guest "case 76: ... on every one of 4 harts" 0 'CPUPERF_0: 1 emulated;.*PR_GET_UNALIGN: [0-9]' \
	"$kernel" hwprobe "${c[@]}" -c 4
guest "case 79: kernel.unaligned-trap=0: SIGBUS, code 1, at the instruction" 1 \
	'signal 7 code 0x1 at 0x([0-9a-f]+) .*epc : \1 .*pass:1 fail:22' "$kernel" \
	"echo 0 >/proc/sys/kernel/unaligned-trap; misaligned >/tmp/k; s=\$?; \
	busybox dmesg | busybox grep -A3 -m1 'signal 7'; busybox cat /tmp/k; (exit \$s)" "${c[@]}"
guest "configuration A: 6.12 measures, prctl fails, the selftests are skipped" 4 \
	'PR_GET_UNALIGN: error 22;.*SKIP' "$kernel" "hwprobe; misaligned" "${a[@]}"

if new=$(image kernel-new); then
	guest "case 77: firmware emulates: 7.x says slow, the selftests are skipped" 4 \
		'\(slow\).*SCALAR_PERF: 2 slow;.*PR_GET_UNALIGN: error 22;.*SKIP' \
		"$new" "$speed; hwprobe; misaligned" "${b[@]}"
	guest "configuration A: hwprobe agrees with the kernel's measurement" 0 \
		'\((fast|slow)\).*SCALAR_PERF: [23] \1;' "$new" "$speed; hwprobe" "${a[@]}"
	expect "case 78: 23 of 23, traced" 0 'PASSED: 23 / 23' test kselftest -k "$new" "${c[@]}" \
		--trace "trap:$scratch/traps"
	wait
	found=$(grep -cE 'U -> S (load|store)_address_misaligned' "$scratch/traps")
	is "case 78: traps from user mode in the trace" 541 "$found"
else
	skip "cases 77 and 78" "no kernel-new"
fi
report
