/* What the tests of the RISC-V instruction rows share. */
#ifndef TESTS_RISCV_INSN_SUPPORT_H
#define TESTS_RISCV_INSN_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/riscv/insn.h"

/* A configuration with every extension; only riscv_has() may look at it. */
static inline struct riscv_cpu *hart_with_everything(void)
{
	struct riscv_cpu *hart = calloc(1, sizeof(*hart));
	memset(hart->config.extension, 0xff, sizeof(hart->config.extension));
	return hart;
}

/* A hart with the extensions of one row and no others. */
static inline void hart_needs_only(struct riscv_cpu *hart, const struct riscv_need *need)
{
	memset(hart->config.extension, 0, sizeof(hart->config.extension));
	for (unsigned i = 0; i < need->count; i++)
		hart->config.extension[need->extension[i] / 64] |= 1ull << need->extension[i] % 64;
}

/* A fixed sequence of random numbers (xorshift64*). */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

static inline bool format_has_rounding(unsigned format)
{
	return format == RV_FORMAT_R_RM || format == RV_FORMAT_R1_RM || format == RV_FORMAT_R4_RM;
}

/* Random bits that a row matches, with a rounding mode that exists. */
static inline uint32_t random_instance(const struct riscv_row *row, uint64_t *state)
{
	for (;;) {
		uint32_t bits = row->match | ((uint32_t)random_next(state) & ~row->mask);
		unsigned rm = bits >> 12 & 7;
		if (!format_has_rounding(row->format) || (rm != 5 && rm != 6))
			return bits;
	}
}

#endif
