/*
 * Taking traps and returning from them (privileged manual, "Privilege and Global Interrupt-Enable
 * Stack in mstatus register", "Machine Trap Delegation Registers", "Machine Interrupt Registers").
 */
#include "cpu/riscv/trap.h"

#include <inttypes.h>

#include "core/machine.h"
#include "cpu/riscv/bits.h"
#include "cpu/riscv/mode.h"
#include "engine/engine.h"

bool riscv_raise(struct riscv_cpu *hart, uint64_t cause, uint64_t value, const char *why)
{
	struct trap *trap = &hart->cpu.trap;
	*trap = (struct trap){
		.cause = cause,
		.value = value,
		.insn = cause == RV_CAUSE_ILLEGAL ? value : 0,
		.why = why,
		.pc = trap->pc,
		.from = trap->from,
		.to = TRAP_LEVEL_NONE,
	};
	return false;
}

static bool raise_illegal(struct riscv_cpu *hart, const char *why)
{
	return riscv_raise(hart, RV_CAUSE_ILLEGAL, engine_insn(&hart->cpu), why);
}

/* -- entry -- */

static uint64_t xcause(const struct trap *trap)
{
	return trap->cause | (trap->interrupt ? XCAUSE_INTERRUPT : 0);
}

/* Exceptions go to the base always, interrupts to base + 4 * cause in vectored mode. */
static uint64_t vector(uint64_t xtvec, const struct trap *trap)
{
	uint64_t base = xtvec & ~XTVEC_MODE;
	bool vectored = (xtvec & XTVEC_MODE) == XTVEC_VECTORED;
	return trap->interrupt && vectored ? base + 4 * trap->cause : base;
}

static void enter_s(struct riscv_cpu *hart, struct trap *trap)
{
	uint64_t status = hart->mstatus & ~(MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);
	if (trap->from == RV_S)
		status |= MSTATUS_SPP;
	if (hart->mstatus & MSTATUS_SIE)
		status |= MSTATUS_SPIE;
	hart->scause = xcause(trap);
	hart->sepc = trap->pc;
	hart->stval = trap->value;
	hart->cpu.pc = vector(hart->stvec, trap);
	hart->cpu.level = RV_S;
	riscv_change_mstatus(hart, status);
}

static void enter_m(struct riscv_cpu *hart, struct trap *trap)
{
	uint64_t status = hart->mstatus & ~(MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_MIE);
	status |= (uint64_t)trap->from << MSTATUS_MPP_SHIFT;
	if (hart->mstatus & MSTATUS_MIE)
		status |= MSTATUS_MPIE;
	hart->mcause = xcause(trap);
	hart->mepc = trap->pc;
	hart->mtval = trap->value;
	hart->cpu.pc = vector(hart->mtvec, trap);
	hart->cpu.level = RV_M;
	riscv_change_mstatus(hart, status);
}

void riscv_enter_s(struct riscv_cpu *hart, struct trap *trap)
{
	trap->to = RV_S;
	enter_s(hart, trap);
	machine_note_trap(hart->cpu.machine, &hart->cpu, trap);
}

/* Loads, stores and atomics: the traps that mtinst describes. */
static bool is_data_fault(const struct trap *trap)
{
	const uint64_t faults = RV_BIT(RV_CAUSE_LOAD_MISALIGNED) | RV_BIT(RV_CAUSE_LOAD_ACCESS) |
				RV_BIT(RV_CAUSE_STORE_MISALIGNED) | RV_BIT(RV_CAUSE_STORE_ACCESS) |
				RV_BIT(RV_CAUSE_LOAD_PAGE) | RV_BIT(RV_CAUSE_STORE_PAGE);
	return trap->cause < 64 && faults >> trap->cause & 1 && !trap->interrupt;
}

/* The immediate of a load or store in its 32-bit form; atomics and the rest have none. */
static int64_t address_immediate(uint32_t insn)
{
	switch (insn & 0x7f) {
	case 0x03: /* LOAD */
	case 0x07: /* LOAD-FP */ return (int32_t)insn >> 20;
	case 0x23: /* STORE */
	case 0x27: /* STORE-FP */ return ((int32_t)insn >> 25) * 32 + (int32_t)(insn >> 7 & 31);
	default: return 0;
	}
}

/*
 * What mtinst holds for a data fault. The address offset follows from the registers as they are,
 * which is as they were, because a faulting instruction changes nothing.
 */
static uint32_t data_syndrome(const struct riscv_cpu *hart, const struct trap *trap)
{
	uint32_t insn = (uint32_t)trap->insn;
	uint32_t wide = (insn & 3) == 3 ? insn : riscv_expand_compressed((uint16_t)insn);
	uint64_t base = hart->cpu.r[wide >> 15 & 31] + (uint64_t)address_immediate(wide);
	uint64_t offset = trap->value - base;
	return riscv_transform_insn(insn, offset < 32 ? offset : 0);
}

static bool delegated(const struct riscv_cpu *hart, const struct trap *trap)
{
	uint64_t delegation = trap->interrupt ? hart->mideleg : hart->medeleg;
	return trap->from != RV_M && trap->cause < 64 && delegation >> trap->cause & 1;
}

/* M-mode has no code of its own when firmware runs in-process: it deals with the trap or fails. */
static void enter_firmware(struct riscv_cpu *hart, struct trap *trap)
{
	/* Memory accesses of the firmware may fault themselves and overwrite cpu->trap. */
	struct trap copy = *trap;
	bool handled = hart->firmware(hart->firmware_opaque, hart, &copy);
	*trap = copy;
	/* Going on after the instruction is a return; a redirected trap is none. */
	if (handled && hart->cpu.pc - trap->pc - 1 < 4)
		hart->cpu.traps_in_a_row = 0;
	if (handled) {
		if (hart->cpu.stopped || hart->cpu.halted)
			cpu_attention(&hart->cpu);
		return;
	}
	machine_stop(hart->cpu.machine, STOP_PANIC, EXIT_CODE_PANIC,
		     "hart %" PRIu64 ": the firmware cannot handle %s at pc 0x%" PRIx64
		     ", tval 0x%" PRIx64,
		     hart->hartid, riscv_cause_name(trap), trap->pc, trap->value);
}

void riscv_deliver(struct cpu *cpu, struct trap *trap)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	if (is_data_fault(trap) && trap->insn)
		trap->syndrome = data_syndrome(hart, trap);
	if (delegated(hart, trap)) {
		riscv_enter_s(hart, trap);
		return;
	}
	trap->to = RV_M;
	if (hart->firmware) {
		machine_note_trap(hart->cpu.machine, &hart->cpu, trap);
		enter_firmware(hart, trap);
		return;
	}
	enter_m(hart, trap);
	machine_note_trap(hart->cpu.machine, &hart->cpu, trap);
}

/* -- interrupts -- */

bool riscv_wakeup(const struct cpu *cpu)
{
	const struct riscv_cpu *hart = (const struct riscv_cpu *)cpu;
	return riscv_mip(hart) & hart->mie;
}

/* The order in which simultaneous interrupts of one target level are taken. */
static const uint8_t priority[] = {
	RV_IRQ_MEI, RV_IRQ_MSI, RV_IRQ_MTI, RV_IRQ_SEI, RV_IRQ_SSI, RV_IRQ_STI, RV_IRQ_LCOFI,
};

static bool take(const struct riscv_cpu *hart, uint64_t pending, const char *why, struct trap *trap)
{
	for (unsigned i = 0; i < sizeof(priority); i++) {
		if (!(pending >> priority[i] & 1))
			continue;
		*trap = (struct trap){
			.cause = priority[i],
			.interrupt = true,
			.why = why,
			.pc = hart->cpu.pc,
			.from = hart->cpu.level,
			.to = TRAP_LEVEL_NONE,
		};
		return true;
	}
	return false;
}

bool riscv_interrupt(struct cpu *cpu, struct trap *trap)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	uint64_t pending = riscv_mip(hart) & hart->mie;
	uint64_t machine = pending & ~hart->mideleg, supervisor = pending & hart->mideleg;
	if (cpu->level == RV_M && !(hart->mstatus & MSTATUS_MIE))
		machine = 0;
	if (cpu->level == RV_M || (cpu->level == RV_S && !(hart->mstatus & MSTATUS_SIE)))
		supervisor = 0;
	return take(hart, machine, "pending and enabled, mideleg=0", trap) ||
	       take(hart, supervisor, "pending and enabled, mideleg=1", trap);
}

/* -- return and the other privileged instructions -- */

static void notify_return(struct riscv_cpu *hart, uint8_t from)
{
	const struct observer_list *observers = &hart->cpu.machine->observers;
	if (!observer_wants(observers, OBSERVE_RET))
		return;
	struct observation observation = {
		.kind = OBSERVE_RET,
		.ret = {hart->cpu.pc, from, hart->cpu.level},
	};
	engine_notify(&hart->cpu, true, &observation);
}

/* xRET: the level and the interrupt enable that the trap saved come back. */
static bool trap_return(struct riscv_cpu *hart, uint8_t level, uint64_t status, uint64_t pc)
{
	uint8_t from = hart->cpu.level;
	if (level != RV_M)
		status &= ~MSTATUS_MPRV;
	/* With 4-byte instructions only, bit 1 of xepc is masked when it is used, too. */
	hart->cpu.pc = riscv_has(hart, RV_EXT_C) ? pc : pc & ~3ull;
	hart->cpu.level = level;
	hart->cpu.traps_in_a_row = 0;
	riscv_change_mstatus(hart, status);
	notify_return(hart, from);
	return true;
}

bool riscv_mret(struct riscv_cpu *hart)
{
	if (hart->cpu.level != RV_M)
		return raise_illegal(hart, "MRET below M-mode");
	uint64_t status = hart->mstatus & ~(MSTATUS_MIE | MSTATUS_MPP);
	if (hart->mstatus & MSTATUS_MPIE)
		status |= MSTATUS_MIE;
	status |= MSTATUS_MPIE;
	uint8_t level = (uint8_t)((hart->mstatus & MSTATUS_MPP) >> MSTATUS_MPP_SHIFT);
	return trap_return(hart, level, status, hart->mepc);
}

bool riscv_sret(struct riscv_cpu *hart)
{
	if (hart->cpu.level == RV_U)
		return raise_illegal(hart, "SRET in U-mode");
	if (hart->cpu.level == RV_S && hart->mstatus & MSTATUS_TSR)
		return raise_illegal(hart, "mstatus.TSR=1");
	uint64_t status = hart->mstatus & ~(MSTATUS_SIE | MSTATUS_SPP);
	if (hart->mstatus & MSTATUS_SPIE)
		status |= MSTATUS_SIE;
	status |= MSTATUS_SPIE;
	return trap_return(hart, hart->mstatus & MSTATUS_SPP ? RV_S : RV_U, status, hart->sepc);
}

bool riscv_wfi(struct riscv_cpu *hart)
{
	/* The bounded time after which U-mode and TW=1 may trap is zero here. */
	if (hart->cpu.level == RV_U)
		return raise_illegal(hart, "WFI in U-mode");
	if (hart->cpu.level == RV_S && hart->mstatus & MSTATUS_TW)
		return raise_illegal(hart, "mstatus.TW=1");
	hart->cpu.halted = !riscv_wakeup(&hart->cpu);
	return true;
}

static void observe_fence(struct riscv_cpu *hart)
{
	const struct observer_list *observers = &hart->cpu.machine->observers;
	if (!observer_wants(observers, OBSERVE_TLB))
		return;
	struct observation observation = {.kind = OBSERVE_TLB, .tlb = {"sfence.vma"}};
	engine_notify(&hart->cpu, true, &observation);
}

bool riscv_sfence_vma(struct riscv_cpu *hart, bool has_va, uint64_t va, bool has_asid,
		      uint64_t asid)
{
	/* No ASID is kept with a translation: a fence of one address space is a fence of all. */
	(void)has_asid;
	(void)asid;
	if (hart->cpu.level == RV_U)
		return raise_illegal(hart, "SFENCE.VMA in U-mode");
	if (hart->cpu.level == RV_S && hart->mstatus & MSTATUS_TVM)
		return raise_illegal(hart, "mstatus.TVM=1");
	observe_fence(hart);
	if (has_va)
		riscv_flush_address(hart, va);
	else
		riscv_flush_translated(hart);
	return true;
}
