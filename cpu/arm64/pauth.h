/* Pointer authentication (FEAT_PAuth): codes, and pointers with codes (Arm ARM, D8.10). */
#ifndef CPU_ARM64_PAUTH_H
#define CPU_ARM64_PAUTH_H

#include "cpu/arm64/arm64.h"

/* The keys, as instructions name them: instruction or data, A or B; and the generic one. */
enum arm64_key {
	A64_KEY_IA,
	A64_KEY_IB,
	A64_KEY_DA,
	A64_KEY_DB,
	A64_KEY_GA,
	A64_KEY_B = 1,    /* bit: the B key */
	A64_KEY_DATA = 2, /* bit: a data key */
};

/* Makes anew what arm64_pac_level() keeps. */
void arm64_pac_make_level(struct arm64_cpu *pe, struct arm64_pac_level *to);

/*
 * What the registers say for the current level: SCTLR_ELx which keys' instructions do anything
 * (A64_KEY_GA's always do), TCR_ELx where codes go, HCR_EL2 and SCR_EL3 whether there is a trap.
 * Kept until arm64_translation_changed().
 */
static inline const struct arm64_pac_level *arm64_pac_level(struct arm64_cpu *pe)
{
	struct arm64_pac_level *level = &pe->pac.level[pe->cpu.level];
	if (!(pe->pac.known >> pe->cpu.level & 1))
		arm64_pac_make_level(pe, level);
	return level;
}

/* The pointer with its code in the bits that addresses do not use. */
uint64_t arm64_pac_add(struct arm64_cpu *pe, uint64_t pointer, uint64_t modifier,
		       enum arm64_key key);

/*
 * Takes the code out of a pointer. A wrong one leaves a pointer that faults; *failed says that
 * FEAT_FPAC, or for the combined instructions FEAT_FPACCOMBINE, asks for an exception instead.
 */
uint64_t arm64_pac_authenticate(struct arm64_cpu *pe, uint64_t pointer, uint64_t modifier,
				enum arm64_key key, bool combined, bool *failed);

/* The pointer without its code, unchecked. data: it is not an instruction's. */
uint64_t arm64_pac_strip(struct arm64_cpu *pe, uint64_t pointer, bool data);

/* What PACGA gives: a code in the upper half. */
uint64_t arm64_pac_generic(const struct arm64_cpu *pe, uint64_t value, uint64_t modifier);

/* Fills in the fields of the ID registers: algorithm and level of FEAT_PAuth. */
void arm64_pac_set_id(struct arm64_cpu *pe);

#endif
