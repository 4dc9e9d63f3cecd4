#include "engine/vector.h"

#include "core/cpu.h"

static void put_element(union cpu_vector *vector, unsigned size, unsigned i, uint64_t value)
{
	switch (size) {
	case 0: vector->b[i] = (uint8_t)value; break;
	case 1: vector->h[i] = (uint16_t)value; break;
	case 2: vector->s[i] = (uint32_t)value; break;
	default: vector->d[i] = value;
	}
}

void vector_put(struct cpu *cpu, const struct uop *uop)
{
	union cpu_vector *d = &cpu->v[uop->d];
	unsigned size = vector_size(uop), element = vector_element(uop);
	unsigned count = (vector_span(uop) == VECTOR_WHOLE ? 16u : 8u) >> size;
	if (element) {
		put_element(d, size, element - 1, cpu->r[uop->a]);
		return;
	}
	*d = (union cpu_vector){{0}};
	for (unsigned i = 0; i < count; i++)
		put_element(d, size, i, cpu->r[uop->a]);
}
