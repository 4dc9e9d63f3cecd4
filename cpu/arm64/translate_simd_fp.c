/*
 * Advanced SIMD on floating-point elements (Arm ARM, C4.1.96): helper calls. Most are an operation
 * of fp_lane.def on vectors whose elements have been put where it wants them.
 */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/fp.h"
#include "cpu/arm64/fp_special.h"
#include "engine/softfloat.h"

/* -- shapes -- */

static bool is_full(uint32_t word)
{
	return arm64_field(word, 30, 30);
}

/* Scalar forms have bit 28 set. */
static bool is_scalar(uint32_t word)
{
	return arm64_field(word, 28, 28);
}

static unsigned lanes_of(uint32_t word, enum arm64_fp_size size)
{
	return is_scalar(word) ? 1 : (is_full(word) ? 16u : 8u) >> size;
}

/* Single or double by bit 22, or half. */
static enum arm64_fp_size size_of(uint32_t word, const struct arm64_row *row)
{
	if (row->argument & A64_FP_HALF)
		return A64_FP_H;
	return arm64_field(word, 22, 22) ? A64_FP_D : A64_FP_S;
}

static union arm64_fp_shape shape_of(uint32_t word, const struct arm64_row *row)
{
	enum arm64_fp_size size = size_of(word, row);
	return (union arm64_fp_shape){
		{
                 .op = (uint8_t)row->argument,
                 .size = size,
                 .lanes = (uint8_t)lanes_of(word, size),
                 .element = A64_NO_ELEMENT,
		 }
        };
}

/* The element that a by-element form names, and its register. */
static unsigned element_of(uint32_t word, enum arm64_fp_size size, unsigned *reg)
{
	unsigned h = arm64_field(word, 11, 11), l = arm64_field(word, 21, 21),
		 m = arm64_field(word, 20, 20);
	*reg = size == A64_FP_H ? arm64_field(word, 19, 16) : emit_rm(word);
	return size == A64_FP_D ? h : size == A64_FP_S ? h << 1 | l : h << 2 | l << 1 | m;
}

static void build_shaped(struct builder *builder, uop_helper *helper, uint32_t word, unsigned b,
			 union arm64_fp_shape shape)
{
	build_vector(builder, helper, word & 31, emit_rn(word), b, 0, shape.argument);
	emit_vector_written(builder, word & 31);
}

static union arm64_fp_shape shape(const struct uop *uop)
{
	return (union arm64_fp_shape){.argument = uop_wide(uop, 1)->call.argument};
}

/* -- element by element -- */

static bool help_lanes(struct cpu *cpu, const struct uop *uop)
{
	arm64_fp_apply(arm64_cpu(cpu), shape(uop), &cpu->v[uop->d], &cpu->v[uop->a],
		       &cpu->v[uop->b]);
	return true;
}

void emit_fp_lanes(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_shaped(builder, help_lanes, word, emit_rm(word), shape_of(word, row));
}

void emit_fp_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	union arm64_fp_shape shape = shape_of(word, row);
	unsigned b;
	shape.element = (uint8_t)element_of(word, shape.size, &b);
	build_shaped(builder, help_lanes, word, b, shape);
}

/* immh:immb tell the size by their leading bit, and the fraction bits. */
void emit_fp_fixed(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned immediate = arm64_field(word, 22, 16);
	union arm64_fp_shape shape = shape_of(word, row);
	shape.size = immediate >> 6 ? A64_FP_D : immediate >> 5 ? A64_FP_S : A64_FP_H;
	shape.lanes = (uint8_t)lanes_of(word, shape.size);
	shape.fraction = (uint8_t)((16u << shape.size) - immediate);
	build_shaped(builder, help_lanes, word, 0, shape);
}

/* -- pairs -- */

/* Elements i, i + step ... of a, then of b, count in all, as one vector. */
static union cpu_vector gather(const union cpu_vector *a, const union cpu_vector *b,
			       union arm64_fp_shape shape, unsigned first)
{
	union cpu_vector result = {{0}};
	for (unsigned i = 0; i < shape.lanes; i++) {
		unsigned from = 2 * i + first;
		const union cpu_vector *source = from < shape.lanes ? a : b;
		from %= shape.lanes;
		switch (shape.size) {
		case A64_FP_H: result.h[i] = source->h[from]; break;
		case A64_FP_S: result.s[i] = source->s[from]; break;
		default: result.d[i] = source->d[from]; break;
		}
	}
	return result;
}

static void fold_pairs(struct arm64_cpu *pe, union arm64_fp_shape shape, union cpu_vector *d,
		       const union cpu_vector *a, const union cpu_vector *b)
{
	union cpu_vector even = gather(a, b, shape, 0), odd = gather(a, b, shape, 1);
	arm64_fp_apply(pe, shape, d, &even, &odd);
}

static bool help_pairs(struct cpu *cpu, const struct uop *uop)
{
	fold_pairs(arm64_cpu(cpu), shape(uop), &cpu->v[uop->d], &cpu->v[uop->a], &cpu->v[uop->b]);
	return true;
}

void emit_fp_pairwise(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_shaped(builder, help_pairs, word, emit_rm(word), shape_of(word, row));
}

/*
 * All elements of a to one: first the lower half's and the upper half's, so neighbours (Reduce in
 * the Arm ARM). extra: how many.
 */
static bool help_across(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape step = shape(uop);
	union cpu_vector value = cpu->v[uop->a];
	for (unsigned left = step.extra; left > 1; left /= 2) {
		union cpu_vector before = value;
		step.lanes = (uint8_t)left;
		union cpu_vector even = gather(&before, &before, step, 0),
				 odd = gather(&before, &before, step, 1);
		step.lanes = (uint8_t)(left / 2);
		arm64_fp_apply(arm64_cpu(cpu), step, &value, &even, &odd);
	}
	cpu->v[uop->d] = value;
	return true;
}

void emit_fp_across(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	union arm64_fp_shape shape = shape_of(word, row);
	shape.extra = is_scalar(word) ? 2 : shape.lanes;
	build_shaped(builder, help_across, word, 0, shape);
}

/* -- conversions of size -- */

/* FCVTL. extra: the upper half is read. size: of the result. */
static bool help_widen(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector a = cpu->v[uop->a];
	union cpu_vector *d = &cpu->v[uop->d];
	bool upper = shape(uop).extra, alternative = arm64_cpu(cpu)->fpcr & FPCR_AHP;
	if (shape(uop).size == A64_FP_D) {
		for (unsigned i = 0; i < 2; i++)
			d->d[i] = fp32_to_fp64(&cpu->fp, a.s[2 * upper + i]);
		return true;
	}
	for (unsigned i = 0; i < 4; i++)
		d->s[i] =
			(uint32_t)arm64_fp_from_half(32, &cpu->fp, a.h[4 * upper + i], alternative);
	return true;
}

void emit_fp_widen(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	union arm64_fp_shape shape = shape_of(word, row);
	shape.extra = is_full(word);
	build_shaped(builder, help_widen, word, 0, shape);
}

static uint64_t narrow(struct arm64_cpu *pe, const union cpu_vector *a, enum arm64_fp_narrow how)
{
	struct fp_env *env = &pe->cpu.fp;
	uint64_t result = 0;
	if (how == A64_NARROW_S || how == A64_NARROW_ODD) {
		struct fp_env own = *env;
		own.rm = how == A64_NARROW_ODD ? FP_ODD : env->rm;
		for (unsigned i = 0; i < 2; i++)
			result |= (uint64_t)fp64_to_fp32(&own, a->d[i]) << (32 * i);
		env->flags |= own.flags;
		return result;
	}
	for (unsigned i = 0; i < 4; i++) {
		uint64_t half = how == A64_NARROW_BF16
					? fp32_to_bf16(env, a->s[i])
					: arm64_fp_to_half(32, env, a->s[i], pe->fpcr & FPCR_AHP);
		result |= half << (16 * i);
	}
	return result;
}

/* imm: enum arm64_fp_narrow; argument: the upper half is written, and the lower one stays. */
static bool help_narrow(struct cpu *cpu, const struct uop *uop)
{
	uint64_t result = narrow(arm64_cpu(cpu), &cpu->v[uop->a], (enum arm64_fp_narrow)uop->imm);
	union cpu_vector *d = &cpu->v[uop->d];
	if (uop_wide(uop, 1)->call.argument)
		d->d[1] = result;
	else
		*d = (union cpu_vector){
			{result, 0}
                };
	return true;
}

void emit_fp_narrow(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned how = row->argument;
	if (how == A64_NARROW_H && arm64_field(word, 22, 22))
		how = A64_NARROW_S;
	build_vector(builder, help_narrow, word & 31, emit_rn(word), 0, (int32_t)how,
		     is_full(word));
	emit_vector_written(builder, word & 31);
}

/* FCVTXN of one element. */
static bool help_narrow_scalar(struct cpu *cpu, const struct uop *uop)
{
	struct fp_env own = cpu->fp;
	own.rm = FP_ODD;
	uint32_t result = fp64_to_fp32(&own, cpu->v[uop->a].d[0]);
	cpu->fp.flags |= own.flags;
	cpu->v[uop->d] = (union cpu_vector){
		{result, 0}
        };
	return true;
}

void emit_fp_narrow_scalar(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_vector(builder, help_narrow_scalar, word & 31, emit_rn(word), 0, 0, 0);
	emit_upper_is_zero(builder, word & 31);
}

/* -- products that are wider than their factors -- */

/* FMLAL and its like. extra: bit 0: subtracts, bit 1: reads the upper halves. */
static bool help_multiply_long(struct cpu *cpu, const struct uop *uop)
{
	struct fp_env half = arm64_fp_half_env(arm64_cpu(cpu));
	union arm64_fp_shape s = shape(uop);
	const union cpu_vector a = cpu->v[uop->a], b = cpu->v[uop->b];
	union cpu_vector *d = &cpu->v[uop->d], result = {{0}};
	unsigned negate = s.extra & 1 ? FP_NEGATE_PRODUCT : 0, from = s.extra & 2 ? s.lanes : 0;
	for (unsigned i = 0; i < s.lanes; i++) {
		unsigned j = s.element == A64_NO_ELEMENT ? from + i : s.element;
		result.s[i] = fp32_fma(&cpu->fp, arm64_fp_half_as_single(&half, a.h[from + i]),
				       arm64_fp_half_as_single(&half, b.h[j]), d->s[i], negate);
	}
	*d = result;
	return true;
}

static void build_multiply_long(struct builder *builder, uint32_t word, const struct arm64_row *row,
				unsigned b, unsigned element)
{
	union arm64_fp_shape shape = {
		{
                 .size = A64_FP_S,
                 .lanes = is_full(word) ? 4 : 2,
                 .element = (uint8_t)element,
                 .extra = (uint8_t)row->argument,
		 }
        };
	build_shaped(builder, help_multiply_long, word, b, shape);
}

void emit_fp_multiply_long(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_multiply_long(builder, word, row, emit_rm(word), A64_NO_ELEMENT);
}

void emit_fp_multiply_long_element(struct builder *builder, uint32_t word,
				   const struct arm64_row *row)
{
	unsigned b, element = element_of(word, A64_FP_H, &b);
	build_multiply_long(builder, word, row, b, element);
}

/* BFMLALB, BFMLALT. extra: the odd elements. */
static bool help_bf16_long(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape s = shape(uop);
	const union cpu_vector a = cpu->v[uop->a], b = cpu->v[uop->b];
	union cpu_vector *d = &cpu->v[uop->d];
	for (unsigned i = 0; i < 4; i++) {
		unsigned at = 2 * i + s.extra, j = s.element == A64_NO_ELEMENT ? at : s.element;
		d->s[i] = fp32_fma(&cpu->fp, (uint32_t)a.h[at] << 16, (uint32_t)b.h[j] << 16,
				   d->s[i], 0);
	}
	return true;
}

/* BFDOT: element: a pair of the second source. */
static bool help_bf16_dot(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape s = shape(uop);
	const union cpu_vector a = cpu->v[uop->a], b = cpu->v[uop->b];
	union cpu_vector *d = &cpu->v[uop->d], result = {{0}};
	for (unsigned i = 0; i < s.lanes; i++) {
		unsigned j = s.element == A64_NO_ELEMENT ? i : s.element;
		result.s[i] = arm64_bf16_dot(d->s[i], a.s[i], b.s[j]);
	}
	*d = result;
	return true;
}

/* BFMMLA: two rows of four elements each, times two columns. */
static bool help_bf16_matrix(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector a = cpu->v[uop->a], b = cpu->v[uop->b];
	union cpu_vector *d = &cpu->v[uop->d];
	for (unsigned i = 0; i < 4; i++) {
		unsigned row = i & 2, column = (i & 1) * 2;
		uint32_t sum = arm64_bf16_dot(d->s[i], a.s[row], b.s[column]);
		d->s[i] = arm64_bf16_dot(sum, a.s[row + 1], b.s[column + 1]);
	}
	return true;
}

static uop_helper *const bf16_helpers[] = {
	[A64_BF16_LONG] = help_bf16_long,
	[A64_BF16_DOT] = help_bf16_dot,
	[A64_BF16_MATRIX] = help_bf16_matrix,
};

static union arm64_fp_shape bf16_shape(uint32_t word, unsigned element)
{
	return (union arm64_fp_shape){
		{
                 .size = A64_FP_S,
                 .lanes = is_full(word) ? 4 : 2,
                 .element = (uint8_t)element,
                 .extra = is_full(word),
		 }
        };
}

void emit_bf16(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_shaped(builder, bf16_helpers[row->argument], word, emit_rm(word),
		     bf16_shape(word, A64_NO_ELEMENT));
}

/* A pair's register has five bits, an element's four. */
void emit_bf16_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned b, element = element_of(word, row->argument == A64_BF16_LONG ? A64_FP_H : A64_FP_S,
					 &b);
	build_shaped(builder, bf16_helpers[row->argument], word, b, bf16_shape(word, element));
}

/* -- complex numbers: pairs of elements -- */

static uint64_t get(const union cpu_vector *v, enum arm64_fp_size size, unsigned i)
{
	return size == A64_FP_H ? v->h[i] : size == A64_FP_S ? v->s[i] : v->d[i];
}

static void put(union cpu_vector *v, enum arm64_fp_size size, unsigned i, uint64_t value)
{
	switch (size) {
	case A64_FP_H: v->h[i] = (uint16_t)value; break;
	case A64_FP_S: v->s[i] = (uint32_t)value; break;
	default: v->d[i] = value; break;
	}
}

/* FCADD: b is turned by 90 degrees, or by 270 (extra), and added. */
static bool help_complex_add(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape s = shape(uop);
	const union cpu_vector *b = &cpu->v[uop->b];
	union cpu_vector turned = {{0}};
	uint64_t sign = 1ull << ((8u << s.size) - 1);
	for (unsigned i = 0; i < s.lanes; i += 2) {
		put(&turned, s.size, i, get(b, s.size, i + 1) ^ (s.extra ? 0 : sign));
		put(&turned, s.size, i + 1, get(b, s.size, i) ^ (s.extra ? sign : 0));
	}
	arm64_fp_apply(arm64_cpu(cpu), s, &cpu->v[uop->d], &cpu->v[uop->a], &turned);
	return true;
}

/* FCMLA. extra: the rotation in quarters; element: a pair of the second source. */
static bool help_complex_multiply(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape s = shape(uop);
	const union cpu_vector *a = &cpu->v[uop->a], *b = &cpu->v[uop->b];
	union cpu_vector left = {{0}}, right = {{0}};
	uint64_t sign = 1ull << ((8u << s.size) - 1);
	/* Quarters 1 and 3 take the imaginary part of a, and b's parts crosswise. */
	unsigned crosswise = s.extra & 1;
	uint64_t real_sign = s.extra == 1 || s.extra == 2 ? sign : 0;
	uint64_t imaginary_sign = s.extra >= 2 ? sign : 0;
	for (unsigned i = 0; i < s.lanes; i += 2) {
		unsigned j = s.element == A64_NO_ELEMENT ? i : 2u * s.element;
		uint64_t factor = get(a, s.size, i + crosswise);
		put(&left, s.size, i, factor);
		put(&left, s.size, i + 1, factor);
		put(&right, s.size, i, get(b, s.size, j + crosswise) ^ real_sign);
		put(&right, s.size, i + 1, get(b, s.size, j + 1 - crosswise) ^ imaginary_sign);
	}
	s.element = A64_NO_ELEMENT;
	arm64_fp_apply(arm64_cpu(cpu), s, &cpu->v[uop->d], &left, &right);
	return true;
}

/* By bits 23:22. */
static union arm64_fp_shape complex_shape(uint32_t word, enum arm64_fp_op op, unsigned rotation)
{
	enum arm64_fp_size size = (enum arm64_fp_size)arm64_field(word, 23, 22);
	return (union arm64_fp_shape){
		{
                 .op = op,
                 .size = size,
                 .lanes = (uint8_t)lanes_of(word, size),
                 .element = A64_NO_ELEMENT,
                 .extra = (uint8_t)rotation,
		 }
        };
}

void emit_fp_complex_add(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_shaped(builder, help_complex_add, word, emit_rm(word),
		     complex_shape(word, A64_FP_FADD, arm64_field(word, 12, 12)));
}

void emit_fp_complex_multiply(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_shaped(builder, help_complex_multiply, word, emit_rm(word),
		     complex_shape(word, A64_FP_FMLA, arm64_field(word, 12, 11)));
}

/* The pair's number is H:L for halves, H for singles. */
void emit_fp_complex_element(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	union arm64_fp_shape shape = complex_shape(word, A64_FP_FMLA, arm64_field(word, 14, 13));
	unsigned h = arm64_field(word, 11, 11), l = arm64_field(word, 21, 21);
	shape.element = (uint8_t)(shape.size == A64_FP_H ? h << 1 | l : h);
	build_shaped(builder, help_complex_multiply, word, emit_rm(word), shape);
}
