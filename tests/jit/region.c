/* The memory that host code lives in: full, written through another mapping, hot blocks only. */
#include <criterion/criterion.h>
#include <sys/prctl.h>

#include "tests/engine/toy.h"

#if ENGINE_HAS_JIT

#ifndef PR_SET_MDWE /* Linux 6.3 */
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define LOADS 60

static struct code_cache_stats stats_of(const struct toy *toy)
{
	struct code_cache_stats stats;
	code_cache_stats(toy->code, &stats);
	return stats;
}

/* A long program whose result says whether it ran: r3 = the sum of what is at TOY_DATA. */
static void load_program(struct toy *toy, int32_t addend)
{
	struct toy_insn program[LOADS + 1];
	for (unsigned i = 0; i < LOADS; i++)
		program[i] = (struct toy_insn){.op = UOP_LD64, .d = 2, .a = 10};
	program[LOADS] = (struct toy_insn){.op = UOP_ADDI, .d = 3, .a = 2, .imm = addend};
	toy_program(toy, TOY_RAM, program, LOADS + 1);
	toy->cpu.r[10] = TOY_DATA;
}

/* Code that is written again and again fills the region; then everything goes, and work goes on. */
Test(region, full)
{
	struct toy *toy = toy_new("jit");
	int32_t round = 0;
	while (stats_of(toy).flushes < 2) {
		cr_assert_lt(round, 200000, "the region never fills");
		load_program(toy, ++round);
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->cpu.r[3], (uint64_t)round);
		cr_assert_eq(toy->machine.stop.kind, STOP_EXIT);
	}
	toy_free(toy);
}

/* Where the host refuses memory that is writable and executable, two mappings do. */
Test(region, without_writable_executable_memory)
{
	if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
		cr_skip("this kernel has no PR_SET_MDWE");
	struct toy *toy = toy_new("jit");
	for (int32_t round = 1; round < 20; round++) {
		load_program(toy, round);
		toy_run(toy, TOY_RAM, 1000);
		cr_assert_eq(toy->cpu.r[3], (uint64_t)round);
	}
	cr_assert_gt(stats_of(toy).compiled, 0);
	toy_free(toy);
}

/* A loop is interpreted as often as asked for, then compiled, and counts stay exact throughout. */
Test(region, blocks_become_hot)
{
	struct toy_insn loop[] = {
		{.op = UOP_ADDI, .d = 1, .a = 1, .imm = 1       },
		{.op = UOP_BNE,  .a = 1, .b = 4, .wide = TOY_RAM},
	};
	struct toy *toy = toy_new("jit");
	code_cache_set_executions(toy->code, 6);
	toy_program(toy, TOY_RAM, loop, 2);
	toy->cpu.r[4] = 6;
	toy_run(toy, TOY_RAM, 1000);
	cr_assert_eq(toy->cpu.r[1], 6);
	cr_assert_eq(stats_of(toy).compiled, 0);
	toy->cpu.r[4] = 300;
	toy_run(toy, TOY_RAM, 1000);
	cr_assert_eq(toy->cpu.r[1], 300);
	cr_assert_eq(stats_of(toy).compiled, 1);
	cr_assert_eq(cpu_retired(&toy->cpu), 600 + 2);
	toy_free(toy);
}

#endif
