/* The legacy calls 0 to 8: only a0 is written; ends through the legacy shutdown. */
#include "test-roms/riscv/lib/sbi.h"

#define SSIP BIT(1)
#define STIP BIT(5)

enum { SET_TIMER, PUTCHAR, GETCHAR, CLEAR_IPI, SEND_IPI, FENCE_I, SFENCE, SFENCE_ASID, SHUTDOWN };

static s64 legacy(u64 eid, u64 argument)
{
	return sbi_call6(eid, 0, argument, 0, 0, 0, 0, 0).error;
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	u64 mask = BIT(hart);
	console_printf("# ");
	legacy(PUTCHAR, 'x');
	check_eq(legacy(PUTCHAR, '\n'), 0, "putchar");
	check_eq(legacy(GETCHAR, 0), -1, "getchar without input");
	legacy(SET_TIMER, 0);
	check_eq(csr_read(sip) & STIP, STIP, "set_timer in the past");
	legacy(SET_TIMER, -1ul);
	check_eq(csr_read(sip) & STIP, 0, "set_timer never");
	check_eq(legacy(SEND_IPI, (u64)&mask), 0, "send_ipi");
	check_eq(csr_read(sip) & SSIP, SSIP, "send_ipi: pending");
	legacy(CLEAR_IPI, 0);
	check_eq(csr_read(sip) & SSIP, 0, "clear_ipi");
	check_eq(legacy(FENCE_I, (u64)&mask), 0, "remote fence.i");
	check_eq(legacy(SFENCE, (u64)&mask), 0, "remote sfence.vma");
	check_eq(legacy(SFENCE_ASID, (u64)&mask), 0, "remote sfence.vma with ASID");
	if (rom_failed())
		return;
	rom_summary();
	legacy(SHUTDOWN, 0);
	rom_fatal(0, 0, 0); /* it came back */
}
