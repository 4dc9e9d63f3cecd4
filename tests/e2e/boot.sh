#!/bin/bash
# Debian's kernels reach a shell, and every way in which a run can end has its
# exit status.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "boot" "--quick"
	report
	exit
fi
if ! busybox=$(image busybox) || ! kernel=$(image kernel); then
	skip "boot" "no guest images"
	report
	exit
fi

root=$scratch/root
mkdir -p "$root/bin"
cp "$busybox" "$root/bin/busybox"

# shell NAME STATUS PATTERN KERNEL SCRIPT [OPTION]...: a case that runs a shell script.
shell() {
	local name=$1 status=$2 pattern=$3 kernel=$4 script=$5
	shift 5
	expect "$name" "$status" "$pattern" \
		run -k "$kernel" --root "$root" "$@" -- /bin/busybox sh -c "$script"
}

counts='busybox grep -c ^processor /proc/cpuinfo; exit 7'
for name in kernel kernel-new; do
	if ! image=$(image "$name"); then
		skip "$name" "no $name"
		continue
	fi
	for harts in 1 4; do
		shell "$name: a shell on $harts harts" 7 "^$harts" "$image" "$counts" -c "$harts"
		if has_engine jit; then # elsewhere the interpreter has just run
			shell "$name: a shell on $harts harts, interpreter" 7 "^$harts" "$image" \
				"$counts" -c "$harts" --engine interp
		fi
		# The reference engine takes a minute or more: elsewhere than at night, one each.
		if [ -n "${TRAPLINE_NIGHTLY:-}" ] || [ "$name $harts" = "kernel 4" ] ||
			[ "$name $harts" = "kernel-new 1" ]; then
			shell "$name: a shell on $harts harts, step engine" 7 "^$harts" "$image" \
				"$counts" -c "$harts" --engine step
		fi
	done
done

shell "the guest's status is ours" 42 '^hello' "$kernel" 'echo hello; exit 42'
shell "poweroff: 0" 0 '' "$kernel" 'busybox poweroff -f; busybox sleep 99'
shell "reboot, told to end there: 0" 0 '' "$kernel" \
	'busybox reboot -f; busybox sleep 99' --no-reboot
shell "panic: 255, with the last lines" 255 'sysrq triggered crash' "$kernel" \
	'echo c >/proc/sysrq-trigger; busybox sleep 99'
# Not a sleep: time that nobody uses passes at once, and 99999 seconds of it within the limit.
shell "timeout: 124" 124 'time limit of 10000 ms' "$kernel" 'while :; do :; done' --timeout 10s
shell "instruction limit: 252" 252 'trapline:' "$kernel" 'exit 0' --icount-limit 1000000
expect "no init: the kernel panics, 255" 255 'Unable to mount root' run -k "$kernel"
report
