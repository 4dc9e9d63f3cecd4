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
