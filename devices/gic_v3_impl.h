/* What the files of the GICv3 device share: gic_v3.c (state) and gic_v3_registers.c. */
#ifndef DEVICES_GIC_V3_IMPL_H
#define DEVICES_GIC_V3_IMPL_H

#include "devices/gic_v3.h"

enum {
	/* GICD_CTLR */
	GICD_ARE = 1 << 4,
	GICD_DS = 1 << 6,

	/* GICR_WAKER */
	GICR_PROCESSOR_SLEEP = 1 << 1,
	GICR_CHILDREN_ASLEEP = 1 << 2,
};

/* GICD_IROUTER<n>: Aff3, and Aff2 to Aff0; the mode bit: any one PE. */
#define GICD_AFFINITY 0xff00ffffffull
#define GICD_ANY_PE   (1ull << 31)

struct gic_v3 {
	struct device device;
	struct mb_region *gicd, *gicr;
	struct gic_banks banks;
	uint64_t window; /* bytes of the redistributors for the device tree */
	uint64_t affinity[GIC_CPU_MAX];

	uint32_t ctlr; /* GICD_CTLR: the group enables */
	uint32_t waker[GIC_CPU_MAX];
	uint32_t groups[GIC_CPU_MAX]; /* that the CPU interfaces let through, as sets */
	uint64_t router[GIC_SPI_MAX]; /* GICD_IROUTER<n> by SPI */
};

/* Tells the PEs that interrupts of a bank may concern: what is pending may have changed. */
void gic_v3_changed(struct gic_v3 *gic, unsigned bank);
void gic_v3_all_changed(struct gic_v3 *gic);

/* The registers: distributor, and all redistributors in a row. */
extern const struct mb_ops gic_v3_distributor_registers, gic_v3_redistributor_registers;

#endif
