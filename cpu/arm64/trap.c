#include "cpu/arm64/trap.h"

#include "cpu/arm64/operation_index.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"

/* -- HCR_EL2 -- */

/* What TGE=1 makes 0, whatever E2H is. */
#define TGE_CLEARS                                                                                 \
	(HCR_SWIO | HCR_PTW | HCR_VF | HCR_VI | HCR_VSE | HCR_FB | HCR_TID1 | HCR_TID3 | HCR_TSC | \
	 HCR_TACR | HCR_TSW | HCR_TTLB | HCR_TVM | HCR_HCD | HCR_TRVM | HCR_TLOR)
/* What TGE=1 with E2H=1 makes 0 in addition. */
#define HOST_CLEARS                                                                                \
	(HCR_VM | HCR_FMO | HCR_IMO | HCR_AMO | HCR_BSU | HCR_DC | HCR_TWI | HCR_TWE | HCR_TID0 |  \
	 HCR_TID2 | HCR_TPCP | HCR_TPU | HCR_TDZ | HCR_CD | HCR_ID | HCR_TID4 | HCR_TICAB |        \
	 HCR_TOCU | HCR_EnSCXT | HCR_TTLBIS | HCR_TTLBOS | HCR_TID5)

uint64_t arm64_hcr(const struct arm64_cpu *pe)
{
	if (pe->config.highest < A64_EL2)
		return 0;
	uint64_t hcr = pe->sysreg[A64_HCR_EL2];
	if (!(hcr & HCR_TGE))
		return hcr;
	hcr &= ~TGE_CLEARS;
	if (hcr & HCR_E2H)
		return hcr & ~HOST_CLEARS;
	return hcr | HCR_IMO | HCR_FMO | HCR_AMO;
}

bool arm64_is_host_el0(const struct arm64_cpu *pe)
{
	uint64_t host = HCR_E2H | HCR_TGE;
	return pe->cpu.level == A64_EL0 && (arm64_hcr(pe) & host) == host;
}

bool arm64_is_guest(const struct arm64_cpu *pe)
{
	if (pe->config.highest < A64_EL2)
		return false;
	return pe->cpu.level == A64_EL1 || (pe->cpu.level == A64_EL0 && !arm64_is_host_el0(pe));
}

/* -- fine-grained traps -- */

#define NONE    A64_FEATURE_COUNT
#define NEED(a) A64_FEAT_##a

struct fgt_row {
	uint16_t reg; /* enum arm64_sysreg */
	uint8_t bit;
	bool positive; /* 1 traps */
	uint8_t need;  /* enum arm64_feature, or NONE */
	char why[48];  /* no pointer: nothing that the loader must relocate */
};

enum { NEGATIVE = 0, POSITIVE = 1 };
#define WHEN_NEGATIVE "=0"
#define WHEN_POSITIVE "=1"

static const struct fgt_row fgt_rows[] = {
#define FGT(reg, bit, field, polarity, need)                                                       \
	{A64_##reg, bit, polarity, need, #reg "." #field WHEN_##polarity},
#define FGT_TRAP(...)
#include "cpu/arm64/fgt.def"
#undef FGT
#undef FGT_TRAP
};

/* The feature that a register itself needs. */
static bool register_exists(const struct arm64_cpu *pe, unsigned reg)
{
	switch (reg) {
	case A64_HFGRTR2_EL2:
	case A64_HFGWTR2_EL2:
	case A64_HFGITR2_EL2:
	case A64_HDFGRTR2_EL2:
	case A64_HDFGWTR2_EL2: return arm64_has(pe, A64_FEAT_FGT2);
	case A64_ICH_HFGRTR_EL2:
	case A64_ICH_HFGWTR_EL2:
	case A64_ICH_HFGITR_EL2: return arm64_has(pe, A64_FEAT_GCIE);
	case A64_HAFGRTR_EL2: return arm64_has(pe, A64_FEAT_FGT) && arm64_has(pe, A64_FEAT_AMUv1);
	default: return arm64_has(pe, A64_FEAT_FGT);
	}
}

static bool fgt_exists(const struct arm64_cpu *pe, const struct fgt_row *row)
{
	return register_exists(pe, row->reg) && (row->need == NONE || arm64_has(pe, row->need));
}

/*
 * With EL3, SCR_EL3.FGTEn=0 turns the traps off; FGTEn2=0 makes the registers of FEAT_FGT2 act as
 * if they were zero, so that their negative bits trap.
 */
static bool fgt_on(const struct arm64_cpu *pe, const struct fgt_row *row)
{
	uint64_t value = pe->sysreg[row->reg];
	if (pe->config.highest == A64_EL3) {
		bool second = row->reg == A64_HFGRTR2_EL2 || row->reg == A64_HFGWTR2_EL2 ||
			      row->reg == A64_HFGITR2_EL2 || row->reg == A64_HDFGRTR2_EL2 ||
			      row->reg == A64_HDFGWTR2_EL2;
		uint64_t scr = pe->sysreg[A64_SCR_EL3];
		if (!second && !(scr & SCR_FGTEn))
			return false;
		if (second && !(scr & SCR_FGTEn2))
			value = 0;
	}
	return (value >> row->bit & 1) == row->positive;
}

bool arm64_fgt_traps(const struct arm64_cpu *pe, enum arm64_fgt fgt, const char **why)
{
	const struct fgt_row *row = &fgt_rows[fgt];
	if (!arm64_is_guest(pe) || !fgt_exists(pe, row) || !fgt_on(pe, row))
		return false;
	*why = row->why;
	return true;
}

uint64_t arm64_fgt_mask(const struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	uint64_t mask = 0;
	for (unsigned i = 0; i < A64_FGT_COUNT; i++)
		if (fgt_rows[i].reg == reg && fgt_exists(pe, &fgt_rows[i]))
			mask |= 1ull << fgt_rows[i].bit;
	return mask;
}

/* -- coarse traps -- */

enum coarse {
#define COARSE(id, ...)      COARSE_##id,
#define COARSE_RULE(id, ...) COARSE_##id,
#define CGT(...)
#include "cpu/arm64/cgt.def"
#undef COARSE
#undef COARSE_RULE
#undef CGT
};

#define RULE 64 /* instead of a bit */

static const struct {
	uint16_t reg; /* enum arm64_sysreg */
	uint8_t bit, value;
	const char *why;
} coarse_rows[] = {
#define COARSE(id, reg, bit, value, why) {A64_##reg, bit, value, why},
#define COARSE_RULE(id, why)             {0, RULE, 0, why},
#define CGT(...)
#include "cpu/arm64/cgt.def"
#undef COARSE
#undef COARSE_RULE
#undef CGT
};

static bool bit_of(uint64_t value, unsigned bit)
{
	return value >> bit & 1;
}

/* Which event counter an encoding names: PMEVCNTR<n>_EL0, PMEVTYPER<n>_EL0, or by PMSELR_EL0. */
static unsigned event_counter(const struct arm64_cpu *pe, unsigned encoding)
{
	unsigned crn = encoding >> 7 & 15;
	if (crn == 9)
		return pe->sysreg[A64_PMSELR_EL0] & 31;
	return encoding & 31;
}

/* CPTR_EL2 and CNTHCTL_EL2 have their bits elsewhere with HCR_EL2.E2H=1. */
static bool rule_holds(const struct arm64_cpu *pe, enum coarse rule, unsigned encoding)
{
	bool e2h = arm64_hcr(pe) & HCR_E2H;
	uint64_t cptr = pe->sysreg[A64_CPTR_EL2], cnthctl = pe->sysreg[A64_CNTHCTL_EL2];
	switch (rule) {
	case COARSE_CPTR_TAM: return bit_of(cptr, 30);
	case COARSE_CPTR_TTA: return bit_of(cptr, e2h ? 28 : 20);
	case COARSE_CPTR_TCPAC: return bit_of(cptr, 31);
	case COARSE_CNTHCTL_EL1PCTEN: return !bit_of(cnthctl, e2h ? 10 : 0);
	case COARSE_CNTHCTL_EL1PTEN: return !bit_of(cnthctl, e2h ? 11 : 1);
	case COARSE_CNTHCTL_EL1TVT: return arm64_has(pe, A64_FEAT_ECV) && bit_of(cnthctl, 13);
	case COARSE_CNTHCTL_EL1TVCT: return arm64_has(pe, A64_FEAT_ECV) && bit_of(cnthctl, 14);
	case COARSE_HPMN:
		return event_counter(pe, encoding) >= (pe->sysreg[A64_MDCR_EL2] & 31) &&
		       event_counter(pe, encoding) != 31;
	default: return false;
	}
}

/* HCRX_EL2 does nothing without FEAT_HCX, or while SCR_EL3.HXEn=0: then its bits act as 0. */
static uint64_t control_value(const struct arm64_cpu *pe, unsigned reg)
{
	switch (reg) {
	case A64_HCR_EL2: return arm64_hcr(pe);
	case A64_HCRX_EL2: return arm64_hcrx(pe);
	case A64_MDCR_EL2: {
		/* TGE=1 and TDE=1 act as if the debug registers were trapped. */
		uint64_t mdcr = pe->sysreg[A64_MDCR_EL2];
		return arm64_hcr(pe) & HCR_TGE ? mdcr | MDCR_TDE : mdcr;
	}
	default: return pe->sysreg[reg];
	}
}

static bool coarse_on(const struct arm64_cpu *pe, unsigned row, unsigned encoding)
{
	if (coarse_rows[row].bit == RULE)
		return rule_holds(pe, row, encoding);
	uint64_t value = control_value(pe, coarse_rows[row].reg);
	return bit_of(value, coarse_rows[row].bit) == coarse_rows[row].value;
}

/* FGTnXS exempts the nXS forms of TLB maintenance: CRn = 9. */
static bool fgt_ignored(const struct arm64_cpu *pe, const struct arm64_operation *operation)
{
	bool nxs = operation->is_sysop && (operation->encoding >> 7 & 15) == 9;
	return nxs && arm64_hcrx(pe) & HCRX_FGTnXS;
}

bool arm64_operation_traps(const struct arm64_cpu *pe, const struct arm64_operation *operation,
			   unsigned access, const char **why)
{
	if (!arm64_is_guest(pe))
		return false;
	const struct arm64_trap_ref *ref = arm64_first_trap(operation);
	const struct arm64_trap_ref *end = arm64_first_trap(operation + 1);
	for (; ref < end; ref++) {
		if (!(ref->access & access))
			continue;
		if (ref->coarse) {
			if (coarse_on(pe, ref->row, operation->encoding)) {
				*why = coarse_rows[ref->row].why;
				return true;
			}
		} else if (!fgt_ignored(pe, operation) && arm64_fgt_traps(pe, ref->row, why)) {
			return true;
		}
	}
	return false;
}

const char *arm64_trap_why(const struct arm64_trap_ref *ref)
{
	return ref->coarse ? coarse_rows[ref->row].why : fgt_rows[ref->row].why;
}
