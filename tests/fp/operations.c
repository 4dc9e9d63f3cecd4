#include "tests/fp/operations.h"
#include "engine/fp_host.h"
#include <stdlib.h>
#include <string.h>

#ifndef TRAPLINE_FP_ITERATIONS
#define TRAPLINE_FP_ITERATIONS 10000
#endif

#define CALL(n, verb) fp##n##_##verb
#define OP(name, operand, result, expression)                                                      \
	static uint64_t soft_##name(struct fp_env *env, struct operands o)                         \
	{                                                                                          \
		uint64_t a = o.a, b = o.b, c = o.c;                                                \
		(void)env, (void)a, (void)b, (void)c;                                              \
		return expression;                                                                 \
	}
#include "tests/fp/operations.def"

#define CALL(n, verb) fph##n##_##verb
#define OP(name, operand, result, expression)                                                      \
	static uint64_t host_##name(struct fp_env *env, struct operands o)                         \
	{                                                                                          \
		uint64_t a = o.a, b = o.b, c = o.c;                                                \
		(void)env, (void)a, (void)b, (void)c;                                              \
		return expression;                                                                 \
	}
#include "tests/fp/operations.def"

const struct operation operations[] = {
#define CALL(n, verb)
#define OP(name, operand, result, expression) {#name, operand, result, soft_##name, host_##name},
#include "tests/fp/operations.def"
};

const unsigned operation_count = sizeof(operations) / sizeof(operations[0]);

const struct operation *operation_find(const char *name)
{
	for (unsigned i = 0; i < operation_count; i++)
		if (!strcmp(operations[i].name, name))
			return &operations[i];
	return NULL;
}

struct layout {
	int fraction_bits, exponent_bits;
};

static struct layout layout_of(unsigned width)
{
	return width == 16   ? (struct layout){10, 5}
	       : width == 32 ? (struct layout){23, 8}
			     : (struct layout){52, 11};
}

bool operand_is_nan(unsigned width, uint64_t bits)
{
	if (width == 0)
		return false;
	struct layout l = layout_of(width);
	uint64_t infinity = ((UINT64_C(1) << l.exponent_bits) - 1) << l.fraction_bits;
	return (bits & (infinity | ((UINT64_C(1) << l.fraction_bits) - 1))) > infinity;
}

struct random random_seeded(const char *text)
{
	struct random random = {UINT64_C(0x9e3779b97f4a7c15)};

	for (; *text; text++)
		random.state = (random.state ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return random;
}

/* A counter through a 64-bit mixing function. */
uint64_t random_next(struct random *random)
{
	uint64_t x = random->state += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static unsigned below(struct random *random, unsigned count)
{
	return (unsigned)(random_next(random) >> 32) % count;
}

/* Bits with long runs, single bits, or no pattern at all, in the lowest `bits` places. */
static uint64_t random_pattern(struct random *random, int bits)
{
	uint64_t mask = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
	uint64_t one = UINT64_C(1) << below(random, (unsigned)bits);
	uint64_t other = UINT64_C(1) << below(random, (unsigned)bits);

	switch (below(random, 10)) {
	case 0: return 0;
	case 1: return mask;
	case 2: return one;
	case 3: return mask ^ one;
	case 4: return (one - 1) & mask;
	case 5: return ~(one - 1) & mask;
	case 6: return one | other;
	case 7: return (one - other) & mask;
	case 8: return random_next(random) & ~(one - 1) & mask;
	default: return random_next(random) & mask;
	}
}

/* A biased exponent: the ends of the range, around 1.0, around the integers' limits, anywhere. */
static int random_exponent(struct random *random, struct layout l)
{
	const int limits[] = {0, 1, 31, 32, 63, 64, l.fraction_bits, 2 * l.fraction_bits};
	int max = (1 << l.exponent_bits) - 1, bias = max / 2;
	int near = (int)below(random, 5) - 2;

	switch (below(random, 7)) {
	case 0: return (int)below(random, 3);
	case 1: return max - (int)below(random, 3);
	case 2: return bias + near;
	case 3: return bias + limits[below(random, 8)] + near;
	case 4: return bias - limits[below(random, 8)] + near;
	case 5: return bias / 2 + near;
	default: return (int)below(random, (unsigned)max + 1);
	}
}

static uint64_t compose(struct random *random, struct layout l, int exponent)
{
	int max = (1 << l.exponent_bits) - 1;
	uint64_t sign = random_next(random) & 1;

	exponent = exponent < 0 ? 0 : exponent > max ? max : exponent;
	return sign << (l.fraction_bits + l.exponent_bits) | (uint64_t)exponent << l.fraction_bits |
	       random_pattern(random, l.fraction_bits);
}

static uint64_t random_operand(struct random *random, struct layout l)
{
	int width = 1 + l.exponent_bits + l.fraction_bits;

	if (below(random, 8) == 0)
		return random_next(random) >> (64 - width);
	return compose(random, l, random_exponent(random, l));
}

/* A second operand chosen with regard to the first. */
static uint64_t random_partner(struct random *random, struct layout l, uint64_t a)
{
	int max = (1 << l.exponent_bits) - 1, bias = max / 2;
	int exponent = (int)(a >> l.fraction_bits) & max;
	uint64_t sign = UINT64_C(1) << (l.fraction_bits + l.exponent_bits);
	int near = (int)below(random, 5) - 2;
	int small = 1 - bias + near - (int)below(random, 2) * l.fraction_bits, large = bias + near;

	switch (below(random, 10)) {
	case 0: return a;
	case 1: return a ^ sign;
	case 2: return (a + (uint64_t)near) & (sign * 2 - 1);
	case 3: return compose(random, l, exponent + near);
	case 4: return compose(random, l, exponent + near * l.fraction_bits / 2);
	case 5: return compose(random, l, small + 2 * bias - exponent);
	case 6: return compose(random, l, large + 2 * bias - exponent);
	case 7: return compose(random, l, exponent - small);
	case 8: return compose(random, l, exponent - large);
	default: return random_operand(random, l);
	}
}

static uint64_t random_addend(struct random *random, struct layout l, unsigned width, uint64_t a,
			      uint64_t b)
{
	struct fp_env env = {.rm = (uint8_t)below(random, 4)};
	uint64_t sign = UINT64_C(1) << (width - 1);
	uint64_t product = width == 16   ? fp16_mul(&env, (uint16_t)a, (uint16_t)b)
			   : width == 32 ? fp32_mul(&env, (uint32_t)a, (uint32_t)b)
					 : fp64_mul(&env, a, b);
	int near = (int)below(random, 5) - 2;

	switch (below(random, 5)) {
	case 0: return product ^ sign;
	case 1: return ((product ^ sign) + (uint64_t)near) & (sign * 2 - 1);
	case 2: return random_partner(random, l, product);
	default: return random_operand(random, l);
	}
}

struct operands random_operands(struct random *random, unsigned width)
{
	struct operands o;

	if (width == 0) {
		o.a = random_pattern(random, 64) >> below(random, 64);
		o.a = below(random, 2) ? o.a : -o.a;
		o.b = o.c = 0;
		return o;
	}
	struct layout l = layout_of(width);
	o.a = random_operand(random, l);
	o.b = random_partner(random, l, o.a);
	if (below(random, 2)) {
		uint64_t swap = o.a;
		o.a = o.b;
		o.b = swap;
	}
	o.c = random_addend(random, l, width, o.a, o.b);
	return o;
}

unsigned long iterations(void)
{
	const char *text = getenv("TRAPLINE_FP_ITERATIONS");
	unsigned long count = text ? strtoul(text, NULL, 10) : 0;

	return count ? count : TRAPLINE_FP_ITERATIONS;
}
