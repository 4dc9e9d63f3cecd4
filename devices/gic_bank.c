#include "devices/gic_bank.h"

#include <string.h>

enum {
	BITMAP_SIZE = 0x80, /* bytes of the registers of one kind */
	PRIVATE = 0x1000,   /* number of the first private input: GIC_BANK of them for each PE */
};

uint32_t gic_bank_candidates(const struct gic_banks *banks, unsigned bank, unsigned groups)
{
	uint32_t let_through = (groups >> GIC_GROUP1 & 1 ? banks->group[bank] : 0) |
			       (groups >> GIC_GROUP0 & 1 ? ~banks->group[bank] : 0);
	return gic_bank_pending(banks, bank) & banks->enabled[bank] & ~banks->active[bank] &
	       let_through;
}

bool gic_bank_find(const struct gic_banks *banks, unsigned cpu, uint32_t intid, unsigned *bank,
		   uint32_t *bit)
{
	if (cpu >= banks->cpu_count || intid >= GIC_SPI_FIRST + banks->spi_count)
		return false;
	*bank = intid < GIC_SPI_FIRST ? cpu : gic_spi_bank(intid / GIC_BANK);
	*bit = 1u << intid % GIC_BANK;
	return true;
}

/* -- inputs -- */

unsigned gic_bank_private_input(unsigned cpu, unsigned intid)
{
	return PRIVATE + cpu * GIC_BANK + intid;
}

unsigned gic_bank_shared_input(unsigned number)
{
	return GIC_SPI_FIRST + number;
}

bool gic_bank_input(struct gic_banks *banks, unsigned number, bool level, unsigned *bank)
{
	unsigned cpu = number >= PRIVATE ? (number - PRIVATE) / GIC_BANK : 0;
	unsigned intid = number >= PRIVATE ? number % GIC_BANK : number;
	uint32_t bit;
	bool exists = number >= PRIVATE ? intid >= 16 : intid >= GIC_SPI_FIRST;
	if (!exists || !gic_bank_find(banks, cpu, intid, bank, &bit))
		return false;
	if (!(banks->wire[*bank] & bit) == !level)
		return false;
	banks->wire[*bank] ^= bit;
	if (level && banks->edge[*bank] & bit)
		banks->latch[*bank] |= bit;
	return true;
}

/* -- life -- */

int gic_bank_check(const struct gic_banks *banks, const char *name, unsigned cpu_max,
		   struct error *error)
{
	if (banks->cpu_count > cpu_max)
		return error_set(error, EXIT_CODE_USAGE, "%s: %u CPUs, at most %u expected", name,
				 banks->cpu_count, cpu_max);
	if (banks->spi_count > GIC_SPI_MAX || banks->spi_count % GIC_BANK)
		return error_set(error, EXIT_CODE_USAGE,
				 "%s: %u shared interrupts, a multiple of 32 up to %d expected",
				 name, banks->spi_count, GIC_SPI_MAX);
	return 0;
}

void gic_bank_reset(struct gic_banks *banks)
{
	memset(banks->group, 0, sizeof(banks->group));
	memset(banks->enabled, 0, sizeof(banks->enabled));
	memset(banks->latch, 0, sizeof(banks->latch));
	memset(banks->active, 0, sizeof(banks->active));
	memset(banks->edge, 0, sizeof(banks->edge));
	memset(banks->priority, 0, sizeof(banks->priority));
	for (unsigned cpu = 0; cpu < GIC_CPU_MAX; cpu++)
		banks->edge[cpu] = GIC_SGIS;
}

void gic_bank_loaded(struct gic_banks *banks)
{
	for (unsigned cpu = 0; cpu < GIC_CPU_MAX; cpu++)
		banks->edge[cpu] |= GIC_SGIS;
	for (unsigned i = 0; i < GIC_BANKS * GIC_BANK; i++)
		banks->priority[i] &= GIC_PRIORITY_BITS;
}

/* -- registers -- */

/* One word of a bank has one bit for each interrupt. */
static uint32_t read_bitmap(const struct gic_banks *banks, uint64_t kind, unsigned bank)
{
	switch (kind) {
	case GICD_IGROUPR: return banks->group[bank];
	case GICD_ISENABLER:
	case GICD_ICENABLER: return banks->enabled[bank];
	case GICD_ISPENDR:
	case GICD_ICPENDR: return gic_bank_pending(banks, bank);
	case GICD_ISACTIVER:
	case GICD_ICACTIVER: return banks->active[bank];
	default: return 0;
	}
}

static void write_bitmap(struct gic_banks *banks, uint64_t kind, unsigned bank, uint32_t value)
{
	switch (kind) {
	case GICD_IGROUPR: banks->group[bank] = value; break;
	case GICD_ISENABLER: banks->enabled[bank] |= value; break;
	case GICD_ICENABLER: banks->enabled[bank] &= ~value; break;
	case GICD_ISPENDR: banks->latch[bank] |= value; break;
	case GICD_ICPENDR: banks->latch[bank] &= ~value; break;
	case GICD_ISACTIVER: banks->active[bank] |= value; break;
	case GICD_ICACTIVER: banks->active[bank] &= ~value; break;
	default: break;
	}
}

/* ICFGR: two bits for each interrupt, the upper one tells that it is edge triggered. */
static uint32_t read_config(const struct gic_banks *banks, unsigned bank, unsigned half)
{
	uint32_t edges = banks->edge[bank] >> 16 * half, value = 0;
	for (unsigned i = 0; i < 16; i++)
		value |= (edges >> i & 1) << (2 * i + 1);
	return value;
}

/* SGIs are edge triggered, always. */
static void write_config(struct gic_banks *banks, unsigned bank, unsigned half, uint32_t value)
{
	uint32_t edges = 0;
	for (unsigned i = 0; i < 16; i++)
		edges |= (value >> (2 * i + 1) & 1) << i;
	banks->edge[bank] &= ~(0xffffu << 16 * half);
	banks->edge[bank] |= edges << 16 * half;
	if (gic_bank_is_private(bank))
		banks->edge[bank] |= GIC_SGIS;
}

bool gic_place_find(uint64_t offset, struct gic_place *place, unsigned *n)
{
	if (offset >= GICD_IGROUPR && offset < GICD_IPRIORITYR) {
		place->kind = offset & ~(uint64_t)(BITMAP_SIZE - 1);
		place->index = 0;
		*n = offset % BITMAP_SIZE / 4;
	} else if (offset >= GICD_IPRIORITYR && offset < GICD_IPRIORITYR_END) {
		place->kind = GICD_IPRIORITYR;
		place->index = (offset - GICD_IPRIORITYR) % GIC_BANK;
		*n = (unsigned)(offset - GICD_IPRIORITYR) / GIC_BANK;
	} else if (offset >= GICD_ICFGR && offset < GICD_ICFGR_END) {
		place->kind = GICD_ICFGR;
		place->index = (offset - GICD_ICFGR) / 4 % 2;
		*n = (unsigned)(offset - GICD_ICFGR) / 8;
	} else {
		return false;
	}
	return true;
}

uint32_t gic_place_read(const struct gic_banks *banks, const struct gic_place *place, unsigned size)
{
	if (place->kind == GICD_IPRIORITYR) {
		const uint8_t *priority = &banks->priority[place->bank * GIC_BANK + place->index];
		uint32_t value = 0;
		for (unsigned i = 0; i < size; i++)
			value |= (uint32_t)priority[i] << 8 * i;
		return value;
	}
	if (size != 4)
		return 0;
	return place->kind == GICD_ICFGR ? read_config(banks, place->bank, place->index)
					 : read_bitmap(banks, place->kind, place->bank);
}

void gic_place_write(struct gic_banks *banks, const struct gic_place *place, unsigned size,
		     uint32_t value)
{
	if (place->kind == GICD_IPRIORITYR) {
		uint8_t *priority = &banks->priority[place->bank * GIC_BANK + place->index];
		for (unsigned i = 0; i < size; i++)
			priority[i] = value >> 8 * i & GIC_PRIORITY_BITS;
	} else if (size == 4 && place->kind == GICD_ICFGR) {
		write_config(banks, place->bank, place->index, value);
	} else if (size == 4) {
		write_bitmap(banks, place->kind, place->bank, value);
	}
}
