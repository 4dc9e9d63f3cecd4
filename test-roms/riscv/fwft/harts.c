/* FWFT is per hart, and a stopped hart comes back with the reset values (cases 72-74).
 * Needs two harts. */
#include "test-roms/riscv/lib/sbi.h"

static volatile u64 order; /* what hart 1 is asked to do */
static volatile u64 done;  /* counts the orders that hart 1 has carried out */
static volatile s64 value; /* its answer */

enum { GET = 1, SET_1, SET_0_LOCK, STOP };

void rom_secondary(u64 hart, u64 opaque)
{
	(void)hart, (void)opaque;
	for (;;) {
		u64 now = order;
		if (!now)
			continue;
		order = 0;
		if (now == GET)
			value = (s64)fwft_get(0).value;
		else if (now != STOP)
			value = fwft_set(0, now == SET_1, now == SET_0_LOCK);
		__atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
		if (now == STOP)
			sbi_call(SBI_HSM, 1, 0, 0, 0);
	}
}

static s64 ask(u64 what)
{
	u64 before = done;
	order = what;
	while (done == before)
		;
	return value;
}

static void suspend_keeps(void)
{
	csr_set(sie, BIT(1));
	ipi_send(boot_hart);
	u64 resumes = resume_record.count;
	check_eq(suspend_call(SBI_HSM, 3, SUSPEND_NON_RETENTIVE), 0, "non-retentive suspend");
	check_eq(resume_record.count, resumes + 1, "it comes back at the resume address");
	csr_clear(sip, BIT(1));
	check_eq(fwft_get(0).value, 1, "case 74: the value survives the suspend");
	check_eq(fwft_set(0, 0, 0), SBI_DENIED_LOCKED, "the lock survives the suspend");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	u64 other = hart ^ 1;
	if (!check_eq(hart_start(other, 0), 0, "a second hart starts"))
		return;
	check_eq(fwft_set(0, 1, 0), 0, "set on the boot hart");
	check_eq(ask(GET), 0, "case 73: the other hart keeps its own value");
	check_eq(ask(SET_1), 0, "set on the other hart");
	check_eq(fwft_set(0, 0, 0), 0, "clear on the boot hart");
	check_eq(ask(GET), 1, "the other hart still has 1");

	check_eq(ask(SET_0_LOCK), 0, "lock 0 on the other hart");
	check_eq(ask(SET_1), SBI_DENIED_LOCKED, "it is locked there");
	check_eq(fwft_set(0, 1, 0), 0, "and not on the boot hart");
	ask(STOP);
	hart_wait(other, HART_STOPPED);
	check_eq(hart_start(other, 0), 0, "start the other hart again");
	check_eq(ask(GET), 0, "case 72: reset value after stop and start");
	check_eq(ask(SET_1), 0, "case 72: no longer locked");

	fwft_set(0, 1, 1);
	suspend_keeps();
}
