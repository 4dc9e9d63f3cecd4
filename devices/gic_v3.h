/*
 * GICv3 distributor and redistributors (IHI 0069) with one security state (GICD_CTLR.DS=1) and
 * affinity routing; no LPIs, no ITS. The CPU interfaces belong to the CPUs: core/gic.h.
 */
#ifndef DEVICES_GIC_V3_H
#define DEVICES_GIC_V3_H

#include <stdint.h>

#include "core/gic.h"
#include "devices/device.h"
#include "devices/gic_bank.h"

/* From the device's base (the distributor) to the redistributors, and from one to the next. */
#define GIC_V3_REDISTRIBUTORS 0xa0000ull
#define GIC_V3_STRIDE         0x20000ull

/*
 * Wires: wire n tells PE n that what is pending for it may have changed; it is driven high each
 * time, and what counts is the call. Inputs: gic_v3_spi() and gic_v3_ppi().
 */
struct gic_v3_config {
	unsigned cpu_count;      /* 1 to GIC_CPU_MAX; 0: 1 */
	unsigned spi_count;      /* a multiple of 32, at most GIC_SPI_MAX; 0: 256 */
	const uint64_t *mpidr;   /* of each CPU; NULL: Aff0 is the CPU's number */
	uint64_t redistributors; /* bytes that the device tree gives them; 0: what is there */
};

/* The distributor for the CPU interfaces of all PEs. The device must outlive their use of it. */
struct gic_distributor gic_v3_distributor(struct device *device);

/* The input of shared interrupt `number`, counted from 0: INTID 32 + number. */
struct irq_line gic_v3_spi(struct device *device, unsigned number);

/* The input of a PE's private interrupt by INTID, 16 to 31. */
struct irq_line gic_v3_ppi(struct device *device, unsigned cpu, unsigned intid);

#endif
