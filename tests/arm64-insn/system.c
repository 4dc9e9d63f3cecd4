/* System instructions whose short paths the translator picks: they do what the long ones do. */
#include <criterion/criterion.h>

#include "bench.h"
#include "cpu/arm64/pe.h"
#include "cpu/arm64/sysreg.h"

#define FOR_EACH_ENGINE(e) for (unsigned e = 0; e < BENCH_ENGINES; e++)
#define COUNT(array)       (sizeof(array) / sizeof((array)[0]))

/* SP_EL0 is SP itself while PSTATE.SP is 0. */
Test(arm64_system, stack_pointer_of_EL0_by_SPSel)
{
	static const uint32_t code[] = {
		0xd5384100, /* mrs x0, sp_el0 */
		0xd50040bf, /* msr spsel, #0 */
		0x910043ff, /* add sp, sp, #16 */
		0xd5384101, /* mrs x1, sp_el0 */
		0xd50041bf, /* msr spsel, #1 */
		0xd5384102, /* mrs x2, sp_el0 */
		0xd5184100, /* msr sp_el0, x0 */
		0xd5384103, /* mrs x3, sp_el0 */
	};
	FOR_EACH_ENGINE(e)
	{
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		const uint64_t *r = bench.pe->cpu.r;
		bench.pe->sp[A64_EL0] = 0x1000;
		bench.pe->cpu.r[A64_REG_SP] = 0x2000;
		cr_assert(bench_run(&bench, code, COUNT(code)), "%s", bench_engines[e]);
		cr_expect_eq(r[0], 0x1000, "%s", bench_engines[e]);
		cr_expect_eq(r[1], 0x1010, "%s", bench_engines[e]);
		cr_expect_eq(r[2], 0x1010, "%s", bench_engines[e]);
		cr_expect_eq(r[3], 0x1000, "%s", bench_engines[e]);
		cr_expect_eq(r[A64_REG_SP], 0x2000, "%s", bench_engines[e]);
		bench_fini(&bench);
	}
}

/* A pending interrupt that is unmasked is taken before the next instruction, within a block too. */
Test(arm64_system, unmasking_lets_an_interrupt_in_at_once)
{
	static const struct {
		uint32_t word;
		uint64_t x0;
		bool taken;
	} rows[] = {
		{0xd50342ff, 0,        true }, /* msr daifclr, #2 */
		{0xd51b4220, PSTATE_A, true }, /* msr daif, x0 */
		{0xd51b4220, PSTATE_I, false},
                {0xd50341ff, 0,        false}, /* msr daifclr, #1 */
		{0xd50342df, 0,        false}, /* msr daifset, #2 */
		{0xd50348ff, 0,        false}, /* msr daifclr, #8 */
	};
	enum { NOP = 0xd503201f, IRQ_VECTOR = 0x280 };
	FOR_EACH_ENGINE(e)
	for (unsigned i = 0; i < COUNT(rows); i++) {
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		arm64_sysreg_set(bench.pe, A64_HCR_EL2, HCR_RW | HCR_IMO);
		struct irq_line line = arm64_interrupt_line(bench.pe, 0);
		irq_set(&line, true);
		bench.pe->cpu.r[0] = rows[i].x0;
		const uint32_t code[] = {NOP, rows[i].word, NOP};
		bool end = bench_run(&bench, code, COUNT(code));
		cr_expect_eq(end, !rows[i].taken, "%s row %u", bench_engines[e], i);
		if (rows[i].taken) {
			cr_expect_eq(bench_elr(&bench), BENCH_CODE + 8, "%s row %u",
				     bench_engines[e], i);
			cr_expect_eq(bench.pe->cpu.pc, BENCH_VECTORS + IRQ_VECTOR, "%s row %u",
				     bench_engines[e], i);
		}
		bench_fini(&bench);
	}
}

/* What was known of DAIF at translation holds for each execution. */
Test(arm64_system, DAIF_reads_what_was_written)
{
	static const uint32_t code[] = {
		0xd50347ff, /* msr daifclr, #7 */
		0xd53b4220, /* mrs x0, daif */
		0xd50343df, /* msr daifset, #3 */
		0xd53b4221, /* mrs x1, daif */
		0xd51b4220, /* msr daif, x0 */
		0xd53b4222, /* mrs x2, daif */
	};
	FOR_EACH_ENGINE(e)
	{
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		const uint64_t *r = bench.pe->cpu.r;
		cr_assert(bench_run(&bench, code, COUNT(code)), "%s", bench_engines[e]);
		cr_expect_eq(r[0], PSTATE_D, "%s", bench_engines[e]);
		cr_expect_eq(r[1], PSTATE_D | PSTATE_I | PSTATE_F, "%s", bench_engines[e]);
		cr_expect_eq(r[2], PSTATE_D, "%s", bench_engines[e]);
		bench_fini(&bench);
	}
}

/* The line around the address and nothing else, whether the TLB knows the page or not. */
Test(arm64_system, DC_ZVA_clears_its_line)
{
	static const uint32_t code[] = {
		0xd50b7421, /* dc zva, x1 */
		0xf9000062, /* str x2, [x3] */
		0xd50b7421, /* dc zva, x1 */
	};
	enum { LINE = 64 };
	FOR_EACH_ENGINE(e)
	{
		struct bench bench;
		bench_init(&bench, bench_engines[e], NULL);
		bench_map_memory(&bench);
		for (unsigned i = 0; i < 3 * LINE; i += 8)
			bench_store(&bench, BENCH_DATA + i, 8, UINT64_MAX);
		bench.pe->cpu.r[1] = BENCH_DATA + LINE + 29;
		bench.pe->cpu.r[2] = UINT64_MAX;
		bench.pe->cpu.r[3] = BENCH_DATA + LINE + 8;
		cr_assert(bench_run(&bench, code, COUNT(code)), "%s", bench_engines[e]);
		for (unsigned i = 0; i < 3 * LINE; i += 8)
			cr_expect_eq(bench_load(&bench, BENCH_DATA + i, 8),
				     i / LINE == 1 ? 0 : UINT64_MAX, "%s: byte %u",
				     bench_engines[e], i);
		bench_fini(&bench);
	}
}
