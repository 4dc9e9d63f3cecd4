#!/bin/bash
# Debian's OpenSBI as the firmware, ours with parts denied, two machines in lockstep, and
# where an initramfs is.
set -u
. tests/e2e/tap.sh

# An initramfs of one file is handed over as it is, not padded to whole words.
for size in 226 228; do
	head -c "$size" /dev/zero | tr '\0' x >"$scratch/initrd"
	"$TRAPLINE" dt dump -i "$scratch/initrd" -k tests/e2e/tap.sh >"$scratch/tree$size"
done
cmp -s "$scratch/tree226" "$scratch/tree228"
is "initramfs files of 226 and 228 bytes: two device trees" 1 $?

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "firmware" "--quick"
	report
	exit
fi
if ! busybox=$(image busybox) || ! kernel=$(image kernel) || ! dynamic=$(image opensbi); then
	skip "firmware" "no guest images"
	report
	exit
fi

root=$scratch/root
mkdir -p "$root/bin"
cp "$busybox" "$root/bin/busybox"
counts='busybox grep -c ^processor /proc/cpuinfo; exit 7'

# boot NAME PATTERN KERNEL OPTION...: a shell there counts the harts.
boot() {
	local name=$1 pattern=$2 image=$3
	shift 3
	expect "$name" 7 "$pattern" run -k "$image" --root "$root" "$@" -- \
		/bin/busybox sh -c "$counts"
}

boot "OpenSBI fw_dynamic starts the kernel on 4 harts" '^4' "$kernel" --sbi "$dynamic" -c 4
boot "OpenSBI emulates misaligned accesses" '^1' "$kernel" --sbi "$dynamic" \
	--cpu rv64,misaligned=trap
if new=$(image kernel-new); then
	boot "OpenSBI fw_dynamic starts the newest kernel" '^1' "$new" --sbi "$dynamic"
else
	skip "OpenSBI fw_dynamic starts the newest kernel" "no kernel-new"
fi
# Debian's fw_jump copies the device tree to 32 MiB after the kernel's start: newer kernels are larger.
jump=${dynamic%/*}/fw_jump.elf
if [ -f "$jump" ]; then
	boot "OpenSBI fw_jump, an ELF file, starts the kernel" '^1' "$kernel" --sbi "$jump"
else
	skip "OpenSBI fw_jump, an ELF file, starts the kernel" "no fw_jump.elf"
fi
boot "without HSM the kernel keeps to one hart" '^1' "$kernel" -c 2 --sbi deny=hsm
expect "lockstep: both engines agree on the start of the kernel" 252 'trapline:' \
	run -k "$kernel" --lockstep --icount-limit 40000000 -c 2
report
