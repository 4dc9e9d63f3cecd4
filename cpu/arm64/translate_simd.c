/* Advanced SIMD on integers: one UOP_VECTOR each, of a helper (simd_kernel.def). */
#include "cpu/arm64/emit.h"
#include "cpu/arm64/simd.h"
#include "engine/vector.h"

uop_helper *const *const arm64_simd_helpers[A64_SIMD_COUNT] = {
#define ROW(id, ...) arm64_simd_##id,
#include "cpu/arm64/simd_rows.def"
};

/* What the JIT knows of them: enum vector_op. */
/* clang-format off */
const uint8_t arm64_simd_vector_ops[A64_SIMD_COUNT] = {
#define SAME(id) [A64_SIMD_##id] = VECTOR_##id
	SAME(AND), [A64_SIMD_ORR] = VECTOR_OR, [A64_SIMD_EOR] = VECTOR_XOR, SAME(ADD), SAME(SUB),
	SAME(NEG), SAME(ABS), SAME(MUL), SAME(MLA), SAME(MLS), SAME(SMAX), SAME(SMIN), SAME(UMAX),
	SAME(UMIN), SAME(BSL), SAME(BIT), SAME(BIF), SAME(ORN), SAME(NOT), SAME(BIC), SAME(CMEQ),
	SAME(CMGT), SAME(CMGE), SAME(CMHS), SAME(CMHI), SAME(CMTST), SAME(SHL), SAME(USHR),
	SAME(SSHR), SAME(USRA), SAME(SSRA), SAME(SLI), SAME(SRI), SAME(ADDP), SAME(SMAXP),
	SAME(SMINP), SAME(UMAXP), SAME(UMINP), SAME(ADDV), SAME(SMAXV), SAME(SMINV), SAME(UMAXV),
	SAME(UMINV), SAME(UADDLP), SAME(SADDLP), SAME(UADALP), SAME(SADALP), SAME(ZIP1), SAME(ZIP2),
	SAME(UZP1), SAME(UZP2), SAME(TRN1), SAME(TRN2), SAME(REV16), SAME(REV32), SAME(REV64),
	SAME(EXT), SAME(TBL), SAME(XTN), SAME(SHRN), SAME(UADDL), SAME(SADDL), SAME(USUBL),
	SAME(SSUBL), SAME(UMULL), SAME(SMULL), SAME(UMLAL), SAME(SMLAL), SAME(UMLSL), SAME(SMLSL),
	SAME(USHLL), SAME(SSHLL), SAME(UADDW), SAME(SADDW), SAME(USUBW), SAME(SSUBW),
	[A64_SIMD_CMEQ_zero] = VECTOR_CMEQ_ZERO, [A64_SIMD_CMGT_zero] = VECTOR_CMGT_ZERO,
	[A64_SIMD_CMGE_zero] = VECTOR_CMGE_ZERO, [A64_SIMD_CMLE_zero] = VECTOR_CMLE_ZERO,
	[A64_SIMD_CMLT_zero] = VECTOR_CMLT_ZERO,
#undef SAME
};
/* clang-format on */

/* Scalar instructions have bit 28 set; vectors are whole where Q (bit 30) is. */
static enum simd_span span_of(uint32_t word, unsigned size)
{
	if (!arm64_field(word, 28, 28))
		return arm64_field(word, 30, 30) ? SPAN_WHOLE : SPAN_HALF;
	return size == 3 ? SPAN_HALF : (enum simd_span)(SPAN_B + size);
}

static void call(struct builder *builder, uint32_t word, const struct arm64_row *row, unsigned size,
		 unsigned m, int32_t imm)
{
	uop_helper *helper = arm64_simd_helpers[row->argument][size];
	if (!helper) {
		emit_undefined_because(builder, "reserved operands");
		return;
	}
	build_vector(builder, helper, word & 31, emit_rn(word), m,
		     imm | vector_imm(arm64_simd_vector_ops[row->argument], size), 0);
	emit_vector_written(builder, word & 31);
}

/* Three registers, or two, of which the kernel does not read Vm. */
static void call_plain(struct builder *builder, uint32_t word, const struct arm64_row *row,
		       unsigned size, unsigned amount)
{
	call(builder, word, row, size, emit_rm(word), simd_imm(span_of(word, size), amount, -1));
}

void emit_simd(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_plain(builder, word, row, arm64_field(word, 23, 22), 0);
}

void emit_simd_bytes(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_plain(builder, word, row, 0, 0);
}

/* ADDP (scalar) adds the two halves of one register. */
void emit_simd_scalar_pair(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call(builder, word, row, arm64_field(word, 23, 22), 0, simd_imm(SPAN_WHOLE, 0, -1));
}

/* imm4 or len is the amount. */
void emit_simd_extract(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_plain(builder, word, row, 0, arm64_field(word, 14, 11));
}

void emit_simd_table(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_plain(builder, word, row, 0, arm64_field(word, 14, 13));
}

/* immh:immb, whose highest bit tells the size. */
static unsigned shift_size(uint32_t word)
{
	return 31 - (unsigned)__builtin_clz(arm64_field(word, 22, 19));
}

void emit_simd_shift_left(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned size = shift_size(word);
	call_plain(builder, word, row, size, arm64_field(word, 22, 16) - (8u << size));
}

void emit_simd_shift_right(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned size = shift_size(word);
	call_plain(builder, word, row, size, (16u << size) - arm64_field(word, 22, 16));
}

/* Vm has 4 bits of its number for elements of 16 bits; H:L:M or H:L pick the element. */
static void call_element(struct builder *builder, uint32_t word, const struct arm64_row *row,
			 unsigned size)
{
	unsigned h = arm64_field(word, 11, 11), l = arm64_field(word, 21, 21);
	unsigned m = arm64_field(word, 20, 20), number = emit_rm(word);
	unsigned element = h << 1 | l;
	if (size == 1) {
		element = element << 1 | m;
		number &= 15;
	}
	call(builder, word, row, size, number, simd_imm(span_of(word, size), 0, (int)element));
}

void emit_simd_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_element(builder, word, row, arm64_field(word, 23, 22));
}

void emit_simd_dot_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	call_element(builder, word, row, 2);
}
