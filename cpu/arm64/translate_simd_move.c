/* Elements between vector and general registers, and constants: what integer micro-ops do. */
#include "cpu/arm64/emit.h"
#include "cpu/arm64/simd.h"

void emit_element_put(struct builder *builder, unsigned number, unsigned size, unsigned element,
		      unsigned a)
{
	build_op(builder, UOP_VECTOR_PUT, number, a, 0,
		 simd_imm(SPAN_WHOLE, 0, (int)element) | vector_imm(VECTOR_NONE, size));
	emit_vector_written(builder, number);
}

void emit_elements_fill(struct builder *builder, unsigned number, unsigned size, bool whole,
			unsigned a)
{
	build_op(builder, UOP_VECTOR_PUT, number, a, 0,
		 simd_imm(whole ? SPAN_WHOLE : SPAN_HALF, 0, -1) | vector_imm(VECTOR_NONE, size));
	emit_vector_written(builder, number);
	if (!whole)
		emit_upper_is_zero(builder, number);
}

/* imm5: the lowest bit set tells the size, those above it the element. */
struct element {
	unsigned size_log2, number;
};

static struct element element_of(unsigned imm5)
{
	unsigned size = (unsigned)__builtin_ctz(imm5);
	return (struct element){size, imm5 >> (size + 1)};
}

/* The half that an element is in, and the bit field that it is there. */
static unsigned element_half(struct element element)
{
	return element.number << element.size_log2 >> 3;
}
static int32_t element_field(struct element element)
{
	unsigned at = (element.number << element.size_log2 & 7) * 8;
	return (int32_t)(at | ((8u << element.size_log2) - 1) << 8);
}

static void get_element(struct builder *builder, unsigned d, unsigned number,
			struct element element)
{
	emit_half_get(builder, d, number, element_half(element));
	if (element.size_log2 < 3)
		build_op(builder, UOP_EXTU, d, d, 0, element_field(element));
}

static bool is_whole(uint32_t word)
{
	return arm64_field(word, 30, 30);
}

void emit_dup_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct element element = element_of(arm64_field(word, 20, 16));
	get_element(builder, T0, emit_rn(word), element);
	emit_elements_fill(builder, word & 31, element.size_log2, is_whole(word), T0);
}

void emit_dup_scalar(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	get_element(builder, T0, emit_rn(word), element_of(arm64_field(word, 20, 16)));
	emit_half_put(builder, word & 31, 0, T0);
	emit_scalar_written(builder, word & 31);
}

void emit_dup_general(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct element element = element_of(arm64_field(word, 20, 16));
	emit_elements_fill(builder, word & 31, element.size_log2, is_whole(word), emit_rn(word));
}

void emit_ins_general(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct element element = element_of(arm64_field(word, 20, 16));
	emit_element_put(builder, word & 31, element.size_log2, element.number, emit_rn(word));
}

void emit_ins_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct element to = element_of(arm64_field(word, 20, 16)), from = to;
	from.number = arm64_field(word, 14, 11) >> to.size_log2;
	get_element(builder, T0, emit_rn(word), from);
	emit_element_put(builder, word & 31, to.size_log2, to.number, T0);
}

void emit_umov(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	get_element(builder, emit_rd(word), emit_rn(word), element_of(arm64_field(word, 20, 16)));
}

void emit_smov(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	struct element element = element_of(arm64_field(word, 20, 16));
	unsigned d = emit_rd(word);
	emit_half_get(builder, d, emit_rn(word), element_half(element));
	build_op(builder, UOP_EXTS, d, d, 0, element_field(element));
	if (!arm64_field(word, 30, 30))
		build_op(builder, UOP_ZEXT32, d, d, 0, 0);
}

/* -- modified immediates: abcdefgh as cmode and op say (Arm ARM, AdvSIMDExpandImm) -- */

static uint64_t replicate(uint64_t value, unsigned bits)
{
	for (; bits < 64; bits *= 2)
		value |= value << bits;
	return value;
}

/* Sign, exponent and fraction of FMOV (immediate): a, NOT(b) and copies of b, cdefgh. */
static uint64_t expand_float(unsigned imm8, unsigned exponent_bits, unsigned fraction_bits)
{
	uint64_t b = imm8 >> 6 & 1;
	uint64_t copies = b ? (1ull << (exponent_bits - 3)) - 1 : 0;
	uint64_t exponent = (b ^ 1) << (exponent_bits - 1) | copies << 2 | (imm8 >> 4 & 3);
	uint64_t sign = imm8 >> 7;
	return sign << (exponent_bits + fraction_bits) | exponent << fraction_bits |
	       (uint64_t)(imm8 & 15) << (fraction_bits - 4);
}

static uint64_t expand_immediate(uint32_t word)
{
	uint64_t imm8 = arm64_field(word, 18, 16) << 5 | arm64_field(word, 9, 5), mask = 0;
	unsigned cmode = arm64_field(word, 15, 12), op = arm64_field(word, 29, 29);
	if (cmode < 8)
		return replicate(imm8 << cmode / 2 * 8, 32);
	if (cmode < 12)
		return replicate(imm8 << cmode / 2 % 2 * 8, 16);
	if (cmode < 14)
		return replicate(cmode & 1 ? imm8 << 16 | 0xffff : imm8 << 8 | 0xff, 32);
	if (cmode == 15) {
		if (arm64_field(word, 11, 11))
			return replicate(expand_float((unsigned)imm8, 5, 10), 16);
		return op ? expand_float((unsigned)imm8, 11, 52)
			  : replicate(expand_float((unsigned)imm8, 8, 23), 32);
	}
	if (!op)
		return replicate(imm8, 8);
	for (unsigned i = 0; i < 8; i++)
		mask |= (imm8 >> i & 1 ? 0xffull : 0) << 8 * i;
	return mask;
}

/* argument: 0, or what to do with the register: UOP_OR or UOP_ANDN. */
void emit_simd_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	enum { MVNI_END = 14 };
	unsigned d = word & 31;
	uint64_t value = expand_immediate(word);
	bool inverted = arm64_field(word, 29, 29) && arm64_field(word, 15, 12) < MVNI_END;
	if (!row->argument) {
		build_constant(builder, T0, inverted ? ~value : value);
		emit_elements_fill(builder, d, 3, is_whole(word), T0);
		return;
	}
	build_constant(builder, T1, value);
	for (unsigned half = 0; half <= is_whole(word); half++) {
		emit_half_get(builder, T0, d, half);
		build_op(builder, row->argument, T0, T0, T1, 0);
		emit_half_put(builder, d, half, T0);
	}
	if (!is_whole(word))
		emit_scalar_written(builder, d);
}
