#!/bin/bash
# --trace and the report of a run that ends badly, on programs of a few instructions.
set -u
source tests/e2e/tap.sh

words() { # WORD...: little-endian 32-bit words, as bytes
	local word
	for word; do
		printf "\\x${word:6:2}\\x${word:4:2}\\x${word:2:2}\\x${word:0:2}"
	done
}

# mtvec = _start + 24; ecall; there: csrr a0, mcause; exit 0 through the test finisher
words 00000397 01838393 30539073 00000073 0000006f 00000013 \
	34202573 001002b7 00005337 55530313 0062a023 0000006f >"$scratch/ecall"
# jumps to an address where nothing is: the trap handler at 0 is not there either
words 00000067 >"$scratch/loop"

# s0 = here; amoadd.w x0, s0, (s0); lr.w, sc.w of the same place; j .
words 00000417 0084202f 1004202f 1884202f 0000006f >"$scratch/atomic"

# sends itself a software interrupt through the CLINT; sfence.vma; j .
words 020002b7 00100313 0062a023 12000073 0000006f >"$scratch/ipi"

run() { # ARGUMENT...: in M-mode, without firmware
	"$TRAPLINE" run --sbi off "$@" </dev/null
}

# A trace without comments and columns; the board's reset vector takes the first six instructions.
trace() { # EVENTS PROGRAM [ARGUMENT...]
	local events=$1 program=$2
	shift 2
	run --trace "$events" "$@" "$scratch/$program" 2>&1 | grep -v '^#' |
		sed -E 's/^ *([0-9]+) +0 M +([a-z]+) +0*([0-9a-f]+)  /\1 \2 \3 /; s/ +/ /g'
}

is "trap: cause, levels, reason" "9 trap 8000000c M -> M ecall_from_m tval=0x0 (ecall) 00000073 ecall" \
	"$(trace trap ecall)"
is "csr: reads and writes" "8 csr 80000008 mtvec 0x0 -> 0x80000018
10 csr 80000018 mcause is 0xb" "$(trace csr ecall | grep -v mhartid)"
is "mmio: the access to the finisher" \
	"14 mmio 80000028 sifive_test write32 0x100000 <- 0x5555" "$(trace mmio ecall)"
is "insn: one line for each" 15 "$(trace insn ecall | wc -l)"
is "block: where control flow went" 3 "$(trace block ecall | wc -l)"
is "mem: the store" "store32 0x100000 <- 0x5555" \
	"$(trace mem ecall | grep -o 'store.*')"
is "mem: an AMO is both, LR and SC are one each" "7 mem 80000004 load32 0x80000000 is 0x417
7 mem 80000004 store32 0x80000000 <- 0x80000417
8 mem 80000008 load32 0x80000000 is 0x80000417
9 mem 8000000c store32 0x80000000 <- 0x80000000" \
	"$(trace mem,pc=0x80000000-0x800000ff atomic --icount-limit 12 -q)"
engines=(step interp)
if has_engine jit; then
	engines+=(jit)
fi
for engine in "${engines[@]}"; do
	is "irq and tlb, $engine" "8 irq 80000008 machine_software_interrupt (3) rises
9 tlb 8000000c sfence.vma" "$(trace irq,tlb ipi --engine $engine --icount-limit 12 -q)"
done
is "pc= chooses" "8 insn 80000008 30539073 csrw mtvec, t2" \
	"$(trace insn,pc=0x80000008-0x8000000b ecall)"
is "last= keeps the end" 2 "$(trace insn,last=2 ecall | wc -l)"
is "level= chooses" "" "$(trace insn,level=S ecall)"

run --trace insn,trap:"$scratch/out",fmt=jsonl "$scratch/ecall"
is "a traced run keeps its status" 0 $?
is "jsonl: the first line has the schema" 1 "$(head -1 "$scratch/out" | grep -c '^{"schema":1,')"
is "jsonl: the trap" 1 "$(grep -c '"k":"trap",.*"cause":"ecall_from_m","code":11,' "$scratch/out")"
if command -v python3 >/dev/null; then
	is "jsonl: every line is JSON" 17 "$(python3 -c '
import json, sys
print(len([json.loads(line) for line in sys.stdin]))' <"$scratch/out")"
fi

for engine in "${engines[@]}"; do
	run --engine $engine --trace trap,csr,mmio,ret,tlb,irq:"$scratch/$engine" "$scratch/ecall"
	sed -i 1d "$scratch/$engine"
done
for engine in "${engines[@]:1}"; do
	is "step and $engine give the same trace" "" "$(diff "$scratch/step" "$scratch/$engine")"
done

error() { # ARGUMENT...: status and standard error
	local err
	err=$(run "$@" "$scratch/ecall" 2>&1 >/dev/null)
	echo "$? $err"
}
is "a full disk" "125 trapline: /dev/full: cannot write the trace: No space left on device" \
	"$(error --trace insn:/dev/full)"
is "a file that cannot be opened" \
	"125 trapline: $scratch: cannot open for a trace: Is a directory" \
	"$(error --trace "insn:$scratch")"
is "an event for later" "125 trapline: --trace: event 'vmexit' is not available in this version" \
	"$(error --trace vmexit)"
is "a format for later" "125 trapline: --trace: fmt=perfetto is not available in this version" \
	"$(error --trace trap,fmt=perfetto)"
is "a level that is none" \
	"125 trapline: --trace: level=VS: 'VS' is no privilege level of this machine" \
	"$(error --trace trap,level=VS)"

run --trap-loop 100 "$scratch/loop" 2>"$scratch/err"
is "a trap loop" 253 $?
is "the last traps are reported" 16 "$(grep -c '  trap  .*instruction_access_fault' "$scratch/err")"
run --trap-loop 100 -q "$scratch/loop" 2>"$scratch/err"
is "and not with -q" "253 " "$? $(cat "$scratch/err")"
run --exit-json "$scratch/exit" --icount-limit 5 "$scratch/loop" 2>"$scratch/err"
is "--exit-json" '{"end": "icount-limit", "status": 252' "$(grep -o '^{.*252' "$scratch/exit")"

report
