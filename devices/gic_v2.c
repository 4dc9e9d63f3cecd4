/* GICv2: its life, its inputs and its wires. */
#include <string.h>

#include "devices/gic_v2_impl.h"

/* -- wires -- */

void gic_v2_update(struct gic_v2 *gic, unsigned cpu)
{
	unsigned bank;
	unsigned maintenance = gic_bank_private_input(cpu, GIC_V2_MAINTENANCE);
	if (gic->virtual)
		gic_bank_input(&gic->banks, maintenance, gic_v2_maintenance(gic, cpu), &bank);
	int physical = gic_v2_signal(gic, cpu, false);
	int virtual = gic->virtual ? gic_v2_signal(gic, cpu, true) : -1;
	unsigned first = cpu * GIC_V2_LINES;
	device_set_irq(&gic->device, first + GIC_V2_IRQ, physical == GIC_V2_IRQ);
	device_set_irq(&gic->device, first + GIC_V2_FIQ, physical == GIC_V2_FIQ);
	device_set_irq(&gic->device, first + GIC_V2_VIRTUAL_IRQ, virtual == GIC_V2_IRQ);
	device_set_irq(&gic->device, first + GIC_V2_VIRTUAL_FIQ, virtual == GIC_V2_FIQ);
}

void gic_v2_all_changed(struct gic_v2 *gic)
{
	for (unsigned cpu = 0; cpu < gic->banks.cpu_count; cpu++)
		gic_v2_update(gic, cpu);
}

void gic_v2_changed(struct gic_v2 *gic, unsigned bank)
{
	if (gic_bank_is_private(bank))
		gic_v2_update(gic, bank);
	else
		gic_v2_all_changed(gic);
}

struct irq_line gic_v2_spi(struct device *device, unsigned number)
{
	return device_input(device, gic_bank_shared_input(number));
}

struct irq_line gic_v2_ppi(struct device *device, unsigned cpu, unsigned intid)
{
	return device_input(device, gic_bank_private_input(cpu, intid));
}

static void gic_v2_input(struct device *device, unsigned number, bool level)
{
	struct gic_v2 *gic = (struct gic_v2 *)device;
	unsigned bank;
	if (gic_bank_input(&gic->banks, number, level, &bank))
		gic_v2_changed(gic, bank);
}

/* -- life -- */

static const struct part {
	const char *name;
	uint64_t offset;
	const struct mb_ops *registers;
	bool virtual; /* only with virtual interfaces */
} parts[] = {
	{"gicd", 0,		     &gic_v2_distributor_registers, false},
	{"gicc", GIC_V2_CPU_INTERFACE,  &gic_v2_cpu_registers,         false},
	{"gich", GIC_V2_HYP_INTERFACE,  &gic_v2_hyp_registers,         true },
	{"gicv", GIC_V2_VCPU_INTERFACE, &gic_v2_vcpu_registers,        true },
};
#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool has_part(const struct gic_v2 *gic, const struct part *part)
{
	return gic->virtual || !part->virtual;
}

static int make_regions(struct gic_v2 *gic)
{
	struct device *device = &gic->device;
	uint64_t size = GIC_V2_VCPU_INTERFACE + GIC_V2_PART_SIZE;
	int result = mb_region_container(device->host.bus, "gic_v2", size, &device->region);
	for (unsigned i = 0; i < PARTS && !result; i++) {
		if (!has_part(gic, &parts[i]))
			continue;
		result = mb_region_mmio(device->host.bus, parts[i].name, GIC_V2_PART_SIZE,
					parts[i].registers, gic, &gic->part[i]);
		if (!result)
			result = mb_attach(device->region, parts[i].offset, gic->part[i]);
		if (!result)
			mb_region_set_guard(gic->part[i], &device->guard);
	}
	return result;
}

static int gic_v2_create(struct device *device, const void *config, struct error *error)
{
	static const struct gic_v2_config defaults;
	const struct gic_v2_config *wanted = config ? config : &defaults;
	struct gic_v2 *gic = (struct gic_v2 *)device;
	struct gic_banks *banks = &gic->banks;
	banks->cpu_count = wanted->cpu_count ? wanted->cpu_count : 1;
	banks->spi_count = wanted->spi_count ? wanted->spi_count : GIC_SPI_DEFAULT;
	gic->virtual = wanted->virtual;
	if (gic_bank_check(banks, "gic_v2", GIC_V2_CPU_MAX, error))
		return -1;
	int result = make_regions(gic);
	return result ? error_set(error, EXIT_CODE_USAGE, "gic_v2: cannot make its region: %s",
				  strerror(-result))
		      : 0;
}

static void gic_v2_destroy(struct device *device)
{
	struct gic_v2 *gic = (struct gic_v2 *)device;
	for (unsigned i = 0; i < PARTS; i++) {
		if (!gic->part[i])
			continue;
		mb_detach(gic->part[i]);
		mb_region_unref(gic->part[i]);
	}
}

static void reset_interface(struct gic_v2_interface *interface)
{
	*interface = (struct gic_v2_interface){.bpr = GIC_BPR0_MIN, .abpr = GIC_BPR1_MIN};
}

static void gic_v2_reset(struct device *device)
{
	struct gic_v2 *gic = (struct gic_v2 *)device;
	gic->ctlr = 0;
	gic_bank_reset(&gic->banks);
	memset(gic->targets, 0, sizeof(gic->targets));
	memset(gic->senders, 0, sizeof(gic->senders));
	memset(gic->hcr, 0, sizeof(gic->hcr));
	memset(gic->list, 0, sizeof(gic->list));
	for (unsigned cpu = 0; cpu < GIC_V2_CPU_MAX; cpu++) {
		reset_interface(&gic->physical[cpu]);
		reset_interface(&gic->virtual_cpu[cpu]);
	}
	gic_v2_all_changed(gic);
}

static void gic_v2_loaded(void *opaque)
{
	struct gic_v2 *gic = opaque;
	uint8_t present = (uint8_t)((1u << gic->banks.cpu_count) - 1);
	gic->ctlr &= GICD_GROUPS;
	gic_bank_loaded(&gic->banks);
	for (unsigned i = 0; i < GIC_SPI_MAX; i++)
		gic->targets[i] &= present;
	for (unsigned i = 0; i < GIC_V2_CPU_MAX * GIC_V2_SGIS; i++) {
		uint32_t *latch = &gic->banks.latch[i / GIC_V2_SGIS], bit = 1u << i % GIC_V2_SGIS;
		gic->senders[i] &= present;
		*latch = gic->senders[i] ? *latch | bit : *latch & ~bit;
	}
	for (unsigned cpu = 0; cpu < GIC_V2_CPU_MAX; cpu++) {
		gic_v2_interface_loaded(&gic->physical[cpu], GICC_CTLR_BITS);
		gic_v2_interface_loaded(&gic->virtual_cpu[cpu], GICV_CTLR_BITS);
	}
	gic_v2_hyp_loaded(gic);
	gic_v2_all_changed(gic);
}

static void gic_v2_fdt(const struct device *device, struct device_fdt *fdt)
{
	const struct gic_v2 *gic = (const struct gic_v2 *)device;
	uint32_t reg[4 * PARTS];
	unsigned cells = 0;
	/* PPI 9, level, at all PEs. */
	const uint32_t maintenance[] = {1, 9, 4 | ((1u << gic->banks.cpu_count) - 1) << 8};
	for (unsigned i = 0; i < PARTS; i++) {
		if (!has_part(gic, &parts[i]))
			continue;
		uint64_t address = device->base + parts[i].offset;
		reg[cells++] = address >> 32;
		reg[cells++] = (uint32_t)address;
		reg[cells++] = 0;
		reg[cells++] = GIC_V2_PART_SIZE;
	}
	device_fdt_node_at(device, fdt, "intc");
	device_fdt_string(fdt, "compatible", "arm,cortex-a15-gic");
	device_fdt_u32(fdt, "#interrupt-cells", 3);
	device_fdt_flag(fdt, "interrupt-controller");
	device_fdt_cells(fdt, "reg", reg, cells);
	if (gic->virtual)
		device_fdt_cells(fdt, "interrupts", maintenance, 3);
	device_fdt_u32(fdt, "#address-cells", 2);
	device_fdt_u32(fdt, "#size-cells", 2);
	device_fdt_flag(fdt, "ranges");
	if (fdt->phandle)
		device_fdt_u32(fdt, "phandle", fdt->phandle);
	device_fdt_end(fdt);
}

#define INTERFACES(member)                                                                         \
	{                                                                                          \
#member, offsetof(struct gic_v2, member), sizeof(uint32_t),                        \
			GIC_V2_CPU_MAX *GIC_V2_INTERFACE_WORDS, 0                                  \
	}

static const struct state_field gic_v2_fields[] = {
	STATE_FIELD(struct gic_v2, ctlr),
	STATE_ARRAY(struct gic_v2, targets),
	STATE_ARRAY(struct gic_v2, senders),
	GIC_BANKS_FIELDS(struct gic_v2),
	INTERFACES(physical),
	INTERFACES(virtual_cpu),
	STATE_ARRAY(struct gic_v2, hcr),
	STATE_ARRAY(struct gic_v2, list),
};

const struct device_ops gic_v2_ops = {
	.name = "gic_v2",
	.summary = "Arm GICv2 with virtual CPU interfaces, 8 PEs, up to 480 shared interrupts",
	.object_size = sizeof(struct gic_v2),
	.create = gic_v2_create,
	.destroy = gic_v2_destroy,
	.reset = gic_v2_reset,
	.input = gic_v2_input,
	.fdt = gic_v2_fdt,
	.fields = gic_v2_fields,
	.field_count = sizeof(gic_v2_fields) / sizeof(gic_v2_fields[0]),
	.version = 1,
	.loaded = gic_v2_loaded,
};
