#include "mmu/pmp.h"

#define PMP_ADDRESS_MASK ((1ull << 54) - 1)
#define PMP_CFG_MASK     (PMP_R | PMP_W | PMP_X | PMP_A | PMP_L)
#define PMP_ALL          (PMP_R | PMP_W | PMP_X)
#define PAGE_LAST        0xfffull

enum pmp_mode { PMP_OFF, PMP_TOR, PMP_NA4, PMP_NAPOT };

static enum pmp_mode entry_mode(const struct pmp *pmp, unsigned number)
{
	return (pmp->cfg[number] & PMP_A) >> PMP_A_SHIFT;
}

/* The bytes [*first, *last] that an entry matches; false when it matches none. */
static bool entry_range(const struct pmp *pmp, unsigned number, uint64_t *first, uint64_t *last)
{
	uint64_t address = pmp->addr[number];
	switch (entry_mode(pmp, number)) {
	case PMP_OFF: return false;
	case PMP_TOR:
		*first = number ? pmp->addr[number - 1] << 2 : 0;
		*last = (address << 2) - 1;
		return number ? pmp->addr[number - 1] < address : address != 0;
	case PMP_NA4:
		*first = address << 2;
		*last = *first + 3;
		return true;
	case PMP_NAPOT:;
		/* The trailing ones and the zero above them are "don't care". */
		uint64_t any = address ^ (address + 1);
		*first = (address & ~any) << 2;
		*last = (address | any) << 2 | 3;
		return true;
	}
	return false;
}

static uint8_t legal_cfg(uint8_t value)
{
	value &= PMP_CFG_MASK;
	return value & PMP_R ? value : value & ~PMP_W;
}

static void count_active(struct pmp *pmp)
{
	pmp->active = 0;
	for (unsigned i = 0; i < pmp->entries; i++)
		pmp->active += entry_mode(pmp, i) != PMP_OFF;
}

void pmp_write_cfg(struct pmp *pmp, unsigned number, uint8_t value)
{
	if (number >= pmp->entries || pmp->cfg[number] & PMP_L)
		return;
	pmp->cfg[number] = legal_cfg(value);
	count_active(pmp);
}

void pmp_legalize(struct pmp *pmp)
{
	for (unsigned i = 0; i < PMP_MAX_ENTRIES; i++) {
		bool there = i < pmp->entries;
		pmp->cfg[i] = there ? legal_cfg(pmp->cfg[i]) : 0;
		pmp->addr[i] = there ? pmp->addr[i] & PMP_ADDRESS_MASK : 0;
	}
	count_active(pmp);
}

void pmp_write_addr(struct pmp *pmp, unsigned number, uint64_t value)
{
	if (number >= pmp->entries || pmp->cfg[number] & PMP_L)
		return;
	if (number + 1 < pmp->entries && pmp->cfg[number + 1] & PMP_L &&
	    entry_mode(pmp, number + 1) == PMP_TOR)
		return;
	pmp->addr[number] = value & PMP_ADDRESS_MASK;
}

/* What a matching entry permits: unlocked entries do not bind M-mode. */
static unsigned entry_permits(const struct pmp *pmp, unsigned number, bool machine)
{
	if (machine && !(pmp->cfg[number] & PMP_L))
		return PMP_ALL;
	return pmp->cfg[number] & PMP_ALL;
}

bool pmp_check(const struct pmp *pmp, uint64_t address, uint64_t size, unsigned access,
	       bool machine, unsigned *allowed, int *entry)
{
	uint64_t end = address + (size ? size - 1 : 0);
	if (end < address)
		end = UINT64_MAX;
	unsigned permitted = machine || !pmp->entries ? PMP_ALL : 0;
	int matched = -1;
	for (unsigned i = 0; pmp->active && i < pmp->entries; i++) {
		uint64_t first, last;
		if (!entry_range(pmp, i, &first, &last) || first > end || last < address)
			continue;
		matched = (int)i;
		/* A partial match fails whatever L, R, W and X say. */
		bool whole = first <= address && end <= last;
		permitted = whole ? entry_permits(pmp, i, machine) : 0;
		break;
	}
	if (allowed)
		*allowed = permitted;
	if (entry)
		*entry = matched;
	return (access & ~permitted) == 0;
}

bool pmp_splits_page(const struct pmp *pmp, uint64_t page)
{
	page &= ~PAGE_LAST;
	for (unsigned i = 0; pmp->active && i < pmp->entries; i++) {
		uint64_t first, last;
		if (!entry_range(pmp, i, &first, &last))
			continue;
		if (first > page && first <= page + PAGE_LAST)
			return true;
		if (last >= page && last < page + PAGE_LAST)
			return true;
	}
	return false;
}
