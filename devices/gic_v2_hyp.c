/*
 * Virtual interrupts of GICv2: the hypervisor's interface with its list registers (IHI 0048, 5.3),
 * and what the virtual CPU interfaces ask. Registers are words, as those of CPU interfaces.
 */
#include "devices/gic_v2_impl.h"

enum {
	GICH_HCR = 0x00,
	GICH_VTR = 0x04,
	GICH_VMCR = 0x08,
	GICH_MISR = 0x10,
	GICH_EISR = 0x20,
	GICH_ELSR = 0x30,
	GICH_APR = 0xf0,
	GICH_LR = 0x100,

	HCR_EN = 1 << 0,
	HCR_UIE = 1 << 1,
	HCR_LRENPIE = 1 << 2,
	HCR_NPIE = 1 << 3,
	HCR_GROUP_SHIFT = 4, /* VGrp0EIE, VGrp0DIE, VGrp1EIE, VGrp1DIE */
	HCR_EOICOUNT_SHIFT = 27,

	/* GICH_VMCR: bits of GICV_CTLR, and GICV_ABPR, GICV_BPR, GICV_PMR. */
	VMCR_ABP_SHIFT = 18,
	VMCR_BP_SHIFT = 21,
	VMCR_PMR_SHIFT = 24, /* five bits of priority above three that are not there */
};
#define HCR_EOICOUNT (31u << HCR_EOICOUNT_SHIFT)
#define HCR_BITS     (0xffu | HCR_EOICOUNT)

/* GICH_LR<n> */
#define LR_ID_MASK     0x3ffu
#define LR_SENDER      (7u << GIC_V2_SENDER_SHIFT) /* with HW=0, of an SGI */
#define LR_PHYSICAL(l) ((l) >> 10 & 0x3ff)
#define LR_EOI         (1u << 19) /* with HW=0 */
#define LR_PRIORITY(l) ((uint8_t)(((l) >> 23 & 31) << GIC_PRIORITY_SHIFT))
#define LR_PENDING     (1u << 28)
#define LR_ACTIVE      (1u << 29)
#define LR_STATE       (LR_PENDING | LR_ACTIVE)
#define LR_GROUP(l)    ((l) >> 30 & 1)
#define LR_HW          (1u << 31)
#define LR_BITS        0xff8fffffu

static uint32_t *list_of(struct gic_v2 *gic, unsigned cpu)
{
	return &gic->list[cpu * GIC_V2_LISTS];
}

static uint32_t list_register(const struct gic_v2 *gic, unsigned cpu, unsigned n)
{
	return gic->list[cpu * GIC_V2_LISTS + n];
}

/* What GICV_IAR shows of a list register. */
static uint32_t shown_id(uint32_t lr)
{
	bool sgi = (lr & LR_ID_MASK) < GIC_V2_SGIS && !(lr & LR_HW);
	return (lr & LR_ID_MASK) | (sgi ? lr & LR_SENDER : 0);
}

struct gic_v2_candidate gic_v2_virtual_highest(const struct gic_v2 *gic, unsigned cpu,
					       unsigned groups)
{
	struct gic_v2_candidate best = {.id = GIC_INTID_NONE, .priority = GIC_IDLE};
	if (!(gic->hcr[cpu] & HCR_EN))
		return best;
	for (unsigned n = 0; n < GIC_V2_LISTS; n++) {
		uint32_t lr = list_register(gic, cpu, n);
		if ((lr & LR_STATE) != LR_PENDING || !(groups >> LR_GROUP(lr) & 1))
			continue;
		if (best.id == GIC_INTID_NONE || LR_PRIORITY(lr) < best.priority)
			best = (struct gic_v2_candidate){.id = shown_id(lr),
							 .priority = LR_PRIORITY(lr),
							 .group = (uint8_t)LR_GROUP(lr),
							 .place = n};
	}
	return best;
}

void gic_v2_virtual_activate(struct gic_v2 *gic, unsigned cpu,
			     const struct gic_v2_candidate *candidate)
{
	uint32_t *lr = &list_of(gic, cpu)[candidate->place];
	*lr = (*lr & ~LR_STATE) | LR_ACTIVE;
}

/* One that is in no list register: the hypervisor gets to know how many. */
void gic_v2_virtual_deactivate(struct gic_v2 *gic, unsigned cpu, uint32_t id)
{
	for (unsigned n = 0; n < GIC_V2_LISTS; n++) {
		uint32_t *lr = &list_of(gic, cpu)[n];
		if (!(*lr & LR_ACTIVE) || shown_id(*lr) != (id & (LR_ID_MASK | LR_SENDER)))
			continue;
		*lr &= ~LR_ACTIVE;
		if (*lr & LR_HW)
			gic_v2_deactivate(gic, cpu, LR_PHYSICAL(*lr));
		return;
	}
	uint32_t *hcr = &gic->hcr[cpu];
	*hcr = (*hcr & ~HCR_EOICOUNT) | ((*hcr + (1u << HCR_EOICOUNT_SHIFT)) & HCR_EOICOUNT);
}

/* -- the maintenance interrupt -- */

static uint32_t ended(const struct gic_v2 *gic, unsigned cpu)
{
	uint32_t bits = 0;
	for (unsigned n = 0; n < GIC_V2_LISTS; n++) {
		uint32_t lr = list_register(gic, cpu, n);
		if (!(lr & (LR_STATE | LR_HW)) && lr & LR_EOI)
			bits |= 1u << n;
	}
	return bits;
}

static uint32_t empty(const struct gic_v2 *gic, unsigned cpu)
{
	uint32_t bits = 0;
	for (unsigned n = 0; n < GIC_V2_LISTS; n++) {
		uint32_t lr = list_register(gic, cpu, n);
		if (!(lr & LR_STATE) && (lr & LR_HW || !(lr & LR_EOI)))
			bits |= 1u << n;
	}
	return bits;
}

/* GICH_MISR: why the hypervisor wants to be told. */
static uint32_t reasons(const struct gic_v2 *gic, unsigned cpu)
{
	uint32_t hcr = gic->hcr[cpu], misr = ended(gic, cpu) != 0;
	unsigned in_use = 0, pending = 0;
	for (unsigned n = 0; n < GIC_V2_LISTS; n++) {
		uint32_t state = list_register(gic, cpu, n) & LR_STATE;
		in_use += state != 0;
		pending += state == LR_PENDING;
	}
	if (hcr & HCR_UIE && in_use <= 1)
		misr |= HCR_UIE;
	if (hcr & HCR_LRENPIE && hcr & HCR_EOICOUNT)
		misr |= HCR_LRENPIE;
	if (hcr & HCR_NPIE && !pending)
		misr |= HCR_NPIE;
	for (unsigned group = 0; group < 2; group++) {
		bool enabled = gic->virtual_cpu[cpu].ctlr >> group & 1;
		misr |= hcr & 1u << (HCR_GROUP_SHIFT + 2 * group + !enabled);
	}
	return misr;
}

bool gic_v2_maintenance(const struct gic_v2 *gic, unsigned cpu)
{
	return gic->hcr[cpu] & HCR_EN && reasons(gic, cpu);
}

/* -- registers -- */

static uint32_t read_vmcr(const struct gic_v2_interface *interface)
{
	return interface->ctlr | interface->abpr << VMCR_ABP_SHIFT |
	       interface->bpr << VMCR_BP_SHIFT | interface->pmr << VMCR_PMR_SHIFT;
}

static void write_vmcr(struct gic_v2_interface *interface, uint32_t value)
{
	interface->ctlr = value;
	interface->abpr = value >> VMCR_ABP_SHIFT;
	interface->bpr = value >> VMCR_BP_SHIFT;
	interface->pmr = value >> VMCR_PMR_SHIFT;
	gic_v2_interface_loaded(interface, GICV_CTLR_BITS);
}

static uint32_t read_register(const struct gic_v2 *gic, unsigned cpu, uint64_t offset)
{
	enum { PRIORITY_BITS = 4u << 29 | 4 << 26 };
	if (offset >= GICH_LR && offset < GICH_LR + 4 * GIC_V2_LISTS)
		return list_register(gic, cpu, (unsigned)(offset - GICH_LR) / 4);
	switch (offset) {
	case GICH_HCR: return gic->hcr[cpu];
	case GICH_VTR: return PRIORITY_BITS | (GIC_V2_LISTS - 1);
	case GICH_VMCR: return read_vmcr(&gic->virtual_cpu[cpu]);
	case GICH_MISR: return reasons(gic, cpu);
	case GICH_EISR: return ended(gic, cpu);
	case GICH_ELSR: return empty(gic, cpu);
	case GICH_APR: return gic->virtual_cpu[cpu].apr;
	default: return 0;
	}
}

static mb_result gich_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	const struct gic_v2 *gic = opaque;
	if (size == 4)
		*value = read_register(gic, gic_v2_requester(gic, attrs), offset);
	return MB_OK;
}

static mb_result gich_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	struct gic_v2 *gic = opaque;
	unsigned cpu = gic_v2_requester(gic, attrs);
	uint32_t word = (uint32_t)value;
	if (size != 4)
		return MB_OK;
	if (offset >= GICH_LR && offset < GICH_LR + 4 * GIC_V2_LISTS)
		list_of(gic, cpu)[(offset - GICH_LR) / 4] = word & LR_BITS;
	else if (offset == GICH_HCR)
		gic->hcr[cpu] = word & HCR_BITS;
	else if (offset == GICH_VMCR)
		write_vmcr(&gic->virtual_cpu[cpu], word);
	else if (offset == GICH_APR)
		gic->virtual_cpu[cpu].apr = word;
	gic_v2_update(gic, cpu);
	return MB_OK;
}

void gic_v2_hyp_loaded(struct gic_v2 *gic)
{
	for (unsigned cpu = 0; cpu < GIC_V2_CPU_MAX; cpu++)
		gic->hcr[cpu] &= HCR_BITS;
	for (unsigned i = 0; i < GIC_V2_CPU_MAX * GIC_V2_LISTS; i++)
		gic->list[i] &= LR_BITS;
}

const struct mb_ops gic_v2_hyp_registers = {
	.read = gich_read,
	.write = gich_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};
