/* LR and SC: when the store must succeed, when it must fail, and what two harts make of
 * shared counters (unprivileged manual, Zalrsc; Zawrs).  Needs two harts. */
#include "test-roms/riscv/lib/rom.h"

enum { ROUNDS = 1000 };

GUEST_CODE(run_pair, "lr.d a3, (a0)\n addi a4, a3, 1\n sc.d a5, a4, (a0)");
GUEST_CODE(run_pair_word, "lr.w a3, (a0)\n addi a4, a3, 1\n sc.w.aqrl a5, a4, (a0)");
GUEST_CODE(run_alone, "sc.d a5, a4, (a0)");
GUEST_CODE(run_twice, "lr.d a3, (a0)\n sc.d a5, a4, (a0)\n sc.d a6, a4, (a0)");
GUEST_CODE(run_elsewhere, "lr.d a3, (a0)\n sc.d a5, a4, (a1)\n sc.d a6, a4, (a0)");
GUEST_CODE(run_moved, "lr.d a3, (a1)\n lr.d a3, (a0)\n sc.d a5, a4, (a0)");
GUEST_CODE(run_lr_reserved, ".word 0x10b535af"); /* lr.d with rs2 = x11 */
GUEST_CODE(run_waits, ".word 0x01d00073\n .word 0x00d00073\n .word 0x0100000f");

static u64 memory[1024] __attribute__((aligned(4096)));
static volatile u64 by_amo, by_pair;
static volatile u64 started, finished, handshake;

static struct guest run(const char *code)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)code};
	guest.x[A0] = (u64)&memory[0];
	guest.x[A1] = (u64)&memory[512];
	guest.x[A4] = 77;
	guest_run(&guest);
	return guest;
}

static void one_hart(void)
{
	memory[0] = 41;
	struct guest guest = run(run_pair);
	check_eq(guest.x[A5], 0, "lr.d, sc.d: succeeds");
	check_eq(guest.x[A3], 41, "lr.d: value");
	check_eq(memory[0], 42, "sc.d: stored");

	memory[0] = 0x80000000;
	guest = run(run_pair_word);
	check_eq(guest.x[A3], 0xffffffff80000000, "lr.w sign-extends");
	check_eq(guest.x[A5], 0, "sc.w succeeds");
	check_eq(memory[0], 0x80000001, "sc.w stores 32 bits");

	run(run_pair);
	memory[0] = 5;
	guest = run(run_alone);
	check_eq(guest.x[A5], 1, "sc.d without lr.d fails with 1");
	check_eq(memory[0], 5, "and stores nothing");
	guest = run(run_twice);
	check_eq(guest.x[A5], 0, "the first sc.d succeeds");
	check_eq(guest.x[A6], 1, "the second fails");
	memory[0] = 6;
	memory[512] = 7;
	guest = run(run_elsewhere);
	check_eq(guest.x[A5], 1, "sc.d to another page fails");
	check_eq(memory[512], 7, "and stores nothing there");
	check_eq(guest.x[A6], 1, "and has used up the reservation");
	check_eq(memory[0], 6, "so nothing is stored");
	guest = run(run_moved);
	check_eq(guest.x[A5], 0, "the last lr.d counts");

	guest = run(run_lr_reserved);
	check_trap(&guest, MODE_M, ILLEGAL, 0x10b535af, "lr.d with rs2 not 0 is illegal");
	guest = run(run_waits);
	check_end(&guest, "wrs.sto, wrs.nto without a reservation, and pause fall through");
}

static u64 load_reserved(volatile u64 *at)
{
	u64 value;
	__asm__ volatile("lr.d %0, (%1)" : "=r"(value) : "r"(at) : "memory");
	return value;
}

static u64 store_conditional(volatile u64 *at, u64 value)
{
	u64 failed;
	__asm__ volatile("sc.d %0, %2, (%1)" : "=r"(failed) : "r"(at), "r"(value) : "memory");
	return failed;
}

static void count(void)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		__asm__ volatile("amoadd.d zero, %0, (%1)" ::"r"(1ul), "r"(&by_amo) : "memory");
		u64 value;
		do
			value = load_reserved(&by_pair);
		while (store_conditional(&by_pair, value + 1));
	}
}

void rom_secondary(u64 hart, u64 opaque)
{
	(void)hart, (void)opaque;
	while (!started)
		;
	count();
	finished = 1;
	for (;;) {
		while (handshake != 1)
			;
		memory[0] = 99; /* breaks hart 0's reservation */
		__atomic_store_n(&handshake, 2, __ATOMIC_SEQ_CST);
	}
}

static void two_harts(void)
{
	started = 1;
	count();
	while (!finished)
		;
	check_eq(by_amo, 2 * ROUNDS, "two harts count with amoadd.d");
	check_eq(by_pair, 2 * ROUNDS, "two harts count with lr.d and sc.d");

	load_reserved(&memory[0]);
	handshake = 1;
	while (handshake != 2)
		;
	check_eq(store_conditional(&memory[0], 5), 1,
		 "another hart's store breaks the reservation");
	check_eq(memory[0], 99, "and its value stays");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	one_hart();
	two_harts();
}
