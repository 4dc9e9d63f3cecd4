/* FEAT_NV2: registers of EL2 that EL1 finds in memory (arm64-el2-traps facts, 8). */
#include <criterion/criterion.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum {
	MRS_X0_HCR_EL2 = 0xd53c1100,
	MSR_HCR_EL2_X0 = 0xd51c1100,
	MRS_X0_SCTLR_EL1 = 0xd5381000,
	MRS_X0_SCTLR_EL12 = 0xd53d1000,
	MRS_X0_CNTV_CTL_EL02 = 0xd53de320,
	MRS_X0_ELR_EL2 = 0xd53c4020,
	MRS_X0_SP_EL1 = 0xd53c4100,
	MRS_X0_VBAR_EL1 = 0xd538c000,
	MRS_X0_VBAR_EL2 = 0xd53cc000,
	MEMORY = 1, /* reads what is at the offset */
	TRAP = 2,   /* EL2 takes it, class 0x18 */
	REGISTER = 3,
};

#define NV  HCR_NV
#define NV1 HCR_NV1
#define NV2 HCR_NV2

static const struct {
	uint32_t word;
	uint64_t hcr;
	unsigned expected, offset;
} reads[] = {
	{MRS_X0_HCR_EL2,       NV | NV2,       MEMORY,   0x078}, /* case 105 */
	{MRS_X0_HCR_EL2,       NV | NV1 | NV2, MEMORY,   0x078},
	{MRS_X0_HCR_EL2,       NV,             TRAP,     0    },
	{MRS_X0_SCTLR_EL1,     NV | NV2,       REGISTER, 0    },
	{MRS_X0_SCTLR_EL1,     NV | NV1 | NV2, MEMORY,   0x110},
	{MRS_X0_SCTLR_EL1,     NV | NV1,       REGISTER, 0    },
	{MRS_X0_SCTLR_EL12,    NV | NV2,       MEMORY,   0x110},
	{MRS_X0_SCTLR_EL12,    NV | NV1 | NV2, TRAP,     0    },
	{MRS_X0_SCTLR_EL12,    NV,             TRAP,     0    },
	{MRS_X0_CNTV_CTL_EL02, NV | NV2,       MEMORY,   0x170},
	{MRS_X0_CNTV_CTL_EL02, NV,             TRAP,     0    },
	{MRS_X0_ELR_EL2,       NV | NV2,       REGISTER, 0    }, /* ELR_EL1 */
	{MRS_X0_ELR_EL2,       NV,             TRAP,     0    },
	{MRS_X0_SP_EL1,        NV | NV2,       MEMORY,   0x240},
	{MRS_X0_SP_EL1,        NV,             TRAP,     0    },
	{MRS_X0_VBAR_EL1,      NV | NV1,       TRAP,     0    },
	{MRS_X0_VBAR_EL1,      NV | NV1 | NV2, MEMORY,   0x250},
	{MRS_X0_VBAR_EL2,      NV | NV2,       TRAP,     0    }, /* not one of those in memory */
};

static void start(struct bench *bench, const char *engine, uint64_t hcr)
{
	struct arm64_config config;
	usual_config(&config);
	bench_init(bench, engine, &config);
	usual_state(bench->pe);
	arm64_sysreg_set(bench->pe, A64_HCR_EL2, bench->pe->sysreg[A64_HCR_EL2] | hcr);
	arm64_sysreg_set(bench->pe, A64_VNCR_EL2, BENCH_DATA);
	for (unsigned i = 0; i < 0x1000; i += 8)
		bench_store(bench, BENCH_DATA + i, 8, 0xabc0000 + i);
	bench_set_level(bench, A64_EL1);
}

Test(arm64_nested, where_registers_are_CASE_105)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
			struct bench bench;
			start(&bench, bench_engines[e], reads[i].hcr);
			/* Not SCTLR_EL1.M. */
			bench.pe->sysreg[A64_ELR_EL1] = 0x1110;
			bench.pe->sysreg[A64_SCTLR_EL1] = 0x1110;
			arm64_update_mode(&bench.pe->cpu);
			bool executed = bench_run(&bench, &reads[i].word, 1);
			uint64_t value = bench.pe->cpu.r[0];
			if (reads[i].expected == TRAP) {
				cr_expect_eq(bench.pe->cpu.level, A64_EL2, "%s, read %u",
					     bench_engines[e], i);
				cr_expect_eq(bench_esr(&bench) >> 26, A64_EC_SYSREG);
			} else {
				uint64_t expected = reads[i].expected == MEMORY
							    ? 0xabc0000 + reads[i].offset
							    : 0x1110;
				cr_expect(executed, "%s, read %u: ESR %lx", bench_engines[e], i,
					  bench_esr(&bench));
				cr_expect_eq(value, expected, "%s, read %u: %lx", bench_engines[e],
					     i, value);
			}
			bench_fini(&bench);
		}
}

/* A write goes to memory and changes no register; the access is EL2's, and so is its fault. */
Test(arm64_nested, writes_and_faults_CASE_105)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		uint32_t word = MSR_HCR_EL2_X0;
		start(&bench, bench_engines[e], NV | NV2);
		uint64_t before = bench.pe->sysreg[A64_HCR_EL2];
		bench.pe->cpu.r[0] = 0x5555;
		cr_expect(bench_run(&bench, &word, 1));
		cr_expect_eq(bench_load(&bench, BENCH_DATA + 0x78, 8), 0x5555);
		cr_expect_eq(bench.pe->sysreg[A64_HCR_EL2], before);
		bench_set_level(&bench, A64_EL1);
		arm64_sysreg_set(bench.pe, A64_VNCR_EL2, 0x1000);
		bench_run(&bench, &word, 1);
		cr_expect_eq(bench.pe->cpu.level, A64_EL2);
		/* Class 0x25, ISS.VNCR, WnR, external abort: nothing is there. */
		cr_expect_eq(bench_esr(&bench), 0x96002050, "ESR %lx", bench_esr(&bench));
		cr_expect_eq(bench.pe->sysreg[A64_FAR_EL2], 0x1078);
		bench_fini(&bench);
	}
}

/* An exception from EL1 to EL1 looks as if it came from EL2, but with NV1=1 and NV2=0. */
Test(arm64_nested, exceptions_hide_the_level)
{
	static const struct {
		uint64_t hcr;
		unsigned level;
	} cases[] = {
		{0,              A64_EL1},
		{NV,             A64_EL2},
		{NV | NV1,       A64_EL1},
		{NV | NV2,       A64_EL2},
		{NV | NV1 | NV2, A64_EL2},
	};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;
		uint32_t svc = 0xd4000001;
		start(&bench, "step", cases[i].hcr);
		bench_run(&bench, &svc, 1);
		cr_expect_eq((bench.pe->sysreg[A64_SPSR_EL1] & PSTATE_EL) >> PSTATE_EL_SHIFT,
			     cases[i].level, "case %u", i);
		bench_fini(&bench);
	}
}
