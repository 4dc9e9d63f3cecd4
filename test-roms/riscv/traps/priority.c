/* Which exception is reported when an instruction meets several conditions, and that an
 * interrupt comes before the exceptions of the next instruction (privileged manual, table
 * of synchronous exception priorities). */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define HOLE     0x0a000000ul
#define UNMAPPED 0x50000000ul
#define HOLE_VA  0x51000000ul /* mapped to HOLE, read-only, not executable */
#define SSI      1

GUEST_CODE(run_fld, "fld f12, 0(a0)");
GUEST_CODE(run_load, "ld a1, 0(a0)");
GUEST_CODE(run_store, "sd a1, 0(a0)");
GUEST_CODE(run_jump, "jr a0");
GUEST_CODE(run_bad_amo, ".word 0x30b5362f"); /* funct5 6, address a0 */
GUEST_CODE(run_ecall, "ecall");
GUEST_CODE(run_illegal, "csrr a0, mstatus");

static struct guest run(const char *code, u64 a0)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)code};
	guest.x[A0] = a0;
	guest_run(&guest);
	return guest;
}

static void exceptions(void)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)run_fld, .status_clear = STATUS_FS};
	guest.x[A0] = UNMAPPED;
	guest_run(&guest);
	check_eq(guest.cause, ILLEGAL, "FS=0 before a page fault");
	guest = run(run_bad_amo, UNMAPPED + 1);
	check_eq(guest.cause, ILLEGAL, "illegal AMO before alignment and page fault");
	guest = run(run_store, HOLE_VA);
	check_trap(&guest, MODE_M, STORE_PAGE, HOLE_VA, "page fault before access fault, store");
	guest = run(run_jump, HOLE_VA);
	check_trap(&guest, MODE_M, FETCH_PAGE, HOLE_VA, "page fault before access fault, fetch");
	guest = run(run_load, HOLE_VA);
	check_trap(&guest, MODE_M, LOAD_ACCESS, HOLE_VA, "allowed by the page: access fault");
	guest = run(run_jump, UNMAPPED);
	check_trap(&guest, MODE_M, FETCH_PAGE, UNMAPPED, "a jump reports the fetch at its target");
	check_eq(guest.epc, UNMAPPED, "with epc = target");
}

static void interrupt_first(void)
{
	static const char *const codes[] = {run_ecall, run_illegal, run_load};
	csr_write(mie, BIT(SSI));
	for (unsigned i = 0; i < ARRAY_SIZE(codes); i++) {
		csr_write(mip, BIT(SSI));
		struct guest guest = run(codes[i], UNMAPPED);
		check_trap(&guest, MODE_M, IRQ | SSI, 0, "a pending interrupt goes first, %u", i);
		check_eq(guest.epc, (u64)codes[i], "and the instruction has not begun, %u", i);
		csr_write(mip, 0);
	}
	csr_write(mie, 0);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	struct page_table table = page_table_new(3);
	page_table_map(&table, HOLE_VA, HOLE, PTE_V | PTE_R | PTE_A | PTE_D, 0);
	csr_write(satp, page_table_satp(&table));
	sfence_vma();
	exceptions();
	interrupt_first();
}
