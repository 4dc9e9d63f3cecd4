/* TIME: set_timer, the pending bit, and the interrupt. */
#include "test-roms/riscv/lib/sbi.h"

#define STIP        BIT(5)
#define TIMER_TICKS 1000

GUEST_CODE(run_loop, "1: j 1b");

static void set_timer(u64 time, const char *name)
{
	check_eq(sbi_call(SBI_TIME, 0, time, 0, 0).error, 0, "set_timer(%s)", name);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	set_timer(-1ul, "never");
	check_eq(csr_read(sip) & STIP, 0, "never: not pending");
	set_timer(0, "0");
	check_eq(csr_read(sip) & STIP, STIP, "a time in the past: pending at once");
	set_timer(-1ul, "never");
	check_eq(csr_read(sip) & STIP, 0, "never: pending bit cleared");

	for (enum mode mode = MODE_U; mode <= MODE_S; mode++) {
		u64 due = csr_read(time) + TIMER_TICKS;
		set_timer(due, "soon");
		csr_set(sie, STIP);
		struct guest guest = {.mode = mode, .pc = (u64)run_loop};
		guest.status_set = STATUS_SPIE;
		guest_run(&guest);
		check_trap(&guest, MODE_S, IRQ | 5, 0, "timer interrupt in %c", "US"[mode]);
		check_true(csr_read(time) >= due, "it comes when time has reached the value");
		csr_clear(sie, STIP);
	}
	set_timer(-1ul, "never");
}
