/* The devices of the virt board: the fixed ones, and those that --device puts into slots. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "devices/clint.h"
#include "devices/goldfish_rtc.h"
#include "devices/htif.h"
#include "devices/plic.h"
#include "devices/sifive_test.h"
#include "devices/uart16550.h"
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

static struct device *make(struct board *board, const struct device_ops *ops, uint64_t base,
			   unsigned instance, const struct irq_line *irq, unsigned irq_count,
			   const void *config, struct error *error)
{
	const struct device_host host = {
		.machine = &board->machine,
		.clock = &board->machine.clock,
		.state = &board->machine.state,
		.log = &board->machine.log,
		.bus = board->bus,
		.memory = board->machine.memory,
	};
	const struct device_place place = {
		.base = base, .instance = instance, .irq = irq, .irq_count = irq_count};
	struct device *device = device_new(ops, &host, &place, config, error);
	if (!device)
		return NULL;
	int status = device_map(device, board->root);
	if (status) {
		error_set(error, EXIT_CODE_USAGE, "%s: cannot be mapped at 0x%llx: %s", ops->name,
			  (unsigned long long)base, strerror(-status));
		device_free(device);
		return NULL;
	}
	return device;
}

/* A device with one wire to a PLIC source. */
static struct device *make_wired(struct board *board, const struct device_ops *ops, uint64_t base,
				 unsigned instance, unsigned irq, const void *config,
				 struct error *error)
{
	const struct irq_line line = device_input(board->plic, irq);
	return make(board, ops, base, instance, &line, 1, config, error);
}

static int make_interrupt_controllers(struct board *board, struct error *error)
{
	struct irq_line local[2 * BOARD_CPUS_MAX], external[2 * BOARD_CPUS_MAX];
	unsigned count = board->hart_count;
	for (unsigned i = 0; i < count; i++) {
		local[2 * i] = riscv_irq_line(board->hart[i], RV_IRQ_MSI);
		local[2 * i + 1] = riscv_irq_line(board->hart[i], RV_IRQ_MTI);
		external[2 * i] = riscv_irq_line(board->hart[i], RV_IRQ_MEI);
		external[2 * i + 1] = riscv_irq_line(board->hart[i], RV_IRQ_SEI);
	}
	const struct clint_config clint = {.hart_count = count,
					   .timebase_hz = board->cpu.timebase_hz};
	board->clint =
		make(board, &clint_ops, BOARD_CLINT_BASE, 0, local, 2 * count, &clint, error);
	const struct plic_config plic = {.hart_count = count};
	board->plic = make(board, &plic_ops, BOARD_PLIC_BASE, 0, external, 2 * count, &plic, error);
	return board->clint && board->plic ? 0 : -1;
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
	board->virtio[slot] =
		make_wired(board, &virtio_mmio_ops, BOARD_VIRTIO_BASE + slot * BOARD_VIRTIO_STRIDE,
			   slot, BOARD_VIRTIO_IRQ + slot, &config, error);
	return board->virtio[slot] ? 0 : -1;
}

static int make_slots(struct board *board, const struct board_config *config, struct error *error)
{
	if (config->device_count > BOARD_VIRTIO_SLOTS)
		return error_set(error, EXIT_CODE_USAGE,
				 "%u devices do not fit, the board has %d virtio slots",
				 config->device_count, BOARD_VIRTIO_SLOTS);
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++) {
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
	if (make_interrupt_controllers(board, error))
		return -1;
	board->finisher =
		make(board, &sifive_test_ops, BOARD_FINISHER_BASE, 0, NULL, 0, NULL, error);
	const struct goldfish_rtc_config rtc = {.epoch_ns = config->rtc_epoch_ns};
	board->rtc =
		make_wired(board, &goldfish_rtc_ops, BOARD_RTC_BASE, 0, BOARD_RTC_IRQ, &rtc, error);
	const struct uart16550_config uart = {.chardev = config->serial};
	board->uart =
		make_wired(board, &uart16550_ops, BOARD_UART_BASE, 0, BOARD_UART_IRQ, &uart, error);
	if (!board->finisher || !board->rtc || !board->uart ||
	    register_console(board, board->serial, 0, error))
		return -1;
	return make_slots(board, config, error);
}

int board_make_htif(struct board *board, struct error *error)
{
	const struct image *image = &board->kernel;
	struct htif_config *config = &board->htif_config;
	config->chardev = board->serial;
	if (!config->tohost && board->has_kernel && image->has_tohost) {
		config->tohost = image->tohost;
		config->fromhost = image->has_fromhost ? image->fromhost : 0;
	}
	if (!config->tohost)
		return 0;
	board->htif = make(board, &htif_ops, 0, 0, NULL, 0, config, error);
	return board->htif ? 0 : -1;
}

void board_each_device(struct board *board, void (*fn)(struct device *device))
{
	struct device *const fixed[] = {board->finisher, board->rtc,  board->uart,
					board->clint,    board->plic, board->htif};
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++)
		if (board->virtio[i])
			fn(board->virtio[i]);
	for (unsigned i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (fixed[i])
			fn(fixed[i]);
}

void board_free_devices(struct board *board)
{
	/* The interrupt controllers come last: the others drive wires into them. */
	board_each_device(board, device_free);
	for (unsigned i = 0; i < BOARD_VIRTIO_SLOTS; i++)
		chardev_free(board->virtio_console[i]);
}
