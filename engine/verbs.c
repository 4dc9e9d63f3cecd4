#include "engine/verbs.h"

bool verb_load_slow(struct cpu *cpu, const struct uop *uop, uint64_t address, unsigned size)
{
	uint64_t value;
	cpu->uop = uop;
	if (!mmu_load(cpu, address, size, &value))
		return false;
	cpu->slow_value = value;
	return true;
}

bool verb_store_slow(struct cpu *cpu, const struct uop *uop, uint64_t address, unsigned size,
		     uint64_t value)
{
	cpu->uop = uop;
	return mmu_store(cpu, address, size, value);
}

bool verb_load_vector_slow(struct cpu *cpu, const struct uop *uop, uint64_t address)
{
	union cpu_vector value;
	cpu->uop = uop;
	if (!mmu_load(cpu, address, 8, &value.d[0]) || !mmu_load(cpu, address + 8, 8, &value.d[1]))
		return false;
	cpu->v[uop->d] = value;
	return true;
}

bool verb_store_vector_slow(struct cpu *cpu, const struct uop *uop, uint64_t address)
{
	cpu->uop = uop;
	return mmu_store(cpu, address, 8, cpu->v[uop->b].d[0]) &&
	       mmu_store(cpu, address + 8, 8, cpu->v[uop->b].d[1]);
}
