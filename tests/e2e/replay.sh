#!/bin/bash
# --record and --replay: sessions through a pipe and a terminal, in other engines, with several
# harts, cut off, ended by the host, and on machines that are not the recorded one.
set -u
source tests/e2e/tap.sh

words() { # WORD...: little-endian 32-bit words, as bytes
	local word
	for word; do
		printf "\\x${word:6:2}\\x${word:4:2}\\x${word:2:2}\\x${word:0:2}"
	done
}

# Hart 0 echoes, all harts count in one place; 'q' ends it with status 7 (tests/replay/session.c).
words f1402573 10000437 800024b7 02049493 0204d493 04051663 00000993 001a0a13 0144baaf 015989b3 \
	00544283 0012f293 fe0286e3 00044303 00640023 006989b3 0134b423 07100393 fc731ae3 00100e37 \
	00073eb7 333e8e9b 01de2023 0000006f c01022f3 005a0a33 0144baaf 015989b3 0134b823 \
	fedff06f >"$scratch/echo"
words 0000006f >"$scratch/endless" # j .
program=$scratch/echo
log=$scratch/log
engines="step interp"
! has_engine jit || engines="$engines jit"

run() { # ARGUMENT...: in M-mode, without firmware
	timeout -s KILL 120 "$TRAPLINE" run --sbi off -m 64M "$@" 2>"$scratch/err"
}

replay() { # ARGUMENT...: status, output and complaints of a replay
	local out
	out=$(run --replay "$log" "$@" </dev/null)
	echo "$? $out$(cat "$scratch/err")"
}

for cpus in 1 4; do
	{
		printf ab
		sleep 0.3
		printf cd
		sleep 0.3
		printf q
	} | run -c $cpus --record "$log" "$program" >"$scratch/out"
	is "a session through a pipe is recorded, $cpus harts" "7 abcdq" "$? $(cat "$scratch/out")"
	for engine in $engines; do
		is "and replayed by $engine" "7 abcdq" "$(replay -c $cpus --engine $engine "$program")"
	done
done
for engine in $engines; do
	printf 'xyzq' | run --engine $engine --record "$log" "$program" >/dev/null
	is "$engine records" "7 xyzq" "$(replay "$program")"
done

# Another machine, other files, no recording.
is "another machine is refused" "125 trapline: $log: recorded with memory 67108864, here \
134217728; recorded with seed 1, here 2" "$(replay --seed 2 -m 128M "$program")"
replay "$scratch/endless" >"$scratch/out"
is "another image is refused" "125 trapline: $log: kernel $program has changed since the recording" \
	"$(sed 's/ (was.*//' "$scratch/out")"
is "a log that is none is refused" \
	"126 trapline: $program: offset 0: no recording, expected \"TLREPLAY\"" \
	"$(replay --replay "$program" "$program")"
is "no log" "125 trapline: $scratch/none: cannot open the recording: No such file or directory" \
	"$(replay --replay "$scratch/none" "$program")"
run --record "$program" "$program" </dev/null >/dev/null
is "other files are not overwritten" "125 trapline: $program: offset 0: holds something else, \
expected a recording or a new file" "$? $(cat "$scratch/err")"
run --record "$scratch/none/log" "$program" </dev/null >/dev/null
is "a log that cannot be written" "125 trapline: $scratch/none/log: cannot write a recording: No \
such file or directory" "$? $(cat "$scratch/err")"
is "record and replay exclude each other" \
	"125 trapline: --record x: expected no --replay beside it" "$(replay --record x "$program")"
printf '\x40' | dd of="$log" bs=1 seek=$(($(stat -c %s "$log") - 50)) conv=notrunc 2>/dev/null
is "a damaged log is refused" "126 trapline: $log: damaged record, its check sum is not as expected" \
	"$(replay "$program" | sed 's/ offset [0-9]*://')"

# Ends that the host makes.
run --record "$log" --icount-limit 3000000 -q "$scratch/endless" </dev/null
is "an instruction limit is recorded" "252 " "$? $(cat "$scratch/err")"
is "and kept" "252 " "$(replay -q "$scratch/endless")"
"$TRAPLINE" run --sbi off -m 64M --record "$log" "$scratch/endless" </dev/null &
sleep 0.5
kill -INT $!
wait $!
is "a signal is recorded" 130 $?
replay "$scratch/endless" >"$scratch/out"
is "and comes again" "130 trapline: the recorded run was ended here, at N" \
	"$(sed 's/at [0-9]*/at N/' "$scratch/out")"
"$TRAPLINE" run --sbi off -m 64M --record "$log" "$scratch/endless" </dev/null &
sleep 0.5
kill -KILL $!
wait $! 2>/dev/null
replay "$scratch/endless" >"$scratch/out"
is "what was recorded before a crash is used" "0 trapline: $log: offset N: the recording breaks \
off, expected more records; replayed to count N" \
	"$(sed 's/offset [0-9]*/offset N/; s/count [0-9]*/count N/' "$scratch/out")"

# The same session on another guest: here, another time of the clock.
printf 'xyzq' | run --rtc 1000 --record "$log" "$program" >/dev/null
is "the clock of the recording is used" "7 xyzq" "$(replay "$program")"
is "unless another is wanted" "125 trapline: $log: recorded with rtc 1000000000000, here \
2000000000000" "$(replay --rtc 2000 "$program")"

# From a snapshot.
run -c 2 --snapshot-at insn:5000 --snapshot "$scratch/snap" --icount-limit 10000 -q "$program" </dev/null
is "a session from a snapshot is recorded" "xyzq 7" \
	"$(printf 'xyzq' | "$TRAPLINE" run --restore "$scratch/snap" --record "$log"; echo " $?")"
for engine in $engines; do
	is "and replayed by $engine" "xyzq 7" "$("$TRAPLINE" run --restore "$scratch/snap" \
		--engine $engine --replay "$log" </dev/null; echo " $?")"
done
is "but not without it" "125 trapline: $log: recorded with snapshot $scratch/snap, here there is none" \
	"$(replay -c 2 "$program" | sed 's/;.*//')"
is "and no snapshot is taken meanwhile" "125 trapline: --replay: expected without --snapshot-at" \
	"$(replay --snapshot-at insn:5 "$program")"

if command -v python3 >/dev/null; then
	cat >"$scratch/type.py" <<-'PYTHON'
		"""type.py KEYS COMMAND...: runs the command on a terminal, types, shows what it shows."""
		import os, pty, sys, time
		keys = sys.argv[1].encode().decode("unicode_escape").encode("latin1")
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp(sys.argv[2], sys.argv[2:])
		time.sleep(0.5)
		for key in keys:
		    os.write(fd, bytes([key]))
		    time.sleep(0.1)
		out = b""
		try:
		    while True:
		        out += os.read(fd, 1024)
		except OSError:
		    pass
		sys.stdout.write(out.decode().replace("\r", ""))
		sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	PYTHON
	on_terminal() { # KEYS ARGUMENT...: status and what is shown
		local keys=$1 out
		shift
		out=$(timeout -s KILL 120 python3 "$scratch/type.py" "$keys" "$TRAPLINE" run --sbi off \
			-m 64M "$@")
		echo "$? $out"
	}
	is "a session on a terminal is recorded" "7 typed q" \
		"$(on_terminal 'typed q' -c 2 --record "$log" "$program")"
	for engine in $engines; do
		is "and replayed by $engine" "7 typed q" "$(replay -c 2 --engine $engine "$program")"
	done
	is "C-a x is recorded" "0 ab" "$(on_terminal 'ab\x01x' --record "$log" "$program")"
	is "and ends the replay" "0 abtrapline: the recorded run was ended here, at N" \
		"$(replay --engine "${engines##* }" "$program" | sed 's/at [0-9]*$/at N/')"

	# A check whose hash is another, with the chain made good again.
	printf 'xyzq' | run --record "$log" "$program" >/dev/null
	python3 - "$log" <<-'PYTHON'
		import struct, sys
		data = bytearray(open(sys.argv[1], "rb").read())
		chain, at = 0xcbf29ce484222325, 0
		size = 24 + struct.unpack_from("<I", data, 12)[0]
		while at < len(data):
		    if at:
		        size = 16 + struct.unpack_from("<H", data, at + 2)[0]
		        data[at + 16] ^= data[at] == 2
		    for byte in data[at:at + size]:
		        chain = (chain ^ byte) * 0x100000001b3 % 2**64
		    struct.pack_into("<I", data, at + size, chain % 2**32)
		    at += size + 4
		open(sys.argv[1], "wb").write(data)
	PYTHON
	replay -q "$program" >"$scratch/out"
	is "a run that diverges says so" "251 trapline: replay diverges between count 0 and 0: the \
state has hash H, recorded H" "$(sed -E 's/ [0-9a-f]{16}/ H/g' "$scratch/out")"
else
	skip "sessions on a terminal" "no python3"
fi

kernel=$(image kernel) busybox=$(image busybox)
if [ -n "${TRAPLINE_QUICK:-}" ] || [ -z "$kernel" ] || [ -z "$busybox" ]; then
	skip "a Linux session" "no guest kernel, or --quick"
else
	root=$scratch/root
	mkdir -p "$root"/{bin,dev,proc}
	cp "$busybox" "$root/bin/busybox"
	cat >"$root/init" <<-'INIT'
		#!/bin/busybox sh
		/bin/busybox --install /bin
		mount -t proc proc /proc
		mount -t devtmpfs dev /dev
		exec sh </dev/ttyS0 >/dev/ttyS0 2>&1
	INIT
	chmod +x "$root/init"
	linux() { # ARGUMENT...
		timeout -s KILL 900 "$TRAPLINE" run -m 128M -c 2 --root "$root" "$@" "$kernel"
	}
	first=${engines##* }
	{
		sleep 2
		echo 'cat /proc/uptime; echo $$ $RANDOM'
		sleep 2
		echo 'poweroff -f'
	} | linux --engine "$first" --record "$log" >"$scratch/recorded" 2>&1
	is "a shell under Linux is recorded" 0 $?
	linux --engine interp --replay "$log" </dev/null >"$scratch/replayed" 2>&1
	is "and replayed" 0 $?
	is "byte for byte" "" "$(cmp "$scratch/recorded" "$scratch/replayed" 2>&1)"
fi

report
