/*
 * What a transport and the kinds of virtio device share (virtio 1.2). The guest's rings and
 * descriptors are hostile input: whatever is wrong with them marks the device as broken
 * (NEEDS_RESET) and nothing else happens until the driver resets it.
 */
#ifndef DEVICES_VIRTIO_H
#define DEVICES_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "devices/device.h"

#define VIRTIO_QUEUE_MAX      2
#define VIRTIO_QUEUE_SIZE_MAX 256
#define VIRTIO_CONFIG_MAX     64

/* Feature bits of every kind (section 6). */
#define VIRTIO_F_INDIRECT_DESC (1ull << 28)
#define VIRTIO_F_EVENT_IDX     (1ull << 29)
#define VIRTIO_F_VERSION_1     (1ull << 32)

/* Device status (section 2.1). */
enum {
	VIRTIO_STATUS_ACKNOWLEDGE = 1,
	VIRTIO_STATUS_DRIVER = 2,
	VIRTIO_STATUS_DRIVER_OK = 4,
	VIRTIO_STATUS_FEATURES_OK = 8,
	VIRTIO_STATUS_NEEDS_RESET = 64,
	VIRTIO_STATUS_FAILED = 128,
};

/* Interrupt status (section 4.2.2). */
enum {
	VIRTIO_INTERRUPT_USED = 1,
	VIRTIO_INTERRUPT_CONFIG = 2,
};

struct virtio;

/* One kind of device. Constant. */
struct virtio_ops {
	const char *name; /* "blk" */
	const char *summary;
	const char *state_name; /* section of the saved state: "virtio_blk" */
	uint32_t device_id;     /* section 5 */
	unsigned queue_count;   /* up to VIRTIO_QUEUE_MAX */
	size_t object_size;     /* of virtio->kind_state, zeroed before create() */
	uint64_t features; /* beyond those of every kind; create() may add to virtio->offered */

	/* As in struct device_ops; each may be NULL. */
	int (*create)(struct virtio *virtio, const void *config, struct error *error);
	void (*destroy)(struct virtio *virtio);
	void (*reset)(struct virtio *virtio);
	/* The driver has put something into a ready queue of a running device. Required. */
	void (*notify)(struct virtio *virtio, unsigned queue);
	/* Fills the configuration space; bytes are zeroed. May be NULL. */
	void (*config)(const struct virtio *virtio, uint8_t *bytes);
	/* 1, 2 or 4 bytes were written to it. May be NULL. */
	void (*config_write)(struct virtio *virtio, uint64_t offset, unsigned size, uint32_t value);

	const struct state_field *fields; /* of kind_state */
	size_t field_count;
	void (*loaded)(void *kind_state); /* fields were overwritten; as in struct state_section */
};

/* A split virtqueue (section 2.7). */
struct virtio_queue {
	uint64_t descriptors, driver, device; /* physical addresses of the three parts */
	uint32_t size;                        /* entries, a power of two; 0: not set */
	uint8_t ready;
	uint8_t signalled_valid; /* signalled is the used index of the last interrupt */
	uint16_t next_available; /* index of the next chain to take */
	uint16_t used;           /* index of the next used entry */
	uint16_t signalled;
};

/* One slot: registers and queues. The device's head comes first. */
struct virtio {
	struct device device;
	const struct virtio_ops *kind; /* NULL: empty */
	void *kind_state;
	uint64_t offered, accepted; /* feature bits */
	uint32_t offered_select, accepted_select, queue_select;
	uint8_t status, interrupt_status;
	struct virtio_queue queue[VIRTIO_QUEUE_MAX];
};

struct virtio_segment {
	uint64_t address;
	uint32_t length;
};

/* One descriptor chain: what the device may read, then what it may write. */
struct virtio_chain {
	struct virtio_segment segment[VIRTIO_QUEUE_SIZE_MAX];
	unsigned readable, writable;        /* counts; the writable ones follow the readable ones */
	uint64_t read_length, write_length; /* bytes in total */
	uint16_t head;
};

/* True while the driver runs the device and nothing is broken. */
bool virtio_running(const struct virtio *virtio);

/* Sets NEEDS_RESET and tells the driver; why is for the log. */
void virtio_break(struct virtio *virtio, const char *why);

/* Sets bits of the interrupt status and drives the wire. */
void virtio_interrupt(struct virtio *virtio, uint8_t bits);

/*
 * Takes the next chain of a queue. Returns true with *chain filled; false if there is none, the
 * queue is not ready or the device broke.
 */
bool virtio_pop(struct virtio *virtio, unsigned queue, struct virtio_chain *chain);

/*
 * Copies from the readable part of a chain, offset bytes into it, or to the writable part. The
 * caller keeps within read_length or write_length. Returns false if guest memory does not answer;
 * the device is then broken.
 */
bool virtio_read(struct virtio *virtio, const struct virtio_chain *chain, uint64_t offset,
		 void *buffer, size_t length);
bool virtio_write(struct virtio *virtio, const struct virtio_chain *chain, uint64_t offset,
		  const void *buffer, size_t length);

/* Gives a chain back; written is the number of bytes put into its writable part. */
void virtio_push(struct virtio *virtio, unsigned queue, const struct virtio_chain *chain,
		 uint32_t written);

/* After a batch of virtio_push(): interrupts the driver if it wants that. */
void virtio_signal(struct virtio *virtio, unsigned queue);

#endif
