/*
 * What the files of the GICv2 device share: gic_v2.c (life, inputs), gic_v2_distributor.c,
 * gic_v2_interface.c (CPU interfaces, physical and virtual) and gic_v2_hyp.c (list registers).
 */
#ifndef DEVICES_GIC_V2_IMPL_H
#define DEVICES_GIC_V2_IMPL_H

#include "devices/gic_v2.h"

enum {
	GIC_V2_SGIS = 16,
	GIC_V2_LISTS = 4, /* list registers */
	GIC_V2_MAINTENANCE = 25,

	/* GICC_CTLR and GICV_CTLR; EnableGrp0 and EnableGrp1 are bits 0 and 1. */
	GICC_CTLR_GROUPS = 3,
	GICC_CTLR_ACKCTL = 1 << 2,
	GICC_CTLR_FIQEN = 1 << 3,
	GICC_CTLR_CBPR = 1 << 4,
	GICC_CTLR_BYPASS = 0x1e0, /* legacy inputs, which are not there */
	GICC_CTLR_EOIMODE = 1 << 9,
	GICV_CTLR_BITS = 0x21f,
	GICC_CTLR_BITS = GICV_CTLR_BITS | GICC_CTLR_BYPASS,

	/* From an INTID to the PE that sent it, in GICC_IAR, GICC_EOIR and list registers. */
	GIC_V2_SENDER_SHIFT = 10,
	GIC_V2_INTID_MASK = 0x3ff,
};

#define GIC_V2_IIDR 0x2043bu /* version 2, Arm */

/* A CPU interface, physical or virtual: what its registers hold. 32-bit words only. */
struct gic_v2_interface {
	uint32_t ctlr, pmr, bpr, abpr;
	uint32_t apr; /* active priorities, one bit each */
};
#define GIC_V2_INTERFACE_WORDS (sizeof(struct gic_v2_interface) / sizeof(uint32_t))

struct gic_v2 {
	struct device device;
	struct mb_region *part[4]; /* distributor, CPU, hypervisor and virtual CPU interface */
	bool virtual;
	struct gic_banks banks;

	uint32_t ctlr;                                 /* GICD_CTLR: the group enables */
	uint8_t targets[GIC_SPI_MAX];                  /* GICD_ITARGETSR by SPI: a set of PEs */
	uint8_t senders[GIC_V2_CPU_MAX * GIC_V2_SGIS]; /* of pending SGIs: a set of PEs */
	struct gic_v2_interface physical[GIC_V2_CPU_MAX];
	struct gic_v2_interface virtual_cpu[GIC_V2_CPU_MAX];
	uint32_t hcr[GIC_V2_CPU_MAX];                 /* GICH_HCR */
	uint32_t list[GIC_V2_CPU_MAX * GIC_V2_LISTS]; /* GICH_LR<n> */
};

/* What an interface could acknowledge next. */
struct gic_v2_candidate {
	uint32_t id; /* as GICC_IAR has it; GIC_INTID_NONE: nothing, and the rest does not count */
	uint8_t priority, group;
	unsigned place; /* list register, of a virtual interface */
};

/* The PE of an access; another requester counts as PE 0. */
static inline unsigned gic_v2_requester(const struct gic_v2 *gic, struct mb_attrs attrs)
{
	return attrs.requester < gic->banks.cpu_count ? attrs.requester : 0;
}

/* Makes the wires of a PE, or of all that a bank concerns, what they should be. */
void gic_v2_update(struct gic_v2 *gic, unsigned cpu);
void gic_v2_changed(struct gic_v2 *gic, unsigned bank);
void gic_v2_all_changed(struct gic_v2 *gic);

/* -- gic_v2_distributor.c -- */

/* The most urgent interrupt of the groups (a set) that is for a PE. */
struct gic_v2_candidate gic_v2_highest(const struct gic_v2 *gic, unsigned cpu, unsigned groups);
/* Pending becomes active. */
void gic_v2_activate(struct gic_v2 *gic, unsigned cpu, uint32_t id);
/* It is finished with. An INTID that does not exist is ignored. */
void gic_v2_deactivate(struct gic_v2 *gic, unsigned cpu, uint32_t id);

/* -- gic_v2_interface.c -- */

/* What an interface signals: GIC_V2_IRQ, GIC_V2_FIQ; -1: nothing. */
int gic_v2_signal(const struct gic_v2 *gic, unsigned cpu, bool virtual);
/* Nothing that a register could not hold. */
void gic_v2_interface_loaded(struct gic_v2_interface *interface, uint32_t control);

/* -- gic_v2_hyp.c: the same of virtual interrupts -- */

struct gic_v2_candidate gic_v2_virtual_highest(const struct gic_v2 *gic, unsigned cpu,
					       unsigned groups);
void gic_v2_virtual_activate(struct gic_v2 *gic, unsigned cpu,
			     const struct gic_v2_candidate *candidate);
void gic_v2_virtual_deactivate(struct gic_v2 *gic, unsigned cpu, uint32_t id);
/* Whether the maintenance interrupt is wanted. */
bool gic_v2_maintenance(const struct gic_v2 *gic, unsigned cpu);
void gic_v2_hyp_loaded(struct gic_v2 *gic);

extern const struct mb_ops gic_v2_distributor_registers, gic_v2_cpu_registers, gic_v2_hyp_registers,
	gic_v2_vcpu_registers;

#endif
