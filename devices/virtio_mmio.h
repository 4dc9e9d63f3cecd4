/*
 * virtio over MMIO, version 2 (virtio 1.2 section 4.2): one slot with one virtio device or none.
 * Wire 0 is the interrupt.
 */
#ifndef DEVICES_VIRTIO_MMIO_H
#define DEVICES_VIRTIO_MMIO_H

#include <stddef.h>
#include <stdint.h>

#include "devices/chardev.h"
#include "devices/device.h"

struct virtio_ops;

struct virtio_mmio_config {
	const struct virtio_ops *kind; /* NULL: an empty slot (device id 0) */
	const void *kind_config;       /* struct virtio_<kind>_config, or NULL */
};

/* The kinds: rows of devices/virtio.def. */
#define VIRTIO(name) extern const struct virtio_ops virtio_##name##_ops;
#include "devices/virtio.def"
#undef VIRTIO

/* The kind with that name ("console", "rng", "blk"), or NULL. */
const struct virtio_ops *virtio_find(const char *name);
/* Name and one-line summary of kind number index, for lists; false past the end. */
bool virtio_list(unsigned index, const char **name, const char **summary);

/* What is in a slot, for descriptions of machines: its kind or "none", the features that it offers
 * and the first eight bytes of its configuration space, into text. */
void virtio_describe(const struct device *slot, char *text, size_t size);

struct virtio_console_config {
	struct chardev *chardev; /* port 0; NULL: nothing is connected */
};

struct virtio_rng_config {
	uint64_t seed; /* of the deterministic generator (--seed) */
};

struct virtio_blk_config {
	const char *path; /* raw image; opened read-write unless read_only */
	bool read_only;
	const char *serial; /* up to 20 characters; NULL: "trapline" */
};

#endif
