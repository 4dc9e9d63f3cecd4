/* What the back ends of chardev.h share; of no use to anybody else. */
#ifndef DEVICES_CHARDEV_IMPL_H
#define DEVICES_CHARDEV_IMPL_H

#include "devices/chardev.h"

#define CHARDEV_QUEUE_SIZE  65536u /* a power of two */
#define CHARDEV_OUTPUT_SIZE 4096u

/* Bytes in order; positions count up. */
struct chardev_ring {
	uint32_t head, tail;
	uint8_t bytes[CHARDEV_QUEUE_SIZE];
};

/* How one kind of back end talks to the host. */
struct chardev_backend {
	/* Writes all bytes, or sets chardev->failed. Returns the number written. */
	size_t (*write)(struct chardev *chardev, const uint8_t *bytes, size_t length);
	/* Reads without waiting, escape keys taken out; NULL: no input. */
	size_t (*read)(struct chardev *chardev, uint8_t *buffer, size_t size);
	/* May be NULL. */
	void (*close)(struct chardev *chardev);
};

struct chardev {
	const struct chardev_backend *backend;
	int input_fd, output_fd; /* -1: none */
	bool terminal;           /* input is a terminal: raw mode, escape keys */
	bool escape_seen;        /* C-a was the last key */
	bool ended;              /* end of input */
	int failed;              /* errno of the first failed write */

	struct chardev_front front;
	struct chardev_filter *filters;
	void (*key_handler)(void *opaque, enum chardev_key key);
	void *key_opaque;
	bool (*stall_handler)(void *opaque);
	void *stall_opaque;

	bool muted; /* host input is dropped */
	void (*tap)(void *opaque, const uint8_t *bytes, size_t length);
	void *tap_opaque;

	char *text; /* buffer back end */
	size_t text_length, text_capacity;

	/* What is large comes last: a run that prints and reads little touches few pages. */
	size_t output_length;
	struct chardev_ring staged; /* read from the host, not for the front end yet */
	struct chardev_ring queue;  /* waits for the front end */
	uint8_t output[CHARDEV_OUTPUT_SIZE];
};

/* Allocates a chardev without descriptors; NULL and the error set when memory is out. */
struct chardev *chardev_new(const struct chardev_backend *backend, struct error *error);

/* As chardev_stdio_new(), on any pair of descriptors, which stay the caller's. */
struct chardev *chardev_stdio_on(int input_fd, int output_fd, struct error *error);

/* Writes to output_fd, waiting for room with the stall handler; see chardev_backend.write. */
size_t chardev_write_fd(struct chardev *chardev, const uint8_t *bytes, size_t length);

#endif
