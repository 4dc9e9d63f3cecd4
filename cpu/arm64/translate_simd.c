/* Advanced SIMD on integers: one micro-op or one helper call each (simd_kernel.def). */
#include "cpu/arm64/emit.h"
#include "cpu/arm64/simd.h"
#include "engine/vector.h"

uop_helper *const *const arm64_simd_helpers[A64_SIMD_COUNT] = {
#define ROW(id, ...) arm64_simd_##id,
#define LANES        ROW
#define LONG         ROW
#define WIDE         ROW
#define NARROW       ROW
#define PAIRS        ROW
#define PAIRS_LONG   ROW
#define ACROSS       ROW
#define ACROSS_LONG  ROW
#define PERMUTE      ROW
#define OTHER        ROW
#include "cpu/arm64/simd_kernel.def"
#undef ROW
};

/* Operations that are a micro-op, by size: enum vector_op and flags, above NATIVE. */
#define NATIVE 0x8000
static const uint16_t native[A64_SIMD_COUNT][4] = {
#define V(op) (NATIVE | VECTOR_##op)
	[A64_SIMD_AND] = {V(AND)                },
	[A64_SIMD_BIC] = {				    V(ANDN)                     },
	[A64_SIMD_ORR] = {				V(OR)                },
	[A64_SIMD_EOR] = {				       V(XOR)             },
	[A64_SIMD_ADD] = {                    V(ADD8),                      V(ADD16), V(ADD32), V(ADD64)},
	[A64_SIMD_SUB] = {						   V(SUB8),              V(SUB16), V(SUB32), V(SUB64)},
	[A64_SIMD_MUL] = {					 0,                      V(MUL16)},
	[A64_SIMD_CMEQ] = {V(EQ8),                 V(EQ16), V(EQ32)},
	[A64_SIMD_CMGT] = {					  V(GT8),                      V(GT16), V(GT32)},
	[A64_SIMD_CMEQ_zero] = {          V(EQ8) | VECTOR_ZERO,               V(EQ16) | VECTOR_ZERO, V(EQ32) | VECTOR_ZERO},
	[A64_SIMD_CMGT_zero] = {						  V(GT8) | VECTOR_ZERO,V(GT16) | VECTOR_ZERO, V(GT32) | VECTOR_ZERO},
	[A64_SIMD_UMAX] = { V(MAXU8)  },
	[A64_SIMD_UMIN] = {V(MINU8)                     },
	[A64_SIMD_SMAX] = {						 0,               V(MAX16)},
	[A64_SIMD_SMIN] = {						0,V(MIN16)},
#undef V
};

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
	int32_t plain = native[row->argument][size];
	if (plain && imm <= SPAN_HALF) { /* neither scalars nor by element */
		int32_t half = imm == SPAN_HALF ? VECTOR_HALF : 0;
		build_op(builder, UOP_VECTOR, word & 31, emit_rn(word), m,
			 (plain & ~NATIVE) | half);
		emit_vector_written(builder, word & 31);
		return;
	}
	if (!helper) {
		emit_undefined_because(builder, "reserved operands");
		return;
	}
	build_call(builder, helper, word & 31, emit_rn(word), m, imm, 0);
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
