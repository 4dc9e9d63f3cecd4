#include "cpu/arm64/debug.h"

#include "cpu/arm64/emit.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"
#include "mmu/mmu.h"

enum {
	MDSCR_SS = 1 << 0,
	MDSCR_KDE = 1 << 13,
	MDSCR_MDE = 1 << 15,
	OSDLR_DLK = 1 << 0,
	DBGPRCR_CORENPDRQ = 1 << 0,
	FSC_DEBUG = 0x22,
};

/* -- who takes debug exceptions -- */

static bool to_el2(const struct arm64_cpu *pe)
{
	return pe->config.highest >= A64_EL2 &&
	       (pe->sysreg[A64_MDCR_EL2] & MDCR_TDE || pe->sysreg[A64_HCR_EL2] & HCR_TGE);
}

static const char *target_why(const struct arm64_cpu *pe)
{
	if (!to_el2(pe))
		return "MDSCR_EL1";
	return pe->sysreg[A64_MDCR_EL2] & MDCR_TDE ? "MDCR_EL2.TDE=1" : "HCR_EL2.TGE=1";
}

/* Whether a level generates them with PSTATE.D as given. */
static bool generated(const struct arm64_cpu *pe, unsigned level, bool masked)
{
	bool double_lock = pe->sysreg[A64_OSDLR_EL1] & OSDLR_DLK &&
			   !(pe->sysreg[A64_DBGPRCR_EL1] & DBGPRCR_CORENPDRQ);
	if (pe->os_lock || double_lock)
		return false;
	unsigned target = to_el2(pe) ? A64_EL2 : A64_EL1;
	if (level != target)
		return level < target;
	return pe->sysreg[A64_MDSCR_EL1] & MDSCR_KDE && !masked;
}

static bool generated_now(const struct arm64_cpu *pe)
{
	return generated(pe, pe->cpu.level, pe->pstate & PSTATE_D);
}

static bool raise_debug(struct arm64_cpu *pe, unsigned class, uint32_t iss)
{
	return arm64_raise_to(pe, to_el2(pe) ? A64_EL2 : A64_EL1, arm64_esr(class, iss | FSC_DEBUG),
			      target_why(pe));
}

/* -- breakpoints -- */

/* Whether a breakpoint or watchpoint control asks for a level: fields SSC, HMC and PMC. */
static bool wants_level(uint64_t control, unsigned level)
{
	unsigned hmc = control >> 13 & 1, ssc = control >> 14 & 3, pmc = control >> 1 & 3;
	if (level == A64_EL2)
		return hmc && (ssc == 3 || ssc == 1 || (pmc != 0 && ssc == 0));
	unsigned bit = level == A64_EL1 ? 1 : 2;
	return level < A64_EL2 && !(ssc == 2 && !hmc) && pmc & bit;
}

#define BREAKPOINTS 6 /* ID_AA64DFR0_EL1.BRPs says so */

static const struct {
	enum arm64_sysreg value, control;
} breakpoints[BREAKPOINTS] = {
	{A64_DBGBVR0_EL1, A64_DBGBCR0_EL1},
        {A64_DBGBVR1_EL1, A64_DBGBCR1_EL1},
	{A64_DBGBVR2_EL1, A64_DBGBCR2_EL1},
        {A64_DBGBVR3_EL1, A64_DBGBCR3_EL1},
	{A64_DBGBVR4_EL1, A64_DBGBCR4_EL1},
        {A64_DBGBVR5_EL1, A64_DBGBCR5_EL1},
};

/* Unlinked address matches; see docs/quirks.md for the other types. */
static bool is_on(const struct arm64_cpu *pe, unsigned number)
{
	enum { ENABLED = 1 };
	uint64_t control = pe->sysreg[breakpoints[number].control];
	bool address_match = (control >> 20 & 15) == 0;
	return control & ENABLED && address_match && wants_level(control, pe->cpu.level);
}

static bool hits(const struct arm64_cpu *pe, uint64_t pc)
{
	for (unsigned i = 0; i < BREAKPOINTS; i++)
		/* Bits 52:2 are compared. */
		if (is_on(pe, i) &&
		    ((pe->sysreg[breakpoints[i].value] ^ pc) & 0x1ffffffffffffc) == 0)
			return true;
	return false;
}

/* -- watchpoints -- */

#define WATCHPOINTS 4 /* ID_AA64DFR0_EL1.WRPs says so */

static const struct {
	enum arm64_sysreg value, control;
} watchpoints[WATCHPOINTS] = {
	{A64_DBGWVR0_EL1, A64_DBGWCR0_EL1},
	{A64_DBGWVR1_EL1, A64_DBGWCR1_EL1},
	{A64_DBGWVR2_EL1, A64_DBGWCR2_EL1},
	{A64_DBGWVR3_EL1, A64_DBGWCR3_EL1},
};

/* Fields of DBGWCR<n>_EL1. LSC has a bit for loads and one for stores. */
enum { WCR_E = 1 << 0, WCR_LSC_LOAD = 1 << 3, WCR_LSC_STORE = 1 << 4, WCR_WT = 1 << 20 };

/* Unlinked ones; see docs/quirks.md. */
static bool is_watching(const struct arm64_cpu *pe, unsigned number)
{
	return (pe->sysreg[watchpoints[number].control] & (WCR_E | WCR_WT)) == WCR_E;
}

static bool any_watching(const struct arm64_cpu *pe)
{
	for (unsigned i = 0; pe->sysreg[A64_MDSCR_EL1] & MDSCR_MDE && i < WATCHPOINTS; i++)
		if (is_watching(pe, i))
			return true;
	return false;
}

/* Whether a watchpoint names a byte of [address, address + size); bits 52:2 are compared. */
static bool names(const struct arm64_cpu *pe, unsigned number, uint64_t address, uint64_t size)
{
	enum { BAS_SHIFT = 5, MASK_SHIFT = 24, MASK_MIN = 3 };
	const uint64_t compared = (1ull << 53) - 1;
	uint64_t control = pe->sysreg[watchpoints[number].control];
	uint64_t base = pe->sysreg[watchpoints[number].value] & compared & ~3ull;
	unsigned mask = control >> MASK_SHIFT & 31, bytes = control >> BAS_SHIFT & 0xff;
	address &= compared;
	if (mask >= MASK_MIN) {
		uint64_t offset = (1ull << mask) - 1;
		return (base & ~offset) < address + size && (base | offset) >= address;
	}
	if (base & 4) /* of a word only */
		bytes &= 15;
	for (unsigned i = 0; i < 8; i++)
		if (bytes >> i & 1 && base + i >= address && base + i < address + size)
			return true;
	return false;
}

bool arm64_watches_page(const struct arm64_cpu *pe, uint64_t address)
{
	if (!(pe->sysreg[A64_MDSCR_EL1] & MDSCR_MDE))
		return false;
	for (unsigned i = 0; i < WATCHPOINTS; i++)
		if (is_watching(pe, i) && names(pe, i, address & CPU_PAGE_MASK, CPU_PAGE_SIZE))
			return true;
	return false;
}

bool arm64_watch(struct cpu *cpu, uint64_t address, unsigned size, unsigned access, unsigned mode)
{
	enum { WNR = 1 << 6 };
	struct arm64_cpu *pe = arm64_cpu(cpu);
	bool user = mode == A64_TLB_EL0 || mode == A64_TLB_EL20;
	unsigned level = user ? A64_EL0 : cpu->level;
	unsigned wanted =
		(access & MMU_READ ? WCR_LSC_LOAD : 0) | (access & MMU_WRITE ? WCR_LSC_STORE : 0);
	if (cpu->exit != CPU_EXIT_NONE || !generated_now(pe))
		return true;
	for (unsigned i = 0; i < WATCHPOINTS; i++) {
		uint64_t control = pe->sysreg[watchpoints[i].control];
		if (!is_watching(pe, i) || !(control & wanted) || !wants_level(control, level) ||
		    !names(pe, i, address, size))
			continue;
		raise_debug(pe, A64_EC_WATCHPOINT_LOWER, access & MMU_WRITE ? WNR : 0);
		cpu->trap.value = address;
		cpu->trap.value_is_virtual = true;
		return false;
	}
	return true;
}

void arm64_watch_write(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	bool before = any_watching(pe);
	pe->sysreg[reg] = value;
	if (before || any_watching(pe))
		mmu_flush(&pe->cpu);
	arm64_state_changed(pe);
}

/* -- mode -- */

uint32_t arm64_debug_mode(const struct arm64_cpu *pe)
{
	uint64_t mdscr = pe->sysreg[A64_MDSCR_EL1];
	uint32_t mode = 0;
	if (!(mdscr & (MDSCR_SS | MDSCR_MDE)) || !generated_now(pe))
		return 0;
	if (mdscr & MDSCR_SS)
		mode |= A64_MODE_STEP | (pe->pstate & PSTATE_SS ? 0 : A64_MODE_STEP_PENDING);
	for (unsigned i = 0; mdscr & MDSCR_MDE && i < BREAKPOINTS; i++)
		if (is_on(pe, i))
			mode |= A64_MODE_BREAK;
	return mode;
}

/* -- software step -- */

/* The instruction that is stepped has been begun: the next one raises the exception. */
static bool help_step_begin(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	struct arm64_cpu *pe = arm64_cpu(cpu);
	pe->step.pc = engine_pc(cpu);
	pe->step.begun = true;
	pe->step.exclusive = (engine_insn(cpu) & 0x3fc00000) == 0x08400000;
	pe->pstate &= ~(uint32_t)PSTATE_SS;
	arm64_update_mode(cpu);
	cpu_attention(cpu);
	return true;
}

static bool help_step(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	enum { ISV = 1 << 24, EX = 1 << 6 };
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint32_t iss = 0;
	cpu->pc = engine_pc(cpu);
	if (pe->step.begun)
		iss = ISV | (pe->step.exclusive ? EX : 0);
	return raise_debug(pe, A64_EC_STEP_LOWER, iss);
}

static bool help_breakpoint(struct cpu *cpu, const struct uop *uop)
{
	(void)uop;
	cpu->pc = engine_pc(cpu);
	return raise_debug(arm64_cpu(cpu), A64_EC_BREAKPOINT_LOWER, 0);
}

bool arm64_debug_translate(struct builder *builder)
{
	struct arm64_cpu *pe = arm64_cpu(builder->cpu);
	uint32_t mode = builder->cpu->mode;
	if (mode & A64_MODE_STEP_PENDING) {
		build_call_end(builder, help_step, 0, 0, 0, 0, 0);
		return true;
	}
	if (mode & A64_MODE_BREAK && hits(pe, builder->pc)) {
		build_call_end(builder, help_breakpoint, 0, 0, 0, 0, 0);
		return true;
	}
	if (mode & A64_MODE_STEP) {
		build_call(builder, help_step_begin, 0, 0, 0, 0, 0);
		builder->last = true;
	}
	return false;
}

bool arm64_step_undone(struct arm64_cpu *pe, const struct trap *trap)
{
	bool undone = pe->step.begun && !trap->interrupt && !pe->after && trap->pc == pe->step.pc &&
		      trap->syndrome >> 27 != A64_EC_STEP_LOWER >> 1;
	pe->step.begun = false;
	return undone;
}

bool arm64_step_returns(const struct arm64_cpu *pe, uint64_t spsr)
{
	unsigned target = (spsr & PSTATE_EL) >> PSTATE_EL_SHIFT;
	return pe->sysreg[A64_MDSCR_EL1] & MDSCR_SS && !generated_now(pe) &&
	       generated(pe, target, spsr & PSTATE_D);
}
