/* Guests that handle interrupts: every engine, snapshots in the middle, and wild ones. */
#include <stdlib.h>

#include "board.h"

enum {
	MRS = 0xd5300000,
	MSR = 0xd5100000,
	ERET = 0xd69f03e0,
	JUMP_SELF = 0x14000000,
	ADD_X0_1 = 0x91000400,
	ADD_X9_1 = 0x91000529,
	JUMP_BACK = 0x17ffffff, /* by one instruction */
};

static uint32_t sysreg(uint32_t base, unsigned op1, unsigned crn, unsigned crm, unsigned op2,
		       unsigned rt)
{
	return base | 1u << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5 | rt;
}

/* Takes the EL2 physical timer's interrupt every 100 ticks; X0 counts them, X9 spins. */
static void load_program(struct board *board)
{
	const uint32_t handler[] = {
		sysreg(MRS, 0, 12, 12, 0, 1), /* MRS X1, ICC_IAR1_EL1 */
		ADD_X0_1,
		sysreg(MSR, 4, 14, 2, 0, 2),  /* MSR CNTHP_TVAL_EL2, X2 */
		sysreg(MSR, 0, 12, 12, 1, 1), /* MSR ICC_EOIR1_EL1, X1 */
		ERET,
	};
	struct arm64_cpu *pe = board->bench.pe;
	for (unsigned i = 0; i < sizeof(handler) / sizeof(handler[0]); i++)
		bench_store(&board->bench, BENCH_VECTORS + 0x280 + 4 * i, 4, handler[i]);
	bench_store(&board->bench, BENCH_CODE, 4, ADD_X9_1);
	bench_store(&board->bench, BENCH_CODE + 4, 4, JUMP_BACK);
	board_enable(board, 26, 0x80);
	board_set(board, A64_HCR_EL2, HCR_RW | HCR_IMO);
	arm64_set_pstate(pe, PSTATE_SPSEL | A64_EL2 << PSTATE_EL_SHIFT);
	pe->cpu.pc = BENCH_CODE;
	pe->cpu.r[2] = 100;
	board_set(board, A64_CNTHP_CVAL_EL2, 1000);
	board_set(board, A64_CNTHP_CTL_EL2, 1);
}

static struct board board;

Test(arm64_gic_program, handler_runs_the_same_in_every_engine)
{
	uint64_t hash[BENCH_ENGINES];
	for (unsigned engine = 0; engine < BENCH_ENGINES; engine++) {
		board_init(&board, bench_engines[engine]);
		load_program(&board);
		board_pass(&board, 100000);
		cr_assert_gt(board.bench.pe->cpu.r[0], 900, "%s: %lu interrupts",
			     bench_engines[engine], board.bench.pe->cpu.r[0]);
		hash[engine] = state_hash(&board.bench.machine.state);
		cr_assert_eq(hash[engine], hash[0], "%s", bench_engines[engine]);
		board_fini(&board);
	}
}

Test(arm64_gic_program, goes_on_from_a_snapshot)
{
	board_init(&board, "interp");
	struct state_registry *state = &board.bench.machine.state;
	load_program(&board);
	board_pass(&board, 12345);
	size_t capacity = state_capacity(state);
	void *saved = malloc(capacity);
	cr_assert_not_null(saved);
	size_t used = state_save(state, saved);
	uint64_t then = state_hash(state);
	board_pass(&board, 54321);
	uint64_t later = state_hash(state);
	cr_assert_neq(later, then);
	cr_assert_eq(state_load(state, saved, used), 0);
	cr_assert_eq(state_hash(state), then);
	board_pass(&board, 54321);
	cr_assert_eq(state_hash(state), later);
	free(saved);
	board_fini(&board);
}

/* What a register holds after anything was written to it must be harmless. */
Test(arm64_gic_program, wild_writes_are_survived)
{
	uint64_t random = 12345;
	board_init(&board, "step");
	bench_store(&board.bench, BENCH_CODE, 4, JUMP_SELF);
	for (unsigned i = 0; i < 20000; i++) {
		unsigned size = 1u << bench_random(&random) % 4;
		uint64_t base = bench_random(&random) & 1 ? GICD : GICR;
		uint64_t limit = base == GICD ? 0x10000 : 2 * GIC_V3_STRIDE;
		uint64_t address = base + bench_random(&random) % limit / size * size;
		bench_store(&board.bench, address, size, bench_random(&random));
		bench_load(&board.bench, address, size);
		unsigned first = A64_ICC_PMR_EL1, count = A64_SYSREG_COUNT - first;
		enum arm64_sysreg reg = first + bench_random(&random) % count;
		bool ours = (reg >= A64_ICC_IAR0_EL1 && reg <= A64_ICC_IGRPEN1_EL1) ||
			    (reg >= A64_ICH_AP0R0_EL2 && reg <= A64_ICH_LR15_EL2) ||
			    (reg >= A64_CNTP_TVAL_EL0 && reg <= A64_CNTV_CVAL_EL0) ||
			    (reg >= A64_CNTVOFF_EL2 && reg <= A64_CNTHV_CVAL_EL2);
		if (!ours)
			continue;
		bench_set_level(&board.bench, bench_random(&random) & 1 ? A64_EL1 : A64_EL2);
		board_set(&board, A64_HCR_EL2, HCR_RW | (bench_random(&random) & 0xffffffff));
		board_set(&board, reg, bench_random(&random));
		board_get(&board, reg);
		board_wire(&board, 32 + bench_random(&random) % 256, bench_random(&random) & 1);
		board.bench.pe->cpu.pc = BENCH_CODE;
		board_pass(&board, 3);
	}
	cr_assert_eq(board_read(&board, GICD) & ~3u, 0x50);
	board_fini(&board);
}
