/* The calls of SBI 0.1 (SBI 3.0, chapter 5). */
#include "mmu/mmu.h"
#include "sbi/internal.h"

/*
 * The mask of a legacy call lies in the caller's virtual memory; a fault while reading it is the
 * caller's, at the ecall. A null pointer means all harts.
 */
static void for_legacy_mask(struct sbi_call *call, void (*fn)(struct sbi_hart *hart))
{
	struct cpu *cpu = &call->hart->cpu->cpu;
	uint64_t mask;
	if (!call->args[0]) {
		sbi_for_harts(call->sbi, 0, UINT64_MAX, fn);
		return;
	}
	uint64_t pc = cpu->pc;
	if (!mmu_load_mode(cpu, cpu->data_mode, call->args[0], 8, false, &mask)) {
		struct trap trap = cpu->trap;
		trap.pc = pc;
		trap.from = cpu->level;
		riscv_enter_s(call->hart->cpu, &trap);
		call->no_return = true;
		return;
	}
	sbi_for_harts(call->sbi, mask, 0, fn);
}

void sbi_handle_legacy(struct sbi_call *call)
{
	uint8_t byte = (uint8_t)call->args[0];
	call->legacy = true;
	switch (call->eid) {
	case 0: sbi_timer_set(call->hart, call->args[0]); break;
	case 1: sbi_console_put(call->sbi, &byte, 1); break;
	case 2: call->error = sbi_console_get(call->sbi, &byte, 1) == 1 ? byte : -1; break;
	case 3: riscv_irq_level(call->hart->cpu, RV_IRQ_SSI, false); break;
	case 4: for_legacy_mask(call, sbi_hart_raise_ipi); break;
	case 5: for_legacy_mask(call, sbi_hart_fence_i); break;
	case 6:
	case 7: for_legacy_mask(call, sbi_hart_sfence); break;
	default: machine_stop(call->sbi->machine, STOP_EXIT, 0, "SBI legacy shutdown");
	}
}
