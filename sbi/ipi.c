/* IPI and RFENCE (SBI 3.0, chapters 7 and 8). */
#include "mmu/mmu.h"
#include "sbi/internal.h"

void sbi_hart_raise_ipi(struct sbi_hart *hart)
{
	riscv_irq_level(hart->cpu, RV_IRQ_SSI, true);
}

void sbi_handle_ipi(struct sbi_call *call)
{
	if (call->fid == 0)
		call->error =
			sbi_for_harts(call->sbi, call->args[0], call->args[1], sbi_hart_raise_ipi);
	else
		call->error = SBI_ERR_NOT_SUPPORTED;
}

/* Code is coherent at once in every hart; there is nothing left to do. */
void sbi_hart_fence_i(struct sbi_hart *hart)
{
	(void)hart;
}

/* Whatever the range and the address space: dropping all translations is always right. */
void sbi_hart_sfence(struct sbi_hart *hart)
{
	mmu_flush(&hart->cpu->cpu);
	cpu_attention(&hart->cpu->cpu);
}

void sbi_handle_rfence(struct sbi_call *call)
{
	const uint64_t *args = call->args;
	switch (call->fid) {
	case 0: call->error = sbi_for_harts(call->sbi, args[0], args[1], sbi_hart_fence_i); break;
	case 1:
	case 2: call->error = sbi_for_harts(call->sbi, args[0], args[1], sbi_hart_sfence); break;
	default: call->error = SBI_ERR_NOT_SUPPORTED; /* 3 to 6 need the H extension */
	}
}
