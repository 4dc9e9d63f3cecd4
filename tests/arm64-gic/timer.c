/* Generic timers, and the waits that they end (Arm ARM, D12), in every engine. */
#include "board.h"

enum { ENABLE = 1, IMASK = 2, ISTATUS = 4, NOP = 0xd503201f, JUMP_SELF = 0x14000000 };

#define FOR_ENGINES(board)                                                                         \
	for (unsigned engine = 0; engine < BENCH_ENGINES; engine++)                                \
		for (board_init(&(board), bench_engines[engine]); (board).gic;                     \
		     board_fini(&(board)), (board).gic = NULL)

static struct board board;

static uint64_t now(void)
{
	return board.bench.machine.clock.now;
}

/* Lets PE 0 loop at BENCH_CODE, with interrupts as they are. */
static void loop(void)
{
	bench_store(&board.bench, BENCH_CODE, 4, JUMP_SELF);
	board.bench.pe->cpu.pc = BENCH_CODE;
}

static const struct {
	enum arm64_sysreg ctl, cval, tval;
	unsigned intid;
} timers[] = {
	{A64_CNTP_CTL_EL0,  A64_CNTP_CVAL_EL0,  A64_CNTP_TVAL_EL0,  30},
	{A64_CNTV_CTL_EL0,  A64_CNTV_CVAL_EL0,  A64_CNTV_TVAL_EL0,  27},
	{A64_CNTHP_CTL_EL2, A64_CNTHP_CVAL_EL2, A64_CNTHP_TVAL_EL2, 26},
	{A64_CNTHV_CTL_EL2, A64_CNTHV_CVAL_EL2, A64_CNTHV_TVAL_EL2, 28},
};

Test(arm64_timer, each_raises_its_private_interrupt_at_its_tick)
{
	FOR_ENGINES(board)
	{
		loop();
		for (unsigned i = 0; i < 4; i++) {
			uint64_t due = now() + 1000;
			board_set(&board, timers[i].cval, due);
			board_set(&board, timers[i].ctl, ENABLE);
			board_pass(&board, 999);
			cr_assert_eq(board_get(&board, timers[i].ctl), ENABLE);
			cr_assert_eq(board_read(&board, SGI + 0x200) >> timers[i].intid & 1, 0);
			board_pass(&board, 1);
			cr_assert_eq(now(), due);
			cr_assert_eq(board_get(&board, timers[i].ctl), ENABLE | ISTATUS);
			cr_assert_eq(board_read(&board, SGI + 0x200) >> timers[i].intid & 1, 1);
			board_set(&board, timers[i].ctl, ENABLE | IMASK);
			cr_assert_eq(board_get(&board, timers[i].ctl), ENABLE | IMASK | ISTATUS);
			cr_assert_eq(board_read(&board, SGI + 0x200) >> timers[i].intid & 1, 0);
			board_set(&board, timers[i].ctl, 0);
		}
	}
}

Test(arm64_timer, timer_value_is_what_is_left)
{
	FOR_ENGINES(board)
	{
		loop();
		board_set(&board, A64_CNTV_TVAL_EL0, 500);
		cr_assert_eq(board_get(&board, A64_CNTV_CVAL_EL0), now() + 500);
		board_pass(&board, 600);
		cr_assert_eq(board_get(&board, A64_CNTV_TVAL_EL0), (uint32_t)-100);
		board_set(&board, A64_CNTV_TVAL_EL0, 0xffffffff);
		cr_assert_eq(board_get(&board, A64_CNTV_CVAL_EL0), now() - 1, "it is signed");
	}
}

Test(arm64_timer, offsets)
{
	FOR_ENGINES(board)
	{
		loop();
		board_pass(&board, 5000);
		board_set(&board, A64_CNTVOFF_EL2, 1000);
		cr_assert_eq(board_get(&board, A64_CNTVCT_EL0), now() - 1000);
		board_set(&board, A64_CNTV_CVAL_EL0, now() - 500);
		board_set(&board, A64_CNTV_CTL_EL0, ENABLE);
		cr_assert_eq(board_get(&board, A64_CNTV_CTL_EL0), ENABLE);
		board_set(&board, A64_CNTVOFF_EL2, 0);
		cr_assert_eq(board_get(&board, A64_CNTV_CTL_EL0), ENABLE | ISTATUS);
		cr_assert_eq(board_read(&board, SGI + 0x200) >> 27 & 1, 1, "at once");
		board_set(&board, A64_CNTPOFF_EL2, 700);
		bench_set_level(&board.bench, A64_EL1);
		cr_assert_eq(board_get(&board, A64_CNTPCT_EL0), now());
		board_set(&board, A64_CNTHCTL_EL2, 1 << 12);
		cr_assert_eq(board_get(&board, A64_CNTPCT_EL0), now() - 700);
	}
}

Test(arm64_timer, interrupt_is_taken_and_wakes_wfi)
{
	enum { WFI = 0xd503207f };
	FOR_ENGINES(board)
	{
		board_enable(&board, 26, 0x80);
		board_set(&board, A64_HCR_EL2, HCR_RW | HCR_IMO);
		arm64_set_pstate(board.bench.pe, PSTATE_SPSEL | A64_EL2 << PSTATE_EL_SHIFT);
		bench_store(&board.bench, BENCH_CODE, 4, WFI);
		bench_store(&board.bench, BENCH_CODE + 4, 4, JUMP_SELF);
		board.bench.pe->cpu.pc = BENCH_CODE;
		board_set(&board, A64_CNTHP_CVAL_EL2, now() + 5000);
		board_set(&board, A64_CNTHP_CTL_EL2, ENABLE);
		board_pass(&board, 4000);
		cr_assert(board.bench.pe->cpu.halted);
		cr_assert_eq(cpu_retired(&board.bench.pe->cpu), 1);
		board_pass(&board, 1100);
		cr_assert(!board.bench.pe->cpu.halted);
		cr_assert_eq(board.bench.pe->sysreg[A64_ELR_EL2], BENCH_CODE + 4);
		cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x280);
	}
}

/* Runs a wait with X5 as its limit; returns how long it took, at most limit. */
static uint64_t wait_with(uint32_t wait, uint64_t x5, uint64_t limit)
{
	uint64_t start = now();
	bench_store(&board.bench, BENCH_CODE, 4, wait);
	bench_store(&board.bench, BENCH_CODE + 4, 4, JUMP_SELF);
	board.bench.pe->cpu.pc = BENCH_CODE;
	board.bench.pe->cpu.r[5] = x5;
	board.bench.pe->cpu.halted = false;
	do
		board_pass(&board, 1);
	while (board.bench.pe->cpu.halted && now() < start + limit);
	return now() - start;
}

Test(arm64_timer, waits_with_a_limit_end)
{
	enum { WFET_X5 = 0xd5031005, WFIT_X5 = 0xd5031025 };
	FOR_ENGINES(board)
	{
		board_pass(&board, 100);
		board.bench.pe->event = false;
		cr_assert_geq(wait_with(WFIT_X5, now() + 300, 1000), 300);
		cr_assert_leq(wait_with(WFET_X5, now() + 300, 1000), 302);
		cr_assert_eq(wait_with(WFET_X5, now() + 2000, 1000), 1000);
		cr_assert_eq(wait_with(WFIT_X5, now() - 1, 1000), 1);
		board.bench.pe->event = true;
		cr_assert_eq(wait_with(WFET_X5, now() + 300, 1000), 1);
		board.bench.pe->event = true;
		cr_assert_geq(wait_with(WFIT_X5, now() + 300, 1000), 300, "events are not for WFI");
	}
}

Test(arm64_timer, event_stream_ends_wfe)
{
	enum { WFE = 0xd503205f, EVNTEN = 4, EVNTDIR = 8 };
	FOR_ENGINES(board)
	{
		board_set(&board, A64_CNTKCTL_EL1, EVNTEN | 9 << 4);
		board.bench.pe->event = false;
		uint64_t waited = wait_with(WFE, 0, 5000);
		cr_assert_eq(now() / 512 % 2, 1, "a rising edge of bit 9 (%lu)", now());
		cr_assert_leq(waited, 1025);
		waited = wait_with(WFE, 0, 5000);
		cr_assert(waited >= 1020 && waited <= 1026, "a period: %lu", waited);
		board_set(&board, A64_CNTKCTL_EL1, 0);
		board_set(&board, A64_CNTHCTL_EL2, EVNTEN | EVNTDIR | 9 << 4);
		wait_with(WFE, 0, 5000);
		cr_assert_eq(now() / 512 % 2, 0, "a falling edge (%lu)", now());
	}
}
