/* Atomics: LR, SC, AMO, AMOCAS. The meaning of all but pairs of registers is engine/atomic.h's. */
#include "cpu/riscv/emit.h"

#include <string.h>

#include "mmu/mmu.h"

void riscv_emit_amo(struct builder *builder, const struct riscv_operands *o)
{
	enum atomic_op op = o->row->argument;
	bool exclusive = op == ATOMIC_LOAD || op == ATOMIC_STORE;
	int32_t flags = ATOMIC_SIGNED;
	if (!exclusive && riscv_has(riscv_cpu(builder->cpu), RV_EXT_ZAMA16B))
		flags |= ATOMIC_IN_BLOCK;
	/* AMOCAS compares with rd, which is also where the old value goes. */
	unsigned third = op == ATOMIC_COMPARE ? o->rd : 0;
	build_op(builder, UOP_ATOMIC, riscv_emit_destination(o), o->rs1, o->rs2,
		 atomic_immediate(op, o->row->match >> 12 & 7, flags, third));
}

/* AMOCAS.Q: register pairs; a pair that starts with x0 reads as zero and is not written. */
static bool help_amocas_pair(struct cpu *cpu, const struct uop *uop)
{
	static const uint64_t zero[2];
	uint64_t address = cpu->r[uop->a], physical;
	void *host = mmu_atomic(cpu, address, 16, MMU_READ | MMU_WRITE | MMU_ATOMIC, &physical);
	if (!host)
		return false;
	mmu_observe(cpu, address, physical, 16, false, host);
	const uint64_t *expected = uop->d ? &cpu->r[uop->d] : zero;
	const uint64_t *desired = uop->b ? &cpu->r[uop->b] : zero;
	uint64_t old[2];
	memcpy(old, host, 16);
	if (memcmp(old, expected, 16) == 0) {
		memcpy(host, desired, 16);
		mmu_observe(cpu, address, physical, 16, true, host);
	}
	if (uop->d)
		memcpy(&cpu->r[uop->d], old, 16);
	return true;
}

void riscv_emit_amocas_pair(struct builder *builder, const struct riscv_operands *o)
{
	build_call(builder, help_amocas_pair, o->rd, o->rs1, o->rs2, 0, 0);
}
