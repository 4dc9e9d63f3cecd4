/* UOP_VECTOR: 128 bits (or 64, zero above) of integer elements at once. */
#ifndef ENGINE_VECTOR_H
#define ENGINE_VECTOR_H

#include "core/cpu.h"
#include "engine/uop.h"

/* What it does: bits 7:0 of imm. */
enum vector_op {
#define VECTOR(name, ...) VECTOR_##name,
#include "engine/vector.def"
#undef VECTOR
	VECTOR_OPS
};

enum vector_flags {
	VECTOR_HALF = 1 << 8, /* of imm: 64 bits, and the upper half of the result is zero */
	VECTOR_ZERO = 1 << 9, /* of imm: zero instead of b */
};

/* d = a op b, of cpu->v[]. */
void vector_operate(struct cpu *cpu, const struct uop *uop);

#endif
