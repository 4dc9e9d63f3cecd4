/* GICv3 distributor and redistributors: the state of interrupts, and who gets which. */
#include <string.h>

#include "devices/gic_v3_impl.h"

enum {
	GICD_SIZE = 0x10000,
};

/* -- telling the PEs -- */

static void tell(struct gic_v3 *gic, unsigned cpu)
{
	device_set_irq(&gic->device, cpu, true);
}

void gic_v3_all_changed(struct gic_v3 *gic)
{
	for (unsigned cpu = 0; cpu < gic->banks.cpu_count; cpu++)
		tell(gic, cpu);
}

void gic_v3_changed(struct gic_v3 *gic, unsigned bank)
{
	if (gic_bank_is_private(bank))
		tell(gic, bank);
	else
		gic_v3_all_changed(gic);
}

/* -- who gets what -- */

/* One of several: the first PE that is awake and lets the group through. */
static bool is_chosen(const struct gic_v3 *gic, unsigned cpu, unsigned group)
{
	for (unsigned i = 0; i < gic->banks.cpu_count; i++) {
		bool awake = !(gic->waker[i] & GICR_PROCESSOR_SLEEP);
		if (awake && gic->groups[i] >> group & 1)
			return i == cpu;
	}
	return false;
}

static bool is_target(const struct gic_v3 *gic, unsigned cpu, unsigned spi, unsigned group)
{
	uint64_t router = gic->router[spi];
	if (router & GICD_ANY_PE)
		return is_chosen(gic, cpu, group);
	return (router & GICD_AFFINITY) == gic->affinity[cpu];
}

/* Looks for something more urgent in one bank, whose first INTID is first. */
static void look_at_bank(const struct gic_v3 *gic, unsigned cpu, unsigned bank, unsigned first,
			 struct gic_pending *best)
{
	const struct gic_banks *banks = &gic->banks;
	uint32_t bits = gic_bank_candidates(banks, bank, gic->ctlr & gic->groups[cpu]);
	for (; bits; bits &= bits - 1) {
		unsigned bit = (unsigned)__builtin_ctz(bits);
		unsigned group = banks->group[bank] >> bit & 1;
		uint8_t priority = banks->priority[bank * GIC_BANK + bit];
		if (best->intid != GIC_INTID_NONE && priority >= best->priority)
			continue;
		if (first && !is_target(gic, cpu, first + bit - GIC_SPI_FIRST, group))
			continue;
		*best = (struct gic_pending){first + bit, priority, (uint8_t)group};
	}
}

static struct gic_pending highest(void *opaque, unsigned cpu)
{
	const struct gic_v3 *gic = opaque;
	struct gic_pending best = {GIC_INTID_NONE, GIC_IDLE, GIC_GROUP0};
	if (cpu >= gic->banks.cpu_count || !gic->ctlr || !gic->groups[cpu])
		return best;
	look_at_bank(gic, cpu, cpu, 0, &best);
	for (unsigned n = 1; n <= gic->banks.spi_count / GIC_BANK; n++)
		look_at_bank(gic, cpu, gic_spi_bank(n), n * GIC_BANK, &best);
	return best;
}

/* -- what the CPU interfaces ask -- */

static void activate(void *opaque, unsigned cpu, uint32_t intid)
{
	struct gic_v3 *gic = opaque;
	unsigned bank;
	uint32_t bit;
	if (!gic_bank_find(&gic->banks, cpu, intid, &bank, &bit))
		return;
	gic->banks.latch[bank] &= ~bit;
	gic->banks.active[bank] |= bit;
	gic_v3_changed(gic, bank);
}

static void deactivate(void *opaque, unsigned cpu, uint32_t intid)
{
	struct gic_v3 *gic = opaque;
	unsigned bank;
	uint32_t bit;
	if (!gic_bank_find(&gic->banks, cpu, intid, &bank, &bit) ||
	    !(gic->banks.active[bank] & bit))
		return;
	gic->banks.active[bank] &= ~bit;
	gic_v3_changed(gic, bank);
}

static bool is_sgi_target(const struct gic_v3 *gic, unsigned cpu, unsigned sender,
			  const struct gic_sgi *sgi)
{
	if (sgi->all_others)
		return cpu != sender;
	uint64_t affinity = gic->affinity[cpu];
	uint32_t cluster = (affinity >> 8 & 0xffff) | (uint32_t)(affinity >> 32 & 0xff) << 16;
	unsigned aff0 = affinity & 0xff;
	return cluster == sgi->cluster && aff0 >= sgi->first && aff0 < sgi->first + 16u &&
	       sgi->targets >> (aff0 - sgi->first) & 1;
}

static void send_sgi(void *opaque, unsigned sender, const struct gic_sgi *sgi)
{
	struct gic_v3 *gic = opaque;
	uint32_t bit = 1u << (sgi->intid & 15);
	for (unsigned cpu = 0; cpu < gic->banks.cpu_count; cpu++) {
		unsigned group = gic->banks.group[cpu] & bit ? GIC_GROUP1 : GIC_GROUP0;
		if (!(sgi->groups >> group & 1) || !is_sgi_target(gic, cpu, sender, sgi))
			continue;
		gic->banks.latch[cpu] |= bit;
		tell(gic, cpu);
	}
}

static void enable_groups(void *opaque, unsigned cpu, unsigned groups)
{
	struct gic_v3 *gic = opaque;
	if (cpu >= gic->banks.cpu_count || gic->groups[cpu] == (groups & 3))
		return;
	gic->groups[cpu] = groups & 3;
	gic_v3_all_changed(gic); /* one of several may be somebody else now */
}

struct gic_distributor gic_v3_distributor(struct device *device)
{
	static const struct gic_ops ops = {
		.highest = highest,
		.activate = activate,
		.deactivate = deactivate,
		.send_sgi = send_sgi,
		.enable_groups = enable_groups,
	};
	return (struct gic_distributor){&ops, device};
}

/* -- inputs -- */

struct irq_line gic_v3_spi(struct device *device, unsigned number)
{
	return device_input(device, gic_bank_shared_input(number));
}

struct irq_line gic_v3_ppi(struct device *device, unsigned cpu, unsigned intid)
{
	return device_input(device, gic_bank_private_input(cpu, intid));
}

static void gic_v3_input(struct device *device, unsigned number, bool level)
{
	struct gic_v3 *gic = (struct gic_v3 *)device;
	unsigned bank;
	if (gic_bank_input(&gic->banks, number, level, &bank))
		gic_v3_changed(gic, bank);
}

/* -- life -- */

static int make_regions(struct gic_v3 *gic)
{
	struct device *device = &gic->device;
	uint64_t size = GIC_V3_STRIDE * gic->banks.cpu_count;
	int result = mb_region_container(device->host.bus, "gic_v3", GIC_V3_REDISTRIBUTORS + size,
					 &device->region);
	if (!result)
		result = mb_region_mmio(device->host.bus, "gicd", GICD_SIZE,
					&gic_v3_distributor_registers, gic, &gic->gicd);
	if (!result)
		result = mb_region_mmio(device->host.bus, "gicr", size,
					&gic_v3_redistributor_registers, gic, &gic->gicr);
	if (!result)
		result = mb_attach(device->region, 0, gic->gicd);
	if (!result)
		result = mb_attach(device->region, GIC_V3_REDISTRIBUTORS, gic->gicr);
	if (result)
		return result;
	mb_region_set_guard(gic->gicd, &device->guard);
	mb_region_set_guard(gic->gicr, &device->guard);
	return 0;
}

static int gic_v3_create(struct device *device, const void *config, struct error *error)
{
	static const struct gic_v3_config defaults;
	const struct gic_v3_config *wanted = config ? config : &defaults;
	struct gic_v3 *gic = (struct gic_v3 *)device;
	gic->banks.cpu_count = wanted->cpu_count ? wanted->cpu_count : 1;
	gic->banks.spi_count = wanted->spi_count ? wanted->spi_count : GIC_SPI_DEFAULT;
	if (gic_bank_check(&gic->banks, "gic_v3", GIC_CPU_MAX, error))
		return -1;
	for (unsigned cpu = 0; cpu < gic->banks.cpu_count; cpu++)
		gic->affinity[cpu] = wanted->mpidr ? wanted->mpidr[cpu] & GICD_AFFINITY : cpu;
	gic->window = wanted->redistributors ? wanted->redistributors
					     : GIC_V3_STRIDE * gic->banks.cpu_count;
	int result = make_regions(gic);
	return result ? error_set(error, EXIT_CODE_USAGE, "gic_v3: cannot make its region: %s",
				  strerror(-result))
		      : 0;
}

static void drop_region(struct mb_region *region)
{
	if (!region)
		return;
	mb_detach(region);
	mb_region_unref(region);
}

static void gic_v3_destroy(struct device *device)
{
	struct gic_v3 *gic = (struct gic_v3 *)device;
	drop_region(gic->gicd);
	drop_region(gic->gicr);
}

/* Wires keep their level through a reset, and the interfaces what they let through. */
static void gic_v3_reset(struct device *device)
{
	struct gic_v3 *gic = (struct gic_v3 *)device;
	gic->ctlr = 0;
	gic_bank_reset(&gic->banks);
	memset(gic->router, 0, sizeof(gic->router));
	for (unsigned cpu = 0; cpu < GIC_CPU_MAX; cpu++)
		gic->waker[cpu] = GICR_PROCESSOR_SLEEP;
	gic_v3_all_changed(gic);
}

/* Nothing that does not exist is pending, and no field holds what a register could not. */
static void gic_v3_loaded(void *opaque)
{
	struct gic_v3 *gic = opaque;
	gic->ctlr &= GICD_GROUPS;
	for (unsigned cpu = 0; cpu < GIC_CPU_MAX; cpu++) {
		gic->waker[cpu] &= GICR_PROCESSOR_SLEEP;
		gic->groups[cpu] &= 3;
	}
	gic_bank_loaded(&gic->banks);
	for (unsigned i = 0; i < GIC_SPI_MAX; i++)
		gic->router[i] &= GICD_AFFINITY | GICD_ANY_PE;
	gic_v3_all_changed(gic);
}

static void gic_v3_fdt(const struct device *device, struct device_fdt *fdt)
{
	const struct gic_v3 *gic = (const struct gic_v3 *)device;
	uint64_t gicr = device->base + GIC_V3_REDISTRIBUTORS;
	const uint32_t reg[] = {
		device->base >> 32, (uint32_t)device->base, 0, GICD_SIZE,
		gicr >> 32,         (uint32_t)gicr,         0, (uint32_t)gic->window,
	};
	const uint32_t maintenance[] = {1, 9, 4}; /* PPI 9, level */
	device_fdt_node_at(device, fdt, "intc");
	device_fdt_string(fdt, "compatible", "arm,gic-v3");
	device_fdt_u32(fdt, "#interrupt-cells", 3);
	device_fdt_flag(fdt, "interrupt-controller");
	device_fdt_u32(fdt, "#redistributor-regions", 1);
	device_fdt_cells(fdt, "reg", reg, 8);
	device_fdt_cells(fdt, "interrupts", maintenance, 3);
	device_fdt_u32(fdt, "#address-cells", 2);
	device_fdt_u32(fdt, "#size-cells", 2);
	device_fdt_flag(fdt, "ranges");
	if (fdt->phandle)
		device_fdt_u32(fdt, "phandle", fdt->phandle);
	device_fdt_end(fdt);
}

static const struct state_field gic_v3_fields[] = {
	STATE_FIELD(struct gic_v3, ctlr),   STATE_ARRAY(struct gic_v3, waker),
	STATE_ARRAY(struct gic_v3, groups), GIC_BANKS_FIELDS(struct gic_v3),
	STATE_ARRAY(struct gic_v3, router),
};

const struct device_ops gic_v3_ops = {
	.name = "gic_v3",
	.summary = "Arm GICv3 distributor and redistributors, 16 PEs, up to 480 shared interrupts",
	.object_size = sizeof(struct gic_v3),
	.create = gic_v3_create,
	.destroy = gic_v3_destroy,
	.reset = gic_v3_reset,
	.input = gic_v3_input,
	.fdt = gic_v3_fdt,
	.fields = gic_v3_fields,
	.field_count = sizeof(gic_v3_fields) / sizeof(gic_v3_fields[0]),
	.version = 2,
	.loaded = gic_v3_loaded,
};
