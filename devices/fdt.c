/* Device-tree nodes: helpers over libfdt's sequential-write functions that keep the first error. */
#include <inttypes.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

#include "devices/device.h"

static void keep_error(struct device_fdt *fdt, int result)
{
	if (!fdt->error && result < 0)
		fdt->error = result;
}

static void write_property(struct device_fdt *fdt, const char *name, const void *value,
			   size_t length)
{
	if (fdt->error)
		return;
	if (length > INT32_MAX)
		keep_error(fdt, -FDT_ERR_NOSPACE);
	else
		keep_error(fdt, fdt_property(fdt->blob, name, value, length));
}

void device_fdt_node(struct device_fdt *fdt, const char *name)
{
	if (!fdt->error)
		keep_error(fdt, fdt_begin_node(fdt->blob, name));
}

void device_fdt_node_at(const struct device *device, struct device_fdt *fdt, const char *name)
{
	char full[64];
	snprintf(full, sizeof(full), "%s@%" PRIx64, name, device->base);
	device_fdt_node(fdt, full);
}

void device_fdt_begin(const struct device *device, struct device_fdt *fdt, const char *name,
		      uint64_t size)
{
	device_fdt_node_at(device, fdt, name);
	const uint32_t reg[4] = {device->base >> 32, device->base, size >> 32, size};
	device_fdt_cells(fdt, "reg", reg, 4);
	if (fdt->interrupt_parent && fdt->interrupt_cells) {
		device_fdt_u32(fdt, "interrupt-parent", fdt->interrupt_parent);
		device_fdt_cells(fdt, "interrupts", fdt->interrupt, fdt->interrupt_cells);
	}
	if (fdt->phandle)
		device_fdt_u32(fdt, "phandle", fdt->phandle);
}

void device_fdt_end(struct device_fdt *fdt)
{
	if (!fdt->error)
		keep_error(fdt, fdt_end_node(fdt->blob));
}

void device_fdt_u32(struct device_fdt *fdt, const char *property, uint32_t value)
{
	device_fdt_cells(fdt, property, &value, 1);
}

void device_fdt_cells(struct device_fdt *fdt, const char *property, const uint32_t *cells,
		      size_t count)
{
	uint32_t wire[DEVICE_FDT_CELLS_MAX];
	if (count > DEVICE_FDT_CELLS_MAX) {
		keep_error(fdt, -FDT_ERR_NOSPACE);
		return;
	}
	for (size_t i = 0; i < count; i++)
		wire[i] = cpu_to_fdt32(cells[i]);
	write_property(fdt, property, wire, count * sizeof(wire[0]));
}

void device_fdt_strings(struct device_fdt *fdt, const char *property, const char *strings,
			size_t length)
{
	write_property(fdt, property, strings, length);
}

void device_fdt_string(struct device_fdt *fdt, const char *property, const char *string)
{
	write_property(fdt, property, string, strlen(string) + 1);
}

void device_fdt_flag(struct device_fdt *fdt, const char *property)
{
	write_property(fdt, property, "", 0);
}

void device_describe(const struct device *device, struct device_fdt *fdt)
{
	if (device->ops->fdt)
		device->ops->fdt(device, fdt);
}

void device_describe_root(const struct device *device, struct device_fdt *fdt)
{
	if (device->ops->fdt_root)
		device->ops->fdt_root(device, fdt);
}
