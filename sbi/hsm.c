/* HSM: hart state management (SBI 3.0, chapter 9), and SRST: system reset (chapter 10). */
#include "sbi/internal.h"

static struct sbi_hart *find_hart(struct sbi *sbi, uint64_t id)
{
	for (unsigned i = 0; i < sbi->hart_count; i++)
		if (sbi->hart[i].cpu->hartid == id)
			return &sbi->hart[i];
	return NULL;
}

/*
 * A suspended hart goes on by itself when an interrupt wakes it. One that has retired something
 * since may well wait again, but in a WFI of its own.
 */
static enum sbi_hart_state state_of(struct sbi_hart *hart)
{
	const struct cpu *cpu = &hart->cpu->cpu;
	if (hart->state == SBI_HART_SUSPENDED &&
	    (!cpu->halted || cpu_retired(cpu) != hart->suspended_at))
		hart->state = SBI_HART_STARTED;
	return hart->state;
}

static enum sbi_error hart_start(struct sbi_call *call)
{
	struct sbi_hart *target = find_hart(call->sbi, call->args[0]);
	if (!target)
		return SBI_ERR_INVALID_PARAM;
	if (state_of(target) != SBI_HART_STOPPED)
		return SBI_ERR_ALREADY_AVAILABLE;
	if ((call->args[1] & 1) || !sbi_memory_ok(call->sbi, call->args[1], 2))
		return SBI_ERR_INVALID_ADDRESS;
	sbi_hart_enter(target, call->args[1], call->args[2]);
	return SBI_SUCCESS;
}

static void hart_stop(struct sbi_call *call)
{
	struct cpu *cpu = &call->hart->cpu->cpu;
	sbi_fwft_reset(call->hart);
	call->hart->state = SBI_HART_STOPPED;
	cpu->stopped = true;
	cpu_attention(cpu);
	call->no_return = true;
}

#define SUSPEND_NON_RETENTIVE 0x80000000u

/*
 * A non-retentive suspend gets its resume state before it sleeps; what wakes it (mip and mie) is
 * firmware-owned and kept.
 */
static void prepare_resume(struct sbi_call *call)
{
	struct riscv_cpu *hart = call->hart->cpu;
	uint64_t status;
	riscv_csr_write(hart, 0x180, 0); /* satp */
	if (riscv_csr_read(hart, 0x100, &status))
		riscv_csr_write(hart, 0x100, status & ~2ull); /* sstatus.SIE */
	hart->cpu.r[10] = hart->hartid;
	hart->cpu.r[11] = call->args[2];
	hart->cpu.pc = call->args[1];
	call->no_return = true;
}

static enum sbi_error hart_suspend(struct sbi_call *call)
{
	uint32_t type = (uint32_t)call->args[0];
	if (type != 0 && type != SUSPEND_NON_RETENTIVE)
		return SBI_ERR_INVALID_PARAM;
	if (type == SUSPEND_NON_RETENTIVE) {
		if ((call->args[1] & 1) || !sbi_memory_ok(call->sbi, call->args[1], 2))
			return SBI_ERR_INVALID_ADDRESS;
		prepare_resume(call);
	}
	call->hart->state = SBI_HART_SUSPENDED;
	call->hart->suspended_at = cpu_retired(&call->hart->cpu->cpu);
	call->hart->cpu->cpu.halted = true;
	cpu_attention(&call->hart->cpu->cpu);
	return SBI_SUCCESS;
}

static enum sbi_error hart_get_status(struct sbi_call *call)
{
	struct sbi_hart *target = find_hart(call->sbi, call->args[0]);
	if (!target)
		return SBI_ERR_INVALID_PARAM;
	call->value = state_of(target);
	return SBI_SUCCESS;
}

void sbi_handle_hsm(struct sbi_call *call)
{
	switch (call->fid) {
	case 0: call->error = hart_start(call); break;
	case 1: hart_stop(call); break;
	case 2: call->error = hart_get_status(call); break;
	case 3: call->error = hart_suspend(call); break;
	default: call->error = SBI_ERR_NOT_SUPPORTED;
	}
}

/* Shutdown after a system failure is not a success for whoever started the machine. */
void sbi_handle_srst(struct sbi_call *call)
{
	uint32_t type = (uint32_t)call->args[0], reason = (uint32_t)call->args[1];
	if (call->fid != 0) {
		call->error = SBI_ERR_NOT_SUPPORTED;
		return;
	}
	if (type > 2 || reason > 1) {
		call->error = SBI_ERR_INVALID_PARAM;
		return;
	}
	if (type == 0)
		machine_stop(call->sbi->machine, STOP_EXIT, reason == 1, "SBI shutdown, reason %u",
			     reason);
	else
		machine_stop(call->sbi->machine, STOP_RESET, 0, "SBI %s reboot, reason %u",
			     type == 1 ? "cold" : "warm", reason);
}
