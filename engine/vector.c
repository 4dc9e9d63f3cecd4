#include "engine/vector.h"

union lanes {
	union cpu_vector vector;
	uint8_t u8[16];
	uint16_t u16[8];
	uint32_t u32[4];
	uint64_t u64[2];
};

#define VECTOR(name, bits, expression, ...)                                                        \
	static void operate_##name(union lanes *x, const union lanes *y)                           \
	{                                                                                          \
		typedef uint##bits##_t U;                                                          \
		typedef int##bits##_t S;                                                           \
		_Static_assert(sizeof(S) == sizeof(U), "one size");                                \
		for (unsigned i = 0; i < 128 / (bits); i++) {                                      \
			U a = x->u##bits[i], b = y->u##bits[i];                                    \
			x->u##bits[i] = (U)(expression);                                           \
		}                                                                                  \
	}
#include "engine/vector.def"
#undef VECTOR

void vector_operate(struct cpu *cpu, const struct uop *uop)
{
	static void (*const operations[])(union lanes *, const union lanes *) = {
#define VECTOR(name, ...) operate_##name,
#include "engine/vector.def"
#undef VECTOR
	};
	union lanes x = {.vector = cpu->v[uop->a]}, y = {{{0}}};
	if (!(uop->imm & VECTOR_ZERO))
		y.vector = cpu->v[uop->b];
	operations[uop->imm & 255](&x, &y);
	if (uop->imm & VECTOR_HALF)
		x.u64[1] = 0;
	cpu->v[uop->d] = x.vector;
}
