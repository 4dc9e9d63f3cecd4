#!/bin/bash
# trapline explain and info: what they say, and what they say to wrong usage.
set -u
source tests/e2e/tap.sh

# refused NAME MESSAGE ARGUMENT...: one line on standard error, status 125, nothing else
refused() {
	local name=$1 message=$2 out err status
	shift 2
	out=$("$TRAPLINE" "$@" 2>/dev/null </dev/null)
	err=$("$TRAPLINE" "$@" 2>&1 >/dev/null </dev/null)
	"$TRAPLINE" "$@" >/dev/null 2>&1 </dev/null
	status=$?
	is "$name" "125 trapline: $message" "$status $err$out"
}

first() { # ARGUMENT...: status and first line
	local out
	out=$("$TRAPLINE" "$@")
	echo "$? ${out%%$'\n'*}"
}

is "explain mcause" "0 mcause 0xd: load_page_fault" "$(first explain mcause 13)"
is "explain scause, an interrupt" "0 scause 0x8000000000000009: supervisor_external_interrupt" \
	"$(first explain scause 0x8000000000000009)"
is "explain csr" "0 mstatus = 0xa00001800" "$(first explain csr mstatus=0xa00001800)"
is "explain csr, value as a word of its own" "0 satp = 0x1" "$(first explain csr satp 1)"
is "explain csr names MPP" 1 "$("$TRAPLINE" explain csr mstatus=0x1800 | grep -c 'MPP *0x3 .*: M$')"
is "explain sbi, a negative error code" "0 SBI error -14: SBI_ERR_DENIED_LOCKED" \
	"$(first explain sbi -14)"
is "explain sbi, a call" "0 SBI FWFT.set(feature, value, flags)" "$(first explain sbi FWFT.set)"
is "explain esr, PSB CSYNC" "0 ESR 0x2a000004: trapped LS64, PSB CSYNC or TSB CSYNC" \
	"$(first explain esr 0x2a000004)"
is "explain esr names the instruction" 1 \
	"$("$TRAPLINE" explain esr 0x2a000001 | grep -c 'ISS .*: ST64BV0$')"
is "explain esr names the register of a trapped access" 1 \
	"$("$TRAPLINE" explain esr 0x62300461 | grep -c 'read of SCTLR_EL1')"
is "explain esr, an abort" "0 ESR 0x93850007: data abort, from a lower level" \
	"$(first explain esr 0x93850007)"
is "explain esr, a fault status" 1 \
	"$("$TRAPLINE" explain esr 0x93850007 | grep -c 'translation fault, level 3')"
is "explain sysreg" "0 SCTLR_EL1: S3_0_C1_C0_0" "$(first explain sysreg sctlr_el1 --arch aarch64)"
is "explain sysreg names what traps it" "HCR_EL2.TRVM=1 HCR_EL2.TVM=1 HFGRTR_EL2.SCTLR_EL1=1 HFGWTR_EL2.SCTLR_EL1=1" \
	"$("$TRAPLINE" explain sysreg SCTLR_EL1 | grep -o 'H[A-Z]*_EL2\.[A-Z0-9_]*=1' | sort | xargs)"
is "explain sysreg, by encoding" "0 CTR_EL0: S3_3_C0_C0_1" "$(first explain sysreg S3_3_C0_C0_1)"
is "explain sysreg, an operation" "0 TLBI VAE1IS: S1_0_C8_C3_1" "$(first explain sysreg TLBI VAE1IS)"
is "explain --help" "0 usage: trapline explain mcause|scause VALUE|NAME" "$(first explain --help)"

refused "explain nothing" "explain: expected mcause, scause, csr, sbi, esr or sysreg, and a value" explain
refused "explain no value" "explain csr: expected a value" explain csr
refused "explain something else" "explain 'msr': expected mcause, scause, csr, sbi, esr or sysreg" explain msr 1
refused "explain no number" \
	"explain mcause x: expected a number or a name such as load_page_fault" explain mcause x
refused "explain two values" "explain mcause: expected one value, not '2' too" explain mcause 1 2
refused "explain too much" "explain: too many arguments at '3'" explain csr a 2 3
refused "explain with an unknown option" "unknown option '--xml' (see --help)" explain --xml
refused "explain sysreg, an unknown one" \
	"explain sysreg FOO_EL1: expected a name such as SCTLR_EL1 or 'TLBI VAE1IS', or S3_0_C1_C0_0" \
	explain sysreg FOO_EL1
refused "explain esr, no number" "explain esr x: expected a number" explain esr x
for kind in vmcb exitcode; do
	refused "explain $kind is for later" "explain $kind comes with the x86-64 machine" \
		explain $kind 0
done
"$TRAPLINE" explain csr mstatus >/dev/full 2>/dev/null
is "explain into a full file" 125 $?

is "info features" 1 "$("$TRAPLINE" info features | grep -c '^zicsr  *always  *yes$')"
is "info insns" 1 "$("$TRAPLINE" info insns | grep -c '^lr.d ')"
is "info sysregs" 1 "$("$TRAPLINE" info sysregs | grep -c '^0x300 *mstatus *M *RW ')"
is "info devices" 1 "$("$TRAPLINE" info devices | grep -c '^uart16550 ')"
is "info sbi" 1 "$("$TRAPLINE" info sbi | grep -c '^FWFT *0 *yes *set(feature, value, flags) ')"
is "info sysregs of AArch64" 1 \
	"$("$TRAPLINE" info sysregs --arch aarch64 |
		grep -c '^S3_4_C1_C1_6 *HFGITR_EL2 *EL2 *RW *FGT ')"
is "info sysregs of AArch64, operations" 1 \
	"$("$TRAPLINE" info sysregs --arch aarch64 | grep -c '^S1_3_C7_C4_1 *DC ZVA *EL0 *X ')"
is "info sysregs of AArch64 names the traps" 1 \
	"$("$TRAPLINE" info sysregs --arch aarch64 |
		grep -c ' TTBR0_EL1 .*HFGRTR_EL2.TTBR0_EL1=1.*HCR_EL2.TVM=1')"
is "info machines" "virt aarch64 8" \
	"$("$TRAPLINE" info machines | awk '$2 == "aarch64" {print $1, $2, $3}')"
is "info cpus" 1 "$("$TRAPLINE" info cpus | grep -c '^rv64gc .*rv64imafdc')"
topics="cpus, features, insns, sysregs, machines, devices, sbi, psci"
refused "info nothing" \
	"info: expected one of $topics" info
refused "info about something else" \
	"info 'all': expected one of $topics" info all

if command -v python3 >/dev/null; then
	valid() {
		"$TRAPLINE" "$@" --json | python3 -c 'import json, sys; json.load(sys.stdin)' 2>&1
	}
	for topic in cpus features insns sysregs machines devices sbi psci; do
		is "info $topic --json is JSON" "" "$(valid info $topic)"
	done
	for topic in cpus features insns sysregs; do
		is "info $topic --json is JSON, AArch64" "" "$(valid info $topic --arch aarch64)"
	done
	is "explain --json is JSON" "" "$(valid explain csr misa=0x800000000014112d)"
fi

report
