/* HSM: hart states, start with its register rules, stop, suspend and its wake-up.
 * Needs at least two harts; every hart of the machine is started. */
#include "test-roms/riscv/lib/sbi.h"

#define SSIP   BIT(1)
#define HOLE   0x0a000000ul
#define OPAQUE 0x5a5a1234abcd0000ul

enum { IDLE, STOP, SUSPEND, SUSPEND_AWAY, SUSPEND_THEN_WAIT };

struct hart_report {
	volatile u64 started; /* counts entries */
	volatile u64 hart, opaque, satp, status;
	volatile u64 order;
	volatile u64 wakes, waits;
	volatile s64 suspend_error;
};

static struct hart_report reports[MAX_HARTS];

static void suspend(struct hart_report *report, u64 type)
{
	csr_clear(sstatus, STATUS_SIE);
	csr_write(sie, SSIP);
	report->suspend_error = suspend_call(SBI_HSM, 3, type);
	csr_clear(sip, SSIP);
	report->order = IDLE;
	report->wakes++;
}

/* Nobody asks for the state between the wake-up and the WFI. */
static void suspend_then_wait(struct hart_report *report)
{
	suspend(report, SUSPEND_RETENTIVE);
	report->waits++;
	asm volatile("wfi");
	csr_clear(sip, SSIP);
	report->waits++;
}

void rom_secondary(u64 hart, u64 opaque)
{
	u64 satp_value = csr_read(satp);
	u64 status = csr_read(sstatus);
	struct hart_report *report = &reports[hart];
	report->hart = hart;
	report->opaque = opaque;
	report->satp = satp_value;
	report->status = status;
	__atomic_fetch_add(&report->started, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		if (report->order == STOP) {
			report->order = IDLE;
			sbi_call(SBI_HSM, 1, 0, 0, 0);
		} else if (report->order == SUSPEND) {
			suspend(report, SUSPEND_RETENTIVE);
		} else if (report->order == SUSPEND_AWAY) {
			suspend(report, SUSPEND_NON_RETENTIVE);
		} else if (report->order == SUSPEND_THEN_WAIT) {
			suspend_then_wait(report);
		}
	}
}

static void errors(u64 self)
{
	check_eq(hart_status(self).value, HART_STARTED, "the boot hart is STARTED");
	check_eq(hart_status(-1ul).error, SBI_INVALID_PARAM, "status of an unknown hart");
	check_eq(hart_start(-1ul, 0), SBI_INVALID_PARAM, "start an unknown hart");
	check_eq(hart_start(self, 0), SBI_ALREADY_AVAILABLE, "start the own hart");
	check_eq(suspend_call(SBI_HSM, 3, 1), SBI_INVALID_PARAM, "suspend type 1 is reserved");
	check_eq(suspend_call(SBI_HSM, 3, 0x80000001), SBI_INVALID_PARAM,
		 "suspend type 0x80000001 is reserved");
}

static void start(u64 hart, u64 count)
{
	struct hart_report *report = &reports[hart];
	check_eq(hart_status(hart).value, HART_STOPPED, "hart %lu is STOPPED", hart);
	check_eq(hart_start(hart, OPAQUE + hart), 0, "start hart %lu", hart);
	while (report->started != count)
		;
	check_eq(hart_status(hart).value, HART_STARTED, "hart %lu is STARTED", hart);
	check_eq(report->hart, hart, "hart %lu: a0", hart);
	check_eq(report->opaque, OPAQUE + hart, "hart %lu: a1", hart);
	check_eq(report->satp, 0, "hart %lu: satp", hart);
	check_eq(report->status & STATUS_SIE, 0, "hart %lu: SIE", hart);
	check_eq(hart_start(hart, 0), SBI_ALREADY_AVAILABLE, "hart %lu: start again", hart);
}

static void suspend_and_wake(u64 hart, u64 order, const char *name)
{
	struct hart_report *report = &reports[hart];
	u64 wakes = report->wakes;
	u64 resumes = resume_record.count;
	report->order = order;
	hart_wait(hart, HART_SUSPENDED);
	check_eq(report->wakes, wakes, "hart %lu is SUSPENDED, %s", hart, name);
	ipi_send(hart);
	while (report->wakes == wakes)
		;
	check_eq(hart_status(hart).value, HART_STARTED, "hart %lu wakes by an IPI, %s", hart, name);
	check_eq((u64)report->suspend_error, 0, "hart %lu: suspend succeeded, %s", hart, name);
	bool away = order == SUSPEND_AWAY;
	check_eq(resume_record.count, resumes + away, "hart %lu: resume address used, %s", hart,
		 name);
	if (!away)
		return;
	check_eq(resume_record.hart, hart, "hart %lu: a0 at the resume address", hart);
	check_eq(resume_record.satp, 0, "hart %lu: satp at the resume address", hart);
	check_eq(resume_record.status & STATUS_SIE, 0, "hart %lu: SIE at the resume address", hart);
}

/* A hart in a WFI of its own is STARTED, though it was suspended before. */
static void wait_after_suspend(u64 hart)
{
	struct hart_report *report = &reports[hart];
	report->order = SUSPEND_THEN_WAIT;
	hart_wait(hart, HART_SUSPENDED);
	ipi_send(hart);
	while (report->waits != 1)
		;
	for (unsigned i = 0; i < 100000; i++)
		asm volatile("");
	check_eq(report->waits, 1, "hart %lu waits for an interrupt", hart);
	check_eq(hart_status(hart).value, HART_STARTED, "hart %lu is STARTED meanwhile", hart);
	ipi_send(hart);
	while (report->waits != 2)
		;
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	errors(hart);
	unsigned others = 0;
	for (u64 other = 0; other < MAX_HARTS; other++) {
		if (other == hart || hart_status(other).error)
			continue;
		others++;
		start(other, 1);
		suspend_and_wake(other, SUSPEND, "retentive");
		suspend_and_wake(other, SUSPEND_AWAY, "non-retentive");
		wait_after_suspend(other);
		reports[other].order = STOP;
		hart_wait(other, HART_STOPPED);
		start(other, 2);
	}
	check_true(others > 0, "there is more than one hart");

	reports[hart ^ 1].order = STOP;
	hart_wait(hart ^ 1, HART_STOPPED);
	check_eq(sbi_call(SBI_HSM, 0, hart ^ 1, HOLE, 0).error, SBI_INVALID_ADDRESS,
		 "start at an address that is no memory");
	check_eq(hart_status(hart ^ 1).value, HART_STOPPED, "and the hart stays STOPPED");
}
