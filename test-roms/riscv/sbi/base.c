/* SBI calling convention and the BASE extension. */
#include "test-roms/riscv/lib/sbi.h"

GUEST_CODE(run_ecall, "ecall");

static void identity(void)
{
	struct sbi_return version = sbi_call(SBI_BASE, 0, 0, 0, 0);
	check_eq(version.error, 0, "get_spec_version");
	check_eq(version.value, 0x03000000, "specification version 3.0");
	for (u64 fid = 1; fid <= 6; fid++)
		check_eq(sbi_call(SBI_BASE, fid, 0, 0, 0).error, 0, "BASE function %lu", fid);
	check_eq(sbi_call(SBI_BASE, 7, 0, 0, 0).error, SBI_NOT_SUPPORTED, "BASE function 7");
}

static void probes(void)
{
	static const u64 present[] = {SBI_BASE, SBI_TIME, SBI_IPI,  SBI_RFENCE,
				      SBI_HSM,  SBI_SRST, SBI_DBCN, SBI_FWFT};
	static const u64 absent[] = {0x0b000000, 0x4e41434c, 0x0900beef, 0x0a00beef, 0x08000000};
	for (unsigned i = 0; i < ARRAY_SIZE(present); i++)
		check_true(sbi_probe(present[i]), "extension 0x%lx is present", present[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++)
		check_eq(sbi_probe(absent[i]), 0, "extension 0x%lx is absent", absent[i]);
}

static void unknown_calls(void)
{
	static const u64 known[] = {SBI_TIME, SBI_IPI, SBI_RFENCE, SBI_HSM, SBI_SRST, SBI_DBCN};
	check_eq(sbi_call(0x0b000000, 0, 0, 0, 0).error, SBI_NOT_SUPPORTED, "unknown extension");
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		check_eq(sbi_call(known[i], 0xbad, 0, 0, 0).error, SBI_NOT_SUPPORTED,
			 "unknown function of 0x%lx", known[i]);
}

/* Every register but a0 and a1 comes back as it was, at the instruction after. */
static void registers_survive(void)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)run_ecall};
	for (unsigned i = 1; i < 32; i++)
		guest.x[i] = 0x1111111111111111 * (i & 15) + i;
	guest.x[A6] = 3;
	guest.x[A7] = SBI_BASE;
	guest.x[A0] = SBI_TIME;
	struct guest before = guest;
	guest_run(&guest);
	check_end(&guest, "ecall in S comes back");
	check_eq(guest.epc, guest.pc + 4, "ecall in S comes back at pc + 4");
	check_eq(guest.x[A0], 0, "a0 = error");
	check_true(guest.x[A1] != 0, "a1 = value");
	bool same = true;
	for (unsigned i = 1; i < 32; i++)
		same &= i == A0 || i == A1 || guest.x[i] == before.x[i];
	check_true(same, "all other registers are kept");
}

static void user_ecall(void)
{
	struct guest guest = {.mode = MODE_U, .pc = (u64)run_ecall};
	guest_run(&guest);
	check_trap(&guest, MODE_S, ECALL_U, 0, "ecall in U goes to S-mode");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	identity();
	probes();
	unknown_calls();
	registers_survive();
	user_ecall();
}
