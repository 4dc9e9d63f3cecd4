/* System registers and operations: what MSR, MRS and SYS reach. */
#ifndef CPU_ARM64_SYSREG_H
#define CPU_ARM64_SYSREG_H

#include "cpu/arm64/arm64.h"
#include "cpu/arm64/operation_index.h"

/* The encoding in an MRS, MSR, SYS or SYSL. */
static inline unsigned arm64_encoding(uint32_t word)
{
	return word >> 5 & 0xffff;
}

/* The register or operation of an encoding, or NULL. The _EL12 names are not among them. */
const struct arm64_operation *arm64_operation_find(unsigned encoding);

/* The first of the traps that may apply; those of the next operation end them. */
const struct arm64_trap_ref *arm64_first_trap(const struct arm64_operation *operation);

/*
 * An access as an instruction at the current level does it, with all its effects. word: the
 * instruction. False: cpu->trap is set and nothing has changed.
 */
bool arm64_sysreg_read(struct arm64_cpu *pe, uint32_t word, uint64_t *value);
bool arm64_sysreg_write(struct arm64_cpu *pe, uint32_t word, uint64_t value);

/*
 * The same with what arm64_operation_find() gave for the word, which is none of the _EL12 and
 * _EL02 names.
 */
bool arm64_sysreg_read_found(struct arm64_cpu *pe, uint32_t word,
			     const struct arm64_operation *operation, uint64_t *value);

/*
 * An operation as a number above 0, for translated code, and back; 0: none. The numbers follow the
 * encodings, arm64_operation_count() is the highest.
 */
unsigned arm64_operation_number(const struct arm64_operation *operation);
const struct arm64_operation *arm64_operation_by_number(unsigned number);
unsigned arm64_operation_count(void);

/* Whether an operation gives a value: a SYSL instruction. The others are SYS. */
bool arm64_sysop_reads(unsigned encoding);

/*
 * Whether the operation of a SYS instruction may be executed at the current level. False:
 * cpu->trap is set.
 */
bool arm64_sysop_check(struct arm64_cpu *pe, uint32_t word);

/* For the translator: what an MRS or MSR comes to in the current mode word. */
enum arm64_plan_kind {
	A64_PLAN_ASK,      /* who may is decided when it is executed */
	A64_PLAN_FIELD,    /* moves what the CPU's struct has at offset; nothing follows from it */
	A64_PLAN_CONSTANT, /* reads value */
	A64_PLAN_REGISTER, /* is permitted: arm64_sysreg_get() or arm64_sysreg_set() of reg */
};
struct arm64_plan {
	enum arm64_plan_kind kind;
	enum arm64_sysreg reg; /* that it reaches; all but A64_PLAN_ASK */
	int32_t offset;
	uint64_t value;
};
struct arm64_plan arm64_sysreg_plan(struct arm64_cpu *pe, uint32_t word);

/* Whether arm64_sysop_check() of a word succeeds always in the current mode word. */
bool arm64_sysop_is_free(const struct arm64_cpu *pe, uint32_t word);

/* Privilege-free access by firmware, debuggers and tests, with the register's own rules. */
uint64_t arm64_sysreg_get(struct arm64_cpu *pe, enum arm64_sysreg reg);
void arm64_sysreg_set(struct arm64_cpu *pe, enum arm64_sysreg reg, uint64_t value);

/* The name of a system register or operation, or NULL. */
const char *arm64_operation_name(unsigned encoding);

/* What its row says of an operation. */
struct arm64_operation_info {
	const char *name;
	uint8_t level;      /* the lowest exception level that may */
	uint8_t access;     /* A64_ACCESS_... */
	uint8_t need_count; /* features */
	uint8_t need[2];    /* enum arm64_feature */
};
struct arm64_operation_info arm64_operation_info(const struct arm64_operation *operation);

/* Control bit number n that can forbid EL0 an operation ("SCTLR_EL1.UCT=0"), or NULL. */
const char *arm64_el0_enable(unsigned encoding, unsigned n);

/* ESR_ELx of a trapped MRS, MSR or SYS (Arm ARM, D24.2.40, ISS of class 0x18). */
uint64_t arm64_esr_sysreg(uint32_t word);

#endif
