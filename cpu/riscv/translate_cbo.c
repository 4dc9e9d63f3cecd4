/*
 * Cache-block operations: Zicbom, Zicboz (unprivileged manual, "CMO"). There is no cache: clean,
 * flush and inval only check that they are allowed.
 */
#include "cpu/riscv/emit.h"

#include <string.h>

#include "engine/engine.h"
#include "mmu/mmu.h"

#define BLOCK_SIZE 64
/* Memory is zeroed in pieces of the largest size that mmu_atomic() knows. */
#define PIECE_SIZE 16

/* Fields of menvcfg and senvcfg (privileged manual 3.1.18, 10.1.10). */
#define ENVCFG_CBIE  (3ull << 4)
#define ENVCFG_CBCFE (1ull << 6)
#define ENVCFG_CBZE  (1ull << 7)

/* Whether the levels above enable what field stands for; otherwise the instruction is illegal. */
static bool cbo_enabled(struct cpu *cpu, uint64_t field, const char *why)
{
	struct riscv_cpu *hart = riscv_cpu(cpu);
	bool enabled = cpu->level == RV_M || (hart->menvcfg & field);
	if (cpu->level == RV_U)
		enabled = enabled && (hart->senvcfg & field);
	return enabled || riscv_raise(hart, RV_CAUSE_ILLEGAL, engine_insn(cpu), why);
}

/*
 * CBO.CLEAN, .FLUSH, .INVAL: allowed where a load or a store would be. Permission to store implies
 * that to load, in PTEs and in PMP, so the check is a load's, reported as a store's.
 */
static bool cbo_check(struct cpu *cpu, uint64_t address)
{
	if (mmu_check(cpu, address, MMU_READ | MMU_CBO, NULL))
		return true;
	cpu->trap.value = address;
	return false;
}

static bool help_cbo_inval(struct cpu *cpu, const struct uop *uop)
{
	return cbo_enabled(cpu, ENVCFG_CBIE, "envcfg.CBIE=0") && cbo_check(cpu, cpu->r[uop->a]);
}

static bool help_cbo_clean_flush(struct cpu *cpu, const struct uop *uop)
{
	return cbo_enabled(cpu, ENVCFG_CBCFE, "envcfg.CBCFE=0") && cbo_check(cpu, cpu->r[uop->a]);
}

static bool help_cbo_zero(struct cpu *cpu, const struct uop *uop)
{
	if (!cbo_enabled(cpu, ENVCFG_CBZE, "envcfg.CBZE=0"))
		return false;
	uint64_t address = cpu->r[uop->a], block = address & ~(uint64_t)(BLOCK_SIZE - 1);
	void *piece[BLOCK_SIZE / PIECE_SIZE];
	uint64_t physical[BLOCK_SIZE / PIECE_SIZE];
	for (unsigned i = 0; i < BLOCK_SIZE / PIECE_SIZE; i++) {
		piece[i] = mmu_atomic(cpu, block + i * PIECE_SIZE, PIECE_SIZE,
				      MMU_WRITE | MMU_ATOMIC, &physical[i]);
		if (!piece[i]) {
			cpu->trap.value = address; /* not rounded down */
			return false;
		}
	}
	for (unsigned i = 0; i < BLOCK_SIZE / PIECE_SIZE; i++) {
		memset(piece[i], 0, PIECE_SIZE);
		mmu_observe(cpu, block + i * PIECE_SIZE, physical[i], PIECE_SIZE, true, piece[i]);
	}
	return true;
}

void riscv_emit_cbo(struct builder *builder, const struct riscv_operands *o)
{
	static uop_helper *const helper[] = {
		[CBO_INVAL] = help_cbo_inval,
		[CBO_CLEAN] = help_cbo_clean_flush,
		[CBO_FLUSH] = help_cbo_clean_flush,
		[CBO_ZERO] = help_cbo_zero,
	};
	build_call(builder, helper[o->row->argument], 0, o->rs1, 0, 0, 0);
}
