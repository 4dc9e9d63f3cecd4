#!/bin/bash
# Debian's AArch64 kernels run a shell at EL2 and at EL1, on one core and on four.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "boot-arm64" "--quick"
	report
	exit
fi
if ! kernel=$(image kernel aarch64); then
	skip "boot-arm64" "no guest images"
	report
	exit
fi
if [ ! -e "${TRAPLINE_BUILD:?}/test-roms/linux-aarch64/init.elf" ]; then
	skip "boot-arm64" "no AArch64 compiler made our init"
	report
	exit
fi
is "dt check --arch aarch64" "" "$("$TRAPLINE" dt check --arch aarch64 -c 4 2>&1)"
is "dt check --arch aarch64 with a GICv2" "" \
	"$("$TRAPLINE" dt check --arch aarch64 -c 4 -M virt,gic-version=2 2>&1)"
if ! busybox=$(image busybox aarch64); then
	skip "boot-arm64" "no guest images"
	report
	exit
fi
work=$scratch/guest
mkdir -p "$work/root/bin"
cp "$busybox" "$work/root/bin/busybox"
start() {
	local name=$1 pattern=$2 image=$3
	shift 3
	expect "$name" 7 "$pattern" run -v -k "$image" --root "$work/root" "$@" -- \
		/bin/busybox sh -c 'busybox uname -m; exit 7'
}
vhe='VHE mode initialized successfully'
start "kernel: EL2" "$vhe" "$kernel"
start "kernel: EL1 on 4 cores, interpreter" 'Brought up 1 node, 4 CPUs' "$kernel" -c 4 \
	--cpu max,-el2 --engine interp
start "kernel: GICv2, EL2 on 2 cores" 'GIC: Using split EOI/Deactivate mode' "$kernel" -c 2 \
	--machine virt,gic-version=2
if new=$(image kernel-new aarch64); then
	start "kernel-new: EL2 on 4 cores" "$vhe" "$new" -c 4
fi
# A run goes on from a snapshot in another engine.
"$TRAPLINE" run -k "$kernel" --root "$work/root" --snapshot-at insn:500000000 \
	--snapshot "$work/snapshot" -- /bin/busybox sh -c 'busybox uname -m; exit 9' >/dev/null 2>&1
expect "kernel: restored from a snapshot" 9 "aarch64" run --restore "$work/snapshot" --engine interp
if [ -n "${TRAPLINE_NIGHTLY:-}" ]; then
	start "kernel: Armv8.0, EL2 without VHE" 'Hyp nVHE mode initialized' "$kernel" \
		--cpu cortex-a57
	start "kernel: EL2, step engine" "$vhe" "$kernel" --engine step
fi
report
