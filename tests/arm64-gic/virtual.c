/* The virtual CPU interface (IHI 0069, chapter 6), and interrupts that HCR_EL2 makes. */
#include "board.h"

enum { NONE = 1023, EN = 1, UIE = 2, LRENPIE = 4, NPIE = 8, VENG1 = 2, VEOIM = 1 << 9 };

#define LR_PENDING      (1ull << 62)
#define LR_ACTIVE       (1ull << 63)
#define LR_HW           (1ull << 61)
#define LR_GROUP1       (1ull << 60)
#define LR_EOI          (1ull << 41)
#define PRIORITY(value) ((uint64_t)(value) << 48)

static struct board board;

static void setup(void)
{
	board_init(&board, "step");
	board_set(&board, A64_HCR_EL2, HCR_RW | HCR_IMO | HCR_FMO);
	board_set(&board, A64_ICH_HCR_EL2, EN);
	board_set(&board, A64_ICH_VMCR_EL2, 0xff000000 | VENG1);
}

static void teardown(void)
{
	board_fini(&board);
}

TestSuite(arm64_gic_virtual, .init = setup, .fini = teardown);

static bool maintenance(void)
{
	return board_read(&board, SGI + 0x200) >> 25 & 1;
}

static void enter_guest(void)
{
	bench_set_level(&board.bench, A64_EL1);
}

static void leave_guest(void)
{
	bench_set_level(&board.bench, A64_EL2);
}

Test(arm64_gic_virtual, guest_acknowledges_and_ends)
{
	board_set(&board, A64_ICH_LR0_EL2, LR_PENDING | LR_GROUP1 | PRIORITY(0x80) | 50);
	board_set(&board, A64_ICH_LR1_EL2, LR_PENDING | LR_GROUP1 | PRIORITY(0x40) | 51);
	cr_assert_eq(board.bench.pe->irq_level, A64_LINE_VIRTUAL_IRQ);
	enter_guest();
	cr_assert_eq(board_get(&board, A64_ICC_HPPIR1_EL1), 51);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 51);
	cr_assert_eq(board_get(&board, A64_ICC_RPR_EL1), 0x40);
	cr_assert_eq(board.bench.pe->irq_level, 0);
	board_set(&board, A64_ICC_EOIR1_EL1, 51);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 50);
	leave_guest();
	cr_assert_eq(board_get(&board, A64_ICH_LR0_EL2) >> 62, 2, "active");
	cr_assert_eq(board_get(&board, A64_ICH_LR1_EL2) >> 62, 0);
	cr_assert_eq(board_get(&board, A64_ICH_AP1R0_EL2), 1 << 16);
	cr_assert_eq(board_get(&board, A64_ICH_ELRSR_EL2), 0xfffe);
	cr_assert_eq(board_get(&board, A64_ICC_AP1R0_EL1), 0, "the physical one is idle");
}

Test(arm64_gic_virtual, ending_a_hardware_interrupt_ends_the_physical_one)
{
	board_enable(&board, 40, 0x80);
	board_wire(&board, 40, true);
	board_set(&board, A64_ICC_CTLR_EL1, 2);
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 40);
	board_set(&board, A64_ICC_EOIR1_EL1, 40);
	board_wire(&board, 40, false);
	board_set(&board, A64_ICH_LR0_EL2, LR_PENDING | LR_HW | LR_GROUP1 | 40ull << 32 | 60);
	enter_guest();
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 60);
	cr_assert_eq(board_read(&board, GICD + 0x304), 1 << 8);
	board_set(&board, A64_ICC_EOIR1_EL1, 60);
	cr_assert_eq(board_read(&board, GICD + 0x304), 0);
}

Test(arm64_gic_virtual, maintenance_interrupt_tells_why)
{
	cr_assert(!maintenance());
	board_set(&board, A64_ICH_HCR_EL2, EN | UIE);
	cr_assert(maintenance());
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 2);
	board_set(&board, A64_ICH_HCR_EL2, EN | NPIE);
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 8);
	board_set(&board, A64_ICH_LR0_EL2, LR_PENDING | LR_GROUP1 | LR_EOI | 50);
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 0);
	cr_assert(!maintenance());
	enter_guest();
	cr_assert_eq(board_get(&board, A64_ICC_IAR1_EL1), 50);
	board_set(&board, A64_ICC_EOIR1_EL1, 50);
	leave_guest();
	cr_assert_eq(board_get(&board, A64_ICH_EISR_EL2), 1);
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 9);
	cr_assert(maintenance());
	board_set(&board, A64_ICH_HCR_EL2, EN | 1 << 6); /* VGrp1EIE */
	board_set(&board, A64_ICH_LR0_EL2, 0);
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 1 << 6);
	board_set(&board, A64_ICH_HCR_EL2, 1 << 6);
	cr_assert(!maintenance(), "En=0");
}

Test(arm64_gic_virtual, ends_without_list_register_are_counted)
{
	board_set(&board, A64_ICH_HCR_EL2, EN | LRENPIE);
	board_set(&board, A64_ICH_AP1R0_EL2, 1 << 16);
	enter_guest();
	board_set(&board, A64_ICC_EOIR1_EL1, 70);
	leave_guest();
	cr_assert_eq(board_get(&board, A64_ICH_HCR_EL2) >> 27, 1);
	cr_assert_eq(board_get(&board, A64_ICH_MISR_EL2), 4);
	cr_assert_eq(board_get(&board, A64_ICH_AP1R0_EL2), 0);
	board_set(&board, A64_ICH_VMCR_EL2, 0xff000000 | VENG1 | VEOIM);
	enter_guest();
	board_set(&board, A64_ICC_DIR_EL1, 71);
	leave_guest();
	cr_assert_eq(board_get(&board, A64_ICH_HCR_EL2) >> 27, 2);
}

Test(arm64_gic_virtual, registers_show_the_machine_control_register)
{
	enter_guest();
	board_set(&board, A64_ICC_PMR_EL1, 0x77);
	board_set(&board, A64_ICC_BPR0_EL1, 5);
	board_set(&board, A64_ICC_BPR1_EL1, 0);
	board_set(&board, A64_ICC_CTLR_EL1, 2);
	board_set(&board, A64_ICC_IGRPEN0_EL1, 1);
	cr_assert_eq(board_get(&board, A64_ICC_CTLR_EL1) & 3, 2);
	leave_guest();
	cr_assert_eq(board_get(&board, A64_ICH_VMCR_EL2),
		     0x70000000ull | 5 << 21 | 3 << 18 | VEOIM | 8 | 3);
	cr_assert_eq(board_get(&board, A64_ICC_PMR_EL1), 0xf8);
	cr_assert_eq(board_get(&board, A64_ICH_VTR_EL2) & 31, 15);
}

/* -- HCR_EL2.{VI, VF, VSE} -- */

static void run_at_el1(uint64_t hcr, uint64_t pstate)
{
	enum { JUMP_SELF = 0x14000000 };
	board_set(&board, A64_HCR_EL2, HCR_RW | hcr);
	bench_store(&board.bench, BENCH_CODE, 4, JUMP_SELF);
	arm64_set_pstate(board.bench.pe, pstate | PSTATE_SPSEL | A64_EL1 << PSTATE_EL_SHIFT);
	board.bench.pe->cpu.pc = BENCH_CODE;
	board_pass(&board, 5);
}

Test(arm64_gic_virtual, virtual_interrupts_of_hcr)
{
	run_at_el1(HCR_IMO | HCR_VI, 0);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x280);
	run_at_el1(HCR_IMO | HCR_VI, PSTATE_I);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_CODE);
	run_at_el1(HCR_VI, 0);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_CODE, "IMO=0");
	run_at_el1(HCR_FMO | HCR_VF, 0);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x300);
}

Test(arm64_gic_virtual, virtual_serror_reports_vsesr)
{
	board_set(&board, A64_VSESR_EL2, 0x1000123);
	run_at_el1(HCR_AMO | HCR_VSE, 0);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x380);
	cr_assert_eq(bench_esr(&board.bench), 0xbf000123);
	cr_assert_eq(board.bench.pe->sysreg[A64_HCR_EL2] & HCR_VSE, 0);
}

Test(arm64_gic_virtual, esb_defers_a_masked_virtual_serror)
{
	enum { ESB = 0xd503221f };
	const uint32_t esb = ESB;
	board_set(&board, A64_VSESR_EL2, 0x123);
	board_set(&board, A64_HCR_EL2, HCR_RW | HCR_AMO | HCR_VSE);
	enter_guest();
	cr_assert(bench_run(&board.bench, &esb, 1));
	cr_assert_eq(board.bench.pe->sysreg[A64_VDISR_EL2], 0x80000123);
	cr_assert_eq(board.bench.pe->sysreg[A64_HCR_EL2] & HCR_VSE, 0);
	cr_assert_eq(board_get(&board, A64_DISR_EL1), 0x80000123);
}

Test(arm64_gic_virtual, physical_interrupts_go_to_el2_whatever_el1_masks)
{
	board_enable(&board, 40, 0x80);
	board_wire(&board, 40, true);
	run_at_el1(HCR_IMO, PSTATE_DAIF);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x480);
	cr_assert_eq(board.bench.pe->cpu.level, A64_EL2);
	run_at_el1(0, PSTATE_DAIF);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_CODE);
	run_at_el1(0, 0);
	cr_assert_eq(board.bench.pe->cpu.pc, BENCH_VECTORS + 0x280);
	cr_assert_eq(board.bench.pe->cpu.level, A64_EL1);
}
