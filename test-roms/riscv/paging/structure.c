/* The shape of page tables: superpages and their alignment, reserved and extension
 * bits, pointers, canonical addresses, access faults, satp rules, fences, MPRV. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/rom.h"

#define VA      0x40000000ul
#define HOLE    0x0a000000ul
#define PBMTE   BIT(62)
#define PPN(pa) ((u64)(pa) >> 12 << 10)

GUEST_CODE(run_load, "ld a2, 0(a0)");
GUEST_CODE(run_store, "sd a1, 0(a0)");
GUEST_CODE(run_jump, "jr a0");
GUEST_CODE(run_mprv_load, "csrc mstatus, a4\n csrs mstatus, a3\n ld a2, 0(a0)\n csrc mstatus, a5");

static u64 pages[16][512] __attribute__((aligned(65536)));

static struct guest run(const char *code, u64 va)
{
	struct guest guest = {.mode = MODE_S, .pc = (u64)code};
	guest.x[A0] = va;
	guest_run(&guest);
	return guest;
}

static void use(const struct page_table *table)
{
	csr_write(satp, page_table_satp(table));
	sfence_vma();
}

/* A load at `va` finds `value`, or faults when value is 0. */
static void check_load(u64 va, u64 value, const char *name)
{
	sfence_vma();
	struct guest guest = run(run_load, va);
	if (value) {
		check_end(&guest, "%s", name);
		check_eq(guest.x[A2], value, "%s: data", name);
	} else {
		check_trap(&guest, MODE_M, LOAD_PAGE, va, "%s", name);
	}
}

static void superpages(unsigned levels)
{
	struct page_table table = page_table_new(levels);
	use(&table);
	if (csr_read(satp) >> 60 != levels + 5) {
		check_skip("the hart lacks the scheme", "Sv%u superpages", levels * 9 + 12);
		return;
	}
	/* At each level: the page of that size that holds pages[0], mapped high. */
	for (unsigned level = 0; level < levels; level++) {
		u64 size = 4096ul << (9 * level);
		u64 pa = (u64)pages & ~(size - 1);
		u64 va = (1ul << (12 + 9 * levels - 2)) + size;
		va &= ~(size - 1);
		console_printf("# Sv%u level %u\n", levels * 9 + 12, level);
		page_table_map(&table, va, pa, PTE_KERNEL, level);
		check_load(va + ((u64)pages - pa), pages[0][0], "page of this level");
		if (level == 0)
			continue;
		u64 *pte = page_table_entry(&table, va, level);
		*pte |= BIT(10);
		check_load(va + ((u64)pages - pa), 0, "superpage with a low PPN bit set");
		*pte = (*pte & ~BIT(10)) | BIT(10 + 9 * level - 1);
		check_load(va + ((u64)pages - pa), 0, "superpage with its top low PPN bit set");
	}
	csr_write(satp, 0);
}

static void reserved_bits(struct page_table *table)
{
	u64 *pte = page_table_entry(table, VA, 0);
	for (unsigned bit = 54; bit <= 60; bit++) {
		*pte = PPN(pages) | PTE_KERNEL | BIT(bit);
		check_load(VA, 0, "reserved leaf bit");
	}
	*pte = PPN(pages) | PTE_KERNEL | 3ul << 8;
	check_load(VA, pages[0][0], "RSW bits are free");
	*pte = PPN(pages) | PTE_KERNEL;
}

static void memory_types(struct page_table *table)
{
	u64 *pte = page_table_entry(table, VA, 0);
	csr_clear(0x30a, PBMTE);
	for (unsigned type = 1; type <= 3; type++) {
		*pte = PPN(pages) | PTE_KERNEL | PTE_PBMT(type);
		check_load(VA, 0, "PBMT without PBMTE");
	}
	csr_set(0x30a, PBMTE);
	check_eq(csr_read(0x30a) & PBMTE, PBMTE, "menvcfg.PBMTE is writable");
	for (unsigned type = 1; type <= 3; type++) {
		*pte = PPN(pages) | PTE_KERNEL | PTE_PBMT(type);
		check_load(VA, type < 3 ? pages[0][0] : 0, "PBMT with PBMTE");
	}
	u64 *pointer = page_table_entry(table, VA, 1);
	*pte = PPN(pages) | PTE_KERNEL;
	*pointer |= PTE_PBMT(1);
	check_load(VA, 0, "PBMT in a pointer");
	*pointer &= ~PTE_PBMT(3);
	csr_clear(0x30a, PBMTE);
}

/* 64 KiB pages of Svnapot: one leaf in each of 16 slots. */
static void napot(struct page_table *table)
{
	const u64 base = VA + 0x100000;
	for (unsigned i = 0; i < 16; i++)
		*page_table_entry(table, base + 4096 * i, 0) = PPN(pages[8]) | PTE_KERNEL | PTE_N;
	for (unsigned i = 0; i < 16; i += 5)
		check_load(base + 4096 * i, pages[i][0], "64 KiB page");
	for (unsigned pattern = 0; pattern < 16; pattern++) {
		if (pattern == 8)
			continue;
		*page_table_entry(table, base, 0) = PPN(pages[pattern]) | PTE_KERNEL | PTE_N;
		check_load(base, 0, "N with a reserved PPN pattern");
	}
	u64 big = VA + 0x200000;
	page_table_map(table, big, RAM_BASE, PTE_KERNEL | PTE_N, 1);
	check_load(big, 0, "N in a superpage");
	u64 *pointer = page_table_entry(table, VA, 1);
	*pointer |= PTE_N;
	check_load(VA, 0, "N in a pointer");
	*pointer &= ~PTE_N;
}

static void pointers(struct page_table *table)
{
	static const u64 bits[] = {PTE_U, PTE_A, PTE_D};
	u64 *pointer = page_table_entry(table, VA, 1);
	u64 good = *pointer;
	for (unsigned i = 0; i < ARRAY_SIZE(bits); i++) {
		*pointer = good | bits[i];
		check_load(VA, 0, "U, A or D in a pointer");
	}
	*pointer = good | PTE_G;
	check_load(VA, pages[0][0], "G in a pointer");
	*pointer = good;
	*page_table_entry(table, VA, 0) = PPN(pages) | PTE_V;
	check_load(VA, 0, "a pointer at level 0");
	*page_table_entry(table, VA, 0) = PPN(pages) | PTE_KERNEL;
}

static void access_faults(struct page_table *table)
{
	u64 *pointer = page_table_entry(table, VA, 1);
	u64 good = *pointer;
	*pointer = PPN(HOLE) | PTE_V;
	sfence_vma();
	struct guest guest = run(run_load, VA);
	check_trap(&guest, MODE_M, LOAD_ACCESS, VA, "table outside memory, load");
	guest = run(run_store, VA);
	check_trap(&guest, MODE_M, STORE_ACCESS, VA, "table outside memory, store");
	guest = run(run_jump, VA);
	check_trap(&guest, MODE_M, FETCH_ACCESS, VA, "table outside memory, fetch");
	*pointer = good;
	*page_table_entry(table, VA, 0) = PPN(HOLE) | PTE_KERNEL;
	sfence_vma();
	guest = run(run_load, VA + 8);
	check_trap(&guest, MODE_M, LOAD_ACCESS, VA + 8, "page outside memory");
	*page_table_entry(table, VA, 0) = PPN(pages) | PTE_KERNEL;
	sfence_vma();
}

static void canonical_addresses(struct page_table *table)
{
	const u64 high = 0xffffffc000000000;
	page_table_map(table, high, (u64)pages[1], PTE_KERNEL, 0);
	check_load(high, pages[1][0], "sign-extended high address");
	check_load(high & ~BIT(63), 0, "bit 63 differs from bit 38");
	check_load(high & ~BIT(39), 0, "bit 39 differs from bit 38");
	check_load(VA | BIT(39), 0, "bit 39 set above a low address");
	check_load(VA | BIT(62), 0, "bit 62 set above a low address");
	struct guest guest = run(run_jump, VA | BIT(40));
	check_trap(&guest, MODE_M, FETCH_PAGE, VA | BIT(40), "fetch from a bad address");
}

static void address_space_register(struct page_table *table)
{
	static const u64 bad[] = {1, 2, 7, 11, 12, 14, 15};
	u64 good = csr_read(satp);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		csr_write(satp, bad[i] << 60 | 0x1234);
		check_eq(csr_read(satp), good, "satp: mode %lu leaves the register alone", bad[i]);
	}
	csr_write(satp, good | 0xfffful << 44);
	u64 asids = csr_read(satp) >> 44 & 0xffff;
	check_true((asids & (asids + 1)) == 0, "the implemented ASID bits are the low ones");
	use(table);
	if (!asids)
		return;

	/* Two address spaces, told apart by ASID alone. */
	struct page_table other = page_table_new(3);
	page_table_map(table, VA, (u64)pages[2], PTE_KERNEL, 0);
	page_table_map(&other, VA, (u64)pages[3], PTE_KERNEL, 0);
	sfence_vma();
	for (unsigned round = 0; round < 4; round++) {
		const struct page_table *now = round & 1 ? &other : table;
		csr_write(satp, page_table_satp(now) | (1ul + (round & 1)) << 44);
		struct guest guest = run(run_load, VA);
		check_eq(guest.x[A2], pages[2 + (round & 1)][0], "ASID %u, round %u",
			 1 + (round & 1), round);
	}
	use(table);
}

static void fences(struct page_table *table)
{
	u64 *pte = page_table_entry(table, VA, 0);
	*pte = PPN(pages[4]) | PTE_KERNEL;
	check_load(VA, pages[4][0], "before the change");
	*pte = PPN(pages[5]) | PTE_KERNEL;
	__asm__ volatile("sfence.vma %0, zero" ::"r"(VA) : "memory");
	check_eq(run(run_load, VA).x[A2], pages[5][0], "sfence.vma of one address");
	*pte = PPN(pages[6]) | PTE_KERNEL;
	__asm__ volatile("sfence.vma zero, zero" ::: "memory");
	check_eq(run(run_load, VA).x[A2], pages[6][0], "sfence.vma of everything");
	*pte = PPN(pages[7]) | PTE_KERNEL;
	__asm__ volatile("sfence.vma zero, %0" ::"r"(0ul) : "memory");
	check_eq(run(run_load, VA).x[A2], pages[7][0], "sfence.vma of one ASID");
	*pte = PPN(pages[8]) | PTE_KERNEL;
	register u64 a0 __asm__("a0") = VA;
	__asm__ volatile(".word 0x18000073\n" /* sfence.w.inval */
			 ".word 0x16050073\n" /* sinval.vma a0, zero */
			 ".word 0x18100073\n" /* sfence.inval.ir */
			 ::"r"(a0)
			 : "memory");
	check_eq(run(run_load, VA).x[A2], pages[8][0], "sinval.vma between its fences");
	*pte = 0;
	__asm__ volatile("sfence.vma %0, zero" ::"r"(VA) : "memory");
	struct guest guest = run(run_load, VA);
	check_trap(&guest, MODE_M, LOAD_PAGE, VA, "an unmapped page is gone after the fence");
	*pte = PPN(pages[0]) | PTE_KERNEL;
	guest = run(run_load, VA);
	check_end(&guest, "invalid entries are not cached");
}

static struct guest run_mprv(u64 mpp, u64 va, u64 more)
{
	struct guest guest = {.mode = MODE_M, .pc = (u64)run_mprv_load};
	guest.x[A0] = va;
	guest.x[A3] = STATUS_MPRV | mpp << 11 | more;
	guest.x[A4] = STATUS_MPP;
	guest.x[A5] = STATUS_MPRV;
	guest_run(&guest);
	return guest;
}

static void modified_privilege(struct page_table *table)
{
	page_table_map(table, VA, (u64)pages[9], PTE_KERNEL, 0);
	page_table_map(table, VA + 4096, (u64)pages[10], PTE_USER, 0);
	sfence_vma();
	struct guest guest = run_mprv(MODE_S, VA, 0);
	check_eq(guest.x[A2], pages[9][0], "MPRV, MPP=S: translated");
	guest = run_mprv(MODE_U, VA + 4096, 0);
	check_eq(guest.x[A2], pages[10][0], "MPRV, MPP=U: translated as in U");
	guest = run_mprv(MODE_U, VA, 0);
	check_trap(&guest, MODE_M, LOAD_PAGE, VA, "MPRV, MPP=U: a supervisor page faults");
	guest = run_mprv(MODE_S, VA + 4096, 0);
	check_trap(&guest, MODE_M, LOAD_PAGE, VA + 4096, "MPRV, MPP=S: a user page, SUM=0");
	guest = run_mprv(MODE_S, VA + 4096, STATUS_SUM);
	check_eq(guest.x[A2], pages[10][0], "MPRV, MPP=S: a user page, SUM=1");
	guest = run_mprv(MODE_M, (u64)pages[11], 0);
	check_eq(guest.x[A2], pages[11][0], "MPRV, MPP=M: not translated");
}

/* An instruction whose second half lies in the next page. */
static void crossing_fetch(struct page_table *table)
{
	u64 va = VA + 0x10000;
	memcpy((u8 *)pages[12] + 4094, "\x13\x05", 2); /* li a0, 77 */
	memcpy(pages[13], "\xd0\x04\x02\x90", 4);      /* and c.ebreak */
	fence_i();
	page_table_map(table, va, (u64)pages[12], PTE_KERNEL, 0);
	page_table_map(table, va + 4096, (u64)pages[13], PTE_KERNEL, 0);
	sfence_vma();
	struct guest guest = run(run_jump, va + 4094);
	check_end(&guest, "instruction over two pages");
	check_eq(guest.x[A0], 77, "instruction over two pages: result");
	page_table_map(table, va + 4096, (u64)pages[13], 0, 0);
	sfence_vma();
	guest = run(run_jump, va + 4094);
	check_trap(&guest, MODE_M, FETCH_PAGE, va + 4096, "second page missing: tval");
	check_eq(guest.epc, va + 4094, "second page missing: epc");
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)hart, (void)device_tree;
	csr_write(medeleg, 0);
	for (unsigned i = 0; i < 16; i++)
		pages[i][0] = 0x1000 + i;
	for (unsigned levels = 3; levels <= 5; levels++)
		superpages(levels);

	struct page_table table = page_table_new(3);
	page_table_map(&table, VA, (u64)pages, PTE_KERNEL, 0);
	use(&table);
	reserved_bits(&table);
	memory_types(&table);
	napot(&table);
	pointers(&table);
	access_faults(&table);
	canonical_addresses(&table);
	address_space_register(&table);
	fences(&table);
	modified_privilege(&table);
	crossing_fetch(&table);
}
