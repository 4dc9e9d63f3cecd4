/* The devices of the virt boards: the fixed ones, and those that --device puts into slots. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio_mmio.h"
#include "machines/board_impl.h"

const char *const board_device_help[] = {
	"virtio-blk,file=PATH[,ro=on|off][,serial=TEXT]  disk from a raw image",
	"virtio-console[,chardev=stdio|file:PATH|null]   second console (hvc0)",
	"virtio-rng[,seed=N]                             random numbers, repeatable",
	NULL,
};

static int parse_switch(const char *value, bool *result)
{
	if (!value || !strcmp(value, "on") || !strcmp(value, "1") || !strcmp(value, "true"))
		*result = true;
	else if (!strcmp(value, "off") || !strcmp(value, "0") || !strcmp(value, "false"))
		*result = false;
	else
		return -1;
	return 0;
}

/* "virtio-blk" and, as QEMU's users know it, "virtio-blk-device". */
static const struct virtio_ops *find_kind(const char *name)
{
	static const char prefix[] = "virtio-", suffix[] = "-device";
	size_t prefix_length = sizeof(prefix) - 1, suffix_length = sizeof(suffix) - 1;
	if (strncmp(name, prefix, prefix_length) != 0)
		return NULL;
	name += prefix_length;
	size_t length = strlen(name);
	if (length > suffix_length && !strcmp(name + length - suffix_length, suffix))
		length -= suffix_length;
	char kind[32];
	if (length >= sizeof(kind))
		return NULL;
	memcpy(kind, name, length);
	kind[length] = 0;
	return virtio_find(kind);
}

/* Sets one key. Returns 0; 1 if the kind has no such key; -1 if the value is bad. */
static int set_key(struct board_device *device, const char *key, const char *value)
{
	if (device->kind == &virtio_blk_ops) {
		if (!strcmp(key, "file"))
			device->file = value;
		else if (!strcmp(key, "serial"))
			device->serial_number = value;
		else if (!strcmp(key, "ro"))
			return parse_switch(value, &device->read_only);
		else
			return 1;
		return value && *value ? 0 : -1;
	}
	if (device->kind == &virtio_console_ops && !strcmp(key, "chardev")) {
		device->chardev = value;
		return value && *value ? 0 : -1;
	}
	if (device->kind == &virtio_rng_ops && !strcmp(key, "seed")) {
		char *end = NULL;
		errno = 0;
		device->has_seed = true;
		if (value && *value >= '0' && *value <= '9')
			device->seed = strtoull(value, &end, 0);
		return end && !*end && !errno ? 0 : -1;
	}
	return 1;
}

static const char *device_usage(const struct virtio_ops *kind)
{
	if (kind == &virtio_blk_ops)
		return "file=PATH, ro=on|off, serial=TEXT";
	if (kind == &virtio_console_ops)
		return "chardev=stdio|file:PATH|null";
	return "seed=N";
}

static int parse_text(struct board_device *device, const char *value, struct error *error)
{
	char *rest = device->text;
	const char *name = strsep(&rest, ",");
	device->kind = find_kind(name);
	if (!device->kind)
		return error_set(error, EXIT_CODE_USAGE,
				 "--device %s: unknown device \"%s\", expected virtio-blk, "
				 "virtio-console or virtio-rng",
				 value, name);
	while (rest) {
		char *setting = strsep(&rest, ",");
		const char *key = strsep(&setting, "=");
		int status = set_key(device, key, setting);
		if (status > 0)
			return error_set(error, EXIT_CODE_USAGE,
					 "--device %s: unknown key \"%s\", expected %s", value, key,
					 device_usage(device->kind));
		if (status < 0)
			return error_set(error, EXIT_CODE_USAGE,
					 "--device %s: bad value \"%s\" of key %s, expected %s",
					 value, setting ? setting : "", key,
					 device_usage(device->kind));
	}
	if (device->kind == &virtio_blk_ops && !device->file)
		return error_set(error, EXIT_CODE_USAGE,
				 "--device %s: no image, expected file=PATH", value);
	return 0;
}

int board_device_parse(struct board_device *device, const char *value, struct error *error)
{
	*device = (struct board_device){.text = strdup(value)};
	if (!device->text)
		return error_set(error, EXIT_CODE_USAGE, "out of memory");
	return parse_text(device, value, error);
}

static struct device *make(struct board *board, const struct device_ops *ops,
			   const struct device_place *place, const void *config,
			   struct error *error)
{
	const struct device_host host = {
		.machine = &board->machine,
		.clock = &board->machine.clock,
		.state = &board->machine.state,
		.log = &board->machine.log,
		.bus = board->bus,
		.memory = board->machine.memory,
	};
	struct device *device = device_new(ops, &host, place, config, error);
	if (!device)
		return NULL;
	int status = device_map(device, board->root);
	if (status) {
		error_set(error, EXIT_CODE_USAGE, "%s: cannot be mapped at 0x%llx: %s", ops->name,
			  (unsigned long long)place->base, strerror(-status));
		device_free(device);
		return NULL;
	}
	return device;
}

struct device *board_make_device(struct board *board, const struct device_ops *ops, uint64_t base,
				 unsigned instance, const struct irq_line *irq, unsigned irq_count,
				 const void *config, struct error *error)
{
	const struct device_place place = {
		.base = base, .instance = instance, .irq = irq, .irq_count = irq_count};
	return make(board, ops, &place, config, error);
}

static int register_console(struct board *board, struct chardev *chardev, unsigned instance,
			    struct error *error)
{
	if (!chardev || !chardev_register(chardev, &board->machine.state, instance))
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "console: cannot register its state");
}

static int make_virtio(struct board *board, unsigned slot, const struct board_device *device,
		       struct error *error)
{
	struct virtio_mmio_config config = {.kind = device ? device->kind : NULL};
	struct virtio_blk_config blk;
	struct virtio_console_config console;
	struct virtio_rng_config rng;
	if (config.kind == &virtio_blk_ops) {
		blk = (struct virtio_blk_config){.path = device->file,
						 .read_only = device->read_only,
						 .serial = device->serial_number};
		config.kind_config = &blk;
	} else if (config.kind == &virtio_console_ops) {
		board->virtio_console[slot] =
			chardev_open(device->chardev ? device->chardev : "null", error);
		if (!board->virtio_console[slot] ||
		    register_console(board, board->virtio_console[slot], 1 + slot, error))
			return -1;
		console.chardev = board->virtio_console[slot];
		config.kind_config = &console;
	} else if (config.kind == &virtio_rng_ops) {
		rng.seed = device->has_seed ? device->seed : board->seed + slot;
		config.kind_config = &rng;
	}
	const struct board_map *map = &board->kind->map;
	const struct irq_line line = board->kind->virtio_irq(board, slot);
	const struct device_place place = {
		.base = map->virtio_base + slot * map->virtio_stride,
		.size = map->virtio_stride,
		.instance = slot,
		.irq = &line,
		.irq_count = 1,
	};
	board->virtio[slot] = make(board, &virtio_mmio_ops, &place, &config, error);
	return board->virtio[slot] ? 0 : -1;
}

static int make_slots(struct board *board, const struct board_config *config, struct error *error)
{
	unsigned slots = board->kind->map.virtio_slots;
	if (config->device_count > slots)
		return error_set(error, EXIT_CODE_USAGE,
				 "%u devices do not fit, the board has %u virtio slots",
				 config->device_count, slots);
	for (unsigned i = 0; i < slots; i++) {
		int status;
		if (i < config->device_count) {
			struct board_device device;
			status = board_device_parse(&device, config->devices[i], error);
			if (!status)
				status = make_virtio(board, i, &device, error);
			free(device.text);
		} else {
			status = make_virtio(board, i, NULL, error);
		}
		if (status)
			return -1;
	}
	return 0;
}

int board_make_devices(struct board *board, const struct board_config *config, struct error *error)
{
	if (board->kind->make_devices(board, config, error) ||
	    register_console(board, board->serial, 0, error))
		return -1;
	return make_slots(board, config, error);
}

void board_each_device(struct board *board, void (*fn)(struct device *device))
{
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS_MAX; i++)
		if (board->virtio[i])
			fn(board->virtio[i]);
	board->kind->each_device(board, fn);
}

void board_free_devices(struct board *board)
{
	/* The interrupt controllers come last: the others drive wires into them. */
	board_each_device(board, device_free);
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS_MAX; i++)
		chardev_free(board->virtio_console[i]);
}
