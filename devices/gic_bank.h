/*
 * The interrupts of a GIC distributor, in banks of 32, and those of its registers that GICv2
 * (IHI 0048) and GICv3 (IHI 0069) have alike. For the files of these devices.
 */
#ifndef DEVICES_GIC_BANK_H
#define DEVICES_GIC_BANK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/gic.h"
#include "core/state.h"

enum {
	GIC_BANK = 32, /* interrupts of one bank: those of a 32-bit register */
	GIC_CPU_MAX = 16,
	GIC_SPI_MAX = 480,
	GIC_SPI_BANKS = GIC_SPI_MAX / GIC_BANK,
	GIC_BANKS = GIC_CPU_MAX + GIC_SPI_BANKS,
	GIC_SPI_FIRST = 32,
	GIC_SPI_DEFAULT = 256,
	GIC_SGIS = 0x0000ffff, /* of a private bank */

	/* Priorities have five bits. */
	GIC_PRIORITY_BITS = 0xf8,

	/* GICD_CTLR: EnableGrp0, EnableGrp1 */
	GICD_GROUPS = 3,
};

/*
 * Banks 0 to GIC_CPU_MAX - 1 are the private interrupts of the PEs, INTID 0 to 31; the ones after
 * them are the shared ones from INTID 32. Bit n of a word is interrupt n of the bank.
 */
struct gic_banks {
	unsigned cpu_count, spi_count;
	uint32_t group[GIC_BANKS];
	uint32_t enabled[GIC_BANKS];
	uint32_t wire[GIC_BANKS];  /* levels of the inputs */
	uint32_t latch[GIC_BANKS]; /* pending without the wire: by an edge or by software */
	uint32_t active[GIC_BANKS];
	uint32_t edge[GIC_BANKS]; /* edge triggered */
	uint8_t priority[GIC_BANKS * GIC_BANK];
};

/* The saved fields of the banks of a device's struct. */
#define GIC_BANKS_FIELDS(type)                                                                     \
	STATE_ARRAY(type, banks.group), STATE_ARRAY(type, banks.enabled),                          \
		STATE_ARRAY(type, banks.wire), STATE_ARRAY(type, banks.latch),                     \
		STATE_ARRAY(type, banks.active), STATE_ARRAY(type, banks.edge),                    \
		STATE_ARRAY(type, banks.priority)

/* The bank of shared interrupts with INTID 32 * n and up, n from 1. */
static inline unsigned gic_spi_bank(unsigned n)
{
	return GIC_CPU_MAX + n - 1;
}

/* Whose private interrupts they are. */
static inline bool gic_bank_is_private(unsigned bank)
{
	return bank < GIC_CPU_MAX;
}

/* Interrupts of a bank that are pending: latched, or a level input is high. */
static inline uint32_t gic_bank_pending(const struct gic_banks *banks, unsigned bank)
{
	return banks->latch[bank] | (banks->wire[bank] & ~banks->edge[bank]);
}

/* Interrupts of a bank that can be taken: pending, enabled, not active, of one of the groups. */
uint32_t gic_bank_candidates(const struct gic_banks *banks, unsigned bank, unsigned groups);

/* Where an INTID of a PE is; false: it does not exist. */
bool gic_bank_find(const struct gic_banks *banks, unsigned cpu, uint32_t intid, unsigned *bank,
		   uint32_t *bit);

/* The number of the device input that is a PE's private or a shared interrupt. */
unsigned gic_bank_private_input(unsigned cpu, unsigned intid);
unsigned gic_bank_shared_input(unsigned number);

/* A device input changes. True: something may be pending in *bank now, or no longer. */
bool gic_bank_input(struct gic_banks *banks, unsigned number, bool level, unsigned *bank);

/*
 * Whether the counts of PEs, up to cpu_max, and of shared interrupts are possible. Returns 0, or -1
 * with *error, which begins with the device's name.
 */
int gic_bank_check(const struct gic_banks *banks, const char *name, unsigned cpu_max,
		   struct error *error);

/* After power-on; wires keep their level. */
void gic_bank_reset(struct gic_banks *banks);

/* Fields were overwritten: none holds what a register could not. */
void gic_bank_loaded(struct gic_banks *banks);

/* Offsets of registers in a distributor, and in the SGI frame of a redistributor. */
enum {
	GICD_IGROUPR = 0x0080,
	GICD_ISENABLER = 0x0100,
	GICD_ICENABLER = 0x0180,
	GICD_ISPENDR = 0x0200,
	GICD_ICPENDR = 0x0280,
	GICD_ISACTIVER = 0x0300,
	GICD_ICACTIVER = 0x0380,
	GICD_IPRIORITYR = 0x0400,
	GICD_IPRIORITYR_END = 0x0800,
	GICD_ICFGR = 0x0c00,
	GICD_ICFGR_END = 0x0d00,
};

/* What the register at an offset is about. */
struct gic_place {
	unsigned bank;
	uint64_t kind;  /* GICD_IGROUPR ... GICD_ICACTIVER, GICD_IPRIORITYR, GICD_ICFGR */
	unsigned index; /* within the bank: byte of IPRIORITYR, half of ICFGR */
};

/* All but the bank, for which *n counts the registers of that kind. False: there is none. */
bool gic_place_find(uint64_t offset, struct gic_place *place, unsigned *n);

/* Whether the registers of banks have that size: bytes and words. */
static inline bool gic_place_has_size(unsigned size)
{
	return size == 1 || size == 4;
}

/* Reads and writes a register; sizes that it does not have read as zero and change nothing. */
uint32_t gic_place_read(const struct gic_banks *banks, const struct gic_place *place,
			unsigned size);
void gic_place_write(struct gic_banks *banks, const struct gic_place *place, unsigned size,
		     uint32_t value);

#endif
