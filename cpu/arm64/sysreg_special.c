#include "cpu/arm64/sysreg_special.h"

#include "cpu/arm64/debug.h"
#include "cpu/arm64/fp.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/timer.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"
#include "engine/flags.h"

/* -- fields of PSTATE -- */

static void write_field(struct arm64_cpu *pe, uint32_t mask, uint64_t value)
{
	arm64_set_pstate(pe, (arm64_pstate(pe) & ~(uint64_t)mask) | (value & mask));
}

#define PSTATE_REGISTER(name, mask)                                                                \
	uint64_t read_##name(struct arm64_cpu *pe, enum arm64_sysreg reg)                          \
	{                                                                                          \
		(void)reg;                                                                         \
		return pe->pstate & (mask);                                                        \
	}                                                                                          \
	void write_##name(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)             \
	{                                                                                          \
		(void)reg;                                                                         \
		write_field(pe, mask, value);                                                      \
	}

PSTATE_REGISTER(spsel, PSTATE_SPSEL)
PSTATE_REGISTER(pan, PSTATE_PAN)
PSTATE_REGISTER(uao, PSTATE_UAO)
PSTATE_REGISTER(daif, PSTATE_DAIF)
PSTATE_REGISTER(dit, PSTATE_DIT)
PSTATE_REGISTER(ssbs, PSTATE_SSBS)
PSTATE_REGISTER(allint, PSTATE_ALLINT)

/* HCR_EL2.NV=1 makes EL1 believe that it is EL2. */
uint64_t read_current_el(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	bool nested = pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_NV;
	return (uint64_t)(nested ? A64_EL2 : pe->cpu.level) << PSTATE_EL_SHIFT;
}

uint64_t read_nzcv(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return (uint64_t)flags_nzcv(&pe->cpu) << PSTATE_NZCV_SHIFT;
}

void write_nzcv(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	flags_set(&pe->cpu, value >> PSTATE_NZCV_SHIFT & 15);
}

/* -- stack pointers -- */

static uint64_t *stack_pointer(struct arm64_cpu *pe, unsigned level)
{
	bool in_use = (pe->pstate & PSTATE_SPSEL ? pe->cpu.level : A64_EL0) == level;
	return in_use ? &pe->cpu.r[A64_REG_SP] : &pe->sp[level];
}

#define STACK_REGISTER(name, level)                                                                \
	uint64_t read_##name(struct arm64_cpu *pe, enum arm64_sysreg reg)                          \
	{                                                                                          \
		(void)reg;                                                                         \
		return *stack_pointer(pe, level);                                                  \
	}                                                                                          \
	void write_##name(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)             \
	{                                                                                          \
		(void)reg;                                                                         \
		*stack_pointer(pe, level) = value;                                                 \
	}

STACK_REGISTER(sp_el0, A64_EL0)
STACK_REGISTER(sp_el1, A64_EL1)
STACK_REGISTER(sp_el2, A64_EL2)

/* -- floating point -- */

uint64_t read_fpcr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return pe->fpcr;
}

void write_fpcr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	arm64_set_fpcr(pe, (uint32_t)value);
}

uint64_t read_fpsr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return arm64_fpsr(pe);
}

void write_fpsr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	arm64_set_fpsr(pe, (uint32_t)value);
}

/* -- what the element is -- */

/* EL1 sees what EL2 gives it. */
uint64_t read_midr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return arm64_is_guest(pe) ? pe->sysreg[A64_VPIDR_EL2] : pe->config.midr;
}

uint64_t read_mpidr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return arm64_is_guest(pe) ? pe->sysreg[A64_VMPIDR_EL2] : pe->mpidr;
}

uint64_t read_ctr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)pe, (void)reg;
	return A64_CTR;
}

/* DZP tells that DC ZVA is not for the current level. */
uint64_t read_dczid(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	enum { DZP = 1 << 4 };
	bool trapped = arm64_is_guest(pe) && arm64_hcr(pe) & HCR_TDZ;
	bool forbidden = pe->cpu.level == A64_EL0 && !(arm64_sctlr(pe) & SCTLR_DZE);
	return A64_DCZID | (trapped || forbidden ? DZP : 0);
}

uint64_t read_clidr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)pe, (void)reg;
	return A64_CLIDR;
}

/* -- time -- */

uint64_t read_cntfrq(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	return pe->config.cntfrq_hz;
}

void write_nothing(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)pe, (void)reg, (void)value;
}

/* -- EL2's controls -- */

/* Bits that exist with their feature only; the rest is RES0. */
static uint64_t with(const struct arm64_cpu *pe, enum arm64_feature feature, uint64_t bits)
{
	return arm64_has(pe, feature) ? bits : 0;
}

void write_hcr(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t bits = HCR_VM | HCR_SWIO | HCR_PTW | HCR_FMO | HCR_IMO | HCR_AMO | HCR_VF |
			HCR_VI | HCR_VSE | HCR_FB | HCR_BSU | HCR_DC | HCR_TWI | HCR_TWE |
			HCR_TID1 | HCR_TID2 | HCR_TID3 | HCR_TSC | HCR_TIDCP | HCR_TACR | HCR_TSW |
			HCR_TPCP | HCR_TPU | HCR_TTLB | HCR_TVM | HCR_TGE | HCR_TDZ | HCR_TRVM |
			HCR_CD | HCR_ID;
	if (pe->config.highest < A64_EL3)
		bits |= HCR_HCD;
	bits |= with(pe, A64_FEAT_VHE, HCR_E2H) | with(pe, A64_FEAT_LOR, HCR_TLOR) |
		with(pe, A64_FEAT_RAS, HCR_TERR | HCR_TEA) | with(pe, A64_FEAT_RASv1p1, HCR_FIEN) |
		with(pe, A64_FEAT_PAuth, HCR_APK | HCR_API) |
		with(pe, A64_FEAT_NV, HCR_NV | HCR_NV1 | HCR_AT) | with(pe, A64_FEAT_NV2, HCR_NV2) |
		with(pe, A64_FEAT_CSV2_2, HCR_EnSCXT) | with(pe, A64_FEAT_S2FWB, HCR_FWB) |
		with(pe, A64_FEAT_EVT, HCR_TID4 | HCR_TICAB | HCR_TOCU | HCR_TTLBIS | HCR_TTLBOS);
	/* RW is RES1: there is no AArch32. */
	uint64_t before = pe->sysreg[reg];
	pe->sysreg[reg] = (value & bits) | HCR_RW;
	timer_hcr_changed(pe, before);
	arm64_translation_changed(pe);
	arm64_state_changed(pe);
}

uint64_t arm64_hcrx(const struct arm64_cpu *pe)
{
	if (!arm64_has(pe, A64_FEAT_HCX))
		return 0;
	if (pe->config.highest == A64_EL3 && !(pe->sysreg[A64_SCR_EL3] & SCR_HXEn))
		return 0;
	return pe->sysreg[A64_HCRX_EL2];
}

void write_hcrx(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	enum { FNXS = 3, VINMI = 7, VFNMI = 8, TCR2EN = 14, SCTLR2EN = 15, GCSEN = 22, ENFPM = 23 };
	uint64_t bits =
		with(pe, A64_FEAT_LS64, HCRX_EnALS) | with(pe, A64_FEAT_LS64_V, HCRX_EnASR) |
		with(pe, A64_FEAT_LS64_ACCDATA, HCRX_EnAS0) |
		with(pe, A64_FEAT_XS, HCRX_FGTnXS | 1ull << FNXS) |
		with(pe, A64_FEAT_NMI, HCRX_TALLINT | 1ull << VINMI | 1ull << VFNMI) |
		with(pe, A64_FEAT_TCR2, 1ull << TCR2EN) |
		with(pe, A64_FEAT_SCTLR2, 1ull << SCTLR2EN) |
		with(pe, A64_FEAT_GCS, 1ull << GCSEN) | with(pe, A64_FEAT_FPMR, 1ull << ENFPM);
	pe->sysreg[reg] = value & bits;
	arm64_translation_changed(pe);
	arm64_state_changed(pe);
}

/* Of address translation: what was made from the old value goes when it is next looked at. */
void write_translation(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	pe->sysreg[reg] = value;
	arm64_translation_changed(pe);
	arm64_state_changed(pe);
}

void write_low_word(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	pe->sysreg[reg] = (uint32_t)value;
}

void write_fgt(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	uint64_t res1 = reg == A64_ICH_HFGRTR_EL2 ? ICH_HFGRTR_RES1 : 0;
	pe->sysreg[reg] = (value & arm64_fgt_mask(pe, reg)) | res1;
	arm64_state_changed(pe);
}

/* -- debug -- */

void write_oslar(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	(void)reg;
	pe->os_lock = value & 1;
	arm64_state_changed(pe);
}

uint64_t read_oslsr(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	(void)reg;
	enum { OSLK = 1 << 1, OSLM_IMPLEMENTED = 1 << 3 };
	return OSLM_IMPLEMENTED | (pe->os_lock ? OSLK : 0);
}

void write_watchpoint(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	arm64_watch_write(pe, reg, value);
}

/* Translated code knows where breakpoints are. */
void write_breakpoint(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	bool changed = pe->sysreg[reg] != value;
	pe->sysreg[reg] = value;
	if (changed && pe->cpu.code)
		code_cache_flush(pe->cpu.code);
	arm64_state_changed(pe);
}
