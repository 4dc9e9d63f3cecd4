/*
 * CPU interfaces of GICv2, the physical and the virtual ones (IHI 0048, 4.4 and 5.5): the same
 * registers, but where interrupts come from. All are words; other sizes read as zero and change
 * nothing.
 */
#include "devices/gic_v2_impl.h"

enum {
	GICC_CTLR = 0x00,
	GICC_PMR = 0x04,
	GICC_BPR = 0x08,
	GICC_IAR = 0x0c,
	GICC_EOIR = 0x10,
	GICC_RPR = 0x14,
	GICC_HPPIR = 0x18,
	GICC_ABPR = 0x1c,
	GICC_AIAR = 0x20,
	GICC_AEOIR = 0x24,
	GICC_AHPPIR = 0x28,
	GICC_APR = 0xd0,
	GICC_IIDR = 0xfc,
	GICC_DIR = 0x1000,

	/* HPPIR and IAR: it is of group 1, ask the other register. */
	OF_GROUP1 = 1022,
};

/* One PE's interface that is being looked at. */
struct view {
	struct gic_v2 *gic;
	unsigned cpu;
	bool virtual;
	struct gic_v2_interface *interface;
};

static struct view view_of(const struct gic_v2 *gic, unsigned cpu, bool virtual)
{
	struct gic_v2 *changeable = (struct gic_v2 *)gic;
	return (struct view){changeable, cpu, virtual,
			     virtual ? &changeable->virtual_cpu[cpu] : &changeable->physical[cpu]};
}

static struct gic_v2_candidate highest(const struct view *view)
{
	unsigned groups = view->interface->ctlr & GICC_CTLR_GROUPS;
	return view->virtual ? gic_v2_virtual_highest(view->gic, view->cpu, groups)
			     : gic_v2_highest(view->gic, view->cpu, groups);
}

static uint8_t group_priority(const struct gic_v2_interface *interface,
			      const struct gic_v2_candidate *candidate)
{
	return gic_group_priority(candidate->group, interface->ctlr & GICC_CTLR_CBPR,
				  interface->bpr, interface->abpr, candidate->priority);
}

/* Whether it is urgent enough to be signalled, and so acknowledged. */
static bool can_signal(const struct gic_v2_interface *interface,
		       const struct gic_v2_candidate *candidate)
{
	if (candidate->id == GIC_INTID_NONE || candidate->priority >= interface->pmr)
		return false;
	uint8_t running = gic_most_urgent(interface->apr);
	return running == GIC_IDLE || group_priority(interface, candidate) < running;
}

int gic_v2_signal(const struct gic_v2 *gic, unsigned cpu, bool virtual)
{
	const struct view view = view_of(gic, cpu, virtual);
	struct gic_v2_candidate candidate = highest(&view);
	if (!can_signal(view.interface, &candidate))
		return -1;
	bool fast = candidate.group == GIC_GROUP0 && view.interface->ctlr & GICC_CTLR_FIQEN;
	return fast ? GIC_V2_FIQ : GIC_V2_IRQ;
}

/* Whether a register shows an interrupt of that group; if not, *instead is what it shows. */
static bool shows(const struct view *view, unsigned group, bool alias, uint32_t *instead)
{
	*instead = GIC_INTID_NONE;
	if (alias)
		return group == GIC_GROUP1;
	if (group == GIC_GROUP0 || view->interface->ctlr & GICC_CTLR_ACKCTL)
		return true;
	*instead = OF_GROUP1;
	return false;
}

static uint32_t acknowledge(const struct view *view, bool alias)
{
	struct gic_v2_candidate candidate = highest(view);
	uint32_t instead;
	if (!can_signal(view->interface, &candidate))
		return GIC_INTID_NONE;
	if (!shows(view, candidate.group, alias, &instead))
		return instead;
	view->interface->apr |= gic_priority_bit(group_priority(view->interface, &candidate));
	if (view->virtual)
		gic_v2_virtual_activate(view->gic, view->cpu, &candidate);
	else
		gic_v2_activate(view->gic, view->cpu, candidate.id);
	gic_v2_update(view->gic, view->cpu);
	return candidate.id;
}

static uint32_t pending(const struct view *view, bool alias)
{
	struct gic_v2_candidate candidate = highest(view);
	uint32_t instead;
	if (candidate.id == GIC_INTID_NONE)
		return GIC_INTID_NONE;
	return shows(view, candidate.group, alias, &instead) ? candidate.id : instead;
}

static void deactivate(const struct view *view, uint32_t id)
{
	if ((id & GIC_V2_INTID_MASK) >= GIC_SPECIAL)
		return;
	if (view->virtual)
		gic_v2_virtual_deactivate(view->gic, view->cpu, id);
	else
		gic_v2_deactivate(view->gic, view->cpu, id);
	gic_v2_update(view->gic, view->cpu);
}

/* The most urgent active priority is dropped, whatever interrupt is named. */
static void end(const struct view *view, uint32_t id)
{
	struct gic_v2_interface *interface = view->interface;
	if ((id & GIC_V2_INTID_MASK) >= GIC_SPECIAL || !interface->apr)
		return;
	interface->apr &= interface->apr - 1;
	if (!(interface->ctlr & GICC_CTLR_EOIMODE))
		deactivate(view, id);
	gic_v2_update(view->gic, view->cpu);
}

/* -- registers -- */

static uint32_t read_register(const struct view *view, uint64_t offset)
{
	const struct gic_v2_interface *interface = view->interface;
	switch (offset) {
	case GICC_CTLR: return interface->ctlr;
	case GICC_PMR: return interface->pmr;
	case GICC_BPR: return interface->bpr;
	case GICC_IAR: return acknowledge(view, false);
	case GICC_RPR: return gic_most_urgent(interface->apr);
	case GICC_HPPIR: return pending(view, false);
	case GICC_ABPR: return interface->abpr;
	case GICC_AIAR: return acknowledge(view, true);
	case GICC_AHPPIR: return pending(view, true);
	case GICC_APR: return interface->apr;
	case GICC_IIDR: return GIC_V2_IIDR;
	default: return 0;
	}
}

static void write_register(const struct view *view, uint64_t offset, uint32_t value)
{
	struct gic_v2_interface *interface = view->interface;
	switch (offset) {
	case GICC_CTLR:
		interface->ctlr = value & (view->virtual ? GICV_CTLR_BITS : GICC_CTLR_BITS);
		break;
	case GICC_PMR: interface->pmr = value & GIC_PRIORITY_MASK; break;
	case GICC_BPR: interface->bpr = gic_binary_point(GIC_BPR0_MIN, value); break;
	case GICC_ABPR: interface->abpr = gic_binary_point(GIC_BPR1_MIN, value); break;
	case GICC_APR: interface->apr = value; break;
	case GICC_EOIR:
	case GICC_AEOIR: end(view, value); return;
	case GICC_DIR:
		/* With EOImode=0 a write is UNPREDICTABLE: ignored. */
		if (interface->ctlr & GICC_CTLR_EOIMODE)
			deactivate(view, value);
		return;
	default: return;
	}
	gic_v2_update(view->gic, view->cpu);
}

void gic_v2_interface_loaded(struct gic_v2_interface *interface, uint32_t control)
{
	interface->ctlr &= control;
	interface->pmr &= GIC_PRIORITY_MASK;
	interface->bpr = gic_binary_point(GIC_BPR0_MIN, interface->bpr);
	interface->abpr = gic_binary_point(GIC_BPR1_MIN, interface->abpr);
}

static mb_result read_view(struct gic_v2 *gic, bool virtual, uint64_t offset, unsigned size,
			   struct mb_attrs attrs, uint64_t *value)
{
	const struct view view = view_of(gic, gic_v2_requester(gic, attrs), virtual);
	if (size == 4)
		*value = read_register(&view, offset);
	return MB_OK;
}

static mb_result write_view(struct gic_v2 *gic, bool virtual, uint64_t offset, unsigned size,
			    struct mb_attrs attrs, uint64_t value)
{
	const struct view view = view_of(gic, gic_v2_requester(gic, attrs), virtual);
	if (size == 4)
		write_register(&view, offset, (uint32_t)value);
	return MB_OK;
}

static mb_result gicc_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	return read_view(opaque, false, offset, size, attrs, value);
}

static mb_result gicc_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	return write_view(opaque, false, offset, size, attrs, value);
}

static mb_result gicv_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	return read_view(opaque, true, offset, size, attrs, value);
}

static mb_result gicv_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	return write_view(opaque, true, offset, size, attrs, value);
}

const struct mb_ops gic_v2_cpu_registers = {
	.read = gicc_read,
	.write = gicc_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};

const struct mb_ops gic_v2_vcpu_registers = {
	.read = gicv_read,
	.write = gicv_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};
