#include "cpu/arm64/sysreg.h"

#include <stddef.h>

#include "cpu/arm64/fp.h"
#include "cpu/arm64/insn.h"
#include "cpu/arm64/need.h"
#include "cpu/arm64/nested.h"
#include "cpu/arm64/operation-index.inc"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg_special.h"
#include "cpu/arm64/trap.h"
#include "engine/engine.h"

/* -- the tables -- */

struct row {
	char name[24]; /* no pointer: nothing that the loader must relocate */
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

static const uint16_t encodings[A64_SYSREG_COUNT] = {
#define SYSREG(id, op0, op1, crn, crm, op2, ...) A64_ENCODING(op0, op1, crn, crm, op2),
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

struct arm64_operation_info arm64_operation_info(const struct arm64_operation *operation)
{
	const struct row *row = row_of(operation);
	return (struct arm64_operation_info){
		.name = row->name,
		.level = row->level,
		.access = row->access,
		.need_count = row->need_count,
		.need = {row->need[0], row->need[1]},
	};
}

const char *arm64_el0_enable(unsigned encoding, unsigned n)
{
	for (unsigned i = 0; i < sizeof(el0_enables) / sizeof(el0_enables[0]); i++)
		if (encoding >= el0_enables[i].first && encoding <= el0_enables[i].last && n-- == 0)
			return el0_enables[i].why;
	return NULL;
}

/* The register that a name reaches at EL2 with HCR_EL2.E2H=1, + 1; 0: the one it names. */
static const uint16_t vhe_reaches[A64_SYSREG_COUNT] = {
#define VHE(named, reached) [A64_##named] = A64_##reached + 1,
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
	case A64_ICH_HFGRTR_EL2:
	case A64_ICH_HFGWTR_EL2:
	case A64_ICH_HFGITR_EL2:
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

/* FEAT_NV2 has a register of EL2 in memory, or in one of EL1's. */
static bool kept_elsewhere(const struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	unsigned offset;
	enum arm64_sysreg twin;
	return arm64_nested_offset(pe, reg, false, &offset) || arm64_nested_twin(pe, reg, &twin);
}

/* What EL1 that believes it is EL2 without FEAT_VHE would have of its own, but for FEAT_NV2. */
static bool nv1_traps(const struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	bool named = reg == A64_VBAR_EL1 || reg == A64_ELR_EL1 || reg == A64_SPSR_EL1 ||
		     reg == A64_SCXTNUM_EL1;
	return named && arm64_is_nested(pe) && (arm64_hcr(pe) & (HCR_NV1 | HCR_NV2)) == HCR_NV1;
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
		if (row->level == A64_EL2 && arm64_is_nested(pe))
			return (!operation->is_sysop && kept_elsewhere(pe, operation->row)) ||
			       arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCR_EL2.NV=1");
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
	if (!operation->is_sysop && nv1_traps(pe, operation->row))
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "HCR_EL2.NV1=1");
	bool fp =
		!operation->is_sysop && (operation->row == A64_FPCR || operation->row == A64_FPSR);
	if (fp && !arm64_fp_may_use(pe))
		return false;
	if (!operation->is_sysop && operation->row == A64_ICC_SRE_EL1 && pe->cpu.level == A64_EL1 &&
	    arm64_is_guest(pe) && !(pe->sysreg[A64_ICC_SRE_EL2] & ICC_SRE_EL2_Enable))
		return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(word), "ICC_SRE_EL2.Enable=0");
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

/* How an instruction names a register. */
enum naming {
	NAMED,  /* as it is called */
	ALIAS,  /* by its _EL12 or _EL02 name, at EL2 */
	NESTED, /* so at EL1 that believes it is EL2: FEAT_NV2 has it in memory */
};

/*
 * The _EL12 and _EL02 names are the _EL1 and _EL0 ones with op1 = 5: *word becomes the latter.
 * False: the name may not be used, and cpu->trap is set.
 */
static bool resolve_name(struct arm64_cpu *pe, uint32_t *word, enum naming *naming,
			 unsigned *offset)
{
	enum { OP1_SHIFT = 16, OP1_ALIAS = 5, OP1_EL1 = 0, OP1_EL0 = 3 };
	*naming = NAMED;
	if (arm64_field(*word, 20, 19) != 3 || arm64_field(*word, 18, 16) != OP1_ALIAS)
		return true;
	bool timer = arm64_field(*word, 15, 12) == 14 && arm64_field(*word, 11, 8) != 1;
	uint32_t meant = (*word & ~(7u << OP1_SHIFT)) | (timer ? OP1_EL0 : OP1_EL1) << OP1_SHIFT;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(meant));
	if (arm64_is_nested(pe)) {
		if (!operation || !has_features(pe, row_of(operation)) ||
		    !arm64_nested_offset(pe, operation->row, true, offset))
			return arm64_raise_to(pe, A64_EL2, arm64_esr_sysreg(*word), "HCR_EL2.NV=1");
		*word = meant;
		*naming = NESTED;
		return true;
	}
	bool host = arm64_hcr(pe) & HCR_E2H;
	if (!arm64_has(pe, A64_FEAT_VHE) || pe->cpu.level < A64_EL2 || !host)
		return undefined(pe, "the name needs EL2 and HCR_EL2.E2H=1");
	*word = meant;
	*naming = ALIAS;
	return true;
}

/* -- access -- */

struct hooks {
	uint64_t (*read)(struct arm64_cpu *pe, enum arm64_sysreg reg);
	void (*write)(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value);
};

/* Registers that are more than storage. */
enum special {
	SPECIAL_NONE,
#define SPECIAL(id, reader, writer) SPECIAL_##id,
#include "cpu/arm64/sysreg_special.def"
#undef SPECIAL
	SPECIAL_COUNT
};

static const struct hooks special[SPECIAL_COUNT] = {
#define SPECIAL(id, reader, writer) [SPECIAL_##id] = {reader, writer},
#include "cpu/arm64/sysreg_special.def"
#undef SPECIAL
};

/* enum special */
static const uint8_t special_of[A64_SYSREG_COUNT] = {
#define SPECIAL(id, reader, writer) [A64_##id] = SPECIAL_##id,
#include "cpu/arm64/sysreg_special.def"
#undef SPECIAL
};

static const struct hooks *hooks_of(enum arm64_sysreg reg)
{
	return &special[special_of[reg]];
}

/* Nothing follows from the value of these but what is read back. */
static const bool inert[A64_SYSREG_COUNT] = {
	[A64_ELR_EL1] = true,        [A64_ELR_EL2] = true,     [A64_ELR_EL3] = true,
	[A64_SPSR_EL1] = true,       [A64_SPSR_EL2] = true,    [A64_SPSR_EL3] = true,
	[A64_ESR_EL1] = true,        [A64_ESR_EL2] = true,     [A64_ESR_EL3] = true,
	[A64_FAR_EL1] = true,        [A64_FAR_EL2] = true,     [A64_FAR_EL3] = true,
	[A64_HPFAR_EL2] = true,      [A64_PAR_EL1] = true,     [A64_TPIDR_EL0] = true,
	[A64_TPIDR_EL1] = true,      [A64_TPIDRRO_EL0] = true, [A64_TPIDR_EL2] = true,
	[A64_TPIDR_EL3] = true,      [A64_VBAR_EL1] = true,    [A64_VBAR_EL2] = true,
	[A64_VBAR_EL3] = true,       [A64_AFSR0_EL1] = true,   [A64_AFSR1_EL1] = true,
	[A64_CONTEXTIDR_EL1] = true,
};

uint64_t arm64_sysreg_get(struct arm64_cpu *pe, enum arm64_sysreg reg)
{
	const struct hooks *hooks = hooks_of(reg);
	return hooks->read ? hooks->read(pe, reg) : pe->sysreg[reg];
}

void arm64_sysreg_set(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	const struct hooks *hooks = hooks_of(reg);
	if (hooks->write) {
		hooks->write(pe, reg, value);
		return;
	}
	pe->sysreg[reg] = value;
	/* Any of the others may change how code is decoded or memory is seen. */
	if (!inert[reg])
		arm64_state_changed(pe);
}

/* The register that a permitted access reaches, other than memory of FEAT_NV2. */
static enum arm64_sysreg reached(const struct arm64_cpu *pe, enum arm64_sysreg reg,
				 enum naming naming)
{
	enum arm64_sysreg twin;
	if (pe->cpu.level == A64_EL1 && arm64_nested_twin(pe, reg, &twin))
		return twin;
	/* A host's EL0 has its timers. */
	bool host = (pe->cpu.level == A64_EL2 && arm64_hcr(pe) & HCR_E2H) || arm64_is_host_el0(pe);
	return host && naming == NAMED && vhe_reaches[reg] ? vhe_reaches[reg] - 1u : reg;
}

/* Tells of an access that an instruction has performed. */
static void observe(struct arm64_cpu *pe, enum arm64_sysreg reg, bool write, uint64_t before,
		    uint64_t after)
{
	struct observation observation = {
		.kind = OBSERVE_CSR,
		.csr = {registers[reg].name, encodings[reg], write, before, after},
	};
	engine_notify(&pe->cpu, true, &observation);
}

static bool observed(const struct arm64_cpu *pe)
{
	return observer_wants(&pe->cpu.machine->observers, OBSERVE_CSR);
}

/* Where FEAT_NV2 has a register in memory, whose old value nobody asks for. */
static bool nested_read(struct arm64_cpu *pe, enum arm64_sysreg reg, unsigned offset,
			uint64_t *value)
{
	if (!arm64_nested_load(pe, offset, value))
		return false;
	if (observed(pe))
		observe(pe, reg, false, *value, *value);
	return true;
}

static bool nested_write(struct arm64_cpu *pe, enum arm64_sysreg reg, unsigned offset,
			 uint64_t value)
{
	if (!arm64_nested_store(pe, offset, value))
		return false;
	if (observed(pe))
		observe(pe, reg, true, value, value);
	return true;
}

static bool read_found(struct arm64_cpu *pe, uint32_t word, const struct arm64_operation *operation,
		       enum naming naming, uint64_t *value)
{
	unsigned offset;
	if (!may(pe, operation, word, A64_ACCESS_R))
		return false;
	if (arm64_nested_offset(pe, operation->row, false, &offset))
		return nested_read(pe, operation->row, offset, value);
	enum arm64_sysreg reg = reached(pe, operation->row, naming);
	*value = arm64_sysreg_get(pe, reg);
	if (observed(pe))
		observe(pe, reg, false, *value, *value);
	return true;
}

static void write_reached(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value)
{
	/* Nothing follows from reading what can be written, too. */
	bool tell = observed(pe), readable = registers[reg].access & A64_ACCESS_R;
	uint64_t before = tell && readable ? arm64_sysreg_get(pe, reg) : value;
	arm64_sysreg_set(pe, reg, value);
	if (tell)
		observe(pe, reg, true, before, readable ? arm64_sysreg_get(pe, reg) : value);
}

bool arm64_sysreg_read(struct arm64_cpu *pe, uint32_t word, uint64_t *value)
{
	enum naming naming;
	unsigned offset = 0;
	if (!resolve_name(pe, &word, &naming, &offset))
		return false;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	if (naming == NESTED)
		return nested_read(pe, operation->row, offset, value);
	if (operation)
		return read_found(pe, word, operation, naming, value);
	if (!may_unlisted(pe, word, A64_ACCESS_R))
		return false;
	*value = 0;
	return true;
}

bool arm64_sysreg_read_found(struct arm64_cpu *pe, uint32_t word,
			     const struct arm64_operation *operation, uint64_t *value)
{
	return read_found(pe, word, operation, NAMED, value);
}

unsigned arm64_operation_number(const struct arm64_operation *operation)
{
	return operation ? (unsigned)(operation - operations) + 1 : 0;
}

const struct arm64_operation *arm64_operation_by_number(unsigned number)
{
	return number ? &operations[number - 1] : NULL;
}

unsigned arm64_operation_count(void)
{
	return OPERATIONS;
}

bool arm64_sysreg_write(struct arm64_cpu *pe, uint32_t word, uint64_t value)
{
	enum naming naming;
	unsigned offset = 0;
	if (!resolve_name(pe, &word, &naming, &offset))
		return false;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	if (naming == NESTED)
		return nested_write(pe, operation->row, offset, value);
	if (!operation)
		return may_unlisted(pe, word, A64_ACCESS_W);
	if (!may(pe, operation, word, A64_ACCESS_W))
		return false;
	if (arm64_nested_offset(pe, operation->row, false, &offset))
		return nested_write(pe, operation->row, offset, value);
	write_reached(pe, reached(pe, operation->row, naming), value);
	return true;
}

/* -- what is known at translation -- */

/*
 * Whether the mode word alone says that an operation may be executed and does not trap. access:
 * A64_ACCESS_...; what belongs to it in may() and is not here concerns EL1 below EL2, or EL3.
 */
static bool permitted_in_mode(const struct arm64_cpu *pe, const struct arm64_operation *operation,
			      unsigned access)
{
	const struct row *row = row_of(operation);
	uint32_t mode = pe->cpu.mode;
	unsigned level = mode & A64_MODE_LEVEL;
	bool guest = pe->config.highest == A64_EL2 &&
		     (level == A64_EL1 || (level == A64_EL0 && !(mode & A64_MODE_HOST)));
	if (guest || pe->config.highest == A64_EL3)
		return false;
	if (!has_features(pe, row) || level < row->level || row->level > pe->config.highest ||
	    !(row->access & access))
		return false;
	if (level > A64_EL0)
		return true;
	/* EL0 has to ask, or may read only. */
	return access != A64_ACCESS_W && !arm64_el0_enable(operation->encoding, 0);
}

/* Registers that are a word of the CPU's struct, and no more than that in this mode. */
static bool is_field(uint32_t mode, enum arm64_sysreg reg, bool read, int32_t *offset)
{
	size_t at = offsetof(struct arm64_cpu, sysreg) + sizeof(uint64_t) * reg;
	switch (reg) {
	case A64_SP_EL0:
		if (mode & A64_MODE_SP_EL0)
			return false;
		at = offsetof(struct arm64_cpu, sp[A64_EL0]);
		break;
	case A64_MIDR_EL1: at = offsetof(struct arm64_cpu, config.midr); break;
	case A64_MPIDR_EL1: at = offsetof(struct arm64_cpu, mpidr); break;
	default:
		if (read ? hooks_of(reg)->read != NULL
			 : hooks_of(reg)->write != NULL || !inert[reg])
			return false;
	}
	*offset = (int32_t)at;
	return true;
}

/* Registers whose readers give the same for all CPUs and always; EL0 asks more than its mode. */
static bool is_constant(uint32_t mode, enum arm64_sysreg reg)
{
	if ((mode & A64_MODE_LEVEL) == A64_EL0)
		return false;
	return reg == A64_CTR_EL0 || reg == A64_DCZID_EL0 || reg == A64_CLIDR_EL1 ||
	       reg == A64_CurrentEL;
}

struct arm64_plan arm64_sysreg_plan(struct arm64_cpu *pe, uint32_t word)
{
	enum { OP1_ALIAS = 5 };
	bool read = arm64_field(word, 21, 21);
	uint32_t mode = pe->cpu.mode;
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	bool alias = arm64_field(word, 20, 19) == 3 && arm64_field(word, 18, 16) == OP1_ALIAS;
	struct arm64_plan plan = {.kind = A64_PLAN_ASK};
	if (alias || !operation || operation->is_sysop || observed(pe) ||
	    !permitted_in_mode(pe, operation, read ? A64_ACCESS_R : A64_ACCESS_W))
		return plan;
	plan.reg = operation->row;
	bool fp = plan.reg == A64_FPCR || plan.reg == A64_FPSR;
	if (fp && mode & A64_MODE_FP_TRAP)
		return plan;
	if (mode & A64_MODE_HOST && vhe_reaches[plan.reg])
		plan.reg = vhe_reaches[plan.reg] - 1u;
	if (is_field(mode, plan.reg, read, &plan.offset)) {
		plan.kind = A64_PLAN_FIELD;
	} else if (read && is_constant(mode, plan.reg)) {
		plan.kind = A64_PLAN_CONSTANT;
		plan.value = arm64_sysreg_get(pe, plan.reg);
	} else {
		plan.kind = A64_PLAN_REGISTER;
	}
	return plan;
}

bool arm64_sysop_reads(unsigned encoding)
{
	enum {
		GCSPOPM = A64_ENCODING(1, 3, 7, 7, 1),
		GCSSS2 = A64_ENCODING(1, 3, 7, 7, 3),
		GICR_CDIA = A64_ENCODING(1, 0, 12, 3, 0),
		GICR_CDNMIA = A64_ENCODING(1, 0, 12, 3, 1),
	};
	return encoding == GCSPOPM || encoding == GCSSS2 || encoding == GICR_CDIA ||
	       encoding == GICR_CDNMIA;
}

bool arm64_sysop_is_free(const struct arm64_cpu *pe, uint32_t word)
{
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	return operation && operation->is_sysop &&
	       arm64_field(word, 21, 21) == arm64_sysop_reads(operation->encoding) &&
	       permitted_in_mode(pe, operation, A64_ACCESS_X);
}

bool arm64_sysop_check(struct arm64_cpu *pe, uint32_t word)
{
	const struct arm64_operation *operation = arm64_operation_find(arm64_encoding(word));
	bool read = arm64_field(word, 21, 21);
	if (!operation || !operation->is_sysop || read != arm64_sysop_reads(operation->encoding))
		return undefined(pe, "no such system operation");
	return may(pe, operation, word, A64_ACCESS_X);
}
