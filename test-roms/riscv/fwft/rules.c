/* FWFT: every feature id, value, flag and lock rule of one hart (SBI 3.0, firmware
 * features; cases 70, 71 and 75).  The reset value of MISALIGNED_EXC_DELEG is 0. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/sbi.h"

enum { MISALIGNED, LANDING_PAD, SHADOW_STACK, DOUBLE_TRAP, PTE_AD, POINTER_MASKING };
#define LOCK 1ul

GUEST_CODE(run_lw, "lw a2, 0(a0)");
GUEST_CODE(run_sd, "sd a1, 0(a0)");
GUEST_CODE(run_lbu, "lbu a2, 0(a0)");

static u8 data[16] __attribute__((aligned(16)));

static struct guest run(const char *code, const void *address)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)code};
	guest.x[A0] = (u64)address;
	guest.x[A1] = 0x1122334455667788;
	guest_run(&guest);
	return guest;
}

static void feature_ids(void)
{
	static const u64 reserved[] = {0x6,        0x3fffffff, 0x40000000, 0x7fffffff,
				       0x80000000, 0xbfffffff, 0xc0000000, 0xffffffff};
	static const u64 absent[] = {LANDING_PAD, SHADOW_STACK, DOUBLE_TRAP, POINTER_MASKING};

	check_eq(sbi_call(SBI_FWFT, 0xbad, 0, 0, 0).error, SBI_NOT_SUPPORTED, "unknown function");
	for (unsigned i = 0; i < ARRAY_SIZE(reserved); i++) {
		check_eq(fwft_get(reserved[i]).error, SBI_DENIED, "get 0x%lx", reserved[i]);
		check_eq(fwft_set(reserved[i], 1, 0), SBI_DENIED, "set 0x%lx", reserved[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(absent); i++) {
		check_eq(fwft_get(absent[i]).error, SBI_NOT_SUPPORTED, "get 0x%lx", absent[i]);
		check_eq(fwft_set(absent[i], 1, 1), SBI_NOT_SUPPORTED, "set 0x%lx", absent[i]);
	}
}

static void misaligned_values(void)
{
	struct sbi_return reset = fwft_get(MISALIGNED);
	check_eq(reset.error, 0, "get MISALIGNED_EXC_DELEG");
	check_eq(reset.value, 0, "MISALIGNED_EXC_DELEG is 0 at reset");
	check_eq(fwft_set(MISALIGNED, 2, 0), SBI_INVALID_PARAM, "case 75: value 2");
	check_eq(fwft_set(MISALIGNED, 0xffffffff, 0), SBI_INVALID_PARAM, "value 0xffffffff");
	check_eq(fwft_set(MISALIGNED, BIT(32), 0), SBI_INVALID_PARAM, "value 1<<32");
	check_eq(fwft_set(MISALIGNED, 1, 2), SBI_INVALID_PARAM, "case 75: flags 2");
	check_eq(fwft_set(MISALIGNED, 0, BIT(32)), SBI_INVALID_PARAM, "flags 1<<32");
	check_eq(fwft_get(MISALIGNED).value, 0, "a refused set changes nothing");
	check_eq(fwft_set(BIT(32), 1, 0), 0, "case 75: feature id is 32 bits wide");
	check_eq(fwft_get(BIT(63)).value, 1, "get: feature id is 32 bits wide");
	check_eq(fwft_set(MISALIGNED, 1, 0), 0, "setting the current value");
	check_eq(fwft_set(MISALIGNED, 0, 0), 0, "back to 0");
	check_eq(fwft_get(MISALIGNED).value, 0, "get after set 0");
}

static void delegation_takes_effect(void)
{
	for (unsigned i = 0; i < 16; i++)
		data[i] = (u8)(0x80 + i);
	struct guest guest = run(run_lw, data + 1);
	check_end(&guest, "case 70: before, lw at an odd address completes");
	check_eq(guest.x[A2], 0xffffffff84838281, "case 70: before, the value");

	fwft_set(MISALIGNED, 1, 0);
	guest = run(run_lw, data + 1);
	check_trap(&guest, MODE_S, LOAD_MISALIGNED, (u64)data + 1, "case 70: after, lw traps to S");
	check_eq(guest.epc, (u64)run_lw, "case 70: sepc");
	guest = run(run_sd, data + 4);
	check_trap(&guest, MODE_S, STORE_MISALIGNED, (u64)data + 4, "case 70: after, sd traps too");
	check_eq(data[4], 0x84, "case 70: nothing stored");

	fwft_set(MISALIGNED, 0, 0);
	guest = run(run_sd, data + 4);
	check_end(&guest, "delegation off again: sd completes");
	check_eq(data[4], 0x88, "delegation off again: stored");
}

static void locked(u64 feature, u64 value)
{
	check_eq(fwft_set(feature, value, LOCK), 0, "feature %lu: set and lock", feature);
	for (unsigned i = 0; i < 4; i++)
		check_eq(fwft_set(feature, i & 1, i >> 1), SBI_DENIED_LOCKED,
			 "feature %lu locked: set %u flags %u", feature, i & 1, i >> 1);
	check_eq(fwft_set(feature, 7, 0), SBI_DENIED_LOCKED, "feature %lu locked: set 7", feature);
	check_eq(fwft_get(feature).value, value, "feature %lu locked: get works", feature);
}

static u64 fresh_page_bits(struct page_table *table, u64 va)
{
	*page_table_entry(table, va, 0) &= ~(PTE_A | PTE_D);
	sfence_vma();
	return *page_table_entry(table, va, 0) & (PTE_A | PTE_D);
}

/* Hardware updating of A and D, off and on. */
static void check_ad(struct page_table *table, u64 va, bool on)
{
	u64 *pte = page_table_entry(table, va, 0);
	fresh_page_bits(table, va);
	struct guest guest = run(run_lbu, (void *)va);
	if (on)
		check_end(&guest, "A/D updating on: load from a page with A=0");
	else
		check_trap(&guest, MODE_S, LOAD_PAGE, va, "A/D updating off: load, A=0");
	check_eq(*pte & (PTE_A | PTE_D), on ? PTE_A : 0, "A/D updating %u: bits after load", on);
	guest = run(run_sd, (void *)va);
	if (on)
		check_end(&guest, "A/D updating on: store to a page with D=0");
	else
		check_trap(&guest, MODE_S, STORE_PAGE, va, "A/D updating off: store, D=0");
	check_eq(*pte & (PTE_A | PTE_D), on ? PTE_A | PTE_D : 0,
		 "A/D updating %u: bits after store", on);
}

static void ad_updating(void)
{
	const u64 va = 0x40000000;
	if (fwft_get(PTE_AD).error == SBI_NOT_SUPPORTED) {
		check_skip("needs Svade and Svadu", "PTE_AD_HW_UPDATING");
		return;
	}
	struct page_table table = page_table_new(3);
	page_table_map(&table, va, (u64)page_alloc(), PTE_V | PTE_R | PTE_W, 0);
	csr_write(satp, page_table_satp(&table));
	sfence_vma();
	check_eq(fwft_get(PTE_AD).value, 0, "PTE_AD_HW_UPDATING is 0 at reset");
	check_ad(&table, va, false);
	check_eq(fwft_set(PTE_AD, 1, 0), 0, "PTE_AD_HW_UPDATING on");
	check_ad(&table, va, true);
	check_eq(fwft_set(PTE_AD | BIT(32), 0, 0), 0, "PTE_AD_HW_UPDATING off, id bit 32 set");
	check_ad(&table, va, false);
	check_eq(fwft_set(PTE_AD, 2, 0), SBI_INVALID_PARAM, "PTE_AD_HW_UPDATING: value 2");
	check_eq(fwft_set(PTE_AD, 1, 2), SBI_INVALID_PARAM, "PTE_AD_HW_UPDATING: flags 2");
	locked(PTE_AD, 1);
	csr_write(satp, 0);
	sfence_vma();
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	check_true(sbi_probe(SBI_FWFT), "FWFT is present");
	feature_ids();
	misaligned_values();
	delegation_takes_effect();
	ad_updating();
	locked(MISALIGNED, 0); /* case 71 */
	struct guest guest = run(run_lw, data + 1);
	check_end(&guest, "case 71: still not delegated");
}
