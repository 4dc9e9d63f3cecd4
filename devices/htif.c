/* Berkeley host-target interface: tohost and fromhost as two small overlays over RAM. */
#include "devices/htif.h"

#include <string.h>

#include "core/machine.h"
#include "devices/sifive_test.h"

enum {
	DEVICE_SYSCALL = 0,
	DEVICE_CONSOLE = 1,
	CONSOLE_READ = 0,
	CONSOLE_WRITE = 1,
	WORD_SIZE = 8,
};

/* One of the two words; the region's opaque. */
struct htif_word {
	struct htif *htif;
	uint64_t value;
};

struct htif {
	struct device device;
	struct chardev *chardev;
	struct htif_word tohost, fromhost;
	uint8_t low_written; /* the low half was written by 4 bytes, the high half is awaited */
	uint8_t read_wanted; /* a character for the console read command is owed */
};

static void stop_syscall(struct htif *htif, uint64_t command)
{
	struct machine *machine = htif->device.host.machine;
	log_write(htif->device.host.log, LOG_DEVICE, LOG_ERROR,
		  "htif: system call block at 0x%llx: proxied system calls are not supported",
		  (unsigned long long)command);
	if (machine)
		machine_stop(machine, STOP_EXIT, 1,
			     "htif: the program asks for a proxied system call (tohost=0x%llx), "
			     "which is not supported",
			     (unsigned long long)command);
}

static void stop_exit(struct htif *htif, uint64_t command)
{
	struct machine *machine = htif->device.host.machine;
	uint64_t code = (command & 0xffffffffffffull) >> 1;
	int status = code == 0 ? 0 : sifive_test_status(code > 0xffff ? 0xffff : code);
	if (machine)
		machine_stop(machine, STOP_EXIT, status, "htif: exit %llu",
			     (unsigned long long)code);
}

/* Answers a console read as soon as there is a character and room in fromhost. */
static void answer_read(struct htif *htif)
{
	uint8_t byte;
	if (!htif->read_wanted || htif->fromhost.value || !htif->chardev ||
	    !chardev_take(htif->chardev, &byte, 1))
		return;
	htif->read_wanted = 0;
	htif->fromhost.value = (uint64_t)DEVICE_CONSOLE << 56 | (uint64_t)CONSOLE_READ << 48 | byte;
}

static void console_command(struct htif *htif, unsigned command, uint8_t byte)
{
	if (command == CONSOLE_WRITE && htif->chardev)
		chardev_write(htif->chardev, &byte, 1);
	else if (command == CONSOLE_READ)
		htif->read_wanted = 1;
	answer_read(htif);
}

/* The program has written tohost: obey, and set it to 0 to say that it was taken. */
static void obey(struct htif *htif)
{
	uint64_t command = htif->tohost.value;
	htif->low_written = 0;
	htif->tohost.value = 0;
	if (!command)
		return;
	switch (command >> 56) {
	case DEVICE_SYSCALL:
		if (command & 1)
			stop_exit(htif, command);
		else
			stop_syscall(htif, command);
		break;
	case DEVICE_CONSOLE: console_command(htif, command >> 48 & 0xff, command); break;
	default:
		log_write(htif->device.host.log, LOG_DEVICE, LOG_DEBUG,
			  "htif: command 0x%llx to unknown device ignored",
			  (unsigned long long)command);
	}
}

static mb_result word_read(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			   uint64_t *value)
{
	(void)size, (void)attrs;
	struct htif_word *word = opaque;
	answer_read(word->htif);
	*value = word->value >> 8 * offset;
	return MB_OK;
}

/*
 * Programs that write by halves write the low one first: a low half waits for its high half, or
 * for a second low half (loops of 32-bit programs that never write the high one).
 */
static mb_result word_write(void *opaque, uint64_t offset, unsigned size, struct mb_attrs attrs,
			    uint64_t value)
{
	(void)attrs;
	struct htif_word *word = opaque;
	struct htif *htif = word->htif;
	uint64_t mask = size == 8 ? UINT64_MAX : ((1ull << 8 * size) - 1) << 8 * offset;
	word->value = (word->value & ~mask) | (value << 8 * offset & mask);
	if (word != &htif->tohost)
		answer_read(htif);
	else if (size == 8 || offset + size > 4 || htif->low_written)
		obey(htif);
	else
		htif->low_written = 1;
	return MB_OK;
}

static const struct mb_ops word_registers = {
	.read = word_read,
	.write = word_write,
	.endian = MB_LITTLE,
	.valid = {.min = 1, .max = 8},
	.impl = {.min = 1, .max = 8},
};

static int add_word(struct htif *htif, struct htif_word *word, const char *name, uint64_t address)
{
	struct mb_region *region;
	word->htif = htif;
	int result = mb_region_mmio(htif->device.host.bus, name, WORD_SIZE, &word_registers, word,
				    &region);
	if (result)
		return result;
	mb_region_set_guard(region, &htif->device.guard);
	result = mb_attach(htif->device.region, address - htif->device.base, region);
	mb_region_unref(region);
	return result;
}

/* The region is a container that reaches over both words; the RAM shows through its holes. */
static int htif_create(struct device *device, const void *config, struct error *error)
{
	const struct htif_config *wanted = config;
	struct htif *htif = (struct htif *)device;
	if (!wanted || wanted->tohost % WORD_SIZE || wanted->fromhost % WORD_SIZE ||
	    wanted->tohost == wanted->fromhost)
		return error_set(error, EXIT_CODE_BAD_IMAGE,
				 "htif: tohost 0x%llx and fromhost 0x%llx: expected two different "
				 "8-byte aligned addresses",
				 (unsigned long long)(wanted ? wanted->tohost : 0),
				 (unsigned long long)(wanted ? wanted->fromhost : 0));
	uint64_t tohost = wanted->tohost, fromhost = wanted->fromhost ? wanted->fromhost : tohost;
	htif->chardev = wanted->chardev;
	device->base = tohost < fromhost ? tohost : fromhost;
	uint64_t last = tohost < fromhost ? fromhost : tohost;
	int result = mb_region_container(device->host.bus, "htif",
					 (mb_size)last - device->base + WORD_SIZE, &device->region);
	if (!result)
		result = add_word(htif, &htif->tohost, "htif-tohost", tohost);
	if (!result && wanted->fromhost)
		result = add_word(htif, &htif->fromhost, "htif-fromhost", fromhost);
	if (result)
		return error_set(error, EXIT_CODE_USAGE, "htif: cannot make its region: %s",
				 strerror(-result));
	return 0;
}

static void htif_reset(struct device *device)
{
	struct htif *htif = (struct htif *)device;
	htif->tohost.value = htif->fromhost.value = 0;
	htif->low_written = htif->read_wanted = 0;
}

static void htif_loaded(void *opaque)
{
	struct htif *htif = opaque;
	htif->low_written &= 1;
	htif->read_wanted &= 1;
}

static const struct state_field htif_fields[] = {
	STATE_FIELD(struct htif, tohost.value),
	STATE_FIELD(struct htif, fromhost.value),
	STATE_FIELD(struct htif, low_written),
	STATE_FIELD(struct htif, read_wanted),
};

const struct device_ops htif_ops = {
	.name = "htif",
	.summary = "tohost and fromhost of bare-metal RISC-V programs: exit, console",
	.object_size = sizeof(struct htif),
	.priority = 1,
	.create = htif_create,
	.reset = htif_reset,
	.fields = htif_fields,
	.field_count = sizeof(htif_fields) / sizeof(htif_fields[0]),
	.version = 1,
	.loaded = htif_loaded,
};
