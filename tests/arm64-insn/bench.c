#include "bench.h"

#include <criterion/criterion.h>
#include <string.h>

#define BRK_0     0xd4200000
#define JUMP_SELF 0x14000000

void bench_init(struct bench *bench, const char *engine, const struct arm64_config *config)
{
	struct arm64_config standard;
	arm64_config_default(&standard);
	bench_open(bench, engine, BENCH_RAM, BENCH_SIZE);
	bench->pe = arm64_cpu_new(&bench->machine, config ? config : &standard, 0x80000000);
	cr_assert_not_null(bench->pe);
	bench_add_code_cache(bench);
	for (unsigned vector = 0; vector < 16; vector++)
		bench_store(bench, BENCH_VECTORS + 0x80 * vector, 4, JUMP_SELF);
	bench->pe->sysreg[A64_VBAR_EL1] = BENCH_VECTORS;
	bench->pe->sysreg[A64_VBAR_EL2] = BENCH_VECTORS;
	bench->pe->sysreg[A64_VBAR_EL3] = BENCH_VECTORS;
}

void bench_map_memory(struct bench *bench)
{
	enum { BLOCK = 1, ACCESS_FLAG = 1 << 10, GIB_SHIFT = 30, SIZE_32_BITS = 32, MMU_ON = 1 };
	struct arm64_cpu *pe = bench->pe;
	uint64_t table = BENCH_VECTORS + 0x8000;
	for (uint64_t i = 0; i < 4; i++)
		bench_store(bench, table + 8 * i, 8, i << GIB_SHIFT | ACCESS_FLAG | BLOCK);
	pe->sysreg[A64_MAIR_EL1] = pe->sysreg[A64_MAIR_EL2] = 0xff;
	pe->sysreg[A64_TCR_EL1] = pe->sysreg[A64_TCR_EL2] = SIZE_32_BITS;
	pe->sysreg[A64_TTBR0_EL1] = pe->sysreg[A64_TTBR0_EL2] = table;
	pe->sysreg[A64_SCTLR_EL1] |= MMU_ON;
	pe->sysreg[A64_SCTLR_EL2] |= MMU_ON;
	arm64_translation_changed(pe);
	arm64_set_pstate(pe, arm64_pstate(pe));
}

void bench_fini(struct bench *bench)
{
	code_cache_free(bench->pe->cpu.code);
	arm64_cpu_free(bench->pe);
	bench_close(bench);
}

void bench_set_level(struct bench *bench, unsigned level)
{
	uint64_t spsel = level == A64_EL0 ? 0 : PSTATE_SPSEL;
	arm64_set_pstate(bench->pe, PSTATE_DAIF | spsel | (uint64_t)level << PSTATE_EL_SHIFT);
}

static enum arm64_sysreg banked(const struct bench *bench, enum arm64_sysreg el1,
				enum arm64_sysreg el2, enum arm64_sysreg el3)
{
	return bench->pe->cpu.level == A64_EL3 ? el3 : bench->pe->cpu.level == A64_EL2 ? el2 : el1;
}

uint64_t bench_esr(const struct bench *bench)
{
	return bench->pe->sysreg[banked(bench, A64_ESR_EL1, A64_ESR_EL2, A64_ESR_EL3)];
}

uint64_t bench_elr(const struct bench *bench)
{
	return bench->pe->sysreg[banked(bench, A64_ELR_EL1, A64_ELR_EL2, A64_ELR_EL3)];
}

bool bench_run(struct bench *bench, const uint32_t *insns, unsigned count)
{
	struct cpu *cpu = &bench->pe->cpu;
	for (unsigned i = 0; i < count; i++)
		bench_store(bench, BENCH_CODE + 4ull * i, 4, insns[i]);
	uint64_t end = BENCH_CODE + 4ull * count;
	bench_store(bench, end, 4, BRK_0);
	cpu->pc = BENCH_CODE;
	machine_run_until(&bench->machine, bench->machine.clock.now + 2 * count + 6);
	return bench_esr(bench) == arm64_esr(A64_EC_BRK, 0) && bench_elr(bench) == end;
}
