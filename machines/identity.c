#include "machines/identity.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/virtio.h"
#include "machines/board_impl.h"
#include "machines/checksum.h"

void identity_free(struct identity *identity)
{
	free(identity->text);
	*identity = (struct identity){0};
}

static void append(struct identity *identity, const char *string, size_t length)
{
	if (identity->failed)
		return;
	if (identity->size + length + 1 > identity->capacity) {
		size_t capacity = 2 * (identity->size + length + 1) + 512;
		char *grown = realloc(identity->text, capacity);
		if (!grown) {
			identity->failed = true;
			return;
		}
		identity->text = grown;
		identity->capacity = capacity;
	}
	memcpy(identity->text + identity->size, string, length);
	identity->size += length;
	identity->text[identity->size++] = 0;
}

void identity_add(struct identity *identity, const char *key, const char *path, const char *format,
		  ...)
{
	char *value = NULL;
	va_list args;
	va_start(args, format);
	int length = vasprintf(&value, format, args);
	va_end(args);
	if (length < 0) {
		identity->failed = true;
		return;
	}
	append(identity, key, strlen(key));
	append(identity, value, (size_t)length);
	append(identity, path ? path : "", path ? strlen(path) : 0);
	free(value);
}

bool identity_next(const struct identity *identity, size_t *position, struct identity_row *row)
{
	if (*position >= identity->size)
		return false;
	row->key = identity->text + *position;
	row->value = row->key + strlen(row->key) + 1;
	row->path = row->value + strlen(row->value) + 1;
	*position = (size_t)(row->path - identity->text) + strlen(row->path) + 1;
	return true;
}

const char *identity_find(const struct identity *identity, const char *key)
{
	struct identity_row row;
	for (size_t position = 0; identity_next(identity, &position, &row);)
		if (!strcmp(row.key, key))
			return row.value;
	return NULL;
}

bool identity_valid(const char *text, size_t size)
{
	unsigned strings = 0;
	for (size_t i = 0; i < size; i++)
		strings += !text[i];
	return strings % 3 == 0 && (!size || !text[size - 1]);
}

/* A file's row: content is what counts, the path is for messages. */
static void add_content(struct identity *identity, const char *key, const char *path, uint64_t sum,
			uint64_t size)
{
	identity_add(identity, key, path, "%016" PRIx64 ", %" PRIu64 " bytes", sum, size);
}

/* A file that is not in memory: a disk, a snapshot. */
static int add_file(struct identity *identity, const char *key, const char *path, const char *what,
		    struct error *error)
{
	uint64_t sum = 0, size = 0;
	if (checksum_file(path, what, &sum, &size, error))
		return -1;
	add_content(identity, key, path, sum, size);
	return 0;
}

static void add_image(struct identity *identity, const char *key, const struct image *image)
{
	if (image)
		add_content(identity, key, image->path, image->checksum, image->size);
}

static int add_device(struct identity *identity, unsigned slot, const char *text,
		      struct error *error)
{
	struct board_device device;
	char key[32];
	int status = board_device_parse(&device, text, error);
	if (!status) {
		snprintf(key, sizeof(key), "device %u", slot);
		identity_add(identity, key, NULL, "virtio-%s%s%s%s", device.kind->name,
			     device.read_only ? ",ro=on" : "",
			     device.serial_number ? ",serial=" : "",
			     device.serial_number ? device.serial_number : "");
		if (device.has_seed) {
			snprintf(key, sizeof(key), "device %u seed", slot);
			identity_add(identity, key, NULL, "%" PRIu64, device.seed);
		}
	}
	if (!status && device.file) {
		snprintf(key, sizeof(key), "disk %u", slot);
		status = add_file(identity, key, device.file, "disk", error);
	}
	free(device.text);
	return status;
}

int identity_describe(struct identity *identity, const struct machine *machine,
		      const struct board_config *config, struct error *error)
{
	identity_add(identity, "machine", NULL, "%s virt", image_arch_name(config->arch));
	identity_add(identity, "memory", NULL, "%" PRIu64, config->memory_size);
	identity_add(identity, "cpus", NULL, "%u", config->cpu_count);
	board_of(machine)->kind->identify(board_of(machine), config, identity);
	identity_add(identity, "command line", NULL, "%s", config->append ? config->append : "");
	identity_add(identity, "seed", NULL, "%" PRIu64, config->seed);
	identity_add(identity, "rtc", NULL, "%" PRIu64, config->rtc_epoch_ns);
	identity_add(identity, "insn-ns", NULL, "%" PRIu64 "/%" PRIu64, config->ns_numerator,
		     config->ns_denominator);
	identity_add(identity, "quantum", NULL, "%" PRIu64, machine->quantum);
	identity_add(identity, "poll interval", NULL, "%" PRIu64, machine->poll_interval);
	add_image(identity, "kernel", board_image(machine));
	add_image(identity, "firmware", board_firmware_image(machine));
	if (config->initrd)
		add_content(identity, "initramfs",
			    config->initrd_name ? config->initrd_name : "initramfs",
			    checksum_bytes(config->initrd->data, config->initrd->size),
			    config->initrd->size);
	if (config->restored_from &&
	    add_file(identity, "snapshot", config->restored_from, "snapshot", error))
		return -1;
	for (unsigned i = 0; i < config->device_count; i++)
		if (add_device(identity, i, config->devices[i], error))
			return -1;
	return identity->failed ? error_set(error, EXIT_CODE_USAGE, "out of memory") : 0;
}

/* A list of differences for one line of an error. */
struct differences {
	char text[400];
	size_t length;
};

static void add_difference(struct differences *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add_difference(struct differences *list, const char *format, ...)
{
	if (list->length + 2 >= sizeof(list->text))
		return;
	if (list->length)
		list->length += (size_t)snprintf(list->text + list->length,
						 sizeof(list->text) - list->length, "; ");
	va_list args;
	va_start(args, format);
	int length = vsnprintf(list->text + list->length, sizeof(list->text) - list->length, format,
			       args);
	va_end(args);
	/* What a file says goes to a terminal. */
	for (char *byte = list->text + list->length; *byte; byte++)
		if ((unsigned char)*byte < ' ' || *byte == 0x7f)
			*byte = '?';
	list->length += length > 0 ? (size_t)length : 0;
}

static void compare_row(struct differences *list, const struct identity_row *recorded,
			const char *here)
{
	if (!here)
		add_difference(list, "recorded with %s %.60s, here there is none", recorded->key,
			       recorded->path[0] ? recorded->path : recorded->value);
	else if (strcmp(recorded->value, here) && recorded->path[0])
		add_difference(list, "%s %.100s has changed since the recording (was %s, is %s)",
			       recorded->key, recorded->path, recorded->value, here);
	else if (strcmp(recorded->value, here))
		add_difference(list, "recorded with %s %.120s, here %.120s", recorded->key,
			       recorded->value, here);
}

int identity_compare(const struct identity *recorded, const struct identity *here, const char *name,
		     struct error *error)
{
	struct differences list = {.length = 0};
	struct identity_row row;
	for (size_t position = 0; identity_next(recorded, &position, &row);)
		compare_row(&list, &row, identity_find(here, row.key));
	for (size_t position = 0; identity_next(here, &position, &row);)
		if (!identity_find(recorded, row.key))
			add_difference(&list, "recorded without %s, here %.60s", row.key,
				       row.path[0] ? row.path : row.value);
	if (!list.length)
		return 0;
	return error_set(error, EXIT_CODE_USAGE, "%.60s: %s", name, list.text);
}
