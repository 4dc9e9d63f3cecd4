/* The physical CPU interface with its distributor (IHI 0069, chapters 4 and 12). */
#include "board.h"

enum { NONE = 1023, CBPR = 1, EOIMODE = 2 };

static struct board board;

static void setup(void)
{
	board_init(&board, "step");
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(arm64_gic, .init = setup, .fini = teardown);

static bool irq(void)
{
	return board.bench.pe->irq_level & A64_LINE_IRQ;
}

Test(arm64_gic, level_interrupt_is_acknowledged_and_ended)
{
	board_enable(&board, 33, 0x80);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), NONE);
	board_wire(&board, 33, true);
	cr_assert(irq());
	cr_assert_eq(board_get(&board, A64_ICC_HPPIR1_EL1), 33);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 33);
	cr_assert(!irq(), "an active interrupt is not signalled");
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0x80);
	cr_assert_eq(board_read(&board, GICD + 0x304), 2);
	cr_assert_eq(board_read(&board, GICD + 0x204), 2, "the wire is still high");
	board_set(&board, A64_ICC_EOIR1_EL1, 33);
	cr_assert(irq(), "and so is pending again");
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0xff);
	board_wire(&board, 33, false);
	cr_assert(!irq());
	cr_assert_eq(board_read(&board, GICD + 0x304), 0);
}

Test(arm64_gic, edge_interrupt_is_remembered)
{
	board_enable(&board, 48, 0);
	board_write(&board, GICD + 0xc0c, 2);
	board_wire(&board, 48, true);
	board_wire(&board, 48, false);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 48);
	cr_assert_eq(board_read(&board, GICD + 0x204), 0);
	board_wire(&board, 48, true);
	cr_assert(!irq(), "active and pending");
	cr_assert_eq(board_read(&board, GICD + 0x204), 1 << 16);
	board_set(&board, A64_ICC_EOIR1_EL1, 48);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 48);
}

Test(arm64_gic, more_urgent_ones_preempt)
{
	board_enable(&board, 40, 0x80);
	board_enable(&board, 41, 0x40);
	board_enable(&board, 42, 0x84);
	board_wire(&board, 40, true);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 40);
	board_wire(&board, 42, true);
	cr_assert(!irq(), "0x84 has priority 0x80: five bits exist");
	board_wire(&board, 41, true);
	cr_assert(irq());
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 41);
	cr_assert_eq(board_get(&board, A64_ICC_AP1R0_EL1), 1u << 8 | 1u << 16);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0x40);
	board_set(&board, A64_ICC_EOIR1_EL1, 41);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0x80);
}

Test(arm64_gic, binary_point_decides_what_preempts)
{
	board_enable(&board, 40, 0x88);
	board_enable(&board, 41, 0x80);
	board_set(&board, A64_ICC_BPR1_EL1, 4); /* priority bits 7:4 are the group's */
	board_wire(&board, 40, true);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 40);
	board_wire(&board, 41, true);
	cr_assert(!irq());
	board_set(&board, A64_ICC_BPR1_EL1, 0);
	cr_assert_eq(board_get(&board, A64_ICC_BPR1_EL1), 3, "the smallest there is");
	board_set(&board, A64_ICC_BPR0_EL1, 0);
	cr_assert_eq(board_get(&board, A64_ICC_BPR0_EL1), 2);
	board_set(&board, A64_ICC_CTLR_EL1, CBPR);
	board_set(&board, A64_ICC_BPR0_EL1, 5);
	cr_assert_eq(board_get(&board, A64_ICC_BPR1_EL1), 6);
	board_set(&board, A64_ICC_BPR1_EL1, 3);
	cr_assert_eq(board_get(&board, A64_ICC_BPR1_EL1), 6, "writes are ignored with CBPR=1");
}

Test(arm64_gic, priority_mask)
{
	board_set(&board, A64_ICC_PMR_EL1, 0xff);
	cr_assert_eq(board_get(&board, A64_ICC_PMR_EL1), 0xf8, "five bits");
	board_enable(&board, 40, 0x80);
	board_wire(&board, 40, true);
	board_set(&board, A64_ICC_PMR_EL1, 0x80);
	cr_assert(!irq(), "equal to the mask is not urgent enough");
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), NONE);
	cr_assert_eq(board_get(&board, A64_ICC_HPPIR1_EL1), 40);
	board_set(&board, A64_ICC_PMR_EL1, 0x88);
	cr_assert(irq());
}

Test(arm64_gic, eoimode_splits_drop_and_deactivation)
{
	board_set(&board, A64_ICC_CTLR_EL1, EOIMODE);
	board_enable(&board, 40, 0x80);
	board_wire(&board, 40, true);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 40);
	board_set(&board, A64_ICC_EOIR1_EL1, 40);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0xff);
	cr_assert_eq(board_read(&board, GICD + 0x304), 1 << 8);
	cr_assert(!irq());
	board_set(&board, A64_ICC_DIR_EL1, 40);
	cr_assert_eq(board_read(&board, GICD + 0x304), 0);
	cr_assert(irq());
}

Test(arm64_gic, group_0_is_fiq)
{
	board_enable(&board, 40, 0x80);
	board_write(&board, GICD + 0x84, 0);
	board_wire(&board, 40, true);
	cr_assert_eq(board.bench.pe->irq_level, 0, "the interface does not let group 0 through");
	board_set(&board, A64_ICC_IGRPEN0_EL1, 1);
	cr_assert_eq(board.bench.pe->irq_level, A64_LINE_FIQ);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), NONE);
	cr_assert_eq(board_get(&board, A64_ICC_IAR0_EL1), 40);
	cr_assert_eq(board_get(&board, A64_ICC_AP0R0_EL1), 1 << 16);
	board_set(&board, A64_ICC_EOIR1_EL1, 40);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0x80, "not group 1's to end");
	board_set(&board, A64_ICC_EOIR0_EL1, 40);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0xff);
}

Test(arm64_gic, sgi_to_a_list_and_to_all_others)
{
	board_enable(&board, 3, 0x10);
	board_write(&board, SGI + GIC_V3_STRIDE + 0x100, 1 << 3);
	board_set(&board, A64_ICC_SGI1R_EL1, 3 << 24 | 1 << 1);
	cr_assert(!irq());
	cr_assert_eq(board.other->irq_level, A64_LINE_IRQ);
	cr_assert_eq(arm64_sysreg_get(board.other, A64_ICC_IAR1_EL1), 3);
	arm64_sysreg_set(board.other, A64_ICC_EOIR1_EL1, 3);
	board_set(&board, A64_ICC_SGI1R_EL1, 3 << 24 | 1ull << 40);
	cr_assert(!irq());
	cr_assert_eq(arm64_sysreg_get(board.other, A64_ICC_IAR1_EL1), 3);
	board_set(&board, A64_ICC_SGI1R_EL1, 3 << 24 | 1ull << 16 | 1); /* Aff1 = 1: nobody */
	cr_assert(!irq());
	board_set(&board, A64_ICC_SGI0R_EL1, 3 << 24 | 1);
	cr_assert(!irq(), "group 0 only, and it is group 1");
	board_set(&board, A64_ICC_SGI1R_EL1, 3 << 24 | 1);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 3);
}

Test(arm64_gic, routing_by_affinity_and_to_any)
{
	board_enable(&board, 40, 0);
	board_write(&board, GICD + 0x6000 + 8 * 40, 1);
	board_wire(&board, 40, true);
	cr_assert(!irq());
	cr_assert_eq(board.other->irq_level, A64_LINE_IRQ);
	board_write(&board, GICD + 0x6000 + 8 * 40, 1u << 31);
	cr_assert(!irq(), "asleep");
	cr_assert_eq(board.other->irq_level, 0);
	board_write(&board, GICR + GIC_V3_STRIDE + 0x14, 0);
	cr_assert_eq(board.other->irq_level, A64_LINE_IRQ, "the only one that is awake");
	board_write(&board, GICR + 0x14, 0);
	cr_assert(irq(), "the first one");
	cr_assert_eq(board.other->irq_level, 0);
	board_set(&board, A64_ICC_IGRPEN1_EL1, 0);
	cr_assert_eq(board.other->irq_level, A64_LINE_IRQ);
}

Test(arm64_gic, fixed_fields)
{
	cr_assert_eq(board_get(&board, A64_ICC_SRE_EL1), 7);
	cr_assert_eq(board_get(&board, A64_ICC_SRE_EL2) & 7, 7);
	board_set(&board, A64_ICC_SRE_EL2, 9);
	cr_assert_eq(board_get(&board, A64_ICC_SRE_EL2), 15);
	cr_assert_eq(board_get(&board, A64_ICC_CTLR_EL1) >> 8 & 7, 4, "five bits of priority");
	cr_assert_eq(board_read(&board, GICD), 0x53);
	cr_assert_eq(board_read(&board, GICD + 4) & 31, 8);
	cr_assert_eq(board_read(&board, GICD + 0xffe8), 0x3b);
	cr_assert_eq(board_read(&board, GICR + 0xffe8), 0x3b);
	cr_assert_eq(board_read(&board, GICR + 8), 0);
	cr_assert_eq(board_read(&board, GICR + GIC_V3_STRIDE + 8), 1 << 8 | 1 << 4, "the last");
	cr_assert_eq(bench_load(&board.bench, GICR + GIC_V3_STRIDE + 8, 8), 1ull << 32 | 0x110);
	cr_assert_eq(board_read(&board, SGI + 0xc00), 0xaaaaaaaa, "SGIs have edges");
}

/* FEAT_NMI is off by default, for no interrupt has superpriority. */
Test(arm64_gic, no_superpriority)
{
	enum { MRS_X0_ICC_NMIAR1_EL1 = 0xd538c9a0 };
	const uint32_t read = MRS_X0_ICC_NMIAR1_EL1;
	struct arm64_config config;
	struct bench bench;
	cr_assert_not(arm64_has(board.bench.pe, A64_FEAT_NMI));
	cr_assert_eq(board_read(&board, GICD + 4) >> 9 & 1, 0, "GICD_TYPER.NMI");
	cr_assert_eq(arm64_sysreg_get(board.bench.pe, A64_ID_AA64PFR1_EL1) >> 36 & 15, 0);
	cr_expect_not(bench_run(&board.bench, &read, 1));
	cr_expect_eq(bench_esr(&board.bench), 0x02000000);
	cr_assert_eq(arm64_config_parse(&config, "max,+nmi", NULL), 0);
	bench_init(&bench, "step", &config);
	cr_expect(bench_run(&bench, &read, 1));
	cr_expect_eq(bench.pe->cpu.r[0], GIC_INTID_NONE);
	bench_fini(&bench);
}
