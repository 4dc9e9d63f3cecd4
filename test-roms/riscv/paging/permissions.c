/* Every combination of V R W X U A D in a leaf, for loads, stores, AMOs and fetches
 * from U and S with all settings of SUM and MXR, in Sv39, Sv48 and Sv57, with hardware
 * updating of A and D off and on (privileged manual, address translation). */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define VA   0x40000000ul
#define ADUE BIT(61)

GUEST_CODE(run_load, "lbu a2, 0(a0)");
GUEST_CODE(run_store, "sb a1, 0(a0)");
GUEST_CODE(run_amo, "amoor.w a2, zero, (a0)");
GUEST_CODE(run_jump, "jr a0");

enum operation { LOAD, STORE, AMO, FETCH };

static const struct {
	const char *name, *code;
	u64 fault;
} operations[] = {
	[LOAD] = {"load",  run_load,  LOAD_PAGE },
	[STORE] = {"store", run_store, STORE_PAGE},
	[AMO] = {"amo",   run_amo,   STORE_PAGE},
	[FETCH] = {"fetch", run_jump,  FETCH_PAGE},
};

struct setting {
	enum mode mode;
	bool sum, mxr, update;
};

static bool writes(enum operation operation)
{
	return operation == STORE || operation == AMO;
}

/* The manual's algorithm for a leaf at level 0, without the A and D bits. */
static bool allowed(u64 pte, enum operation operation, const struct setting *setting)
{
	bool r = pte & PTE_R, w = pte & PTE_W, x = pte & PTE_X, user = pte & PTE_U;
	if (!(pte & PTE_V) || (w && !r) || (!r && !x))
		return false;
	if (setting->mode == MODE_U && !user)
		return false;
	if (setting->mode == MODE_S && user && (operation == FETCH || !setting->sum))
		return false;
	if (operation == FETCH)
		return x;
	if (operation == LOAD)
		return r || (x && setting->mxr);
	return w;
}

static u64 accessed_bits(enum operation operation)
{
	return PTE_A | (writes(operation) ? PTE_D : 0);
}

static u64 outcome(struct page_table *table, u64 pte, enum operation operation,
		   const struct setting *setting)
{
	u64 *slot = page_table_entry(table, VA, 0);
	*slot = pte;
	sfence_vma();
	const char *code = operations[operation].code;
	struct guest guest = {.mode = setting->mode};
	guest.pc = setting->mode == MODE_U ? guest_va(code) : (u64)code;
	guest.x[A0] = VA;
	guest.x[A1] = 0x02; /* what the page holds: c.ebreak stays whole */
	guest.status_set = (setting->sum ? STATUS_SUM : 0) | (setting->mxr ? STATUS_MXR : 0);
	guest_run(&guest);
	if (guest.cause != BREAKPOINT && guest.tval != VA)
		return 1000 + guest.cause;
	return guest.cause == BREAKPOINT ? 0 : guest.cause;
}

static void check_operation(struct page_table *table, u64 page, enum operation operation,
			    const struct setting *setting)
{
	unsigned wrong = 0;
	u64 first = 0;
	for (u64 low = 0; low < 256; low++) {
		if (low & PTE_G)
			continue;
		u64 pte = page >> 12 << 10 | low;
		u64 need = accessed_bits(operation);
		bool fine = allowed(pte, operation, setting);
		bool faults = !fine || (!setting->update && (pte & need) != need);
		u64 want = faults ? operations[operation].fault : 0;
		u64 after = faults ? pte : pte | need;
		u64 got = outcome(table, pte, operation, setting);
		/* A may be set speculatively, where the hart updates it at all. */
		u64 changed = *page_table_entry(table, VA, 0) ^ after;
		if (faults && setting->update)
			changed &= ~PTE_A;
		if (got != want || changed)
			first = wrong++ ? first : low | got << 16;
	}
	check_eq(wrong ? first | BIT(63) : 0, 0,
		 "Sv%u %s in %c SUM=%u MXR=%u, A/D updating %u: all leaf bits",
		 table->levels * 9 + 12, operations[operation].name, "US"[setting->mode],
		 setting -> sum, setting -> mxr, setting -> update);
}

static void check_scheme(unsigned levels, bool update)
{
	struct page_table table = page_table_new(levels);
	u16 *page = page_alloc();
	*page = 0x9002;
	csr_write(satp, page_table_satp(&table));
	sfence_vma();
	if (csr_read(satp) >> 60 != levels + 5) {
		check_skip("the hart lacks the scheme", "Sv%u", levels * 9 + 12);
		return;
	}
	for (unsigned bits = 0; bits < 8; bits++) {
		struct setting setting = {bits & 1, bits >> 1 & 1, bits >> 2 & 1, update};
		for (enum operation operation = LOAD; operation <= FETCH; operation++)
			check_operation(&table, (u64)page, operation, &setting);
	}
	csr_write(satp, 0);
	sfence_vma();
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	csr_clear(0x30a, ADUE);
	for (unsigned levels = 3; levels <= 5; levels++)
		check_scheme(levels, false);
	csr_set(0x30a, ADUE);
	if (csr_read(0x30a) & ADUE)
		check_scheme(3, true);
	else
		check_skip("no Svadu", "hardware updating of A and D");
}
