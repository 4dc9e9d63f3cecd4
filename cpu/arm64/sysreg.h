/* System registers: what MSR, MRS and SYS reach. */
#ifndef CPU_ARM64_SYSREG_H
#define CPU_ARM64_SYSREG_H

#include "cpu/arm64/arm64.h"

/* An encoding as instructions have it: op0, op1, CRn, CRm, op2 at their places in the word. */
#define A64_SYSREG_SHIFT 5
#define A64_ENCODING(op0, op1, crn, crm, op2)                                                      \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* The encoding in an MRS, MSR, SYS or SYSL. */
static inline unsigned arm64_encoding(uint32_t word)
{
	return word >> A64_SYSREG_SHIFT & 0xffff;
}

/*
 * An access as an instruction at the current level does it, with all its effects. word: the
 * instruction, for the syndrome. False: cpu->trap is set and nothing has changed.
 */
bool arm64_sysreg_read(struct arm64_cpu *pe, uint32_t word, uint64_t *value);
bool arm64_sysreg_write(struct arm64_cpu *pe, uint32_t word, uint64_t value);

/* The name of a system register, or NULL. */
const char *arm64_sysreg_name(unsigned encoding);

#endif
