/*
 * The operations of engine/softfloat.h, with the host's floating point unit doing the work whenever
 * its answer is known to be the exact one, flags included. Same names with the prefix fph instead
 * of fp, same arguments, same results and flags for every input; inline, for use in interpreter
 * handlers. The host must be in its default state (round to nearest, nothing flushed); its own
 * exception flags are neither read nor relied upon.
 *
 * How an arithmetic result is trusted: the rounding mode is nearest-even; the host's result is a
 * normal number above the smallest binade, so no NaN, infinity, overflow or underflow took part;
 * and either NX is already sticky in env->flags, or the operation is shown to have been exact.
 * Anything else goes to softfloat, which then usually makes NX sticky. docs/floating-point.md says
 * why this is enough.
 */
#ifndef ENGINE_FP_HOST_H
#define ENGINE_FP_HOST_H

#include "engine/softfloat.h"
#include <float.h>
#include <string.h>

/*
 * No host result is trusted unless binary32 and binary64 are evaluated to their own precision,
 * which x87 does not.
 */
#if FLT_EVAL_METHOD == 0 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53
#define FPH_HOST_IS_EXACT 1
#else
#define FPH_HOST_IS_EXACT 0
#endif

/*
 * Operations that have no fast path: fpN_verb under the name fphN_verb, so that a handler generated
 * for any format and operation can always say fph.
 */
// clang-format off
#define fph16_add fp16_add
#define fph16_sub fp16_sub
#define fph16_mul fp16_mul
#define fph16_div fp16_div
#define fph16_sqrt fp16_sqrt
#define fph16_fma fp16_fma
#define fph16_min fp16_min
#define fph16_max fp16_max
#define fph16_minimum fp16_minimum
#define fph16_maximum fp16_maximum
#define fph16_compare fp16_compare
#define fph16_eq fp16_eq
#define fph16_lt fp16_lt
#define fph16_le fp16_le
#define fph16_lt_quiet fp16_lt_quiet
#define fph16_le_quiet fp16_le_quiet
#define fph16_classify fp16_classify
#define fph16_round fp16_round
#define fph16_to_i32 fp16_to_i32
#define fph16_to_u32 fp16_to_u32
#define fph16_to_i64 fp16_to_i64
#define fph16_to_u64 fp16_to_u64
#define fph16_from_i32 fp16_from_i32
#define fph16_from_u32 fp16_from_u32
#define fph16_from_i64 fp16_from_i64
#define fph16_from_u64 fp16_from_u64
#define fph16_to_fp32 fp16_to_fp32
#define fph16_to_fp64 fp16_to_fp64
#define fph32_to_fp16 fp32_to_fp16
#define fph64_to_fp16 fp64_to_fp16
#define fph32_minimum fp32_minimum
#define fph32_maximum fp32_maximum
#define fph32_classify fp32_classify
#define fph32_round fp32_round
#define fph64_minimum fp64_minimum
#define fph64_maximum fp64_maximum
#define fph64_classify fp64_classify
#define fph64_round fp64_round
#define fph64_to_i32_modular fp64_to_i32_modular
// clang-format on

static inline float fph32_value(uint32_t bits)
{
	float value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t fph32_bits(float value)
{
	uint32_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline double fph64_value(uint64_t bits)
{
	double value;
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint64_t fph64_bits(double value)
{
	uint64_t bits;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Whether the host rounds as env asks. */
static inline bool fph_nearest(const struct fp_env *env)
{
	return FPH_HOST_IS_EXACT && (env->rm | env->flush) == 0;
}

/* Whether the host reads operands as env asks: for operations in which no rounding happens. */
static inline bool fph_unflushed(const struct fp_env *env)
{
	return FPH_HOST_IS_EXACT && env->flush == 0;
}

/*
 * Biased exponent from 2 to the largest finite one. Exponent 1 is left out because the smallest
 * normal number may be a tiny result rounded up, which underflows.
 */
static inline bool fph32_trusted(uint32_t bits)
{
	return (bits << 1) - (UINT32_C(2) << 24) < UINT32_C(253) << 24;
}

static inline bool fph64_trusted(uint64_t bits)
{
	return (bits << 1) - (UINT64_C(2) << 53) < UINT64_C(2045) << 53;
}

/*
 * The fph_X_exact tests are sufficient, not necessary: false means "ask softfloat". The result r is
 * trusted when they are called. Sums: the rounding error of Knuth's two-sum, itself exact.
 */
static inline bool fph32_sum_exact(float x, float y, float r)
{
	float part = r - x;
	return (x - (r - part)) + (y - part) == 0;
}

static inline bool fph64_sum_exact(double x, double y, double r)
{
	double part = r - x;
	return (x - (r - part)) + (y - part) == 0;
}

/* Two 24-bit significands have a product of at most 48 bits: exact in binary64. */
static inline bool fph32_product_exact(float x, float y, float r)
{
	return (double)x * (double)y == (double)r;
}

static inline bool fph32_quotient_exact(float x, float y, float r)
{
	return (double)r * (double)y == (double)x;
}

/* Whether x * y has at most 53 significant bits because enough of their low bits are zero. */
static inline bool fph64_product_exact(double x, double y)
{
	const uint64_t lead = UINT64_C(1) << 52;
	int zeros = __builtin_ctzll(fph64_bits(x) | lead) + __builtin_ctzll(fph64_bits(y) | lead);
	return zeros >= 53;
}

/*
 * r is x / y rounded, so r * y is off x by less than 2^-53 of it, which is less than the distance
 * to the next number of 53 bits: if r * y has no more bits than that, it is x.
 */
static inline bool fph64_quotient_exact(double y, double r)
{
	return fph64_product_exact(r, y);
}

/* r * r may be off by twice that, so it is compared, where x has its 53 bits. */
static inline bool fph64_root_exact(double x, double r)
{
	return fph64_trusted(fph64_bits(x)) && fph64_product_exact(r, r) && r * r == x;
}

/* fphN_op(env, a, b) for one arithmetic operation of two operands. */
#define FPH_DEFINE_BINARY(N, op, sign, exact)                                                      \
	static inline uint##N##_t fph##N##_##op(struct fp_env *env, uint##N##_t a, uint##N##_t b)  \
	{                                                                                          \
		if (__builtin_expect(fph_nearest(env), 1)) {                                       \
			__typeof__(fph##N##_value(0)) x = fph##N##_value(a);                       \
			__typeof__(x) y = fph##N##_value(b), r = x sign y;                         \
			uint##N##_t bits = fph##N##_bits(r);                                       \
			if (__builtin_expect(fph##N##_trusted(bits), 1) &&                         \
			    (__builtin_expect((env->flags & FP_NX) != 0, 1) || (exact)))           \
				return bits;                                                       \
		}                                                                                  \
		return fp##N##_##op(env, a, b);                                                    \
	}

FPH_DEFINE_BINARY(32, add, +, fph32_sum_exact(x, y, r))
FPH_DEFINE_BINARY(32, sub, -, fph32_sum_exact(x, -y, r))
FPH_DEFINE_BINARY(32, mul, *, fph32_product_exact(x, y, r))
FPH_DEFINE_BINARY(32, div, /, fph32_quotient_exact(x, y, r))
FPH_DEFINE_BINARY(64, add, +, fph64_sum_exact(x, y, r))
FPH_DEFINE_BINARY(64, sub, -, fph64_sum_exact(x, -y, r))
FPH_DEFINE_BINARY(64, mul, *, fph64_product_exact(x, y))
FPH_DEFINE_BINARY(64, div, /, fph64_quotient_exact(y, r))
#undef FPH_DEFINE_BINARY

static inline uint32_t fph32_sqrt(struct fp_env *env, uint32_t a)
{
	if (__builtin_expect(fph_nearest(env), 1)) {
		float x = fph32_value(a), r = __builtin_sqrtf(x);
		if (fph32_trusted(fph32_bits(r)) &&
		    ((env->flags & FP_NX) || fph32_quotient_exact(x, r, r)))
			return fph32_bits(r);
	}
	return fp32_sqrt(env, a);
}

static inline uint64_t fph64_sqrt(struct fp_env *env, uint64_t a)
{
	if (__builtin_expect(fph_nearest(env), 1)) {
		double x = fph64_value(a), r = __builtin_sqrt(x);
		if (fph64_trusted(fph64_bits(r)) &&
		    ((env->flags & FP_NX) || fph64_root_exact(x, r)))
			return fph64_bits(r);
	}
	return fp64_sqrt(env, a);
}

/*
 * The product of two binary32 is exact in binary64, and so is a rounding of the sum to binary32
 * unless the binary64 sum lies exactly between two binary32 numbers, where its own rounding may
 * have hidden the side.
 */
static inline uint32_t fph32_fma(struct fp_env *env, uint32_t a, uint32_t b, uint32_t c,
				 unsigned negate)
{
	if (__builtin_expect(fph_nearest(env), 1)) {
		double product = (double)fph32_value(a) * (double)fph32_value(b);
		double z = fph32_value(c);
		product = negate & FP_NEGATE_PRODUCT ? -product : product;
		z = negate & FP_NEGATE_ADDEND ? -z : z;
		double sum = product + z;
		float r = (float)sum;
		bool between = (fph64_bits(sum) & 0x1fffffff) == 0x10000000;
		if (fph32_trusted(fph32_bits(r)) && !between &&
		    ((env->flags & FP_NX) ||
		     ((double)r == sum && fph64_sum_exact(product, z, sum))))
			return fph32_bits(r);
	}
	return fp32_fma(env, a, b, c, negate);
}

/* Whether this host has a fused multiply-add, and its result; the answer never changes in a run. */
#if defined(__FMA__) || defined(__FP_FAST_FMA) || defined(__aarch64__)
static inline bool fph_has_fma(void)
{
	return true;
}

static inline double fph_fma(double x, double y, double z)
{
	return __builtin_fma(x, y, z);
}
#elif defined(__x86_64__)
static inline bool fph_has_fma(void)
{
	return __builtin_cpu_supports("fma") != 0;
}

double fph_fma(double x, double y, double z);
#else
static inline bool fph_has_fma(void)
{
	return false;
}

static inline double fph_fma(double x, double y, double z)
{
	return x * y + z;
}
#endif

static inline uint64_t fph64_fma(struct fp_env *env, uint64_t a, uint64_t b, uint64_t c,
				 unsigned negate)
{
	if (__builtin_expect(fph_nearest(env), 1) && (env->flags & FP_NX) && fph_has_fma()) {
		double x = fph64_value(a), z = fph64_value(c);
		x = negate & FP_NEGATE_PRODUCT ? -x : x;
		z = negate & FP_NEGATE_ADDEND ? -z : z;
		uint64_t bits = fph64_bits(fph_fma(x, fph64_value(b), z));
		if (fph64_trusted(bits))
			return bits;
	}
	return fp64_fma(env, a, b, c, negate);
}

/* Comparisons and minimum: exact whenever neither operand is a NaN, in any rounding mode. */
#define FPH_DEFINE_COMPARE(N, op, sign)                                                            \
	static inline bool fph##N##_##op(struct fp_env *env, uint##N##_t a, uint##N##_t b)         \
	{                                                                                          \
		__typeof__(fph##N##_value(0)) x = fph##N##_value(a), y = fph##N##_value(b);        \
		if (__builtin_expect(fph_unflushed(env) && !__builtin_isunordered(x, y), 1))       \
			return x sign y;                                                           \
		return fp##N##_##op(env, a, b);                                                    \
	}

FPH_DEFINE_COMPARE(32, eq, ==)
FPH_DEFINE_COMPARE(32, lt, <)
FPH_DEFINE_COMPARE(32, le, <=)
FPH_DEFINE_COMPARE(32, lt_quiet, <)
FPH_DEFINE_COMPARE(32, le_quiet, <=)
FPH_DEFINE_COMPARE(64, eq, ==)
FPH_DEFINE_COMPARE(64, lt, <)
FPH_DEFINE_COMPARE(64, le, <=)
FPH_DEFINE_COMPARE(64, lt_quiet, <)
FPH_DEFINE_COMPARE(64, le_quiet, <=)
#undef FPH_DEFINE_COMPARE

#define FPH_DEFINE_ORDER(N)                                                                        \
	static inline enum fp_order fph##N##_compare(struct fp_env *env, uint##N##_t a,            \
						     uint##N##_t b, bool quiet)                    \
	{                                                                                          \
		__typeof__(fph##N##_value(0)) x = fph##N##_value(a), y = fph##N##_value(b);        \
		if (__builtin_expect(fph_unflushed(env) && !__builtin_isunordered(x, y), 1))       \
			return x < y ? FP_LESS : x > y ? FP_GREATER : FP_EQUAL;                    \
		return fp##N##_compare(env, a, b, quiet);                                          \
	}

FPH_DEFINE_ORDER(32)
FPH_DEFINE_ORDER(64)
#undef FPH_DEFINE_ORDER

/* Equal operands are the same bits or zeros, so | and & pick the sign. */
#define FPH_DEFINE_EXTREME(N, op, sign, join)                                                      \
	static inline uint##N##_t fph##N##_##op(struct fp_env *env, uint##N##_t a, uint##N##_t b)  \
	{                                                                                          \
		__typeof__(fph##N##_value(0)) x = fph##N##_value(a), y = fph##N##_value(b);        \
		if (__builtin_expect(fph_unflushed(env) && !__builtin_isunordered(x, y), 1))       \
			return x == y ? a join b : x sign y ? a : b;                               \
		return fp##N##_##op(env, a, b);                                                    \
	}

FPH_DEFINE_EXTREME(32, min, <, |)
FPH_DEFINE_EXTREME(32, max, >, &)
FPH_DEFINE_EXTREME(64, min, <, |)
FPH_DEFINE_EXTREME(64, max, >, &)
#undef FPH_DEFINE_EXTREME

/* Between the two formats: widening a number is exact, narrowing is arithmetic. */
static inline uint64_t fph32_to_fp64(struct fp_env *env, uint32_t a)
{
	float x = fph32_value(a);
	if (__builtin_expect(fph_unflushed(env) && x == x, 1))
		return fph64_bits((double)x);
	return fp32_to_fp64(env, a);
}

static inline uint32_t fph64_to_fp32(struct fp_env *env, uint64_t a)
{
	double x = fph64_value(a);
	uint32_t bits = fph32_bits((float)x);
	if (__builtin_expect(fph_nearest(env) && fph32_trusted(bits), 1) &&
	    ((env->flags & FP_NX) || (double)fph32_value(bits) == x))
		return bits;
	return fp64_to_fp32(env, a);
}

/*
 * To integers: in range, the host truncates; that is the answer when nothing was cut off or when
 * truncation is asked for. low and high are exclusive, and exact in either format.
 */
#define FPH_DEFINE_TO_INTEGER(N, name, type, low, high)                                            \
	static inline type fph##N##_to_##name(struct fp_env *env, uint##N##_t a, uint8_t rm)       \
	{                                                                                          \
		double x = fph##N##_value(a);                                                      \
		if (__builtin_expect(fph_unflushed(env) && x > (low) && x < (high), 1)) {          \
			int64_t value = (int64_t)x;                                                \
			if ((double)value == x)                                                    \
				return (type)value;                                                \
			if (rm == FP_RTZ) {                                                        \
				env->flags |= FP_NX;                                               \
				return (type)value;                                                \
			}                                                                          \
		}                                                                                  \
		return fp##N##_to_##name(env, a, rm);                                              \
	}

FPH_DEFINE_TO_INTEGER(32, i32, int32_t, -0x1p31 - 1, 0x1p31)
FPH_DEFINE_TO_INTEGER(32, u32, uint32_t, -1.0, 0x1p32)
FPH_DEFINE_TO_INTEGER(32, i64, int64_t, -0x1p63, 0x1p63)
FPH_DEFINE_TO_INTEGER(32, u64, uint64_t, -1.0, 0x1p63)
FPH_DEFINE_TO_INTEGER(64, i32, int32_t, -0x1p31 - 1, 0x1p31)
FPH_DEFINE_TO_INTEGER(64, u32, uint32_t, -1.0, 0x1p32)
FPH_DEFINE_TO_INTEGER(64, i64, int64_t, -0x1p63, 0x1p63)
FPH_DEFINE_TO_INTEGER(64, u64, uint64_t, -1.0, 0x1p63)
#undef FPH_DEFINE_TO_INTEGER

/* From integers: the only exception is NX, and small enough magnitudes are exact in any mode. */
static inline uint64_t fph64_from_i32(struct fp_env *env, int32_t value)
{
	(void)env;
	return fph64_bits((double)value);
}

static inline uint64_t fph64_from_u32(struct fp_env *env, uint32_t value)
{
	(void)env;
	return fph64_bits((double)value);
}

#define FPH_DEFINE_FROM_INTEGER(N, name, type, fits)                                               \
	static inline uint##N##_t fph##N##_from_##name(struct fp_env *env, type value)             \
	{                                                                                          \
		if (__builtin_expect((fits) || (fph_nearest(env) && (env->flags & FP_NX)), 1))     \
			return fph##N##_bits((__typeof__(fph##N##_value(0)))value);                \
		return fp##N##_from_##name(env, value);                                            \
	}

FPH_DEFINE_FROM_INTEGER(64, i64, int64_t,
			(uint64_t)value + (UINT64_C(1) << 53) <= UINT64_C(1) << 54)
FPH_DEFINE_FROM_INTEGER(64, u64, uint64_t, value <= UINT64_C(1) << 53)
FPH_DEFINE_FROM_INTEGER(32, i32, int32_t, (uint32_t)value + (1u << 24) <= 1u << 25)
FPH_DEFINE_FROM_INTEGER(32, u32, uint32_t, value <= 1u << 24)
FPH_DEFINE_FROM_INTEGER(32, i64, int64_t, (uint64_t)value + (1u << 24) <= 1u << 25)
FPH_DEFINE_FROM_INTEGER(32, u64, uint64_t, value <= 1u << 24)
#undef FPH_DEFINE_FROM_INTEGER

#endif
