/* Asynchronous exceptions: which are pending, who takes them, what masks them (Arm ARM, D1.3.6). */
#include "cpu/arm64/gic.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/timer.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"

/* The kinds, by falling priority. A virtual one is for EL1, if EL2 has routed the physical one. */
struct kind {
	uint8_t cause; /* enum arm64_cause */
	uint8_t line;  /* enum arm64_line; 0: none */
	bool is_virtual;
	uint32_t mask;    /* of PSTATE */
	uint64_t route;   /* HCR_EL2: to EL2 */
	uint64_t scr;     /* SCR_EL3: to EL3 */
	uint64_t pending; /* HCR_EL2: pending without a line */
	const char *why;
};

static const struct kind kinds[] = {
	{A64_FIQ,    A64_LINE_FIQ,         false, PSTATE_F, HCR_FMO, SCR_FIQ, 0,       "FIQ is pending"},
	{A64_IRQ,    A64_LINE_IRQ,         false, PSTATE_I, HCR_IMO, SCR_IRQ, 0,       "IRQ is pending"},
	{A64_SERROR, 0,                    true,  PSTATE_A, HCR_AMO, 0,       HCR_VSE,
	 "a virtual SError is pending: HCR_EL2.VSE=1"                                                  },
	{A64_FIQ,    A64_LINE_VIRTUAL_FIQ, true,  PSTATE_F, HCR_FMO, 0,       HCR_VF,
	 "a virtual FIQ is pending"								    },
	{A64_IRQ,    A64_LINE_VIRTUAL_IRQ, true,  PSTATE_I, HCR_IMO, 0,       HCR_VI,
	 "a virtual IRQ is pending"								    },
};

static bool is_pending(const struct arm64_cpu *pe, const struct kind *kind, uint64_t hcr)
{
	if (!kind->is_virtual)
		return pe->irq_level & kind->line;
	return hcr & kind->route && !(hcr & HCR_TGE) &&
	       (pe->irq_level & kind->line || hcr & kind->pending);
}

/* The level that takes it. */
static unsigned target_of(const struct arm64_cpu *pe, const struct kind *kind, uint64_t hcr)
{
	if (kind->is_virtual)
		return A64_EL1;
	if (pe->config.highest == A64_EL3 && pe->sysreg[A64_SCR_EL3] & kind->scr)
		return A64_EL3;
	return hcr & (kind->route | HCR_TGE) ? A64_EL2 : A64_EL1;
}

/* FEAT_NMI: PSTATE.ALLINT, or the use of SP_ELx, masks all interrupts. */
static bool all_masked(const struct arm64_cpu *pe)
{
	uint64_t sctlr = arm64_sctlr(pe);
	if (!arm64_has(pe, A64_FEAT_NMI) || !(sctlr & SCTLR_NMI))
		return false;
	return pe->pstate & PSTATE_ALLINT || (sctlr & SCTLR_SPINTM && pe->pstate & PSTATE_SPSEL);
}

/* Lower levels cannot mask what goes to EL2 or EL3, except EL0 of a host. */
static bool is_masked(const struct arm64_cpu *pe, const struct kind *kind, unsigned target)
{
	unsigned level = pe->cpu.level;
	if (target < level || (kind->is_virtual && level > A64_EL1))
		return true;
	bool maskable = target == level || target == A64_EL1 ||
			(target == A64_EL2 && arm64_is_host_el0(pe));
	return maskable &&
	       (pe->pstate & kind->mask || (kind->cause != A64_SERROR && all_masked(pe)));
}

/* What HCR_EL2.VSE=1 reports is EL2's choice (FEAT_RAS). It is pending no longer. */
static uint64_t take_virtual_serror(struct arm64_cpu *pe)
{
	enum { IDS = 1 << 24, ISS = 0x1ffffff };
	uint32_t iss = arm64_has(pe, A64_FEAT_RAS) ? pe->sysreg[A64_VSESR_EL2] & ISS : IDS;
	pe->sysreg[A64_HCR_EL2] &= ~HCR_VSE;
	return arm64_esr(A64_EC_SERROR, iss);
}

bool arm64_interrupt(struct cpu *cpu, struct trap *trap)
{
	struct arm64_cpu *pe = arm64_cpu(cpu);
	uint64_t hcr = arm64_hcr(pe);
	if (!pe->irq_level && !(hcr & (HCR_VSE | HCR_VF | HCR_VI)))
		return false;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *kind = &kinds[i];
		if (!is_pending(pe, kind, hcr))
			continue;
		unsigned target = target_of(pe, kind, hcr);
		if (is_masked(pe, kind, target))
			continue;
		*trap = (struct trap){
			.cause = kind->cause,
			.interrupt = true,
			.why = kind->why,
			.to = (uint8_t)target,
		};
		if (kind->cause == A64_SERROR)
			trap->syndrome = take_virtual_serror(pe);
		return true;
	}
	return false;
}

/* Masks do not matter for waits. */
bool arm64_ends_wait(const struct arm64_cpu *pe)
{
	uint64_t hcr = arm64_hcr(pe);
	if (pe->woken || pe->irq_level & (A64_LINE_IRQ | A64_LINE_FIQ))
		return true;
	if (pe->cpu.level > A64_EL1)
		return false;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (is_pending(pe, &kinds[i], hcr))
			return true;
	return false;
}

/* The turn of others takes away what LDXR has marked, which is an event. */
bool arm64_wakeup(const struct cpu *cpu)
{
	const struct arm64_cpu *pe = (const struct arm64_cpu *)cpu;
	bool marked = cpu->reservation != UINT64_MAX && cpu->machine->cpu_count > 1;
	return arm64_ends_wait(pe) || (pe->wait == A64_WAIT_EVENT && marked);
}

void arm64_observe_lines(const struct arm64_cpu *pe, uint32_t changed)
{
	const struct cpu *cpu = &pe->cpu;
	const struct observer_list *observers = &cpu->machine->observers;
	if (!observer_wants(observers, OBSERVE_IRQ))
		return;
	/* Either an instruction of this PE caused it, or it comes between instructions. */
	bool inside = cpu->machine->running == cpu && cpu->uop && cpu->exit == CPU_EXIT_NONE;
	for (unsigned line = 0; line < 4; line++) {
		if (!(changed >> line & 1))
			continue;
		struct observation observation = {
			.kind = OBSERVE_IRQ,
			.icount = cpu->machine->clock.now,
			.pc = inside ? engine_pc(cpu) : cpu->pc,
			.irq = {line, pe->irq_level >> line & 1},
		};
		observer_notify(observers, cpu, &observation);
	}
}

/* Ends a WFE, or lets the next one not wait. */
void arm64_event(struct arm64_cpu *pe)
{
	if (pe->cpu.halted && pe->wait == A64_WAIT_EVENT)
		pe->woken = true;
	else
		pe->event = true;
}

/* ISR_EL1: what is pending, as EL1 is to see it. */
uint64_t read_isr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	uint64_t hcr = arm64_hcr(pe), value = 0;
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool as_virtual = pe->cpu.level == A64_EL1 && hcr & kinds[i].route;
		if (kinds[i].is_virtual == as_virtual && is_pending(pe, &kinds[i], hcr))
			value |= kinds[i].mask;
	}
	return value;
}

/* DISR_EL1 is VDISR_EL2 for EL1 whose SErrors EL2 takes. */
static enum arm64_sysreg deferred(const struct arm64_cpu *pe)
{
	bool guest = pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_AMO;
	return guest ? A64_VDISR_EL2 : A64_DISR_EL1;
}

uint64_t read_disr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return pe->sysreg[deferred(pe)];
}

void write_disr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	pe->sysreg[deferred(pe)] = value;
}

/* ESB: a masked virtual SError is deferred to VDISR_EL2 (Arm ARM, FEAT_RAS). */
void arm64_error_barrier(struct arm64_cpu *pe)
{
	enum { IDS_AND_ISS = 0x1ffffff };
	uint64_t hcr = arm64_hcr(pe);
	bool guest = pe->cpu.level <= A64_EL1 && hcr & HCR_AMO && !(hcr & HCR_TGE);
	if (!guest || !(hcr & HCR_VSE) || !(pe->pstate & PSTATE_A))
		return;
	pe->sysreg[A64_VDISR_EL2] = 1ull << 31 | (pe->sysreg[A64_VSESR_EL2] & IDS_AND_ISS);
	pe->sysreg[A64_HCR_EL2] &= ~HCR_VSE;
}
