/* The instruction rows (insn.def) as values, and the decoder over them. */
#ifndef CPU_ARM64_INSN_H
#define CPU_ARM64_INSN_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu/arm64/arm64.h"

/*
 * A row has no pointers: what the loader must relocate costs every start a page fault a page, and
 * the rows are ten pages long.
 */
struct arm64_row {
	char name[48]; /* as the manual spells it; A/B where a field tells them apart */
	uint32_t mask, match;
	uint8_t need_count;
	uint8_t need[2]; /* enum arm64_feature */
	uint16_t argument;
};

extern const struct arm64_row arm64_rows[];
extern const unsigned arm64_row_count;

/* Whether the operands in a word that matches the row are none of those that it reserves. */
bool arm64_row_allows(const struct arm64_row *row, uint32_t word);

/*
 * The row of an instruction word on a processing element with that configuration (NULL: every
 * feature counts as present). NULL: UNDEFINED; *why (static storage) tells which rule says so.
 */
const struct arm64_row *arm64_decode(const struct arm64_cpu *pe, uint32_t word, const char **why);

/* Bits high to low of an instruction. */
static inline uint32_t arm64_field(uint32_t word, unsigned high, unsigned low)
{
	return word >> low & (UINT32_MAX >> (31 - (high - low)));
}

/* The same as a signed number. */
static inline int64_t arm64_signed_field(uint32_t word, unsigned high, unsigned low)
{
	return (int32_t)(word << (31 - high)) >> (31 - (high - low));
}

/*
 * The value of a logical immediate (Arm ARM, DecodeBitMasks): a run of ones, rotated, repeated.
 * False: the fields N, immr, imms are reserved, or need 64 bits and wide is false.
 */
bool arm64_logical_immediate(uint32_t word, bool wide, uint64_t *value);

#endif
