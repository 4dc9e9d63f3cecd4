#!/bin/bash
# Snapshots of a booted Debian kernel: every condition, restoring in each engine, refusals.
set -u
. tests/e2e/tap.sh

if [ -n "${TRAPLINE_QUICK:-}" ]; then
	skip "snapshots of a booted kernel" "--quick"
	report
	exit
fi
if ! kernel=$(image kernel) || ! busybox=$(image busybox); then
	skip "snapshots of a booted kernel" "no guest images"
	report
	exit
fi
mkdir -p "$scratch/root/bin" "$scratch/full"
cp "$busybox" "$scratch/root/bin/busybox"
ln -s busybox "$scratch/root/bin/sh"
snap=$scratch/booted.snap

expect "save at the shell prompt" 0 'snapshot after [0-9]+ instructions' \
	snap save "$snap" --at 'console:/ # ' -k "$kernel" --root "$scratch/root" -- /bin/sh
expect "save at the first user instruction, 4 harts" 0 'snapshot after' \
	snap save "$scratch/user.snap" --at user --cpus 4 -k "$kernel" --root "$scratch/root" -- /bin/sh
expect "the guest asks, and goes on" 9 'after the snapshot' \
	run --snapshot-at guest --snapshot "$scratch/guest.snap" -k "$kernel" --root "$scratch/root" \
	-- /bin/sh -c "printf '\\033]trapline;snapshot\\007'; echo after the snapshot; exit 9"
expect "a condition that is never met is an error" 125 'the run ended before that' \
	run --snapshot-at console:nonsense --snapshot "$scratch/never.snap" -k "$kernel" \
	--root "$scratch/root" -- /bin/busybox true
wait

# load ENGINE: the status of a command that is typed into the restored shell.
load() {
	echo 'echo "2 and 3 is $((2+3))"; exit 7' |
		timeout 600 "$TRAPLINE" snap load "$snap" --engine "$1" 2>&1
	echo "status $?"
}
for engine in interp step jit; do
	has_engine "$engine" || continue
	is "restored in $engine: the shell works" "2 and 3 is 5,status 7" \
		"$(load "$engine" | tr -d '\r' | grep -E '^(2 and|status)' | paste -sd,)"
done
expect "what was taken while running goes on as the run did" 9 'after the snapshot' \
	snap load "$scratch/guest.snap"
expect "4 harts go on to the shell" 252 'BusyBox' snap load "$scratch/user.snap" --icount-limit 6000000000
expect "saved again at the same place: nothing differs but the notes" 0 'snapshot after' \
	snap save "$scratch/again.snap" --at insn:1 --restore "$snap"
wait
is "no register and no page differs" "" \
	"$("$TRAPLINE" snap diff "$snap" "$scratch/again.snap" | grep -Ev '^(kernel|append):')"
expect "info checks the file" 0 'stored-pages +[0-9]+' snap info "$snap"
expect "another CPU says what differs" 125 'made by a CPU with zba, expected one without it' \
	snap load "$snap" --cpu rv64,-zba
expect "another memory size says what differs" 125 'memory=536870912, expected 1073741824' \
	snap load "$snap" -m 1G
head -c 5000000 "$snap" >"$scratch/cut.snap"
expect "a truncated file is refused" 126 'offset 5000000: truncated, expected' \
	snap load "$scratch/cut.snap"
cp "$snap" "$scratch/bad.snap"
printf X | dd of="$scratch/bad.snap" bs=1 seek=3000000 conv=notrunc status=none
expect "a damaged file is refused" 126 'damaged pages of ram, expected checksum' \
	snap load "$scratch/bad.snap"
expect "a foreign file is refused" 126 'expected a snapshot of trapline' snap load "$kernel"
# full_disk: what saving prints and its status where nothing more can be written.
full_disk() {
	ulimit -f 1000
	"$TRAPLINE" snap save "$scratch/full/x.snap" --at insn:1 --restore "$snap" 2>&1 | wc -l
	echo "${PIPESTATUS[0]}"
}
is "a full disk is one line and leaves nothing" "1,125,0" \
	"$({ full_disk; find "$scratch/full" -type f | wc -l; } | paste -sd,)"

# cached ARGUMENT...: one run of our selftest with a cache of its own: verdict, status and
# what -v says of the cache.
cached() {
	TRAPLINE_CACHE=$scratch/cache timeout 900 "$TRAPLINE" test -v -k "$kernel" --cpu rv64,misaligned=trap \
		--sbi fwft.misaligned=1 "$@" 2>"$scratch/cached.err" >"$scratch/cached.out"
	local status=$?
	grep -Ex '(not )?ok 1 .*' "$scratch/cached.out"
	echo "status $status"
	grep -Eo 'kept boot: restored|the boot is kept|made anew' "$scratch/cached.err"
}
passed="ok 1 selftests: kselftest: misaligned,status 0"
is "trapline test keeps its boot" "$passed,the boot is kept" "$(cached kselftest | paste -sd,)"
grep '^# ' "$scratch/cached.out" | grep -A99 'TAP version' >"$scratch/cold.out"
is "the second run starts from it" "$passed,kept boot: restored" "$(cached kselftest | paste -sd,)"
grep '^# ' "$scratch/cached.out" | grep -A99 'TAP version' >"$scratch/warm.out"
is "with the same output" "$(cat "$scratch/cold.out")" "$(cat "$scratch/warm.out")"
is "another program starts from it too, and its status counts" \
	"not ok 1 selftests: kselftest: fails # exit=7,status 1,kept boot: restored" \
	"$(
		printf '#!/bin/sh\nexit 7\n' >"$scratch/fails" && chmod +x "$scratch/fails"
		cached --root "$scratch/root" kselftest "$scratch/fails" >/dev/null
		cached --root "$scratch/root" kselftest "$scratch/fails" | paste -sd,
	)"
is "another kernel command line is another boot" "$passed,the boot is kept" \
	"$(cached -a 'console=ttyS0 quiet loglevel=1' kselftest | paste -sd,)"
is "--no-cache boots" "$passed" "$(cached --no-cache kselftest | paste -sd,)"
for file in "$scratch"/cache/boots/*.snap; do
	printf X | dd of="$file" bs=1 seek=2000000 conv=notrunc status=none
done
is "a damaged file is made anew" "$passed,made anew,the boot is kept" "$(cached kselftest | paste -sd,)"
for file in "$scratch"/cache/boots/*.snap; do
	truncate -s 100000 "$file"
done
is "a truncated one too" "$passed,made anew,the boot is kept" "$(cached kselftest | paste -sd,)"
rm -r "$scratch/cache"
for run in 1 2 3; do
	TRAPLINE_CACHE=$scratch/cache timeout 900 "$TRAPLINE" test -k "$kernel" --cpu rv64,misaligned=trap \
		--sbi fwft.misaligned=1 kselftest >"$scratch/parallel.$run" 2>&1 &
done
wait
is "runs at the same time do not disturb each other" "3,1" \
	"$({ grep -l 'pass:1 fail:0' "$scratch"/parallel.* | wc -l; find "$scratch/cache/boots" -type f | wc -l; } | paste -sd,)"
report
