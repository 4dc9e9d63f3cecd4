/*
 * UOP_VECTOR: a helper that does nothing but compute cpu->v[d] from cpu->v[] (and raise sticky
 * flags). It never fails. Its micro-op says which operation of vector.def it is, if any, so that
 * the JIT can have host code in its place.
 */
#ifndef ENGINE_VECTOR_H
#define ENGINE_VECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/uop.h"

enum vector_op {
	VECTOR_NONE, /* only the helper knows */
#define VECTOR(name, ...) VECTOR_##name,
#include "engine/vector.def"
#undef VECTOR
	VECTOR_OPS
};
_Static_assert(VECTOR_OPS <= 256, "the operation has a byte of the immediate");

/* How much of the registers takes part; what is above becomes zero. */
enum vector_span { VECTOR_WHOLE, VECTOR_HALF, VECTOR_OTHER };

/*
 * The immediate: bits 2:0 = enum vector_span (or more than VECTOR_OTHER), 5:4 = log2 of the bytes
 * of an element, 15:8 = amount of a shift and the like, 23:16 = 1 + the element of b that stands
 * for all, or 0, 31:24 = enum vector_op.
 */
static inline unsigned vector_span(const struct uop *uop)
{
	return (unsigned)uop->imm & 7;
}
static inline unsigned vector_size(const struct uop *uop)
{
	return (unsigned)uop->imm >> 4 & 3;
}
static inline unsigned vector_amount(const struct uop *uop)
{
	return (unsigned)uop->imm >> 8 & 255;
}
static inline unsigned vector_element(const struct uop *uop)
{
	return (unsigned)uop->imm >> 16 & 255;
}
static inline enum vector_op vector_op(const struct uop *uop)
{
	return (enum vector_op)((unsigned)uop->imm >> 24);
}

/* What vector_element() and vector_op() read, and the size, to be added to the rest. */
static inline int32_t vector_imm(enum vector_op op, unsigned size)
{
	return (int32_t)((unsigned)op << 24 | size << 4);
}

/*
 * UOP_VECTOR_PUT: cpu->v[d] = the low element of cpu->r[a], in each place, or only in that of
 * vector_element() - 1.
 */
void vector_put(struct cpu *cpu, const struct uop *uop);

#endif
