/*
 * What the softfloat*.c files share: numbers taken apart, and the one place that rounds and packs.
 * Everything here is written once for any binary format of at most 53 bits of precision and is
 * inlined with the format as a constant.
 */
#ifndef ENGINE_SOFTFLOAT_INTERNAL_H
#define ENGINE_SOFTFLOAT_INTERNAL_H

#include "engine/softfloat.h"

#define FP_INLINE static inline __attribute__((always_inline))

__extension__ typedef unsigned __int128 fp_uint128;

struct fp_format {
	int precision;     /* bits of the significand, the implied one included */
	int exponent_bits; /* width of the exponent field */
};

static const struct fp_format fp_format16 = {11, 5};
static const struct fp_format fp_format32 = {24, 8};
static const struct fp_format fp_format64 = {53, 11};
static const struct fp_format fp_format_bf16 = {8, 8};

/* Ordered so that the special kinds are those from INFINITE up, and the NaNs from QUIET_NAN up. */
enum fp_kind { FP_KIND_ZERO, FP_KIND_FINITE, FP_KIND_INFINITE, FP_KIND_QUIET, FP_KIND_SIGNALING };

/*
 * FINITE: value = sig * 2^(exp - 63), bit 63 of sig set, subnormals normalized. NaN: sig holds the
 * fraction field left-aligned, the quiet bit in bit 62.
 */
struct fp_number {
	uint64_t sig;
	int exp;
	uint8_t kind; /* enum fp_kind */
	bool sign;
};

#define FP_LEAD      (UINT64_C(1) << 63)
#define FP_QUIET_BIT (UINT64_C(1) << 62)

/*
 * The NaN that operands a, b, c give under env->nan_rule, NV raised if one is signaling. At least
 * one is a NaN; operands that do not exist are passed as zeros. Its sign and sig are to be packed.
 */
struct fp_number fp_choose_nan(struct fp_env *env, struct fp_number a, struct fp_number b,
			       struct fp_number c);

/* The NaN of an invalid operation; raises NV. */
struct fp_number fp_invalid(struct fp_env *env);

FP_INLINE int fp_bias(struct fp_format f)
{
	return (1 << (f.exponent_bits - 1)) - 1;
}

/* Infinity's exponent field, and infinity itself. */
FP_INLINE uint64_t fp_field_max(struct fp_format f)
{
	return (UINT64_C(1) << f.exponent_bits) - 1;
}

FP_INLINE uint64_t fp_infinity(struct fp_format f)
{
	return fp_field_max(f) << (f.precision - 1);
}

FP_INLINE uint64_t fp_sign_bit(struct fp_format f, bool sign)
{
	return (uint64_t)sign << (f.precision + f.exponent_bits - 1);
}

FP_INLINE uint64_t fp_magnitude(struct fp_format f, uint64_t bits)
{
	return bits & (fp_sign_bit(f, true) - 1);
}

FP_INLINE uint64_t fp_pack_zero(struct fp_format f, bool sign)
{
	return fp_sign_bit(f, sign);
}

FP_INLINE uint64_t fp_pack_infinity(struct fp_format f, bool sign)
{
	return fp_sign_bit(f, sign) | fp_infinity(f);
}

FP_INLINE uint64_t fp_pack_nan(struct fp_format f, struct fp_number nan)
{
	return fp_pack_infinity(f, nan.sign) | (nan.sig & ~FP_LEAD) >> (64 - f.precision);
}

FP_INLINE bool fp_is_nan(struct fp_number a)
{
	return a.kind >= FP_KIND_QUIET;
}

/* The sign of an exact zero sum of nonzero terms, or of zeros of opposite sign (IEEE 754 6.3). */
FP_INLINE bool fp_zero_sum_sign(const struct fp_env *env)
{
	return env->rm == FP_RDN;
}

/* Shift right; any one bit that falls out stays as a one in the lowest bit. */
FP_INLINE uint64_t fp_shift_sticky(uint64_t value, unsigned count)
{
	if (count >= 64)
		return value != 0;
	return value >> count | (value & ((UINT64_C(1) << count) - 1) ? 1 : 0);
}

/* A subnormal operand that counts as zero. */
FP_INLINE void fp_note_flushed(struct fp_env *env)
{
	if (env->flush & FP_FLUSH_TELLS)
		env->flags |= FP_ID;
}

FP_INLINE struct fp_number fp_unpack(struct fp_format f, struct fp_env *env, uint64_t bits)
{
	const int align = 64 - f.precision;
	struct fp_number n = {.sign = bits >> (f.precision + f.exponent_bits - 1) & 1};
	uint64_t field = bits >> (f.precision - 1) & fp_field_max(f);
	uint64_t fraction = bits & ((UINT64_C(1) << (f.precision - 1)) - 1);

	n.sig = fraction << align;
	if (__builtin_expect(field - 1 < fp_field_max(f) - 1, 1)) {
		n.kind = FP_KIND_FINITE;
		n.sig |= FP_LEAD;
		n.exp = (int)field - fp_bias(f);
	} else if (field != 0) {
		n.kind = fraction == 0          ? FP_KIND_INFINITE
			 : n.sig & FP_QUIET_BIT ? FP_KIND_QUIET
						: FP_KIND_SIGNALING;
	} else if (fraction == 0) {
		n.kind = FP_KIND_ZERO;
	} else if (env->flush & FP_FLUSH_INPUTS) {
		n.kind = FP_KIND_ZERO;
		fp_note_flushed(env);
	} else {
		int shift = __builtin_clzll(n.sig);
		n.kind = FP_KIND_FINITE;
		n.sig <<= shift;
		n.exp = 1 - fp_bias(f) - shift;
	}
	return n;
}

/*
 * Whether a magnitude is rounded up (IEEE 754 4.3): odd is its last kept bit, rest what is cut off,
 * half the weight of half a last place.
 */
FP_INLINE bool fp_rounds_up(uint8_t rm, bool sign, bool odd, uint64_t rest, uint64_t half)
{
	switch (rm) {
	case FP_RNE: return rest > half || (rest == half && odd);
	case FP_RDN: return sign && rest != 0;
	case FP_RUP: return !sign && rest != 0;
	case FP_RMM: return rest >= half;
	case FP_ODD: return !odd && rest != 0;
	default: return false;
	}
}

/* Result of an overflow (IEEE 754 7.4): infinity, or the largest number where rounding is inward.
 */
FP_INLINE uint64_t fp_overflow(struct fp_format f, struct fp_env *env, bool sign)
{
	env->flags |= FP_OF | FP_NX;
	bool outward =
		env->rm == FP_RNE || env->rm == FP_RMM || env->rm == (sign ? FP_RDN : FP_RUP);
	return fp_pack_infinity(f, sign) - !outward;
}

/*
 * Round and pack a number below the smallest normal one. Tininess after rounding (IEEE 754 7.5 a)
 * asks whether the number would still be below with an unbounded exponent.
 */
FP_INLINE uint64_t fp_round_pack_tiny(struct fp_format f, struct fp_env *env, bool sign, int exp,
				      uint64_t sig)
{
	const int drop = 64 - f.precision;
	const uint64_t half = UINT64_C(1) << (drop - 1), mask = half * 2 - 1;
	int below = 1 - fp_bias(f) - exp;
	bool tiny = true;

	if (below == 1 && !env->tininess_before_rounding && sig >> drop == UINT64_MAX >> drop)
		tiny = !fp_rounds_up(env->rm, sign, true, sig & mask, half);
	if (tiny && env->flush & FP_FLUSH_RESULTS) {
		env->flags |= env->flush & FP_FLUSH_UNDERFLOW ? FP_UF : FP_UF | FP_NX;
		return fp_pack_zero(f, sign);
	}
	sig = fp_shift_sticky(sig, (unsigned)below);
	uint64_t rest = sig & mask, kept = sig >> drop;
	kept += fp_rounds_up(env->rm, sign, kept & 1, rest, half);
	if (rest != 0)
		env->flags |= tiny ? FP_UF | FP_NX : FP_NX;
	return fp_sign_bit(f, sign) | kept;
}

/*
 * The rounded, packed value of sig * 2^(exp - 63), bit 63 of sig set, bit 0 sticky. A carry out of
 * the significand runs into the exponent field, as the encoding is made for.
 */
FP_INLINE uint64_t fp_round_pack(struct fp_format f, struct fp_env *env, bool sign, int exp,
				 uint64_t sig)
{
	const int drop = 64 - f.precision;
	const uint64_t half = UINT64_C(1) << (drop - 1), mask = half * 2 - 1;
	int field = exp + fp_bias(f);

	if (__builtin_expect(field < 1, 0))
		return fp_round_pack_tiny(f, env, sign, exp, sig);
	if (__builtin_expect(field >= (int)fp_field_max(f), 0))
		return fp_overflow(f, env, sign);
	uint64_t rest = sig & mask, kept = sig >> drop;
	kept += fp_rounds_up(env->rm, sign, kept & 1, rest, half);
	uint64_t packed = ((uint64_t)(field - 1) << (f.precision - 1)) + kept;
	if (__builtin_expect(packed >= fp_infinity(f), 0))
		return fp_overflow(f, env, sign);
	if (rest != 0)
		env->flags |= FP_NX;
	return fp_sign_bit(f, sign) | packed;
}

#endif
