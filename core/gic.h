/*
 * What a CPU's part of a GIC (its CPU interface) and the shared part (distributor and
 * redistributors) know of each other. The shared part is a device and never sees a CPU; the CPU
 * interface belongs to the CPU and never sees a device. PEs are numbered from 0 in the machine's
 * order. (GIC architecture specification, IHI 0069, chapters 2 to 4.)
 */
#ifndef CORE_GIC_H
#define CORE_GIC_H

#include <stdbool.h>
#include <stdint.h>

#define GIC_INTID_NONE 1023 /* spurious: nothing is pending */
#define GIC_IDLE       0xff /* the lowest priority */

/* Interrupt groups; as bits of a set: 1 << group. */
enum gic_group { GIC_GROUP0, GIC_GROUP1 };

/* What a PE could acknowledge next. */
struct gic_pending {
	uint32_t intid;   /* GIC_INTID_NONE: nothing, and the rest does not count */
	uint8_t priority; /* lower is more urgent */
	uint8_t group;    /* enum gic_group */
};

/* Software-generated interrupts: who is to get which (ICC_SGI1R_EL1). */
struct gic_sgi {
	uint8_t intid;    /* 0 to 15 */
	uint8_t groups;   /* set of the groups that may be generated */
	bool all_others;  /* every PE but the sender; the rest does not count */
	uint32_t cluster; /* Aff3.Aff2.Aff1, 8 bits each, of the targets */
	uint8_t first;    /* Aff0 of bit 0 of targets */
	uint16_t targets; /* by Aff0 */
};

/*
 * What a CPU interface asks of the shared part. After each call that changes what is pending for
 * a PE, the PE is told through its wire, which may happen during the call.
 */
struct gic_ops {
	/* The most urgent interrupt of the enabled groups that is pending and not active. */
	struct gic_pending (*highest)(void *opaque, unsigned cpu);
	/* It was acknowledged: pending becomes active. */
	void (*activate)(void *opaque, unsigned cpu, uint32_t intid);
	/* It is finished with. An INTID that does not exist is ignored. */
	void (*deactivate)(void *opaque, unsigned cpu, uint32_t intid);
	void (*send_sgi)(void *opaque, unsigned cpu, const struct gic_sgi *sgi);
	/* The groups that the PE's interface lets through (ICC_IGRPENn_EL1), as a set. */
	void (*enable_groups)(void *opaque, unsigned cpu, unsigned groups);
};

/* A distributor as a CPU interface sees it; copy freely. ops NULL: there is none. */
struct gic_distributor {
	const struct gic_ops *ops;
	void *opaque;
};

#endif
