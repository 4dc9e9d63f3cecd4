/* IPI: hart masks, and delivery to the own and to another hart.  Needs two harts. */
#include "test-roms/riscv/lib/sbi.h"

#define SSIP BIT(1)

GUEST_CODE(run_loop, "1: j 1b");

static volatile u64 received;

void rom_secondary(u64 hart, u64 opaque)
{
	(void)hart, (void)opaque;
	for (;;) {
		if (!(csr_read(sip) & SSIP))
			continue;
		csr_clear(sip, SSIP);
		__atomic_fetch_add(&received, 1, __ATOMIC_SEQ_CST);
	}
}

static s64 send(u64 mask, u64 base)
{
	return sbi_call(SBI_IPI, 0, mask, base, 0).error;
}

static void own_hart(u64 hart)
{
	check_eq(send(1, hart), 0, "send to the own hart");
	check_eq(csr_read(sip) & SSIP, SSIP, "SSIP is pending");
	csr_set(sie, SSIP);
	struct guest guest = {.mode = MODE_U, .pc = (u64)run_loop};
	guest_run(&guest);
	check_trap(&guest, MODE_S, IRQ | 1, 0, "software interrupt in U");
	csr_clear(sie, SSIP);
	csr_clear(sip, SSIP);
	check_eq(csr_read(sip) & SSIP, 0, "S-mode clears SSIP itself");
}

static void masks(void)
{
	check_eq(send(0, 0), 0, "empty mask, base 0");
	check_eq(send(0, 1), 0, "empty mask, base 1");
	check_eq(csr_read(sip) & SSIP, 0, "an empty mask reaches nobody");
	check_eq(send(1, 100), SBI_INVALID_PARAM, "a hart that does not exist");
	check_eq(send(BIT(63), 0), SBI_INVALID_PARAM, "a mask bit beyond the last hart");
}

static void expect_received(u64 count)
{
	while (received != count)
		;
	check_eq(received, count, "the other hart got IPI %lu", count);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	own_hart(hart);
	masks();
	if (!check_eq(hart_start(hart ^ 1, 0), 0, "a second hart starts"))
		return;
	check_eq(send(1, hart ^ 1), 0, "send to the other hart");
	expect_received(1);
	check_eq(send(3, 0), 0, "send to both");
	expect_received(2);
	check_eq(csr_read(sip) & SSIP, SSIP, "and to this one");
	csr_clear(sip, SSIP);
	check_eq(send(0, -1ul), 0, "broadcast: base -1, mask ignored");
	expect_received(3);
	check_eq(csr_read(sip) & SSIP, SSIP, "broadcast includes the sender");
	csr_clear(sip, SSIP);
}
