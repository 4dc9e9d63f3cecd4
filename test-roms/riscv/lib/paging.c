#include "test-roms/riscv/lib/paging.h"

enum { POOL_PAGES = 64 };
static u8 pool[POOL_PAGES][4096] __attribute__((aligned(4096)));
static unsigned pool_used;

void *page_alloc(void)
{
	if (pool_used == POOL_PAGES)
		rom_fatal(0, 0, pool_used);
	return memset(pool[pool_used++], 0, 4096);
}

u64 *page_table_entry(struct page_table *table, u64 va, unsigned level)
{
	u64 *node = table->root;
	for (unsigned at = table->levels - 1;; at--) {
		u64 *pte = &node[va >> (12 + 9 * at) & 511];
		if (at == level)
			return pte;
		if (!(*pte & PTE_V))
			*pte = (u64)page_alloc() >> 12 << 10 | PTE_V;
		node = (u64 *)(*pte >> 10 << 12);
	}
}

void page_table_map(struct page_table *table, u64 va, u64 pa, u64 bits, unsigned level)
{
	*page_table_entry(table, va, level) = pa >> 12 << 10 | bits;
}

struct page_table page_table_new(unsigned levels)
{
	struct page_table table = {page_alloc(), levels};
	page_table_map(&table, RAM_BASE, RAM_BASE, PTE_KERNEL, 2);
	page_table_map(&table, UART_BASE, UART_BASE, PTE_KERNEL, 0);
	page_table_map(&table, FINISHER_BASE, FINISHER_BASE, PTE_KERNEL, 0);
	for (char *page = guest_start; page < guest_end; page += 4096)
		page_table_map(&table, guest_va(page), (u64)page, PTE_USER_X, 0);
	return table;
}

u64 page_table_satp(const struct page_table *table)
{
	return (u64)(table->levels + 5) << 60 | (u64)table->root >> 12;
}

u64 guest_va(const void *code)
{
	return GUEST_CODE_VA + ((u64)code - (u64)guest_start);
}
