#include "cpu/arm64/insn.h"

#include <stddef.h>

#include "core/fp_env.h"
#include "cpu/arm64/decode_index.h"
#include "cpu/arm64/emit.h"
#include "cpu/arm64/fp_lane.h"
#include "cpu/arm64/need.h"
#include "cpu/arm64/pauth.h"
#include "cpu/arm64/simd.h"

#include "cpu/arm64/decode-index.inc"

/* What operands must fulfil: bits of the instruction being decoded. */
#define F(high, low) arm64_field(word, high, low)
#define SF           F(31, 31) /* 64-bit operation */
#define ALWAYS       true

#define LOGICAL_IMMEDIATE arm64_logical_immediate(word, SF, NULL)
#define WIDE_SHIFT        (SF || !F(22, 22))
#define BIT_FIELD         (F(22, 22) == SF && (SF || !(F(21, 21) | F(15, 15))))
#define FUNNEL_AMOUNT     (F(22, 22) == SF && (SF || !F(15, 15)))
#define SHIFT_AMOUNT      (SF || !F(15, 15))
#define NO_ROTATION       F(23, 22) != 3
#define EXTEND_AMOUNT     F(12, 10) <= 4
#define CRC_SIZE          (SF == (F(11, 10) == 3))
#define INDEX_EXTEND      F(14, 14)
#define EIGHT_REGISTERS   (!F(0, 0) && F(4, 3) != 3)
#define EVEN_PAIRS        !(F(0, 0) | F(16, 16))
/* The forms without a modifier have 31 for its register. */
#define ZERO_MODIFIER (F(24, 24) || F(4, 0) == 31)
#define NO_MODIFIER   (!F(13, 13) || F(9, 5) == 31)

/* Of SIMD and FP: 128-bit registers have no scale of their own. */
#define SIMD_STORE_SIZE (F(23, 22) != 2 || F(31, 30) == 0)
#define SIMD_LOAD_SIZE  (F(23, 22) != 3 || F(31, 30) == 0)
#define STRUCTURE_LIST  (F(30, 30) || F(11, 10) != 3)
#define STRUCTURE_ONES  (F(15, 14) != 3 && (F(14, 14) || !F(12, 12)))
#define STRUCTURE_LANE                                                                             \
	(F(15, 14) == 0 || (F(15, 14) == 1 && !F(10, 10)) ||                                       \
	 (F(15, 14) == 2 && !F(11, 11) && !(F(12, 12) && F(10, 10))))

/* Sizes and elements of vectors: bits 23:22, imm5, immh. */
#define SIMD_LANES        (F(30, 30) || F(23, 22) != 3)
#define SIMD_16_OR_32     (F(23, 22) == 1 || F(23, 22) == 2)
#define SIMD_ACROSS       (F(23, 22) < 2 || (F(23, 22) == 2 && F(30, 30)))
#define SIMD_DUP          (F(19, 16) != 0 && (F(30, 30) || F(18, 16) != 0))
#define SIMD_SMOV         (F(18, 16) != 0 && (F(30, 30) || F(17, 16) != 0))
#define SIMD_UMOV         (F(30, 30) ? F(19, 16) == 8 : F(18, 16) != 0)
#define SIMD_SHIFT        (F(22, 19) != 0 && (F(30, 30) || !F(22, 22)))
#define SIMD_NARROW_SHIFT (F(22, 19) != 0 && !F(22, 22))
/* cmode, bits 15:12: MOVI and MVNI have the even ones, but for shifts with ones. */
#define SIMD_MVNI (F(15, 12) < 14 && (F(15, 14) == 3 || !F(12, 12)))
#define SIMD_MOVI (F(15, 12) == 14 || (SIMD_MVNI && !F(29, 29)))
/* Floating-point elements: single or double by bit 22; or which one is chosen. */
#define FP_LANES   (F(30, 30) || !F(22, 22))
#define FP_ELEMENT !(F(22, 22) && F(21, 21))
/* Fraction bits of a fixed-point number in a register. */
#define FIXED_SCALE (SF || F(15, 15))
/* Of FCVT, by its ftype and opc: two of single 0, double 1 and half 3. */
#define FP_FORMATS (F(23, 22) != 2 && F(16, 15) != 2 && F(23, 22) != F(16, 15))

const struct arm64_row arm64_rows[] = {
#define A64(id, name, mask, match, need, condition, emitter, argument)                             \
	{name, mask, match, need, argument},
#include "cpu/arm64/insn.def"
#undef A64
};
const unsigned arm64_row_count = sizeof(arm64_rows) / sizeof(arm64_rows[0]);

/* The position of each row, for switches. */
enum row_id {
#define A64(id, name, mask, match, need, condition, emitter, argument) ROW_##id,
#include "cpu/arm64/insn.def"
#undef A64
};

bool arm64_row_allows(const struct arm64_row *row, uint32_t word)
{
	switch ((enum row_id)(row - arm64_rows)) {
#define A64(id, name, mask, match, need, condition, emitter, argument)                             \
	case ROW_##id:                                                                             \
		return condition;
#include "cpu/arm64/insn.def"
#undef A64
	}
	return false;
}

void arm64_row_emit(const struct arm64_row *row, struct builder *builder, uint32_t word)
{
	switch ((enum row_id)(row - arm64_rows)) {
#define A64(id, name, mask, match, need, condition, emitter, argument)                             \
	case ROW_##id:                                                                             \
		emit_##emitter(builder, word, row);                                                \
		break;
#include "cpu/arm64/insn.def"
#undef A64
	}
}

static bool need_met(const struct arm64_cpu *pe, const struct arm64_row *row, const char **why)
{
	static const char *const missing[] = {
#define FEATURE(id, kind) "FEAT_" #id " is absent",
#include "cpu/arm64/feature.def"
#undef FEATURE
	};
	for (unsigned i = 0; pe && i < row->need_count; i++) {
		if (!arm64_has(pe, row->need[i])) {
			*why = missing[row->need[i]];
			return false;
		}
	}
	return true;
}

const struct arm64_row *arm64_decode(const struct arm64_cpu *pe, uint32_t word, const char **why)
{
	unsigned bucket = arm64_bucket(word);
	bool absent = false;
	*why = "no such instruction";
	for (unsigned i = decode_first[bucket]; i < decode_first[bucket + 1]; i++) {
		const struct arm64_row *row = &arm64_rows[decode_candidates[i]];
		if ((word & row->mask) != row->match)
			continue;
		if (!arm64_row_allows(row, word)) {
			if (!absent)
				*why = "reserved operands";
			continue;
		}
		if (need_met(pe, row, why))
			return row;
		absent = true;
	}
	return NULL;
}

bool arm64_logical_immediate(uint32_t word, bool wide, uint64_t *value)
{
	unsigned n = F(22, 22), rotation = F(21, 16), length = F(15, 10);
	unsigned sizes = n << 6 | (~length & 63);
	if (sizes < 2 || (n && !wide))
		return false;
	unsigned size = 1u << (31 - __builtin_clz(sizes));
	length &= size - 1;
	rotation &= size - 1;
	if (length == size - 1)
		return false;
	if (!value)
		return true;
	uint64_t element = UINT64_MAX >> (63 - length), mask = UINT64_MAX >> (64 - size);
	if (rotation)
		element = (element >> rotation | element << (size - rotation)) & mask;
	for (; size < 64; size *= 2)
		element |= element << size;
	*value = wide ? element : (uint32_t)element;
	return true;
}
