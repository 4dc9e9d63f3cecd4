/* A firmware whose MISALIGNED_EXC_DELEG is 1 at reset (--sbi on,fwft.misaligned=1, on a
 * hart that traps): S-mode gets the exception without having asked. */
#include "test-roms/riscv/lib/sbi.h"

GUEST_CODE(run_ld, "ld a2, 0(a0)");
GUEST_CODE(run_sh, "sh a2, 0(a0)");

static u8 data[16] __attribute__((aligned(16)));

static struct guest run(const char *code, u64 address, enum mode mode)
{
	struct guest guest = {.mode = mode, .pc = (u64)code};
	guest.x[A0] = address;
	guest_run(&guest);
	return guest;
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	check_eq(fwft_get(0).value, 1, "MISALIGNED_EXC_DELEG is 1 at reset");
	for (enum mode mode = MODE_U; mode <= MODE_S; mode++) {
		struct guest guest = run(run_ld, (u64)data + 3, mode);
		check_trap(&guest, MODE_S, LOAD_MISALIGNED, (u64)data + 3, "ld in %c", "US"[mode]);
		check_eq(guest.status & STATUS_SPP, mode ? STATUS_SPP : 0, "ld in %c: SPP",
			 "US"[mode]);
		guest = run(run_sh, (u64)data + 1, mode);
		check_trap(&guest, MODE_S, STORE_MISALIGNED, (u64)data + 1, "sh in %c", "US"[mode]);
	}
	check_eq(fwft_set(0, 0, 0), 0, "S-mode gives it back");
	struct guest guest = run(run_ld, (u64)data + 3, MODE_U);
	check_end(&guest, "then the firmware emulates");
}
