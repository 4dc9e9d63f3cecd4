/* Taking exceptions and returning from them (Arm ARM, D1.3 and D1.4). */
#include "cpu/arm64/debug.h"
#include "cpu/arm64/nested.h"
#include "cpu/arm64/pe.h"

#include "cpu/arm64/trap.h"
#include "engine/flags.h"
#include "mmu/mmu.h"

bool arm64_raise(struct arm64_cpu *pe, uint64_t esr, const char *why)
{
	struct trap *trap = &pe->cpu.trap;
	*trap = (struct trap){
		.cause = A64_SYNCHRONOUS,
		.syndrome = esr,
		.why = why,
		.pc = trap->pc,
		.from = trap->from,
		.to = TRAP_LEVEL_NONE,
	};
	return false;
}

uint64_t arm64_pstate(const struct arm64_cpu *pe)
{
	return (pe->pstate & ~(uint32_t)PSTATE_BTYPE) | arm64_branch_type(pe) |
	       (uint64_t)flags_nzcv(&pe->cpu) << PSTATE_NZCV_SHIFT;
}

/* The stack pointer that a PSTATE uses. */
static unsigned stack_of(uint32_t pstate)
{
	return pstate & PSTATE_SPSEL ? (pstate & PSTATE_EL) >> PSTATE_EL_SHIFT : A64_EL0;
}

uint32_t arm64_pstate_bits(const struct arm64_cpu *pe)
{
	uint32_t allowed = PSTATE_SPSEL | PSTATE_EL | PSTATE_DAIF | PSTATE_IL | PSTATE_SS;
	if (arm64_has(pe, A64_FEAT_PAN))
		allowed |= PSTATE_PAN;
	if (arm64_has(pe, A64_FEAT_UAO))
		allowed |= PSTATE_UAO;
	if (arm64_has(pe, A64_FEAT_DIT))
		allowed |= PSTATE_DIT;
	if (arm64_has(pe, A64_FEAT_SSBS))
		allowed |= PSTATE_SSBS;
	if (arm64_has(pe, A64_FEAT_BTI))
		allowed |= PSTATE_BTYPE;
	if (arm64_has(pe, A64_FEAT_NMI))
		allowed |= PSTATE_ALLINT;
	return allowed;
}

/* Only where something may be pending that was masked. */
static void attend_to_pending(struct arm64_cpu *pe)
{
	if (pe->irq_level || pe->sysreg[A64_HCR_EL2] & (HCR_VSE | HCR_VF | HCR_VI))
		cpu_attention(&pe->cpu);
}

/* The same without the condition flags. */
static void set_state(struct arm64_cpu *pe, uint64_t pstate)
{
	struct cpu *cpu = &pe->cpu;
	pe->sp[stack_of(pe->pstate)] = cpu->r[A64_REG_SP];
	pe->pstate = (uint32_t)pstate & pe->pstate_bits & ~(uint32_t)PSTATE_BTYPE;
	arm64_set_branch_type(pe, pstate);
	cpu->r[A64_REG_SP] = pe->sp[stack_of(pe->pstate)];
	cpu->level = (pe->pstate & PSTATE_EL) >> PSTATE_EL_SHIFT;
	arm64_use_pstate(pe);
	attend_to_pending(pe);
}

void arm64_set_pstate(struct arm64_cpu *pe, uint64_t pstate)
{
	flags_set(&pe->cpu, pstate >> PSTATE_NZCV_SHIFT & 15);
	set_state(pe, pstate);
}

void arm64_set_masks(struct arm64_cpu *pe, uint32_t masks)
{
	uint32_t changed = (pe->pstate ^ masks) & PSTATE_DAIF;
	pe->pstate ^= changed;
	if (changed & PSTATE_D) { /* debug exceptions come and go */
		arm64_use_pstate(pe);
		cpu_attention(&pe->cpu);
	} else if (changed & ~masks) {
		attend_to_pending(pe);
	}
}

bool arm64_raise_to(struct arm64_cpu *pe, unsigned level, uint64_t esr, const char *why)
{
	arm64_raise(pe, esr, why);
	pe->cpu.trap.to = (uint8_t)level;
	return false;
}

/* The current level; of EL0, EL1, or EL2 for TGE. */
unsigned arm64_default_target(const struct arm64_cpu *pe)
{
	unsigned target = pe->cpu.level == A64_EL0 ? A64_EL1 : pe->cpu.level;
	bool tge = pe->config.highest >= A64_EL2 && pe->sysreg[A64_HCR_EL2] & HCR_TGE;
	return target == A64_EL1 && tge ? A64_EL2 : target;
}

/* Registers of a level, EL1 first. */
static const enum arm64_sysreg elr_of[] = {A64_ELR_EL1, A64_ELR_EL2, A64_ELR_EL3};
static const enum arm64_sysreg spsr_of[] = {A64_SPSR_EL1, A64_SPSR_EL2, A64_SPSR_EL3};
static const enum arm64_sysreg esr_of[] = {A64_ESR_EL1, A64_ESR_EL2, A64_ESR_EL3};
static const enum arm64_sysreg far_of[] = {A64_FAR_EL1, A64_FAR_EL2, A64_FAR_EL3};
static const enum arm64_sysreg vbar_of[] = {A64_VBAR_EL1, A64_VBAR_EL2, A64_VBAR_EL3};

/* Offset of the vector: by where the exception comes from, and by its kind. */
static uint64_t vector_offset(const struct arm64_cpu *pe, unsigned target, uint64_t kind)
{
	enum { CURRENT_SP0 = 0, CURRENT_SPX = 0x200, LOWER = 0x400 };
	uint64_t from = pe->cpu.level < target      ? LOWER
			: pe->pstate & PSTATE_SPSEL ? CURRENT_SPX
						    : CURRENT_SP0;
	return from + 0x80 * kind;
}

/* Whether an exception class reports an address. */
static bool has_address(unsigned class)
{
	return (class >= A64_EC_FETCH_LOWER && class <= A64_EC_PC_ALIGNMENT) ||
	       class == A64_EC_DATA_LOWER || class == A64_EC_DATA_LOWER + 1 ||
	       class == A64_EC_WATCHPOINT_LOWER || class == A64_EC_WATCHPOINT_LOWER + 1;
}

/* Classes with a form for the same level and one for lower ones: set the right one. */
static uint64_t level_form(uint64_t esr, bool same_level)
{
	unsigned class = esr >> 26 & 63;
	if (class == A64_EC_DATA_LOWER + 1 && esr & ISS_VNCR)
		return esr;
	switch (class & ~1u) {
	case A64_EC_FETCH_LOWER:
	case A64_EC_DATA_LOWER:
	case A64_EC_BREAKPOINT_LOWER:
	case A64_EC_STEP_LOWER:
	case A64_EC_WATCHPOINT_LOWER: return (esr & ~(1ull << 26)) | (uint64_t)same_level << 26;
	default: return esr;
	}
}

/* SPSR_ELx of an exception: of a nested one, and of an instruction being stepped. */
static uint64_t saved_pstate(struct arm64_cpu *pe, const struct trap *trap)
{
	uint64_t pstate = arm64_pstate(pe);
	if (trap->to == A64_EL1)
		pstate = arm64_nested_spsr(pe, pstate);
	return pstate | (arm64_step_undone(pe, trap) ? PSTATE_SS : 0);
}

/* Whether an exception sets PSTATE.PAN: SPAN=0, where there is EL0 below. */
static bool sets_pan(const struct arm64_cpu *pe, unsigned target)
{
	uint64_t host = HCR_E2H | HCR_TGE;
	switch (target) {
	case A64_EL1: return !(pe->sysreg[A64_SCTLR_EL1] & SCTLR_SPAN);
	case A64_EL2:
		return (arm64_hcr(pe) & host) == host && !(pe->sysreg[A64_SCTLR_EL2] & SCTLR_SPAN);
	default: return false;
	}
}

void arm64_deliver(struct cpu *cpu, struct trap *trap)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	unsigned target = trap->to == TRAP_LEVEL_NONE ? arm64_default_target(pe) : trap->to;
	unsigned bank = target - A64_EL1;
	trap->to = (uint8_t)target;
	if (trap->cause == A64_SYNCHRONOUS || trap->cause == A64_SERROR) {
		trap->syndrome = level_form(trap->syndrome, cpu->level == target);
		pe->sysreg[esr_of[bank]] = trap->syndrome;
		if (has_address(trap->syndrome >> 26 & 63))
			pe->sysreg[far_of[bank]] = trap->value;
		if (trap->value2_is_valid && target == A64_EL2)
			pe->sysreg[A64_HPFAR_EL2] = trap->value2;
	}
	pe->sysreg[spsr_of[bank]] = saved_pstate(pe, trap);
	if (pe->after)
		trap->pc += 4;
	pe->after = false;
	pe->sysreg[elr_of[bank]] = trap->pc;
	uint64_t vector =
		(pe->sysreg[vbar_of[bank]] & ~0x7ffull) + vector_offset(pe, target, trap->cause);
	machine_note_trap(pe->cpu.machine, &pe->cpu, trap);
	cpu->pc = vector;
	set_state(pe, (pe->pstate & (PSTATE_PAN | PSTATE_DIT)) | PSTATE_DAIF | PSTATE_SPSEL |
			      (sets_pan(pe, target) ? PSTATE_PAN : 0) | target << PSTATE_EL_SHIFT);
}

/* Whether ERET at this level may go where a saved PSTATE points. */
static bool legal_return(const struct arm64_cpu *pe, uint64_t spsr)
{
	unsigned target = (spsr & PSTATE_EL) >> PSTATE_EL_SHIFT;
	if (spsr & PSTATE_M4 || spsr & 2) /* AArch32; a reserved encoding */
		return false;
	if (target > pe->cpu.level || target > pe->config.highest)
		return false;
	if (target == A64_EL0 && spsr & PSTATE_SPSEL)
		return false;
	bool tge = pe->config.highest >= A64_EL2 && pe->sysreg[A64_HCR_EL2] & HCR_TGE;
	return !(target == A64_EL1 && tge);
}

uint64_t arm64_elr(const struct arm64_cpu *pe)
{
	return pe->sysreg[elr_of[pe->cpu.level - A64_EL1]];
}

void arm64_exception_return(struct arm64_cpu *pe, uint64_t address)
{
	uint64_t spsr = pe->sysreg[spsr_of[pe->cpu.level - A64_EL1]];
	pe->cpu.pc = address;
	if (!arm64_step_returns(pe, spsr))
		spsr &= ~(uint64_t)PSTATE_SS;
	pe->cpu.traps_in_a_row = 0;
	pe->cpu.reservation = UINT64_MAX;
	pe->event = true;
	if (legal_return(pe, spsr)) {
		arm64_set_pstate(pe, spsr);
		return;
	}
	uint64_t kept = PSTATE_EL | PSTATE_SPSEL | PSTATE_PAN | PSTATE_UAO | PSTATE_SSBS;
	uint64_t taken = PSTATE_NZCV | PSTATE_DAIF | PSTATE_DIT;
	arm64_set_pstate(pe, (pe->pstate & kept) | (spsr & taken) | PSTATE_IL);
}
