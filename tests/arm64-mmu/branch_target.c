/* FEAT_BTI: which branches may lead where, in guarded pages and between them and others. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/arm64-mmu/ground.h"

#define LEAF_GP (1ull << 50)
#define TARGET  0xffff000010000000ull /* two pages at BENCH_DATA */
#define PAGE    0x1000ull

enum {
	BR_X1 = 0xd61f0020,
	BR_X16 = 0xd61f0200,
	BR_X17 = 0xd61f0220,
	BLR_X1 = 0xd63f0020,
	BLR_X16 = 0xd63f0200,
	RET_X1 = 0xd65f0020,
	BRAAZ_X1 = 0xd61f083f,
	BLRABZ_X1 = 0xd63f0c3f,
	NOP = 0xd503201f,
	BTI = 0xd503241f,
	BTI_C = 0xd503245f,
	BTI_J = 0xd503249f,
	BTI_JC = 0xd50324df,
	PACIASP = 0xd503233f,
	PACIBSP = 0xd503237f,
	PACIAZ = 0xd503231f,
	BRK_0 = 0xd4200000,
	HLT_0 = 0xd4400000,
	UDF = 0,
	ESR_BRK = 0xf2000000,
	ESR_BTI = 0x36000000,
	ESR_UNDEFINED = 0x02000000,
};

/* The two pages behind TARGET. leaf bits beside those that are needed to execute there. */
static void map_target(struct ground *ground, unsigned page, uint64_t leaf)
{
	ground_map(ground, &ground->high, TARGET + page * PAGE, 3, BENCH_DATA + page * PAGE,
		   LEAF_AF | LEAF_RO | LEAF_EL0 | leaf);
}

/* RAM, where BENCH_CODE and the vectors are, and then the target's first page. */
static void begin(struct ground *ground, const char *engine, bool guarded, bool target_guarded)
{
	ground_init(ground, engine, NULL);
	ground_stage1(ground);
	ground_map(ground, &ground->low, BENCH_RAM, 2, BENCH_RAM,
		   LEAF_AF | LEAF_RO | LEAF_EL0 | (guarded ? LEAF_GP : 0));
	map_target(ground, 0, target_guarded ? LEAF_GP : 0);
	for (unsigned i = 0; i < 31; i++)
		ground->bench.pe->cpu.r[i] = TARGET;
	bench_set_level(&ground->bench, A64_EL1);
}

static void put(struct ground *ground, uint64_t offset, uint32_t word)
{
	bench_store(&ground->bench, BENCH_DATA + offset, 4, word);
}

static unsigned saved_type(const struct ground *ground)
{
	return ground->bench.pe->sysreg[A64_SPSR_EL1] >> PSTATE_BTYPE_SHIFT & 3;
}

static void expect(struct ground *ground, const char *what, uint64_t esr, uint64_t elr)
{
	cr_expect_eq(bench_esr(&ground->bench), esr, "%s: ESR %lx", what,
		     bench_esr(&ground->bench));
	cr_expect_eq(bench_elr(&ground->bench), elr, "%s: ELR %lx", what,
		     bench_elr(&ground->bench));
}

/* What a branch from a guarded page and from another leaves in BTYPE. */
static const struct {
	uint32_t word;
	uint8_t guarded, plain;
} branches[] = {
	{BR_X1,     3, 1},
        {BR_X16,    1, 1},
        {BR_X17,    1, 1},
        {BLR_X1,    2, 2},
	{BLR_X16,   2, 2},
        {BRAAZ_X1,  3, 1},
        {BLRABZ_X1, 2, 2},
        {RET_X1,    0, 0},
};

/* Which BTYPE an instruction takes, as bits; with SCTLR_ELx.BT=1 another set for some. */
static const struct {
	uint32_t word;
	uint8_t takes, strict;
	uint32_t esr;
} targets[] = {
	{NOP,     0x1, 0x1, ESR_BRK      },
        {BTI,     0x1, 0x1, ESR_BRK      },
	{BTI_C,   0x7, 0x7, ESR_BRK      },
        {BTI_J,   0xb, 0xb, ESR_BRK      },
	{BTI_JC,  0xf, 0xf, ESR_BRK      },
        {PACIASP, 0xf, 0x7, ESR_BRK      },
	{PACIBSP, 0xf, 0x7, ESR_BRK      },
        {PACIAZ,  0x1, 0x1, ESR_BRK      },
	{BRK_0,   0xf, 0xf, ESR_BRK      },
        {HLT_0,   0xf, 0xf, ESR_UNDEFINED},
	{UDF,     0x1, 0x1, ESR_UNDEFINED},
};

enum { GUARDED = 1, TARGET_GUARDED = 2, STRICT = 4, USER = 8, VARIANTS = 16 };

static void try(struct ground *ground, const char *engine, unsigned b, unsigned t, unsigned variant)
{
	bool guarded = variant & GUARDED, target_guarded = variant & TARGET_GUARDED;
	bool strict = variant & STRICT;
	unsigned level = variant & USER ? A64_EL0 : A64_EL1;
	char what[80];
	struct arm64_cpu *pe = ground->bench.pe;
	uint64_t bit = level == A64_EL0 ? SCTLR_BT0 : SCTLR_BT1;
	/* Keys are off, so that pointers need no code; the other level's bit does not count. */
	arm64_sysreg_set(pe, A64_SCTLR_EL1,
			 pe->sysreg[A64_SCTLR_EL1] | (strict ? bit : bit ^ SCTLR_BT0 ^ SCTLR_BT1));
	bench_set_level(&ground->bench, level);
	put(ground, 0, targets[t].word);
	put(ground, 4, BRK_0);
	bench_run(&ground->bench, &branches[b].word, 1);
	unsigned type = guarded ? branches[b].guarded : branches[b].plain;
	unsigned takes = strict ? targets[t].strict : targets[t].takes;
	snprintf(what, sizeof(what), "%s, %08x to %08x, variant %u", engine, branches[b].word,
		 targets[t].word, variant);
	if (target_guarded && !(takes >> type & 1)) {
		expect(ground, what, ESR_BTI | type, TARGET);
		cr_expect_eq(saved_type(ground), type, "%s: SPSR", what);
	} else {
		bool here = targets[t].word == BRK_0 || targets[t].esr == ESR_UNDEFINED;
		expect(ground, what, targets[t].esr, TARGET + (here ? 0 : 4));
		bool shown = targets[t].word == BRK_0 || targets[t].word == HLT_0;
		cr_expect_eq(saved_type(ground), shown ? type : 0, "%s: SPSR", what);
	}
}

Test(arm64_bti, every_branch_to_every_landing_pad)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned variant = 0; variant < VARIANTS; variant++) {
			struct ground ground;
			begin(&ground, bench_engines[e], variant & GUARDED,
			      variant & TARGET_GUARDED);
			for (unsigned b = 0; b < sizeof(branches) / sizeof(branches[0]); b++)
				for (unsigned t = 0; t < sizeof(targets) / sizeof(targets[0]); t++)
					try(&ground, bench_engines[e], b, t, variant);
			ground_fini(&ground);
		}
}

/* Nothing of an indirect branch is left when other instructions go on into a guarded page. */
Test(arm64_bti, direct_branches_lead_anywhere)
{
	static const struct {
		uint64_t at; /* in the unguarded first page: called, jumps to the second's start */
		uint32_t word;
	} ways[] = {
		{0x000, 0x14000400}, /* B */
		{0x004, 0x940003ff}, /* BL */
		{0x008, 0x54007fce}, /* B.AL */
		{0x00c, 0xb4007fbf}, /* CBZ XZR */
		{0x010, 0x36007f9f}, /* TBZ XZR, #0 */
		{0xffc, NOP       },
                {0xff8, NOP       },
                {0xffc, 0xd5033fdf}, /* ISB */
		{0xffc, 0xd50340ff}, /* MSR DAIFClr, #0 */
	};
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
			struct ground ground;
			begin(&ground, bench_engines[e], true, false);
			map_target(&ground, 1, LEAF_GP);
			put(&ground, 0xffc, NOP);
			put(&ground, ways[i].at, ways[i].word);
			put(&ground, PAGE, NOP);
			put(&ground, PAGE + 4, BRK_0);
			ground.bench.pe->cpu.r[1] = TARGET + ways[i].at;
			uint32_t call = BLR_X1;
			bench_run(&ground.bench, &call, 1);
			expect(&ground, bench_engines[e], ESR_BRK, TARGET + PAGE + 4);
			ground_fini(&ground);
		}
}

Test(arm64_bti, a_return_from_an_unguarded_page_needs_no_landing_pad)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct ground ground;
		begin(&ground, bench_engines[e], true, false);
		put(&ground, 0, 0xd65f03c0); /* RET */
		static const uint32_t words[] = {BLR_X1, NOP, BLR_X1, NOP};
		cr_expect(bench_run(&ground.bench, words, 4), "%s", bench_engines[e]);
		ground_fini(&ground);
	}
}

Test(arm64_bti, exception_returns_bring_btype_along)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned type = 0; type < 4; type++) {
			struct ground ground;
			begin(&ground, bench_engines[e], true, true);
			struct arm64_cpu *pe = ground.bench.pe;
			uint32_t eret = 0xd69f03e0;
			put(&ground, 0, BTI_C);
			put(&ground, 4, BRK_0);
			pe->sysreg[A64_ELR_EL1] = TARGET;
			pe->sysreg[A64_SPSR_EL1] = PSTATE_DAIF | type << PSTATE_BTYPE_SHIFT | 5;
			bench_run(&ground.bench, &eret, 1);
			if (type == 3)
				expect(&ground, bench_engines[e], ESR_BTI | 3, TARGET);
			else
				expect(&ground, bench_engines[e], ESR_BRK, TARGET + 4);
			ground_fini(&ground);
		}
}

/* A page that is brought in on demand is still checked. */
Test(arm64_bti, an_instruction_abort_keeps_btype)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct ground ground;
		begin(&ground, bench_engines[e], true, true);
		ground.bench.pe->cpu.r[1] = TARGET + PAGE;
		uint32_t call = BLR_X1;
		bench_run(&ground.bench, &call, 1);
		expect(&ground, bench_engines[e], 0x86000007, TARGET + PAGE);
		cr_expect_eq(saved_type(&ground), 2, "%s", bench_engines[e]);
		cr_expect_eq(arm64_pstate(ground.bench.pe) & PSTATE_BTYPE, 0);
		ground_fini(&ground);
	}
}

/* The same code at the same place is checked or not as its page says. */
Test(arm64_bti, a_page_becomes_guarded)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct ground ground;
		begin(&ground, bench_engines[e], true, false);
		put(&ground, 0, NOP);
		put(&ground, 4, BRK_0);
		static const uint32_t words[] = {0xd508871f, /* TLBI VMALLE1 */ BLR_X1};
		for (unsigned guarded = 0; guarded < 4; guarded++) {
			map_target(&ground, 0, guarded & 1 ? LEAF_GP : 0);
			bench_set_level(&ground.bench, A64_EL1);
			bench_run(&ground.bench, words, 2);
			if (guarded & 1)
				expect(&ground, bench_engines[e], ESR_BTI | 2, TARGET);
			else
				expect(&ground, bench_engines[e], ESR_BRK, TARGET + 4);
		}
		ground_fini(&ground);
	}
}

Test(arm64_bti, without_the_feature_nothing_is_checked)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct arm64_config config;
		struct error error = {0};
		cr_assert_eq(arm64_config_parse(&config, "max,-BTI", &error), 0);
		struct ground ground;
		ground_init(&ground, bench_engines[e], &config);
		ground_stage1(&ground);
		map_target(&ground, 0, LEAF_GP);
		put(&ground, 0, NOP);
		put(&ground, 4, BRK_0);
		ground.bench.pe->cpu.r[1] = TARGET;
		bench_set_level(&ground.bench, A64_EL1);
		cr_expect_eq(ground.bench.pe->sysreg[A64_ID_AA64PFR1_EL1] & 15, 0);
		uint32_t call = BLR_X1;
		bench_run(&ground.bench, &call, 1);
		expect(&ground, bench_engines[e], ESR_BRK, TARGET + 4);
		ground_fini(&ground);
	}
}
