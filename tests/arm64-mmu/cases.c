/* Acceptance cases 112 to 118 and 122 of the EL2 trap facts, in every engine. */
#include <criterion/criterion.h>

#include "tests/arm64-mmu/ground.h"

#define LDR_W5_X1_18 0xb9401825
#define STRB_W2_X1   0x39000022
#define LDP_X2_X3_X1 0xa9400c22
#define LDR_X0_X1    0xf9400020
#define STR_X7_X1    0xf9000027
#define BR_X1        0xd61f0020

#define FOR_EACH_ENGINE(e) for (unsigned e = 0; e < BENCH_ENGINES; e++)

/* What a case expects to find at the level that took the exception. */
static void expect(struct ground *ground, unsigned level, uint64_t esr, uint64_t far)
{
	struct arm64_cpu *pe = ground->bench.pe;
	uint64_t found = pe->sysreg[level == A64_EL2 ? A64_FAR_EL2 : A64_FAR_EL1];
	cr_expect_eq(pe->cpu.level, level, "taken to EL%u", pe->cpu.level);
	cr_expect_eq(bench_esr(&ground->bench), esr, "ESR %lx", bench_esr(&ground->bench));
	cr_expect_eq(found, far, "FAR %lx", found);
}

static void expect_hpfar(struct ground *ground, uint64_t hpfar)
{
	uint64_t found = ground->bench.pe->sysreg[A64_HPFAR_EL2];
	cr_expect_eq(found, hpfar, "HPFAR %lx", found);
}

#define DEVICE_VA  0xffff000010000000ull
#define DEVICE_IPA 0x09000000ull

/* One page of EL1's, whose intermediate address stage 2 maps with the bits given, or not (0). */
static void page_of_stage2(struct ground *ground, const char *engine, uint64_t bits)
{
	ground_init(ground, engine, NULL);
	ground_stage1(ground);
	ground_stage2(ground, true);
	ground_map(ground, &ground->high, DEVICE_VA, 3, DEVICE_IPA, LEAF_AF);
	ground_map(ground, &ground->second, DEVICE_IPA + 0x1000, 3, 0, 0); /* its neighbour */
	if (bits)
		ground_map(ground, &ground->second, DEVICE_IPA, 3, BENCH_DATA, bits);
	ground->bench.pe->cpu.r[1] = DEVICE_VA;
}

Test(arm64_mmu, case_112_word_load_of_a_device_that_stage_2_does_not_map)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		page_of_stage2(&ground, bench_engines[e], 0);
		ground_run(&ground, A64_EL1, LDR_W5_X1_18);
		expect(&ground, A64_EL2, 0x93850007, DEVICE_VA + 0x18);
		expect_hpfar(&ground, 0x90000);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_113_byte_store_there)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		page_of_stage2(&ground, bench_engines[e], 0);
		ground_run(&ground, A64_EL1, STRB_W2_X1);
		expect(&ground, A64_EL2, 0x93020047, DEVICE_VA);
		expect_hpfar(&ground, 0x90000);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_114_pair_has_no_valid_syndrome)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		page_of_stage2(&ground, bench_engines[e], 0);
		ground_run(&ground, A64_EL1, LDP_X2_X3_X1);
		expect(&ground, A64_EL2, 0x92000007, DEVICE_VA);
		expect_hpfar(&ground, 0x90000);
		ground_fini(&ground);
	}
}

/* The table of level 3 is at 0x40201000, which stage 2 does not map; the page has entry 1. */
Test(arm64_mmu, case_115_stage_2_refuses_a_descriptor_of_stage_1)
{
	enum { VA = 0x1000 };
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		ground_stage1(&ground);
		ground_stage2(&ground, true);
		uint64_t entry = ground_entry(&ground, &ground.low, VA, 2, 0);
		bench_store(&ground.bench, entry, 8, 0x40201000 | 3);
		ground.bench.pe->cpu.r[1] = VA + 0x123 * 8;
		ground_run(&ground, A64_EL1, LDR_X0_X1);
		expect(&ground, A64_EL2, 0x92000086, VA + 0x123 * 8);
		expect_hpfar(&ground, 0x402010);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_116_stage_2_permission_of_a_store)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		page_of_stage2(&ground, bench_engines[e], LEAF_AF | LEAF2_READ | LEAF2_NORMAL);
		ground_run(&ground, A64_EL1, STR_X7_X1);
		expect(&ground, A64_EL2, 0x93c7804f, DEVICE_VA);
		expect_hpfar(&ground, 0x90000);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_117_fetch_that_stage_2_does_not_map)
{
	enum { VA = 0x80000000 };
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		ground_stage2(&ground, true);
		ground.bench.pe->cpu.r[1] = VA;
		ground_run(&ground, A64_EL1, BR_X1);
		expect(&ground, A64_EL2, 0x82000005, VA);
		expect_hpfar(&ground, 0x800000);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_118_level_0_of_the_host)
{
	const uint64_t va = 0x0000800000001000;
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		struct arm64_cpu *pe = ground.bench.pe;
		ground_stage1(&ground);
		arm64_sysreg_set(pe, A64_HCR_EL2, HCR_RW | HCR_E2H);
		arm64_sysreg_set(pe, A64_MAIR_EL2, GROUND_MAIR);
		arm64_sysreg_set(pe, A64_TCR_EL2, ground_tcr(4, 48, false));
		arm64_sysreg_set(pe, A64_TTBR0_EL2, ground.low.root);
		arm64_sysreg_set(pe, A64_TTBR1_EL2, ground.high.root);
		arm64_sysreg_set(pe, A64_SCTLR_EL2, SCTLR_M);
		pe->cpu.r[1] = va;
		ground_run(&ground, A64_EL2, LDR_X0_X1);
		expect(&ground, A64_EL2, 0x96000004, va);
		ground_fini(&ground);
	}
}

Test(arm64_mmu, case_122_pc_alignment)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		ground.bench.pe->cpu.r[1] = 0x40000002;
		ground_run(&ground, A64_EL0, BR_X1);
		expect(&ground, A64_EL1, 0x8a000000, 0x40000002);
		ground_fini(&ground);
	}
}
