/* SRST and the honest answer of SUSP; ends the machine through a shutdown call. */
#include "test-roms/riscv/lib/sbi.h"

static s64 reset(u64 type, u64 reason)
{
	return sbi_call(SBI_SRST, 0, type, reason, 0).error;
}

static void system_suspend(void)
{
	if (!sbi_probe(SBI_SUSP)) {
		check_eq(suspend_call(SBI_SUSP, 0, 0), SBI_NOT_SUPPORTED, "SUSP is absent");
		return;
	}
	check_eq(sbi_call(SBI_SUSP, 1, 0, 0, 0).error, SBI_NOT_SUPPORTED, "SUSP function 1");
	check_eq(suspend_call(SBI_SUSP, 0, 1), SBI_INVALID_PARAM, "SUSP type 1");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	system_suspend();
	check_eq(reset(3, 0), SBI_INVALID_PARAM, "reset type 3 is reserved");
	check_eq(reset(0xefffffff, 0), SBI_INVALID_PARAM, "reset type 0xefffffff is reserved");
	check_eq(reset(0, 2), SBI_INVALID_PARAM, "reset reason 2 is reserved");
	if (rom_failed())
		return;
	rom_summary();
	reset(BIT(32), 0);  /* type is 32 bits wide: shutdown */
	rom_fatal(0, 0, 0); /* it came back */
}
