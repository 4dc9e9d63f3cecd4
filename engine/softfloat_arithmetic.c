#include "engine/softfloat_internal.h"

static const struct fp_number no_operand = {.kind = FP_KIND_ZERO};

FP_INLINE uint64_t nan_of(struct fp_format f, struct fp_env *env, struct fp_number a,
			  struct fp_number b)
{
	return fp_pack_nan(f, fp_choose_nan(env, a, b, no_operand));
}

/* The sum when an operand is infinite or NaN. b_sign already has the subtraction in it. */
FP_INLINE uint64_t add_special(struct fp_format f, struct fp_env *env, struct fp_number a,
			       struct fp_number b, bool b_sign)
{
	if (fp_is_nan(a) || fp_is_nan(b))
		return nan_of(f, env, a, b);
	if (a.kind == b.kind && a.sign != b_sign)
		return fp_pack_nan(f, fp_invalid(env));
	return fp_pack_infinity(f, a.kind == FP_KIND_INFINITE ? a.sign : b_sign);
}

FP_INLINE uint64_t add_zero(struct fp_format f, struct fp_env *env, struct fp_number a,
			    struct fp_number b, bool b_sign)
{
	if (a.kind == FP_KIND_FINITE)
		return fp_round_pack(f, env, a.sign, a.exp, a.sig);
	if (b.kind == FP_KIND_FINITE)
		return fp_round_pack(f, env, b_sign, b.exp, b.sig);
	return fp_pack_zero(f, a.sign == b_sign ? a.sign : fp_zero_sum_sign(env));
}

/*
 * a + b, or a - b. The leading bit moves to bit 62 to leave room for a carry; at least ten zero
 * bits stay below, so a sticky bit is lost only where no cancellation of more than one bit can
 * follow.
 */
FP_INLINE uint64_t add(struct fp_format f, struct fp_env *env, uint64_t a_bits, uint64_t b_bits,
		       bool subtract)
{
	struct fp_number a = fp_unpack(f, env, a_bits), b = fp_unpack(f, env, b_bits);
	bool b_sign = b.sign ^ subtract;

	if (__builtin_expect(a.kind != FP_KIND_FINITE || b.kind != FP_KIND_FINITE, 0)) {
		if (a.kind >= FP_KIND_INFINITE || b.kind >= FP_KIND_INFINITE)
			return add_special(f, env, a, b, b_sign);
		return add_zero(f, env, a, b, b_sign);
	}
	bool sign = a.sign, differ = a.sign != b_sign;
	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		struct fp_number larger = b;
		b = a;
		a = larger;
		sign = b_sign;
	}
	uint64_t x = a.sig >> 1;
	uint64_t y = fp_shift_sticky(b.sig >> 1, (unsigned)(a.exp - b.exp));
	uint64_t sum = differ ? x - y : x + y;
	if (sum == 0)
		return fp_pack_zero(f, fp_zero_sum_sign(env));
	int shift = __builtin_clzll(sum);
	return fp_round_pack(f, env, sign, a.exp + 1 - shift, sum << shift);
}

FP_INLINE uint64_t mul_special(struct fp_format f, struct fp_env *env, struct fp_number a,
			       struct fp_number b)
{
	if (fp_is_nan(a) || fp_is_nan(b))
		return nan_of(f, env, a, b);
	bool zero = a.kind == FP_KIND_ZERO || b.kind == FP_KIND_ZERO;
	if (a.kind != FP_KIND_INFINITE && b.kind != FP_KIND_INFINITE)
		return fp_pack_zero(f, a.sign ^ b.sign);
	return zero ? fp_pack_nan(f, fp_invalid(env)) : fp_pack_infinity(f, a.sign ^ b.sign);
}

FP_INLINE uint64_t mul(struct fp_format f, struct fp_env *env, uint64_t a_bits, uint64_t b_bits)
{
	struct fp_number a = fp_unpack(f, env, a_bits), b = fp_unpack(f, env, b_bits);

	if (__builtin_expect(a.kind != FP_KIND_FINITE || b.kind != FP_KIND_FINITE, 0))
		return mul_special(f, env, a, b);
	fp_uint128 product = (fp_uint128)a.sig * b.sig;
	uint64_t high = product >> 64, low = (uint64_t)product;
	int exp = a.exp + b.exp + 1;
	if (!(high & FP_LEAD)) {
		high = high << 1 | low >> 63;
		low <<= 1;
		exp--;
	}
	return fp_round_pack(f, env, a.sign ^ b.sign, exp, high | (low != 0));
}

FP_INLINE uint64_t div_special(struct fp_format f, struct fp_env *env, struct fp_number a,
			       struct fp_number b)
{
	bool sign = a.sign ^ b.sign;

	if (fp_is_nan(a) || fp_is_nan(b))
		return nan_of(f, env, a, b);
	if (a.kind == b.kind)
		return fp_pack_nan(f, fp_invalid(env));
	if (a.kind == FP_KIND_INFINITE)
		return fp_pack_infinity(f, sign);
	if (b.kind == FP_KIND_INFINITE || a.kind == FP_KIND_ZERO)
		return fp_pack_zero(f, sign);
	env->flags |= FP_DZ;
	return fp_pack_infinity(f, sign);
}

/*
 * The quotient of the significands with at least two bits more than the precision, the remainder in
 * the sticky bit; one machine division where the significands are short.
 */
FP_INLINE uint64_t div(struct fp_format f, struct fp_env *env, uint64_t a_bits, uint64_t b_bits)
{
	struct fp_number a = fp_unpack(f, env, a_bits), b = fp_unpack(f, env, b_bits);
	int exp = a.exp - b.exp;
	uint64_t quotient, rest;

	if (__builtin_expect(a.kind != FP_KIND_FINITE || b.kind != FP_KIND_FINITE, 0))
		return div_special(f, env, a, b);
	if (f.precision <= 24) {
		uint64_t dividend = a.sig >> 1, divisor = b.sig >> 40;
		quotient = dividend / divisor;
		rest = dividend % divisor;
		int shift = __builtin_clzll(quotient);
		quotient <<= shift;
		exp += 63 - 39 - shift;
	} else {
		bool smaller = a.sig < b.sig;
		fp_uint128 dividend = (fp_uint128)a.sig << (63 + smaller);
		quotient = (uint64_t)(dividend / b.sig);
		rest = (uint64_t)dividend - quotient * b.sig;
		exp -= smaller;
	}
	return fp_round_pack(f, env, a.sign ^ b.sign, exp, quotient | (rest != 0));
}

/* An integer square root and what is left: root * root + rest is the radicand, rest <= 2 root. */
struct root {
	uint64_t root;
	int64_t rest;
};

/*
 * One schoolbook step in base 2^bits: given the root of the upper part of a radicand and the next
 * two digits, the root with one digit more. The digit by division is too large by at most one when
 * the known root is at least 2^(bits - 1).
 */
FP_INLINE struct root root_extend(struct root r, int bits, uint64_t digits)
{
	uint64_t low = digits & ((UINT64_C(1) << bits) - 1);
	uint64_t dividend = ((uint64_t)r.rest << bits) + (digits >> bits);
	uint64_t divisor = 2 * r.root, digit = dividend / divisor;
	struct root next = {.root = (r.root << bits) + digit,
			    .rest = (int64_t)((dividend % divisor << bits) + low) -
				    (int64_t)(digit * digit)};

	if (next.rest < 0) {
		next.root--;
		next.rest += (int64_t)(2 * next.root + 1);
	}
	return next;
}

/* The 30-bit root of a radicand from 2^58 to 2^60: eight bits one by one, then 16, then 30. */
static struct root root_of(uint64_t radicand)
{
	uint64_t top = radicand >> 44;
	struct root r = {0};

	for (uint64_t bit = 1 << 7; bit != 0; bit >>= 1) {
		uint64_t trial = r.root | bit;
		if (trial * trial <= top)
			r.root = trial;
	}
	r.rest = (int64_t)(top - r.root * r.root);
	r = root_extend(r, 8, radicand >> 28 & 0xffff);
	return root_extend(r, 14, radicand & 0xfffffff);
}

FP_INLINE uint64_t square_root(struct fp_format f, struct fp_env *env, uint64_t a_bits)
{
	struct fp_number a = fp_unpack(f, env, a_bits);

	if (fp_is_nan(a))
		return nan_of(f, env, a, no_operand);
	if (a.kind == FP_KIND_ZERO)
		return fp_pack_zero(f, a.sign);
	if (a.sign)
		return fp_pack_nan(f, fp_invalid(env));
	if (a.kind == FP_KIND_INFINITE)
		return fp_pack_infinity(f, false);

	bool odd = a.exp & 1;
	struct root r = root_of(a.sig >> (odd ? 4 : 5));
	int bits = 30;
	if (f.precision > 24) {
		r = root_extend(r, 30, 0);
		bits = 60;
	}
	return fp_round_pack(f, env, false, (a.exp - odd) / 2,
			     r.root << (64 - bits) | (r.rest != 0));
}

/* A sum of two numbers of up to 127 bits: value = sig * 2^(exp - 126) with bit 126 set. */
struct wide {
	fp_uint128 sig;
	int exp;
	bool sign;
};

FP_INLINE fp_uint128 wide_shift_sticky(fp_uint128 value, unsigned count)
{
	if (count >= 128)
		return value != 0;
	return value >> count | (value & (((fp_uint128)1 << count) - 1) ? 1 : 0);
}

/* The same method as add(), with 20 spare bits below the product and 74 below the addend. */
FP_INLINE uint64_t wide_add(struct fp_format f, struct fp_env *env, struct wide a, struct wide b)
{
	if (a.exp < b.exp || (a.exp == b.exp && a.sig < b.sig)) {
		struct wide larger = b;
		b = a;
		a = larger;
	}
	b.sig = wide_shift_sticky(b.sig, (unsigned)(a.exp - b.exp));
	fp_uint128 sum = a.sign == b.sign ? a.sig + b.sig : a.sig - b.sig;
	if (sum == 0)
		return fp_pack_zero(f, fp_zero_sum_sign(env));
	uint64_t high = sum >> 64;
	int shift = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)sum);
	sum <<= shift;
	return fp_round_pack(f, env, a.sign, a.exp + 1 - shift,
			     (uint64_t)(sum >> 64) | ((uint64_t)sum != 0));
}

/* A NaN among the operands. The instruction sets differ on infinity * zero + quiet NaN. */
FP_INLINE uint64_t fma_nan(struct fp_format f, struct fp_env *env, struct fp_number a,
			   struct fp_number b, struct fp_number c, unsigned negate, bool invalid)
{
	if (env->nan_rule == FP_NAN_SIGNALING) {
		a.sign ^= !!(negate & FP_NEGATE_PRODUCT);
		c.sign ^= !!(negate & FP_NEGATE_ADDEND);
		if (invalid && c.kind == FP_KIND_QUIET)
			return fp_pack_nan(f, fp_invalid(env));
		return fp_pack_nan(f, fp_choose_nan(env, c, a, b));
	}
	if (invalid && env->nan_rule == FP_NAN_CANONICAL)
		env->flags |= FP_NV;
	return fp_pack_nan(f, fp_choose_nan(env, a, b, c));
}

/* An operand is infinite or NaN, or the product is zero. */
FP_INLINE uint64_t fma_special(struct fp_format f, struct fp_env *env, struct fp_number a,
			       struct fp_number b, struct fp_number c, unsigned negate)
{
	bool infinite = a.kind == FP_KIND_INFINITE || b.kind == FP_KIND_INFINITE;
	bool zero = a.kind == FP_KIND_ZERO || b.kind == FP_KIND_ZERO;
	bool sign = a.sign ^ b.sign ^ !!(negate & FP_NEGATE_PRODUCT);
	bool c_sign = c.sign ^ !!(negate & FP_NEGATE_ADDEND);

	if (fp_is_nan(a) || fp_is_nan(b) || fp_is_nan(c))
		return fma_nan(f, env, a, b, c, negate, infinite && zero);
	if (infinite && (zero || (c.kind == FP_KIND_INFINITE && c_sign != sign)))
		return fp_pack_nan(f, fp_invalid(env));
	if (infinite)
		return fp_pack_infinity(f, sign);
	if (c.kind == FP_KIND_INFINITE)
		return fp_pack_infinity(f, c_sign);
	struct fp_number product = {.kind = FP_KIND_ZERO, .sign = sign};
	return add_zero(f, env, product, c, c_sign);
}

FP_INLINE uint64_t fused(struct fp_format f, struct fp_env *env, uint64_t a_bits, uint64_t b_bits,
			 uint64_t c_bits, unsigned negate)
{
	struct fp_number a = fp_unpack(f, env, a_bits), b = fp_unpack(f, env, b_bits);
	struct fp_number c = fp_unpack(f, env, c_bits);

	if (__builtin_expect(a.kind != FP_KIND_FINITE || b.kind != FP_KIND_FINITE ||
				     c.kind >= FP_KIND_INFINITE,
			     0))
		return fma_special(f, env, a, b, c, negate);

	struct wide product = {.sig = (fp_uint128)a.sig * b.sig,
			       .exp = a.exp + b.exp,
			       .sign = a.sign ^ b.sign ^ !!(negate & FP_NEGATE_PRODUCT)};
	/* At least 22 low bits of the product are zero, so this shift is exact. */
	unsigned carry = product.sig >> 127;
	product.sig >>= carry;
	product.exp += (int)carry;
	if (c.kind == FP_KIND_ZERO)
		return fp_round_pack(f, env, product.sign, product.exp,
				     (uint64_t)(product.sig >> 63) |
					     ((uint64_t)(product.sig << 1) != 0));
	struct wide addend = {.sig = (fp_uint128)c.sig << 63,
			      .exp = c.exp,
			      .sign = c.sign ^ !!(negate & FP_NEGATE_ADDEND)};
	return wide_add(f, env, product, addend);
}

#define FP_DEFINE(name, type, format)                                                              \
	type name##_add(struct fp_env *env, type a, type b)                                        \
	{                                                                                          \
		return (type)add(format, env, a, b, false);                                        \
	}                                                                                          \
	type name##_sub(struct fp_env *env, type a, type b)                                        \
	{                                                                                          \
		return (type)add(format, env, a, b, true);                                         \
	}                                                                                          \
	type name##_mul(struct fp_env *env, type a, type b)                                        \
	{                                                                                          \
		return (type)mul(format, env, a, b);                                               \
	}                                                                                          \
	type name##_div(struct fp_env *env, type a, type b)                                        \
	{                                                                                          \
		return (type)div(format, env, a, b);                                               \
	}                                                                                          \
	type name##_sqrt(struct fp_env *env, type a)                                               \
	{                                                                                          \
		return (type)square_root(format, env, a);                                          \
	}                                                                                          \
	type name##_fma(struct fp_env *env, type a, type b, type c, unsigned negate)               \
	{                                                                                          \
		return (type)fused(format, env, a, b, c, negate);                                  \
	}

FP_DEFINE(fp16, uint16_t, fp_format16)
FP_DEFINE(fp32, uint32_t, fp_format32)
FP_DEFINE(fp64, uint64_t, fp_format64)
