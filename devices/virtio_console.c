/* virtio console (virtio 1.2 section 5.3): port 0, and the emergency write register. */
#include <string.h>

#include "devices/virtio.h"
#include "devices/virtio_mmio.h"

enum {
	RECEIVE_QUEUE = 0,
	TRANSMIT_QUEUE = 1,
	CONFIG_EMERGENCY_WRITE = 8,
	INPUT_SIZE = 64,
};

#define VIRTIO_CONSOLE_F_EMERG_WRITE (1ull << 2)

/* Longest output of one request; drivers send pages. */
#define OUTPUT_MAX (1u << 20)

struct console {
	struct virtio *virtio;
	struct chardev *chardev;
	uint8_t input[INPUT_SIZE]; /* accepted from the back end, no buffer of the guest yet */
	uint8_t input_count;
};

/* Moves accepted input into the guest's buffers. */
static void deliver_input(struct virtio *virtio, struct console *console)
{
	struct virtio_chain chain;
	for (unsigned left = VIRTIO_QUEUE_SIZE_MAX;
	     left && console->input_count && virtio_pop(virtio, RECEIVE_QUEUE, &chain); left--) {
		uint32_t length = console->input_count;
		if (length > chain.write_length)
			length = chain.write_length;
		if (!virtio_write(virtio, &chain, 0, console->input, length))
			return;
		console->input_count -= length;
		memmove(console->input, console->input + length, console->input_count);
		virtio_push(virtio, RECEIVE_QUEUE, &chain, length);
	}
	virtio_signal(virtio, RECEIVE_QUEUE);
}

static size_t front_room(void *opaque)
{
	const struct console *console = opaque;
	return virtio_running(console->virtio) ? INPUT_SIZE - console->input_count : 0;
}

static void front_receive(void *opaque, const uint8_t *bytes, size_t length)
{
	struct console *console = opaque;
	bool previous = mb_guard_enter(&console->virtio->device.guard);
	memcpy(console->input + console->input_count, bytes, length);
	console->input_count += length;
	deliver_input(console->virtio, console);
	mb_guard_leave(&console->virtio->device.guard, previous);
}

static bool transmit(struct virtio *virtio, const struct virtio_chain *chain)
{
	struct console *console = virtio->kind_state;
	uint8_t bytes[512];
	if (chain->read_length > OUTPUT_MAX) {
		virtio_break(virtio, "console output of more than 1 MiB at once");
		return false;
	}
	for (uint64_t done = 0; done < chain->read_length;) {
		uint64_t length = chain->read_length - done;
		if (length > sizeof(bytes))
			length = sizeof(bytes);
		if (!virtio_read(virtio, chain, done, bytes, length))
			return false;
		if (console->chardev)
			chardev_write(console->chardev, bytes, length);
		done += length;
	}
	return true;
}

static void transmit_all(struct virtio *virtio)
{
	struct virtio_chain chain;
	for (unsigned left = virtio->queue[TRANSMIT_QUEUE].size;
	     left && virtio_pop(virtio, TRANSMIT_QUEUE, &chain); left--) {
		if (!transmit(virtio, &chain))
			return;
		virtio_push(virtio, TRANSMIT_QUEUE, &chain, 0);
	}
	virtio_signal(virtio, TRANSMIT_QUEUE);
}

static void console_notify(struct virtio *virtio, unsigned number)
{
	struct console *console = virtio->kind_state;
	if (number == TRANSMIT_QUEUE) {
		transmit_all(virtio);
		return;
	}
	deliver_input(virtio, console);
	if (console->chardev)
		chardev_deliver(console->chardev);
}

static void console_config_write(struct virtio *virtio, uint64_t offset, unsigned size,
				 uint32_t value)
{
	(void)size;
	struct console *console = virtio->kind_state;
	uint8_t byte = value;
	if (offset == CONFIG_EMERGENCY_WRITE && console->chardev)
		chardev_write(console->chardev, &byte, 1);
}

static int console_create(struct virtio *virtio, const void *config, struct error *error)
{
	(void)error;
	const struct virtio_console_config *wanted = config;
	struct console *console = virtio->kind_state;
	console->virtio = virtio;
	console->chardev = wanted ? wanted->chardev : NULL;
	if (console->chardev) {
		const struct chardev_front front = {front_room, front_receive, console};
		chardev_attach(console->chardev, &front);
	}
	return 0;
}

static void console_destroy(struct virtio *virtio)
{
	struct console *console = virtio->kind_state;
	if (console->chardev)
		chardev_attach(console->chardev, NULL);
}

static void console_reset(struct virtio *virtio)
{
	struct console *console = virtio->kind_state;
	console->input_count = 0;
}

static void console_loaded(void *kind_state)
{
	struct console *console = kind_state;
	if (console->input_count > INPUT_SIZE)
		console->input_count = INPUT_SIZE;
}

static const struct state_field console_fields[] = {
	STATE_ARRAY(struct console, input),
	STATE_FIELD(struct console, input_count),
};

const struct virtio_ops virtio_console_ops = {
	.name = "console",
	.summary = "console with one port",
	.state_name = "virtio_console",
	.device_id = 3,
	.queue_count = 2,
	.object_size = sizeof(struct console),
	.features = VIRTIO_CONSOLE_F_EMERG_WRITE,
	.create = console_create,
	.destroy = console_destroy,
	.reset = console_reset,
	.notify = console_notify,
	.config_write = console_config_write,
	.fields = console_fields,
	.field_count = sizeof(console_fields) / sizeof(console_fields[0]),
	.loaded = console_loaded,
};
