/*
 * binary16 by definition: the exact value of an operation is compared with the numbers of the
 * format as integers, and rounding, overflow and underflow are decided from the words of IEEE
 * 754-2019 sections 4.3 and 7. Nothing here is shared with softfloat, nor with any floating point
 * unit.
 */
#include "tests/fp/operations.h"
#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

__extension__ typedef __int128 int128;

enum {
	INFINITY_BITS = 0x7c00,
	SMALLEST_NORMAL = 0x0400,
	MODES = 5,
};

/* A magnitude in units of 2^-26: numerator / denominator, or the square root of numerator. */
struct exact {
	int128 numerator, denominator;
	bool root;
};

/* The number with this magnitude in units of 2^-26; infinity stands for 2^16, the one after. */
static int128 number(unsigned bits)
{
	unsigned exponent = bits >> 10, fraction = bits & 0x3ff;

	return exponent == 0 ? (int128)fraction << 2 : (int128)(1024 + fraction) << (exponent + 1);
}

/* The sign of e - x. */
static int order(struct exact e, int128 x)
{
	int128 difference = e.numerator - (e.root ? x * x : x * e.denominator);

	return (difference > 0) - (difference < 0);
}

/* The largest number not above e. */
static unsigned number_below(struct exact e)
{
	unsigned low = 0, high = INFINITY_BITS + 1;

	while (high - low > 1) {
		unsigned middle = (low + high) / 2;
		if (order(e, number(middle)) >= 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static bool outward(uint8_t rm, bool sign)
{
	return rm == FP_RNE || rm == FP_RMM || rm == (sign ? FP_RDN : FP_RUP);
}

/*
 * Whether e, below the smallest normal number, would still be so if rounded to 11 bits with an
 * unbounded exponent: the numbers just below it are then 2^-25, two units, apart.
 */
static bool tiny_after_rounding(struct exact e, bool sign, uint8_t rm)
{
	int128 normal = number(SMALLEST_NORMAL);

	if (rm == FP_RNE || rm == FP_RMM)
		return order(e, normal - 1) < 0;
	return !outward(rm, sign) || order(e, normal - 2) <= 0;
}

static uint16_t round_exact(struct exact e, bool sign, struct fp_env *env)
{
	unsigned low = number_below(e);
	bool inexact = order(e, number(low)) > 0 || low == INFINITY_BITS,
	     up = outward(env->rm, sign);

	if (low < INFINITY_BITS && (env->rm == FP_RNE || env->rm == FP_RMM)) {
		int half = order(e, (number(low) + number(low + 1)) / 2);
		up = half > 0 || (half == 0 && (env->rm == FP_RMM || low & 1));
	}
	if (low < INFINITY_BITS)
		low += inexact && up;
	if (order(e, number(SMALLEST_NORMAL)) < 0 && inexact &&
	    (env->tininess_before_rounding || tiny_after_rounding(e, sign, env->rm)))
		env->flags |= FP_UF;
	if (low == INFINITY_BITS) {
		env->flags |= FP_OF;
		low -= !outward(env->rm, sign);
	}
	env->flags |= inexact ? FP_NX : 0;
	return (uint16_t)(low | (unsigned)sign << 15);
}

static int128 signed_number(uint64_t bits)
{
	return bits & 0x8000 ? -number(bits & 0x7fff) : number(bits & 0x7fff);
}

static bool is_finite(uint64_t bits)
{
	return (bits & 0x7fff) < INFINITY_BITS;
}

/* The exact value of an operation on finite operands; false where there is none, or it is zero. */
static bool exact_of(const char *name, struct operands o, struct exact *e, bool *sign)
{
	const int128 one = (int128)1 << 26;
	int128 a = signed_number(o.a), b = signed_number(o.b), c = signed_number(o.c);

	*e = (struct exact){.denominator = 1};
	if (!strcmp(name, "f16_add"))
		e->numerator = a + b;
	else if (!strcmp(name, "f16_sub"))
		e->numerator = a - b;
	else if (!strcmp(name, "f16_mul"))
		*e = (struct exact){a * b, one, false};
	else if (!strcmp(name, "f16_div"))
		*e = (struct exact){b < 0 ? -a * one : a * one, b < 0 ? -b : b, false};
	else if (!strcmp(name, "f16_sqrt"))
		*e = (struct exact){a * one, 1, true};
	else if (!strcmp(name, "f16_fmadd"))
		*e = (struct exact){a * b + c * one, one, false};
	else if (!strcmp(name, "f16_fmsub"))
		*e = (struct exact){a * b - c * one, one, false};
	else if (!strcmp(name, "f16_fnmsub"))
		*e = (struct exact){c * one - a * b, one, false};
	else
		*e = (struct exact){-a * b - c * one, one, false};
	*sign = e->numerator < 0;
	if (*sign)
		e->numerator = -e->numerator;
	return e->numerator != 0 && e->denominator != 0 && !(e->root && *sign);
}

static bool check(const struct operation *op, struct operands o, uint8_t rm, bool before)
{
	struct fp_env soft = {.rm = rm, .tininess_before_rounding = before}, wanted = soft;
	struct exact e;
	bool sign;

	if (!is_finite(o.a) || !is_finite(o.b) || !is_finite(o.c) ||
	    !exact_of(op->name, o, &e, &sign))
		return false;
	uint64_t result = op->soft(&soft, o), expected = round_exact(e, sign, &wanted);
	cr_assert(result == expected && soft.flags == wanted.flags,
		  "%s rm %d a %" PRIx64 " b %" PRIx64 " c %" PRIx64 ": %" PRIx64
		  " flags %x, by definition %" PRIx64 " flags %x",
		  op->name, rm, o.a, o.b, o.c, result, soft.flags, expected, wanted.flags);
	return true;
}

Test(half, arithmetic_by_definition)
{
	static const char *const names[] = {"f16_add",   "f16_sub",   "f16_mul",    "f16_div",
					    "f16_fmadd", "f16_fmsub", "f16_fnmsub", "f16_fnmadd"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct operation *op = operation_find(names[i]);
		struct random random = random_seeded(names[i]);
		cr_assert_not_null(op);
		for (unsigned long left = iterations(); left > 0;) {
			uint64_t choice = random_next(&random);
			struct operands o = random_operands(&random, 16);
			left -= check(op, o, choice % MODES, choice & 64);
		}
	}
}

Test(half, every_square_root_by_definition)
{
	const struct operation *op = operation_find("f16_sqrt");
	unsigned checked = 0;

	for (unsigned a = 0; a < INFINITY_BITS; a++)
		for (unsigned rm = 0; rm < MODES; rm++)
			checked += check(op, (struct operands){.a = a}, rm, false);
	cr_assert_eq(checked, (INFINITY_BITS - 1) * MODES);
}

/* Widening is exact, so every conversion of a half is that of the single or double it widens to. */
Test(half, every_conversion_agrees_with_the_wider_formats)
{
	static const char *const verbs[] = {"to_i32", "to_u32", "to_i64", "to_u64"};

	for (unsigned a = 0; a < 0x10000; a++) {
		struct fp_env env = {0};
		uint32_t single = fp16_to_fp32(&env, (uint16_t)a);
		uint64_t twice = fp16_to_fp64(&env, (uint16_t)a);
		bool signaling = fp16_classify((uint16_t)a) == FP_CLASS_SIGNALING_NAN;
		cr_assert_eq(env.flags, signaling ? FP_NV : 0, "%x", a);
		if (operand_is_nan(16, a)) {
			cr_assert(single == FP32_NAN && twice == FP64_NAN, "%x", a);
			continue;
		}
		cr_assert_eq(fp32_to_fp64(&env, single), twice, "%x", a);
		cr_assert_eq(fp64_to_fp16(&env, twice), a);
		cr_assert_eq(fp32_to_fp16(&env, single), a);
		cr_assert_eq(env.flags, 0, "%x", a);
		for (unsigned i = 0; i < 4 * MODES; i++) {
			char half_name[32] = "f16_", double_name[32] = "f64_";
			struct fp_env x = {.rm = i % MODES}, y = x;
			uint64_t got = operation_find(strcat(half_name, verbs[i / MODES]))
					       ->soft(&x, (struct operands){.a = a});
			uint64_t wanted = operation_find(strcat(double_name, verbs[i / MODES]))
						  ->soft(&y, (struct operands){.a = twice});
			cr_assert(got == wanted && x.flags == y.flags, "%s %x", half_name, a);
		}
		for (unsigned rm = 0; rm < MODES; rm++) {
			struct fp_env x = {0}, y = {0};
			uint16_t got = fp16_round(&x, (uint16_t)a, rm, true);
			uint64_t wanted = fp64_round(&y, twice, rm, true);
			cr_assert_eq(fp16_to_fp64(&x, got), wanted, "%x", a);
			cr_assert_eq(x.flags, y.flags, "%x", a);
		}
	}
}

/* Narrowing to half, by definition, from singles that lie around halves and between them. */
Test(half, narrowing_by_definition)
{
	struct random random = random_seeded("narrowing");

	for (unsigned long left = iterations(); left > 0; left--) {
		uint64_t choice = random_next(&random);
		unsigned below = (unsigned)(choice >> 8) % INFINITY_BITS,
			 quarters = choice >> 32 & 7;
		struct fp_env soft = {.rm = choice % MODES,
				      .tininess_before_rounding = choice & 64};
		struct fp_env wanted = soft, exact_env = {0};
		bool sign = choice & 128;
		struct exact e = {.denominator = 4};
		e.numerator =
			number(below) * 4 + (number(below + 1) - number(below)) / 2 * quarters;
		if (e.numerator == 0)
			continue;
		/* In units of 2^-28, and short enough to be exact in a double. */
		uint64_t units = fp64_from_i64(&exact_env, (int64_t)e.numerator);
		uint64_t a = fp64_mul(&exact_env, units, (uint64_t)(1023 - 28) << 52);
		cr_assert_eq(exact_env.flags, 0);
		uint64_t sign_bit = (uint64_t)sign << 63;
		uint16_t got = fp64_to_fp16(&soft, a | sign_bit);
		uint16_t expected = round_exact(e, sign, &wanted);
		cr_assert(got == expected && soft.flags == wanted.flags,
			  "%" PRIx64 " rm %d: %x flags %x, by definition %x flags %x", a, soft.rm,
			  got, soft.flags, expected, wanted.flags);
		uint32_t single = fp64_to_fp32(&exact_env, a | sign_bit);
		cr_assert_eq(exact_env.flags, 0);
		cr_assert_eq(fp32_to_fp16(&soft, single), expected);
	}
}
