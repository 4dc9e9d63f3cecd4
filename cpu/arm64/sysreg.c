#include "cpu/arm64/sysreg.h"

#include <stddef.h>

#include "core/machine.h"
#include "cpu/arm64/pe.h"
#include "engine/engine.h"
#include "engine/flags.h"

/* Those that are not plain storage. */
enum special {
	SPECIAL_NONE,
	SPECIAL_SPSEL,
	SPECIAL_CURRENT_EL,
	SPECIAL_PAN,
	SPECIAL_UAO,
	SPECIAL_NZCV,
	SPECIAL_DAIF,
	SPECIAL_DIT,
	SPECIAL_SSBS,
	SPECIAL_FPCR,
	SPECIAL_FPSR,
	SPECIAL_SP,
	SPECIAL_MIDR,
	SPECIAL_MPIDR,
	SPECIAL_CTR,
	SPECIAL_DCZID,
	SPECIAL_CNTFRQ,
	SPECIAL_CNTPCT,
	SPECIAL_CNTVCT,
};

struct sysreg_row {
	const char *name;
	uint16_t encoding;
	uint8_t level;
	uint8_t special;  /* enum special */
	bool read_only;   /* from everywhere */
	uint16_t storage; /* enum arm64_sysreg; of SPECIAL_SP the level */
};

#define STORED(id, op0, op1, crn, crm, op2, level)                                                 \
	{#id, A64_ENCODING(op0, op1, crn, crm, op2), level, SPECIAL_NONE, false, A64_##id},
#define SPECIAL(name, op0, op1, crn, crm, op2, level, special, read_only, storage)                 \
	{                                                                                          \
		name, A64_ENCODING(op0, op1, crn, crm, op2), level, special, read_only, storage    \
	}

// clang-format off
static const struct sysreg_row rows[] = {
#define SYSREG STORED
#include "cpu/arm64/sysreg.def"
#undef SYSREG
	SPECIAL("SPSel",      3, 0, 4, 2, 0, 1, SPECIAL_SPSEL, false, 0),
	SPECIAL("CurrentEL",  3, 0, 4, 2, 2, 1, SPECIAL_CURRENT_EL, true, 0),
	SPECIAL("PAN",        3, 0, 4, 2, 3, 1, SPECIAL_PAN, false, 0),
	SPECIAL("UAO",        3, 0, 4, 2, 4, 1, SPECIAL_UAO, false, 0),
	SPECIAL("NZCV",       3, 3, 4, 2, 0, 0, SPECIAL_NZCV, false, 0),
	SPECIAL("DAIF",       3, 3, 4, 2, 1, 0, SPECIAL_DAIF, false, 0),
	SPECIAL("DIT",        3, 3, 4, 2, 5, 0, SPECIAL_DIT, false, 0),
	SPECIAL("SSBS",       3, 3, 4, 2, 6, 0, SPECIAL_SSBS, false, 0),
	SPECIAL("FPCR",       3, 3, 4, 4, 0, 0, SPECIAL_FPCR, false, 0),
	SPECIAL("FPSR",       3, 3, 4, 4, 1, 0, SPECIAL_FPSR, false, 0),
	SPECIAL("SP_EL0",     3, 0, 4, 1, 0, 1, SPECIAL_SP, false, A64_EL0),
	SPECIAL("SP_EL1",     3, 4, 4, 1, 0, 2, SPECIAL_SP, false, A64_EL1),
	SPECIAL("SP_EL2",     3, 6, 4, 1, 0, 3, SPECIAL_SP, false, A64_EL2),
	SPECIAL("MIDR_EL1",   3, 0, 0, 0, 0, 1, SPECIAL_MIDR, true, 0),
	SPECIAL("MPIDR_EL1",  3, 0, 0, 0, 5, 1, SPECIAL_MPIDR, true, 0),
	SPECIAL("CTR_EL0",    3, 3, 0, 0, 1, 0, SPECIAL_CTR, true, 0),
	SPECIAL("DCZID_EL0",  3, 3, 0, 0, 7, 0, SPECIAL_DCZID, true, 0),
	SPECIAL("CNTFRQ_EL0", 3, 3, 14, 0, 0, 0, SPECIAL_CNTFRQ, true, 0),
	SPECIAL("CNTPCT_EL0", 3, 3, 14, 0, 1, 0, SPECIAL_CNTPCT, true, 0),
	SPECIAL("CNTVCT_EL0", 3, 3, 14, 0, 2, 0, SPECIAL_CNTVCT, true, 0),
};
// clang-format on

static const struct sysreg_row *find(unsigned encoding)
{
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].encoding == encoding)
			return &rows[i];
	return NULL;
}

const char *arm64_sysreg_name(unsigned encoding)
{
	const struct sysreg_row *row = find(encoding);
	return row ? row->name : NULL;
}

static bool undefined(struct arm64_cpu *pe, const char *why)
{
	return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), why);
}

/* The row of an access that may be made here. */
static const struct sysreg_row *permitted(struct arm64_cpu *pe, uint32_t word, bool write)
{
	const struct sysreg_row *row = find(arm64_encoding(word));
	if (!row) {
		undefined(pe, "no such system register");
		return NULL;
	}
	if (pe->cpu.level < row->level || row->level > pe->config.highest) {
		undefined(pe, "the register belongs to a higher exception level");
		return NULL;
	}
	bool read_only = row->read_only || (row->storage == A64_TPIDRRO_EL0 && !row->special &&
					    pe->cpu.level == A64_EL0);
	if (write && read_only) {
		undefined(pe, "the register is read-only");
		return NULL;
	}
	return row;
}

/* Counter of the system timer: virtual time at its frequency. */
static uint64_t counter(struct arm64_cpu *pe)
{
	engine_sync_clock(&pe->cpu);
	uint64_t ns = clock_ns(&pe->cpu.machine->clock);
	return (uint64_t)((unsigned __int128)ns * pe->config.cntfrq_hz / 1000000000);
}

static uint64_t *stack_pointer(struct arm64_cpu *pe, unsigned level)
{
	bool in_use = (pe->pstate & PSTATE_SPSEL ? pe->cpu.level : A64_EL0) == level;
	return in_use ? &pe->cpu.r[A64_REG_SP] : &pe->sp[level];
}

static bool field_of_pstate(unsigned special, uint32_t *mask)
{
	switch (special) {
	case SPECIAL_SPSEL: *mask = PSTATE_SPSEL; return true;
	case SPECIAL_PAN: *mask = PSTATE_PAN; return true;
	case SPECIAL_UAO: *mask = PSTATE_UAO; return true;
	case SPECIAL_DAIF: *mask = PSTATE_DAIF; return true;
	case SPECIAL_DIT: *mask = PSTATE_DIT; return true;
	case SPECIAL_SSBS: *mask = PSTATE_SSBS; return true;
	default: return false;
	}
}

bool arm64_sysreg_read(struct arm64_cpu *pe, uint32_t word, uint64_t *value)
{
	const struct sysreg_row *row = permitted(pe, word, false);
	uint32_t mask;
	if (!row)
		return false;
	if (field_of_pstate(row->special, &mask)) {
		*value = pe->pstate & mask;
		return true;
	}
	switch ((enum special)row->special) {
	case SPECIAL_CURRENT_EL: *value = (uint64_t)pe->cpu.level << PSTATE_EL_SHIFT; break;
	case SPECIAL_NZCV: *value = (uint64_t)flags_nzcv(&pe->cpu) << PSTATE_NZCV_SHIFT; break;
	case SPECIAL_FPCR: *value = pe->fpcr; break;
	case SPECIAL_FPSR: *value = pe->fpsr; break;
	case SPECIAL_SP: *value = *stack_pointer(pe, row->storage); break;
	case SPECIAL_MIDR: *value = pe->config.midr; break;
	case SPECIAL_MPIDR: *value = pe->mpidr; break;
	case SPECIAL_CTR: *value = A64_CTR; break;
	case SPECIAL_DCZID: *value = A64_DCZID; break;
	case SPECIAL_CNTFRQ: *value = pe->config.cntfrq_hz; break;
	case SPECIAL_CNTPCT: *value = counter(pe); break;
	case SPECIAL_CNTVCT: *value = counter(pe) - pe->sysreg[A64_CNTVOFF_EL2]; break;
	default: *value = pe->sysreg[row->storage]; break;
	}
	return true;
}

bool arm64_sysreg_write(struct arm64_cpu *pe, uint32_t word, uint64_t value)
{
	const struct sysreg_row *row = permitted(pe, word, true);
	uint32_t mask;
	if (!row)
		return false;
	if (field_of_pstate(row->special, &mask)) {
		arm64_set_pstate(pe, (arm64_pstate(pe) & ~(uint64_t)mask) | (value & mask));
		return true;
	}
	switch ((enum special)row->special) {
	case SPECIAL_NZCV: flags_set(&pe->cpu, value >> PSTATE_NZCV_SHIFT & 15); break;
	case SPECIAL_FPCR: pe->fpcr = (uint32_t)value; break;
	case SPECIAL_FPSR: pe->fpsr = (uint32_t)value; break;
	case SPECIAL_SP: *stack_pointer(pe, row->storage) = value; break;
	default:
		pe->sysreg[row->storage] = value;
		/* Any of them may change how code is decoded or memory is seen. */
		arm64_state_changed(pe);
		break;
	}
	return true;
}
