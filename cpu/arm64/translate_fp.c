/*
 * Scalar floating point (Arm ARM, C4.1.96). Single and double precision are the micro-ops of
 * engine/uop.def where those do the same; the rest, and half precision, are operations of
 * fp_lane.def on a vector of one element.
 */
#include "cpu/arm64/emit.h"

#include "cpu/arm64/fp.h"
#include "cpu/arm64/fp_special.h"
#include "engine/flags.h"
#include "engine/softfloat.h"

void emit_scalar_written(struct builder *builder, unsigned d)
{
	uint64_t known = 1ull << (NOTE_UPPER_ZERO_AT + d);
	if (builder->note & known)
		return;
	build_op(builder, UOP_PUT, 0, A64_REG_ZR, 0, emit_upper(d));
	builder->note |= known;
}

/* The size that ftype names: 0 single, 1 double, 3 half. */
static enum arm64_fp_size size_of(uint32_t word)
{
	static const uint8_t sizes[] = {A64_FP_S, A64_FP_D, A64_FP_S, A64_FP_H};
	return sizes[arm64_field(word, 23, 22)];
}

static unsigned bits_of(enum arm64_fp_size size)
{
	return 8u << size;
}

/* -- arithmetic -- */

/* imm: the number of the register whose element is D. */
static bool help_lane(struct cpu *cpu, const struct uop *uop)
{
	union arm64_fp_shape shape = {.argument = uop_wide(uop, 1)->call.argument};
	union cpu_vector d = cpu->v[uop->imm];
	arm64_fp_apply(arm64_cpu(cpu), shape, &d, &cpu->v[uop->a], &cpu->v[uop->b]);
	cpu->v[uop->d] = d;
	return true;
}

static void build_lane(struct builder *builder, uint32_t word, enum arm64_fp_op op, unsigned addend)
{
	union arm64_fp_shape shape = {
		{.op = op, .size = size_of(word), .lanes = 1, .element = A64_NO_ELEMENT}
        };
	build_vector(builder, help_lane, word & 31, emit_rn(word), emit_rm(word), (int32_t)addend,
		     shape.argument);
	emit_upper_is_zero(builder, word & 31);
}

/* Micro-ops for single and double; 0: there is none. unary: b is a. */
static const struct {
	uint8_t single, wide;
	bool unary;
} micro_ops[A64_FP_OP_COUNT] = {
	[A64_FP_FADD] = {UOP_FADD_S,   UOP_FADD_D,   false},
	[A64_FP_FSUB] = {UOP_FSUB_S,   UOP_FSUB_D,   false},
	[A64_FP_FMUL] = {UOP_FMUL_S,   UOP_FMUL_D,   false},
	[A64_FP_FDIV] = {UOP_FDIV_S,   UOP_FDIV_D,   false},
	[A64_FP_FNMUL] = {UOP_FMUL_S,   UOP_FMUL_D,   false},
	[A64_FP_FMLA] = {UOP_FMADD_S,  UOP_FMADD_D,  false},
	[A64_FP_FMLS] = {UOP_FNMSUB_S, UOP_FNMSUB_D, false},
	[A64_FP_FNMLA] = {UOP_FNMADD_S, UOP_FNMADD_D, false},
	[A64_FP_FNMLS] = {UOP_FMSUB_S,  UOP_FMSUB_D,  false},
	[A64_FP_FSQRT] = {UOP_FSQRT_S,  UOP_FSQRT_D,  true },
	[A64_FP_FMOV] = {UOP_FSGNJ_S,  UOP_FSGNJ_D,  true },
	[A64_FP_FABS] = {UOP_FSGNJX_S, UOP_FSGNJX_D, true },
	[A64_FP_FNEG] = {UOP_FSGNJN_S, UOP_FSGNJN_D, true },
};

static void build_scalar(struct builder *builder, uint32_t word, enum arm64_fp_op op,
			 unsigned addend)
{
	bool single = size_of(word) == A64_FP_S;
	unsigned micro_op = single ? micro_ops[op].single : micro_ops[op].wide;
	unsigned d = word & 31, a = emit_rn(word);
	if (!micro_op || size_of(word) == A64_FP_H) {
		build_lane(builder, word, op, addend);
		return;
	}
	unsigned b = micro_ops[op].unary ? a : emit_rm(word);
	build_op(builder, micro_op, d, a, b, (int32_t)addend << 8);
	if (op == A64_FP_FNMUL)
		build_op(builder, single ? UOP_FSGNJN_S : UOP_FSGNJN_D, d, d, d, 0);
	emit_scalar_written(builder, d);
}

void emit_fp_scalar(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_scalar(builder, word, row->argument, 0);
}

void emit_fp_fused(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	build_scalar(builder, word, row->argument, arm64_field(word, 14, 10));
}

/* -- comparisons and selection -- */

enum { COMPARE_SIGNALS = 1, COMPARE_ZERO = 2 };

static unsigned compare(struct cpu *cpu, const struct uop *uop, enum arm64_fp_size size,
			unsigned how)
{
	struct fp_env half = arm64_fp_half_env(arm64_cpu(cpu));
	const union cpu_vector *a = &cpu->v[uop->a], *b = &cpu->v[uop->b], none = {{0}};
	bool quiet = !(how & COMPARE_SIGNALS);
	enum fp_order order;
	b = how & COMPARE_ZERO ? &none : b;
	switch (size) {
	case A64_FP_H: order = fp16_compare(&half, a->h[0], b->h[0], quiet); break;
	case A64_FP_S: order = fp32_compare(&cpu->fp, a->s[0], b->s[0], quiet); break;
	default: order = fp64_compare(&cpu->fp, a->d[0], b->d[0], quiet); break;
	}
	if (size == A64_FP_H)
		arm64_fp_half_done(arm64_cpu(cpu), &half);
	return flags_of_order(order);
}

/* imm: how. */
static bool help_compare_half(struct cpu *cpu, const struct uop *uop)
{
	flags_set(cpu, compare(cpu, uop, A64_FP_H, (unsigned)uop->imm));
	return true;
}

void emit_fp_compare(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned how = (word & 1 << 4 ? COMPARE_SIGNALS : 0) | (word & 1 << 3 ? COMPARE_ZERO : 0);
	unsigned a = emit_rn(word), b = how & COMPARE_ZERO ? a : emit_rm(word);
	emit_flags_unknown(builder);
	if (size_of(word) == A64_FP_H) {
		build_call(builder, help_compare_half, 0, a, b, (int32_t)how, 0);
		return;
	}
	build_op(builder, size_of(word) == A64_FP_S ? UOP_FCMP_S : UOP_FCMP_D, T0, a, b,
		 (int32_t)how);
	build_op(builder, UOP_MOVI, T1, 0, 0, 1);
	build_op(builder, UOP_FLAGS, 0, T0, T1, CPU_FLAGS_SUB);
	builder->note |= NOTE_FLAGS_SUB | NOTE_FLAGS_FP;
}

/* argument: the instruction. */
static bool help_conditional_compare(struct cpu *cpu, const struct uop *uop)
{
	uint32_t word = (uint32_t)uop_wide(uop, 1)->call.argument;
	unsigned how = word & 1 << 4 ? COMPARE_SIGNALS : 0;
	bool holds = flags_hold(cpu, arm64_field(word, 15, 12));
	flags_set(cpu, holds ? compare(cpu, uop, size_of(word), how) : word & 15);
	return true;
}

void emit_fp_conditional_compare(struct builder *builder, uint32_t word,
				 const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_conditional_compare, 0, emit_rn(word), emit_rm(word), 0, word);
	emit_flags_unknown(builder);
}

/* A general register becomes the scalar in d. */
static void build_from_general(struct builder *builder, enum arm64_fp_size size, unsigned d,
			       unsigned general)
{
	if (size == A64_FP_H) {
		build_op(builder, UOP_ZEXT16, T0, general, 0, 0);
		general = T0;
	}
	build_op(builder, size == A64_FP_S ? UOP_FMVWX : UOP_FMVDX, d, general, 0, 0);
	emit_scalar_written(builder, d);
}

void emit_fp_select(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum { ALWAYS_HOLDS = 14 };
	unsigned condition = arm64_field(word, 15, 12);
	bool inverted = false;
	build_op(builder, UOP_FMVXD, T1, emit_rn(word), 0, 0);
	if (condition < ALWAYS_HOLDS) {
		emit_condition(builder, condition, &inverted);
		build_op(builder, UOP_FMVXD, T2, emit_rm(word), 0, 0);
		build_op(builder, UOP_SELECT, T1, inverted ? T2 : T1, inverted ? T1 : T2, T0);
	}
	build_from_general(builder, size_of(word), word & 31, T1);
}

/* -- moves -- */

/* VFPExpandImm: sign, three bits of exponent (the first one inverted and repeated), fraction. */
static uint64_t immediate(unsigned imm8, enum arm64_fp_size size)
{
	static const uint8_t exponent_bits[] = {0, 5, 8, 11};
	unsigned exponent = exponent_bits[size], fraction = bits_of(size) - 1 - exponent;
	uint64_t sign = imm8 >> 7, low = imm8 >> 4 & 3, top = !(imm8 >> 6 & 1);
	uint64_t repeated = top ? 0 : ((1ull << (exponent - 3)) - 1) << 2;
	uint64_t field = top << (exponent - 1) | repeated | low;
	return sign << (bits_of(size) - 1) | field << fraction |
	       (uint64_t)(imm8 & 15) << (fraction - 4);
}

void emit_fp_immediate(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_constant(builder, T1, immediate(arm64_field(word, 20, 13), size_of(word)));
	build_from_general(builder, size_of(word), word & 31, T1);
}

/* FMOV from a general register; to one. */
void emit_fp_from_general(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_from_general(builder, size_of(word), word & 31, emit_rn(word));
}

void emit_fp_to_general(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned d = emit_rd(word);
	enum arm64_fp_size size = size_of(word);
	build_op(builder, UOP_FMVXD, d, emit_rn(word), 0, 0);
	if (size != A64_FP_D)
		build_op(builder, size == A64_FP_S ? UOP_ZEXT32 : UOP_ZEXT16, d, d, 0, 0);
}

void emit_fp_from_general_upper(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_op(builder, UOP_PUT, 0, emit_rn(word), 0, emit_upper(word & 31));
	emit_vector_written(builder, word & 31);
}

void emit_fp_to_general_upper(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_op(builder, UOP_GET, emit_rd(word), 0, 0, emit_upper(emit_rn(word)));
}

/* -- conversions to and from integers -- */

/* What a conversion needs to know, as an immediate: a helper's. */
enum {
	TO_INTEGER_RM = 7,
	TO_INTEGER_UNSIGNED = 1 << 3,
	TO_INTEGER_WIDE = 1 << 4,
	TO_INTEGER_SIZE_AT = 5,
	TO_INTEGER_FRACTION_AT = 8,
};

static bool help_to_integer(struct cpu *cpu, const struct uop *uop)
{
	struct fp_env half = arm64_fp_half_env(arm64_cpu(cpu));
	const union cpu_vector *a = &cpu->v[uop->a];
	unsigned imm = (unsigned)uop->imm, fraction = imm >> TO_INTEGER_FRACTION_AT;
	uint8_t rm = imm & TO_INTEGER_RM;
	bool without_sign = imm & TO_INTEGER_UNSIGNED, wide = imm & TO_INTEGER_WIDE;
	uint64_t all = wide ? UINT64_MAX : UINT32_MAX, most = without_sign ? all : all >> 1,
		 least = without_sign ? 0 : (all >> 1) + 1, result;
	switch (imm >> TO_INTEGER_SIZE_AT & 3) {
	case A64_FP_H:
		result = fp16_to_fixed(&half, a->h[0], rm, fraction, most, least);
		arm64_fp_half_done(arm64_cpu(cpu), &half);
		break;
	case A64_FP_S: result = fp32_to_fixed(&cpu->fp, a->s[0], rm, fraction, most, least); break;
	default: result = fp64_to_fixed(&cpu->fp, a->d[0], rm, fraction, most, least); break;
	}
	cpu->r[uop->d] = result & all;
	return true;
}

static bool help_from_integer(struct cpu *cpu, const struct uop *uop)
{
	struct fp_env half = arm64_fp_half_env(arm64_cpu(cpu));
	unsigned imm = (unsigned)uop->imm, fraction = imm >> TO_INTEGER_FRACTION_AT;
	uint64_t a = imm & TO_INTEGER_WIDE ? cpu->r[uop->a] : (uint32_t)cpu->r[uop->a], result;
	if (!(imm & (TO_INTEGER_WIDE | TO_INTEGER_UNSIGNED)))
		a = (uint64_t)(int32_t)a;
	bool sign = !(imm & TO_INTEGER_UNSIGNED) && a >> 63;
	a = sign ? -a : a;
	switch (imm >> TO_INTEGER_SIZE_AT & 3) {
	case A64_FP_H:
		result = fp16_from_fixed(&half, a, sign, fraction);
		arm64_fp_half_done(arm64_cpu(cpu), &half);
		break;
	case A64_FP_S: result = fp32_from_fixed(&cpu->fp, a, sign, fraction); break;
	default: result = fp64_from_fixed(&cpu->fp, a, sign, fraction); break;
	}
	cpu->v[uop->d] = (union cpu_vector){
		{result, 0}
        };
	return true;
}

/* By double, wide, unsigned. */
static const uint8_t to_integer_ops[2][2][2] = {
	{{UOP_FCVT_W_S, UOP_FCVT_WU_S}, {UOP_FCVT_L_S, UOP_FCVT_LU_S}},
	{{UOP_FCVT_W_D, UOP_FCVT_WU_D}, {UOP_FCVT_L_D, UOP_FCVT_LU_D}},
};
static const uint8_t from_integer_ops[2][2][2] = {
	{{UOP_FCVT_S_W, UOP_FCVT_S_WU}, {UOP_FCVT_S_L, UOP_FCVT_S_LU}},
	{{UOP_FCVT_D_W, UOP_FCVT_D_WU}, {UOP_FCVT_D_L, UOP_FCVT_D_LU}},
};

static int32_t conversion(uint32_t word, unsigned rm, bool without_sign, unsigned fraction)
{
	return (int32_t)(rm | (without_sign ? TO_INTEGER_UNSIGNED : 0) |
			 (emit_wide(word) ? TO_INTEGER_WIDE : 0) |
			 (unsigned)size_of(word) << TO_INTEGER_SIZE_AT |
			 fraction << TO_INTEGER_FRACTION_AT);
}

/* Number of fraction bits of a fixed-point conversion. */
static unsigned fraction_of(uint32_t word)
{
	return 64 - arm64_field(word, 15, 10);
}

/* argument: rounding mode; bit 16 of the instruction: unsigned. */
void emit_fp_to_integer(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	unsigned d = emit_rd(word), a = emit_rn(word);
	bool without_sign = arm64_field(word, 16, 16), wide = emit_wide(word);
	if (size_of(word) == A64_FP_H) {
		build_call(builder, help_to_integer, d, a, 0,
			   conversion(word, row->argument, without_sign, 0), 0);
		return;
	}
	build_op(builder, to_integer_ops[size_of(word) == A64_FP_D][wide][without_sign], d, a, 0,
		 row->argument);
	if (!wide)
		build_op(builder, UOP_ZEXT32, d, d, 0, 0);
}

void emit_fp_from_integer(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	unsigned d = word & 31, a = emit_rn(word);
	bool without_sign = arm64_field(word, 16, 16), wide = emit_wide(word);
	if (size_of(word) == A64_FP_H) {
		build_call(builder, help_from_integer, d, a, 0,
			   conversion(word, 0, without_sign, 0), 0);
		emit_upper_is_zero(builder, d);
		return;
	}
	build_op(builder, from_integer_ops[size_of(word) == A64_FP_D][wide][without_sign], d, a, 0,
		 0);
	emit_scalar_written(builder, d);
}

void emit_fp_to_fixed(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_to_integer, emit_rd(word), emit_rn(word), 0,
		   conversion(word, FP_RTZ, arm64_field(word, 16, 16), fraction_of(word)), 0);
}

void emit_fp_from_fixed(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_from_integer, word & 31, emit_rn(word), 0,
		   conversion(word, 0, arm64_field(word, 16, 16), fraction_of(word)), 0);
	emit_upper_is_zero(builder, word & 31);
}

static bool help_to_javascript(struct cpu *cpu, const struct uop *uop)
{
	bool exact;
	cpu->r[uop->d] = arm64_fp_to_javascript(&cpu->fp, cpu->v[uop->a].d[0], &exact);
	flags_set(cpu, exact ? FLAG_Z : 0);
	return true;
}

void emit_fp_to_javascript(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_call(builder, help_to_javascript, emit_rd(word), emit_rn(word), 0, 0, 0);
	emit_flags_unknown(builder);
}

/* -- conversions between formats -- */

/* imm: source and destination size. */
static bool help_convert(struct cpu *cpu, const struct uop *uop)
{
	const union cpu_vector a = cpu->v[uop->a];
	bool alternative = arm64_cpu(cpu)->fpcr & FPCR_AHP;
	unsigned from = (unsigned)uop->imm >> 4, to = (unsigned)uop->imm & 15;
	uint64_t result;
	if (from == A64_FP_H)
		result = arm64_fp_from_half(bits_of(to), &cpu->fp, a.h[0], alternative);
	else
		result = arm64_fp_to_half(bits_of(from), &cpu->fp,
					  from == A64_FP_S ? a.s[0] : a.d[0], alternative);
	cpu->v[uop->d] = (union cpu_vector){
		{result, 0}
        };
	return true;
}

void emit_fp_convert(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	enum arm64_fp_size from = size_of(word), to = size_of(word << 7);
	unsigned d = word & 31;
	if (from == A64_FP_H || to == A64_FP_H) {
		build_vector(builder, help_convert, d, emit_rn(word), 0,
			     (int32_t)((unsigned)from << 4 | to), 0);
		emit_upper_is_zero(builder, d);
		return;
	}
	build_op(builder, to == A64_FP_S ? UOP_FCVT_S_D : UOP_FCVT_D_S, d, emit_rn(word), 0, 0);
	emit_scalar_written(builder, d);
}

static bool help_to_bf16(struct cpu *cpu, const struct uop *uop)
{
	uint16_t result = fp32_to_bf16(&cpu->fp, cpu->v[uop->a].s[0]);
	cpu->v[uop->d] = (union cpu_vector){
		{result, 0}
        };
	return true;
}

void emit_fp_to_bf16(struct builder *builder, uint32_t word, const struct arm64_row *row)
{
	(void)row;
	build_vector(builder, help_to_bf16, word & 31, emit_rn(word), 0, 0, 0);
	emit_upper_is_zero(builder, word & 31);
}
