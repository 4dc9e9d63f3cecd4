/* mret, sret and trap entry: the interrupt-enable and previous-mode stacks, and
 * the controls TVM, TW and TSR (privileged manual, machine and supervisor CSRs). */
#include "test-roms/riscv/lib/rom.h"

GUEST_CODE(run_nothing, "");
GUEST_CODE(run_sret, "la a0, 1f\n csrw sepc, a0\n sret\n 1: li a1, 77\n csrr a2, scause");
GUEST_CODE(run_mret, "mret");
GUEST_CODE(run_sret_only, "sret");
GUEST_CODE(run_wfi, "wfi");
GUEST_CODE(run_read_satp, "csrr a0, satp");
GUEST_CODE(run_write_satp, "csrw satp, zero");
GUEST_CODE(run_sfence, "sfence.vma");

static struct guest run(const char *code, enum mode mode, u64 set)
{
	struct guest guest = {.mode = mode, .pc = (u64)code, .status_set = set};
	guest_run(&guest);
	return guest;
}

static void interrupt_stack(void)
{
	struct guest guest = run(run_nothing, MODE_S, STATUS_MPIE);
	check_eq(guest.status & STATUS_MIE, 0, "trap to M clears MIE");
	check_eq(guest.status & STATUS_MPIE, STATUS_MPIE, "trap to M: MPIE = MIE of before");
	guest = run(run_nothing, MODE_S, 0);
	check_eq(guest.status & STATUS_MPIE, 0, "trap to M: MPIE = 0 when MIE was 0");

	csr_write(medeleg, BIT(BREAKPOINT));
	guest = run(run_nothing, MODE_S, STATUS_SIE);
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE | STATUS_SPP), STATUS_SPIE | STATUS_SPP,
		 "trap from S to S with SIE=1: SIE=0 SPIE=1 SPP=1");
	guest = run(run_nothing, MODE_S, 0);
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE | STATUS_SPP), STATUS_SPP,
		 "trap from S to S with SIE=0: SPIE=0");
	guest = run(run_nothing, MODE_U, STATUS_SIE);
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE | STATUS_SPP), STATUS_SPIE,
		 "trap from U to S: SPP=0");
	csr_write(medeleg, 0);
}

/* What the return instructions leave in mstatus is seen by the next trap to M. */
static void return_instructions(void)
{
	struct guest guest = run(run_nothing, MODE_U, 0);
	check_eq(guest.status >> 11 & 3, MODE_U, "mret to U, trap back: MPP = U");

	guest = run(run_sret, MODE_S, STATUS_SPP | STATUS_SPIE);
	check_end(&guest, "sret with SPP=1 goes on in S-mode");
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE | STATUS_SPP), STATUS_SIE | STATUS_SPIE,
		 "sret: SIE = SPIE, SPIE = 1, SPP = 0");
	check_eq(guest.x[A1], 77, "sret jumps to sepc");

	guest = (struct guest){.mode = MODE_S, .pc = (u64)run_sret, .status_clear = STATUS_SPP};
	guest.status_clear |= STATUS_SPIE | STATUS_SIE;
	guest_run(&guest);
	check_eq(guest.cause, ILLEGAL, "sret with SPP=0 goes to U-mode (scause is out of reach)");
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE), STATUS_SPIE, "sret with SPIE=0: SIE=0");

	guest = run(run_sret, MODE_M, STATUS_SPP | STATUS_MPRV);
	check_eq(guest.status & STATUS_MPRV, 0, "sret to S clears MPRV");
	check_eq(guest.status >> 11 & 3, MODE_S, "sret in M goes to the mode in SPP");
}

static void privilege_of_returns(void)
{
	struct guest guest = run(run_mret, MODE_S, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x30200073, "mret in S is illegal");
	guest = run(run_mret, MODE_U, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x30200073, "mret in U is illegal");
	guest = run(run_sret_only, MODE_U, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x10200073, "sret in U is illegal");
	guest = run(run_sfence, MODE_U, 0);
	check_trap(&guest, MODE_M, ILLEGAL, 0x12000073, "sfence.vma in U is illegal");
}

static void virtualization_controls(void)
{
	struct guest guest = run(run_sret_only, MODE_S, STATUS_TSR);
	check_trap(&guest, MODE_M, ILLEGAL, 0x10200073, "TSR: sret in S is illegal");
	guest = run(run_read_satp, MODE_S, STATUS_TVM);
	check_trap(&guest, MODE_M, ILLEGAL, 0x18002573, "TVM: reading satp in S is illegal");
	guest = run(run_write_satp, MODE_S, STATUS_TVM);
	check_trap(&guest, MODE_M, ILLEGAL, 0x18001073, "TVM: writing satp in S is illegal");
	guest = run(run_sfence, MODE_S, STATUS_TVM);
	check_trap(&guest, MODE_M, ILLEGAL, 0x12000073, "TVM: sfence.vma in S is illegal");
	guest = run(run_read_satp, MODE_M, STATUS_TVM);
	check_end(&guest, "TVM does not touch M-mode");
	guest = run(run_read_satp, MODE_S, 0);
	check_end(&guest, "TVM=0: satp is readable in S");

	guest = run(run_wfi, MODE_S, STATUS_TW);
	check_trap(&guest, MODE_M, ILLEGAL, 0x10500073, "TW: wfi in S is illegal after its time");
	guest = run(run_wfi, MODE_U, STATUS_TW);
	check_trap(&guest, MODE_M, ILLEGAL, 0x10500073, "TW: wfi in U is illegal after its time");
}

/* wfi goes on when an enabled interrupt is pending, whatever SIE and MIE say. */
static void wfi_wakes(void)
{
	csr_write(mideleg, BIT(1));
	csr_write(mie, BIT(1));
	csr_write(mip, BIT(1));
	struct guest guest = {.mode = MODE_S, .pc = (u64)run_wfi, .status_clear = STATUS_SIE};
	guest_run(&guest);
	check_end(&guest, "wfi in S falls through when SSIP is pending and SIE=0");
	csr_write(mideleg, 0);
	guest = run(run_wfi, MODE_M, 0);
	check_end(&guest, "wfi in M falls through when an interrupt is pending and MIE=0");
	csr_write(mip, 0);
	csr_write(mie, 0);
}

static void previous_mode_is_legal(void)
{
	csr_write(mstatus, (csr_read(mstatus) & ~STATUS_MPP) | 2ul << 11);
	check_true((csr_read(mstatus) >> 11 & 3) != 2, "MPP never holds the reserved mode 2");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	interrupt_stack();
	return_instructions();
	privilege_of_returns();
	virtualization_controls();
	wfi_wakes();
	previous_mode_is_legal();
}
