/*
 * What MSR, MRS and SYS name: registers and operations, sorted by encoding, each with the traps
 * that may apply. Shared by sysreg.c and by the program that makes the table at build time
 * (generate/operation_index.c), so that it is a constant.
 */
#ifndef CPU_ARM64_OPERATION_INDEX_H
#define CPU_ARM64_OPERATION_INDEX_H

#include <stdint.h>

/* An encoding as instructions have it: op0, op1, CRn, CRm, op2 at their places in the word. */
#define A64_ENCODING(op0, op1, crn, crm, op2)                                                      \
	((op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* Kinds of access that a trap applies to. */
enum { A64_ACCESS_R = 1, A64_ACCESS_W = 2, A64_ACCESS_RW = 3, A64_ACCESS_X = 4 };

/* A trap: a row of fgt.def, or of cgt.def's COARSE and COARSE_RULE. */
struct arm64_trap_ref {
	uint8_t access;
	uint8_t coarse;
	uint16_t row;
};

/* The first of the refs of sysreg.def's or sysop.def's row; the next operation's end them. */
struct arm64_operation {
	uint16_t encoding;
	uint16_t row;
	uint16_t is_sysop;
	uint16_t first_trap;
};

#endif
