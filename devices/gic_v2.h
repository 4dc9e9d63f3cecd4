/*
 * GICv2 (IHI 0048) with the CPU interfaces of all PEs and their virtual interfaces, without
 * Security Extensions. Registers know by the requester of an access (struct mb_attrs) whose they
 * are.
 */
#ifndef DEVICES_GIC_V2_H
#define DEVICES_GIC_V2_H

#include <stdint.h>

#include "devices/device.h"
#include "devices/gic_bank.h"

#define GIC_V2_CPU_MAX 8

/* Where the parts are, from the device's base (the distributor), and how large each is. */
#define GIC_V2_CPU_INTERFACE  0x10000ull
#define GIC_V2_HYP_INTERFACE  0x30000ull
#define GIC_V2_VCPU_INTERFACE 0x40000ull
#define GIC_V2_PART_SIZE      0x10000ull

/* What an interface drives: wire GIC_V2_LINES * n + line is PE n's. */
enum gic_v2_line {
	GIC_V2_IRQ,
	GIC_V2_FIQ,
	GIC_V2_VIRTUAL_IRQ,
	GIC_V2_VIRTUAL_FIQ,
	GIC_V2_LINES,
};

/* Inputs: gic_v2_spi() and gic_v2_ppi(). */
struct gic_v2_config {
	unsigned cpu_count; /* 1 to GIC_V2_CPU_MAX; 0: 1 */
	unsigned spi_count; /* a multiple of 32, at most GIC_SPI_MAX; 0: 256 */
	bool virtual;       /* there are virtual interfaces; their maintenance interrupt is PPI 9 */
};

/* The input of shared interrupt `number`, counted from 0: INTID 32 + number. */
struct irq_line gic_v2_spi(struct device *device, unsigned number);

/* The input of a PE's private interrupt by INTID, 16 to 31. */
struct irq_line gic_v2_ppi(struct device *device, unsigned cpu, unsigned intid);

#endif
