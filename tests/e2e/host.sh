#!/bin/bash
# Guests that flood the console, sleep for ever or never yield; outputs that refuse. trapline must
# keep its limits and say what was lost.
set -u
source tests/e2e/tap.sh

touch "$scratch/empty"
# Flat programs for S-mode.
printf '\x6f\0\0\0' >"$scratch/endless"                             # j .
printf '\x73\0\x50\x10\xf5\xbf' >"$scratch/sleep"                   # 1: wfi; j 1b
printf '\xb7\x48\x42\x44\x9b\x88\xe8\x34\x01\x48\x05\x65\x9b\x05\x10\x40\xd6\x05\x01\x46\x73\0\0\0\xe5\xb7' \
	>"$scratch/flood"                                           # DBCN writes of 4 KiB for ever

# timely NAME STATUS ARGUMENT...: the run ends with STATUS, and soon.
timely() {
	local name=$1 status=$2 got=0
	shift 2
	timeout -s KILL 60 "$TRAPLINE" "$@" >/dev/null 2>&1 </dev/null || got=$?
	is "$name" "$status" "$got"
}

# status NAME STATUS MESSAGE COMMAND: a shell command with redirections, and what it complains of.
status() {
	local got=0 text
	text=$(timeout -s KILL 60 sh -c "$4" 2>&1) || got=$?
	is "$1" "$2 $3" "$got ${text##*$'\n'}"
}

export scratch
full='No space left on device'
timely "a flooding guest ends at the time limit" 124 \
	run "$scratch/flood" --timeout 500ms --serial file:/dev/null -q
timely "a sleeping guest that nothing wakes" 127 run "$scratch/sleep" -q
timely "a sleeping guest in lockstep" 127 run "$scratch/sleep" --lockstep -q
timely "sixteen harts share an instruction limit" 252 \
	run "$scratch/endless" --sbi off -c 16 --icount-limit 1000 -q
status "console on a full disk" 125 \
	"trapline: --serial file:/dev/full: cannot write the console: $full" \
	'"$TRAPLINE" run "$scratch/flood" --icount-limit 100 -q --serial file:/dev/full'
status "standard output is full" 125 \
	"trapline: --serial stdio: cannot write the console: $full" \
	'"$TRAPLINE" run "$scratch/flood" --icount-limit 100 -q </dev/null >/dev/full'
status "standard output is closed" 125 \
	"trapline: --serial stdio: cannot write the console: Bad file descriptor" \
	'"$TRAPLINE" run "$scratch/flood" --icount-limit 100 -q </dev/null >&-'
status "standard streams are closed" 252 "" \
	'"$TRAPLINE" run "$scratch/endless" --icount-limit 100 -q <&- 2>&-'
status "KTAP that cannot be written" 125 "trapline: standard output: cannot write: $full" \
	'"$TRAPLINE" test roms smc >/dev/full'
status "help that cannot be written" 125 "trapline: standard output: cannot write: $full" \
	'"$TRAPLINE" --help >/dev/full'
status "exit record that cannot be written" 125 "trapline: /dev/full: cannot write: $full" \
	'"$TRAPLINE" run "$scratch/endless" --icount-limit 10 -q --exit-json /dev/full'
status "exit record that cannot be made, before anything runs" 125 \
	"trapline: $scratch/none/record: cannot write: No such file or directory" \
	'"$TRAPLINE" run "$scratch/endless" --exit-json "$scratch/none/record"'
status "initramfs without content" 126 \
	"trapline: $scratch/empty: offset 0: empty file, expected content (initramfs)" \
	'"$TRAPLINE" run "$scratch/endless" --initrd "$scratch/empty"'
status "firmware that is not there" 125 \
	"trapline: $scratch/none: cannot open the firmware: No such file or directory" \
	'"$TRAPLINE" run "$scratch/endless" --sbi "$scratch/none"'
status "lockstep with an engine that is not there" 125 \
	"trapline: --lockstep none: expected 'step', 'interp' or 'jit'" \
	'"$TRAPLINE" run "$scratch/endless" --lockstep=none'
status "a signal ends a whole test suite" 130 "Bail out! signal 2" \
	'"$TRAPLINE" test roms --engine step & sleep 0.5; kill -INT $!; wait $!'
status "time limit beyond a century" 125 \
	"trapline: --timeout 1e9h: expected a duration such as 60s or 500ms" \
	'"$TRAPLINE" run "$scratch/endless" --timeout 1e9h'
status "trap-loop limit over 32 bits" 125 \
	"trapline: --trap-loop 4294967296: expected 0 to 4294967295" \
	'"$TRAPLINE" run "$scratch/endless" --trap-loop 4294967296'
report
