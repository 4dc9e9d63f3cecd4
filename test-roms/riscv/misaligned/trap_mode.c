/* Misaligned accesses that trap (misaligned=trap, M-mode owns the machine):
 * section 8.1 of the acceptance cases, and every form at every offset. */
#include "test-roms/riscv/misaligned/common.h"

#define LOAD_BITS   BIT(LOAD_MISALIGNED)
#define STORE_BITS  BIT(STORE_MISALIGNED)
#define DELEGATE    (LOAD_BITS | STORE_BITS)
#define OTHER_BITS  (BIT(ILLEGAL) | BIT(LOAD_ACCESS) | BIT(LOAD_PAGE) | BIT(STORE_PAGE))
#define FS_INITIAL  (1ul << 13)
#define FS_FIELD(s) ((s) >> 13 & 3)

static struct guest run_user(u32 instruction, unsigned base, u64 address)
{
	struct guest guest = guest_for(instruction, MODE_U);
	guest.x[base] = address;
	guest_run(&guest);
	return guest;
}

static void integer_cases(struct world *world)
{
	struct guest guest = run_user(0x00051603, A0, 0x40000001);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 1: lh");
	check_eq(guest.epc, guest.pc, "case 1: sepc");
	check_eq(guest.status & STATUS_SPP, 0, "case 1: SPP=0");
	check_eq(guest.x[A2], VALUE, "case 1: a2 unchanged");
	guest = run_user(0x00055603, A0, 0x40000002);
	check_end(&guest, "case 2: aligned lhu does not trap");
	check_eq(guest.x[A2], 0x8382, "case 2: value");
	guest = run_user(0x00052603, A0, 0x40000003);
	check_trap(&guest, MODE_S, 4, 0x40000003, "case 3: lw");
	guest = run_user(0xffd4a783, S1, 0x40000006);
	check_trap(&guest, MODE_S, 4, 0x40000003, "case 4: lw a5,-3(s1)");
	guest = run_user(0x00053603, A0, 0x40000004);
	check_trap(&guest, MODE_S, 4, 0x40000004, "case 5: ld at 4 mod 8");
	guest = run_user(0x01213423, SP, 0x40000001);
	check_trap(&guest, MODE_S, 6, 0x40000009, "case 6: sd s2,8(sp)");
	check_eq(world_value(world, 0x40000009, 8), 0x908f8e8d8c8b8a89, "case 6: memory unchanged");
	guest = run_user(0x00f720a3, A4, 0x40000000);
	check_trap(&guest, MODE_S, 6, 0x40000001, "case 7: sw a5,1(a4)");
	guest = run_user(0x6110, A0, 0x40000001);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 8: c.ld");
	check_eq(guest.epc, guest.pc, "case 8: sepc");
	guest = run_user(0xc63e, SP, 0x40000002);
	check_trap(&guest, MODE_S, 6, 0x4000000e, "case 9: c.swsp a5,12(sp)");
	guest = run_user(0x00052003, A0, 0x40000001);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 13: lw x0");
	guest = run_user(0x00050603, A0, 0x40000003);
	check_end(&guest, "case 14: lb never traps");
	check_eq(guest.x[A2], 0xffffffffffffff83, "case 14: value");
	guest = run_user(0x00052603, A0, UNMAPPED + 1);
	check_trap(&guest, MODE_S, 4, UNMAPPED + 1, "case 15: alignment is checked first");
	guest = run_user(0x00052603, A0, UNMAPPED);
	check_trap(&guest, MODE_S, 13, UNMAPPED, "case 16: aligned and unmapped");
}

static void fp_cases(void)
{
	struct guest guest = guest_for(0x00072f87, MODE_U);
	guest.x[A4] = 0x40000001;
	guest.status_clear = STATUS_FS;
	guest.status_set = FS_INITIAL;
	guest_run(&guest);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 10: flw, FS=1");
	check_eq(FS_FIELD(guest.status), 1, "case 10: FS unchanged");

	guest = guest_for(0x00072f87, MODE_U);
	guest.x[A4] = 0x40000001;
	guest.status_clear = STATUS_FS;
	guest_run(&guest);
	check_eq(guest.cause, ILLEGAL, "case 11: flw with FS=0 is illegal first");
	check_true(guest.tval == 0x00072f87 || guest.tval == 0, "case 11: stval");

	guest = run_user(0x01f73027, A4, 0x40000001);
	check_trap(&guest, MODE_S, 6, 0x40000001, "case 12: fsd");
}

static void supervisor_cases(void)
{
	struct guest guest = guest_for(0x00053603, MODE_S);
	guest.x[A0] = 0x40000001;
	guest.status_clear = STATUS_SUM;
	guest_run(&guest);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 17: ld in S, SUM=0");
	check_eq(guest.status & STATUS_SPP, STATUS_SPP, "case 17: SPP=1");

	csr_write(medeleg, OTHER_BITS | LOAD_BITS);
	guest = run_user(0x00053603, A0, 0x40000001);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 18: only loads delegated, load");
	guest = run_user(0x00c53023, A0, 0x40000001);
	check_trap(&guest, MODE_M, 6, 0x40000001, "case 18: only loads delegated, store");
	csr_write(medeleg, OTHER_BITS | STORE_BITS);
	guest = run_user(0x00053603, A0, 0x40000001);
	check_trap(&guest, MODE_M, 4, 0x40000001, "only stores delegated, load");
	csr_write(medeleg, OTHER_BITS | DELEGATE);

	stvec_keep = true;
	csr_write(stvec, (u64)supervisor_stub | 1);
	guest = guest_for(0x00052603, MODE_S);
	guest.x[A0] = 0x40000001;
	guest.status_set = STATUS_SIE;
	guest_run(&guest);
	check_trap(&guest, MODE_S, 4, 0x40000001, "case 20: vectored stvec");
	check_eq(guest.slot, 0, "case 20: pc is the base of stvec");
	check_eq(guest.status & (STATUS_SIE | STATUS_SPIE | STATUS_SPP), STATUS_SPIE | STATUS_SPP,
		 "case 20: SIE=0 SPIE=1 SPP=1");
	stvec_keep = false;
}

/* Device memory: an access fault, so that no firmware tries to emulate it. */
static void device_case(void)
{
	u64 satp_value = csr_read(satp);
	csr_write(satp, 0);
	sfence_vma();
	struct guest guest = guest_for(0x00052603, MODE_S);
	guest.x[A0] = UART_BASE + 1;
	guest_run(&guest);
	check_trap(&guest, MODE_S, 5, UART_BASE + 1, "case 19: misaligned device load");
	csr_write(satp, satp_value);
	sfence_vma();
}

static void check_form_traps(struct world *world, const struct form *form, enum mode mode,
			     enum mode level)
{
	u64 cause = form_is_store(form) ? STORE_MISALIGNED : LOAD_MISALIGNED;
	bool traps = true, untouched = true, aligned_works = true;
	for (unsigned offset = 0; offset < 8; offset++) {
		u64 at = (mode == MODE_M ? (u64)world->a : VA_A) + 16 + offset;
		u64 before = world_value(world, VA_A + 16 + offset, 8);
		world_refill(world);
		struct guest guest = form_run(form, mode, at);
		if (offset % form->size == 0) {
			aligned_works &= guest.cause == BREAKPOINT;
			world_refill(world);
			continue;
		}
		traps &= guest.cause == cause && guest.tval == at && guest.epc == guest.pc;
		traps &= guest.level == level;
		untouched &= guest.x[DATA_REG] == VALUE && f12_read() == VALUE;
		untouched &= world_value(world, VA_A + 16 + offset, 8) == before;
	}
	check_true(traps, "%s in %c: cause, tval, epc at every misaligned offset", form->name,
		   "US?M"[mode]);
	check_true(untouched, "%s in %c: registers and memory untouched", form->name, "US?M"[mode]);
	check_true(aligned_works, "%s in %c: aligned access completes", form->name, "US?M"[mode]);
}

static void every_form(struct world *world)
{
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++) {
		check_form_traps(world, &forms[i], MODE_U, MODE_S);
		check_form_traps(world, &forms[i], MODE_S, MODE_S);
		check_form_traps(world, &forms[i], MODE_M, MODE_M);
	}
	csr_write(medeleg, OTHER_BITS);
	for (unsigned i = 0; i < ARRAY_SIZE(forms); i++)
		check_form_traps(world, &forms[i], MODE_U, MODE_M);
	csr_write(medeleg, OTHER_BITS | DELEGATE);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	struct world world = world_new();
	csr_write(medeleg, OTHER_BITS | DELEGATE);
	integer_cases(&world);
	fp_cases();
	supervisor_cases();
	device_case();
	check_atomics_trap(MODE_U, MODE_S);
	check_atomics_trap(MODE_S, MODE_S);
	every_form(&world);
}
