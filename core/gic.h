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

/* CPU interfaces have five bits of priority, and 32 levels of preemption. */
enum {
	GIC_PRIORITY_MASK = 0xf8,
	GIC_PRIORITY_SHIFT =
		3, /* between a priority and its bit of an active priorities register */
	GIC_BPR0_MIN = 2,
	GIC_BPR1_MIN = 3,
	GIC_SPECIAL = 1020, /* INTIDs from here to 1023 stand for no interrupt */
};

/* Interrupt groups; as bits of a set: 1 << group. */
enum gic_group { GIC_GROUP0, GIC_GROUP1 };

/* The bits of a priority that decide on preemption, by the binary points (IHI 0069, 4.8.6). */
static inline uint8_t gic_group_priority(unsigned group, bool common, unsigned bpr0, unsigned bpr1,
					 uint8_t priority)
{
	/* Group 1 has one bit less of subpriority for the same value. */
	unsigned low = group == GIC_GROUP0 || common ? bpr0 + 1 : bpr1;
	return (uint8_t)(priority & ~((1u << low) - 1));
}

/* The most urgent of active priorities, one bit each; GIC_IDLE: none. */
static inline uint8_t gic_most_urgent(uint32_t active)
{
	return active ? (uint8_t)(__builtin_ctz(active) << GIC_PRIORITY_SHIFT) : GIC_IDLE;
}

/* The bit of an active priority. */
static inline uint32_t gic_priority_bit(uint8_t priority)
{
	return 1u << (priority >> GIC_PRIORITY_SHIFT);
}

/* A binary point as registers keep it. */
static inline uint8_t gic_binary_point(unsigned least, uint64_t value)
{
	return (value & 7) > least ? value & 7 : (uint8_t)least;
}

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
