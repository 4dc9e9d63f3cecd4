#include "cpu/arm64/sysreg.h"

#include <stddef.h>

#include "cpu/arm64/fp.h"
#include "cpu/arm64/insn.h"
#include "cpu/arm64/need.h"
#include "cpu/arm64/operation-index.inc"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/trap.h"

/* -- the tables -- */

struct row {
	const char *name;
	uint8_t level;
	uint8_t access;
	uint8_t need_count;
	uint8_t need[2]; /* enum arm64_feature */
};

static const struct row registers[] = {
#define SYSREG(id, op0, op1, crn, crm, op2, level, access, ...)                                    \
	{#id, level, A64_ACCESS_##access, __VA_ARGS__},
#include "cpu/arm64/sysreg.def"
#undef SYSREG
};

static const struct row sysops[] = {
#define SYSOP(id, name, op0, op1, crn, crm, op2, level, ...)                                       \
	{name, level, A64_ACCESS_X, __VA_ARGS__},
#include "cpu/arm64/sysop.def"
#undef SYSOP
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]) - 1)

const struct arm64_operation *arm64_operation_find(unsigned encoding)
{
	unsigned low = 0, high = OPERATIONS;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		if (operations[middle].encoding < encoding)
			low = middle + 1;
		else
			high = middle;
	}
	return operations[low].encoding == encoding && low < OPERATIONS ? &operations[low] : NULL;
}

const struct arm64_trap_ref *arm64_first_trap(const struct arm64_operation *operation)
{
	return &trap_refs[operation->first_trap];
}

static const struct row *row_of(const struct arm64_operation *operation)
{
	return operation->is_sysop ? &sysops[operation->row] : &registers[operation->row];
}

const char *arm64_operation_name(unsigned encoding)
{
	const struct arm64_operation *operation = arm64_operation_find(encoding);
	return operation ? row_of(operation)->name : NULL;
}

static const struct {
	uint16_t first, last;
	uint16_t el1, host; /* enum arm64_sysreg */
	uint8_t bit, forbids;
	const char *why;
} el0_enables[] = {
#define E A64_ENCODING
#define EL0_ENABLE(first, last, el1, host, bit, forbids, name)                                     \
	{first, last, A64_##el1, A64_##host, bit, forbids, #el1 "." name "=" #forbids},
#include "cpu/arm64/el0_enable.def"
#undef EL0_ENABLE
#undef E
};

static const struct {
	uint16_t named, reached;
} vhe_names[] = {
#define VHE(named, reached) {A64_##named, A64_##reached},
#include "cpu/arm64/vhe.def"
#undef VHE
};

/* -- who may -- */

uint64_t arm64_esr_sysreg(uint32_t word)
{
	uint32_t iss = arm64_field(word, 20, 19) << 20 | arm64_field(word, 7, 5) << 17 |
		       arm64_field(word, 18, 16) << 14 | arm64_field(word, 15, 12) << 10 |
		       arm64_field(word, 4, 0) << 5 | arm64_field(word, 11, 8) << 1 |
		       arm64_field(word, 21, 21);
	return arm64_esr(A64_EC_SYSREG, iss);
}

static bool undefined(struct arm64_cpu *pe, const char *why)
{
	return arm64_raise(pe, arm64_esr(A64_EC_UNKNOWN, 0), why);
}

static bool has_features(const struct arm64_cpu *pe, const struct row *row)
{
	for (unsigned i = 0; i < row->need_count; i++)
		if (!arm64_has(pe, row->need[i]))
			return false;
	return true;
}

static bool in_id_space(unsigned encoding)
{
	return encoding >= A64_ENCODING(3, 0, 0, 1, 0) && encoding <= A64_ENCODING(3, 0, 0, 7, 7);
}

/* CRn 11 and 15 of op0 3 belong to the implementation; here they hold nothing. */
static bool in_implementation_space(unsigned encoding)
{
	unsigned crn = encoding >> 7 & 15;
	return encoding >> 14 == 3 && (crn == 11 || crn == 15);
}

/* EL0 asks EL1's control registers first, or the host's. */
static bool el0_forbidden(const struct arm64_cpu *pe, unsigned encoding, const char **why)
{
	if (pe->cpu.level != A64_EL0)
		return false;
	bool host = arm64_is_host_el0(pe);
	for (unsigned i = 0; i < sizeof(el0_enables) / sizeof(el0_enables[0]); i++) {
		if (encoding < el0_enables[i].first || encoding > el0_enables[i].last)
			continue;
		unsigned reg = host ? el0_enables[i].host : el0_enables[i].el1;
		if ((pe->sysreg[reg] >> el0_enables[i].bit & 1) != el0_enables[i].forbids)
			continue;
		*why = el0_enables[i].why;
		return true;
	}
	return false;
}

/* SCR_EL3 bits that let lower levels at registers. */
static bool el3_forbidden(const struct arm64_cpu *pe, unsigned reg, const char **why)
{
	if (pe->config.highest != A64_EL3 || pe->cpu.level == A64_EL3)
		return false;
	uint64_t missing = ~pe->sysreg[A64_SCR_EL3];
	switch (reg) {
	case A64_ACCDATA_EL1: *why = "SCR_EL3.ADEn=0"; return missing & SCR_ADEn;
	case A64_HCRX_EL2: *why = "SCR_EL3.HXEn=0"; return missing & SCR_HXEn;
	case A64_HFGRTR_EL2:
	case A64_HFGWTR_EL2:
	case A64_HFGITR_EL2:
	case A64_HDFGRTR_EL2:
	case A64_HDFGWTR_EL2:
	case A64_HAFGRTR_EL2: *why = "SCR_EL3.FGTEn=0"; return missing & SCR_FGTEn;
	case A64_HFGRTR2_EL2:
	case A64_HFGWTR2_EL2:
	case A64_HFGITR2_EL2:
	case A64_HDFGRTR2_EL2:
	case A64_HDFGWTR2_EL2: *why = "SCR_EL3.FGTEn2=0"; return missing & SCR_FGTEn2;
	default: return false;
	}
}

/*
 * The decision order for an operation that exists (arm64-el2-traps facts, 1). access:
 * A64_ACCESS_...
 */
static bool may(struct arm64_cpu *pe, const struct arm64_operation *operation, uint32_t word,
		unsigned access)
{
	const struct row *row = row_of(operation);
	const char *why;
	if (!has_features(pe, row))
		return undefined(pe, "its feature is absent");
	if (row->level > pe->config.highest)
		return undefined(pe, "its exception level is absent");
	if (pe->cpu.level < row->level) {
		bool nested =
			row->level == A64_EL2 && pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_NV;
		if (nested)
			return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCR_EL2.NV=1");
		bool id = in_id_space(operation->encoding) && pe->cpu.level == A64_EL0 &&
			  arm64_has(pe, A64_FEAT_IDST);
		if (id)
			return arm64_raise(pe, arm64_esr_sysreg(word), "FEAT_IDST");
		return undefined(pe, "it belongs to a higher exception level");
	}
	bool el0_writes_el1s =
		operation->is_sysop == 0 && pe->cpu.level == A64_EL0 &&
		(operation->row == A64_TPIDRRO_EL0 || operation->row == A64_CNTFRQ_EL0 ||
		 operation->row == A64_PMUSERENR_EL0 || operation->row == A64_AMUSERENR_EL0);
	if (!(row->access & access) || (access == A64_ACCESS_W && el0_writes_el1s))
		return undefined(pe,
				 access == A64_ACCESS_W ? "it is read-only" : "it is write-only");
	if (el0_forbidden(pe, operation->encoding, &why))
		return arm64_raise_to(pe, arm64_default_target(pe), arm64_esr_sysreg(word), why);
	if (arm64_operation_traps(pe, operation, access, &why))
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), why);
	if (!operation->is_sysop && operation->row == A64_ALLINT && access == A64_ACCESS_W &&
	    pe->cpu.level == A64_EL1 && arm64_is_guest(pe) && arm64_hcrx(pe) & HCRX_TALLINT)
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCRX_EL2.TALLINT=1");
	bool fp =
		!operation->is_sysop && (operation->row == A64_FPCR || operation->row == A64_FPSR);
	if (fp && !arm64_fp_may_use(pe))
		return false;
	if (!operation->is_sysop && el3_forbidden(pe, operation->row, &why))
		return arm64_raise_to(pe, A64_EL3, arm64_esr_sysreg(word), why);
	return true;
}

/* An encoding that no row has: reserved ID registers read 0, everything else is UNDEFINED. */
static bool may_unlisted(struct arm64_cpu *pe, uint32_t word, unsigned access)
{
	unsigned encoding = arm64_encoding(word);
	bool guest = arm64_is_guest(pe);
	if (in_implementation_space(encoding) && guest && pe->cpu.level == A64_EL1 &&
	    arm64_hcr(pe) & HCR_TIDCP)
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCR_EL2.TIDCP=1");
	if (!in_id_space(encoding) || access != A64_ACCESS_R)
		return undefined(pe, "no such system register");
	if (pe->cpu.level == A64_EL0) {
		if (arm64_has(pe, A64_FEAT_IDST))
			return arm64_raise(pe, arm64_esr_sysreg(word), "FEAT_IDST");
		return undefined(pe, "it belongs to a higher exception level");
	}
	if (guest && arm64_hcr(pe) & HCR_TID3)
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCR_EL2.TID3=1");
	return true;
}

/* -- names that FEAT_VHE changes -- */

static unsigned vhe_target(unsigned reg)
{
	for (unsigned i = 0; i < sizeof(vhe_names) / sizeof(vhe_names[0]); i++)
		if (vhe_names[i].named == reg)
			return vhe_names[i].reached;
	return reg;
}

/*
 * The _EL12 and _EL02 names are the _EL1 and _EL0 ones with op1 = 5. False: the word is not such a
 * name, or it is and *word and *as_named have been set to what it means.
 */
static bool vhe_alias(struct arm64_cpu *pe, uint32_t *word, bool *as_named)
{
	enum { OP1_SHIFT = 16, ALIAS = 5, EL1 = 0, EL0 = 3 };
	*as_named = false;
	if (arm64_field(*word, 20, 19) != 3 || arm64_field(*word, 18, 16) != ALIAS)
		return true;
	bool host = arm64_hcr(pe) & HCR_E2H;
	if (pe->cpu.level == A64_EL1 && arm64_hcr(pe) & HCR_NV)
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(*word), "HCR_EL2.NV=1");
	if (!arm64_has(pe, A64_FEAT_VHE) || pe->cpu.level < A64_EL2 || !host)
		return undefined(pe, "the name needs EL2 and HCR_EL2.E2H=1");
	bool timer = arm64_field(*word, 15, 12) == 14 && arm64_field(*word, 11, 8) != 1;
	*word = (*word & ~(7u << OP1_SHIFT)) | (timer ? EL0 : EL1) << OP1_SHIFT;
	*as_named = true;
	return true;
}

/* -- access -- */

struct hooks {
	uint64_t (*read)(struct arm64_cpu *pe, enum arm64_sysreg reg);
	void (*write)(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value);
};

static const struct hooks hooks[A64_SYSREG_COUNT] = {
#define SPECIAL(id, reader, writer) [A64_##id] = {reader, writer},
#include "cpu/arm64/sysreg_special.def"
#undef SPECIAL
};

uint64_t arm64_sysreg_get(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	return hooks[reg].read ? hooks[reg].read(pe, reg) : pe->sysreg[reg];
}

void arm64_sysreg_set(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	if (hooks[reg].write) {
		hooks[reg].write(pe, reg, value);
		return;
	}
	pe->sysreg[reg] = value;
	/* Any of them may change how code is decoded or memory is seen. */
	arm64_state_changed(pe);
}

/* The register that a permitted access reaches. */
static unsigned reached(struct arm64_cpu *pe, unsigned reg, bool as_named)
{
	bool host = pe->cpu.level == A64_EL2 && arm64_hcr(pe) & HCR_E2H;
	return host && !as_named ? vhe_target(reg) : reg;
}

bool arm64_sysreg_read(struct arm64_cpu *pe, uint32_t word, uint64_t *value)
{
	bool as_named;
	if (!vhe_alias(pe, &word, &as_named))
		return false;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	if (!operation) {
		if (!may_unlisted(pe, word, A64_ACCESS_R))
			return false;
		*value = 0;
		return true;
	}
	if (!may(pe, operation, word, A64_ACCESS_R))
		return false;
	*value = arm64_sysreg_get(pe, reached(pe, operation->row, as_named));
	return true;
}

bool arm64_sysreg_write(struct arm64_cpu *pe, uint32_t word, uint64_t value)
{
	bool as_named;
	if (!vhe_alias(pe, &word, &as_named))
		return false;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	if (!operation)
		return may_unlisted(pe, word, A64_ACCESS_W);
	if (!may(pe, operation, word, A64_ACCESS_W))
		return false;
	arm64_sysreg_set(pe, reached(pe, operation->row, as_named), value);
	return true;
}

bool arm64_sysop_check(struct arm64_cpu *pe, uint32_t word)
{
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	if (!operation || !operation->is_sysop)
		return undefined(pe, "no such system operation");
	return may(pe, operation, word, A64_ACCESS_X);
}
