/* TLB internals shared by the files of mmu/: filling, finding, dropping entries. */
#ifndef MMU_TLB_H
#define MMU_TLB_H

#include "mmu/mmu.h"

/* The slot of a virtual address in a TLB. */
static inline unsigned tlb_index(uint64_t address)
{
	return address >> CPU_PAGE_BITS & (CPU_TLB_ENTRIES - 1);
}

/*
 * What backs a virtual page for an access, translated now or before. physical and the rest describe
 * the page; uncached results are valid for this access only.
 */
struct tlb_page {
	uint64_t physical;   /* of the page */
	struct mb_ram *ram;  /* NULL: go through the bus */
	uint64_t ram_offset; /* of the page in ram */
	uint8_t *host;       /* of the page; NULL with ram NULL */
	bool writable;       /* direct writes have an effect (RAM, not ROM) */
	bool uncached;
	bool device;        /* misaligned accesses fault */
	bool watched;       /* accesses ask isa->watch() */
	uint8_t attributes; /* the ISA's own */
	uint8_t code_kind;  /* the ISA's own */
};

/*
 * Finds or makes the translation of the page of address in TLB mode index mode. size: bytes of the
 * access, within the page. False: cpu->trap is filled.
 */
bool tlb_lookup(struct cpu *cpu, unsigned mode, uint64_t address, unsigned size, unsigned access,
		struct tlb_page *page);

/* Drops cached write permission for RAM pages of [offset, offset + length). */
void tlb_protect(struct machine *machine, struct mb_ram *ram, uint64_t offset, uint64_t length);

#endif
