#!/bin/bash
# KVM inside the AArch64 machine: our program makes a VM in each of KVM's modes.
set -u
. tests/e2e/tap.sh

program=${TRAPLINE_BUILD:?names the build folder}/test-roms/linux-aarch64/kvm.elf
if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "kvm-arm64" "--quick"
elif [ ! -e "$program" ]; then
	skip "kvm-arm64" "no AArch64 compiler made the program"
elif ! kernel=$(image kernel aarch64); then
	skip "kvm-arm64" "no guest images"
fi
if [ "$case_count" != 0 ]; then
	report
	exit
fi

mkdir "$scratch/root"
cp "$program" "$scratch/root/kvm"

# vm NAME SAYS KERNEL MODE OPTION...: KVM starts in MODE (none: as the kernel likes), the kernel
# says so and the program passes.
vm() {
	local name=$1 says=$2 image=$3 mode=$4 out status=0
	shift 4
	out=$("$TRAPLINE" run -v -k "$image" --root "$scratch/root" \
		-a "console=ttyAMA0${mode:+ kvm-arm.mode=$mode}" "$@" -- /kvm 2>&1 </dev/null) || status=$?
	is "$name" "0 1 1" \
		"$status $(grep -c "kvm .*$says" <<<"$out") $(grep -c 'PASSED: 9 checks' <<<"$out")"
}

for engine in jit interp; do
	has_engine "$engine" || continue
	vm "VHE, $engine" 'VHE mode initialized successfully' "$kernel" '' --engine "$engine"
done
vm "VHE, 4 cores" 'VHE mode initialized successfully' "$kernel" '' -c 4
vm "nVHE" 'Hyp nVHE mode initialized successfully' "$kernel" nvhe
vm "protected" 'Protected hVHE mode initialized successfully' "$kernel" protected
vm "Cortex-A57" 'Hyp nVHE mode initialized successfully' "$kernel" '' --cpu cortex-a57
expect "without EL2: no KVM" 4 'SKIP: /dev/kvm' test -k "$kernel" --cpu max,-el2 "$program"
if new=$(image kernel-new aarch64); then
	expect "7.x, nested: a guest hypervisor at a virtual EL2" 0 'PASSED: 5 checks' run -k "$new" \
		--root "$scratch/root" -a "console=ttyAMA0 kvm-arm.mode=nested" -- /kvm nested
	vm "7.x, nested" 'VHE[+]NV2 mode initialized successfully' "$new" nested
else
	skip "nested" "no kernel-new"
fi
report
