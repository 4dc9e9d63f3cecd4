#include "engine/engine.h"
#include "src/cli/cli.h"

#define ROW(member) offsetof(struct machine_options, member)

/* clang-format off */
const struct option machine_option_table[] = {
	{ "arch", 'A', NULL, OPTION_STRING, "ARCH", ROW(arch), "riscv64 or aarch64; guessed from the image when absent" },
	{ "mem", 'm', NULL, OPTION_SIZE, "SIZE", ROW(memory), "guest memory, 64M to 64G (512M)" },
	{ "cpus", 'c', "smp", OPTION_NUMBER, "N", ROW(cpus), "CPUs, 1 to 16, aarch64 1 to 8 (1)" },
	{ "kernel", 'k', "kernel", OPTION_STRING, "FILE", ROW(kernel), "Linux Image, ELF file or flat binary" },
	{ "initrd", 'i', "initrd", OPTION_STRING, "FILE", ROW(initrd), "initramfs, as the kernel takes it" },
	{ "append", 'a', "append", OPTION_STRING, "STRING", ROW(append), "kernel command line" },
	{ "params", 'p', NULL, OPTION_STRING, "STRING", ROW(append), NULL },
	{ "cpu", 0, "cpu", OPTION_STRING, "MODEL", ROW(cpu), "rv64[,+ext,-ext,misaligned=hw|trap,mmu=sv48...]; max[,+feature,-feature]" },
	{ "sbi", 0, NULL, OPTION_STRING, "on|off|FILE", ROW(sbi), "firmware: in process, a file, RISC-V also none; on,fwft.misaligned=1,deny=hsm" },
	{ "bios", 0, "bios", OPTION_STRING, "FILE", ROW(sbi), NULL },
	{ "root", 0, NULL, OPTION_STRING, "DIR", ROW(root), "a folder becomes the initramfs" },
	{ "exec", 'e', NULL, OPTION_STRING, "CMD", ROW(exec), "run CMD in the guest's shell, exit with its status" },
	{ "device", 0, "device", OPTION_LIST, "KIND,k=v", ROW(devices), "add a device (trapline info devices)" },
	{ "serial", 0, "serial", OPTION_STRING, "WHERE", ROW(serial), "console: stdio, file:PATH or null (stdio)" },
	{ "display", 0, "display", OPTION_STRING, "none", ROW(display), NULL },
	{ "nographic", 0, "nographic", OPTION_FLAG, NULL, ROW(nographic), NULL },
	{ "machine", 'M', "machine", OPTION_STRING, "virt[,k=v]", ROW(machine), "the board; aarch64: gic-version=2|3 (trapline info machines)" },
	{ "semihosting", 0, "semihosting", OPTION_FLAG, NULL, ROW(semihosting), "aarch64: HLT #0xF000 ends the run with a status, or writes text" },
	{ "no-reboot", 0, "no-reboot", OPTION_FLAG, NULL, ROW(no_reboot), "end when the guest reboots" },
	{ "seed", 0, NULL, OPTION_NUMBER, "N", ROW(seed), "of everything random (1)" },
	{ "rtc", 0, NULL, OPTION_STRING, "host|SECONDS", ROW(rtc), "clock at start (a fixed date, so that runs repeat)" },
	{ "insn-ns", 0, NULL, OPTION_NUMBER, "N", ROW(insn_ns), "virtual nanoseconds per instruction (1)" },
	{ "quantum", 0, NULL, OPTION_NUMBER, "N", ROW(quantum), "instructions per turn of a hart (10000; a single one: 100000)" },
	{ "engine", 0, NULL, OPTION_STRING, "ENGINE", ROW(engine), "step, interp or jit (jit on x86-64 hosts, else interp)" },
	{ "lockstep", 0, NULL, OPTION_OPTIONAL, "ENGINE", ROW(lockstep), "run a second machine in another engine (step) and compare" },
	{ "strict", 0, NULL, OPTION_FLAG, NULL, ROW(strict), NULL },
	{ "timeout", 0, NULL, OPTION_DURATION, "TIME", ROW(timeout), "end after this much host time, status 124" },
	{ "icount-limit", 0, NULL, OPTION_NUMBER, "N", ROW(icount_limit), "end after N instructions, status 252" },
	{ "trap-loop", 0, NULL, OPTION_NUMBER, "N", ROW(trap_loop), "traps without progress before status 253 (1000; 0: off)" },
	{ "record", 0, NULL, OPTION_STRING, "FILE", ROW(record), "write all input to FILE, with the counts at which it came" },
	{ "replay", 0, NULL, OPTION_STRING, "FILE", ROW(replay), "repeat a recorded run; status 251 if it becomes another" },
	{ "snapshot-at", 0, NULL, OPTION_STRING, "COND", ROW(snapshot_at), "write a snapshot at insn:N, time:T, pc:ADDRESS, console:TEXT, user or guest" },
	{ "at", 0, NULL, OPTION_STRING, "COND", ROW(snapshot_at), NULL },
	{ "snapshot", 0, NULL, OPTION_STRING, "FILE", ROW(snapshot), "where to (trapline.snap)" },
	{ "restore", 0, NULL, OPTION_STRING, "FILE", ROW(restore), "go on from a snapshot, which brings the machine's options" },
	{ "no-cache", 0, NULL, OPTION_FLAG, NULL, ROW(no_cache), NULL },
	{ "trace", 0, NULL, OPTION_LIST, "EVENTS", ROW(traces), "insn,trap,csr,sbi,mmio,walk...[:FILE][,fmt=text|jsonl]" },
	{ "stats", 0, NULL, OPTION_OPTIONAL, "json", ROW(stats), "counts at the end, on standard error" },
	{ "jit-dump", 0, NULL, OPTION_STRING, "FILE", ROW(jit_dump), "write the host code of every translated block, for developers" },
	{ "state-hash-every", 0, NULL, OPTION_NUMBER, "N", ROW(state_hash_every), "hash of the whole machine every N ticks, on standard error" },
	{ "exit-json", 0, NULL, OPTION_STRING, "FILE", ROW(exit_json), "write how the run ended" },
	{ "log", 0, NULL, OPTION_LIST, "[PART=]LEVEL", ROW(logs), "error, warn, info or debug" },
	{ "verbose", 'v', NULL, OPTION_COUNT, NULL, ROW(verbose), "more messages" },
	{ "quiet", 'q', NULL, OPTION_COUNT, NULL, ROW(quiet), "no report when a run ends badly" },
	{ "help", 'h', NULL, OPTION_FLAG, NULL, ROW(help), "this text" },
	{ 0 },
};
/* clang-format on */

void machine_options_default(struct machine_options *options)
{
	*options = (struct machine_options){
		.memory = 512ull << 20,
		.cpus = 1,
		.trap_loop = 1000,
		.seed = 1,
		.insn_ns = 1,
		.serial = "stdio",
		.engine = ENGINE_DEFAULT,
	};
}
