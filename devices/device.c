/* Instances: made from a row, mapped, reset, described, freed. */
#include "devices/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct device_ops *const device_table[] = {
#define DEVICE(name) &name##_ops,
#include "devices/devices.def"
#undef DEVICE
};
const size_t device_table_count = sizeof(device_table) / sizeof(device_table[0]);

const struct device_ops *device_find(const char *name)
{
	for (size_t i = 0; i < device_table_count; i++)
		if (!strcmp(device_table[i]->name, name))
			return device_table[i];
	return NULL;
}

static int register_state(struct device *device, struct error *error)
{
	const struct device_ops *ops = device->ops;
	if (!device->host.state || !ops->field_count)
		return 0;
	const struct state_section section = {
		.name = ops->name,
		.instance = device->instance,
		.version = ops->version,
		.base = device,
		.fields = ops->fields,
		.field_count = ops->field_count,
		.loaded = ops->loaded,
	};
	if (state_register(device->host.state, &section))
		return error_set(error, EXIT_CODE_USAGE, "%s %u: cannot register its state",
				 ops->name, device->instance);
	return 0;
}

static int make_region(struct device *device, struct error *error)
{
	const struct device_ops *ops = device->ops;
	if (device->region || !ops->region_size)
		return 0;
	int result = mb_region_mmio(device->host.bus, ops->name, device->size, ops->registers,
				    device, &device->region);
	if (result)
		return error_set(error, EXIT_CODE_USAGE, "%s: cannot make its region: %s",
				 ops->name, strerror(-result));
	mb_region_set_guard(device->region, &device->guard);
	return 0;
}

struct device *device_new(const struct device_ops *ops, const struct device_host *host,
			  const struct device_place *place, const void *config, struct error *error)
{
	struct device *device = calloc(1, ops->object_size);
	if (!device) {
		error_set(error, EXIT_CODE_USAGE, "%s: out of memory", ops->name);
		return NULL;
	}
	device->ops = ops;
	device->host = *host;
	device->base = place->base;
	device->size = place->size ? place->size : ops->region_size;
	device->instance = place->instance;
	device->irq_count = place->irq_count < DEVICE_IRQ_MAX ? place->irq_count : DEVICE_IRQ_MAX;
	for (unsigned i = 0; i < device->irq_count; i++)
		device->irq[i] = place->irq[i];
	if ((ops->create && ops->create(device, config, error)) || make_region(device, error) ||
	    register_state(device, error)) {
		device_free(device);
		return NULL;
	}
	device_reset(device);
	return device;
}

void device_free(struct device *device)
{
	if (!device)
		return;
	if (device->region) {
		mb_detach(device->region);
		mb_region_unref(device->region);
	}
	if (device->ops->destroy)
		device->ops->destroy(device);
	free(device);
}

int device_map(struct device *device, struct mb_region *parent)
{
	return mb_attach_overlap(parent, device->base, device->region, device->ops->priority);
}

void device_reset(struct device *device)
{
	if (device->ops->reset)
		device->ops->reset(device);
}

static void input_changed(void *opaque, unsigned number, bool level)
{
	struct device *device = opaque;
	if (device->ops->input)
		device->ops->input(device, number, level);
}

struct irq_line device_input(struct device *device, unsigned number)
{
	return (struct irq_line){.set = input_changed, .opaque = device, .number = number};
}

void device_set_irq(struct device *device, unsigned index, bool level)
{
	if (index < device->irq_count)
		irq_set(&device->irq[index], level);
}
