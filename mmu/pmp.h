/*
 * RISC-V physical memory protection (privileged manual, "Physical Memory Protection"), as a value:
 * no CPU in sight.
 */
#ifndef MMU_PMP_H
#define MMU_PMP_H

#include <stdbool.h>
#include <stdint.h>

#define PMP_MAX_ENTRIES 64

enum pmp_bits { PMP_R = 1, PMP_W = 2, PMP_X = 4, PMP_A_SHIFT = 3, PMP_A = 3 << 3, PMP_L = 0x80 };

struct pmp {
	uint8_t cfg[PMP_MAX_ENTRIES];
	uint64_t addr[PMP_MAX_ENTRIES]; /* physical address >> 2 */
	uint8_t entries;                /* implemented: 0, 16 or 64 */
	uint8_t active;                 /* entries with A != 0 */
};

/*
 * WARL writes. number counts entries. Locked entries are left alone (and the address of an entry
 * below a locked TOR entry); R=0 W=1 is stored as 0 in R and W.
 */
void pmp_write_cfg(struct pmp *pmp, unsigned number, uint8_t value);
void pmp_write_addr(struct pmp *pmp, unsigned number, uint64_t value);

/* Brings values that were overwritten, from a snapshot, into what writes can leave behind. */
void pmp_legalize(struct pmp *pmp);

/*
 * May [address, address+size) be accessed? access: bits of PMP_R|PMP_W|PMP_X. machine: M-mode
 * (only locked entries bind it). Returns the permitted bits of all three kinds in *allowed and the
 * verdict for access; *entry is the matching entry or -1.
 */
bool pmp_check(const struct pmp *pmp, uint64_t address, uint64_t size, unsigned access,
	       bool machine, unsigned *allowed, int *entry);

/* True if some entry boundary lies strictly inside the 4 KiB page: nothing may be cached for it. */
bool pmp_splits_page(const struct pmp *pmp, uint64_t page);

#endif
