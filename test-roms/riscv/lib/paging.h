/* Page tables for the test programs: Sv39, Sv48 and Sv57 with any PTE bits. */
#pragma once

#include "test-roms/riscv/lib/rom.h"

#define PTE_V       BIT(0)
#define PTE_R       BIT(1)
#define PTE_W       BIT(2)
#define PTE_X       BIT(3)
#define PTE_U       BIT(4)
#define PTE_G       BIT(5)
#define PTE_A       BIT(6)
#define PTE_D       BIT(7)
#define PTE_N       BIT(63)
#define PTE_PBMT(n) ((u64)(n) << 61)
#define PTE_RWX     (PTE_R | PTE_W | PTE_X)

#define PTE_KERNEL (PTE_V | PTE_RWX | PTE_A | PTE_D)
#define PTE_USER   (PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D)
#define PTE_USER_X (PTE_V | PTE_R | PTE_X | PTE_U | PTE_A | PTE_D)

#define SATP_SV39 8ul
#define SATP_SV48 9ul
#define SATP_SV57 10ul

/* Where snippets are seen from U-mode: the .guest section of the program. */
#define GUEST_CODE_VA 0x10000ul

struct page_table {
	u64 *root;
	unsigned levels; /* 3, 4 or 5 */
};

/* A fresh table: the gigabyte at RAM_BASE, the UART and the finisher mapped to
 * themselves for S-mode, and the snippets at GUEST_CODE_VA for U-mode. */
struct page_table page_table_new(unsigned levels);

/* The PTE of `va` at `level` (0 = 4 KiB page), making pointers on the way down. */
u64 *page_table_entry(struct page_table *table, u64 va, unsigned level);

/* Map one page of size 4 KiB << 9*level; `bits` are the low and high PTE bits. */
void page_table_map(struct page_table *table, u64 va, u64 pa, u64 bits, unsigned level);

u64 page_table_satp(const struct page_table *table);

/* The address of snippet `code` in the user mapping. */
u64 guest_va(const void *code);

/* Zeroed pages of RAM, never given back. */
void *page_alloc(void);
