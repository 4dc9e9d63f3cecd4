/*
 * Types of memory, hardware updates of descriptors, TLB maintenance, PSTATE.PAN and UAO: what
 * instructions see, in every engine.
 */
#include <criterion/criterion.h>

#include "tests/arm64-mmu/ground.h"

#define VA            0x123000ull
#define LDR_X0_X1     0xf9400020
#define STR_X0_X1     0xf9000020
#define LDTR_X0_X1    0xf8400820
#define DC_ZVA_X1     0xd50b7421
#define DC_CVAC_X1    0xd50b7a21
#define LD64B_X0_X8   0xf83fd100
#define LDADD_X0_X1   0xf8200020 /* LDADD X0, X0, [X1] */
#define TLBI_VAE1_X2  0xd5088722
#define TLBI_VMALLE1  0xd508871f
#define TLBI_RVAE1_X2 0xd5088622

#define FOR_EACH_ENGINE(e) for (unsigned e = 0; e < BENCH_ENGINES; e++)

static void one_page(struct ground *ground, const char *engine, uint64_t bits)
{
	ground_init(ground, engine, NULL);
	ground_stage1(ground);
	ground_map(ground, &ground->low, VA, 3, BENCH_DATA, bits);
	ground->bench.pe->cpu.r[1] = VA;
	ground->bench.pe->cpu.r[8] = VA;
}

static uint64_t esr_of(struct ground *ground, unsigned level, uint32_t word)
{
	return ground_run(ground, level, word) ? 0 : bench_esr(&ground->bench);
}

static uint64_t page_entry(struct ground *ground)
{
	return ground_entry(ground, &ground->low, VA, 3, 0);
}

Test(arm64_mmu_memory, device_memory_takes_aligned_accesses_only)
{
	static const struct {
		unsigned attr, offset;
		uint32_t word;
		uint64_t esr;
	} rows[] = {
		{ATTR_NORMAL,        1, LDR_X0_X1,   0         },
                {ATTR_DEVICE,        8, LDR_X0_X1,   0         },
		{ATTR_DEVICE,        1, LDR_X0_X1,   0x96000021},
                {ATTR_DEVICE,        4, STR_X0_X1,   0x96000061},
		{ATTR_NON_CACHEABLE, 1, LDR_X0_X1,   0         },
                {ATTR_NORMAL,        8, DC_ZVA_X1,   0         },
		{ATTR_DEVICE,        8, DC_ZVA_X1,   0x96000061},
                {ATTR_NORMAL,        0, LD64B_X0_X8, 0x96000035},
		{ATTR_NON_CACHEABLE, 0, LD64B_X0_X8, 0         },
                {ATTR_DEVICE,        0, LD64B_X0_X8, 0         },
	};
	FOR_EACH_ENGINE(e)
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF | LEAF_ATTR(rows[i].attr));
		arm64_sysreg_set(ground.bench.pe, A64_HCRX_EL2, 2); /* EnALS */
		ground.bench.pe->cpu.r[1] += rows[i].offset;
		uint64_t esr = esr_of(&ground, A64_EL1, rows[i].word);
		cr_expect_eq(esr, rows[i].esr, "%s row %u: ESR %lx", bench_engines[e], i, esr);
		ground_fini(&ground);
	}
}

Test(arm64_mmu_memory, without_the_mmu_accesses_are_aligned)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		ground_init(&ground, bench_engines[e], NULL);
		ground.bench.pe->cpu.r[1] = BENCH_DATA + 1;
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0x96000021, "%s",
			     bench_engines[e]);
		ground_fini(&ground);
	}
}

Test(arm64_mmu_memory, accesses_across_pages_ask_for_both)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF);
		ground.bench.pe->cpu.r[1] = VA + 0xffc;
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0x96000007, "second page");
		cr_expect_eq(ground.bench.pe->sysreg[A64_FAR_EL1], VA + 0x1000);
		ground_map(&ground, &ground.low, VA + 0x1000, 3, BENCH_DATA + 0x2000, LEAF_AF);
		bench_store(&ground.bench, BENCH_DATA + 0xffc, 4, 0x11223344);
		bench_store(&ground.bench, BENCH_DATA + 0x2000, 4, 0x55667788);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0, "both");
		cr_expect_eq(ground.bench.pe->cpu.r[0], 0x5566778811223344);
		ground_fini(&ground);
	}
}

/* TCR_EL1.HA and HD: the access flag, and AP[2] of pages with DBM. */
Test(arm64_mmu_memory, hardware_updates)
{
	const uint64_t ha = 1ull << 39, hd = 1ull << 40;
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_RO | LEAF_DBM);
		struct arm64_cpu *pe = ground.bench.pe;
		uint64_t tcr = pe->sysreg[A64_TCR_EL1], entry = page_entry(&ground);
		uint64_t before = bench_load(&ground.bench, entry, 8);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0x9600000b, "no HA");
		arm64_sysreg_set(pe, A64_TCR_EL1, tcr | ha);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0, "HA");
		cr_expect_eq(bench_load(&ground.bench, entry, 8), before | LEAF_AF);
		cr_expect_eq(esr_of(&ground, A64_EL1, STR_X0_X1), 0x9600004f, "no HD");
		arm64_sysreg_set(pe, A64_TCR_EL1, tcr | ha | hd);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0, "a read");
		cr_expect_eq(bench_load(&ground.bench, entry, 8), before | LEAF_AF, "clean");
		cr_expect_eq(esr_of(&ground, A64_EL1, STR_X0_X1), 0, "HD");
		cr_expect_eq(bench_load(&ground.bench, entry, 8), (before | LEAF_AF) & ~LEAF_RO);
		ground_fini(&ground);
	}
}

/* An atomic is a read if it cannot even read; if only writing is refused, a write. */
Test(arm64_mmu_memory, atomics_say_what_was_refused)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF | LEAF_RO);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDADD_X0_X1), 0x9600004f, "read-only");
		ground.bench.pe->cpu.r[1] = VA + 0x1000;
		cr_expect_eq(esr_of(&ground, A64_EL1, LDADD_X0_X1), 0x96000007, "not mapped");
		ground_fini(&ground);
	}
}

Test(arm64_mmu_memory, cache_maintenance_by_address_translates)
{
	FOR_EACH_ENGINE(e)
	{
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF);
		arm64_sysreg_set(ground.bench.pe, A64_SCTLR_EL1,
				 ground.bench.pe->sysreg[A64_SCTLR_EL1] | SCTLR_UCI);
		cr_expect_eq(esr_of(&ground, A64_EL1, DC_CVAC_X1), 0, "mapped");
		cr_expect_eq(esr_of(&ground, A64_EL0, DC_CVAC_X1), 0x9200014f, "not for EL0");
		ground.bench.pe->cpu.r[1] = VA + 0x1000;
		cr_expect_eq(esr_of(&ground, A64_EL1, DC_CVAC_X1), 0x96000147, "not mapped");
		ground_fini(&ground);
	}
}

/* What a TLBI drops is seen at once: by address, of a range, all. */
Test(arm64_mmu_memory, tlb_maintenance)
{
	static const struct {
		uint32_t word;
		uint64_t operand;
	} rows[] = {
		{TLBI_VAE1_X2,  VA >> 12             },
		{TLBI_RVAE1_X2, VA >> 12 | 1ull << 46},
		{TLBI_VMALLE1,  0                    },
	};
	FOR_EACH_ENGINE(e)
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF);
		struct cpu *cpu = &ground.bench.pe->cpu;
		bench_store(&ground.bench, BENCH_DATA, 8, 1);
		bench_store(&ground.bench, BENCH_DATA + 0x1000, 8, 2);
		cr_expect_eq(esr_of(&ground, A64_EL1, LDR_X0_X1), 0);
		cr_expect_eq(cpu->r[0], 1);
		ground_map(&ground, &ground.low, VA, 3, BENCH_DATA + 0x1000, LEAF_AF);
		cpu->r[2] = rows[i].operand;
		const uint32_t insns[] = {rows[i].word, LDR_X0_X1};
		bench_set_level(&ground.bench, A64_EL1);
		cr_expect(bench_run(&ground.bench, insns, 2), "row %u", i);
		cr_expect_eq(cpu->r[0], 2, "%s row %u", bench_engines[e], i);
		ground_fini(&ground);
	}
}

/* LDTR sees what EL0 may; PSTATE.UAO makes it a plain load; PSTATE.PAN keeps plain ones out. */
Test(arm64_mmu_memory, pan_and_uao)
{
	static const struct {
		uint64_t leaf, pstate;
		uint32_t word;
		uint64_t esr;
	} rows[] = {
		{LEAF_EL0, 0,          LDR_X0_X1,  0         },
		{LEAF_EL0, PSTATE_PAN, LDR_X0_X1,  0x9600000f},
		{LEAF_EL0, PSTATE_PAN, LDTR_X0_X1, 0         },
		{0,        0,          LDTR_X0_X1, 0x9600000f},
		{0,        PSTATE_UAO, LDTR_X0_X1, 0         },
		{0,        PSTATE_PAN, LDR_X0_X1,  0         },
	};
	FOR_EACH_ENGINE(e)
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ground ground;
		one_page(&ground, bench_engines[e], LEAF_AF | rows[i].leaf);
		struct arm64_cpu *pe = ground.bench.pe;
		bench_set_level(&ground.bench, A64_EL1);
		arm64_set_pstate(pe, arm64_pstate(pe) | rows[i].pstate);
		bool ok = bench_run(&ground.bench, &rows[i].word, 1);
		uint64_t esr = ok ? 0 : bench_esr(&ground.bench);
		cr_expect_eq(esr, rows[i].esr, "%s row %u: ESR %lx", bench_engines[e], i, esr);
		ground_fini(&ground);
	}
}
