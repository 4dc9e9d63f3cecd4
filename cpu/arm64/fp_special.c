#include "cpu/arm64/fp_special.h"

#include "engine/softfloat.h"

/* -- formats -- */

static unsigned fraction_bits(unsigned n)
{
	return n == 16 ? 10 : n == 32 ? 23 : 52;
}

static uint64_t sign_bit(unsigned n)
{
	return 1ull << (n - 1);
}

static uint64_t infinity(unsigned n)
{
	return sign_bit(n) - (1ull << fraction_bits(n));
}

static uint64_t magnitude(unsigned n, uint64_t a)
{
	return a & (sign_bit(n) - 1);
}

static unsigned exponent(unsigned n, uint64_t a)
{
	return (unsigned)(magnitude(n, a) >> fraction_bits(n));
}

static bool is_nan(unsigned n, uint64_t a)
{
	return magnitude(n, a) > infinity(n);
}

static bool is_infinite(unsigned n, uint64_t a)
{
	return magnitude(n, a) == infinity(n);
}

static bool is_quiet(unsigned n, uint64_t a)
{
	return is_nan(n, a) && a >> (fraction_bits(n) - 1) & 1;
}

/* 2^power, or 1.5 * 2^power. */
static uint64_t power_of_two(unsigned n, int power)
{
	uint64_t bias = infinity(n) >> (fraction_bits(n) + 1);
	return (bias + (uint64_t)(int64_t)power) << fraction_bits(n);
}

static uint64_t half_more(unsigned n, uint64_t a)
{
	return a | 1ull << (fraction_bits(n) - 1);
}

/* An operand as the operation sees it (FPUnpack). */
static uint64_t flush(unsigned n, struct fp_env *env, uint64_t a)
{
	if (!(env->flush & FP_FLUSH_INPUTS) || exponent(n, a) || !magnitude(n, a))
		return a;
	if (env->flush & FP_FLUSH_TELLS)
		env->flags |= FP_ID;
	return a & sign_bit(n);
}

/* -- the operations of softfloat.h for any format -- */

static uint64_t multiply(unsigned n, struct fp_env *env, uint64_t a, uint64_t b)
{
	switch (n) {
	case 16: return fp16_mul(env, (uint16_t)a, (uint16_t)b);
	case 32: return fp32_mul(env, (uint32_t)a, (uint32_t)b);
	default: return fp64_mul(env, a, b);
	}
}

static uint64_t fused(unsigned n, struct fp_env *env, uint64_t a, uint64_t b, uint64_t c)
{
	switch (n) {
	case 16: return fp16_fma(env, (uint16_t)a, (uint16_t)b, (uint16_t)c, 0);
	case 32: return fp32_fma(env, (uint32_t)a, (uint32_t)b, (uint32_t)c, 0);
	default: return fp64_fma(env, a, b, c, 0);
	}
}

static uint64_t extreme(unsigned n, struct fp_env *env, uint64_t a, uint64_t b, bool maximum)
{
	switch (n) {
	case 16:
		return maximum ? fp16_maximum(env, (uint16_t)a, (uint16_t)b)
			       : fp16_minimum(env, (uint16_t)a, (uint16_t)b);
	case 32:
		return maximum ? fp32_maximum(env, (uint32_t)a, (uint32_t)b)
			       : fp32_minimum(env, (uint32_t)a, (uint32_t)b);
	default: return maximum ? fp64_maximum(env, a, b) : fp64_minimum(env, a, b);
	}
}

/* The result for operands of which at least one is a NaN (FPProcessNaNs). */
static uint64_t nan_of(unsigned n, struct fp_env *env, uint64_t a, uint64_t b)
{
	return multiply(n, env, a, b);
}

/* -- arithmetic -- */

static bool infinity_times_zero(unsigned n, uint64_t a, uint64_t b)
{
	return (is_infinite(n, a) && !magnitude(n, b)) || (is_infinite(n, b) && !magnitude(n, a));
}

uint64_t arm64_fp_multiply_extended(unsigned n, struct fp_env *env, uint64_t a, uint64_t b)
{
	a = flush(n, env, a);
	b = flush(n, env, b);
	if (infinity_times_zero(n, a, b))
		return ((a ^ b) & sign_bit(n)) | power_of_two(n, 1);
	return multiply(n, env, a, b);
}

uint64_t arm64_fp_extreme_number(unsigned n, struct fp_env *env, uint64_t a, uint64_t b,
				 bool maximum)
{
	uint64_t loser = infinity(n) | (maximum ? sign_bit(n) : 0);
	bool a_quiet = is_quiet(n, a), b_quiet = is_quiet(n, b);
	if (a_quiet && !b_quiet)
		a = loser;
	else if (b_quiet && !a_quiet)
		b = loser;
	return extreme(n, env, a, b, maximum);
}

uint64_t arm64_fp_reciprocal_step(unsigned n, struct fp_env *env, uint64_t a, uint64_t b)
{
	a = flush(n, env, a) ^ sign_bit(n);
	b = flush(n, env, b);
	if (is_nan(n, a) || is_nan(n, b))
		return nan_of(n, env, a, b);
	if (infinity_times_zero(n, a, b))
		return power_of_two(n, 1);
	return fused(n, env, a, b, power_of_two(n, 1));
}

/*
 * 1.5 - a / 2 * b: the half is exact, and taken of an operand that is large enough. If both are
 * small, the product does no more than make 1.5 inexact.
 */
uint64_t arm64_fp_root_step(unsigned n, struct fp_env *env, uint64_t a, uint64_t b)
{
	uint64_t one = 1ull << fraction_bits(n), result = half_more(n, power_of_two(n, 0));
	a = flush(n, env, a) ^ sign_bit(n);
	b = flush(n, env, b);
	if (is_nan(n, a) || is_nan(n, b))
		return nan_of(n, env, a, b);
	if (infinity_times_zero(n, a, b))
		return result;
	if (!is_infinite(n, a) && !is_infinite(n, b)) {
		if (exponent(n, a) >= 2)
			a -= one;
		else if (exponent(n, b) >= 2)
			b -= one;
	}
	return fused(n, env, a, b, result);
}

/* -- estimates -- */

/* RecipEstimate: of a number from 256 to 511, standing for 0.5 to 1. */
static unsigned reciprocal(unsigned a)
{
	a = a * 2 + 1;
	return ((1u << 19) / a + 1) / 2;
}

/* RecipSqrtEstimate: of a number from 128 to 511, standing for 0.25 to 1. */
static unsigned reciprocal_root(unsigned a)
{
	a = a < 256 ? a * 2 + 1 : ((a >> 1 << 1) + 1) * 2;
	unsigned b = 512;
	while (a * (b + 1) * (b + 1) < 1u << 28)
		b++;
	return (b + 1) / 2;
}

/* The estimate of a number too small: infinity, or the largest number. */
static uint64_t estimate_overflow(unsigned n, struct fp_env *env, uint64_t sign)
{
	bool outward = env->rm == FP_RNE || env->rm == (sign ? FP_RDN : FP_RUP);
	env->flags |= FP_OF | FP_NX;
	return sign | (infinity(n) - !outward);
}

/* A finite number's fraction field, left-aligned to 52 bits, and exponent; subnormals normalized.
 */
static uint64_t take_apart(unsigned n, uint64_t a, int *exp)
{
	uint64_t fraction = (a & ((1ull << fraction_bits(n)) - 1)) << (52 - fraction_bits(n));
	*exp = (int)exponent(n, a);
	if (*exp)
		return fraction;
	int shift = __builtin_clzll(fraction) - 11;
	*exp = 1 - shift;
	return fraction << shift & ((1ull << 52) - 1);
}

uint64_t arm64_fp_reciprocal_estimate(unsigned n, struct fp_env *env, uint64_t a)
{
	enum { SMALLEST_KEPT = 2 }; /* leading fraction bits, of which one must be set */
	a = flush(n, env, a);
	uint64_t sign = a & sign_bit(n), value = magnitude(n, a);
	if (is_nan(n, a))
		return nan_of(n, env, a, a);
	if (is_infinite(n, a))
		return sign;
	if (value == 0) {
		env->flags |= FP_DZ;
		return sign | infinity(n);
	}
	if (value >> (fraction_bits(n) - SMALLEST_KEPT) == 0)
		return estimate_overflow(n, env, sign);
	int exp;
	uint64_t fraction = take_apart(n, a, &exp);
	int result = 2 * (int)(infinity(n) >> (fraction_bits(n) + 1)) - 1 - exp;
	if (result <= 0 && env->flush & FP_FLUSH_RESULTS) {
		env->flags |= FP_UF;
		return sign;
	}
	/* With the leading bit, which a subnormal result has in its fraction. */
	uint64_t estimate = (uint64_t)reciprocal((unsigned)(fraction >> 44) | 256) << 44;
	if (result <= 0) {
		estimate >>= 1 - result;
		result = 0;
	}
	estimate &= (1ull << 52) - 1;
	return sign | (uint64_t)result << fraction_bits(n) | estimate >> (52 - fraction_bits(n));
}

uint64_t arm64_fp_root_estimate(unsigned n, struct fp_env *env, uint64_t a)
{
	a = flush(n, env, a);
	uint64_t sign = a & sign_bit(n);
	if (is_nan(n, a))
		return nan_of(n, env, a, a);
	if (magnitude(n, a) == 0) {
		env->flags |= FP_DZ;
		return sign | infinity(n);
	}
	if (sign) {
		env->flags |= FP_NV;
		return half_more(n, infinity(n));
	}
	if (is_infinite(n, a))
		return 0;
	int exp;
	uint64_t fraction = take_apart(n, a, &exp);
	unsigned scaled = (unsigned)(fraction >> 44) | 256;
	if (exp & 1)
		scaled >>= 1;
	/* Three times the bias, less one, and rounded down with the exponent. */
	int bias = (int)(infinity(n) >> (fraction_bits(n) + 1));
	int result = (3 * bias - 1 - exp) >> 1;
	uint64_t estimate = (uint64_t)(reciprocal_root(scaled) & 255) << 44;
	return (uint64_t)result << fraction_bits(n) | estimate >> (52 - fraction_bits(n));
}

uint64_t arm64_fp_reciprocal_exponent(unsigned n, struct fp_env *env, uint64_t a)
{
	uint64_t field = infinity(n), last = 1ull << fraction_bits(n);
	a = flush(n, env, a);
	if (is_nan(n, a))
		return nan_of(n, env, a, a);
	uint64_t inverted = exponent(n, a) ? ~a & field : field - last;
	return (a & sign_bit(n)) | inverted;
}

/* -- conversions -- */

uint64_t arm64_fp_round_within(unsigned n, struct fp_env *env, uint64_t a, uint8_t rm,
			       unsigned bits)
{
	struct fp_env try = *env;
	uint64_t least = 1ull << (bits - 1);
	try.flags = 0;
	uint64_t integer = n == 32 ? fp32_to_fixed(&try, (uint32_t)a, rm, 0, least - 1, least)
				   : fp64_to_fixed(&try, a, rm, 0, least - 1, least);
	env->flags |= try.flags;
	if (try.flags & FP_NV)
		integer = -least;
	if (integer == 0)
		return a & sign_bit(n);
	bool negative = integer >> 63;
	uint64_t size = negative ? -integer : integer;
	return n == 32 ? fp32_from_fixed(&try, size, negative, 0)
		       : fp64_from_fixed(&try, size, negative, 0);
}

uint64_t arm64_fp_from_half(unsigned n, struct fp_env *env, uint16_t a, bool alternative)
{
	struct fp_env own = *env;
	own.flush = 0;
	uint64_t large = exponent(16, a) == 31 && alternative;
	/* Twice the number half as large. */
	uint16_t half = large ? (uint16_t)(a - (1 << 10)) : a;
	uint64_t result = n == 32 ? fp16_to_fp32(&own, half) : fp16_to_fp64(&own, half);
	env->flags |= own.flags;
	return result + (large << fraction_bits(n));
}

uint16_t arm64_fp_to_half(unsigned n, struct fp_env *env, uint64_t a, bool alternative)
{
	enum { SIGN = 0x8000, LARGEST = 0x7fff };
	struct fp_env own = *env;
	uint16_t sign = a & sign_bit(n) ? SIGN : 0;
	own.flush &= (uint8_t)~FP_FLUSH_RESULTS;
	own.flags = 0;
	if (alternative && (is_nan(n, a) || is_infinite(n, a))) {
		env->flags |= FP_NV;
		return is_nan(n, a) ? sign : sign | LARGEST;
	}
	/* A large number at half its size, whose exponent is then put right. */
	uint64_t limit = power_of_two(n, 15);
	bool large = alternative && magnitude(n, a) >= limit;
	if (large)
		a -= 1ull << fraction_bits(n);
	uint16_t half = n == 32 ? fp32_to_fp16(&own, (uint32_t)a) : fp64_to_fp16(&own, a);
	if (large && own.flags & FP_OF) {
		env->flags |= FP_NV;
		return sign | LARGEST;
	}
	env->flags |= own.flags;
	return large ? (uint16_t)(half + (1 << 10)) : half;
}

uint32_t arm64_fp_half_as_single(const struct fp_env *env, uint16_t a)
{
	uint32_t sign = (uint32_t)(a & 0x8000) << 16;
	if (is_nan(16, a))
		return sign | (uint32_t)infinity(32) | (uint32_t)(a & 0x3ff) << 13;
	struct fp_env exact = {.flush = env->flush & FP_FLUSH_INPUTS};
	return fp16_to_fp32(&exact, a);
}

/* -- bfloat16 -- */

/* Overflow is infinite although rounding is to odd. */
static uint32_t to_infinity(struct fp_env *env, uint32_t result)
{
	if (env->flags & FP_OF)
		result = (result & 0x80000000) | (uint32_t)infinity(32);
	env->flags = 0;
	return result;
}

uint32_t arm64_bf16_dot(uint32_t sum, uint32_t a, uint32_t b)
{
	struct fp_env env = {
		.rm = FP_ODD,
		.flush = FP_FLUSH_INPUTS | FP_FLUSH_RESULTS,
		.nan_rule = FP_NAN_CANONICAL,
		.tininess_before_rounding = true,
	};
	uint32_t low = to_infinity(&env, fp32_mul(&env, a << 16, b << 16));
	uint32_t high = to_infinity(&env, fp32_mul(&env, a & 0xffff0000, b & 0xffff0000));
	uint32_t products = to_infinity(&env, fp32_add(&env, low, high));
	return to_infinity(&env, fp32_add(&env, sum, products));
}

/* -- JavaScript -- */

uint32_t arm64_fp_to_javascript(struct fp_env *env, uint64_t a, bool *exact)
{
	struct fp_env own = *env;
	own.flags = 0;
	uint32_t result = (uint32_t)fp64_to_i32_modular(&own, a);
	env->flags |= own.flags;
	/* A flushed subnormal is not itself either. */
	*exact = !(own.flags & (FP_NV | FP_NX)) && (result || !a);
	return result;
}
