/* TIME (SBI 3.0, chapter 6). With Sstc it is a write of stimecmp, otherwise an event sets STIP. */
#include "sbi/internal.h"

void sbi_timer_set(struct sbi_hart *hart, uint64_t time)
{
	struct riscv_cpu *cpu = hart->cpu;
	if (riscv_has(cpu, RV_EXT_SSTC)) {
		riscv_set_stimecmp(cpu, time);
		return;
	}
	bool due = riscv_time(cpu) >= time;
	riscv_irq_level(cpu, RV_IRQ_STI, due);
	clock_schedule(&hart->sbi->machine->clock, &hart->timer,
		       due ? CLOCK_NEVER : riscv_tick_at_time(cpu, time));
}

void sbi_handle_time(struct sbi_call *call)
{
	if (call->fid == 0)
		sbi_timer_set(call->hart, call->args[0]);
	else
		call->error = SBI_ERR_NOT_SUPPORTED;
}
