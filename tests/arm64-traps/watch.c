/* Watchpoints: DBGWVR<n>_EL1 and DBGWCR<n>_EL1 (Arm ARM, D2.10). */
#include <criterion/criterion.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum {
	LDR_X0_X1 = 0xf9400020,
	LDR_X0_X1_256 = 0xf9408020,
	LDR_W0_X1 = 0xb9400020,
	LDRB_W0_X1_3 = 0x39400c20,
	STR_X2_X1 = 0xf9000022,
	LDP_X2_X3_X1 = 0xa9400c22,
	STR_Q0_X1 = 0x3d800020,
	LDXR_X0_X1 = 0xc85f7c20,
	SWP_X2_X0_X1 = 0xf8228020,
	LDTR_X0_X1 = 0xf8400820,
	DC_ZVA_X1 = 0xd50b7421,
	MDE = 1 << 15,
	E = 1 << 0,
	EL1 = 1 << 1,
	EL0 = 2 << 1,
	LOAD = 1 << 3,
	STORE = 1 << 4,
	ALL = 0xff << 5,
	LINKED = 1 << 20,
	USUAL = E | EL1 | EL0 | LOAD | STORE | ALL,
	HIT_LOAD = 0xd2000022,
	HIT_STORE = 0xd2000062,
};
#define DATA    (BENCH_DATA + 0x40000000)
#define BYTE(n) (1 << (5 + (n)))
#define MASK(n) ((n) << 24)

/* X1 is DATA, which offsets count from. esr: 0 if nothing matches. */
static const struct {
	uint32_t word;
	unsigned value, control, level;
	uint64_t esr;
	unsigned far;
} cases[] = {
	{LDR_X0_X1,     0,      USUAL,                    A64_EL1, HIT_LOAD,  0  },
	{LDR_X0_X1,     0,      USUAL,                    A64_EL0, HIT_LOAD,  0  },
	{LDR_X0_X1,     0,      USUAL & ~EL1,             A64_EL0, HIT_LOAD,  0  },
	{LDR_X0_X1,     0,      USUAL & ~EL1,             A64_EL1, 0,         0  },
	{LDR_X0_X1,     0,      USUAL & ~EL0,             A64_EL0, 0,         0  },
	{LDTR_X0_X1,    0,      USUAL & ~EL1,             A64_EL1, HIT_LOAD,  0  },
	{LDR_X0_X1,     0,      USUAL & ~LOAD,            A64_EL1, 0,         0  },
	{STR_X2_X1,     0,      USUAL & ~LOAD,            A64_EL1, HIT_STORE, 0  },
	{STR_X2_X1,     0,      USUAL & ~STORE,           A64_EL1, 0,         0  },
	{LDR_X0_X1,     0,      USUAL & ~E,               A64_EL1, 0,         0  },
	{LDR_X0_X1,     0,      USUAL | LINKED,           A64_EL1, 0,         0  },
	{LDR_X0_X1,     8,      USUAL,                    A64_EL1, 0,         0  },
	{LDRB_W0_X1_3,  0,      (USUAL & ~ALL) | BYTE(3), A64_EL1, HIT_LOAD,  3  },
	{LDRB_W0_X1_3,  0,      (USUAL & ~ALL) | BYTE(2), A64_EL1, 0,         0  },
	{LDR_X0_X1,     0,      (USUAL & ~ALL) | BYTE(7), A64_EL1, HIT_LOAD,  0  },
	{LDR_W0_X1,     0,      (USUAL & ~ALL) | BYTE(7), A64_EL1, 0,         0  },
	{LDR_X0_X1,     4,      (USUAL & ~ALL) | BYTE(0), A64_EL1, HIT_LOAD,  0  },
	{LDR_W0_X1,     4,      (USUAL & ~ALL) | BYTE(0), A64_EL1, 0,         0  },
	{LDR_X0_X1_256, 0,      USUAL | MASK(12),         A64_EL1, HIT_LOAD,  256},
	{LDR_X0_X1_256, 0,      USUAL | MASK(8),          A64_EL1, 0,         0  },
	{LDR_X0_X1,     0xe000, USUAL | MASK(31),         A64_EL1, HIT_LOAD,  0  },
	{LDP_X2_X3_X1,  8,      USUAL,                    A64_EL1, HIT_LOAD,  8  },
	{STR_Q0_X1,     8,      USUAL,                    A64_EL1, HIT_STORE, 8  },
	{LDXR_X0_X1,    0,      USUAL,                    A64_EL1, HIT_LOAD,  0  },
	{SWP_X2_X0_X1,  0,      USUAL & ~STORE,           A64_EL1, HIT_STORE, 0  },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

static void begin(struct bench *bench, const char *engine)
{
	bench_init(bench, engine, NULL);
	usual_state(bench->pe);
	bench_map_memory(bench);
	/* The same once more, where EL0 may load and store, so that EL1 may not execute there. */
	enum { AP_EL0 = 1 << 6, CODE = 8, ALIAS = 16 };
	uint64_t table = bench->pe->sysreg[A64_TTBR0_EL1];
	bench_store(bench, table + ALIAS, 8, bench_load(bench, table + CODE, 8) | AP_EL0);
	arm64_sysreg_set(bench->pe, A64_CPACR_EL1, 3 << 20);
	arm64_sysreg_set(bench->pe, A64_OSLAR_EL1, 0);
	/* Debug exceptions are EL2's, so that EL1 has them whatever PSTATE.D. */
	arm64_sysreg_set(bench->pe, A64_MDCR_EL2, bench->pe->sysreg[A64_MDCR_EL2] | MDCR_TDE);
	arm64_sysreg_set(bench->pe, A64_MDSCR_EL1, MDE);
}

static void try(struct bench *bench, const char *engine, unsigned i, unsigned number)
{
	static const enum arm64_sysreg values[] = {A64_DBGWVR0_EL1, A64_DBGWVR3_EL1};
	static const enum arm64_sysreg controls[] = {A64_DBGWCR0_EL1, A64_DBGWCR3_EL1};
	struct arm64_cpu *pe = bench->pe;
	for (unsigned reg = 0; reg < 31; reg++)
		pe->cpu.r[reg] = reg == 1 ? DATA : 0x55;
	bench_store(bench, BENCH_DATA, 8, 1);
	arm64_sysreg_set(pe, values[number], DATA + cases[i].value);
	arm64_sysreg_set(pe, controls[number], cases[i].control);
	bench_set_level(bench, cases[i].level);
	uint32_t word = cases[i].word;
	bool done = bench_run(bench, &word, 1);
	cr_expect_eq(done, cases[i].esr == 0, "%s, case %u", engine, i);
	if (cases[i].esr) {
		cr_expect_eq(pe->cpu.level, A64_EL2, "%s, case %u", engine, i);
		cr_expect_eq(bench_esr(bench), cases[i].esr, "%s, case %u: ESR %lx", engine, i,
			     bench_esr(bench));
		cr_expect_eq(pe->sysreg[A64_FAR_EL2], DATA + cases[i].far, "%s, case %u: FAR %lx",
			     engine, i, pe->sysreg[A64_FAR_EL2]);
		cr_expect_eq(pe->cpu.r[0], 0x55, "%s, case %u", engine, i);
		if (!(cases[i].word == STR_Q0_X1))
			cr_expect_eq(bench_load(bench, BENCH_DATA, 8), 1, "%s, case %u", engine, i);
	}
	arm64_sysreg_set(pe, controls[number], 0);
	bench_set_level(bench, A64_EL2);
}

Test(arm64_watchpoints, bytes_levels_and_kinds_of_access)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		begin(&bench, bench_engines[e]);
		for (unsigned i = 0; i < CASES; i++)
			for (unsigned number = 0; number < 2; number++)
				try(&bench, bench_engines[e], i, number);
		bench_fini(&bench);
	}
}

/* Pages are looked at anew when a watchpoint comes and when it goes. */
Test(arm64_watchpoints, come_and_go_while_translations_are_cached)
{
	static const uint32_t word = LDR_X0_X1, zero = DC_ZVA_X1;
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		begin(&bench, bench_engines[e]);
		struct arm64_cpu *pe = bench.pe;
		pe->cpu.r[1] = DATA;
		arm64_sysreg_set(pe, A64_DBGWVR1_EL1, DATA + 8);
		for (unsigned round = 0; round < 4; round++) {
			bool on = round & 1;
			arm64_sysreg_set(pe, A64_DBGWCR1_EL1, on ? USUAL : 0);
			bench_set_level(&bench, A64_EL1);
			cr_expect(bench_run(&bench, &word, 1), "%s", bench_engines[e]);
			/* Another access to the same page that does touch it. */
			bench_set_level(&bench, A64_EL1);
			cr_expect_eq(bench_run(&bench, &zero, 1), !on, "%s", bench_engines[e]);
			/* Without MDSCR_EL1.MDE there are none. */
			arm64_sysreg_set(pe, A64_MDSCR_EL1, 0);
			bench_set_level(&bench, A64_EL1);
			cr_expect(bench_run(&bench, &zero, 1), "%s", bench_engines[e]);
			arm64_sysreg_set(pe, A64_MDSCR_EL1, MDE);
		}
		bench_fini(&bench);
	}
}

/* Where EL1 takes them itself: with PSTATE.D=0 and MDSCR_EL1.KDE, as the class of the same level.
 */
Test(arm64_watchpoints, in_el1_itself)
{
	enum { KDE = 1 << 13, HIT_SAME_LEVEL = 0xd6000022 };
	static const uint32_t word = LDR_X0_X1;
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned variant = 0; variant < 4; variant++) {
			bool kde = variant & 1, masked = variant & 2;
			struct bench bench;
			begin(&bench, bench_engines[e]);
			struct arm64_cpu *pe = bench.pe;
			pe->cpu.r[1] = DATA;
			arm64_sysreg_set(pe, A64_MDCR_EL2,
					 pe->sysreg[A64_MDCR_EL2] & ~(uint64_t)MDCR_TDE);
			arm64_sysreg_set(pe, A64_MDSCR_EL1, MDE | (kde ? KDE : 0));
			arm64_sysreg_set(pe, A64_DBGWVR2_EL1, DATA);
			arm64_sysreg_set(pe, A64_DBGWCR2_EL1, USUAL);
			bench_set_level(&bench, A64_EL1);
			arm64_set_pstate(pe, arm64_pstate(pe) & ~(masked ? 0ull : PSTATE_D));
			bool done = bench_run(&bench, &word, 1);
			cr_expect_eq(done, !kde || masked, "%s, %u", bench_engines[e], variant);
			if (!done)
				cr_expect_eq(bench_esr(&bench), HIT_SAME_LEVEL, "%s",
					     bench_engines[e]);
			bench_fini(&bench);
		}
}
