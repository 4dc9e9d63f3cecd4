/* xtvec: MODE 0 and 1, which slot an interrupt takes, and that exceptions always
 * take slot 0. */
#include "test-roms/riscv/lib/rom.h"

GUEST_CODE(run_loop, "1: j 1b");
GUEST_CODE(run_ebreak, "ebreak");

#define SOFTWARE 1u
#define TIMER    5u
#define EXTERNAL 9u
static const unsigned numbers[] = {SOFTWARE, TIMER, EXTERNAL};

static struct guest interrupted(unsigned number)
{
	struct guest guest = {.mode = MODE_U, .pc = (u64)run_loop};
	csr_write(mie, BIT(number));
	csr_write(mip, BIT(number));
	guest_run(&guest);
	csr_write(mip, 0);
	csr_write(mie, 0);
	return guest;
}

static void machine_table(bool vectored)
{
	csr_write(mtvec, (u64)trap_vectors | vectored);
	check_eq(csr_read(mtvec), (u64)trap_vectors | vectored, "mtvec keeps MODE=%u", vectored);
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct guest guest = interrupted(numbers[i]);
		check_trap(&guest, MODE_M, IRQ | numbers[i], 0, "interrupt %u to M, MODE=%u",
			   numbers[i], vectored);
		check_eq(guest.slot, vectored ? numbers[i] : 0, "interrupt %u to M, MODE=%u: slot",
			 numbers[i], vectored);
	}
	struct guest guest = {.mode = MODE_U, .pc = (u64)run_ebreak};
	guest_run(&guest);
	check_eq(guest.slot, 0, "exception to M, MODE=%u: slot 0", vectored);
	csr_write(mtvec, (u64)trap_vectors);
}

static void supervisor_table(bool vectored)
{
	stvec_keep = true;
	csr_write(stvec, (u64)supervisor_stub | vectored);
	csr_write(mideleg, 0x222);
	csr_write(medeleg, BIT(BREAKPOINT));
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct guest guest = interrupted(numbers[i]);
		check_trap(&guest, MODE_S, IRQ | numbers[i], 0, "interrupt %u to S, MODE=%u",
			   numbers[i], vectored);
		check_eq(guest.slot, vectored ? numbers[i] : 0, "interrupt %u to S, MODE=%u: slot",
			 numbers[i], vectored);
	}
	struct guest guest = {.mode = MODE_U, .pc = (u64)run_ebreak};
	guest_run(&guest);
	check_eq(guest.level, MODE_S, "exception to S, MODE=%u", vectored);
	check_eq(guest.slot, 0, "exception to S, MODE=%u: slot 0", vectored);
	csr_write(mideleg, 0);
	csr_write(medeleg, 0);
	stvec_keep = false;
}

static void reserved_modes(void)
{
	csr_write(stvec, 0x80001000);
	csr_write(stvec, 0x80002002);
	check_true((csr_read(stvec) & 3) < 2, "stvec never holds a reserved MODE");
	csr_write(stvec, 0x80002001);
	check_eq(csr_read(stvec), 0x80002001, "stvec holds base and MODE=1");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	machine_table(false);
	machine_table(true);
	supervisor_table(false);
	supervisor_table(true);
	reserved_modes();
}
