/*
 * What the floating point tests share: the table of operations in both implementations, operands
 * that are random but hit the edges, and the number of iterations.
 */
#ifndef TESTS_FP_OPERATIONS_H
#define TESTS_FP_OPERATIONS_H

#include "engine/softfloat.h"

struct operands {
	uint64_t a, b, c;
};

typedef uint64_t operation_fn(struct fp_env *env, struct operands o);

struct operation {
	const char *name;   /* f64_add ... */
	uint8_t operand;    /* format of the operands: 16, 32, 64, or 0 for an integer */
	uint8_t result;     /* the same for the result */
	operation_fn *soft; /* engine/softfloat.h */
	operation_fn *host; /* engine/fp_host.h */
};

extern const struct operation operations[];
extern const unsigned operation_count;

const struct operation *operation_find(const char *name);

/* Whether bits are a NaN of the format with this width; false for width 0. */
bool operand_is_nan(unsigned width, uint64_t bits);

/* A sequence of operands that depends on nothing but the text it is seeded with. */
struct random {
	uint64_t state;
};

struct random random_seeded(const char *text);
uint64_t random_next(struct random *random);

/*
 * Operands of a format (width 16, 32 or 64; 0 for integers in all three): uniform bits, special
 * values, edge exponents with sparse or dense fractions; b often near a, or such that a product or
 * quotient lies at the end of the range; c often near -a * b.
 */
struct operands random_operands(struct random *random, unsigned width);

/*
 * Random operands for each operation: TRAPLINE_FP_ITERATIONS from the environment, or what the
 * build was configured with, 10,000 unless told otherwise.
 */
unsigned long iterations(void);

#endif
