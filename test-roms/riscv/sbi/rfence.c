/* RFENCE: functions and errors, and that a remote fence has happened on return.
 * Needs two harts and no H extension. */
#include "test-roms/riscv/lib/paging.h"
#include "test-roms/riscv/lib/sbi.h"

#define VA 0x40000000ul

static struct page_table table;
static volatile u64 request, answer;

/* Reads VA once for each request, on the shared page table. */
void rom_secondary(u64 hart, u64 opaque)
{
	(void)hart, (void)opaque;
	csr_write(satp, page_table_satp(&table));
	sfence_vma();
	for (u64 seen = 0;;) {
		while (request == seen)
			;
		seen = request;
		answer = *(volatile u64 *)VA;
		__atomic_store_n(&request, seen + 1, __ATOMIC_SEQ_CST);
		seen++;
	}
}

static u64 remote_read(void)
{
	u64 before = request;
	__atomic_store_n(&request, before + 1, __ATOMIC_SEQ_CST);
	while (request != before + 2)
		;
	return answer;
}

static s64 rfence(u64 fid, u64 mask, u64 base, u64 start, u64 size)
{
	return sbi_call6(SBI_RFENCE, fid, mask, base, start, size, 0, 0).error;
}

static void functions(void)
{
	for (u64 fid = 0; fid <= 2; fid++) {
		check_eq(rfence(fid, 3, 0, 0, 0), 0, "function %lu, everything", fid);
		check_eq(rfence(fid, 0, -1ul, 0, -1ul), 0, "function %lu, every hart", fid);
		check_eq(rfence(fid, 1, 100, 0, 0), SBI_INVALID_PARAM, "function %lu, bad hart",
			 fid);
	}
	for (u64 fid = 3; fid <= 6; fid++)
		check_eq(rfence(fid, 3, 0, 0, 0), SBI_NOT_SUPPORTED, "function %lu without H", fid);
}

void rom_main(u64 hart, u64 device_tree)
{
	(void)device_tree;
	u64 *pages[2] = {page_alloc(), page_alloc()};
	*pages[0] = 1000;
	*pages[1] = 1001;
	table = page_table_new(3);
	page_table_map(&table, VA, (u64)pages[0], PTE_KERNEL, 0);
	if (!check_eq(hart_start(hart ^ 1, 0), 0, "a second hart starts"))
		return;
	hart_wait(hart ^ 1, HART_STARTED);
	functions();
	check_eq(remote_read(), 1000, "the other hart sees the first page");
	for (u64 round = 1; round <= 6; round++) {
		u64 fid = round & 1 ? 1 : 2;
		u64 size = round > 2 ? 4096 : -1ul;
		page_table_map(&table, VA, (u64)pages[round & 1], PTE_KERNEL, 0);
		check_eq(rfence(fid, 1, hart ^ 1, size == 4096 ? VA : 0, size), 0,
			 "round %lu: function %lu", round, fid);
		check_eq(remote_read(), 1000 + (round & 1), "round %lu: the new page is seen",
			 round);
	}
}
