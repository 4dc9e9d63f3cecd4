#!/bin/bash
# Linux boots alike in every engine, and alike when it boots again: the console, the trace of
# traps, and hashes of the whole machine at fixed counts.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "equality of engines under Linux" "--quick"
	report
	exit
fi
if ! busybox=$(image busybox) || ! kernel=$(image kernel); then
	skip "equality of engines under Linux" "no guest images"
	report
	exit
fi

root=$scratch/root
mkdir -p "$root/bin"
cp "$busybox" "$root/bin/busybox"
script='busybox sha256sum /bin/busybox; busybox cat /proc/interrupts; exit 3'

engines=(interp)
if has_engine jit; then
	engines+=(jit)
fi

# boot FOLDER ENGINE OPTION...: leaves what can be seen of a run in the folder.
boot() {
	local folder=$1 engine=$2
	shift 2
	mkdir "$folder"
	"$TRAPLINE" run -v -k "$kernel" --root "$root" --engine "$engine" \
		--trace "trap,irq,sbi:$folder/trace" --stats "$@" \
		-- /bin/busybox sh -c "$script" >"$folder/console" 2>"$folder/err" </dev/null
	echo "status $?" >"$folder/end"
	sed -i 1d "$folder/trace" # the line that names the engine
	# Host time and what each engine keeps of code are its own.
	grep -aE '^trapline: (state|instructions|ticks|traps|guest_ns)' "$folder/err" >>"$folder/end"
	rm "$folder/err"
}

# alike NAME STATUS LEAST ENGINE... -- OPTION...: each engine twice, two runs at a time; all that
# they leave is the same, with that status, at least LEAST hashes, and traps.
alike() {
	local name=$1 status=$2 least=$3 list=() engine first hashes
	shift 3
	while [ "$1" != -- ]; do
		list+=("$1")
		shift
	done
	shift
	rm -rf "$scratch"/run.*
	for engine in "${list[@]}"; do
		boot "$scratch/run.1.$engine" "$engine" "$@" &
		boot "$scratch/run.2.$engine" "$engine" "$@" &
		wait
	done
	first=$scratch/run.1.${list[0]}
	hashes=$(grep -c state "$first/end")
	is "$name: its end, hashes and traps" "status $status, enough, traps" "$(head -n 1 "$first/end"), $(
		[ "$hashes" -ge "$least" ] && echo enough || echo "$hashes hashes"), $(
		grep -om 1 trap "$first/trace")s"
	for engine in "${list[@]}"; do
		is "$name: $engine, first run" "" "$(diff -rq "$first" "$scratch/run.1.$engine")"
		is "$name: $engine, second run" "" "$(diff -rq "$first" "$scratch/run.2.$engine")"
	done
}

# lockstep ENGINE OTHER STATUS OPTION...
lockstep() {
	local engine=$1 other=$2 status=$3
	shift 3
	expect "lockstep of $engine and $other${*:+, ${*//--/}}" "$status" '' \
		run -k "$kernel" --root "$root" --engine "$engine" --lockstep="$other" "$@" \
		-- /bin/busybox sh -c "$script"
}

if [ -n "${TRAPLINE_NIGHTLY:-}" ]; then
	alike "a boot" 3 10 step "${engines[@]}" -- --state-hash-every 50000000
	alike "a boot on 3 harts" 3 10 step "${engines[@]}" -- --state-hash-every 50000000 -c 3
	for engine in "${engines[@]}"; do
		lockstep "$engine" step 3
		lockstep "$engine" step 3 -c 2
	done
	if has_engine jit; then
		lockstep jit interp 3
	fi
else
	alike "a boot" 3 10 "${engines[@]}" -- --state-hash-every 50000000
	alike "the start of a boot on 2 harts" 252 4 step "${engines[@]}" -- \
		--state-hash-every 5000000 -c 2 --icount-limit 50000000 -q
	if has_engine jit; then
		lockstep jit interp 252 --icount-limit 150000000
		lockstep jit step 252 --icount-limit 60000000
	else
		lockstep interp step 252 --icount-limit 60000000
	fi
fi
report
