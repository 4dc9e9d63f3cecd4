/* Software step and breakpoints (arm64-el2-traps facts, 10). */
#include <criterion/criterion.h>

#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"
#include "tests/arm64-insn/bench.h"
#include "tests/arm64-traps/usual.h"

enum {
	NOP = 0xd503201f,
	B_PLUS_8 = 0x14000002,
	RET_X5 = 0xd65f00a0,
	LDXR_X0_X1 = 0xc85f7c20,
	LDR_X0_X2 = 0xf9400040,
	SVC_0 = 0xd4000001,
	SS = 1 << 0,
	KDE = 1 << 13,
	MDE = 1 << 15,
};

static void start(struct bench *bench, const char *engine, uint64_t mdscr, bool tde)
{
	struct arm64_config config;
	usual_config(&config);
	bench_init(bench, engine, &config);
	usual_state(bench->pe);
	arm64_sysreg_set(bench->pe, A64_OSLAR_EL1, 0);
	arm64_sysreg_set(bench->pe, A64_MDSCR_EL1, mdscr);
	if (tde)
		arm64_sysreg_set(bench->pe, A64_MDCR_EL2,
				 bench->pe->sysreg[A64_MDCR_EL2] | MDCR_TDE);
	bench->pe->cpu.r[1] = bench->pe->cpu.r[5] = BENCH_DATA;
}

/* Returns from EL2 to EL1 (or EL0) with PSTATE.SS as given, to the code. */
static void step(struct bench *bench, uint32_t word, unsigned level, bool ss)
{
	uint32_t eret = 0xd69f03e0;
	struct cpu *cpu = &bench->pe->cpu;
	uint64_t eret_at = BENCH_DATA + 0x1000;
	bench_store(bench, BENCH_CODE, 4, word);
	bench_store(bench, BENCH_CODE + 4, 4, NOP);
	bench_store(bench, BENCH_CODE + 8, 4, NOP);
	bench_store(bench, BENCH_DATA, 4, NOP);
	bench_store(bench, eret_at, 4, eret);
	bench_set_level(bench, A64_EL2);
	bench->pe->sysreg[A64_ELR_EL2] = BENCH_CODE;
	bench->pe->sysreg[A64_SPSR_EL2] = (level == A64_EL1 ? PSTATE_SPSEL : 0) |
					  level << PSTATE_EL_SHIFT | PSTATE_DAIF |
					  (ss ? PSTATE_SS : 0);
	cpu->pc = eret_at;
	machine_run_until(&bench->machine, bench->machine.clock.now + 8);
}

static const struct {
	uint32_t word;
	bool ss;
	uint64_t esr, elr, spsr_ss;
} steps[] = {
	{NOP,        true,  0xcb000022, BENCH_CODE + 4, 0}, /* case 121 */
	{NOP,        false, 0xca000022, BENCH_CODE,     0},
	{B_PLUS_8,   true,  0xcb000022, BENCH_CODE + 8, 0},
	{RET_X5,     true,  0xcb000022, BENCH_DATA,     0},
	{LDXR_X0_X1, true,  0xcb000062, BENCH_CODE + 4, 0},
};

Test(arm64_debug, software_step_to_EL2_CASE_121)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++)
		for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			struct bench bench;
			start(&bench, bench_engines[e], SS, true);
			step(&bench, steps[i].word, A64_EL1, steps[i].ss);
			cr_expect_eq(bench.pe->cpu.level, A64_EL2);
			cr_expect_eq(bench_esr(&bench), steps[i].esr, "%s, step %u: ESR %lx",
				     bench_engines[e], i, bench_esr(&bench));
			cr_expect_eq(bench_elr(&bench), steps[i].elr, "%s, step %u: ELR %lx",
				     bench_engines[e], i, bench_elr(&bench));
			cr_expect_eq(bench.pe->sysreg[A64_SPSR_EL2] & PSTATE_SS, 0);
			bench_fini(&bench);
		}
}

/* An instruction that traps has not been stepped: SPSR.SS stays 1. SVC has been. */
Test(arm64_debug, exceptions_of_a_stepped_instruction)
{
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		start(&bench, bench_engines[e], SS, true);
		step(&bench, LDR_X0_X2, A64_EL0, true);
		cr_expect_eq(bench.pe->sysreg[A64_ESR_EL1] >> 26, A64_EC_DATA_LOWER);
		cr_expect_eq(bench.pe->sysreg[A64_SPSR_EL1] & PSTATE_SS, PSTATE_SS);
		bench_fini(&bench);
		start(&bench, bench_engines[e], SS, true);
		step(&bench, SVC_0, A64_EL0, true);
		cr_expect_eq(bench.pe->sysreg[A64_ESR_EL1] >> 26, A64_EC_SVC);
		cr_expect_eq(bench.pe->sysreg[A64_SPSR_EL1] & PSTATE_SS, 0);
		bench_fini(&bench);
	}
}

/* EL1 steps EL0 without EL2; with the OS lock on nothing is stepped. */
Test(arm64_debug, target_and_lock)
{
	struct bench bench;
	start(&bench, "interp", SS, false);
	step(&bench, NOP, A64_EL0, true);
	cr_expect_eq(bench.pe->cpu.level, A64_EL1);
	cr_expect_eq(bench.pe->sysreg[A64_ESR_EL1], 0xcb000022);
	bench_fini(&bench);
	start(&bench, "interp", SS, true);
	arm64_sysreg_set(bench.pe, A64_OSLAR_EL1, 1);
	cr_expect_eq(arm64_sysreg_get(bench.pe, A64_OSLSR_EL1), 0xa);
	step(&bench, SVC_0, A64_EL1, true);
	cr_expect_eq(bench.pe->sysreg[A64_ESR_EL1], 0x56000000);
	bench_fini(&bench);
}

Test(arm64_debug, breakpoints)
{
	enum { E = 1, PMC_EL1_EL0 = 3 << 1, PMC_EL0 = 2 << 1, BAS = 15 << 5 };
	for (unsigned e = 0; e < BENCH_ENGINES; e++) {
		struct bench bench;
		start(&bench, bench_engines[e], MDE, true);
		/* The code has been translated before the breakpoint is set. */
		step(&bench, NOP, A64_EL1, false);
		arm64_sysreg_set(bench.pe, A64_DBGBVR1_EL1, BENCH_CODE + 4);
		arm64_sysreg_set(bench.pe, A64_DBGBCR1_EL1, E | PMC_EL1_EL0 | BAS);
		step(&bench, NOP, A64_EL1, false);
		cr_expect_eq(bench.pe->cpu.level, A64_EL2);
		cr_expect_eq(bench_esr(&bench), 0xc2000022, "%s: ESR %lx", bench_engines[e],
			     bench_esr(&bench));
		cr_expect_eq(bench_elr(&bench), BENCH_CODE + 4);
		/* For EL0 only: EL1 passes. */
		arm64_sysreg_set(bench.pe, A64_DBGBCR1_EL1, E | PMC_EL0 | BAS);
		step(&bench, NOP, A64_EL1, false);
		cr_expect_eq(bench.pe->cpu.level, A64_EL1);
		bench_fini(&bench);
	}
}
