/* TIME (SBI 3.0, chapter 6): a write of the hart's S-mode timer comparator. */
#include "sbi/internal.h"

void sbi_timer_set(struct sbi_hart *hart, uint64_t time)
{
	riscv_set_stimecmp(hart->cpu, time);
}

void sbi_handle_time(struct sbi_call *call)
{
	if (call->fid == 0)
		sbi_timer_set(call->hart, call->args[0]);
	else
		call->error = SBI_ERR_NOT_SUPPORTED;
}
