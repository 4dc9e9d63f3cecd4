/* Character back ends: queues, filters and the plain kinds. The terminal is in chardev_stdio.c. */
#include "devices/chardev.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/host_memory.h"
#include "devices/chardev_impl.h"

/* What a pipe that polls as writable takes without blocking (POSIX: PIPE_BUF). */
#define WRITE_MAX 4096u
#define STALL_MS  100

struct chardev *chardev_new(const struct chardev_backend *backend, struct error *error)
{
	struct chardev *chardev = host_memory_new(sizeof(*chardev));
	if (!chardev) {
		error_set(error, EXIT_CODE_USAGE, "serial: out of memory");
		return NULL;
	}
	chardev->backend = backend;
	chardev->input_fd = chardev->output_fd = -1;
	return chardev;
}

void chardev_free(struct chardev *chardev)
{
	if (!chardev)
		return;
	for (struct chardev_filter *filter = chardev->filters; filter; filter = filter->next)
		if (filter->flush)
			filter->flush(filter);
	chardev_flush(chardev);
	if (chardev->backend->close)
		chardev->backend->close(chardev);
	free(chardev->text);
	host_memory_free(chardev, sizeof(*chardev));
}

/* Output */

/*
 * Waits until a write of WRITE_MAX bytes does not block. A blocked write could not be left again,
 * so the waiting is done here, where the stall handler can end it.
 */
static bool wait_for_room(struct chardev *chardev)
{
	struct pollfd ready = {.fd = chardev->output_fd, .events = POLLOUT};
	for (;;) {
		int result = poll(&ready, 1, STALL_MS);
		if (result > 0)
			return true;
		if (result < 0 && errno != EINTR)
			chardev->failed = errno;
		else if (chardev->stall_handler && !chardev->stall_handler(chardev->stall_opaque))
			chardev->failed = ECANCELED;
		if (chardev->failed)
			return false;
	}
}

size_t chardev_write_fd(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	size_t done = 0;
	while (done < length && wait_for_room(chardev)) {
		size_t part = length - done < WRITE_MAX ? length - done : WRITE_MAX;
		ssize_t count = write(chardev->output_fd, bytes + done, part);
		if (count >= 0) {
			done += count;
		} else if (errno != EAGAIN && errno != EINTR) {
			chardev->failed = errno;
			break;
		}
	}
	return done;
}

void chardev_flush(struct chardev *chardev)
{
	if (!chardev->output_length)
		return;
	/* What the host has refused once is dropped from then on. */
	if (!chardev->failed)
		chardev->backend->write(chardev, chardev->output, chardev->output_length);
	chardev->output_length = 0;
}

static void host_output(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (chardev->output_length == CHARDEV_OUTPUT_SIZE)
			chardev_flush(chardev);
		chardev->output[chardev->output_length++] = bytes[i];
		if (bytes[i] == '\n')
			chardev_flush(chardev);
	}
}

void chardev_pass(struct chardev_filter *filter, const uint8_t *bytes, size_t length)
{
	if (!length)
		return;
	if (filter->next)
		filter->next->output(filter->next, bytes, length);
	else
		host_output(filter->chardev, bytes, length);
}

void chardev_write(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	if (!length)
		return;
	if (chardev->filters)
		chardev->filters->output(chardev->filters, bytes, length);
	else
		host_output(chardev, bytes, length);
}

int chardev_failed(const struct chardev *chardev)
{
	return chardev->failed;
}

void chardev_filter_add(struct chardev *chardev, struct chardev_filter *filter)
{
	filter->chardev = chardev;
	filter->next = chardev->filters;
	chardev->filters = filter;
}

void chardev_filter_remove(struct chardev *chardev, struct chardev_filter *filter)
{
	struct chardev_filter **link = &chardev->filters;
	while (*link && *link != filter)
		link = &(*link)->next;
	if (!*link)
		return;
	if (filter->flush)
		filter->flush(filter);
	*link = filter->next;
	filter->next = NULL;
	filter->chardev = NULL;
}

/* Input */

void chardev_attach(struct chardev *chardev, const struct chardev_front *front)
{
	chardev->front = front ? *front : (struct chardev_front){0};
}

static uint32_t ring_used(const struct chardev_ring *ring)
{
	return ring->tail - ring->head;
}

static size_t ring_put(struct chardev_ring *ring, const uint8_t *bytes, size_t length)
{
	size_t count = 0;
	while (count < length && ring_used(ring) < CHARDEV_QUEUE_SIZE)
		ring->bytes[ring->tail++ % CHARDEV_QUEUE_SIZE] = bytes[count++];
	return count;
}

static size_t ring_take(struct chardev_ring *ring, uint8_t *buffer, size_t size)
{
	size_t count = 0;
	while (count < size && ring_used(ring))
		buffer[count++] = ring->bytes[ring->head++ % CHARDEV_QUEUE_SIZE];
	return count;
}

size_t chardev_pending(const struct chardev *chardev)
{
	return ring_used(&chardev->queue);
}

/* The same input at the same place, however much went through the ring before. */
static void saving(void *base)
{
	struct chardev *chardev = base;
	uint8_t bytes[CHARDEV_QUEUE_SIZE];
	if (chardev->queue.head == 0)
		return;
	uint32_t count = (uint32_t)chardev_take(chardev, bytes, sizeof(bytes));
	memcpy(chardev->queue.bytes, bytes, count);
	chardev->queue.head = 0;
	chardev->queue.tail = count;
}

static void loaded(void *base)
{
	struct chardev *chardev = base;
	chardev->queue.head = 0;
	if (chardev->queue.tail > CHARDEV_QUEUE_SIZE)
		chardev->queue.tail = CHARDEV_QUEUE_SIZE;
}

/* What the host has already taken is not the machine's any more. */
int chardev_register(struct chardev *chardev, struct state_registry *registry, unsigned instance)
{
	static const struct state_field fields[] = {
		STATE_FIELD(struct chardev, queue.tail),
		STATE_COUNTED(struct chardev, queue.bytes, queue.tail),
	};
	const struct state_section section = {
		.name = "chardev",
		.instance = instance,
		.version = 1,
		.base = chardev,
		.fields = fields,
		.field_count = sizeof(fields) / sizeof(fields[0]),
		.unhashed = true,
		.saving = saving,
		.loaded = loaded,
	};
	return state_register(registry, &section);
}

size_t chardev_take(struct chardev *chardev, uint8_t *buffer, size_t size)
{
	return ring_take(&chardev->queue, buffer, size);
}

size_t chardev_deliver(struct chardev *chardev)
{
	const struct chardev_front *front = &chardev->front;
	size_t delivered = 0;
	while (front->receive && chardev_pending(chardev)) {
		uint8_t chunk[64];
		size_t room = front->room(front->opaque);
		size_t count =
			chardev_take(chardev, chunk, room < sizeof(chunk) ? room : sizeof(chunk));
		if (!count)
			break;
		front->receive(front->opaque, chunk, count);
		delivered += count;
	}
	return delivered;
}

size_t chardev_push(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	size_t count = ring_put(&chardev->queue, bytes, length);
	chardev_deliver(chardev);
	return count;
}

size_t chardev_fetch(struct chardev *chardev, uint8_t *buffer, size_t size)
{
	if (!chardev->backend->read || chardev->ended || !size)
		return 0;
	return chardev->backend->read(chardev, buffer, size);
}

/* A full queue must not keep the user from quitting: a terminal is read even then. */
static void gather(struct chardev *chardev)
{
	uint8_t buffer[1024];
	size_t size = CHARDEV_QUEUE_SIZE - ring_used(&chardev->staged);
	if (size > sizeof(buffer) || chardev->terminal)
		size = sizeof(buffer);
	if (chardev->muted && !chardev->terminal)
		return;
	size = chardev_fetch(chardev, buffer, size);
	if (!chardev->muted)
		ring_put(&chardev->staged, buffer, size);
}

/* Only here does input become visible to the guest, so that the time of a poll is all its time. */
static void admit(struct chardev *chardev)
{
	uint8_t chunk[1024];
	for (;;) {
		size_t room = CHARDEV_QUEUE_SIZE - ring_used(&chardev->queue);
		size_t size = ring_take(&chardev->staged, chunk,
					room < sizeof(chunk) ? room : sizeof(chunk));
		if (!size)
			return;
		if (chardev->tap)
			chardev->tap(chardev->tap_opaque, chunk, size);
		ring_put(&chardev->queue, chunk, size);
	}
}

bool chardev_poll(struct chardev *chardev)
{
	chardev_flush(chardev);
	gather(chardev);
	admit(chardev);
	return chardev_deliver(chardev) > 0;
}

void chardev_look_for_keys(struct chardev *chardev)
{
	if (chardev->terminal)
		gather(chardev);
}

void chardev_tap(struct chardev *chardev,
		 void (*tap)(void *opaque, const uint8_t *bytes, size_t length), void *opaque)
{
	chardev->tap = tap;
	chardev->tap_opaque = opaque;
}

void chardev_mute(struct chardev *chardev)
{
	chardev->muted = true;
	chardev->staged.head = chardev->staged.tail;
}

int chardev_input_fd(const struct chardev *chardev)
{
	return chardev->ended || chardev->muted ? -1 : chardev->input_fd;
}

bool chardev_input_ended(const struct chardev *chardev)
{
	return chardev->ended || chardev->muted || !chardev->backend->read;
}

void chardev_on_stall(struct chardev *chardev, bool (*handler)(void *opaque), void *opaque)
{
	chardev->stall_handler = handler;
	chardev->stall_opaque = opaque;
}

void chardev_on_key(struct chardev *chardev, void (*handler)(void *opaque, enum chardev_key key),
		    void *opaque)
{
	chardev->key_handler = handler;
	chardev->key_opaque = opaque;
}

/* null */

static size_t null_write(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	(void)chardev, (void)bytes;
	return length;
}

static const struct chardev_backend null_backend = {.write = null_write};

struct chardev *chardev_null_new(struct error *error)
{
	return chardev_new(&null_backend, error);
}

/* file */

static void file_close(struct chardev *chardev)
{
	close(chardev->output_fd);
}

static const struct chardev_backend file_backend = {.write = chardev_write_fd, .close = file_close};

struct chardev *chardev_file_new(const char *path, struct error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (fd < 0) {
		error_set(error, EXIT_CODE_USAGE, "%s: cannot write: %s", path, strerror(errno));
		return NULL;
	}
	struct chardev *chardev = chardev_new(&file_backend, error);
	if (chardev)
		chardev->output_fd = fd;
	else
		close(fd);
	return chardev;
}

/* buffer */

static size_t buffer_write(struct chardev *chardev, const uint8_t *bytes, size_t length)
{
	size_t needed = chardev->text_length + length + 1;
	if (needed > chardev->text_capacity) {
		size_t capacity = 2 * needed;
		char *grown = realloc(chardev->text, capacity);
		if (!grown) {
			chardev->failed = ENOMEM;
			return 0;
		}
		chardev->text = grown;
		chardev->text_capacity = capacity;
	}
	memcpy(chardev->text + chardev->text_length, bytes, length);
	chardev->text_length += length;
	chardev->text[chardev->text_length] = '\0';
	return length;
}

static const struct chardev_backend buffer_backend = {.write = buffer_write};

struct chardev *chardev_buffer_new(struct error *error)
{
	return chardev_new(&buffer_backend, error);
}

const char *chardev_text(struct chardev *chardev, size_t *length)
{
	chardev_flush(chardev);
	if (length)
		*length = chardev->text_length;
	return chardev->text ? chardev->text : "";
}

void chardev_clear(struct chardev *chardev)
{
	chardev->output_length = 0;
	chardev->text_length = 0;
	if (chardev->text)
		chardev->text[0] = '\0';
}

struct chardev *chardev_open(const char *spec, struct error *error)
{
	if (!strcmp(spec, "stdio"))
		return chardev_stdio_new(error);
	if (!strcmp(spec, "null") || !strcmp(spec, "none"))
		return chardev_null_new(error);
	if (!strcmp(spec, "buffer"))
		return chardev_buffer_new(error);
	if (!strncmp(spec, "file:", 5) && spec[5])
		return chardev_file_new(spec + 5, error);
	error_set(error, EXIT_CODE_USAGE, "serial '%s': expected stdio, null or file:PATH", spec);
	return NULL;
}
