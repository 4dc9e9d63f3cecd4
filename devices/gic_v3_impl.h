/* What the files of the GICv3 device share: gic_v3.c (state) and gic_v3_registers.c. */
#ifndef DEVICES_GIC_V3_IMPL_H
#define DEVICES_GIC_V3_IMPL_H

#include "devices/gic_v3.h"

enum {
	GIC_BANK = 32, /* interrupts of one bank: those of a 32-bit register */
	GIC_SPI_BANKS = GIC_V3_SPI_MAX / GIC_BANK,
	GIC_BANKS = GIC_V3_CPU_MAX + GIC_SPI_BANKS,
	GIC_SGIS = 0x0000ffff, /* of a private bank */

	/* Priorities have five bits. */
	GIC_PRIORITY_BITS = 0xf8,

	/* GICD_CTLR */
	GICD_GROUPS = 3, /* EnableGrp0, EnableGrp1 */
	GICD_ARE = 1 << 4,
	GICD_DS = 1 << 6,

	/* GICR_WAKER */
	GICR_PROCESSOR_SLEEP = 1 << 1,
	GICR_CHILDREN_ASLEEP = 1 << 2,
};

/* GICD_IROUTER<n>: Aff3, and Aff2 to Aff0; the mode bit: any one PE. */
#define GICD_AFFINITY 0xff00ffffffull
#define GICD_ANY_PE   (1ull << 31)

/*
 * Banks 0 to GIC_V3_CPU_MAX - 1 are the private interrupts of the PEs, INTID 0 to 31; the ones
 * after them are the shared ones from INTID 32. Bit n of a word is interrupt n of the bank.
 */
struct gic_v3 {
	struct device device;
	struct mb_region *gicd, *gicr;
	unsigned cpu_count, spi_count;
	uint64_t window; /* bytes of the redistributors for the device tree */
	uint64_t affinity[GIC_V3_CPU_MAX];

	uint32_t ctlr; /* GICD_CTLR: the group enables */
	uint32_t waker[GIC_V3_CPU_MAX];
	uint32_t groups[GIC_V3_CPU_MAX]; /* that the CPU interfaces let through, as sets */
	uint32_t group[GIC_BANKS];
	uint32_t enabled[GIC_BANKS];
	uint32_t wire[GIC_BANKS];  /* levels of the inputs */
	uint32_t latch[GIC_BANKS]; /* pending without the wire: by an edge or by software */
	uint32_t active[GIC_BANKS];
	uint32_t edge[GIC_BANKS]; /* edge triggered */
	uint8_t priority[GIC_BANKS * GIC_BANK];
	uint64_t router[GIC_V3_SPI_MAX]; /* GICD_IROUTER<n> by SPI */
};

/* The bank of shared interrupts with INTID 32 * n and up, n from 1. */
static inline unsigned gic_spi_bank(unsigned n)
{
	return GIC_V3_CPU_MAX + n - 1;
}

/* Interrupts of a bank that are pending: latched, or a level input is high. */
static inline uint32_t gic_bank_pending(const struct gic_v3 *gic, unsigned bank)
{
	return gic->latch[bank] | (gic->wire[bank] & ~gic->edge[bank]);
}

/* Tells the PEs that interrupts of a bank may concern: what is pending may have changed. */
void gic_v3_changed(struct gic_v3 *gic, unsigned bank);
void gic_v3_all_changed(struct gic_v3 *gic);

/* The registers: distributor, and all redistributors in a row. */
extern const struct mb_ops gic_v3_distributor_registers, gic_v3_redistributor_registers;

#endif
